"""The one thread that writes: takes jobs in order, commits them in groups, answers once committed.

Theory of operation. Jobs come in by a queue and stand in the backlog until they are committed. A
group (what stands first in the backlog, up to `GROUP` jobs) is one transaction: its entries, what
they move, and the leads it offers. While one group commits, the next one gathers, so the disk's
speed sets the size of a group and not the rate of calls. Only jobs that nobody waits for linger,
for at most `LINGER_S`, to share a commit.

When a transaction fails (disk full, database locked) nothing leaves the backlog. The thread says so
once, tries again with back-off, and says when everything held back is committed: order and chain
are as if nothing had happened. An import or a new user is different: somebody waits who can be
told, so it stands alone in its transaction, and its failure is theirs and holds nobody up.
"""

from __future__ import annotations

import queue
import threading
import time
from collections import deque
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, Engine
from sqlalchemy.exc import DatabaseError, OperationalError

from dialer.audit.chain import Head
from dialer.audit.personal import PersonalKey
from dialer.compliance.slots import Taken
from dialer.model.calls import AttemptId
from dialer.model.commands import Claim, RefillHopper
from dialer.model.errors import JournalFault
from dialer.model.events import JournalFailed, JournalRecovered, StoreEvent
from dialer.model.journal import JournalEntry
from dialer.store.checkpointing import Notary, Pending
from dialer.store.database import migrate, open_personal_key, read_head, sole_writer, writing_engine
from dialer.store.keys import signer
from dialer.store.lead_queue import offer
from dialer.store.reservations import RETRY_S, SharedBook, SharedDesk, Wanted, forget, reserve
from dialer.store.transaction import Transaction

GROUP = 1_000
LINGER_S = 0.1
FIRST_RETRY_S = 0.1
LAST_RETRY_S = 2.0
REMEMBERED = 100_000
"""Keys of personal values known to be in the look-up table, so as not to write them again."""


@dataclass(frozen=True, slots=True)
class Entries:
    """Entries to write. `committed` is called in the writer's thread once they are; without it
    nobody waits, and they may linger. With `claims` they are written only if a slot is left under
    each, for the first entry's attempt; `refused` is called instead where one has none."""

    entries: tuple[JournalEntry, ...]
    committed: Callable[[], None] | None = None
    claims: tuple[Claim, ...] = ()
    refused: Callable[[Taken], None] | None = None
    taken_at: float = field(default_factory=time.monotonic)


@dataclass(frozen=True, slots=True)
class Refill:
    """Leads to offer."""

    command: RefillHopper
    taken_at: float = field(default_factory=time.monotonic)


@dataclass(frozen=True, slots=True)
class Work:
    """Something that stands alone in its transaction. `done` hears its result once committed,
    `failed` why it was not: both in the writer's thread."""

    do: Callable[[Transaction], Any]
    done: Callable[[Any], None]
    failed: Callable[[Exception], None]
    taken_at: float = field(default_factory=time.monotonic)


Job = Entries | Refill | Work


def _wanted(job: Entries) -> Wanted:
    entry = job.entries[0]
    assert entry.attempt_id is not None, "slots are taken for an attempt"
    return Wanted(job.claims, entry.at, entry.attempt_id)


def _may_linger(job: Job) -> bool:
    return isinstance(job, Entries) and job.committed is None


def _disk_or_lock(error: DatabaseError) -> bool:
    """Whether trying again may help. Other errors of the database are bugs of ours."""
    return isinstance(error, OperationalError) or type(error) is DatabaseError


