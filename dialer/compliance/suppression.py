"""Numbers we may not call: whole lists, and single requests of people."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from dialer.compliance.facts import ListVersion
from dialer.model.records import UNKNOWN_LINE, Line, LineType
from dialer.model.suppression import Suppression, plain_name


class NumberSet(Protocol):
    """Numbers that can be asked about one at a time."""

    def __contains__(self, e164: str, /) -> bool: ...


class SuppressionList(NumberSet, Protocol):
    """A copy of a list of numbers not to be called."""

    @property
    def version(self) -> ListVersion:
        """Which copy of which list."""


@dataclass(frozen=True, slots=True, eq=False)
class NumberList:
    """A short list, in memory. `numbers` are E.164 digits without `+` as uint64, strictly
    ascending. Raises ValueError if not: a search in it would miss."""

    version: ListVersion
    numbers: NDArray[np.uint64]

    def __post_init__(self) -> None:
        if self.numbers.dtype != np.uint64 or not bool(
            np.all(self.numbers[:-1] < self.numbers[1:])
        ):
            raise ValueError(f"list {self.version.name!r} is not strictly ascending uint64")

    def __contains__(self, e164: str) -> bool:
        wanted = np.uint64(int(e164.removeprefix("+")))
        place = int(np.searchsorted(self.numbers, wanted))
        return place < len(self.numbers) and bool(self.numbers[place] == wanted)


@dataclass(frozen=True, slots=True)
class OtherSets:
    """Sets of numbers that are no lists: what vendors said of them, and what tells their lines.

    `unknown`: a vendor said something of the number that nobody can read. `reassigned`: a vendor
    says somebody else has it now. `wireless_blocks`, `ported_to_wireless`, `ported_to_landline`:
    from the carriers' blocks and the daily port files; `port_file_date`: of the older of those two.
    """

    unknown: tuple[NumberSet, ...] = ()
    reassigned: tuple[NumberSet, ...] = ()
    wireless_blocks: tuple[NumberSet, ...] = ()
    ported_to_wireless: tuple[NumberSet, ...] = ()
    ported_to_landline: tuple[NumberSet, ...] = ()
    port_file_date: date | None = None

    def line_of(self, e164: str) -> Line:
        """What kind of line it is. Without a table of blocks nobody knows."""
        if not self.wireless_blocks:
            return UNKNOWN_LINE
        wireless = any(e164 in each for each in self.wireless_blocks)
        ported_to = None
        if any(e164 in each for each in self.ported_to_wireless):
            ported_to = LineType.WIRELESS
        elif any(e164 in each for each in self.ported_to_landline):
            ported_to = LineType.LANDLINE
        type_ = LineType.WIRELESS if wireless else LineType.LANDLINE
        return Line(type_, ported_to, None, self.port_file_date)

    def unread(self, e164: str) -> bool:
        """Whether a vendor said something of the number that nobody can read."""
        return bool(self.unknown) and any(e164 in each for each in self.unknown)

    def is_reassigned(self, e164: str) -> bool:
        """Whether a vendor says that somebody else has the number now."""
        return bool(self.reassigned) and any(e164 in each for each in self.reassigned)


NO_OTHER_SETS = OtherSets()


class Suppressions:
    """All lists and requests in force.

    A request outlives everything (47 CFR 64.1200(d)(6)) and is taken out by `lift` alone.
    """

    def __init__(
        self, lists: Iterable[SuppressionList] = (), requests: Iterable[Suppression] = ()
    ) -> None:
        self._requests: dict[str, tuple[Suppression, ...]] = {}
        self.use(lists)
        for request in requests:
            self.add(request)

    def use(self, lists: Iterable[SuppressionList], other: OtherSets = NO_OTHER_SETS) -> None:
        """From now on these copies are in force, and no others."""
        self._lists = tuple(lists)
        self.other = other
        """What else is known of numbers."""
        self.versions: tuple[ListVersion, ...] = tuple(each.version for each in self._lists)
        """Every copy in force."""

    def on_lists(self, e164: str) -> frozenset[str]:
        """Names of the lists that hold the number."""
        return frozenset(each.version.name for each in self._lists if e164 in each)

    def add(self, suppression: Suppression) -> None:
        """In force at once. The same suppression again changes nothing."""
        known = self._requests.get(suppression.e164, ())
        if suppression not in known:
            self._requests[suppression.e164] = (*known, suppression)

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
