"""The store without threads or disk: for simulated time, where a task that waits for a thread would
count as idle and the clock would jump.

The journal is chained and the projections move as in SQL, by the same pure functions; only the
questions are answered by going over rows instead of by SQL. Held to the same contract suite.
It is long because a store has that many questions to answer.
"""

from __future__ import annotations

import heapq
import json
from collections import Counter, deque
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from functools import partial
from itertools import islice
from operator import itemgetter
from typing import Any, TypeVar

import trio

from dialer.audit.chain import (
    ChainedRow,
    Head,
    Unreadable,
    chain,
    stored_entry,
    verify,
    writable,
)
from dialer.audit.personal import EVIDENCE, PersonalKey, PersonalValue
from dialer.compliance.slots import SlotBook, gives_back
from dialer.model.calls import AttemptId
from dialer.model.campaigns import CampaignState
from dialer.model.commands import Claim, Record, RefillHopper, StoreCommand
from dialer.model.errors import JournalFault
from dialer.model.events import (
    AnsweredCall,
    Journaled,
    LeadsOffered,
    OpenAttempt,
    Restored,
    SlotTaken,
)
from dialer.model.instant import Instant
from dialer.model.journal import JournalEntry, StoredEntry, Verification
from dialer.model.leads import Lead, LeadFile, LeadState, RefusedLead
from dialer.model.numbers import PhoneNumber
from dialer.model.record_files import RecordFile, RecordsReport
from dialer.model.records import NO_RECORDS, NumberRecords, PastAttempt
from dialer.model.reports import CampaignReport, ImportReport, RefusalRow, Role, User
from dialer.model.suppression import SuppressionSource
from dialer.store.imports import imported_before, sift
from dialer.store.memory_audit import MemoryAuditTrail
from dialer.store.number_records import (
    imported_entry,
    pieces,
    records_from,
    report_of,
    taken_in,
)
from dialer.store.port import Emit
from dialer.store.projections import (
    REOPENED,
    Change,
    Insert,
    Keep,
    Put,
    Remove,
    Reopen,
    Row,
    Update,
    erased,
    project,
    suppression_of,
    user_added,
)
from dialer.store.reports import ANSWERED_CALLS_MS, MACHINES, RECENT_MS
from dialer.store.tables import METADATA
from dialer.store.tallies import tally_of

Key = tuple[Any, ...]
MutableRow = dict[str, Any]
T = TypeVar("T")


