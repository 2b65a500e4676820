"""Rules as data."""

from __future__ import annotations

from importlib import resources

import pytest

from dialer.compliance.ruleset import load_ruleset, read_ruleset
from dialer.model.errors import OperatorError

CONTENT = resources.files("dialer.compliance").joinpath("us-federal-live.toml").read_bytes()


def test_the_federal_rules() -> None:
    ruleset = load_ruleset()
    assert ruleset.calling_hours == (8 * 60, 21 * 60)
    assert ruleset.regions == {"US", "PR", "GU", "VI", "AS", "MP"}
    assert ruleset.registry_max_age_days == 31
    assert ruleset.min_ring_ms == 15_000
    assert ruleset.drop_ceiling == 0.03
    assert ruleset.label.startswith(f"{ruleset.id}+")
    for rule in ruleset.rules.values():
        assert "CFR" in rule.citation or "U.S.C." in rule.citation
        assert rule.effective_from <= ruleset.effective_from


def test_one_changed_byte_is_another_ruleset() -> None:
    changed = read_ruleset(CONTENT + b"\n", "changed.toml")
    assert changed.id == load_ruleset().id
    assert changed.label != load_ruleset().label


def test_zone_data_older_than_the_rules_allow_is_refused() -> None:
    future = CONTENT.replace(b'min_tzdata = "2026.3"', b'min_tzdata = "2099.1"')
    assert future != CONTENT
    with pytest.raises(OperatorError, match=r"older than us-federal.*2099\.1"):
        read_ruleset(future, "future.toml")


@pytest.mark.parametrize(
    ("old", "new"),
    [
        (b'start = "08:00"', b'start = "8"'),
        (b"[drops]", b"[drop]"),
        (b'id = "us-federal-2026.1"', b""),
        (b"max_age_days = 31", b'max_age_days = "a month"'),
        (b"effective_from = 2025-04-11        ", b'effective_from = "then"'),
        (b"[numbers]", b"[numbers"),
        (b"[numbers]", b"\xff"),
    ],
)
def test_a_damaged_ruleset_is_refused(old: bytes, new: bytes) -> None:
    assert old in CONTENT
    with pytest.raises(OperatorError, match="cannot be read"):
        read_ruleset(CONTENT.replace(old, new, 1), "damaged.toml")
