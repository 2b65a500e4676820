"""Two nodes, each with a store of its own, that share one book of reservations."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import AsyncExitStack, closing
from pathlib import Path

import pytest
from sqlalchemy import text

from dialer.model.commands import Claim, Record
from dialer.model.errors import JournalFault, OperatorError
from dialer.model.events import Journaled, JournalFailed, JournalRecovered, SlotTaken, StoreEvent
from dialer.model.instant import DAY_MS, Instant
from dialer.model.journal import EntryKind
from dialer.store import reservations
from dialer.store.reservations import MARGIN_MS, SharedBook, book_engine
from dialer.store.sqlite import SqlStore
from tests.contracts.journal_entries import NOW, alarm, dial, ended
from tests.contracts.running_store import Running, running

CAP = Claim("aa" * 32, 1, DAY_MS)


@pytest.fixture
def address(tmp_path: Path) -> str:
    return f"sqlite:///{tmp_path / 'slots.db'}"


def node(folder: Path, address: str, name: str) -> Callable[..., SqlStore]:
    """Opens the node's store; each time with a book of its own on the shared database."""
    folder.mkdir(exist_ok=True)

    def opened(emit: Callable[[StoreEvent], None]) -> SqlStore:
        return SqlStore(folder / "dialer.db", emit, book=SharedBook(address, name))

    return opened


@pytest.fixture
async def nodes(tmp_path: Path, address: str) -> AsyncIterator[tuple[Running, Running]]:
    async with AsyncExitStack() as stack:
        north, south = [
            await stack.enter_async_context(running(node(tmp_path / name, address, name)))
            for name in ("north", "south")
        ]
        yield north, south


async def test_the_last_slot_goes_to_one_node_and_the_other_writes_nothing(
    nodes: tuple[Running, Running],
) -> None:
    for each in nodes:
        await each.load(1)
        each.store.carry_out(Record(dial(1, 1), 1, (CAP,)))
    said = [await each.next() for each in nodes]
    assert sorted(type(event).__name__ for event in said) == ["Journaled", "SlotTaken"]
    for each, event in zip(nodes, said, strict=True):
        dials = await each.store.journal(kind=EntryKind.DIAL_INTENDED)
        assert len(dials) == isinstance(event, Journaled)
        assert (await each.offer()).leads[0].attempts == len(dials)


async def test_a_slot_given_back_by_one_node_is_the_others(
    nodes: tuple[Running, Running],
) -> None:
    north, south = nodes
    for each in nodes:
        await each.load(1)
    north.store.carry_out(Record(dial(1, 1), 1, (CAP,)))
    assert await north.next() == Journaled(1)
    south.store.carry_out(Record(dial(1, 1, NOW + 1), 1, (CAP,)))
    assert await south.next() == SlotTaken(1, CAP, Instant(NOW + MARGIN_MS + DAY_MS))
    north.store.carry_out(Record(ended(1, 1, "REFUSED", placed=False), 2))
    assert await north.next() == Journaled(2)
    # Given back after the commit, so before the next answer.
    north.store.carry_out(Record(alarm("next"), 3))
    assert await north.next() == Journaled(3)
    south.store.carry_out(Record(dial(2, 1, NOW + 2), 2, (CAP,)))
    assert await south.next() == Journaled(2)


async def test_a_node_started_again_keeps_its_slots(tmp_path: Path, address: str) -> None:
    opener = node(tmp_path / "north", address, "north")
    async with running(opener) as north:
        await north.load(1)
        north.store.carry_out(Record(dial(1, 1), 1, (CAP,)))
        assert await north.next() == Journaled(1)
    async with running(opener) as north:
        north.store.carry_out(Record(dial(2, 1, NOW + 1), 2, (CAP,)))
        assert isinstance(await north.next(), SlotTaken)


@pytest.fixture
def impatient(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setattr(reservations, "PATIENCE_S", 0.05)
    monkeypatch.setattr(reservations, "RETRY_S", 0.05)
    monkeypatch.setattr("dialer.store.writer.RETRY_S", 0.05)
    yield


async def test_a_book_that_cannot_be_asked_stops_dialling_and_nothing_else(
    impatient: None, tmp_path: Path, address: str
) -> None:
    async with running(node(tmp_path / "north", address, "north")) as north:
        await north.load(1)
        other = book_engine(address)
        with closing(other.raw_connection()) as holder:
            holder.cursor().execute("BEGIN IMMEDIATE")
            north.store.carry_out(Record(dial(1, 1), 1, (CAP,)))
            failed = await north.next_of(JournalFailed)
            assert "shared book of reservations" in failed.why
            refused = await north.next_of(SlotTaken)
            assert (refused.token, refused.claim) == (1, CAP)
            assert refused.free_at == NOW + reservations.LOOK_AGAIN_MS
            assert "nothing is dialled" in refused.why
            north.store.carry_out(Record(alarm("calls go on"), 2))
            assert await north.next() == Journaled(2)
            holder.rollback()
        assert isinstance(await north.next(), JournalRecovered)
        north.store.carry_out(Record(dial(2, 1), 3, (CAP,)))
        assert await north.next() == Journaled(3)
        with other.begin() as connection:
            taken = connection.scalar(text("SELECT count(*) FROM reservation"))
        other.dispose()
        assert taken == 1


@pytest.mark.parametrize("address", ["nonsense", "mysql://db/book"])
def test_an_address_that_is_no_book_is_said(address: str) -> None:
    with pytest.raises(OperatorError) as caught:
        SharedBook(address, "north")
    (problem,) = caught.value.problems
    assert problem.where == "[reservations] database"
    assert "postgresql://" in problem.remedy


def test_a_password_is_not_shown() -> None:
    with pytest.raises(OperatorError) as caught:
        SharedBook("mysql://dialer:sesame@db/book", "north")
    assert "sesame" not in str(caught.value)


def test_a_server_that_is_not_there_is_said_without_the_password(tmp_path: Path) -> None:
    book = SharedBook(f"postgresql://dialer:sesame@/book?host={tmp_path}", "north")
    with pytest.raises(JournalFault, match="shared book of reservations") as caught:
        book.open()
    book.close()
    assert "sesame" not in str(caught.value)
