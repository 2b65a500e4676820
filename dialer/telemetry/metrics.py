"""What Prometheus may scrape: counted from journal entries, and gauged from the floor's snapshot.

Counters and histograms move when the floor writes an entry, so they count what the journal says.
Gauges are read from the newest snapshot at the moment of the scrape.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping

from prometheus_client import (
    CONTENT_TYPE_LATEST,
    CollectorRegistry,
    Counter,
    Gauge,
    Histogram,
    generate_latest,
)
from prometheus_client.core import GaugeMetricFamily
from prometheus_client.registry import Collector

from dialer.model.agents import AgentState
from dialer.model.calls import AttemptState
from dialer.model.campaigns import CampaignState
from dialer.model.instant import SECOND_MS
from dialer.model.journal import EntryKind, JournalEntry, JsonValue
from dialer.model.snapshot import FloorSnapshot

NO_VERDICT = "NONE"
"""The verdict label of an answered call that ended before there was one, or had no detector."""

ON_A_CHANNEL = tuple(
    state for state in AttemptState if state not in (AttemptState.PLANNED, AttemptState.ENDED)
)

CONNECT_BUCKETS = (0.05, 0.1, 0.2, 0.3, 0.5, 0.75, 1.0, 1.5, 2.0, 3.0, 5.0, 10.0)
"""Around the two seconds a person may be kept waiting (16 CFR 310.4(b)(4)(iii))."""
TALK_BUCKETS = (5.0, 15.0, 30.0, 60.0, 120.0, 180.0, 300.0, 600.0, 1200.0, 3600.0)


class Metrics:
    """The service's metrics in a registry of their own. `snapshot` gives the newest view."""

    def __init__(self, snapshot: Callable[[], FloorSnapshot]) -> None:
        self._registry = registry = CollectorRegistry()
        self._dials = Counter(
            "dialer_dials", "Dials intended and journaled.", ["campaign"], registry=registry
        )
        self._answers = Counter(
            "dialer_answers",
            "Answered calls that have ended, by what the detector said had answered.",
            ["campaign", "verdict"],
            registry=registry,
        )
        self._connects = Counter(
            "dialer_connects", "Calls bridged to an agent.", ["campaign"], registry=registry
        )
        self._drops = Counter(
            "dialer_drops",
            "Calls a person answered without an agent being there in time.",
            ["campaign"],
            registry=registry,
        )
        self._refusals = Counter(
            "dialer_refusals",
            "Leads that screening refused, by primary reason; stage is bulk or dial.",
            ["campaign", "reason", "stage"],
            registry=registry,
        )
        self._ended = Counter(
            "dialer_attempts_ended",
            "Ended attempts by the disposition the system gave, and whose doing it was.",
            ["campaign", "disposition", "blame"],
            registry=registry,
        )
        self._disposed = Counter(
            "dialer_agent_dispositions",
            "Dispositions chosen by agents.",
            ["campaign", "disposition"],
            registry=registry,
        )
        self._suppressions = Counter(
            "dialer_suppressions",
            "Numbers put on the list of those we may not call, by where that came from.",
            ["source"],
            registry=registry,
        )
        self._entries = Counter(
            "dialer_journal_entries",
            "Entries handed to the journal, by kind.",
            ["kind"],
            registry=registry,
        )
        self._alarms = Counter(
            "dialer_alarms", "Alarms raised for the operator.", ["alarm"], registry=registry
        )
        self._verdict_to_agent = Histogram(
            "dialer_verdict_to_agent_seconds",
            "From the detector's verdict until lead and agent hear each other.",
            ["campaign"],
            buckets=CONNECT_BUCKETS,
            registry=registry,
        )
        self._answer_to_agent = Histogram(
            "dialer_answer_to_agent_seconds",
            "From the answer until lead and agent hear each other.",
            ["campaign"],
            buckets=CONNECT_BUCKETS,
            registry=registry,
        )
        self._talk = Histogram(
            "dialer_talk_seconds",
            "How long lead and agent talked.",
            ["campaign"],
            buckets=TALK_BUCKETS,
            registry=registry,
        )
        self._journal_lag = Gauge(
            "dialer_journal_lag_seconds",
            "How long the oldest entry not yet committed has waited.",
            registry=registry,
        )
        self._worker_up = Gauge(
            "dialer_worker_up", "Whether a SIP worker is up.", ["worker"], registry=registry
        )
        self._worker_ends = Counter(
            "dialer_worker_ends", "Times a SIP worker went down.", ["worker"], registry=registry
        )
        registry.register(_SnapshotGauges(snapshot))

    def observe(self, entry: JournalEntry) -> None:
        """Count an entry that was handed to the journal; once for each `Record`."""
        self._entries.labels(entry.kind).inc()
        campaign, data = entry.campaign, entry.data
        match entry.kind:
            case EntryKind.DIAL_INTENDED:
                self._dials.labels(campaign).inc()
            case EntryKind.BRIDGED:
                self._connects.labels(campaign).inc()
                _observe_ms(self._verdict_to_agent.labels(campaign), data["verdict_to_agent_ms"])
                _observe_ms(self._answer_to_agent.labels(campaign), data["answer_to_agent_ms"])
            case EntryKind.ATTEMPT_ENDED:
                self._ended.labels(campaign, data["disposition"], data["blame"]).inc()
                if data["answered"]:
                    verdict = data["verdict"]
                    kind = verdict["kind"] if isinstance(verdict, Mapping) else NO_VERDICT
                    self._answers.labels(campaign, kind).inc()
                if data["dropped"]:
                    self._drops.labels(campaign).inc()
                if data["talk_ms"]:
                    _observe_ms(self._talk.labels(campaign), data["talk_ms"])
            case EntryKind.DISPOSED:
                self._disposed.labels(campaign, data["disposition"]).inc()
            case EntryKind.REFUSED:
                codes = data["codes"]
                assert isinstance(codes, list), "codes are a list, the primary one first"
                self._refusals.labels(campaign, codes[0], data["stage"]).inc()
            case EntryKind.SUPPRESSED:
                self._suppressions.labels(data["source"]).inc()

    def alarm(self, name: str) -> None:
        """An alarm was raised; `name` is its stable name."""
        self._alarms.labels(name).inc()

    def journal_lag(self, seconds: float) -> None:
        """The oldest entry not yet committed has waited for so long (0: there is none)."""
        self._journal_lag.set(seconds)

    def worker_state(self, worker: str, up: bool) -> None:
        """A SIP worker came up or went down."""
        self._worker_up.labels(worker).set(up)
        ends = self._worker_ends.labels(worker)
        if not up:
            ends.inc()

    def exposition(self) -> tuple[bytes, str]:
        """The text Prometheus reads, and its content type."""
        return generate_latest(self._registry), CONTENT_TYPE_LATEST


