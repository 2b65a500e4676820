"""What makes a service unhealthy, and what does not."""

from __future__ import annotations

from dataclasses import replace

from dialer.model.instant import Instant
from dialer.model.snapshot import FloorSnapshot
from dialer.telemetry.health import Health, health

WELL = FloorSnapshot(1, Instant(0), capacity=8)


def test_a_floor_that_can_dial_is_well() -> None:
    assert health(WELL) == Health(True, ())
    assert health(replace(WELL, draining=True)).ok


def test_everything_broken_is_named() -> None:
    found = health(replace(WELL, journal_ok=False, capacity=0))
    assert not found.ok
    assert [reason.split()[1] for reason in found.reasons] == ["journal", "SIP"]
    assert not health(replace(WELL, capacity=0)).ok
    assert not health(replace(WELL, journal_ok=False)).ok
