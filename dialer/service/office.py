"""What pages and commands may ask of the service."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import partial
from pathlib import Path

import trio
from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

from dialer.compliance.law import Ruleset
from dialer.floor.floor import Floor
from dialer.intake.lead_csv import read_leads
from dialer.model.audit_reports import (
    BundleMade,
    ChainStatus,
    Decided,
    DecidedEntry,
    Explanation,
    ListFreshness,
    RefusalCounts,
    Trace,
)
from dialer.model.calls import AttemptId
from dialer.model.commands import Record
from dialer.model.drop_reports import DropSheet
from dialer.model.errors import OperatorError, Problem
from dialer.model.events import (
    AgentEvent,
    DeadlineReached,
    LeadsImported,
    ManagerEvent,
    SuppressionRequested,
)
from dialer.model.instant import Instant
from dialer.model.journal import EntryKind, JournalEntry, StoredEntry, Verification
from dialer.model.record_files import RecordKind, RecordsReport
from dialer.model.records import RequestChannel
from dialer.model.reports import CampaignReport, ImportReport, NumberCheck, RefusalRow, User
from dialer.model.snapshot import FloorSnapshot
from dialer.model.suppression import InForce
from dialer.service.audit_queries import (
    RulesInUse,
    explain_attempt,
    explain_entry,
    month_of_drops,
    refusal_counts,
    shipped_rules,
    trace_number,
)
from dialer.service.clock import ServiceClock
from dialer.service.dispatcher import Dispatcher
from dialer.service.questions import check_number, store_leads, what_if
from dialer.service.records import read_record_file, store_records
from dialer.service.requests import emergency_of, request_of, withdrawal_of
from dialer.service.vouching import Vouching
from dialer.store.port import Store
from dialer.telemetry.metrics import Metrics
from dialer.web.office import OfficeBusy

COMMIT_PATIENCE_S = 5.0
"""How long an officer waits for the journal before being told that it cannot be written now."""

_hasher = PasswordHasher()
_NOBODY = _hasher.hash("nobody has this password")


def hash_password(password: str) -> str:
    """Argon2id, with the library's current parameters."""
    return _hasher.hash(password)


def _fits(password_hash: str, password: str) -> bool:
    try:
        return _hasher.verify(password_hash, password)
    except (VerificationError, InvalidHashError):
        return False


