from __future__ import annotations

import socket
from collections.abc import Iterator

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dialer.carrier.sip.frames import CUSHION, FRAME_BYTES, MOST_WAITING, SILENCE, PatchLink
from dialer.carrier.sip.shelf import Shelf


def frame(number: int) -> bytes:
    return bytes([number]) * FRAME_BYTES


class Pair:
    """Two ends of a patch, joined."""

    def __init__(self) -> None:
        self.here, self.there = PatchLink(), PatchLink()
        for link, end in zip(
            (self.here, self.there),
            socket.socketpair(socket.AF_UNIX, socket.SOCK_DGRAM),
            strict=True,
        ):
            link.open(end)

    def close(self) -> None:
        self.here.close()
        self.there.close()


@pytest.fixture
def pair() -> Iterator[Pair]:
    pair = Pair()
    yield pair
    pair.close()


def test_frames_arrive_in_order_after_the_cushion(pair: Pair) -> None:
    heard = []
    for number in range(1, 8):
        pair.here.send(frame(number))
        heard.append(pair.there.receive())
    assert heard[: CUSHION - 1] == [SILENCE] * (CUSHION - 1)
    assert heard[CUSHION - 1 :] == [frame(number) for number in range(1, 9 - CUSHION)]


def test_a_late_frame_is_silence_and_then_the_cushion_is_gathered_again(pair: Pair) -> None:
    pair.here.send(frame(1))
    pair.here.send(frame(2))
    assert [pair.there.receive() for _ in range(3)] == [frame(1), frame(2), SILENCE]
    pair.here.send(frame(3))
    assert pair.there.receive() == SILENCE
    pair.here.send(frame(4))
    assert [pair.there.receive() for _ in range(2)] == [frame(3), frame(4)]


def test_after_a_hiccup_the_oldest_are_dropped(pair: Pair) -> None:
    for number in range(1, MOST_WAITING + 4):
        pair.here.send(frame(number))
    assert pair.there.receive() == frame(4)


def test_what_is_no_frame_is_not_played(pair: Pair) -> None:
    pair.here.send(b"not a frame")
    pair.here.send(frame(1))
    pair.here.send(frame(2))
    assert pair.there.receive() == frame(1)


def test_a_closed_end_is_silent_and_a_reopened_one_knows_nothing_of_the_last(pair: Pair) -> None:
    pair.here.send(frame(1))
    pair.here.send(frame(2))
    assert pair.there.receive() == frame(1)
    pair.there.close()
    pair.there.send(frame(9))
    pair.here.send(frame(3))
    fresh, other = socket.socketpair(socket.AF_UNIX, socket.SOCK_DGRAM)
    with other:
        pair.there.open(fresh)
        assert [pair.there.receive() for _ in range(3)] == [SILENCE] * 3
    pair.there.close()
    pair.there.close()
    assert pair.there.receive() == SILENCE


@given(st.lists(st.booleans(), max_size=60))
def test_whatever_the_timing_frames_are_never_repeated_or_swapped(sends: list[bool]) -> None:
    pair = Pair()
    sent = 0
    heard: list[int] = []
    for send in sends:
        if send:
            sent += 1
            pair.here.send(frame(sent))
        else:
            piece = pair.there.receive()
            if piece != SILENCE:
                heard.append(piece[0])
    pair.close()
    assert heard == sorted(set(heard))
    assert not heard or heard[-1] <= sent


# --- the shelf ----------------------------------------------------------------------------------


@given(st.lists(st.tuples(st.booleans(), st.integers(0, 5)), max_size=50))
def test_a_thing_is_never_lent_twice_nor_before_it_has_rested(
    steps: list[tuple[bool, int]],
) -> None:
    made = iter(range(1000))
    shelf = Shelf(lambda: next(made), rest_s=3.0)
    now = 0
    lent: list[int] = []
    back_at: dict[int, int] = {}
    for take, wait in steps:
        now += wait
        if take:
            thing = shelf.take(now)
            assert thing not in lent
            assert now >= back_at.get(thing, -3) + 3
            lent.append(thing)
        elif lent:
            thing = lent.pop(0)
            back_at[thing] = now
            shelf.give_back(thing, now)


def test_what_has_rested_serves_again() -> None:
    made = iter("ab")
    shelf = Shelf(lambda: next(made), rest_s=1.0)
    first = shelf.take(0.0)
    shelf.give_back(first, 5.0)
    assert shelf.take(5.5) == "b"
    assert shelf.take(6.0) == first
