"""The store on SQLite: one writer thread, readers beside it, trio in front.

SQLite in WAL mode: readers see what is committed and never hold up the writer. The reading methods
work without `run` too, and beside a running service: `dialer report` and `dialer audit` use them
so. It is long because a store has that many questions to answer; each is a few lines here.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Collection, Mapping, Sequence
from contextlib import suppress
from functools import partial
from pathlib import Path
from typing import IO, Any, TypeVar, cast

import trio
from sqlalchemy import Connection
from sqlalchemy.exc import DatabaseError

from dialer.audit.chain import Unreadable, writable
from dialer.audit.checkpoints import Signer, Witness
from dialer.audit.personal import PersonalKey
from dialer.compliance.slots import Taken
from dialer.model.audit_reports import CheckpointLine
from dialer.model.commands import Record, RefillHopper, StoreCommand
from dialer.model.errors import JournalFault, OperatorError, Problem
from dialer.model.events import Journaled, Restored, SlotTaken, StoreEvent
from dialer.model.instant import Instant
from dialer.model.journal import JournalEntry, StoredEntry, Verification
from dialer.model.leads import Lead, LeadFile, RefusedLead
from dialer.model.record_files import RecordFile, RecordsReport
from dialer.model.records import NO_RECORDS, NumberRecords
from dialer.model.reports import CampaignReport, ImportReport, RefusalRow, User
from dialer.store import chained, reports, retention
from dialer.store.bundles import Made, Wanted, write_bundle
from dialer.store.checkpointing import keep_stamp, newest_checkpoints
from dialer.store.database import BUSY_S, flush_log, reading_engine
from dialer.store.keys import personal_key, signer
from dialer.store.lead_queue import lead_of_number, sift_file, store_rows
from dialer.store.number_records import TakenIn, imported_entry, pieces, report_of
from dialer.store.port import Emit
from dialer.store.projections import erased, user_added
from dialer.store.record_rows import records_of, store_piece
from dialer.store.reopening import refused_leads
from dialer.store.reservations import SharedBook
from dialer.store.sql_audit import SqlAuditTrail
from dialer.store.transaction import Transaction
from dialer.store.writer import Entries, Refill, Work, Writer

FLUSH_S = 5.0
"""How long `run` may take to commit what it was given once it is cancelled."""

READERS = 4

R = TypeVar("R")
T = TypeVar("T")


class _Reply:
    """A result on its way from the writer's thread to the task that waits for it."""

    def __init__(self) -> None:
        self._came = trio.Event()
        self._value: Any = None
        self._error: Exception | None = None

    def give(self, value: Any = None) -> None:
        self._value = value
        self._came.set()

    def fail(self, error: Exception) -> None:
        self._error = error
        self._came.set()

    async def get(self) -> Any:
        await self._came.wait()
        if self._error is not None:
            raise self._error
        return self._value


