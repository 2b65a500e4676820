"""Workers that crash, hang, keep silent, talk rubbish or lose their parent: real processes."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager

import pytest
import trio

from dialer.carrier.sip import supervisor as supervision
from dialer.carrier.sip.pool import SipCarrier
from dialer.carrier.sip.supervisor import Supervisor, WorkerSettings, back_off_s
from dialer.carrier.sip.wire import Hello, News
from dialer.model.calls import LegId
from dialer.model.commands import Bridge
from dialer.model.errors import CarrierFault
from dialer.model.events import CapacityChanged, LegEnded, LegsBridged, LegsLost
from tests.contracts.carrier_contract import Line
from tests.sip.bench import Bench, bench, descendants, eventually, service_now
from tests.sip.far_end import FarEnd, answering

NUMBER = "+12125550100"
SCRIPTS = {NUMBER: answering(700.0), "agent": answering(1_100.0)}


def workers(before: set[int]) -> list[int]:
    return sorted(set(descendants()) - before)


def worker_holding(b: Bench, leg: LegId) -> int:
    name = b.carrier.worker_of(leg)
    assert name is not None
    return b.carrier.processes()[name]


async def test_a_killed_worker_loses_its_legs_at_once_and_only_its_own() -> None:
    async with bench(SCRIPTS, workers=2) as b:
        agent = await b.up(b.call_agent("agent"))
        lead = await b.up(b.dial(NUMBER))
        b.carrier.carry_out(Bridge(lead, agent))
        await b.line.heard(LegsBridged, lead)
        os.kill(worker_holding(b, lead), signal.SIGKILL)
        lost = await b.line.wait(lambda event: isinstance(event, LegsLost), 1.0)
        assert isinstance(lost, LegsLost)
        assert lost.legs == (lead,)
        await b.line.wait(lambda event: event == CapacityChanged(4), 1.0)
        await eventually(lambda: b.line.events[-1] == CapacityChanged(8), 5.0)
        again = await b.up(b.dial(NUMBER))
        b.carrier.carry_out(Bridge(again, agent))
        await b.line.heard(LegsBridged, again)
        assert not [e for e in b.line.about(agent) if isinstance(e, LegEnded | LegsLost)]


async def test_a_worker_that_hangs_is_killed_and_replaced() -> None:
    before = set(descendants())
    async with bench(SCRIPTS) as b:
        (pid,) = workers(before)
        lead = await b.up(b.dial(NUMBER))
        os.kill(pid, signal.SIGSTOP)
        lost = await b.line.wait(lambda event: isinstance(event, LegsLost), 8.0)
        assert isinstance(lost, LegsLost)
        assert lost.legs == (lead,)
        await eventually(lambda: b.line.events[-1] == CapacityChanged(4), 5.0)
        assert workers(before) != [pid]
        await b.up(b.dial(NUMBER))


async def test_leaving_does_not_wait_for_a_worker_that_hangs(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(supervision, "LEAVE_S", 0.5)
    before = set(descendants())
    with trio.fail_after(8):
        async with bench(SCRIPTS) as b:
            (pid,) = workers(before)
            lead = await b.up(b.dial(NUMBER))
            os.kill(pid, signal.SIGSTOP)
    assert [e.legs for e in b.line.about(lead) if isinstance(e, LegsLost)] == [(lead,)]


PARENT = """
import sys, time, trio
from dialer.carrier.sip.pool import SipCarrier
from dialer.model.calls import LegId
from dialer.model.commands import Dial
from dialer.model.events import LegAnswered
from dialer.model.instant import Instant
from dialer.model.trunks import Trunk

def emit(event):
    if isinstance(event, LegAnswered):
        sys.stdout.write(f"{carrier.processes()['sip-1']}\\n")
        sys.stdout.flush()

async def main():
    async with trio.open_nursery() as nursery:
        await nursery.start(carrier.run)
        carrier.carry_out(Dial(LegId(1), "far", sys.argv[2], "+12025550199", "", False))

