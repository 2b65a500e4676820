"""A campaign in virtual time, and then its auditor: whatever was dialled or refused is explained,
traced and decided again from what the journal holds."""

from __future__ import annotations

import pytest
import trio
from trio.testing import MockClock

from dialer.model.events import SuppressionRequested
from dialer.model.instant import MINUTE_MS, SECOND_MS, Instant
from dialer.model.journal import EntryKind
from dialer.model.records import RequestChannel
from dialer.model.suppression import Suppression, SuppressionSource
from dialer.service.audit_queries import explain_attempt, refusal_counts, trace_number
from dialer.service.replaying import replay
from dialer.store.memory import MemoryStore
from tests.service.rig import (
    CAMPAIGN,
    NOON,
    by_number,
    campaign,
    not_interested,
    numbers,
    rig,
)


@pytest.fixture
def clock() -> MockClock:
    return MockClock(autojump_threshold=0)


async def worked_off() -> tuple[MemoryStore, Instant, list[str]]:
    """Twenty minutes with four agents; three people ask not to be called before it begins."""
    asked = numbers(60)[:3]
    async with rig(campaign(4), by_number(3)) as running:
        for e164 in asked:
            wish = Suppression(
                e164,
                SuppressionSource.REQUEST,
                "request by mail",
                running.clock.now(),
                affiliates=True,
                channel=RequestChannel.MAIL,
            )
            await running.dispatcher.ask(SuppressionRequested(wish))
        await running.load(numbers(60))
        async with running.staffed(not_interested, talk_ms=20 * SECOND_MS, wrapup_ms=5 * SECOND_MS):
            await trio.sleep(20 * MINUTE_MS / SECOND_MS)
        return running.store, running.clock.now(), asked


async def test_a_whole_campaign_answers_its_auditors(clock: MockClock) -> None:
    store, over_at, asked = await worked_off()
    found = await replay(store)
    assert found.agrees, found.faults or found.mismatches or found
    assert found.decided > 60

    entries = await store.entries(limit=1_000_000)
    attempts = {each.entry.attempt_id for each in entries if each.entry.attempt_id is not None}
    assert len(attempts) > 30
    for attempt in attempts:
        explained = await explain_attempt(store, attempt)
        assert explained is not None
        assert all(decision.recorded for decision in explained.decisions)
        assert explained.caller_name == "Sample"
        assert all(
            rule.citation for d in explained.decisions for rule in d.rules if "US" in rule.rule
        )

    for e164 in asked:
        traced = await trace_number(store, e164)
        assert traced is not None
        (request,) = traced.requests
        assert request.refused is not None
        assert request.dialled is None
        assert not traced.attempts

    counts = await refusal_counts(store, CAMPAIGN, NOON, Instant(over_at + 1))
    refused = [each for each in entries if each.entry.kind is EntryKind.REFUSED]
    assert sum(counts.totals.values()) == len(refused)
    assert counts.totals["INTERNAL_DNC"] == 3
    assert counts.allowed == sum(e.entry.kind is EntryKind.DIAL_INTENDED for e in entries)
