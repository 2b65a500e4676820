"""Many leads screened at once: the very facts and the very gate of every dial, with the lists asked
about a chunk of numbers at a time instead of about each."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Protocol

import numpy as np

from dialer.compliance.facts import ListVersion
from dialer.compliance.law import Ruleset
from dialer.compliance.screening import decide
from dialer.compliance.suppression import Suppressions
from dialer.dnc.index import NumberIndex
from dialer.floor.callers import first_caller
from dialer.floor.facts import campaign_facts
from dialer.intake.csv_rows import Row
from dialer.intake.lead_csv import LeadHeader, read_row
from dialer.intake.scrub_rows import ScrubRow, decided_row, rejected_row
from dialer.model.campaigns import Campaign
from dialer.model.events import Restored
from dialer.model.instant import Instant
from dialer.model.leads import Lead, NewLead, RejectedRow
from dialer.model.records import NO_RECORDS, NumberRecords, PastAttempt
from dialer.model.suppression import Suppression
from dialer.service.list_shelf import SetsInForce, sets_in_force
from dialer.service.loading import OperatorData


class RecordSource(Protocol):
    """Where consents, relationships, revocations, answers and lines are kept."""

    def records_of(self, numbers: Collection[str], /) -> Mapping[str, NumberRecords]:
        """What is known of each number (E.164) of which something is."""


@dataclass(frozen=True, slots=True)
class Known:
    """Everything a scrub goes by besides the file. Picklable, so that other processes know it too.

    `requests`, `attempts`, `drops`, `emergencies`: as the journal remembers them at `at`;
    `records`: None where there is no database.
    """

    campaign: Campaign
    ruleset: Ruleset
    enabled: frozenset[str]
    at: Instant
    sets: SetsInForce
    requests: tuple[Suppression, ...] = ()
    attempts: Mapping[str, Sequence[PastAttempt]] = field(default_factory=dict)
    drops: Mapping[str, Sequence[Instant]] = field(default_factory=dict)
    emergencies: frozenset[str] = frozenset()
    records: RecordSource | None = None


def known_of(
    data: OperatorData,
    campaign: Campaign,
    at: Instant,
    remembered: Restored | None,
    records: RecordSource | None,
) -> Known:
    """What is known at `at`. `remembered`: what the journal remembers, None where there is none.
    Raises OperatorError for a list that is not whole."""
    assert data.shelf is not None, "data with problems is not screened by"
    known = Known(
        campaign, data.ruleset, data.enabled, at, sets_in_force(data.shelf), records=records
    )
    if remembered is None:
        return known
    attempts: dict[str, list[PastAttempt]] = {}
    for e164, attempt in remembered.recent_dials:
        attempts.setdefault(e164, []).append(attempt)
    drops: dict[str, list[Instant]] = {}
    for e164, dropped_at in remembered.recent_drops:
        drops.setdefault(e164, []).append(dropped_at)
    return replace(
        known,
        requests=remembered.suppressions,
        attempts=attempts,
        drops=drops,
        emergencies=frozenset(remembered.emergencies),
    )


@dataclass(frozen=True, slots=True)
class _Hits:
    """Those of a chunk's numbers that are in a set, in place of the whole set."""

    index: NumberIndex
    numbers: frozenset[str]

    @property
    def version(self) -> ListVersion:
        return self.index.version

    def __contains__(self, e164: str) -> bool:
        return e164 in self.numbers


class Scrubber:
    """Answers about rows of one file."""

    def __init__(self, known: Known, header: LeadHeader) -> None:
        self._known = known
        self._header = header
        self._suppressions = Suppressions(requests=known.requests)
        self._caller = first_caller(known.campaign, known.at)

    def rows(self, rows: Sequence[Row]) -> list[ScrubRow]:
        """A row of the report for each, in order. Whether a number stood on an earlier line is for
        the caller to say. Raises JournalFault where the database cannot be read."""
        read = [read_row(row, self._header) for row in rows]
        numbers = list(
            dict.fromkeys(lead.number.e164 for lead in read if isinstance(lead, NewLead))
        )
        self._look_up(numbers)
        reader = self._known.records
        records: Mapping[str, NumberRecords] = {}
        if reader is not None:
            records = reader.records_of(numbers)
        return [
            rejected_row(each)
            if isinstance(each, RejectedRow)
            else self._decided(each, records.get(each.number.e164, NO_RECORDS))
            for each in read
        ]

    def _decided(self, lead: NewLead, records: NumberRecords) -> ScrubRow:
        known = self._known
        e164 = lead.number.e164
        facts = campaign_facts(
            known.campaign,
            Lead(
                0,
                known.campaign.name,
                "",
                lead.line,
                lead.number,
                lead.fields,
                state=lead.state,
                postcode=lead.postcode,
                records=records,
            ),
            self._suppressions,
            self._caller,
            known.at,
            enabled=known.enabled,
            emergencies=known.emergencies,
            attempts=known.attempts.get(e164, ()),
            drops=known.drops.get(e164, ()),
        )
        return decided_row(lead, decide(facts, known.ruleset, known.at))

    def _look_up(self, numbers: Sequence[str]) -> None:
        """From now on the lists know these numbers and no others."""
        asked = np.array([int(e164) for e164 in numbers], dtype=np.uint64)

        def hits(index: NumberIndex) -> _Hits:
            found = np.flatnonzero(index.contains_many(asked))
            return _Hits(index, frozenset(numbers[place] for place in found.tolist()))

        self._known.sets.use(self._suppressions, hits)
