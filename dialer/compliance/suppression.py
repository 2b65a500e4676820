"""Numbers we may not call: whole lists (sorted arrays, millions long) and single requests."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from dialer.model.instant import DAY_MS, Instant
from dialer.model.suppression import Suppression, SuppressionSource, plain_name


@dataclass(frozen=True, slots=True, eq=False)
class NumberList:
    """A list of numbers nobody may call. `numbers` are E.164 digits without `+` as uint64, strictly
    ascending; `obtained_at` is when the copy was obtained. Raises ValueError if not ascending: a
    search in it would miss."""

    name: str
    source: SuppressionSource
    obtained_at: Instant
    numbers: NDArray[np.uint64]

    def __post_init__(self) -> None:
        if self.numbers.dtype != np.uint64 or not bool(
            np.all(self.numbers[:-1] < self.numbers[1:])
        ):
            raise ValueError(f"list {self.name!r} is not strictly ascending uint64")

    def __contains__(self, e164: str) -> bool:
        wanted = np.uint64(int(e164.removeprefix("+")))
        place = int(np.searchsorted(self.numbers, wanted))
        return place < len(self.numbers) and bool(self.numbers[place] == wanted)


class Suppressions:
    """All lists and requests in force. `find` takes O(lists · log n).

    A request outlives everything (47 CFR 64.1200(d)(6)) and is taken out by `lift` alone.
    """

    def __init__(
        self, lists: Iterable[NumberList] = (), requests: Iterable[Suppression] = ()
    ) -> None:
        self._lists = tuple(lists)
        self._requests: dict[str, tuple[Suppression, ...]] = {}
        for request in requests:
            self.add(request)

    def add(self, suppression: Suppression) -> None:
        """In force at once. The same suppression again changes nothing."""
        known = self._requests.get(suppression.e164, ())
        if suppression not in known:
            self._requests[suppression.e164] = (*known, suppression)

    def find(self, e164: str, seller: str) -> tuple[Suppression, ...]:
        """Every suppression of the number that binds this seller, lists first. Sellers' names are
        compared without regard to case and spacing: a slip of the pen must not lift a request."""
        from_lists = tuple(
            Suppression(e164, numbers.source, numbers.name, numbers.obtained_at)
            for numbers in self._lists
            if e164 in numbers
        )
        requests = self._requests.get(e164, ())
        if not requests:
            return from_lists
        return from_lists + tuple(request for request in requests if request.binds(seller))

    def requests_of(self, e164: str) -> tuple[Suppression, ...]:
        """The requests of the number, whoever they bind."""
        return self._requests.get(e164, ())

    def requests_to(self, e164: str, seller: str) -> tuple[Suppression, ...]:
        """The requests of the number that were made to this seller ("": to everyone)."""
        asked = plain_name(seller)
        return tuple(
            request
            for request in self._requests.get(e164, ())
            if plain_name(request.seller) == asked
        )

    def lift(self, requests: Iterable[Suppression]) -> None:
        """Take out these requests."""
        for request in requests:
            known = self._requests.get(request.e164, ())
            self._requests[request.e164] = tuple(each for each in known if each != request)

    def stale_lists(self, now: Instant, max_age_days: int) -> tuple[str, ...]:
        """Names of national lists obtained more than `max_age_days` calendar days (UTC) ago. With
        one of these, absence from the list proves nothing and nobody may be called (47 CFR
        64.1200(c)(2)(i)(D)). No lead is at fault, so this stops campaigns and refuses no lead."""
        return tuple(
            numbers.name
            for numbers in self._lists
            if numbers.source is SuppressionSource.NATIONAL
            and now // DAY_MS - numbers.obtained_at // DAY_MS > max_age_days
        )
