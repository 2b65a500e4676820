"""Slots under frequency caps: what taking the last one means. Pure; a book that keeps them on a
disk, or for several nodes, is in `store.reservations`.

A slot taken at `s` counts at the instant `t` if it lies in `(t - window, t]`, and also if it lies
ahead of `t`: a node whose clock runs behind finds the others' slots, not room.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import NamedTuple

from dialer.compliance.limit_checks import free_from
from dialer.model.calls import AttemptId, AttemptState
from dialer.model.commands import Claim
from dialer.model.dispositions import SystemDisposition
from dialer.model.instant import Instant
from dialer.model.journal import EntryKind, JournalEntry


class Taken(NamedTuple):
    """The first claim that has no slot left, and when it has one again at the earliest. `why`: in
    words, where the book could not be asked and the slot is refused on doubt."""

    claim: Claim
    free_at: Instant
    why: str = ""


def free_at(claim: Claim, taken: Iterable[int], at: Instant) -> Instant | None:
    """When the claim has a slot again, given the instants of the slots taken under it (in any
    order); None: it has one at `at`."""
    free = free_from([Instant(slot) for slot in taken], claim.limit, claim.window_ms, at)
    return None if free == at else free


def gives_back(entry: JournalEntry) -> bool:
    """Whether the entry says that its attempt rang no phone, so that its slots are free again.

    That is an attempt that was never placed, one for which nothing was sent by the doing of our
    side (status 0), and one the trunk refused in so many words. A trunk that was given up in
    silence may ring yet: its slot stays taken."""
    if entry.kind is not EntryKind.ATTEMPT_ENDED:
        return False
    times, status = entry.data["times"], entry.data["status"]
    assert isinstance(times, dict)
    if AttemptState.DIALLING not in times or status == 0:
        return not entry.data["answered"]
    return entry.data["disposition"] == SystemDisposition.TRUNK_FAILURE and status is not None


class SlotBook:
    """A book in memory, for one node."""

    def __init__(self) -> None:
        self._slots: dict[str, set[tuple[AttemptId, Instant]]] = {}
        self._keys: dict[AttemptId, set[str]] = {}

    def reserve(self, claims: Sequence[Claim], at: Instant, attempt_id: AttemptId) -> Taken | None:
        """Take a slot under every claim, or none: then the claim that has none left. Asking again
        for the same attempt at the same instant takes no second slot."""
        own = (attempt_id, at)
        for claim in claims:
            others = (slot[1] for slot in self._slots.get(claim.key, ()) if slot != own)
            free = free_at(claim, others, at)
            if free is not None:
                return Taken(claim, free)
        for claim in claims:
            self._slots.setdefault(claim.key, set()).add(own)
            self._keys.setdefault(attempt_id, set()).add(claim.key)
        return None

    def release(self, attempt_id: AttemptId) -> None:
        """Give back whatever the attempt holds."""
        for key in self._keys.pop(attempt_id, ()):
            self._slots[key] = {slot for slot in self._slots[key] if slot[0] != attempt_id}
