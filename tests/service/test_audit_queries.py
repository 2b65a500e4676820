"""What auditors ask, answered from a store that holds what the floor writes."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import trio

from dialer.compliance.calling_window import TZDATA_VERSION
from dialer.compliance.facts import InternalRequest
from dialer.compliance.law_archive import archived
from dialer.compliance.law_files import load_law
from dialer.compliance.suppression import NumberList
from dialer.dnc.index import ListIdentity, SetKind
from dialer.dnc.working_set import NumberSet
from dialer.model.audit_reports import ERASED, RuleOutcome
from dialer.model.calls import AttemptId
from dialer.model.errors import OperatorError
from dialer.model.instant import DAY_MS, HOUR_MS, Instant
from dialer.model.journal import JournalEntry, JsonValue
from dialer.model.records import Consent, ConsentType
from dialer.service.audit_queries import (
    explain_attempt,
    month_of_drops,
    refusal_counts,
    trace_number,
)
from dialer.service.replaying import kept_lists, replay
from dialer.store.memory import MemoryStore
from tests.contracts.journal_entries import CAMPAIGN, NOW, alarm, lead_file, number
from tests.screened_entries import (
    NATIONAL,
    NIGHT,
    NOON,
    asked,
    dialled,
    facts,
    over,
    screening,
    taken_back,
    turned_away,
)

REQUEST = InternalRequest(Instant(NOON - DAY_MS), "", "email")
LISTED = frozenset({"national"})


@pytest.fixture
async def store() -> AsyncIterator[MemoryStore]:
    """A store that runs, with the shipped rules in force."""
    store = MemoryStore(lambda event: None)
    async with trio.open_nursery() as nursery:
        await nursery.start(store.run)
        await store.keep_ruleset(archived(load_law(), ()), Instant(NOON - 1), "service")
        await store.import_leads(CAMPAIGN, lead_file(range(6)), range(6), Instant(NOON - 2), "mia")
        yield store
        nursery.cancel_scope.cancel()


# --- explain --------------------------------------------------------------------------------------


async def test_an_attempt_is_explained_with_every_rule_value_and_proof(store: MemoryStore) -> None:
    consent = Consent(
        ConsentType.PEWC, "Sample Windows", Instant(NOON - 9 * DAY_MS), evidence="form 7"
    )
    known = facts(on_lists=LISTED, consents=(consent,))
    await store.append([alarm("before"), dialled(7, 1, known, caller_name="Sample")])
    at_dial = {**screening(known, NOON + 40)[0], "facts": None}
    await store.append([over(7, 1, screened=at_dial)])
    found = await explain_attempt(store, AttemptId(7))
    assert found is not None
    assert (found.number, found.campaign, found.agent) == (number(0), CAMPAIGN, "ada")
    assert (found.seller, found.purpose, found.mode) == ("Sample Windows", "SALES", "PREDICTIVE")
    assert (found.caller_id, found.caller_name) == ("+12025550199", "Sample")
    assert not found.to_business
    offered, at_the_dial = found.decisions
    for decision in (offered, at_the_dial):
        assert decision.verdict == "ALLOW"
        assert decision.recorded
        assert decision.exemptions == ("PEWC",)
        assert decision.jurisdictions == ("US", "US-NY")
        assert decision.zones == (("America/New_York", "Tue 2026-12-01 12:00:00"),)
        lifted = [rule for rule in decision.rules if rule.outcome is RuleOutcome.LIFTED]
        assert "NATIONAL_DNC" in [rule.code for rule in lifted]
        assert all(rule.lifted_by == ("PEWC",) for rule in lifted)
        assert all(rule.citation for rule in lifted)
        (used,) = decision.lists
        assert (used.name, used.sha256, used.listed) == ("national", "ab" * 32, True)
        assert any("PEWC" in words and "form 7" in words for words in decision.evidence)
    named = [moment.what for moment in found.moments]
    assert named.index("dialled") < named.index("answered") < named.index("ended")
    assert all(m.local[0][1].startswith("Tue 2026-12-01 1") for m in found.moments)
    assert found.outcome is not None
    assert (found.outcome.ring_ms, found.outcome.status, found.outcome.verdict) == (
        8_000,
        200,
        "HUMAN",
    )
    kinds = [(proof.kind, len(proof.hash)) for proof in found.proof]
    assert kinds == [("DIAL_INTENDED", 64), ("ATTEMPT_ENDED", 64)]
    assert [proof.seq for proof in found.proof] == [4, 5]
    assert not any("screening" in each for each in found.missing)


async def test_a_refusal_at_the_dial_belongs_to_its_attempt(store: MemoryStore) -> None:
    late = NOON + 30
    refused = turned_away(1, facts(internal=(REQUEST,)), late, "dial")
    end = over(
        7, 1, late, dialled_at=None, disposition="REFUSED", answered=False, live=False, talk_ms=0
    )
    other = turned_away(2, facts(internal=(REQUEST,)), late, "dial")
    await store.append([dialled(7, 1), refused, other, end])
    found = await explain_attempt(store, AttemptId(7))
    assert found is not None
    before, last = found.decisions
    assert (before.verdict, last.verdict, last.codes) == ("ALLOW", "DENY", ("INTERNAL_DNC",))
    assert last.moment == "at the instant of the dial"
    assert "email" in " ".join(last.evidence)
    (failed,) = [rule for rule in last.rules if rule.outcome is RuleOutcome.FAILED]
    assert "64.1200" in failed.citation
    assert ("where", "email") in failed.values
    assert [proof.kind for proof in found.proof] == ["DIAL_INTENDED", "REFUSED", "ATTEMPT_ENDED"]
    assert found.outcome is not None
    assert found.outcome.ring_ms is None


async def test_an_attempt_that_goes_on_and_an_unknown_one(store: MemoryStore) -> None:
    await store.append([dialled(7, 1)])
    found = await explain_attempt(store, AttemptId(7))
    assert found is not None
    assert found.outcome is None
    assert "the end of the attempt: it has not ended" in found.missing
    assert await explain_attempt(store, AttemptId(8)) is None


async def test_without_the_archive_only_the_citations_are_missing(store: MemoryStore) -> None:
    entry = dialled(7, 1)
    gone = {**dict(entry.data)}
    decision = dict(screening(facts())[0])
    assert isinstance(decision["decision"], dict)
    decision["decision"] = {**decision["decision"], "ruleset": "2020.1+gone"}
    await store.append([replace(entry, data={**gone, "screening": decision})])
    found = await explain_attempt(store, AttemptId(7))
    assert found is not None
    assert found.decisions[0].rules
    assert {rule.citation for rule in found.decisions[0].rules} == {""}


async def test_an_erased_number_is_explained_as_erased(store: MemoryStore) -> None:
    await store.append([dialled(7, 1), over(7, 1)])
    await store.erase(number(0), Instant(NOON + DAY_MS), "cal", "asked to")
    found = await explain_attempt(store, AttemptId(7))
    assert found is not None
    assert found.number == ERASED
    assert len(found.decisions) == 2


# --- trace ----------------------------------------------------------------------------------------


async def test_a_trace_tells_what_came_of_a_request(store: MemoryStore) -> None:
    refused = turned_away(1, facts(internal=(REQUEST,)), NOON + HOUR_MS)
    await store.append(
        [
            dialled(7, 1),
            over(7, 1),
            asked(1, NOON + 70_000),
            refused,
            turned_away(1, facts(internal=(REQUEST,)), NOON + 2 * HOUR_MS),
            asked(2),
        ]
    )
    found = await trace_number(store, "(212) 555-0000")
    assert found is not None
    assert found.number == number(0)
    assert [line.kind for line in found.lines] == [
        "LISTED",
        "DIAL_INTENDED",
        "ATTEMPT_ENDED",
        "SUPPRESSED",
        "REFUSED",
        "REFUSED",
    ]
    assert found.attempts == (7,)
    (request,) = found.requests
    assert (request.asked_by, request.channel, request.by) == ("Iris Example", "EMAIL", "cal")
    assert (request.entered_at, request.received_at) == (NOON + 70_000, NOON + 70_000 - HOUR_MS)
    assert request.deadline_at == NOON + 70_000 + 14 * DAY_MS
    assert request.refused is not None
    assert request.refused.at == NOON + HOUR_MS
    assert request.dialled is None
    assert request.lifted_at is None
    assert "mail 17" in found.lines[3].words


async def test_a_request_taken_back_binds_no_later_dial(store: MemoryStore) -> None:
    later = NOON + 3 * HOUR_MS
    again = dialled(8, 1, at=later)
    await store.append([asked(1), taken_back(1, NOON + HOUR_MS), again, over(8, 1, later + 60_000)])
    found = await trace_number(store, number(0))
    assert found is not None
    (request,) = found.requests
    assert request.lifted_at == NOON + HOUR_MS
    assert request.dialled is None
    assert "wrong number" in found.lines[2].words


async def test_a_dial_despite_a_request_is_told(store: MemoryStore) -> None:
    later = NOON + HOUR_MS
    other = asked(1, seller="Sample Roofs", affiliates=False)
    await store.append([other, asked(1), dialled(8, 1, at=later), over(8, 1, later + 60_000)])
    found = await trace_number(store, number(0))
    assert found is not None
    of_other, of_us = found.requests
    assert of_other.dialled is None
    assert of_us.dialled is not None
    assert of_us.dialled.attempt_id == 8


async def test_an_erased_number_is_traced_by_what_stands(store: MemoryStore) -> None:
    await store.append([asked(1)])
    at = Instant(NOON + DAY_MS)
    await store.erase(number(0), at, "cal", "a court's order", evidence_too=True)
    found = await trace_number(store, number(0))
    assert found is not None
    assert found.erased
    assert [line.kind for line in found.lines] == ["LISTED", "SUPPRESSED", "ERASED"]
    assert found.requests[0].asked_by == "erased"
    assert "a court's order" in found.lines[-1].words


async def test_numbers_nobody_knows_and_what_is_no_number(store: MemoryStore) -> None:
    found = await trace_number(store, "+12125550177")
    assert found is not None
    assert not found.lines
    assert await trace_number(store, "not a number") is None


# --- replay ---------------------------------------------------------------------------------------


async def written(store: MemoryStore) -> None:
    """A dialled attempt, a refusal with a next instant, a refusal for ever: four decisions."""
    night = turned_away(2, facts(), NIGHT)
    assert night.data["next_allowed_at"] is not None
    await store.append(
        [
            dialled(7, 1),
            over(7, 1),
            night,
            turned_away(3, facts(internal=(REQUEST,), on_lists=LISTED)),
        ]
    )


async def test_stored_decisions_come_out_the_same(store: MemoryStore) -> None:
    await written(store)
    found = await replay(store)
    assert found.agrees
    assert (found.decided, found.agreeing, found.mismatched) == (4, 4, 0)
    assert not found.faults
    assert found.per_second > 0


async def test_a_replay_of_a_period_finds_the_facts_of_the_dial(store: MemoryStore) -> None:
    await written(store)
    found = await replay(store, since=Instant(NOON + 1), until=Instant(NIGHT))
    assert (found.decided, found.agreeing) == (1, 1)
    assert (await replay(store, campaign="roofs")).decided == 0
    assert (await replay(store, campaign=CAMPAIGN)).decided == 4


def tampered(entry: JournalEntry, **changes: JsonValue) -> JournalEntry:
    """The entry with its stored decision changed."""
    stored = entry.data["screening"]
    assert isinstance(stored, dict)
    decision = stored["decision"]
    assert isinstance(decision, dict)
    return replace(
        entry, data={**entry.data, "screening": {**stored, "decision": {**decision, **changes}}}
    )


@pytest.mark.parametrize(
    "change",
    [
        {"verdict": "ALLOW"},
        {"codes": ["LITIGATOR"]},
        {"exemptions": ["PEWC"]},
        {"next_allowed_at": NOON},
    ],
)
async def test_another_stored_answer_is_a_mismatch(
    store: MemoryStore, change: dict[str, JsonValue]
) -> None:
    await store.append([tampered(turned_away(2, facts(), NIGHT), **change), dialled(7, 1)])
    found = await replay(store)
    assert not found.agrees
    assert (found.decided, found.agreeing, found.mismatched) == (2, 1, 1)
    (mismatch,) = found.mismatches
    assert next(iter(change)) in mismatch.differences[0]
    assert mismatch.campaign == CAMPAIGN


async def test_another_release_of_the_zone_data_is_told_apart(store: MemoryStore) -> None:
    entry = turned_away(2, facts(), NIGHT)
    await store.append([tampered(entry, tzdata="2020.1"), dialled(7, 1)])
    await store.append([tampered(entry, tzdata="2020.1", codes=["LITIGATOR"])])
    found = await replay(store)
    assert found.agrees
    assert found.other_tzdata == {"2020.1": 2}
    assert (found.decided, found.agreeing, found.other_tzdata_differing) == (3, 2, 1)
    assert TZDATA_VERSION not in found.other_tzdata


async def test_what_cannot_be_decided_again_counts_against_it(store: MemoryStore) -> None:
    silent = dialled(7, 1)
    await store.append(
        [
            replace(silent, data={**silent.data, "screening": None}),
            tampered(dialled(8, 2), ruleset="2020.1+gone"),
            replace(
                turned_away(3, facts(internal=(REQUEST,))),
                data={**turned_away(3, facts(internal=(REQUEST,))).data, "stage": "reservation"},
            ),
        ]
    )
    found = await replay(store)
    assert not found.agrees
    assert (found.decided, found.unrecorded, found.without_ruleset) == (0, 1, 1)
    assert found.slots == 1
    assert found.faults == ("ruleset 2020.1+gone is not archived",)


async def test_facts_that_are_no_facts_are_a_mismatch(store: MemoryStore) -> None:
    entry = dialled(7, 1)
    stored = entry.data["screening"]
    assert isinstance(stored, dict)
    spoilt: JsonValue = {**stored, "facts": {"seller": 1}}
    await store.append([replace(entry, data={**entry.data, "screening": spoilt})])
    found = await replay(store)
    assert "cannot be read" in found.mismatches[0].differences[0]
    assert not found.agrees


async def test_a_call_closed_by_a_restart_has_no_decision_of_its_own(store: MemoryStore) -> None:
    end = over(7, 1, disposition="LOST")
    await store.append([dialled(7, 1), replace(end, data={**end.data, "dial_screening": None})])
    found = await replay(store)
    assert (found.decided, found.unrecorded) == (1, 0)
    assert found.agrees


async def test_numbers_are_looked_up_again_in_the_very_copy(store: MemoryStore) -> None:
    known = facts(internal=(REQUEST,), on_lists=LISTED)
    older = replace(NATIONAL, sha256="cd" * 32)
    await store.append(
        [
            turned_away(1, known),
            turned_away(2, known),
            turned_away(3, facts(internal=(REQUEST,), lists=(older,))),
        ]
    )
    listed = np.array([int(number(0)[1:])], dtype=np.uint64)
    kept = kept_lists([NumberList(NATIONAL, listed)], [])
    found = await replay(store, kept=kept)
    assert (found.lists_checked, found.lists_gone) == (2, 1)
    (mismatch,) = found.mismatches
    assert "the number was on it, is not on it" in mismatch.differences[0]
    assert (await replay(store)).agrees


# --- campaigns ------------------------------------------------------------------------------------


async def test_refusals_are_counted_by_reason_and_hour(store: MemoryStore) -> None:
    await written(store)
    found = await refusal_counts(store, CAMPAIGN, Instant(NOON + 5), Instant(NIGHT + HOUR_MS))
    assert [(bucket.at, bucket.allowed, dict(bucket.refused)) for bucket in found.buckets] == [
        (NOON, 1, {"INTERNAL_DNC": 1}),
        (NIGHT, 0, {"OUTSIDE_HOURS": 1}),
    ]
    assert found.totals == {"INTERNAL_DNC": 1, "OUTSIDE_HOURS": 1}
    assert (found.allowed, found.bucket_ms, found.since) == (1, HOUR_MS, NOON)
    week = await refusal_counts(
        store, CAMPAIGN, Instant(NOON - 7 * DAY_MS), Instant(NIGHT + HOUR_MS)
    )
    assert week.bucket_ms == DAY_MS
    assert [sum(bucket.refused.values()) for bucket in week.buckets] == [1, 1]


async def test_a_month_of_drops(store: MemoryStore) -> None:
    drop = over(8, 2, disposition="DROP", dropped=True)
    await store.append([dialled(7, 1), over(7, 1), dialled(8, 2), drop])
    sheet = await month_of_drops(
        store, {}, load_law(), {"US"}, CAMPAIGN, "2026-12", Instant(NOON + HOUR_MS)
    )
    assert (sheet.figure.live, sheet.figure.dropped, sheet.complete) == (2, 1, False)
    assert (sheet.ceiling, sheet.ring_minimum_ms) == (0.03, 15_000)
    assert [line.attempt_id for line in sheet.drops] == [8]


@pytest.mark.parametrize(
    ("campaign", "month", "said"),
    [(CAMPAIGN, "2026-13", "2026-12"), ("roofs", "2026-12", "no such campaign")],
)
async def test_no_month_and_no_campaign_are_refused(
    store: MemoryStore, campaign: str, month: str, said: str
) -> None:
    await store.append([dialled(7, 1)])
    with pytest.raises(OperatorError, match=said):
        await month_of_drops(store, {}, load_law(), {"US"}, campaign, month, NOW)


def test_copies_kept_are_found_by_name_and_digest(tmp_path: Path) -> None:
    listed = NumberSet()
    listed.add(np.array([int(number(0)[1:])], dtype=np.uint64))
    identity = ListIdentity("national", SetKind.NATIONAL, NOON, sha256="ab" * 32)
    (tmp_path / "national").mkdir()
    listed.finish().write(tmp_path / "national" / "000001-abababababab.idx", identity)
    (tmp_path / "national" / "000002-spoilt.idx").write_bytes(b"no index at all")
    kept = kept_lists([], [tmp_path, tmp_path / "nowhere"])
    assert list(kept) == [("national", "ab" * 32)]
    assert number(0) in kept["national", "ab" * 32]
    assert number(1) not in kept["national", "ab" * 32]
