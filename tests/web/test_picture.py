"""The picture of refusals: bars as high as their counts, inside the frame."""

from __future__ import annotations

from collections import Counter

from hypothesis import given
from hypothesis import strategies as st

from dialer.model.audit_reports import RefusalBucket, RefusalCounts
from dialer.model.instant import DAY_MS, HOUR_MS, Instant
from dialer.model.screening import ReasonCode
from dialer.web.officer.picture import HEIGHT, OTHER, SERIES, WIDTH, draw, level_step

START = Instant(1_795_262_400_000)


@st.composite
def some_counts(draw_: st.DrawFn) -> RefusalCounts:
    bucket_ms = draw_(st.sampled_from([HOUR_MS, DAY_MS]))
    places = draw_(st.integers(1, 100))
    found = draw_(
        st.dictionaries(
            st.integers(0, places - 1),
            st.dictionaries(
                st.sampled_from([str(code) for code in ReasonCode]), st.integers(1, 10**6)
            ),
            max_size=12,
        )
    )
    buckets = tuple(
        RefusalBucket(Instant(START + place * bucket_ms), 5, refused)
        for place, refused in sorted(found.items())
    )
    totals: Counter[str] = Counter()
    for bucket in buckets:
        totals.update(bucket.refused)
    until = Instant(START + places * bucket_ms)
    ordered = dict(totals.most_common())
    return RefusalCounts("demo", START, until, bucket_ms, buckets, ordered, 5 * len(buckets))


@given(some_counts())
def test_bars_are_as_high_as_their_counts_and_within_the_frame(counts: RefusalCounts) -> None:
    picture = draw(counts)
    if not counts.totals:
        assert picture is None
        return
    assert picture is not None
    assert len(picture.names) <= SERIES and len(set(picture.names)) == len(picture.names)
    for bar in picture.bars:
        assert bar.x >= 0 and bar.x + bar.width <= WIDTH
        assert bar.y >= 0 and bar.y + bar.height <= HEIGHT and 0 <= bar.series < SERIES
    scale = (picture.ground - picture.levels[-1].at) / int(picture.levels[-1].text.replace(",", ""))
    for number, name in enumerate(picture.names):
        drawn = sum(bar.height for bar in picture.bars if bar.series == number)
        told = sum(
            count
            for bucket in counts.buckets
            for code, count in bucket.refused.items()
            if code == name or (name == OTHER and code not in picture.names)
        )
        assert abs(drawn - told * scale) <= 0.1 * len(counts.buckets) + 0.1


@given(st.integers(1, 10**9))
def test_lines_across_are_round_and_few(highest: int) -> None:
    step = level_step(highest)
    assert str(step).rstrip("0") in ("1", "2", "5")
    assert -(-highest // step) <= 5


def test_labels_below_are_few_and_name_days() -> None:
    one = RefusalBucket(START, 0, {"TZ_UNKNOWN": 1})
    for hours in (1, 24, 96):
        until = Instant(START + hours * HOUR_MS)
        counts = RefusalCounts("demo", START, until, HOUR_MS, (one,), {"TZ_UNKNOWN": 1}, 0)
        picture = draw(counts)
        assert picture is not None and 1 <= len(picture.times) <= 12
        assert any("Nov" in mark.text for mark in picture.times), "the day is named"
