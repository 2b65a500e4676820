"""Named callees, and drawn ones."""

from __future__ import annotations

import numpy as np
import pytest

from dialer.model.calls import VerdictKind
from dialer.simulator.callees import Behaviour, CallPlan, behaviour_of, number_of, plan_of
from dialer.simulator.population import LogNormal, Outlook, Population


@pytest.mark.parametrize(
    ("suffix", "behaviour"),
    [
        ("00", Behaviour.HUMAN_SHORT),
        ("29", Behaviour.HUMAN_SHORT),
        ("30", Behaviour.HUMAN_LONG),
        ("45", Behaviour.HUMAN_18S),
        ("46", Behaviour.MACHINE_BEEP),
        ("60", Behaviour.MACHINE_BEEP),
        ("61", Behaviour.NO_ANSWER),
        ("68", Behaviour.BUSY),
        ("75", Behaviour.VACANT),
        ("80", Behaviour.FAX),
        ("89", Behaviour.SILENT),
        ("90", Behaviour.HUMAN_SHORT),
        ("99", Behaviour.HUMAN_SHORT),
    ],
)
def test_the_last_two_digits_decide_who_answers(suffix: str, behaviour: Behaviour) -> None:
    assert behaviour_of(f"+120255501{suffix}") is behaviour


@pytest.mark.parametrize("behaviour", Behaviour)
def test_every_behaviour_has_a_number_and_a_plan_that_can_happen(behaviour: Behaviour) -> None:
    assert behaviour_of(number_of(behaviour)) is behaviour
    plan = plan_of(behaviour, np.random.default_rng(1))
    assert plan.refusal is None or plan.answer_ms is None
    if plan.detection is not None and plan.hangs_up_ms is not None:
        assert plan.detection.after_ms < plan.hangs_up_ms
        assert plan.answer_ms is not None


def test_a_seed_decides_the_whole_list() -> None:
    def first(seed: int) -> list[CallPlan]:
        population = Population(Outlook(), np.random.default_rng(seed))
        return [population.plan(None) for _ in range(600)]

    assert first(1) == first(1)
    assert first(1) != first(2)


def test_the_drawn_shares_and_lengths_are_the_ones_asked_for() -> None:
    population = Population(Outlook(live=0.3, machine=0.2, refused=0.1), np.random.default_rng(3))
    plans = [population.plan(None) for _ in range(10_000)]
    kinds = [plan.detection.kind for plan in plans if plan.detection is not None]
    assert kinds.count(VerdictKind.HUMAN) / 10_000 == pytest.approx(0.3, abs=0.02)
    assert kinds.count(VerdictKind.MACHINE) / 10_000 == pytest.approx(0.2, abs=0.02)
    assert sum(plan.refusal is not None for plan in plans) / 10_000 == pytest.approx(0.1, abs=0.01)
    talks = [
        plan.talk_ms
        for plan in plans
        if plan.detection is not None and plan.detection.kind is VerdictKind.HUMAN
    ]
    assert np.mean(talks) == pytest.approx(120_000, rel=0.05)
    assert np.std(talks) / np.mean(talks) == pytest.approx(1.0, abs=0.15)


def test_lengths_are_cut_where_asked() -> None:
    lengths = LogNormal(10_000, 1.0, 12_000).draw(np.random.default_rng(4), 1_000)
    assert lengths.max() == 12_000
    assert lengths.min() > 0
