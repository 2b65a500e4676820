"""Refusals over time as a picture: stacked bars, drawn here and shown as SVG."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from dialer.model.audit_reports import RefusalCounts
from dialer.model.instant import DAY_MS, HOUR_MS, Instant, utc

WIDTH, HEIGHT = 960, 300
LEFT, RIGHT, TOP, BOTTOM = 56, 12, 12, 34
SERIES = 6
"""So many reasons have a colour of their own; the rest are drawn as one."""
OTHER = "other reasons"
_LABELS = 12
"""Labels below the bars, at most."""


@dataclass(frozen=True, slots=True)
class Bar:
    """A piece of a stack; `series` is its colour, `title` what it says in words."""

    x: float
    y: float
    width: float
    height: float
    series: int
    title: str


@dataclass(frozen=True, slots=True)
class Mark:
    """A label on an axis, and where."""

    at: float
    text: str


@dataclass(frozen=True, slots=True)
class Picture:
    """`names` of the series, the most frequent first; `levels` are the lines across."""

    names: tuple[str, ...]
    bars: tuple[Bar, ...]
    levels: tuple[Mark, ...]
    times: tuple[Mark, ...]
    width: int = WIDTH
    height: int = HEIGHT
    left: int = LEFT
    right: int = WIDTH - RIGHT
    ground: int = HEIGHT - BOTTOM


def draw(counts: RefusalCounts) -> Picture | None:
    """The picture of a campaign's refusals; None where nothing was refused."""
    if not counts.totals:
        return None
    codes = tuple(counts.totals)
    names = codes[:SERIES] if len(codes) <= SERIES else (*codes[: SERIES - 1], OTHER)
    highest = max(sum(bucket.refused.values()) for bucket in counts.buckets)
    step = level_step(highest)
    top = -(-highest // step) * step
    places = max(1, -(-(counts.until - counts.since) // counts.bucket_ms))
    pitch = (WIDTH - LEFT - RIGHT) / places
    tall = HEIGHT - TOP - BOTTOM
    return Picture(
        names=names,
        bars=tuple(_bars(counts, names, pitch, tall / top)),
        levels=tuple(
            Mark(round(HEIGHT - BOTTOM - level / top * tall, 1), f"{level:,}")
            for level in range(0, top + 1, step)
        ),
        times=tuple(_times(counts, places, pitch)),
    )


def level_step(highest: int) -> int:
    """A round distance of the lines across, so that there are three to six above the ground."""
    power = 1
    while True:
        for factor in (1, 2, 5):
            if highest <= 5 * factor * power:
                return factor * power
        power *= 10


def bucket_words(at: Instant, bucket_ms: int) -> str:
    """`2026-12-02 17:00`, or the day alone."""
    return utc(at).strftime("%Y-%m-%d" if bucket_ms >= DAY_MS else "%Y-%m-%d %H:%M")


def _bars(
    counts: RefusalCounts, names: tuple[str, ...], pitch: float, scale: float
) -> Iterator[Bar]:
    gap = min(4.0, pitch / 5)
    for bucket in counts.buckets:
        x = LEFT + (bucket.at - counts.since) // counts.bucket_ms * pitch + gap / 2
        y = float(HEIGHT - BOTTOM)
        pieces = {name: bucket.refused.get(name, 0) for name in names if name != OTHER}
        if OTHER in names:
            pieces[OTHER] = sum(bucket.refused.values()) - sum(pieces.values())
        for series, name in enumerate(names):
            count = pieces[name]
            if count:
                y -= count * scale
                when = bucket_words(bucket.at, counts.bucket_ms)
                yield Bar(
                    round(x, 1),
                    round(y, 1),
                    round(pitch - gap, 1),
                    round(count * scale, 1),
                    series,
                    f"{when} UTC: {count:,} {name}",
                )


def _times(counts: RefusalCounts, places: int, pitch: float) -> Iterator[Mark]:
    every = -(-places // _LABELS)
    if counts.bucket_ms == HOUR_MS:
        every = next((each for each in (1, 2, 3, 6, 12) if each >= every), 12)
    for place in range(0, places, every):
        at = Instant(counts.since + place * counts.bucket_ms)
        day = counts.bucket_ms >= DAY_MS or at % DAY_MS < every * HOUR_MS
        first = "%d %b %H:%M" if place == 0 and counts.bucket_ms < DAY_MS else ""
        text = utc(at).strftime(first or ("%d %b" if day else "%H:%M"))
        yield Mark(round(LEFT + (place + 0.5) * pitch, 1), text)
