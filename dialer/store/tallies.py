"""Screenings counted by campaign, hour and reason, so that refusals over time cost no scan."""

from __future__ import annotations

from typing import NamedTuple

from dialer.model.instant import HOUR_MS
from dialer.model.journal import EntryKind, JournalEntry
from dialer.store.audit_rows import ALLOWED


class Tally(NamedTuple):
    """A row of table `screening_count`, all but how many."""

    campaign: str
    hour_at: int
    code: str


def tally_of(entry: JournalEntry) -> Tally | None:
    """What an entry adds one to: a refusal counts under its primary code, a dial that was intended
    as allowed."""
    if entry.kind is EntryKind.DIAL_INTENDED:
        code = ALLOWED
    elif entry.kind is EntryKind.REFUSED:
        codes = entry.data["codes"]
        assert isinstance(codes, list), "codes are a list, the primary one first"
        code = str(codes[0])
    else:
        return None
    return Tally(entry.campaign, entry.at - entry.at % HOUR_MS, code)
