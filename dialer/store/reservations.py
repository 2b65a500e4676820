"""Slots under frequency caps: who took which, and whether one is left.

A cap counts attempts to a person in a sliding window (`compliance.slots` says how), and the attempt
is reserved before the dial: whoever asks for the last slot first has it, whatever node asks.

Theory of operation. A book is the table `reservation`, in the store's own database or in one that
several nodes share. Reserving is: lock what is counted, count, write, all in one transaction. In
SQLite the transaction holds the write lock from its beginning (BEGIN IMMEDIATE). In PostgreSQL it
takes an advisory lock per key, in ascending order so that two transactions never wait for each
other, and counts after that: at READ COMMITTED the count sees all that was committed before the
lock was given. Locking rows would not do, because the row that matters is not there yet.

A dial goes out a moment after its slot was taken, on a clock that agrees with the other nodes' to a
second or so. In a shared book a slot is therefore written down `MARGIN_MS` ahead: as late as the
dial may go, and more. So a window that another node counts by its own clock never misses it.

A slot is given back only where it is certain that no phone rang for it (`slots.gives_back`). A
crash between the reservation in a shared book and the journal burns the slot for the window's
length; the cap holds.
"""

from __future__ import annotations

import hashlib
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any, NamedTuple, TypeVar

from sqlalchemy import (
    URL,
    Connection,
    Engine,
    create_engine,
    delete,
    event,
    func,
    make_url,
    select,
    text,
)
from sqlalchemy.exc import ArgumentError, DatabaseError, NoSuchModuleError
from sqlalchemy.pool import QueuePool

from dialer.compliance.slots import Taken, free_at
from dialer.model.calls import AttemptId
from dialer.model.commands import Claim
from dialer.model.errors import JournalFault, OperatorError, Problem
from dialer.model.instant import DAY_MS, Instant
from dialer.store.tables import METADATA, RESERVATION

KEPT_MS = 40 * DAY_MS
"""How long a slot is remembered: longer than any cap's window (the longest is 30 days,
47 CFR 64.1200(a)(3)(ii)) and any disagreement between clocks."""

PATIENCE_S = 2
"""How long a shared book may take to be reached, or a lock in it to be given."""

MARGIN_MS = 10_000
"""How far ahead of its instant a slot in a shared book is dated: the floor dials within 5 s of it
or not at all (`floor.dialling.COMMIT_MS`), and 5 s more are for clocks that do not quite agree."""

RETRY_S = 2.0
"""How long a shared book that failed is left alone."""

LOOK_AGAIN_MS = 60_000
"""When a lead refused because the shared book could not be asked is looked at again."""

LOCAL_NODE = ""
"""The node's name in a book of its own."""

_OPENING = 4_736_251_880_139_027_014
"""The advisory lock under which nodes make the table: any number nobody else uses."""

_KEEP = text(
    "INSERT INTO reservation (key, node, attempt_id, at) VALUES (:key, :node, :attempt_id, :at)"
    " ON CONFLICT DO NOTHING"
)
_LOCK = text(
    "SELECT pg_advisory_xact_lock(wanted.lock) FROM"
    " (SELECT unnest(CAST(:locks AS bigint[])) AS lock ORDER BY 1) AS wanted"
)

_KEYS_AT_ONCE = 1_000

_Slot = tuple[str, AttemptId, int]
"""A node, its attempt, and when."""

T = TypeVar("T")


class Wanted(NamedTuple):
    """Slots one attempt asks for, at an instant."""

    claims: tuple[Claim, ...]
    at: Instant
    attempt_id: AttemptId


def reserve(
    connection: Connection,
    claims: Sequence[Claim],
    at: Instant,
    attempt_id: AttemptId,
    node: str = LOCAL_NODE,
) -> Taken | None:
    """Take a slot under every claim, or none: then the claim that has none left. Asking again for
    the same attempt at the same instant takes no second slot. To be called in a transaction, which
    commits it."""
    return reserve_all(connection, [Wanted(tuple(claims), at, attempt_id)], node)[0]


