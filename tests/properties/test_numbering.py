"""Any text is a number or a reason, and a number read again is the same number."""

from __future__ import annotations

from datetime import UTC, datetime

from hypothesis import example, given
from hypothesis import strategies as st

from dialer.compliance.facts import Facts
from dialer.compliance.law_files import load_law
from dialer.compliance.location import locate
from dialer.compliance.numbering import Unreadable, read_caller_id, read_number
from dialer.compliance.screening import decide
from dialer.model.instant import HOUR_MS, Instant, instant_of
from dialer.model.screening import CallMode, ReasonCode, Refused

PHONE_MARKS = st.text("0123456789+()-. x/,;#\u00a0\uff11eE", max_size=30)

NOON = instant_of(datetime(2026, 7, 1, 16, tzinfo=UTC))


@given(st.one_of(PHONE_MARKS, st.text(max_size=40)), st.sampled_from(["US", "GB", "CA"]))
@example("\ud800", "US")
@example("٢١٢٥٥٥٠١٢٣", "US")
def test_any_text_is_read_or_refused_in_words(raw: str, region: str) -> None:
    answer = read_number(raw, region)
    if isinstance(answer, Unreadable):
        assert answer.explain
        assert answer.remedy
    else:
        assert read_number(answer.e164) == answer
        assert read_caller_id(answer.e164) == answer.e164


@given(st.integers(200, 999), st.integers(200, 999), st.integers(0, 9_999), st.integers(0, 8_760))
def test_what_is_read_is_what_the_gate_takes(
    area: int, exchange: int, line: int, hour: int
) -> None:
    """No number that can be read fails at the gate for what it is, only for when it is called."""
    number = read_number(f"({area}) {exchange}-{line:04d}")
    if isinstance(number, Unreadable):
        return
    facts = Facts(place=locate(number), seller="Sample Seller", mode=CallMode.PREVIEW)
    answer = decide(facts, load_law(), Instant(NOON + hour * HOUR_MS))
    if isinstance(answer, Refused):
        assert ReasonCode.INVALID_NUMBER not in answer.codes
        assert ReasonCode.NON_GEOGRAPHIC not in answer.codes
        assert ReasonCode.TZ_UNKNOWN not in answer.codes
