"""Is this machine's clock right? By the kernel's own word, and nobody is dialled on doubt.

Hours, limits and the age of lists are judged by the clock, so one that is wrong makes wrong calls.
Whatever disciplines the clock (chrony, ntpd, systemd-timesyncd) tells the kernel, and `adjtimex`
(2) tells it to anybody; no daemon has to be asked. No package maintained for Python reads it, so
the structure is written out here.
"""

from __future__ import annotations

import ctypes
import os
import time
from collections.abc import Callable
from dataclasses import dataclass

import trio

from dialer.model.events import ClockJudged
from dialer.model.instant import Instant
from dialer.service.clock import ServiceClock

LOOKED_AT_S = 10
"""How often the clock is judged."""

UNHEARD_US = 1_100_000
"""How far the kernel's bound on the error may exceed the limit: it adds 500 microseconds every
second since the daemon last heard from a time source, and daemons ask every 2048 s at the latest.
"""

_STA_UNSYNC = 0x0040
_STA_NANO = 0x2000


@dataclass(frozen=True, slots=True)
class KernelClock:
    """What the kernel knows of its clock. `offset_us`: still to be corrected; `max_error_us`: no
    more than this is it wrong; `synchronised`: somebody disciplines it."""

    synchronised: bool
    offset_us: int
    max_error_us: int


class _Timex(ctypes.Structure):
    """`struct timex` of <sys/timex.h>: the head we read, and room for all the kernel writes."""

    _fields_ = (
        ("modes", ctypes.c_uint),
        ("offset", ctypes.c_long),
        ("freq", ctypes.c_long),
        ("maxerror", ctypes.c_long),
        ("esterror", ctypes.c_long),
        ("status", ctypes.c_int),
        ("rest", ctypes.c_long * 40),
    )


def kernel_clock() -> KernelClock:
    """Ask the kernel. Raises OSError where it does not say (no such call, or not allowed)."""
    try:
        adjtimex = ctypes.CDLL(None, use_errno=True).adjtimex
    except AttributeError as error:
        raise OSError("this system has no adjtimex") from error
    read = _Timex()  # no modes: nothing is changed
    if adjtimex(ctypes.byref(read)) < 0:
        number = ctypes.get_errno()
        raise OSError(number, os.strerror(number))
    offset_us = read.offset // 1000 if read.status & _STA_NANO else read.offset
    return KernelClock(not read.status & _STA_UNSYNC, offset_us, read.maxerror)


def judged(clock: KernelClock, stepped_ms: int, limit_ms: int) -> str:
    """In words, why the clock may be wrong by more than `limit_ms`; "" if it is not.

    `stepped_ms`: by how much the wall clock was set since the service read it at its start."""
    if not clock.synchronised:
        return (
            "nothing keeps this machine's clock right: start chrony or systemd-timesyncd "
            "and see that it reaches a time server"
        )
    limit_us = limit_ms * 1000
    if abs(clock.offset_us) > limit_us:
        return f"this machine's clock is {clock.offset_us / 1e6:+.3f} s off"
    if clock.max_error_us > limit_us + UNHEARD_US:
        return (
            f"this machine's clock may be {clock.max_error_us / 1e6:.1f} s off: no time server "
            "has answered for long"
        )
    if abs(stepped_ms) > limit_ms:
        return (
            f"this machine's clock was set by {stepped_ms / 1000:+.1f} s, or the machine slept, "
            "since the service started: restart the service"
        )
    return ""


class ClockWatch:
    """Judges the clock now and every `LOOKED_AT_S` after. `read` asks the kernel."""

    def __init__(
        self,
        clock: ServiceClock,
        max_offset_s: float,
        tell: Callable[[ClockJudged], None],
        read: Callable[[], KernelClock] = kernel_clock,
        wall: Callable[[], float] = time.time,
    ) -> None:
        self._clock = clock
        self._limit_ms = round(max_offset_s * 1000)
        self._tell = tell
        self._read = read
        self._wall = wall

    def judge(self) -> ClockJudged:
        """One look."""
        wall = Instant(int(self._wall() * 1000))
        stepped_ms = wall - (self._clock.now() - self._clock.shift_ms)
        try:
            why = judged(self._read(), stepped_ms, self._limit_ms)
        except OSError as error:
            why = f"whether this machine's clock is right cannot be known ({error})"
        return ClockJudged(not why, why)

    async def run(self) -> None:
        """Look again and again until cancelled."""
        while True:
            self._tell(self.judge())
            await trio.sleep(LOOKED_AT_S)