class Writer:
    """The thread's work. `say` is called in the thread with each event, and must not block. `book`
    holds the slots under frequency caps where other nodes share them. `publish` is called in the
    thread with the note of each checkpoint once it is committed, and of the last one at the start.
    """

    def __init__(
        self,
        path: Path,
        clock_shift_ms: int,
        say: Callable[[StoreEvent], None],
        book: SharedBook | None = None,
        publish: Callable[[str], None] = lambda note: None,
    ) -> None:
        self._path = path
        self._desk = None if book is None else SharedDesk(book, self._book_changed)
        self._clock_shift_ms = clock_shift_ms
        self._say = say
        self._publish = publish
        self._queue: queue.SimpleQueue[Job | None] = queue.SimpleQueue()
        self._backlog: deque[Job] = deque()
        self._head = Head()
        self._key: PersonalKey | None = None
        self._notary: Notary | None = None
        self._known: set[str] = set()
        self._slotless: set[AttemptId] = set()
        """Attempts whose dial was not written for want of a slot."""
        self._failing = False
        self._retry_s = FIRST_RETRY_S
        self._stop_asked = threading.Event()
        self._stop_by = 0.0

    def take(self, job: Job) -> None:
        """Put a job at the end of the queue. From any thread; never waits."""
        self._queue.put(job)

    def stop(self, within_s: float) -> None:
        """Ask the thread to commit everything it was given and end. From any thread."""
        self._stop_by = time.monotonic() + within_s
        self._stop_asked.set()
        self._queue.put(None)

    def lag_s(self) -> float:
        """How long the oldest job not yet committed has waited. From any thread."""
        try:
            return time.monotonic() - self._backlog[0].taken_at
        except IndexError:
            return 0.0

    def work(self, opened: Callable[[], None]) -> None:
        """Serve until stopped; `opened` is called once the database is ready.

        Raises OperatorError for a database that cannot be opened, JournalFault for a journal whose
        end is not where its head says, or where entries could not be committed before the end.
        """
        with sole_writer(self._path):
            engine = writing_engine(self._path)
            try:
                migrate(engine, self._path)
                self._head = read_head(engine)
                self._key = open_personal_key(engine, self._path)
                with engine.begin() as connection:
                    forget(connection)
                if self._desk is not None:
                    self._desk.open()
                self._open_notary(engine)
                opened()
                while self._gather():
                    self._advance(engine)
                self._checkpoint(engine)
            finally:
                engine.dispose()
                if self._desk is not None:
                    self._desk.close()

    def _gather(self) -> bool:
        """Fill the backlog; False once there is nothing more to come."""
        if not self._backlog and not self._stop_asked.is_set():
            self._take_in(self._first())
        until = time.monotonic() + LINGER_S
        waited_for = any(not _may_linger(job) for job in self._backlog)
        while len(self._backlog) < GROUP:
            hurry = waited_for or self._failing or self._stop_asked.is_set()
            patience = 0.0 if hurry else until - time.monotonic()
            try:
                job = self._queue.get(timeout=patience) if patience > 0 else self._queue.get(False)
            except queue.Empty:
                break
            self._take_in(job)
            waited_for = waited_for or job is None or not _may_linger(job)
        return bool(self._backlog) or not self._stop_asked.is_set()

    def _first(self) -> Job | None:
        """The next job, however long it takes to come, or None when a checkpoint is due; a shared
        book that failed is asked again meanwhile."""
        assert self._notary is not None, "the database is open"
        while True:
            patience = self._notary.due_in_s()
            if self._desk is not None and self._desk.failing:
                patience = RETRY_S
            try:
                return self._queue.get(timeout=patience)
            except queue.Empty:
                if self._desk is not None and self._desk.failing:
                    self._desk.try_again()
                if self._notary.due_in_s() == 0.0:
                    return None

    def _take_in(self, job: Job | None) -> None:
        if job is not None:
            self._backlog.append(job)

    def _advance(self, engine: Engine) -> None:
        """Commit what stands first, or find out why not."""
        if not self._backlog:
            assert self._notary is not None, "the database is open"
            if self._notary.due_in_s() == 0.0:
                self._checkpoint(engine)
            return
        first = self._backlog[0]
        if isinstance(first, Work):
            self._alone(engine, first)
            self._say_when_through()
            return
        group: list[Entries | Refill] = []
        for job in self._backlog:
            if isinstance(job, Work) or len(group) == GROUP:
                break
            group.append(job)
        refused = self._refused_elsewhere(group)
        try:
            said = self._commit(engine, group, refused)
        except DatabaseError as error:
            if not _disk_or_lock(error):
                raise
            self._hold_back(str(error.orig))
            return
        self._answer(group, said, refused)
        self._say_when_through()

    def _refused_elsewhere(self, group: Sequence[Entries | Refill]) -> dict[int, Taken]:
        """Which jobs of the group (by place) got no slot in the shared book, if there is one."""
        claiming = {
            place: _wanted(job)
            for place, job in enumerate(group)
            if isinstance(job, Entries) and job.claims
        }
        if self._desk is None or not claiming:
            return {}
        answers = self._desk.reserve(list(claiming.values()))
        found = zip(claiming, answers, strict=True)
        return {place: taken for place, taken in found if taken is not None}

    def _commit(
        self, engine: Engine, group: Sequence[Entries | Refill], refused: dict[int, Taken]
    ) -> list[StoreEvent]:
        """What the group's refills are answered. Adds to `refused` where this database holds the
        slots."""
        offers: list[StoreEvent] = []
        own: dict[int, Taken] = {}
        with engine.begin() as connection:
            transaction = self._transaction(connection)
            for place, job in enumerate(group):
                if isinstance(job, Refill):
                    offers.append(offer(connection, job.command))
                    continue
                if job.claims and self._desk is None:
                    taken = reserve(connection, *_wanted(job))
                    if taken is not None:
                        own[place] = taken
                if place in own or place in refused:
                    self._slotless.add(_wanted(job).attempt_id)
                    continue
                if job.claims:
                    self._slotless.discard(_wanted(job).attempt_id)
                for entry in job.entries:
                    transaction.write(entry)
            head = transaction.close()
            pending = self._noted(connection, transaction)
        self._head = head
        self._remember(transaction, pending)
        refused.update(own)
        if self._desk is not None:
            self._desk.release(transaction.given_back)
        return offers

    def _open_notary(self, engine: Engine) -> None:
        with engine.begin() as connection:
            signs = signer(self._path.parent)
            self._notary, note = Notary.open(connection, signs, self._head, self._clock_shift_ms)
        if note is not None:
            self._publish(note)

    def _noted(self, connection: Connection, transaction: Transaction) -> Pending:
        assert self._notary is not None, "the database is open"
        return self._notary.grow(connection, transaction.hashes)

    def _checkpoint(self, engine: Engine) -> None:
        """A checkpoint of what is committed, outside any group. Where it cannot be written now, the
        next one covers as much and more."""
        assert self._notary is not None, "the database is open"
        try:
            with engine.begin() as connection:
                pending = self._notary.grow(connection, (), now=True)
        except DatabaseError:
            self._notary.put_off()
            return
        self._notary.committed(pending)
        if pending.note is not None:
            self._publish(pending.note)

    def _transaction(self, connection: Connection) -> Transaction:
        assert self._key is not None, "the database is open"
        return Transaction(
            connection, self._head, self._clock_shift_ms, self._key, self._known, self._slotless
        )

    def _remember(self, transaction: Transaction, pending: Pending) -> None:
        """The transaction is committed: its values need not be written again, its checkpoint may be
        seen."""
        assert self._notary is not None, "the database is open"
        self._notary.committed(pending)
        if pending.note is not None:
            self._publish(pending.note)
        self._known.update(transaction.hidden)
        if len(self._known) > REMEMBERED:
            self._known.clear()

    def _answer(
        self,
        group: Sequence[Entries | Refill],
        offers: list[StoreEvent],
        refused: Mapping[int, Taken],
    ) -> None:
        waiting = iter(offers)
        for place, job in enumerate(group):
            self._backlog.popleft()
            if isinstance(job, Refill):
                self._say(next(waiting))
            elif place in refused:
                assert job.refused is not None, "who claims slots hears that there are none"
                job.refused(refused[place])
            elif job.committed is not None:
                job.committed()

    def _say_when_through(self) -> None:
        if self._failing and not self._backlog and self._queue.empty():
            self._failing = False
            self._retry_s = FIRST_RETRY_S
            if self._desk is None or not self._desk.failing:
                self._say(JournalRecovered())

    def _book_changed(self, why: str) -> None:
        """The shared book cannot be asked, for this reason, or (without one) can be again. Nothing
        may be dialled meanwhile, as when the journal cannot be written."""
        if self._failing:
            return
        self._say(JournalFailed(why) if why else JournalRecovered())

    def _hold_back(self, why: str) -> None:
        """Nothing is lost: say what is wrong, and let some time pass."""
        if not self._failing:
            self._failing = True
            self._say(JournalFailed(why))
        if self._stop_asked.is_set():
            if time.monotonic() >= self._stop_by:
                entries = sum(len(job.entries) for job in self._backlog if isinstance(job, Entries))
                raise JournalFault(
                    f"{self._path}: {entries} journal entries could not be written before the end "
                    f"of the service: {why}"
                )
            time.sleep(FIRST_RETRY_S)
        else:
            self._stop_asked.wait(self._retry_s)
            self._retry_s = min(self._retry_s * 2, LAST_RETRY_S)

    def _alone(self, engine: Engine, job: Work) -> None:
        try:
            with engine.begin() as connection:
                self._known.clear()  # it may erase some of them
                transaction = self._transaction(connection)
                result = job.do(transaction)
                head = transaction.close()
                pending = self._noted(connection, transaction)
        except DatabaseError as error:
            job.failed(
                JournalFault(f"{self._path}: nothing was stored, the database says: {error.orig}")
            )
        except Exception as error:
            job.failed(error)
        else:
            self._head = head
            self._remember(transaction, pending)
            job.done(result)
        self._backlog.popleft()
