"""Things that are made once, lent out, and never destroyed."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from typing import Generic, TypeVar

T = TypeVar("T")


class Shelf(Generic[T]):
    """Lends out what `make` makes. What comes back rests for `rest_s` before it is lent again, so
    that whoever might still be using it is done. There are never more than were lent at one time,
    and those resting beside them."""

    def __init__(self, make: Callable[[], T], rest_s: float) -> None:
        self._make = make
        self._rest_s = rest_s
        self._resting: deque[tuple[float, T]] = deque()

    def take(self, now_s: float) -> T:
        """The one that has rested longest, or a new one. Raises what `make` raises."""
        if self._resting and self._resting[0][0] <= now_s:
            return self._resting.popleft()[1]
        return self._make()

    def give_back(self, thing: T, now_s: float) -> None:
        self._resting.append((now_s + self._rest_s, thing))
