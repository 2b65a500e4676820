"""A campaign's dropped calls as regulators ask for them."""

from __future__ import annotations

from dataclasses import dataclass

from dialer.model.calls import AttemptId
from dialer.model.instant import Instant


@dataclass(frozen=True, slots=True)
class AttemptOutcome:
    """What a drop sheet reads of an ended attempt; instants None where it never came so far."""

    attempt_id: AttemptId
    dialled_at: Instant
    ringing_at: Instant | None
    answered_at: Instant | None
    greeting_ended_at: Instant | None
    verdict_at: Instant | None
    bridged_at: Instant | None
    message_at: Instant | None
    ended_at: Instant
    live: bool
    dropped: bool
    placed: bool
    cause: str
    status: int | None


@dataclass(frozen=True, slots=True)
class DropFigure:
    """Live answers, those dropped, and over which time: `since` inclusive, `until` exclusive."""

    since: Instant
    until: Instant
    live: int
    dropped: int

    @property
    def rate(self) -> float:
        return self.dropped / self.live if self.live else 0.0


@dataclass(frozen=True, slots=True)
class DropLine:
    """One dropped call. `message_late_ms`: how long after the lawful two seconds the message began;
    0 in time, None where none was played. `connected`: an agent came after all, too late; else the
    callee hung up before the message."""

    attempt_id: AttemptId
    at: Instant
    message_late_ms: int | None
    connected: bool


@dataclass(frozen=True, slots=True)
class RingBreach:
    """An unanswered call we ended before it had rung as long as the law asks."""

    attempt_id: AttemptId
    at: Instant
    rang_ms: int
    cause: str


@dataclass(frozen=True, slots=True)
class DropSheet:
    """A campaign's month, as regulators ask for it. Days and months are UTC.

    `month`: `2026-12`; `complete` where it is over. `figure`: the whole month's; `days`: those with
    a live answer; `rolling`: the worst 30 days that end within the month, and `day_worst` the worst
    24 hours (16 CFR 310.4(b)(4)(i) counts 30 days, others 24 hours); `fixed`: the successive 30-day
    periods, counted from the campaign's first dial, that touch the month. `false_positives`: in
    words, what is known of people the detector took for machines.
    """

    campaign: str
    month: str
    ceiling: float
    complete: bool
    figure: DropFigure
    days: tuple[DropFigure, ...]
    rolling: DropFigure | None
    day_worst: DropFigure | None
    fixed: tuple[DropFigure, ...]
    drops: tuple[DropLine, ...]
    ring_minimum_ms: int
    ring_breaches: tuple[RingBreach, ...]
    false_positives: str

    @property
    def messages_in_time(self) -> int:
        return sum(drop.message_late_ms == 0 for drop in self.drops)
