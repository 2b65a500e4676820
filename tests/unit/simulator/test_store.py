"""The simulated store: what it offers, and what it holds back."""

from __future__ import annotations

from dataclasses import replace

from dialer.model.calls import AttemptId
from dialer.model.commands import Claim, Record, RefillHopper
from dialer.model.events import (
    Journaled,
    JournalFailed,
    JournalRecovered,
    RecordsChanged,
    SlotTaken,
)
from dialer.model.instant import Instant
from dialer.model.journal import EntryKind, JournalEntry
from dialer.model.leads import LeadState
from dialer.model.records import NO_RECORDS, NumberRecords
from dialer.simulator.scenario import CAMPAIGN, leads_of
from dialer.simulator.store import SimulatedStore

NOW = Instant(1_000_000)


def offered(
    store: SimulatedStore, count: int, *, now: int = NOW, held: tuple[int, ...] = ()
) -> list[int]:
    refill = RefillHopper(CAMPAIGN, count, Instant(now), frozenset(held))
    return [lead.lead_id for lead in store.offer(refill).leads]


def moved(lead_id: int, state: LeadState, at: int | None, key: int = 0) -> Record:
    data = {"lead_state": state, "next_eligible_at": at, "order_key": key}
    return Record(JournalEntry(EntryKind.ATTEMPT_ENDED, NOW, lead_id=lead_id, data=data))


def test_offers_the_best_leads_that_are_not_held_and_offers_them_again() -> None:
    store = SimulatedStore(leads_of(5))
    assert offered(store, 2) == [1, 2]
    assert offered(store, 2) == [1, 2]
    assert offered(store, 3, held=(1, 3)) == [2, 4, 5]


def test_a_moved_lead_comes_back_when_it_is_eligible_and_not_before() -> None:
    store = SimulatedStore(leads_of(2))
    store.record(moved(1, LeadState.OPEN, NOW + 500, key=9))
    assert offered(store, 5) == [2]
    assert offered(store, 5, now=NOW + 499) == [2]
    assert offered(store, 5, now=NOW + 500) == [2, 1]


def test_an_open_lead_that_no_time_makes_eligible_is_not_offered() -> None:
    store = SimulatedStore(leads_of(2))
    store.record(moved(1, LeadState.OPEN, None))
    assert offered(store, 5, now=NOW + 10**9) == [2]


def test_a_finished_lead_is_never_offered_again() -> None:
    store = SimulatedStore(leads_of(2))
    store.record(moved(1, LeadState.DONE, None))
    assert offered(store, 5, now=NOW + 10**9) == [2]
    assert store.states[1] is LeadState.DONE


def test_fewer_than_asked_for_says_when_the_next_one_is_due() -> None:
    store = SimulatedStore([replace(lead, next_eligible_at=NOW) for lead in leads_of(2)])
    store.record(moved(1, LeadState.OPEN, NOW + 700))
    store.record(moved(2, LeadState.OPEN, NOW + 300))
    answer = store.offer(RefillHopper(CAMPAIGN, 1, NOW, frozenset()))
    assert answer.leads == ()
    assert answer.next_eligible_at == NOW + 300
    store.record(moved(1, LeadState.DONE, None))
    store.record(moved(2, LeadState.DONE, None))
    assert store.offer(RefillHopper(CAMPAIGN, 1, NOW, frozenset())).next_eligible_at is None


def test_a_dial_counts_as_an_attempt() -> None:
    store = SimulatedStore(leads_of(1))
    store.record(Record(JournalEntry(EntryKind.DIAL_INTENDED, NOW, lead_id=1)))
    assert store.leads[1].attempts == 1


def test_a_dial_without_a_slot_is_not_recorded_and_a_slot_given_back_is_free() -> None:
    store = SimulatedStore(leads_of(1))
    cap = Claim("aa", 1, 1_000)

    def dial(attempt: int, at: int) -> Record:
        entry = JournalEntry(
            EntryKind.DIAL_INTENDED, Instant(at), lead_id=1, attempt_id=AttemptId(attempt)
        )
        return Record(entry, attempt, (cap,))

    assert store.record(dial(1, NOW)) == [Journaled(1)]
    assert store.record(dial(2, NOW + 1)) == [SlotTaken(2, cap, Instant(NOW + 1_000))]
    assert store.leads[1].attempts == 1
    end = JournalEntry(
        EntryKind.ATTEMPT_ENDED,
        NOW,
        attempt_id=AttemptId(1),
        data={"times": {"PLANNED": NOW}, "status": None, "answered": False},
    )
    store.record(Record(end))
    assert store.record(dial(3, NOW + 2)) == [Journaled(3)]


def test_leads_are_offered_with_what_was_learned_of_their_number() -> None:
    store = SimulatedStore(leads_of(2))
    e164 = store.leads[2].number.e164
    known = NumberRecords(last_verified_contact=NOW)
    assert store.records_of(e164) == NO_RECORDS
    assert store.learn(e164, known) == [RecordsChanged({e164: known})]
    assert store.records_of(e164) == known
    leads = store.offer(RefillHopper(CAMPAIGN, 2, NOW, frozenset())).leads
    assert [lead.records for lead in leads] == [NO_RECORDS, known]


def test_while_the_journal_fails_nothing_is_confirmed() -> None:
    store = SimulatedStore([])
    entry = JournalEntry(EntryKind.ALARM, NOW)
    assert store.record(Record(entry)) == []
    assert store.record(Record(entry, token=1)) == [Journaled(1)]
    assert isinstance(store.fail()[0], JournalFailed)
    assert store.record(Record(entry, token=2)) == []
    assert store.record(Record(entry, token=3)) == []
    assert store.recover() == [Journaled(2), Journaled(3), JournalRecovered()]
    assert store.record(Record(entry, token=4)) == [Journaled(4)]