def reserve_all(
    connection: Connection,
    wanted: Sequence[Wanted],
    node: str = LOCAL_NODE,
    margin_ms: int = 0,
) -> list[Taken | None]:
    """`reserve` for each in turn, slots dated `margin_ms` ahead."""
    keys = sorted({claim.key for each in wanted for claim in each.claims})
    _lock(connection, keys)
    slots = _slots(connection, keys, wanted)
    fresh: list[dict[str, object]] = []
    answers: list[Taken | None] = []
    for each in wanted:
        at = each.at + margin_ms
        own = (node, each.attempt_id, at)
        taken = _taken(each, slots, own)
        answers.append(taken)
        if taken is not None:
            continue
        for key in {claim.key for claim in each.claims}:
            if own not in slots[key]:
                slots[key].add(own)
                fresh.append({"key": key, "node": node, "attempt_id": own[1], "at": at})
    if fresh:
        connection.execute(_KEEP, fresh)
    return answers


def _slots(
    connection: Connection, keys: Sequence[str], wanted: Sequence[Wanted]
) -> dict[str, set[_Slot]]:
    """The slots that may count, by key."""
    row = RESERVATION.c
    slots: dict[str, set[_Slot]] = {key: set() for key in keys}
    if not keys:
        return slots
    oldest = min(each.at - claim.window_ms for each in wanted for claim in each.claims)
    for start in range(0, len(keys), _KEYS_AT_ONCE):
        some = keys[start : start + _KEYS_AT_ONCE]
        for slot in connection.execute(
            select(row.key, row.node, row.attempt_id, row.at).where(
                row.key.in_(some), row.at > oldest
            )
        ):
            slots[slot.key].add((slot.node, AttemptId(slot.attempt_id), slot.at))
    return slots


def _taken(wanted: Wanted, slots: Mapping[str, set[_Slot]], own: _Slot) -> Taken | None:
    for claim in wanted.claims:
        others = (slot[2] for slot in slots[claim.key] if slot != own)
        free = free_at(claim, others, wanted.at)
        if free is not None:
            return Taken(claim, free)
    return None


def release(connection: Connection, attempts: Iterable[AttemptId], node: str = LOCAL_NODE) -> None:
    """Give back whatever these attempts of the node hold."""
    row = RESERVATION.c
    for attempt_id in attempts:
        connection.execute(
            delete(RESERVATION).where(row.node == node, row.attempt_id == attempt_id)
        )


def forget(connection: Connection) -> None:
    """Remove slots no window reaches back to, as of the newest one."""
    newest = select(func.max(RESERVATION.c.at)).scalar_subquery()
    connection.execute(delete(RESERVATION).where(RESERVATION.c.at < newest - KEPT_MS))


def _lock(connection: Connection, keys: Sequence[str]) -> None:
    if connection.dialect.name == "postgresql" and keys:
        connection.execute(_LOCK, {"locks": [_lock_number(key) for key in keys]})


def _lock_number(key: str) -> int:
    return int.from_bytes(hashlib.sha256(key.encode()).digest()[:8], "big", signed=True)


class SharedBook:
    """A book that several nodes share, in a database of its own.

    `url`: `postgresql://USER@HOST/DATABASE`, or `sqlite:///FILE` for nodes of one machine. `node`
    tells this node's attempts from the others' and stays the same over restarts. Slots are dated
    `margin_ms` ahead. Every method raises JournalFault where the database cannot be asked.
    """

    def __init__(self, url: str, node: str, margin_ms: int = MARGIN_MS) -> None:
        """Raises OperatorError for an address that names no database this program can use."""
        self.node = node
        self._margin_ms = margin_ms
        self._engine = book_engine(url)

    def open(self) -> None:
        """Make the table where there is none."""
        self._in_transaction(_make)

    def reserve_all(self, wanted: Sequence[Wanted]) -> list[Taken | None]:
        """`reserve` for each in turn, committed together."""
        return self._in_transaction(
            lambda connection: reserve_all(connection, wanted, self.node, self._margin_ms)
        )

    def release(self, attempts: Sequence[AttemptId]) -> None:
        """Give back whatever these attempts of this node hold."""
        self._in_transaction(lambda connection: release(connection, attempts, self.node))

    def close(self) -> None:
        """Let go of the database."""
        self._engine.dispose()

    def _in_transaction(self, do: Callable[[Connection], T]) -> T:
        try:
            with self._engine.begin() as connection:
                return do(connection)
        except DatabaseError as error:
            self._engine.dispose()  # a connection that broke is not asked again
            where = self._engine.url.render_as_string(hide_password=True)
            raise JournalFault(
                f"the shared book of reservations {where} cannot be used: {error.orig}"
            ) from error


