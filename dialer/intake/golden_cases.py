"""Golden cases: what the gate must answer, written down from the law by hand.

A file holds one case a line: `rule` names the rows it pins, `why` says
in a sentence what a wrong answer would mean, `case` (or `line`, for what is no JSON) is the input
as officers give it to `dialer screen --cases`, `expect` the answer. Only what the case is about is
expected: `codes` and `exemptions` are complete lists, `codes_include` and `codes_exclude` are not,
and a missing key may be anything. `error_field` stands in place of `expect` where the line is bad:
the message must name that field.
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from dialer.intake.case_lines import screen_line
from dialer.model.errors import OperatorError, Problem

Answer = dict[str, Any]

_SAME = ("verdict", "primary", "codes", "next_allowed_at")
_SAME_SET = ("exemptions", "jurisdictions", "zones")


@dataclass(frozen=True, slots=True)
class GoldenCase:
    """One line of a file. `id`: `topic/name`. `line`: the input. `expect` None: a bad line."""

    id: str
    rule: str
    why: str
    line: str
    expect: Answer | None
    error_field: str | None


def golden_cases(folder: Path) -> list[GoldenCase]:
    """Every case, by file and line. Raises ValueError for one that is not written as said above."""
    return [
        _read(file.stem, text)
        for file in sorted(folder.glob("*.jsonl"))
        for text in file.read_text(encoding="utf-8").splitlines()
    ]


def _read(topic: str, text: str) -> GoldenCase:
    row = json.loads(text)
    bad = "error_field" in row
    known = {"rule", "why", "case", "line", "id", "error_field" if bad else "expect"}
    if set(row) - known or ("case" in row) == ("line" in row):
        raise ValueError(f"{topic}: not a golden case: {text}")
    expected = {*_SAME, *_SAME_SET, "codes_include", "codes_exclude"}
    if not bad and set(row["expect"]) - expected:
        raise ValueError(f"{topic}: expects what no answer has: {text}")
    return GoldenCase(
        id=row["id"] if bad else row["case"]["id"],
        rule=row["rule"],
        why=row["why"],
        line=row["line"] if "line" in row else json.dumps(row["case"]),
        expect=None if bad else row["expect"],
        error_field=row.get("error_field"),
    )


def judge(folder: Path) -> tuple[int, list[Problem]]:
    """Answer every case of the folder by the rules as shipped: how many there are, and each wrong
    answer. Raises OperatorError where there is none, or one is not written as said above."""
    try:
        cases = golden_cases(folder)
    except ValueError as error:
        raise OperatorError(
            Problem(str(folder), None, str(error), "", "Correct the case.")
        ) from error
    if not cases:
        raise OperatorError(
            Problem(str(folder), None, "there are no golden cases", "", "Name their folder.")
        )
    problems = [
        Problem(case.id, None, f"{case.rule}: {case.why} But: {'; '.join(wrong)}", "", "")
        for case in cases
        if (wrong := differences(case, screen_line(case.line, folder)))
    ]
    return len(cases), problems


def differences(case: GoldenCase, answer: Answer) -> list[str]:
    """What is wrong with the answer, a line each; empty when it is the one expected."""
    expect = case.expect
    if expect is None:
        return _differences_of_error(case, answer)
    if "error" in answer:
        return [f"a good line was called bad: {answer['error']}"]
    wrong = []
    for key in _SAME:
        if key in expect and answer.get(key) != expect[key]:
            wrong.append(f"{key}: {answer.get(key)!r}, should be {expect[key]!r}")
    for key in _SAME_SET:
        if key in expect and sorted(answer[key]) != sorted(expect[key]):
            wrong.append(f"{key}: {answer[key]!r}, should be {expect[key]!r}")
    missing = set(expect.get("codes_include", ())) - set(answer["codes"])
    unasked = set(expect.get("codes_exclude", ())) & set(answer["codes"])
    wrong += [f"codes: {code} is missing" for code in sorted(missing)]
    wrong += [f"codes: {code} must not be there" for code in sorted(unasked)]
    return wrong


def _differences_of_error(case: GoldenCase, answer: Answer) -> list[str]:
    if "error" not in answer:
        return [f"a bad line was answered: {answer}"]
    field = case.error_field
    if field is not None and not re.search(rf"(?<!\w){re.escape(field)}(?!\w)", answer["error"]):
        return [f"the error does not name {field}: {answer['error']}"]
    return []
