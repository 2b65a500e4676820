"""Frequency caps hold whatever two nodes do at the same time, in a SQLite file and in a PostgreSQL
server: two books in two threads, each with a connection of its own, let loose together."""

from __future__ import annotations

import itertools
import threading
from collections.abc import Callable, Iterator
from typing import NamedTuple

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import text

from dialer.compliance.slots import SlotBook, Taken
from dialer.model.calls import AttemptId
from dialer.model.commands import Claim
from dialer.model.instant import Instant
from dialer.store.reservations import SharedBook, Wanted, book_engine, reserve
from tests.postgres import postgresql

NOW = 1_795_000_000_000
NODES = ("north", "south")
_example = itertools.count()
"""Every example counts under keys of its own, so one database serves all."""


@pytest.fixture(scope="module")
def server() -> Iterator[str]:
    with postgresql() as address:
        yield address


@pytest.fixture(scope="module", params=["sqlite", "postgresql"])
def address(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> str:
    if request.param == "sqlite":
        return f"sqlite:///{tmp_path_factory.mktemp('book') / 'slots.db'}"
    return str(request.getfixturevalue("server"))


@pytest.fixture(scope="module")
def books(address: str) -> Iterator[tuple[SharedBook, SharedBook]]:
    north, south = (SharedBook(address, node, margin_ms=0) for node in NODES)
    north.open()
    south.open()
    yield north, south
    north.close()
    south.close()


class Ask(NamedTuple):
    """One dial a node wants to make: under which caps (by place), and when by its own clock."""

    caps: tuple[int, ...]
    after_ms: int


class Answer(NamedTuple):
    claims: tuple[Claim, ...]
    at: Instant
    taken: Taken | None


CAPS = st.lists(st.tuples(st.integers(1, 3), st.integers(1, 60)), min_size=1, max_size=3)
"""(limit, window in ms) of up to three caps."""
ASKS = st.lists(
    st.builds(
        Ask,
        st.lists(st.integers(0, 2), min_size=1, max_size=3, unique=True).map(tuple),
        st.integers(0, 80),
    ),
    max_size=8,
)


def at_once(*work: Callable[[], None]) -> None:
    """Do all of it, each in a thread; what fails in one fails here."""
    ready = threading.Barrier(len(work))
    errors: list[BaseException] = []

    def run(each: Callable[[], None]) -> None:
        ready.wait()
        try:
            each()
        except BaseException as error:
            errors.append(error)

    threads = [threading.Thread(target=run, args=(each,)) for each in work]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    for error in errors:
        raise error


@settings(
    max_examples=40,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(caps=CAPS, asks=st.tuples(ASKS, ASKS), batched=st.booleans())
def test_caps_hold_under_any_interleaving(
    books: tuple[SharedBook, SharedBook],
    caps: list[tuple[int, int]],
    asks: tuple[list[Ask], list[Ask]],
    batched: bool,
) -> None:
    example = next(_example)
    claims = [Claim(f"{example}/{place}", *cap) for place, cap in enumerate(caps)]
    answers: tuple[list[Answer], list[Answer]] = ([], [])

    def node(which: int) -> None:
        wanted = [
            Wanted(
                tuple(claims[cap % len(claims)] for cap in ask.caps),
                Instant(NOW + ask.after_ms),
                AttemptId(number),
            )
            for number, ask in enumerate(asks[which])
        ]
        for group in [wanted] if batched else [[each] for each in wanted]:
            for each, taken in zip(group, books[which].reserve_all(group), strict=True):
                answers[which].append(Answer(each.claims, each.at, taken))

    at_once(lambda: node(0), lambda: node(1))
    everything = [*answers[0], *answers[1]]
    for claim in claims:
        slots = [a.at for a in everything if a.taken is None and claim in a.claims]
        for end in slots:
            counted = [at for at in slots if end - claim.window_ms < at <= end]
            assert len(counted) <= claim.limit
    for answer in everything:
        if answer.taken is not None:
            claim = answer.taken.claim
            slots = [a.at for a in everything if a.taken is None and claim in a.claims]
            held = [at for at in slots if at > answer.at - claim.window_ms]
            assert len(held) >= claim.limit, "refused without need"
            assert answer.taken.free_at > answer.at


@settings(max_examples=25, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(limit=st.integers(1, 4), spare=st.integers(0, 3))
def test_of_two_nodes_racing_for_the_last_slot_one_wins(
    books: tuple[SharedBook, SharedBook], limit: int, spare: int
) -> None:
    claim = Claim(f"race {next(_example)}", limit, 1_000)
    for number in range(limit - 1):
        book = books[(number + spare) % 2]
        assert book.reserve_all([Wanted((claim,), Instant(NOW), AttemptId(number))]) == [None]
    answers: list[Taken | None] = []

    def ask(book: SharedBook) -> None:
        answers.extend(book.reserve_all([Wanted((claim,), Instant(NOW + 1), AttemptId(99))]))

    at_once(lambda: ask(books[0]), lambda: ask(books[1]))
    assert answers.count(None) == 1
    (lost,) = [answer for answer in answers if answer is not None]
    assert lost.claim == claim
    assert lost.free_at == NOW + 1_000 + (limit == 1)


WAITING = text("SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND NOT granted")


def test_a_slot_asked_for_while_another_is_uncommitted_waits_for_it(address: str) -> None:
    claim = Claim(f"last {next(_example)}", 1, 1_000)
    maker = SharedBook(address, "maker")
    maker.open()
    maker.close()
    first, second = book_engine(address), book_engine(address)
    answers: list[Taken | None] = []

    def ask() -> None:
        with second.begin() as connection:
            answers.append(reserve(connection, [claim], Instant(NOW), AttemptId(1), "south"))

    asking = threading.Thread(target=ask)
    with first.begin() as connection:
        assert reserve(connection, [claim], Instant(NOW), AttemptId(1), "north") is None
        asking.start()
        if connection.dialect.name == "postgresql":
            while not connection.scalar(WAITING):
                assert asking.is_alive(), "nobody waited for the lock"
    asking.join()
    first.dispose()
    second.dispose()
    assert answers == [Taken(claim, Instant(NOW + 1_000))]


OPERATIONS = st.lists(
    st.tuples(
        st.sampled_from(["reserve", "release"]),
        st.integers(1, 6),
        st.integers(0, 90),
        st.lists(st.integers(0, 1), min_size=1, max_size=2),
    ),
    max_size=14,
)


@settings(max_examples=40, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(caps=CAPS, operations=OPERATIONS)
def test_every_book_answers_as_the_one_in_memory(
    books: tuple[SharedBook, SharedBook],
    caps: list[tuple[int, int]],
    operations: list[tuple[str, int, int, list[int]]],
) -> None:
    example = next(_example)
    book = SlotBook()
    claims = [Claim(f"{example}/{place % 2}", *cap) for place, cap in enumerate(caps)]
    for operation, number, after_ms, places in operations:
        attempt = AttemptId(1_000 * example + number)
        if operation == "release":
            books[0].release([attempt])
            book.release(attempt)
        else:
            chosen = tuple(claims[place % len(claims)] for place in places)
            at = Instant(NOW + after_ms)
            expected = book.reserve(chosen, at, attempt)
            assert books[0].reserve_all([Wanted(chosen, at, attempt)]) == [expected]
