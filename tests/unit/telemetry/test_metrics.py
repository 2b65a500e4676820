"""What Prometheus reads, parsed by Prometheus' own parser."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

import pytest
from prometheus_client.metrics_core import Metric
from prometheus_client.parser import text_string_to_metric_families

from dialer.model.agents import AgentState
from dialer.model.calls import AttemptState
from dialer.model.campaigns import CallingHours, Campaign, CampaignState, DialMode
from dialer.model.instant import Instant
from dialer.model.journal import EntryKind, JournalEntry
from dialer.model.snapshot import AgentView, CampaignView, FloorSnapshot
from dialer.telemetry.metrics import Metrics
from tests.contracts.journal_entries import (
    CAMPAIGN,
    alarm,
    bridged,
    dial,
    disposed,
    ended,
    moved,
    refused,
    suppressed,
)

EMPTY = FloorSnapshot(1, Instant(0))


def campaign(name: str = CAMPAIGN, trunk: str = "demo") -> Campaign:
    return Campaign(
        name=name,
        title="Windows",
        seller="Clearview Sample Windows",
        seller_phone="+12025550198",
        mode=DialMode.PREDICTIVE,
        trunk=trunk,
        caller_ids=(),
        agents=(),
        dispositions=(),
        recycle={},
        hours=CallingHours((None,) * 7),
        lists=(),
        script="",
        drop_message="",
    )


def view(name: str = CAMPAIGN, trunk: str = "demo", not_dialling: str = "") -> CampaignView:
    return CampaignView(
        campaign=campaign(name, trunk),
        state=CampaignState.RUNNING,
        stages={AttemptState.PLANNED: 1, AttemptState.RINGING: 4, AttemptState.BRIDGED: 2},
        hopper=37,
        dials=0,
        answered=0,
        live=0,
        machines=0,
        connected=0,
        dropped=0,
        drop_rate=0.0125,
        not_dialling=not_dialling,
    )


def agent(name: str, state: AgentState) -> AgentView:
    return AgentView(name, name.title(), CAMPAIGN, state, Instant(0), phone_up=True)


def families(metrics: Metrics) -> Iterable[Metric]:
    text, content_type = metrics.exposition()
    assert content_type.startswith("text/plain")
    return text_string_to_metric_families(text.decode())


def value(metrics: Metrics, name: str, **labels: str) -> float | None:
    found = [
        sample.value
        for family in families(metrics)
        for sample in family.samples
        if sample.name == name and sample.labels == labels
    ]
    assert len(found) < 2
    return found[0] if found else None


def test_counters_follow_the_journal() -> None:
    metrics = Metrics(lambda: EMPTY)
    for entry in (
        dial(1, 1),
        dial(2, 2),
        dial(3, 3),
        bridged(1, 1),
        ended(1, 1, "CONNECTED", verdict="HUMAN", answered_at=5, talk_ms=90_000),
        disposed(1, 1, "SALE", moved()),
        ended(2, 2, "DROP", verdict="UNSURE", answered_at=5, dropped=True),
        ended(3, 3, "BUSY"),
        ended(4, 4, "HUNG_UP", answered_at=5),
        refused(5, "NATIONAL_DNC"),
        refused(6, "NATIONAL_DNC"),
        suppressed(7),
        alarm("x"),
    ):
        metrics.observe(entry)
    ours = {"campaign": CAMPAIGN}
    assert value(metrics, "dialer_dials_total", **ours) == 3
    assert value(metrics, "dialer_connects_total", **ours) == 1
    assert value(metrics, "dialer_drops_total", **ours) == 1
    assert value(metrics, "dialer_answers_total", verdict="HUMAN", **ours) == 1
    assert value(metrics, "dialer_answers_total", verdict="UNSURE", **ours) == 1
    assert value(metrics, "dialer_answers_total", verdict="NONE", **ours) == 1
    assert value(metrics, "dialer_answers_total", verdict="MACHINE", **ours) is None
    name = "dialer_attempts_ended_total"
    assert value(metrics, name, disposition="BUSY", blame="CALLEE", **ours) == 1
    assert value(metrics, "dialer_agent_dispositions_total", disposition="SALE", **ours) == 1
    name = "dialer_refusals_total"
    assert value(metrics, name, reason="NATIONAL_DNC", stage="bulk", **ours) == 2
    assert value(metrics, name, reason="FREQ_CAP", stage="bulk", **ours) is None
    assert value(metrics, "dialer_suppressions_total", source="REQUEST") == 1
    assert value(metrics, "dialer_journal_entries_total", kind="ATTEMPT_ENDED") == 4
    assert value(metrics, "dialer_talk_seconds_sum", **ours) == 90.0
    assert value(metrics, "dialer_talk_seconds_count", **ours) == 1


def test_the_wait_for_an_agent_is_a_histogram() -> None:
    metrics = Metrics(lambda: EMPTY)
    metrics.observe(bridged(1, 1))  # verdict to agent 151 ms, answer to agent 1.9 s
    name = "dialer_verdict_to_agent_seconds"
    assert value(metrics, f"{name}_bucket", le="0.1", campaign=CAMPAIGN) == 0
    assert value(metrics, f"{name}_bucket", le="0.2", campaign=CAMPAIGN) == 1
    assert value(metrics, f"{name}_sum", campaign=CAMPAIGN) == pytest.approx(0.151)
    name = "dialer_answer_to_agent_seconds"
    assert value(metrics, f"{name}_bucket", le="2.0", campaign=CAMPAIGN) == 1
    assert value(metrics, f"{name}_bucket", le="1.5", campaign=CAMPAIGN) == 0


def test_a_bridge_without_a_detector_has_no_verdict_to_count_from() -> None:
    metrics = Metrics(lambda: EMPTY)
    entry = bridged(1, 1)
    metrics.observe(replace(entry, data={**entry.data, "verdict_to_agent_ms": None}))
    assert value(metrics, "dialer_connects_total", campaign=CAMPAIGN) == 1
    name = "dialer_verdict_to_agent_seconds_count"
    assert not value(metrics, name, campaign=CAMPAIGN)
    assert value(metrics, "dialer_answer_to_agent_seconds_count", campaign=CAMPAIGN) == 1


@pytest.mark.parametrize("kind", EntryKind)
def test_every_kind_of_entry_is_counted(kind: EntryKind) -> None:
    samples = {
        EntryKind.DIAL_INTENDED: dial(1, 1),
        EntryKind.BRIDGED: bridged(1, 1),
        EntryKind.ATTEMPT_ENDED: ended(1, 1),
        EntryKind.DISPOSED: disposed(1, 1, "SALE", moved()),
        EntryKind.REFUSED: refused(1, "FREQ_CAP"),
        EntryKind.SUPPRESSED: suppressed(1),
    }
    metrics = Metrics(lambda: EMPTY)
    metrics.observe(samples.get(kind, JournalEntry(kind, Instant(1))))
    assert value(metrics, "dialer_journal_entries_total", kind=kind) == 1


def test_gauges_follow_the_snapshot() -> None:
    snapshot = EMPTY
    metrics = Metrics(lambda: snapshot)
    assert value(metrics, "dialer_hopper_leads", campaign=CAMPAIGN) is None
    snapshot = FloorSnapshot(
        2,
        Instant(5),
        campaigns=(view(), view("roofs", "demo", "paused"), view("doors", "other")),
        agents=(
            agent("ada", AgentState.READY),
            agent("ben", AgentState.READY),
            agent("cy", AgentState.INCALL),
        ),
        capacity=32,
        legs_in_use=9,
        journal_ok=False,
    )
    ours = {"campaign": CAMPAIGN}
    assert value(metrics, "dialer_agents", state="READY", **ours) == 2
    assert value(metrics, "dialer_agents", state="INCALL", **ours) == 1
    assert value(metrics, "dialer_agents", state="PAUSED", **ours) == 0
    assert value(metrics, "dialer_agents", state="READY", campaign="roofs") == 0
    assert value(metrics, "dialer_calls", state="RINGING", **ours) == 4
    assert value(metrics, "dialer_calls", state="MESSAGE", **ours) == 0
    assert value(metrics, "dialer_calls", state="ENDED", **ours) is None
    assert value(metrics, "dialer_campaign_state", state="RUNNING", **ours) == 1
    assert value(metrics, "dialer_campaign_state", state="STOPPED", **ours) == 0
    assert value(metrics, "dialer_hopper_leads", **ours) == 37
    assert value(metrics, "dialer_drop_ratio", **ours) == 0.0125
    assert value(metrics, "dialer_drop_ceiling_ratio", **ours) == 0.03
    assert value(metrics, "dialer_campaign_dialling", **ours) == 1
    assert value(metrics, "dialer_campaign_dialling", campaign="roofs") == 0
    assert value(metrics, "dialer_channels_in_use", trunk="demo") == 12
    assert value(metrics, "dialer_channels_in_use", trunk="other") == 6
    assert value(metrics, "dialer_legs_in_use") == 9
    assert value(metrics, "dialer_legs_capacity") == 32
    assert value(metrics, "dialer_journal_ok") == 0
    assert value(metrics, "dialer_draining") == 0


def test_alarms_lag_and_workers() -> None:
    metrics = Metrics(lambda: EMPTY)
    metrics.alarm("worker_lost")
    metrics.alarm("worker_lost")
    metrics.journal_lag(2.5)
    metrics.worker_state("worker-1", True)
    metrics.worker_state("worker-2", True)
    metrics.worker_state("worker-2", False)
    assert value(metrics, "dialer_alarms_total", alarm="worker_lost") == 2
    assert value(metrics, "dialer_journal_lag_seconds") == 2.5
    assert value(metrics, "dialer_worker_up", worker="worker-1") == 1
    assert value(metrics, "dialer_worker_up", worker="worker-2") == 0
    assert value(metrics, "dialer_worker_ends_total", worker="worker-1") == 0
    assert value(metrics, "dialer_worker_ends_total", worker="worker-2") == 1


def test_every_metric_is_ours_and_explained() -> None:
    snapshot = FloorSnapshot(1, Instant(0), campaigns=(view(),))
    for family in families(Metrics(lambda: snapshot)):
        assert family.name.startswith("dialer_")
        assert family.documentation.endswith("."), f"{family.name} is not explained"


def test_two_services_do_not_share_their_counts() -> None:
    one, other = Metrics(lambda: EMPTY), Metrics(lambda: EMPTY)
    one.observe(dial(1, 1))
    assert value(other, "dialer_dials_total", campaign=CAMPAIGN) is None
