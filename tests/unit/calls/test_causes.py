"""What the network says, and what we make of it."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dialer.calls.causes import BY_Q850, BY_STATUS, outcome_of
from dialer.model.calls import Blame, Cause, Ending, Tone
from dialer.model.dispositions import SystemDisposition as D

STATUSES = {
    403: (Cause.REJECTED, Blame.CARRIER, D.REJECTED),
    404: (Cause.VACANT_NUMBER, Blame.CALLEE, D.VACANT),
    408: (Cause.NO_ANSWER, Blame.CALLEE, D.NO_ANSWER),
    410: (Cause.NUMBER_CHANGED, Blame.CALLEE, D.VACANT),
    415: (Cause.MEDIA_REFUSED, Blame.US, D.NETWORK_ERROR),
    480: (Cause.NO_ANSWER, Blame.CALLEE, D.NO_ANSWER),
    484: (Cause.INVALID_FORMAT, Blame.US, D.VACANT),
    485: (Cause.VACANT_NUMBER, Blame.CALLEE, D.VACANT),
    486: (Cause.BUSY, Blame.CALLEE, D.BUSY),
    487: (Cause.NO_ANSWER, Blame.CALLEE, D.NO_ANSWER),
    488: (Cause.MEDIA_REFUSED, Blame.US, D.NETWORK_ERROR),
    500: (Cause.CONGESTION, Blame.CARRIER, D.CONGESTION),
    502: (Cause.UNREACHABLE, Blame.CALLEE, D.UNREACHABLE),
    503: (Cause.CONGESTION, Blame.CARRIER, D.CONGESTION),
    504: (Cause.NETWORK_ERROR, Blame.CARRIER, D.NETWORK_ERROR),
    600: (Cause.BUSY, Blame.CALLEE, D.BUSY),
    603: (Cause.DECLINED, Blame.CALLEE, D.DECLINED),
    604: (Cause.VACANT_NUMBER, Blame.CALLEE, D.VACANT),
    606: (Cause.MEDIA_REFUSED, Blame.US, D.NETWORK_ERROR),
    607: (Cause.REJECTED, Blame.CARRIER, D.REJECTED),
    608: (Cause.REJECTED, Blame.CARRIER, D.REJECTED),
}

Q850 = {
    1: D.VACANT,
    2: D.NETWORK_ERROR,
    3: D.NETWORK_ERROR,
    4: D.VACANT,
    17: D.BUSY,
    18: D.NO_ANSWER,
    19: D.NO_ANSWER,
    20: D.UNREACHABLE,
    21: D.DECLINED,
    22: D.VACANT,
    23: D.VACANT,
    26: D.NETWORK_ERROR,
    27: D.UNREACHABLE,
    28: D.VACANT,
    31: D.NO_ANSWER,
    34: D.CONGESTION,
    38: D.NETWORK_ERROR,
    41: D.CONGESTION,
    42: D.CONGESTION,
    44: D.CONGESTION,
    47: D.CONGESTION,
    55: D.REJECTED,
    57: D.REJECTED,
    65: D.NETWORK_ERROR,
    79: D.NETWORK_ERROR,
    87: D.REJECTED,
    88: D.NETWORK_ERROR,
    102: D.NO_ANSWER,
}

FINAL = {D.VACANT}
"""Dispositions that say something for ever about a number."""


@pytest.mark.parametrize("status", STATUSES)
def test_each_status_has_its_cause_blame_and_disposition(status: int) -> None:
    outcome = outcome_of(Ending(status), None, reached=True)
    assert (outcome.cause, outcome.blame, outcome.disposition) == STATUSES[status]


@pytest.mark.parametrize("q850", Q850)
@pytest.mark.parametrize("status", STATUSES)
def test_a_q850_cause_outranks_every_status(status: int, q850: int) -> None:
    assert outcome_of(Ending(status, q850), None, reached=True).disposition == Q850[q850]


def test_the_tables_hold_nothing_else() -> None:
    assert set(BY_STATUS) == set(STATUSES)
    assert set(BY_Q850) == set(Q850)


@pytest.mark.parametrize("q850", [16, 0, 100, 127])
@pytest.mark.parametrize("status", STATUSES)
def test_a_q850_cause_that_says_nothing_leaves_it_to_the_status(status: int, q850: int) -> None:
    assert outcome_of(Ending(status, q850), None, True) == outcome_of(Ending(status), None, True)


@given(
    status=st.integers(0, 699),
    q850=st.none() | st.integers(0, 127),
    reached=st.booleans(),
)
def test_tones_outrank_whatever_else_was_said(status: int, q850: int | None, reached: bool) -> None:
    ending = Ending(status, q850)
    assert outcome_of(ending, Tone.SIT, reached).disposition is D.VACANT
    assert outcome_of(ending, Tone.FAX, reached).disposition is D.FAX
    assert outcome_of(ending, Tone.BEEP, reached) == outcome_of(ending, None, reached)


@pytest.mark.parametrize("status", [0, 408, 502, 503])
def test_a_trunk_that_never_answered_is_at_fault_not_the_number(status: int) -> None:
    outcome = outcome_of(Ending(status), None, reached=False)
    assert outcome.cause is Cause.TRUNK_FAILURE and outcome.blame is Blame.CARRIER
    assert outcome.disposition is D.TRUNK_FAILURE
    assert outcome_of(Ending(status), None, reached=True).disposition is not D.TRUNK_FAILURE


@given(status=st.sampled_from([480, 503]), reached=st.booleans())
def test_the_catch_alls_say_nothing_final_about_a_number(status: int, reached: bool) -> None:
    assert outcome_of(Ending(status), None, reached).disposition not in FINAL


@given(status=st.integers(300, 699).filter(lambda status: status not in STATUSES))
def test_a_status_we_do_not_know_is_a_protocol_error_and_burns_no_number(status: int) -> None:
    outcome = outcome_of(Ending(status), None, reached=True)
    assert outcome.cause is Cause.PROTOCOL_ERROR and outcome.blame is Blame.UNKNOWN
    assert outcome.disposition is D.NETWORK_ERROR
