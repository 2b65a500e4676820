"""The whole gate, over random cases: from the text of a line to the decision."""

from __future__ import annotations

import json
import os
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from dialer.intake.case_lines import screen_line
from tests.properties.case_strategies import ORDER, Case, burdens, cases, read, written

MILLISECOND = timedelta(milliseconds=1)


def decided(case: Case, at: datetime | None = None) -> dict[str, Any]:
    """The decision about the case, `at` another instant if one is given."""
    answer = screen_line(json.dumps(case if at is None else {**case, "at": written(at)}))
    assert "error" not in answer, answer
    return answer


@contextmanager
def machine_in(zone: str) -> Iterator[None]:
    """The machine's own clock set to a zone."""
    before = os.environ.get("TZ")
    os.environ["TZ"] = zone
    time.tzset()
    try:
        yield
    finally:
        if before is None:
            del os.environ["TZ"]
        else:
            os.environ["TZ"] = before
        time.tzset()


@given(case=cases())
@settings(max_examples=80)
def test_a_decision_is_whole(case: Case) -> None:
    """Codes stand in their order, each once; a refusal says why; an allowance needs no time."""
    answer = decided(case)
    assert answer["codes"] == sorted(set(answer["codes"]), key=ORDER.index)
    if answer["verdict"] == "DENY":
        assert answer["primary"] == answer["codes"][0]
        assert answer["explain"].strip()
    else:
        assert (answer["verdict"], answer["primary"], answer["codes"]) == ("ALLOW", "ALLOW", [])


@given(case=cases(), shuffled=st.randoms(use_true_random=False))
@settings(max_examples=80)
def test_the_same_facts_bring_the_same_answer(case: Case, shuffled: Any) -> None:
    """To the byte, whatever order the fields and the records are written in."""
    other = {key: case[key] for key in shuffled.sample(sorted(case), len(case))}
    for key in ("consents", "attempts"):
        other[key] = shuffled.sample(case[key], len(case[key]))
    first, second, third = decided(case), decided(case), decided(other)
    assert json.dumps(first) == json.dumps(second)
    assert json.dumps(first) == json.dumps(third)


@given(data=st.data(), case=cases())
@settings(max_examples=80)
def test_one_thing_more_against_a_call_never_allows_it(data: st.DataObject, case: Case) -> None:
    """Whatever failed before still fails."""
    before = set(decided(case)["codes"])
    after = set(decided(data.draw(burdens(case)))["codes"])
    assert before <= after


@given(case=cases())
@settings(max_examples=80)
def test_the_next_lawful_instant_is_the_first(case: Case) -> None:
    """Lawful then, not a millisecond before, nor at any quarter of an hour on the way."""
    answer = decided(case)
    if answer["verdict"] == "ALLOW" or answer["next_allowed_at"] is None:
        return
    at, then = read(case["at"]), read(answer["next_allowed_at"])
    assert then > at
    assert decided(case, then)["verdict"] == "ALLOW"
    assert decided(case, then - MILLISECOND)["verdict"] == "DENY"
    # All laws begin and end on full quarters; only limits end between them.
    quarter = at.replace(minute=at.minute - at.minute % 15, second=0) + timedelta(minutes=15)
    for steps in range(4 * 24 * 4):
        step = quarter + steps * timedelta(minutes=15)
        if step >= then:
            break
        assert decided(case, step)["verdict"] == "DENY", written(step)


@given(data=st.data(), case=cases())
@settings(max_examples=40)
def test_where_no_time_helps_no_time_is_lawful(data: st.DataObject, case: Case) -> None:
    answer = decided(case)
    if answer["verdict"] == "ALLOW" or answer["next_allowed_at"] is not None:
        return
    for minutes in data.draw(st.lists(st.integers(0, 366 * 24 * 60), min_size=8, max_size=8)):
        later = decided(case, read(case["at"]) + timedelta(minutes=minutes))
        assert later["verdict"] == "DENY"


@given(case=cases(), zone=st.sampled_from(("Asia/Kolkata", "Pacific/Auckland", "America/Adak")))
@settings(max_examples=40)
def test_the_machines_zone_plays_no_part(case: Case, zone: str) -> None:
    here = decided(case)
    with machine_in(zone):
        assert decided(case) == here
