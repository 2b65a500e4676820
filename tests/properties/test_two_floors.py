"""Two whole floors, each with calls of its own, call one person in Florida for one seller: whatever
the order of offers, commits (late ones too) and endings, no 24 hours hold more than three dials
(Fla. Stat. 501.616(6)(b))."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from dataclasses import replace

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from dialer.model.commands import Dial, Record, RefillHopper
from dialer.model.events import Journaled, LeadsOffered, SlotTaken
from dialer.model.instant import DAY_MS, Instant
from dialer.model.journal import EntryKind
from dialer.model.records import Consent, ConsentType, NumberRecords
from dialer.store.reservations import SharedBook, Wanted
from tests.floor_play import NOON, Play, campaign, lead

LIMIT = 3
_example = itertools.count()


@pytest.fixture(scope="module")
def address(tmp_path_factory: pytest.TempPathFactory) -> str:
    return f"sqlite:///{tmp_path_factory.mktemp('book') / 'slots.db'}"


@pytest.fixture(scope="module")
def books(address: str) -> Iterator[list[SharedBook]]:
    books = [SharedBook(address, node) for node in ("north", "south")]
    for book in books:
        book.open()
    yield books
    for book in books:
        book.close()


class Node:
    """A floor with an agent ready, whose dials are committed when the test says so."""

    def __init__(self, book: SharedBook, seller: str) -> None:
        self.book = book
        of = replace(campaign(), seller=seller, attempts_per_day=1_000, min_gap_ms=0)
        self.play = Play(of)
        self.play.agent_ready()
        self.play.journal_slow = True
        consent = Consent(ConsentType.PEWC, seller, Instant(NOON - DAY_MS))
        self.lead = replace(lead(100, area=305), records=NumberRecords(consents=(consent,)))
        self.dials: list[Instant] = []
        self._heard = 0

    def offer(self) -> None:
        if any(isinstance(command, RefillHopper) for command in self._news()):
            self.play.tell(LeadsOffered(self.play.campaign.name, (self.lead,)))

    def commit(self) -> None:
        """The dial that has waited longest is committed, if it gets its slots."""
        waiting = [
            command
            for command in self.play.of(Record)
            if command.token in self.play.unanswered
            and command.entry.kind is EntryKind.DIAL_INTENDED
        ]
        if not waiting:
            return
        entry, token, claims = waiting[0].entry, waiting[0].token, waiting[0].claims
        assert token is not None and entry.attempt_id is not None
        (taken,) = self.book.reserve_all([Wanted(claims, entry.at, entry.attempt_id)])
        self.play.unanswered.remove(token)
        said = self.play.tell(Journaled(token) if taken is None else SlotTaken(token, *taken))
        self.dials += [self.play.now for command in said if isinstance(command, Dial)]

    def end(self) -> None:
        for dial in self.play.of(Dial):
            self.play.end(dial.leg, 486)

    def wait(self, until: Instant) -> None:
        self.play.later(until - self.play.now)

    def _news(self) -> list[object]:
        news = self.play.said[self._heard :]
        self._heard = len(self.play.said)
        return list(news)


WAITS = (0, 1_000, 4_000, 6_000, DAY_MS - 5_000, DAY_MS - 1, DAY_MS)
STEPS = st.lists(
    st.tuples(
        st.integers(0, 1),
        st.sampled_from(["call", "call", "offer", "commit", "end", "wait"]),
        st.sampled_from(WAITS),
    ),
    max_size=40,
)


@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(steps=STEPS)
def test_three_dials_in_any_24_hours_whoever_dials(
    books: list[SharedBook], steps: list[tuple[int, str, int]]
) -> None:
    seller = f"Sample Seller {next(_example)}"
    nodes = [Node(book, seller) for book in books]
    now = NOON
    for which, step, wait_ms in steps:
        node = nodes[which]
        match step:
            case "offer":
                node.offer()
            case "commit":
                node.commit()
            case "end":
                node.end()
            case "call":
                node.offer()
                node.commit()
                node.end()
            case _:
                now = Instant(now + wait_ms)
                for each in nodes:
                    each.wait(now)
    dials = sorted(nodes[0].dials + nodes[1].dials)
    for end in dials:
        assert sum(end - DAY_MS < at <= end for at in dials) <= LIMIT


def test_the_fourth_dial_waits_for_the_day_to_pass(books: list[SharedBook]) -> None:
    nodes = [Node(book, f"Sample Seller {next(_example)}") for book in books[:1]]
    nodes.append(Node(books[1], nodes[0].play.campaign.seller))
    for turn in range(4):
        node = nodes[turn % 2]
        node.offer()
        node.commit()
        node.end()
    assert [len(node.dials) for node in nodes] == [2, 1]
    refused = nodes[1].play.entries(EntryKind.REFUSED)[-1]
    assert refused.data["codes"] == ["FREQ_CAP"]


@pytest.mark.parametrize("slow_ms", [0, 1, 4_999])
def test_a_dial_counts_from_when_it_went_out_and_not_from_when_it_was_planned(
    books: list[SharedBook], slow_ms: int
) -> None:
    seller = f"Sample Seller {next(_example)}"
    north, south = (Node(book, seller) for book in books)
    north.offer()
    for node in (north, south):
        node.wait(Instant(NOON + slow_ms))
    north.commit()
    north.end()
    for _ in range(2):
        south.offer()
        south.commit()
        south.end()
    (first,) = north.dials
    assert first == NOON + slow_ms
    south.wait(Instant(first + DAY_MS - 1))
    south.offer()
    south.commit()
    assert len(south.dials) == 2, "the first one is still in the window"
    south.wait(Instant(first + DAY_MS + 10_000))
    south.offer()
    south.commit()
    assert len(south.dials) == 3


def test_a_dial_whose_commit_came_too_late_is_given_up(books: list[SharedBook]) -> None:
    node = Node(books[0], f"Sample Seller {next(_example)}")
    node.offer()
    node.wait(Instant(NOON + 5_001))
    node.commit()
    assert not node.dials
    assert node.play.last_end().data["disposition"] == "CANCELLED"
