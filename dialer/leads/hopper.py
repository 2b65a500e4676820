"""The hopper: screened leads ready to dial now, few and in memory."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from dialer.model.instant import Instant
from dialer.model.leads import Lead


@dataclass(frozen=True, slots=True)
class HopperEntry:
    """A lead, and when the bulk screening let it in."""

    lead: Lead
    screened_at: Instant


class Hopper:
    """Entries in dialling order. A number suppressed while it waits leaves at once."""

    def __init__(self) -> None:
        self._entries: dict[int, HopperEntry] = {}

    def __len__(self) -> int:
        return len(self._entries)

    def __iter__(self) -> Iterator[HopperEntry]:
        return iter(self._entries.values())

    def put(self, entry: HopperEntry) -> None:
        """Add an entry, or replace the one of the same lead."""
        self._entries[entry.lead.lead_id] = entry

    def take(self) -> HopperEntry | None:
        """The entry with the lowest order key, or None."""
        if not self._entries:
            return None
        first = min(self._entries.values(), key=lambda entry: entry.lead.order_key)
        return self._entries.pop(first.lead.lead_id)

    def take_number(self, e164: str, *, linked: bool = False) -> list[HopperEntry]:
        """Take out every entry with this number; with `linked`, all of its person's."""
        gone = [entry for entry in self if entry.lead.has(e164, linked=linked)]
        for entry in gone:
            del self._entries[entry.lead.lead_id]
        return gone

    def clear(self) -> None:
        self._entries.clear()