def _observe_ms(histogram: Histogram, value: JsonValue) -> None:
    """Null: there was no verdict to count from (a call dialled without a detector)."""
    if isinstance(value, int):
        histogram.observe(value / SECOND_MS)


class _SnapshotGauges(Collector):
    """Gauges made from the newest snapshot whenever somebody scrapes."""

    def __init__(self, snapshot: Callable[[], FloorSnapshot]) -> None:
        self._snapshot = snapshot

    def collect(self) -> Iterator[GaugeMetricFamily]:
        snapshot = self._snapshot()
        yield from _of_campaigns(snapshot)
        yield from _of_the_floor(snapshot)


def _of_campaigns(snapshot: FloorSnapshot) -> Iterator[GaugeMetricFamily]:
    agents = GaugeMetricFamily("dialer_agents", "Agents by state.", labels=["campaign", "state"])
    calls = GaugeMetricFamily(
        "dialer_calls", "Attempts in progress by state.", labels=["campaign", "state"]
    )
    states = GaugeMetricFamily(
        "dialer_campaign_state",
        "1 for the state a campaign is in, 0 for the others.",
        labels=["campaign", "state"],
    )
    hopper = GaugeMetricFamily(
        "dialer_hopper_leads", "Screened leads ready to be dialled.", labels=["campaign"]
    )
    drop = GaugeMetricFamily(
        "dialer_drop_ratio",
        "Dropped calls as a share of live answers over the rolling 30 days.",
        labels=["campaign"],
    )
    ceiling = GaugeMetricFamily(
        "dialer_drop_ceiling_ratio", "The share that may not be exceeded.", labels=["campaign"]
    )
    dialling = GaugeMetricFamily(
        "dialer_campaign_dialling",
        "1 while nothing stands in the way of a campaign's dials.",
        labels=["campaign"],
    )
    for view in snapshot.campaigns:
        name = view.campaign.name
        for agent_state in AgentState:
            there = [a for a in snapshot.agents if (a.campaign, a.state) == (name, agent_state)]
            agents.add_metric([name, agent_state], len(there))
        for call_state in AttemptState:
            if call_state is not AttemptState.ENDED:
                calls.add_metric([name, call_state], view.stages.get(call_state, 0))
        for state in CampaignState:
            states.add_metric([name, state], view.state is state)
        hopper.add_metric([name], view.hopper)
        drop.add_metric([name], view.drop_rate)
        ceiling.add_metric([name], view.campaign.drop_ceiling)
        dialling.add_metric([name], not view.not_dialling)
    yield from (agents, calls, states, hopper, drop, ceiling, dialling)


def _of_the_floor(snapshot: FloorSnapshot) -> Iterator[GaugeMetricFamily]:
    channels: dict[str, int] = {}
    for view in snapshot.campaigns:
        used = sum(view.stages.get(state, 0) for state in ON_A_CHANNEL)
        channels[view.campaign.trunk] = channels.get(view.campaign.trunk, 0) + used
    in_use = GaugeMetricFamily(
        "dialer_channels_in_use", "Calls placed over a trunk and not yet ended.", labels=["trunk"]
    )
    for trunk, count in channels.items():
        in_use.add_metric([trunk], count)
    yield in_use
    for name, meaning, value in (
        ("dialer_legs_in_use", "Lead legs and agent legs that are up.", snapshot.legs_in_use),
        ("dialer_legs_capacity", "Legs the SIP workers can hold in all.", snapshot.capacity),
        ("dialer_journal_ok", "1 while the journal can be written.", snapshot.journal_ok),
        ("dialer_draining", "1 while no new dials are made on purpose.", snapshot.draining),
    ):
        yield GaugeMetricFamily(name, meaning, value=value)