carrier = SipCarrier(
    emit, lambda: Instant(0), trunks=[Trunk("far", sys.argv[1], 9, 9.0)], workers=1
)
trio.run(main)
"""


async def test_a_worker_whose_parent_dies_hangs_up_and_exits() -> None:
    with FarEnd(SCRIPTS) as far:
        parent = await trio.lowlevel.open_process(
            [sys.executable, "-c", PARENT, far.address, NUMBER], stdout=subprocess.PIPE
        )
        assert parent.stdout is not None
        said = b""
        with trio.fail_after(10):
            while not said.endswith(b"\n"):
                said += await parent.stdout.receive_some(200)
        worker = int(said)
        parent.kill()
        await parent.wait()
        await parent.stdout.aclose()
        await eventually(lambda: far.call(NUMBER).ended == "BYE", 2.0)
        await eventually(lambda: not alive(worker), 4.0)


def alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return True


# --- one supervisor, strange workers ------------------------------------------------------------


class Told:
    """What a supervisor says."""

    def __init__(self) -> None:
        self.ups = 0
        self.downs = 0
        self.news: list[News] = []

    def up(self, supervisor: Supervisor, hello: Hello) -> None:
        self.ups += 1

    def reported(self, supervisor: Supervisor, news: News) -> None:
        self.news.append(news)

    def down(self, supervisor: Supervisor) -> None:
        self.downs += 1


@asynccontextmanager
async def supervised(program: str) -> AsyncIterator[tuple[Supervisor, Told, Callable[[], bool]]]:
    """A supervisor of workers that run `program` instead; whether it has finished."""
    told = Told()
    settings = WorkerSettings(
        "127.0.0.1", "127.0.0.1", range(10_000, 10_100), 4, (sys.executable, "-c", program)
    )
    supervisor = Supervisor(
        "strange",
        settings,
        starting=trio.Semaphore(1),
        on_up=told.up,
        on_report=told.reported,
        on_down=told.down,
    )
    before = set(descendants())
    finished = trio.Event()

    async def run() -> None:
        await supervisor.run()
        finished.set()

    async with trio.open_nursery() as nursery:
        nursery.start_soon(run)
        yield supervisor, told, finished.is_set
        supervisor.leave()
    assert workers(before) == []


async def test_a_worker_that_never_says_hello_is_killed(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(supervision, "HELLO_S", 0.4)
    before = set(descendants())
    async with supervised("import time; time.sleep(60)") as (supervisor, told, _):
        await eventually(lambda: len(workers(before)) == 1)
        (first,) = workers(before)
        with trio.fail_after(3):
            await supervisor.tried.wait()
        await eventually(lambda: not alive(first))
        assert told.ups == told.downs == 0
        await eventually(lambda: workers(before) not in ([], [first]))
        monkeypatch.setattr(supervision, "LEAVE_S", 0.1)
    assert "did not say hello" in caplog.text


async def test_a_worker_that_always_crashes_is_given_up(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(supervision, "EARLY_DEATHS", 3)
    monkeypatch.setattr(supervision, "FIRST_BACK_OFF_S", 0.02)
    async with supervised("raise SystemExit(7)") as (_, told, finished):
        await eventually(finished, 10.0)
        assert told.ups == 0
    assert caplog.text.count("died (exit status 7)") == 3
    assert "given up" in caplog.text


async def test_a_worker_that_talks_rubbish_is_killed(caplog: pytest.LogCaptureFixture) -> None:
    rubbish = (
        "import socket, sys, time\n"
        "s = socket.socket(fileno=int(sys.argv[1]))\n"
        'body = b\'["Hello", "1", 4, 1]\'\n'
        "s.sendall(len(body).to_bytes(4, 'big') + body + b'GET / HTTP/1.1')\n"
        "time.sleep(60)\n"
    )
    async with supervised(rubbish) as (_, told, __):
        await eventually(lambda: "is killed" in caplog.text)
        await eventually(lambda: told.ups == told.downs)


async def test_a_carrier_without_any_worker_says_so() -> None:
    line = Line()
    carrier = SipCarrier(line.emit, service_now, trunks=[], workers=2, bind_host="192.0.2.1")
    with pytest.raises(CarrierFault, match="none of 2 SIP workers"):
        await carrier.run()
    assert line.events == []


def test_the_first_restart_is_quick_and_later_ones_are_slower() -> None:
    assert back_off_s(1, 1.0) < 1.0
    waits = [back_off_s(deaths, 0.5) for deaths in range(1, supervision.EARLY_DEATHS)]
    assert waits == sorted(waits)
    assert waits[-1] > 10 * waits[0]
    assert back_off_s(50, 1.0) <= 1.5 * supervision.LONGEST_BACK_OFF_S