class SharedDesk:
    """The shared book as the writer uses it: where it cannot be asked, slots are refused on doubt,
    and `changed` hears why (and "" once it can be asked again)."""

    def __init__(self, book: SharedBook, changed: Callable[[str], None]) -> None:
        self.failing = False
        self._book = book
        self._changed = changed
        self._owed: list[AttemptId] = []
        self._try_at = 0.0

    def open(self) -> None:
        """Make the book where there is none. Raises JournalFault where it cannot be reached."""
        self._book.open()

    def close(self) -> None:
        """Give back what could not be given back before, and let go."""
        if not self.failing:
            self.release(())
        self._book.close()

    def reserve(self, wanted: Sequence[Wanted]) -> list[Taken | None]:
        """See `SharedBook.reserve_all`."""
        why = "the shared book of reservations cannot be asked"
        if not self.failing or time.monotonic() >= self._try_at:
            try:
                answers = self._book.reserve_all(wanted)
            except JournalFault as error:
                why = str(error)
                self._failed(why)
            else:
                self._well()
                return answers
        return [
            Taken(each.claims[0], Instant(each.at + LOOK_AGAIN_MS), f"{why}; nothing is dialled.")
            for each in wanted
        ]

    def release(self, attempts: Sequence[AttemptId]) -> None:
        """See `SharedBook.release`; what cannot be given back now is, later."""
        self._owed += attempts
        if self._owed and not self.failing:
            try:
                self._book.release(self._owed)
            except JournalFault as error:
                self._failed(str(error))
            else:
                self._owed.clear()

    def try_again(self) -> None:
        """See whether a book that failed can be asked again."""
        try:
            self._book.release(self._owed)
        except JournalFault as error:
            self._failed(str(error))
        else:
            self._owed.clear()
            self._well()

    def _failed(self, why: str) -> None:
        self._try_at = time.monotonic() + RETRY_S
        if not self.failing:
            self.failing = True
            self._changed(why)

    def _well(self) -> None:
        if self.failing:
            self.failing = False
            self._changed("")


def _make(connection: Connection) -> None:
    if connection.dialect.name == "postgresql":
        connection.execute(text("SELECT pg_advisory_xact_lock(:lock)"), {"lock": _OPENING})
    METADATA.create_all(connection, tables=[RESERVATION])
    forget(connection)


def book_engine(url: str) -> Engine:
    """An engine whose transactions can reserve; one connection. Raises OperatorError for an address
    that names no database this program can use."""
    try:
        address = make_url(url)
        match address.get_backend_name():
            case "postgresql":
                return _postgresql(address)
            case "sqlite":
                return _sqlite(address)
    except (ArgumentError, NoSuchModuleError, ModuleNotFoundError) as error:
        raise OperatorError(_no_book(url, str(error).splitlines()[0])) from error
    raise OperatorError(_no_book(url, "only PostgreSQL and SQLite can hold the book"))


def _no_book(url: str, why: str) -> Problem:
    return Problem(
        "[reservations] database",
        None,
        f"this names no book of reservations: {why}",
        url if "@" not in url else url.rpartition("@")[2],
        "Write it like postgresql://dialer@db.example/reservations, and install the driver: "
        "pip install 'dialer[postgresql]'.",
    )


def _postgresql(address: URL) -> Engine:
    engine = create_engine(
        address.set(drivername="postgresql+psycopg"),
        isolation_level="READ COMMITTED",
        poolclass=QueuePool,
        pool_size=1,
        max_overflow=0,
        pool_pre_ping=True,
        connect_args={"connect_timeout": PATIENCE_S},
    )

    @event.listens_for(engine, "begin")
    def begin(connection: Connection) -> None:
        connection.exec_driver_sql(f"SET LOCAL lock_timeout = '{PATIENCE_S}s'")
        connection.exec_driver_sql(f"SET LOCAL statement_timeout = '{2 * PATIENCE_S}s'")

    return engine


def _sqlite(address: URL) -> Engine:
    engine = create_engine(
        address,
        poolclass=QueuePool,
        pool_size=1,
        max_overflow=0,
        connect_args={"timeout": PATIENCE_S, "check_same_thread": False},
    )

    @event.listens_for(engine, "connect")
    def set_up(connection: Any, _: object) -> None:
        connection.isolation_level = None  # the driver's own idea of when to begin is not ours
        connection.execute("PRAGMA journal_mode=WAL")
        connection.execute("PRAGMA synchronous=FULL")

    @event.listens_for(engine, "begin")
    def begin(connection: Connection) -> None:
        connection.exec_driver_sql("BEGIN IMMEDIATE")

    return engine
