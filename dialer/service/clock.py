"""The service clock: wall time derived from trio's clock, so that jumping one jumps the other."""

from __future__ import annotations

import time

import trio

from dialer.model.instant import Instant
from dialer.settings import Settings


class ServiceClock:
    """`now()` in a running trio, `shift_ms` off the wall clock."""

    def __init__(self, shift_ms: int = 0) -> None:
        self.shift_ms = shift_ms
        self._base_ms = time.time() * 1000 + shift_ms - trio.current_time() * 1000

    def now(self) -> Instant:
        return Instant(int(self._base_ms + trio.current_time() * 1000))


def now_of(settings: Settings) -> Instant:
    """The service clock's time, outside a running service."""
    return Instant(int((time.time() + settings.clock_shift_s) * 1000))
