"""The scripted office answers what the real one would."""

from __future__ import annotations

from tests.web import audit_answers


def test_the_answers_are_whole() -> None:
    explanation = audit_answers.an_explanation()
    assert all(decision.recorded for decision in explanation.decisions)
    assert any(rule.lifted_by for rule in explanation.decisions[0].rules)
    trace = audit_answers.a_trace()
    assert trace.requests[0].refused is not None
    sheet = audit_answers.a_drop_sheet("windows", "2026-12")
    assert (sheet.figure.live, sheet.figure.dropped, sheet.messages_in_time) == (40, 1, 1)
    assert [each.stale for each in audit_answers.LISTS] == [True, False]