class SqlStore(SqlAuditTrail):
    """`dialer.store.port.Store` in the SQLite file `path` (made if it is not there).

    `emit` hears its events in the trio thread. Every entry is marked with `clock_shift_ms`. `book`
    holds the slots under frequency caps where other nodes share them; without one they are in the
    file itself. `publish` hears the note of every checkpoint made, and of the last one at the
    start, in the trio thread. A store runs once; open the same file again with a new one.
    """

    def __init__(
        self,
        path: Path,
        emit: Emit,
        clock_shift_ms: int = 0,
        book: SharedBook | None = None,
        publish: Callable[[str], None] = lambda note: None,
    ) -> None:
        self._path = path
        self._emit = emit
        self._writer = Writer(path, clock_shift_ms, self._say, book, partial(self._tell, publish))
        self._reading = reading_engine(path)
        self._readers = trio.CapacityLimiter(READERS)
        self._key: PersonalKey | None = None
        self._token: trio.lowlevel.TrioToken | None = None
        self._awaited: set[_Reply] = set()
        self._opened = _Reply()
        self._ended = trio.Event()
        self._crash: Exception | None = None

    def lag_s(self) -> float:
        """How many seconds the oldest entry not yet committed has waited."""
        return self._writer.lag_s()

    def carry_out(self, command: StoreCommand) -> None:
        """See `Store`. Raises JournalFault once `run` has ended, and TypeError for an entry that
        holds what JSON cannot say."""
        self._refuse_when_ended()
        match command:
            case Record(entry, None):
                self._writer.take(Entries((writable(entry),)))
            case Record(entry, int(token), claims):
                committed = partial(self._say, Journaled(token))
                refused = partial(self._slot_taken, token)
                self._writer.take(Entries((writable(entry),), committed, claims, refused))
            case RefillHopper():
                self._writer.take(Refill(command))

    async def run(self, *, task_status: trio.TaskStatus[None] = trio.TASK_STATUS_IGNORED) -> None:
        """See `Store`. Raises OperatorError where the file cannot be opened or another service
        writes it; JournalFault where the journal's end is missing, or where entries could not be
        committed within `FLUSH_S` of the end."""
        self._token = trio.lowlevel.current_trio_token()
        thread = threading.Thread(target=self._work, name="journal writer", daemon=True)
        thread.start()
        try:
            await self._opened.get()
            task_status.started()
            await self._ended.wait()
        finally:
            await self._finish()

    async def _finish(self) -> None:
        self._writer.stop(FLUSH_S)
        # The thread gives up by itself; a statement it is in may wait for a lock before that.
        with trio.move_on_after(FLUSH_S + 2 * BUSY_S, shield=True):
            await self._ended.wait()
        if not self._ended.is_set():
            self._ended.set()
            self._crash = JournalFault(f"{self._path}: the writer is stuck and was left behind")
        for reply in self._awaited:
            reply.fail(JournalFault(f"{self._path}: the store ended before this was written"))
        if self._crash is not None:
            raise self._crash

    def _work(self) -> None:
        """The writer's thread, from its start to its end."""
        try:
            self._writer.work(partial(self._tell, self._opened.give))
        except Exception as error:
            self._crash = error
            self._tell(self._opened.fail, error)
        finally:
            self._tell(self._ended.set)

    def _say(self, event: StoreEvent) -> None:
        self._tell(self._emit, event)

    def _slot_taken(self, token: int, taken: Taken) -> None:
        self._say(SlotTaken(token, *taken))

    def _tell(self, hearer: Callable[..., object], *values: object) -> None:
        """Have something called in the trio thread."""
        assert self._token is not None, "the writer's thread was started by run"
        # Where trio has ended (the thread was left behind), nobody is there to be told.
        with suppress(trio.RunFinishedError):
            self._token.run_sync_soon(hearer, *values)

    def _refuse_when_ended(self) -> None:
        if self._ended.is_set():
            raise JournalFault(f"{self._path}: the store has ended, nothing more can be written")

    async def _answer(self, reply: _Reply) -> Any:
        self._awaited.add(reply)
        try:
            return await reply.get()
        finally:
            self._awaited.discard(reply)

    async def _alone(
        self, do: Callable[[Transaction], R], then: Callable[[R], T] | None = None
    ) -> T:
        """Work in a transaction of its own, then (in the trio thread, once committed) what follows
        from it. Both are done even if the wait for them is cancelled."""
        self._refuse_when_ended()
        reply = _Reply()

        def done(result: R) -> None:
            reply.give(result if then is None else then(result))

        self._writer.take(Work(do, partial(self._tell, done), partial(self._tell, reply.fail)))
        return cast(T, await self._answer(reply))

    async def append(self, entries: Sequence[JournalEntry]) -> None:
        """See `Store`. Waits out a failing disk; cancelling the wait does not take entries back."""
        self._refuse_when_ended()
        reply = _Reply()
        written = tuple(writable(entry) for entry in entries)
        self._writer.take(Entries(written, partial(self._tell, reply.give)))
        await self._answer(reply)

    async def import_leads(
        self, campaign: str, file: LeadFile, order_keys: Sequence[int], now: Instant, by: str
    ) -> ImportReport:
        """See `Store`. Raises JournalFault where the database fails: then nothing was stored."""

        def take_in(transaction: Transaction) -> ImportReport:
            sifted = sift_file(transaction.connection, campaign, file, order_keys)
            if isinstance(sifted, ImportReport):
                return sifted
            store_rows(transaction.connection, sifted, now)
            transaction.write(writable(sifted.entry(now, by)))
            return sifted.report()

        return await self._alone(take_in)

    async def import_records(self, file: RecordFile, now: Instant, by: str) -> RecordsReport:
        """See `Store`. Raises JournalFault where the database fails: what was stored by then stays,
        and the same file again goes on."""

        def tell(done: tuple[TakenIn, list[StoreEvent]]) -> TakenIn:
            found, events = done
            for event in events:
                self._emit(event)
            return found

        parts = []
        for piece in pieces(file):

            def take_in(
                transaction: Transaction, piece: RecordFile = piece
            ) -> tuple[TakenIn, list[StoreEvent]]:
                return store_piece(transaction.connection, transaction.write, piece, now, by)

            parts.append(await self._alone(take_in, tell))
        report = report_of(file, parts)
        await self.append([imported_entry(report, file.sha256, now, by)])
        return report

    async def refused_leads(
        self, codes: Collection[str], after: int = 0, limit: int = 10_000
    ) -> Sequence[RefusedLead]:
        """See `Store`."""
        return await self._read(lambda connection: refused_leads(connection, codes, after, limit))

    async def lead_of_number(
        self, campaign: str, e164: str, linked_in: Collection[str] = ()
    ) -> Lead | None:
        """See `Store`."""
        return await self._read(
            lambda connection: lead_of_number(connection, campaign, e164, linked_in)
        )

    async def records_of(self, e164: str) -> NumberRecords:
        """See `Store`."""
        found = await self._read(lambda connection: records_of(connection, [e164]))
        return found.get(e164, NO_RECORDS)

    async def add_user(self, user: User, password_hash: str, now: Instant, by: str) -> None:
        """See `Store`. Raises JournalFault where the database fails: then nothing was stored."""

        def add(transaction: Transaction) -> None:
            there = reports.user(transaction.connection, user.name) is not None
            entry, row = user_added(user, password_hash, there, now, by)
            transaction.write(writable(entry))
            transaction.apply(row)

        await self._alone(add)

    async def restore(self, now: Instant) -> Restored:
        """See `Store`."""
        return await self._read(lambda connection: reports.restored(connection, now))

    async def campaign_report(self, campaign: str, now: Instant) -> CampaignReport:
        """See `Store`."""
        return await self._read(lambda connection: reports.campaign_report(connection, campaign))

    async def refusals(self, campaign: str, limit: int = 1000) -> Sequence[RefusalRow]:
        """See `Store`."""
        return await self._read(lambda connection: reports.refusals(connection, campaign, limit))

    async def journal(
        self, *, before: int | None = None, limit: int = 100, number: str = "", kind: str = ""
    ) -> Sequence[StoredEntry]:
        """See `Store`. Raises JournalFault at an entry that was changed beyond reading."""
        number_key = (await self._personal_key()).number(number).key if number else ""
        page = await self._read(
            lambda connection: chained.journal_page(connection, before, limit, number_key, kind)
        )
        entries: list[StoredEntry] = []
        for stored in page:
            if isinstance(stored, Unreadable):
                raise JournalFault(f"{self._path}: {stored.why}")
            entries.append(stored)
        return entries

    async def verify(self, outside: Mapping[str, Sequence[str]] | None = None) -> Verification:
        """See `Store`. `outside`: notes of checkpoints kept elsewhere, by where they were kept."""
        key = await self._personal_key()
        witness = await self.witness()
        return await self._read(
            lambda connection: chained.verification(connection, key, witness, outside or {})
        )

    async def erase(
        self, number: str, now: Instant, by: str, because: str, *, evidence_too: bool = False
    ) -> int:
        """See `Store`. Raises JournalFault where the database fails: then nothing was erased."""

        def erase(transaction: Transaction) -> int:
            number_key = transaction.key.number(number).key
            values = chained.erase(transaction.connection, number_key, evidence_too)
            if values:
                transaction.write(writable(erased(number_key, values, now, by, because)))
            return values

        values: int = await self._alone(erase)
        await trio.to_thread.run_sync(flush_log, self._path)
        return values

    async def retain(
        self, older_than: Instant, years: int, now: Instant, by: str
    ) -> retention.Retained:
        """Remove what was last used before `older_than`; see `retention`. Journaled as RETENTION,
        where anything went. Raises JournalFault where the database fails: then nothing went."""

        def retain(transaction: Transaction) -> retention.Retained:
            found = retention.retain(
                transaction.connection, transaction.key, older_than, years, remove=True
            )
            if found.rows or found.personal:
                transaction.write(writable(found.entry(now, by)))
            return found

        found: retention.Retained = await self._alone(retain)
        await trio.to_thread.run_sync(flush_log, self._path)
        return found

    async def would_retain(self, older_than: Instant, years: int) -> retention.Retained:
        """What `retain` would remove now."""
        key = await self._personal_key()
        return await self._read(
            lambda connection: retention.retain(connection, key, older_than, years, remove=False)
        )

    async def keep_stamp(self, note: str, stamp: bytes) -> None:
        """Keep a time stamping authority's response with the checkpoint it is of."""

        def keep(transaction: Transaction) -> None:
            keep_stamp(transaction.connection, note, stamp)

        await self._alone(keep)

    async def witness(self) -> Witness:
        """The public key of the journal's checkpoints. Raises OperatorError where there is none."""
        return (await self._signer()).witness

    async def checkpoints(self, limit: int = 20) -> tuple[list[CheckpointLine], int]:
        """The newest checkpoints, and how many there are. Raises NoCheckpoint at one that was
        changed."""
        witness = await self.witness()
        return await self._read(lambda connection: newest_checkpoints(connection, witness, limit))

    async def export(self, wanted: Wanted, now: Instant, file: IO[bytes]) -> Made:
        """Write a bundle to an empty file; see `bundles.write_bundle`. It journals nothing."""
        signs = await self._signer()
        return await self._read(
            lambda connection: write_bundle(connection, signs, wanted, now, file)
        )

    async def _signer(self) -> Signer:
        await self._there()
        return await trio.to_thread.run_sync(signer, self._path.parent)

    async def _personal_key(self) -> PersonalKey:
        """The key beside the database; see `keys`. Raises OperatorError where there is none."""
        if self._key is None:
            await self._there()
            self._key = await trio.to_thread.run_sync(personal_key, self._path.parent)
        return self._key

    async def user(self, name: str) -> tuple[User, str] | None:
        """See `Store`."""
        return await self._read(lambda connection: reports.user(connection, name))

    async def users(self) -> Sequence[User]:
        """See `Store`."""
        return await self._read(reports.users)

    async def _read(self, question: Callable[[Connection], T]) -> T:
        """Ask on a connection of its own, in a thread of its own.

        Raises OperatorError where there is no database, JournalFault where it cannot be read.
        """

        def ask() -> T:
            with self._reading.begin() as connection:
                return question(connection)

        try:
            return await trio.to_thread.run_sync(ask, limiter=self._readers)
        except DatabaseError as error:
            await self._there()
            raise JournalFault(f"{self._path}: cannot be read: {error.orig}") from error

    async def _there(self) -> None:
        """Raises OperatorError where there is no database."""
        if not await trio.Path(self._path).exists():
            raise OperatorError(
                Problem(
                    str(self._path),
                    None,
                    "there is no database here",
                    "",
                    "Name the database the service writes; `dialer serve` makes one.",
                )
            )