class MemoryStore(MemoryAuditTrail):
    """`dialer.store.port.Store` in this process' memory. It outlives `run`: running it again is
    what opening the database again is for `SqlStore`. Nobody else reads it, so the key that hides
    personal data is no secret."""

    def __init__(self, emit: Emit, clock_shift_ms: int = 0) -> None:
        self._emit = emit
        self._clock_shift_ms = clock_shift_ms
        self._rows: list[ChainedRow] = []
        self._key = PersonalKey(bytes(32))
        self._slots = SlotBook()
        self._slotless: set[AttemptId] = set()
        self._personal: dict[str, PersonalValue] = {}
        self._tables: dict[str, dict[Key, MutableRow]] = {name: {} for name in METADATA.tables}
        self._jobs: deque[Callable[[], None]] = deque()
        self._job_came = trio.Event()
        self._ended = False

    def lag_s(self) -> float:
        """Nothing waits for a disk here."""
        return 0.0

    def carry_out(self, command: StoreCommand) -> None:
        """See `Store`. Raises JournalFault once `run` has ended, and TypeError for an entry that
        holds what JSON cannot say."""
        match command:
            case Record(entry, token, claims):
                self._take(partial(self._record, writable(entry), token, claims))
            case RefillHopper():
                self._take(lambda: self._emit(self._offer(command)))

    async def run(self, *, task_status: trio.TaskStatus[None] = trio.TASK_STATUS_IGNORED) -> None:
        """See `Store`."""
        self._ended = False
        task_status.started()
        try:
            while True:
                self._do_jobs()
                self._job_came = trio.Event()
                await self._job_came.wait()
        finally:
            self._do_jobs()
            self._ended = True

    def _do_jobs(self) -> None:
        while self._jobs:
            self._jobs.popleft()()

    def _take(self, job: Callable[[], None]) -> None:
        if self._ended:
            raise JournalFault("the store has ended, nothing more can be written")
        self._jobs.append(job)
        self._job_came.set()

    async def _in_turn(self, job: Callable[[], T]) -> T:
        """Do something after everything taken before it, and wait for it."""
        done = trio.Event()
        results: list[T] = []
        errors: list[Exception] = []

        def do() -> None:
            try:
                results.append(job())
            except Exception as error:  # it is the asker's, and no reason for the store to end
                errors.append(error)
            done.set()

        self._take(do)
        await done.wait()
        if errors:
            raise errors[0]
        return results[0]

    # --- writing ------------------------------------------------------------------------------

    def _record(self, entry: JournalEntry, token: int | None, claims: Sequence[Claim]) -> None:
        if claims:
            assert entry.attempt_id is not None, "slots are taken for an attempt"
            assert token is not None, "who claims slots hears that there are none"
            taken = self._slots.reserve(claims, entry.at, entry.attempt_id)
            if taken is not None:
                self._slotless.add(entry.attempt_id)
                self._emit(SlotTaken(token, *taken))
                return
        self._write(entry)
        if token is not None:
            self._emit(Journaled(token))

    def _write(self, entry: JournalEntry) -> None:
        row, values = chain(self._head(), entry, self._clock_shift_ms, self._key)
        changes = project(entry, intended=entry.attempt_id not in self._slotless)
        self._rows.append(row)
        self._personal.update((value.key, value) for value in values)
        for change in changes:
            self._apply(change)
        if entry.attempt_id is not None and gives_back(entry):
            self._slots.release(entry.attempt_id)
        tally = tally_of(entry)
        if tally is not None:
            counts = self._tables["screening_count"]
            counts.setdefault(tally, {**tally._asdict(), "screenings": 0})["screenings"] += 1

    def _head(self) -> Head:
        return Head(len(self._rows), self._rows[-1].hash) if self._rows else Head()

    def _reopen(self, change: Reopen) -> None:
        leads = self._tables["lead"].values()
        numbers = set(change.numbers)
        people = {row["contact"] for row in leads if row["e164"] in numbers and change.people}
        people.discard("")
        for row in leads:
            named = row["lead_id"] in change.leads or row["e164"] in numbers
            if row["state"] == LeadState.REFUSED and (named or row["contact"] in people):
                row.update(REOPENED)

    def _apply(self, change: Change) -> None:
        if isinstance(change, Reopen):
            self._reopen(change)
            return
        rows = self._tables[change.table]
        match change:
            case Insert(name, row):
                key = _key(name, row)
                if key in rows:
                    raise ValueError(f"{name} {key} is there already")
                rows[key] = dict(row)
            case Keep(name, row):
                rows.setdefault(_key(name, row), dict(row))
            case Put(name, row):
                rows[_key(name, row)] = dict(row)
            case Update(key=number, values=values, add=add):
                there = rows.get((number,))
                if there is not None:
                    there.update(values)
                    for column, amount in add.items():
                        there[column] += amount
            case Remove(key=key):
                rows.pop(key, None)

    async def append(self, entries: Sequence[JournalEntry]) -> None:
        """See `Store`."""
        written = [writable(entry) for entry in entries]

        def write() -> None:
            for entry in written:
                self._write(entry)

        await self._in_turn(write)

    async def import_leads(
        self, campaign: str, file: LeadFile, order_keys: Sequence[int], now: Instant, by: str
    ) -> ImportReport:
        """See `Store`."""
        return await self._in_turn(partial(self._import, campaign, file, order_keys, now, by))

    def _import(
        self, campaign: str, file: LeadFile, order_keys: Sequence[int], now: Instant, by: str
    ) -> ImportReport:
        before = self._tables["lead_list"].get((campaign, file.sha256))
        if before is not None:
            return imported_before(campaign, file, before["name"], before["imported_at"])
        known = {row["e164"]: (row["list_name"], row["line"]) for row in self._leads(campaign)}
        sifted = sift(campaign, file, order_keys, known)
        leads = self._tables["lead"]
        for lead in sifted.lead_rows(len(leads) + 1):
            leads[(lead["lead_id"],)] = dict(lead)
        rejected = self._tables["rejected_row"]
        for row in sifted.rejected_rows(now):
            rejected[(len(rejected) + 1,)] = dict(row)
        self._write(writable(sifted.entry(now, by)))
        return sifted.report()

    async def import_records(self, file: RecordFile, now: Instant, by: str) -> RecordsReport:
        """See `Store`."""
        return await self._in_turn(partial(self._import_records, file, now, by))

    def _import_records(self, file: RecordFile, now: Instant, by: str) -> RecordsReport:
        rows, parts = self._tables["number_record"], []
        for piece in pieces(file):
            there = {
                (row["e164"], row["identity"]): row["value_json"]
                for row in rows.values()
                if row["kind"] == file.kind
            }
            found = taken_in(piece, there, now, by)
            rows.update((_key("number_record", row), dict(row)) for row in found.rows)
            if found.may_free:
                self._reopen(Reopen(numbers=found.numbers))
            for entry in found.entries:
                self._write(writable(entry))
            for event in found.events({e164: self._records_of(e164) for e164 in found.numbers}):
                self._emit(event)
            parts.append(found)
        report = report_of(file, parts)
        self._write(writable(imported_entry(report, file.sha256, now, by)))
        return report

    async def refused_leads(
        self, codes: Collection[str], after: int = 0, limit: int = 10_000
    ) -> Sequence[RefusedLead]:
        """See `Store`."""
        await trio.lowlevel.checkpoint()
        found = (
            RefusedLead(row["lead_id"], row["campaign"], row["e164"], row["refused_code"])
            for (lead_id,), row in sorted(self._tables["lead"].items())
            if lead_id > after
            and row["state"] == LeadState.REFUSED
            and row["refused_code"] in codes
        )
        return list(islice(found, limit))

    async def lead_of_number(
        self, campaign: str, e164: str, linked_in: Collection[str] = ()
    ) -> Lead | None:
        """See `Store`."""
        await trio.lowlevel.checkpoint()
        for row in self._leads(campaign):
            if row["e164"] == e164:
                linked = self._linked_to(row, {campaign, *linked_in})
                return _lead_of(row, self._records_of(e164), linked)
        return None

    async def records_of(self, e164: str) -> NumberRecords:
        """See `Store`."""
        await trio.lowlevel.checkpoint()
        return self._records_of(e164)

    def _records_of(self, e164: str) -> NumberRecords:
        rows = [row for row in self._tables["number_record"].values() if row["e164"] == e164]
        rows.sort(key=itemgetter("kind", "at", "identity"))
        return records_from((row["kind"], row["value_json"]) for row in rows)

    async def add_user(self, user: User, password_hash: str, now: Instant, by: str) -> None:
        """See `Store`."""

        def add() -> None:
            there = (user.name,) in self._tables["user"]
            entry, row = user_added(user, password_hash, there, now, by)
            self._write(writable(entry))
            self._apply(row)

        await self._in_turn(add)

    # --- questions ----------------------------------------------------------------------------

    def _leads(self, campaign: str) -> Iterator[MutableRow]:
        return (row for row in self._tables["lead"].values() if row["campaign"] == campaign)

    def _offer(self, wanted: RefillHopper) -> LeadsOffered:
        free = [
            row
            for row in self._leads(wanted.campaign)
            if row["state"] == LeadState.OPEN
            and row["lead_id"] not in wanted.held
            and row["next_eligible_at"] is not None
        ]
        eligible = (row for row in free if row["next_eligible_at"] <= wanted.now)
        best = heapq.nsmallest(
            wanted.count, eligible, key=lambda row: (row["order_key"], row["lead_id"])
        )
        later: Instant | None = None
        if len(best) < wanted.count:
            waiting = (row["next_eligible_at"] for row in free)
            later = min((at for at in waiting if at > wanted.now), default=None)
        campaigns = {wanted.campaign, *wanted.linked_in}
        leads = tuple(
            _lead_of(row, self._records_of(row["e164"]), self._linked_to(row, campaigns))
            for row in best
        )
        return LeadsOffered(wanted.campaign, leads, later)

    def _linked_to(self, row: MutableRow, campaigns: Collection[str]) -> tuple[str, ...]:
        """The other numbers of a lead's person in these campaigns."""
        if not row["contact"]:
            return ()
        theirs = {
            other["e164"]
            for other in self._tables["lead"].values()
            if other["contact"] == row["contact"] and other["campaign"] in campaigns
        }
        return tuple(sorted(theirs - {row["e164"]}))

    async def restore(self, now: Instant) -> Restored:
        """See `Store`."""
        await trio.lowlevel.checkpoint()
        attempts = list(self._tables["call_attempt"].values())
        leads = self._tables["lead"]
        dials = [row for row in attempts if row["dialled_at"] >= now - RECENT_MS and row["counted"]]
        drops = [row for row in attempts if (row["dropped_at"] or 0) >= now - RECENT_MS]
        live = [
            row for row in attempts if row["live"] and row["answered_at"] >= now - ANSWERED_CALLS_MS
        ]
        asked = [
            row
            for row in self._tables["suppression"].values()
            if row["source"] == SuppressionSource.REQUEST
        ]
        states = sorted(self._tables["campaign_state"].values(), key=itemgetter("campaign"))
        return Restored(
            next_attempt=AttemptId(max((row["attempt_id"] for row in attempts), default=0) + 1),
            open_attempts=tuple(
                OpenAttempt(
                    row["attempt_id"],
                    _lead_of(leads[(row["lead_id"],)]),
                    row["number"],
                    row["campaign"],
                    row["dialled_at"],
                )
                for row in sorted(attempts, key=itemgetter("attempt_id"))
                if row["ended_at"] is None and (row["lead_id"],) in leads
            ),
            recent_dials=tuple(
                (
                    row["number"],
                    PastAttempt(row["dialled_at"], row["seller"], row["subject"], row["caller_id"]),
                )
                for row in sorted(dials, key=itemgetter("dialled_at", "attempt_id"))
            ),
            recent_drops=tuple(
                (row["number"], row["dropped_at"])
                for row in sorted(drops, key=itemgetter("dropped_at", "attempt_id"))
            ),
            answered_calls=tuple(
                AnsweredCall(row["campaign"], row["answered_at"], row["dropped"])
                for row in sorted(live, key=itemgetter("answered_at", "attempt_id"))
            ),
            suppressions=tuple(map(suppression_of, sorted(asked, key=itemgetter("since", "e164")))),
            emergencies=tuple(
                sorted(row["state"] for row in self._tables["state_emergency"].values())
            ),
            campaign_states=tuple((row["campaign"], CampaignState(row["state"])) for row in states),
        )

    async def campaign_report(self, campaign: str, now: Instant) -> CampaignReport:
        """See `Store`."""
        await trio.lowlevel.checkpoint()
        attempts = sorted(
            (row for row in self._tables["call_attempt"].values() if row["campaign"] == campaign),
            key=itemgetter("attempt_id"),
        )
        leads = list(self._leads(campaign))
        states = _tally(leads, "state")
        return CampaignReport(
            campaign=campaign,
            leads=len(leads),
            leads_rejected=sum(
                row["campaign"] == campaign for row in self._tables["rejected_row"].values()
            ),
            refused=_tally(leads, "refused_code"),
            dials=sum(row["placed"] for row in attempts),
            answered=sum(row["answered"] for row in attempts),
            live=sum(row["live"] for row in attempts),
            machines=sum(row["verdict"] in MACHINES for row in attempts),
            connected=sum(row["bridged_at"] is not None for row in attempts),
            dropped=sum(row["dropped"] for row in attempts),
            dispositions=_tally(attempts, "disposition"),
            causes=_tally(attempts, "cause"),
            talk_ms=sum(row["talk_ms"] for row in attempts),
            verdict_to_agent_ms=tuple(
                row["verdict_to_agent_ms"]
                for row in attempts
                if row["verdict_to_agent_ms"] is not None
            ),
            leads_open=states.get(LeadState.OPEN, 0),
            leads_done=states.get(LeadState.DONE, 0),
        )

    async def refusals(self, campaign: str, limit: int = 1000) -> Sequence[RefusalRow]:
        """See `Store`."""
        await trio.lowlevel.checkpoint()
        rows = [
            RefusalRow(
                row["line"], row["list_name"], row["value"], row["code"], row["explain"], row["at"]
            )
            for row in self._tables["rejected_row"].values()
            if row["campaign"] == campaign
        ]
        rows += [
            RefusalRow(
                row["line"],
                row["list_name"],
                row["e164"],
                row["refused_code"],
                row["refused_explain"],
                row["refused_at"],
            )
            for row in self._leads(campaign)
            if row["refused_code"] is not None
        ]
        return sorted(rows, key=lambda row: (-row.at, row.line))[:limit]

    async def journal(
        self, *, before: int | None = None, limit: int = 100, number: str = "", kind: str = ""
    ) -> Sequence[StoredEntry]:
        """See `Store`."""
        await trio.lowlevel.checkpoint()
        number_key = self._key.number(number).key if number else ""
        wanted = (
            row
            for row in reversed(self._rows)
            if (before is None or row.seq < before)
            and number_key in ("", row.number_key)
            and kind in ("", row.kind)
        )
        values = {key: value.value for key, value in self._personal.items()}
        return [self._readable(row, values) for row in islice(wanted, limit)]

    def _readable(self, row: ChainedRow, values: Mapping[str, str]) -> StoredEntry:
        stored = stored_entry(row, values)
        assert not isinstance(stored, Unreadable), "nobody changes it"
        return stored

    async def verify(self) -> Verification:
        """See `Store`."""
        await trio.lowlevel.checkpoint()
        return verify(self._rows, self._head())

    async def erase(
        self, number: str, now: Instant, by: str, because: str, *, evidence_too: bool = False
    ) -> int:
        """See `Store`."""

        def erase() -> int:
            key = self._key.number(number).key
            gone = [
                value.key
                for value in self._personal.values()
                if value.key == key
                or (value.subject == key and (evidence_too or value.name not in EVIDENCE))
            ]
            for each in gone:
                del self._personal[each]
            if gone:
                self._write(writable(erased(key, len(gone), now, by, because)))
            return len(gone)

        return await self._in_turn(erase)

    async def user(self, name: str) -> tuple[User, str] | None:
        """See `Store`."""
        await trio.lowlevel.checkpoint()
        row = self._tables["user"].get((name,))
        return None if row is None else (_user_of(row), row["password_hash"])

    async def users(self) -> Sequence[User]:
        """See `Store`."""
        await trio.lowlevel.checkpoint()
        return sorted(map(_user_of, self._tables["user"].values()), key=lambda user: user.name)


def _key(table: str, row: Row) -> Key:
    return tuple(row[column.name] for column in METADATA.tables[table].primary_key)


def _tally(rows: Iterable[MutableRow], column: str) -> dict[str, int]:
    counts = Counter(row[column] for row in rows if row[column] is not None)
    return dict(sorted(counts.items(), key=lambda item: (-item[1], item[0])))


def _lead_of(
    row: MutableRow, records: NumberRecords = NO_RECORDS, linked: tuple[str, ...] = ()
) -> Lead:
    return Lead(
        lead_id=row["lead_id"],
        campaign=row["campaign"],
        list_name=row["list_name"],
        line=row["line"],
        number=PhoneNumber(row["e164"], row["region"], tuple(json.loads(row["zones_json"]))),
        fields=json.loads(row["fields_json"]),
        attempts=row["attempts"],
        order_key=row["order_key"],
        next_eligible_at=Instant(row["next_eligible_at"] or 0),
        callback_for=row["callback_for"],
        state=row["address_state"],
        postcode=row["postcode"],
        records=records,
        contact=row["contact"],
        linked=linked,
    )


def _user_of(row: MutableRow) -> User:
    return User(row["name"], row["display_name"], Role(row["role"]))