class ServiceOffice:
    """`dialer.web.office.Office` over the running service."""

    def __init__(
        self,
        clock: ServiceClock,
        floor: Floor,
        dispatcher: Dispatcher,
        store: Store,
        metrics: Metrics,
        data: Path,
        rules: RulesInUse | None = None,
        vouching: Vouching | None = None,
    ) -> None:
        self._clock = clock
        self._floor = floor
        self._dispatcher = dispatcher
        self._store = store
        self._metrics = metrics
        self._data = data
        self._rules = rules or shipped_rules()
        self._vouches = vouching

    @property
    def clock_shift_ms(self) -> int:
        return self._clock.shift_ms

    def now(self) -> Instant:
        return self._clock.now()

    def snapshot(self) -> FloorSnapshot:
        return self._dispatcher.snapshot()

    async def changed(self, version: int) -> FloorSnapshot:
        return await self._dispatcher.changed(version)

    async def send(self, event: AgentEvent | ManagerEvent) -> None:
        try:
            await self._dispatcher.ask(event)
        except trio.WouldBlock:
            raise OfficeBusy("the floor is busy: nothing was done, try again") from None

    async def authenticate(self, name: str, password: str) -> User | None:
        found = await self._store.user(name)
        user, password_hash = found if found is not None else (None, _NOBODY)
        fits = await trio.to_thread.run_sync(_fits, password_hash, password)
        accepted = user if fits else None
        entry = JournalEntry(
            EntryKind.USER_CHANGED,
            self.now(),
            data={
                "user": name[:100],
                "role": user.role if user else None,
                "change": "signed_in" if accepted else "refused",
            },
        )
        self._store.carry_out(Record(entry))
        return accepted

    async def add_user(self, user: User, password: str, by: str) -> None:
        """Add somebody who can sign in, or replace their role and password."""
        hashed = await trio.to_thread.run_sync(hash_password, password)
        await self._store.add_user(user, hashed, self.now(), by)

    async def user(self, name: str) -> User | None:
        found = await self._store.user(name)
        return found[0] if found else None

    async def users(self) -> Sequence[User]:
        return await self._store.users()

    async def import_leads(
        self, campaign: str, filename: str, content: bytes, by: str
    ) -> ImportReport:
        view = self.snapshot().campaign(campaign)
        if view is None or not view.campaign.lists:
            raise OperatorError(
                Problem(filename, None, "there is no such campaign with a list", campaign)
            )
        read = partial(read_leads, filename, content, view.campaign.lists[0], self._rules.enabled)
        file = await trio.to_thread.run_sync(read)
        report = await store_leads(self._store, campaign, file, self.now(), by, self._data)
        await self.send(LeadsImported(campaign))
        return report

    async def import_records(
        self, file: Path, kind: RecordKind, seller: str, profile: Path | None, by: str
    ) -> RecordsReport:
        """Store a file of what is known of numbers; leads that wait here have it at once. Raises
        OperatorError where nothing in the file can be read."""
        read = partial(read_record_file, file, kind, self.now(), seller, profile)
        parsed = await trio.to_thread.run_sync(read)
        sellers = [view.campaign.seller for view in self.snapshot().campaigns]
        return await store_records(self._store, parsed, sellers, self.now(), by, self._data)

    async def campaign_report(self, campaign: str) -> CampaignReport:
        return await self._store.campaign_report(campaign, self.now())

    async def refusals(self, campaign: str, limit: int = 1000) -> Sequence[RefusalRow]:
        return await self._store.refusals(campaign, limit)

    async def journal(
        self, *, before: int | None = None, limit: int = 100, number: str = "", kind: str = ""
    ) -> Sequence[StoredEntry]:
        return await self._store.journal(before=before, limit=limit, number=number, kind=kind)

    async def verify(self) -> Verification:
        return await self._store.verify()

    async def check_number(self, raw: str, campaign: str = "") -> NumberCheck:
        return await check_number(self._store, self._floor, raw, campaign, self.now())

    # --- what auditors ask --------------------------------------------------------------------

    async def explain(self, attempt: AttemptId) -> Explanation | None:
        return await explain_attempt(self._store, attempt)

    async def trace(self, raw: str) -> Trace | None:
        return await trace_number(self._store, raw)

    async def refusal_counts(self, campaign: str, since: Instant) -> RefusalCounts:
        return await refusal_counts(self._store, campaign, since, self.now())

    async def drop_sheet(self, campaign: str, month: str) -> DropSheet:
        views = self.snapshot().campaigns
        campaigns = {view.campaign.name: view.campaign for view in views}
        ruleset, enabled = self._rules.ruleset, self._rules.enabled
        return await month_of_drops(
            self._store, campaigns, ruleset, enabled, campaign, month, self.now()
        )

    async def explain_entry(self, seq: int) -> DecidedEntry | None:
        return await explain_entry(self._store, seq)

    @property
    def ruleset(self) -> Ruleset:
        return self._floor.ruleset

    async def chain_status(self) -> ChainStatus:
        return await self._vouching().chain_status()

    async def export(
        self, since: Instant | None, until: Instant | None, *, numbers: bool, by: str
    ) -> BundleMade:
        return await self._vouching().export(since, until, numbers=numbers, by=by, now=self.now())

    def _vouching(self) -> Vouching:
        if self._vouches is None:
            raise OperatorError(
                Problem("journal", None, "this service keeps its journal in memory alone")
            )
        return self._vouches

    async def list_freshness(self) -> Sequence[ListFreshness]:
        return await trio.to_thread.run_sync(self._rules.list_freshness, self.now())

    async def what_if(self, case: Mapping[str, object]) -> Decided:
        return await trio.to_thread.run_sync(what_if, case, self._rules)

    # --- requests not to be called, emergencies -----------------------------------------------

    async def add_dnc(
        self,
        number: str,
        *,
        seller: str,
        affiliates: bool,
        channel: RequestChannel,
        asked_by: str,
        evidence: str,
        received_at: Instant | None,
        by: str,
    ) -> InForce:
        views = self.snapshot().campaigns
        request = request_of(
            number,
            seller=seller,
            affiliates=affiliates,
            channel=channel,
            asked_by=asked_by,
            evidence=evidence,
            received_at=received_at,
            by=by,
            sellers=[view.campaign.seller for view in views],
            now=self.now(),
        )
        await self.send(SuppressionRequested(request))
        durable = await self._committed()
        return InForce(request.e164, request.since, durable, request.deadline_at)

    async def remove_dnc(
        self, number: str, *, seller: str, because: str, evidence: str, by: str
    ) -> InForce:
        event = withdrawal_of(
            number,
            seller=seller,
            because=because,
            evidence=evidence,
            by=by,
            there=self._floor.requests_of,
        )
        await self.send(event)
        return InForce(event.e164, self.now(), await self._committed())

    async def emergency(self, state: str, *, on: bool, because: str, by: str) -> InForce:
        event = emergency_of(state, on=on, because=because, by=by)
        await self.send(event)
        return InForce(event.state, self.now(), await self._committed())

    async def emergencies(self) -> Sequence[str]:
        return sorted(self._floor.emergencies)

    async def write_down(self, entry: JournalEntry) -> None:
        """Commit an entry that changes nothing on the floor."""
        await self._store.append([entry])

    async def _committed(self) -> bool:
        """Whether everything the floor has said so far is committed, and the floor knows it."""
        with trio.move_on_after(COMMIT_PATIENCE_S) as patience:
            await self._store.append(())
        if patience.cancelled_caught:
            return False
        await self._dispatcher.ask(DeadlineReached())
        return True

    def metrics(self) -> tuple[bytes, str]:
        self._metrics.journal_lag(self._store.lag_s())
        return self._metrics.exposition()
