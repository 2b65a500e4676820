"""A machine whose clock nobody vouches for dials nobody."""

from __future__ import annotations

import time
from pathlib import Path

import pytest
import trio
import trio.testing

from dialer.model.errors import OperatorError
from dialer.model.events import ClockJudged
from dialer.service.clock import ServiceClock
from dialer.service.clock_health import LOOKED_AT_S, ClockWatch, KernelClock, judged, kernel_clock
from dialer.settings import read_settings

RIGHT = KernelClock(True, 120, 40_000)

SETTINGS = """
{clock}
[[trunks]]
name = "loop"
address = "{address}"
channels = 1
cps = 1
"""


def test_a_disciplined_clock_is_right() -> None:
    assert judged(RIGHT, 3, 1000) == ""


@pytest.mark.parametrize(
    ("clock", "stepped_ms", "words"),
    [
        (KernelClock(False, 0, 16_000_000), 0, "nothing keeps this machine's clock right"),
        (KernelClock(False, 0, 0), 0, "nothing keeps this machine's clock right"),
        (KernelClock(True, 1_000_001, 0), 0, "+1.000 s off"),
        (KernelClock(True, -1_500_000, 0), 0, "-1.500 s off"),
        (KernelClock(True, 0, 2_100_001), 0, "no time server has answered"),
        (RIGHT, 1001, "was set by +1.0 s"),
        (RIGHT, -3_600_000, "was set by -3600.0 s"),
    ],
)
def test_a_clock_on_which_doubt_falls(clock: KernelClock, stepped_ms: int, words: str) -> None:
    assert words in judged(clock, stepped_ms, 1000)


def test_the_limit_itself_is_within() -> None:
    assert judged(KernelClock(True, 1_000_000, 2_100_000), -1000, 1000) == ""
    assert judged(KernelClock(True, 400_000, 0), 0, 300) != ""


def test_the_kernel_says_how_its_clock_is_kept() -> None:
    """Whatever it says here, it is what `adjtimex` (2) says: an error bound, and an offset no
    larger than the kernel ever corrects by slewing (0.5 s; libraries may ask for more)."""
    said = kernel_clock()
    assert 0 <= said.max_error_us <= 16_000_000
    assert abs(said.offset_us) < 16_000_000


async def test_the_watch_tells_each_look_and_why(autojump_clock: trio.testing.MockClock) -> None:
    told: list[ClockJudged] = []
    kernel: list[KernelClock | OSError] = [
        RIGHT,
        KernelClock(False, 0, 0),
        OSError(1, "Operation not permitted"),
        RIGHT,
    ]
    clock = ServiceClock(shift_ms=86_400_000)
    since, began = trio.current_time(), time.time()

    def read() -> KernelClock:
        said = kernel.pop(0)
        if isinstance(said, OSError):
            raise said
        return said

    watch = ClockWatch(clock, 1.0, told.append, read, lambda: began + trio.current_time() - since)
    with trio.move_on_after(3.5 * LOOKED_AT_S):
        await watch.run()
    assert [each.healthy for each in told] == [True, False, False, True]
    assert "cannot be known ([Errno 1] Operation not permitted)" in told[2].why


async def test_a_wall_clock_that_was_set_is_noticed(autojump_clock: trio.testing.MockClock) -> None:
    clock, told = ServiceClock(), list[ClockJudged]()
    watch = ClockWatch(clock, 1.0, told.append, lambda: RIGHT, lambda: time.time() + 90)
    assert "set by +90" in watch.judge().why


def read(folder: Path, clock: str, address: str) -> str:
    file = folder / "dialer.toml"
    file.write_text(SETTINGS.format(clock=clock, address=address))
    return read_settings(file).clock.check


def test_the_check_may_be_off_on_this_machine_only(tmp_path: Path) -> None:
    off = '[clock]\ncheck = "off"'
    assert read(tmp_path, "", "192.0.2.7:5060") == "kernel"
    assert read(tmp_path, off, "127.0.0.1:5060") == "off"
    with pytest.raises(OperatorError, match="does not check its clock"):
        read(tmp_path, off, "192.0.2.7:5060")


def test_no_setting_allows_more_than_a_second(tmp_path: Path) -> None:
    with pytest.raises(OperatorError, match="max_offset_s"):
        read(tmp_path, "[clock]\nmax_offset_s = 1.5", "127.0.0.1:5060")
