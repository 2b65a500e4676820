"""Log lines: readable, one per attempt, and telling nobody who was called."""

from __future__ import annotations

import io
import json
import logging
import re
from collections.abc import Iterator

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dialer.model.errors import OperatorError
from dialer.telemetry.logs import attempt_line, masked, set_up_logging
from tests.contracts.journal_entries import NOW, ended, number


@pytest.fixture
def root_as_it_was() -> Iterator[None]:
    root = logging.getLogger()
    handlers, level = list(root.handlers), root.level
    alembic = logging.getLogger("alembic").level
    yield
    root.handlers[:] = handlers
    root.setLevel(level)
    logging.getLogger("alembic").setLevel(alembic)


@pytest.mark.usefixtures("root_as_it_was")
def test_lines_say_when_how_bad_and_who() -> None:
    old, stream = io.StringIO(), io.StringIO()
    set_up_logging("debug", old)
    set_up_logging("info", stream)
    logging.getLogger("dialer.service").info("ready on %s", "127.0.0.1")
    logging.getLogger("dialer.service").debug("unheard")
    logging.getLogger("alembic.runtime").info("unheard")
    assert re.fullmatch(
        r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z INFO dialer\.service ready on 127\.0\.0\.1\n",
        stream.getvalue(),
    )
    assert old.getvalue() == ""


def test_an_unknown_level_is_the_operators_to_mend() -> None:
    with pytest.raises(OperatorError, match=r"'loud'.*DEBUG, INFO"):
        set_up_logging("loud")


def test_one_wide_line_per_attempt() -> None:
    entry = ended(
        12, 3, "HUNG_UP", cause="CALLEE_HUNG_UP", verdict="HUMAN", answered_at=NOW + 8_000
    )
    assert attempt_line(entry) == (
        "attempt=12 campaign=windows lead=3 number=********0002 disposition=HUNG_UP "
        "cause=CALLEE_HUNG_UP blame=CALLEE status=200 verdict=HUMAN verdict_confidence=0.91 "
        'verdict_elapsed_ms=700 verdict_rule="short greeting" answered=true live=true '
        "dropped=false talk_ms=0 dialling_at_ms=0 planned_at_ms=0 detecting_at_ms=8000 "
        "ended_at_ms=22000"
    )


def test_an_attempt_nobody_answered_has_no_verdict() -> None:
    line = attempt_line(ended(12, 3))
    assert "verdict" not in line
    assert "answered=false" in line


@given(st.text(max_size=20))
def test_whatever_a_carrier_says_stays_in_its_place(reason: str) -> None:
    entry = ended(1, 1)
    line = attempt_line(type(entry)(entry.kind, entry.at, data={**entry.data, "reason": reason}))
    assert line.isprintable()
    pairs = dict(re.findall(r'(\S+?)=("(?:[^"\\]|\\.)*"|\S+)', line))
    shown = pairs.get("reason", "")
    assert (json.loads(shown) if shown.startswith('"') else shown) == reason


@given(st.from_regex(r"\+[0-9]{7,15}", fullmatch=True))
def test_only_four_digits_are_shown(e164: str) -> None:
    assert masked(e164)[-4:] == e164[-4:]
    assert set(masked(e164)[:-4]) == {"*"}
    assert len(masked(e164)) == len(e164)


def test_the_number_is_nowhere_else_in_the_line() -> None:
    assert number(2)[2:] not in attempt_line(ended(12, 3))
