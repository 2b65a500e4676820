from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dialer.carrier.sip.reason_header import q850_cause


def message(*headers: str, body: str = "") -> str:
    return "\r\n".join(("SIP/2.0 486 Busy Here", *headers, "To: <sip:a@b>")) + f"\r\n\r\n{body}"


@pytest.mark.parametrize(
    ("headers", "cause"),
    [
        (('Reason: Q.850;cause=17;text="User busy"',), 17),
        (("reason : q.850 ; cause = 1",), 1),
        (('Reason: Q.850;text="no, not now";cause=21',), 21),
        (('Reason: SIP;cause=200;text="x", Q.850;cause=16',), 16),
        (("Reason: SIP ;cause=480", "Reason: Q.850 ;cause=19"), 19),
        (("Reason: SIP ;cause=200",), None),
        (("X-Reason: Q.850;cause=17",), None),
        (("Reason: Q.850",), None),
        ((), None),
    ],
)
def test_the_cause_is_found_where_a_header_gives_it(
    headers: tuple[str, ...], cause: int | None
) -> None:
    assert q850_cause(message(*headers)) == cause


def test_the_body_is_not_a_header() -> None:
    assert q850_cause(message(body="Reason: Q.850;cause=17\r\n")) is None


@given(st.text(), st.integers(0, 127))
def test_whatever_stands_around_it(other: str, cause: int) -> None:
    assert q850_cause(other) is None or "850" in other
    line = "".join(each for each in other if each.isprintable())
    given_cause = q850_cause(message(f"Subject: {line}", f"Reason: Q.850;cause={cause}"))
    assert given_cause == cause
