"""Whatever the floor writes can be explained, traced and decided again."""

from __future__ import annotations

from collections import defaultdict

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from dialer.audit.explain import explain
from dialer.audit.trace import trace
from dialer.compliance.law_archive import citation_of
from dialer.compliance.law_files import load_law
from dialer.compliance.replay import differences, read_facts
from dialer.model.audit_reports import RuleOutcome
from dialer.model.calls import AttemptId
from dialer.model.events import LeadsImported, SuppressionRequested
from dialer.model.instant import Instant
from dialer.model.journal import EntryKind, JsonValue, StoredEntry
from dialer.model.suppression import Suppression, SuppressionSource
from dialer.simulator.scenario import CAMPAIGN, MORNING, Scenario
from tests.properties.test_replay import CLICKS, SHIFT_MS, clicks, scenarios, shift
from tests.screened_entries import stored


@settings(max_examples=8, suppress_health_check=[HealthCheck.too_slow])
@given(
    scenario=scenarios(),
    clicked=st.lists(clicks(), max_size=15),
    losses=st.lists(
        st.tuples(st.integers(0, SHIFT_MS), st.integers(0, 2), st.integers(1_000, 40_000)),
        max_size=2,
    ),
    wishes=st.lists(st.tuples(st.integers(0, SHIFT_MS), st.integers(0, 60)), max_size=8),
)
def test_every_journal_of_the_floor_answers_its_auditors(
    scenario: Scenario,
    clicked: list[tuple[int, int, int]],
    losses: list[tuple[int, int, int]],
    wishes: list[tuple[int, int]],
) -> None:
    run = shift(scenario)
    for after, click, agent in clicked:
        run.driver.inject(Instant(MORNING + after), CLICKS[click](f"agent{1 + agent:03d}"))
    for after, worker, back in losses:
        run.driver.lose_worker(Instant(MORNING + after), worker % scenario.workers, back)
    for after, k in wishes:
        at = Instant(MORNING + after)
        wish = Suppression(f"+120155501{k:02d}", SuppressionSource.REQUEST, "letter", at)
        run.driver.inject(at, SuppressionRequested(wish))
        run.driver.inject(at, LeadsImported(CAMPAIGN))
    run.driver.run(Instant(MORNING + SHIFT_MS))
    run.close()
    entries = stored(run.driver.store.entries)
    every_attempt_is_explained(entries)
    every_number_is_traced(entries)
    every_decision_is_made_again(entries)


def every_attempt_is_explained(entries: list[StoredEntry]) -> None:
    law = load_law()
    of_attempt: dict[AttemptId, list[StoredEntry]] = defaultdict(list)
    for each in entries:
        if each.entry.attempt_id is not None:
            of_attempt[each.entry.attempt_id].append(each)
    for attempt, own in of_attempt.items():
        found = explain(own, lambda zone, at: "12:00", lambda _, r, at: citation_of(law, r, at))
        assert found is not None
        assert found.attempt_id == attempt
        assert found.outcome is not None, "every attempt has ended"
        assert [proof.seq for proof in found.proof] == [each.seq for each in own]
        assert all(decision.recorded for decision in found.decisions)
        for decision in found.decisions:
            assert decision.zones
            failed = [r.code for r in decision.rules if r.outcome is RuleOutcome.FAILED]
            assert set(failed) == set(decision.codes)


def every_number_is_traced(entries: list[StoredEntry]) -> None:
    about: dict[str, list[StoredEntry]] = defaultdict(list)
    for each in entries:
        if each.entry.number:
            about[each.entry.number].append(each)
    for number, own in about.items():
        found = trace(number, own)
        assert [line.seq for line in found.lines] == [each.seq for each in own]
        assert all(line.words.strip() for line in found.lines)
        assert all(request.dialled is None for request in found.requests)


def every_decision_is_made_again(entries: list[StoredEntry]) -> None:
    law = load_law()
    facts: dict[AttemptId | None, JsonValue] = {}
    made = 0
    for each in entries:
        data = each.entry.data
        ended = each.entry.kind is EntryKind.ATTEMPT_ENDED
        held = data.get("dial_screening" if ended else "screening")
        if data.get("stage") == "reservation" or not isinstance(held, dict):
            continue
        known = held["facts"] or facts[each.entry.attempt_id]
        if each.entry.kind is EntryKind.DIAL_INTENDED:
            facts[each.entry.attempt_id] = known
        decision, at = held["decision"], held["at"]
        assert isinstance(known, dict) and isinstance(decision, dict) and isinstance(at, int)
        assert decision["ruleset"] == law.label
        assert differences(read_facts(known), decision, Instant(at), law) == ()
        made += 1
    intended = sum(each.entry.kind is EntryKind.DIAL_INTENDED for each in entries)
    assert made >= intended
