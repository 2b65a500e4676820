"""Any text is a number or a reason, and a number read again is the same number."""

from __future__ import annotations

from hypothesis import example, given
from hypothesis import strategies as st

from dialer.compliance.numbering import Unreadable, read_caller_id, read_number
from dialer.compliance.ruleset import load_ruleset
from dialer.compliance.screening import Facts, decide
from dialer.model.campaigns import CallingHours
from dialer.model.instant import HOUR_MS, Instant
from dialer.model.screening import Allowed, ReasonCode, Refused

PHONE_MARKS = st.text("0123456789+()-. x/,;#\u00a0\uff11eE", max_size=30)


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
    facts = Facts(
        number=number,
        seller="Clearview Sample Windows",
        hours=CallingHours(((0, 24 * 60),) * 7),
        suppressions=(),
        recent_dials=(),
        attempts_per_day=1,
        min_gap_ms=0,
        caller_id="+12025550199",
        caller_ids=("+12025550199",),
        end_guard_ms=0,
    )
    ruleset = load_ruleset()
    answer = decide(facts, ruleset, Instant(ruleset.effective_from + hour * HOUR_MS))
    if isinstance(answer, Refused):
        assert answer.codes == (ReasonCode.OUTSIDE_HOURS,)
        assert answer.next_allowed_at is not None
        assert isinstance(decide(facts, ruleset, answer.next_allowed_at), Allowed)
