"""A store in a few lists: commits what it is told to unless the disk is full, and offers leads."""

from __future__ import annotations

import heapq
from collections.abc import Iterable
from dataclasses import replace

from dialer.compliance.slots import SlotBook, gives_back
from dialer.model.commands import Record, RefillHopper
from dialer.model.events import (
    Journaled,
    JournalFailed,
    JournalRecovered,
    LeadsOffered,
    RecordsChanged,
    SlotTaken,
    StoreEvent,
)
from dialer.model.instant import Instant
from dialer.model.journal import EntryKind, JournalEntry
from dialer.model.leads import Lead, LeadState
from dialer.model.records import NO_RECORDS, NumberRecords


class SimulatedStore:
    """Journal entries in order, and the leads as those entries move them.

    A DIAL_INTENDED counts as an attempt; any entry with `lead_state` moves its lead. A lead moved
    without a `next_eligible_at` is not offered: no passing of time makes it eligible.
    """

    def __init__(self, leads: Iterable[Lead]) -> None:
        self.entries: list[JournalEntry] = []
        self._slots = SlotBook()
        self.leads: dict[int, Lead] = {}
        self.states: dict[int, LeadState] = {}
        self._failing = False
        self._held: list[int] = []
        self._eligible: list[tuple[int, int, int]] = []
        self._later: list[tuple[int, int, int]] = []
        self._turn: dict[int, int] = {}
        for lead in leads:
            self.leads[lead.lead_id] = lead
            self.states[lead.lead_id] = LeadState.OPEN
            self._file(lead, lead.next_eligible_at)

    # --- journal ---

    def record(self, record: Record) -> list[StoreEvent]:
        """Commit the entry; held back while the journal fails, refused where a slot it claims is
        taken."""
        entry = record.entry
        if record.claims and record.token is not None and entry.attempt_id is not None:
            taken = self._slots.reserve(record.claims, entry.at, entry.attempt_id)
            if taken is not None:
                return [SlotTaken(record.token, *taken)]
        if entry.attempt_id is not None and gives_back(entry):
            self._slots.release(entry.attempt_id)
        self.entries.append(entry)
        self._apply(entry)
        if record.token is None:
            return []
        if self._failing:
            self._held.append(record.token)
            return []
        return [Journaled(record.token)]

    def fail(self) -> list[StoreEvent]:
        """From now on nothing is committed."""
        self._failing = True
        return [JournalFailed("no space left on device")]

    def recover(self) -> list[StoreEvent]:
        """Everything held back is committed."""
        self._failing = False
        held, self._held = self._held, []
        return [*map(Journaled, held), JournalRecovered()]

    # --- leads ---

    def offer(self, refill: RefillHopper) -> LeadsOffered:
        """The best leads eligible now. Looks at each lead in turn only once, whatever is held."""
        while self._later and self._later[0][0] <= refill.now:
            _, lead_id, turn = heapq.heappop(self._later)
            heapq.heappush(self._eligible, (self.leads[lead_id].order_key, lead_id, turn))
        offered: list[Lead] = []
        passed: list[tuple[int, int, int]] = []
        while self._eligible and len(offered) < refill.count:
            filed = heapq.heappop(self._eligible)
            _, lead_id, turn = filed
            if turn != self._turn[lead_id]:
                continue
            passed.append(filed)
            if lead_id not in refill.held:
                offered.append(self.leads[lead_id])
        for filed in passed:
            heapq.heappush(self._eligible, filed)
        while self._later and self._later[0][2] != self._turn[self._later[0][1]]:
            heapq.heappop(self._later)
        fewer = len(offered) < refill.count
        next_at = Instant(self._later[0][0]) if fewer and self._later else None
        return LeadsOffered(refill.campaign, tuple(offered), next_at)

    def records_of(self, e164: str) -> NumberRecords:
        """What is known of a number."""
        known = (lead.records for lead in self.leads.values() if lead.number.e164 == e164)
        return next(known, NO_RECORDS)

    def learn(self, e164: str, records: NumberRecords) -> list[StoreEvent]:
        """From now on this is known of the number; its leads are offered with it."""
        for lead in list(self.leads.values()):
            if lead.number.e164 == e164:
                self.leads[lead.lead_id] = replace(lead, records=records)
        return [RecordsChanged({e164: records})]

    def _apply(self, entry: JournalEntry) -> None:
        lead = self.leads.get(entry.lead_id) if entry.lead_id is not None else None
        if lead is None:
            return
        if entry.kind is EntryKind.DIAL_INTENDED:
            lead = self.leads[lead.lead_id] = replace(lead, attempts=lead.attempts + 1)
        state = entry.data.get("lead_state")
        if state is None:
            return
        self.states[lead.lead_id] = LeadState(str(state))
        at, key = entry.data.get("next_eligible_at"), entry.data.get("order_key")
        eligible_at = Instant(at) if isinstance(at, int) else None
        lead = replace(
            lead,
            next_eligible_at=eligible_at or Instant(0),
            order_key=key if isinstance(key, int) else lead.order_key,
        )
        self.leads[lead.lead_id] = lead
        self._file(lead, eligible_at)

    def _file(self, lead: Lead, eligible_at: Instant | None) -> None:
        """Only the newest filing of a lead counts; older ones are passed over when met."""
        turn = self._turn[lead.lead_id] = self._turn.get(lead.lead_id, 0) + 1
        if self.states[lead.lead_id] is LeadState.OPEN and eligible_at is not None:
            heapq.heappush(self._later, (eligible_at, lead.lead_id, turn))
