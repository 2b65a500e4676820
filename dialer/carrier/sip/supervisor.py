"""One SIP worker's life: started, listened to, watched, replaced.

A worker is a fresh interpreter with one end of a socketpair. It says Hello within `HELLO_S` or is
killed; it answers a pulse a second, and after `MISSED_PULSES` without an answer it gets TERM, two
seconds, then KILL. However it goes, what it held is lost at once and a new one is started, quickly
the first time, slower after each early death, and not at all after `EARLY_DEATHS` in a row: a slot
that only ever crashes is no capacity. On cancellation the worker is asked to hang up and leave,
given a bounded time, and killed if need be. No process outlives `Supervisor.run`.
"""

from __future__ import annotations

import array
import logging
import os
import random
import signal
import socket
import subprocess
import sys
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass

import trio

from dialer.carrier.sip.wire import (
    Beat,
    Decoder,
    EndCall,
    Hello,
    Join,
    Leave,
    Message,
    News,
    Order,
    Part,
    Patch,
    PlaceCall,
    Play,
    Pulse,
    WireFault,
    encode,
)

HELLO_S = 5.0
PULSE_S = 1.0
MISSED_PULSES = 3
TERM_S = 2.0
LEAVE_S = 4.0
"""How long a worker may take to hang up all its legs before it is killed."""
EARLY_S = 30.0
"""A life shorter than this counts as an early death."""
EARLY_DEATHS = 6
"""So many early deaths in a row give the slot up."""
FIRST_BACK_OFF_S = 0.2
LONGEST_BACK_OFF_S = 15.0

_log = logging.getLogger("dialer.carrier.sip")


@dataclass(frozen=True)
class WorkerSettings:
    """How a worker is started. `command` is the program and its first arguments; the number of the
    inherited socket and the options follow."""

    bind_host: str
    public_host: str
    media_ports: range
    """RTP and RTCP take their ports from here, in turn: a port rests before it is used again."""
    calls: int
    """Most calls one worker is to hold; the library's own limit may be lower."""
    command: tuple[str, ...] = (sys.executable, "-m", "dialer.carrier.sip.worker")


class _Life:
    """One process, from start to end, and what is on its way to it."""

    def __init__(self, process: trio.Process, control: trio.socket.SocketType) -> None:
        self.process = process
        self.control = control
        self.greeted = trio.Event()
        self.pulses_unanswered = 0
        self.outbox: deque[tuple[bytes, socket.socket | None]] = deque()
        self.work = trio.Event()


class Supervisor:
    """Keeps one worker alive. `on_up(self, hello)` when a worker is ready, `on_report` for each of
    its reports, `on_down(self)` the moment it is gone; `send` between the two. `starting` bounds
    how many workers start at once, so that many on few cores still make their hello in time."""

    def __init__(
        self,
        name: str,
        settings: WorkerSettings,
        *,
        starting: trio.Semaphore,
        on_up: Callable[[Supervisor, Hello], None],
        on_report: Callable[[Supervisor, News], None],
        on_down: Callable[[Supervisor], None],
    ) -> None:
        self.name = name
        self.tried = trio.Event()
        """Set once the first worker has said hello or failed to."""
        self._settings = settings
        self._starting = starting
        self._on_up = on_up
        self._on_report = on_report
        self._on_down = on_down
        self._life: _Life | None = None
        self._leave_asked = trio.Event()

    def send(self, order: Order, link: socket.socket | None = None) -> None:
        """Queue an order; `link` travels with it and is closed here. A worker that is gone gets
        nothing: what it held has been given up already."""
        life = self._life
        if life is None:
            if link is not None:
                link.close()
            return
        life.outbox.append((encode(order), link))
        life.work.set()

    def leave(self) -> None:
        """Ask the worker to hang up all and exit, and start no other."""
        self._leave_asked.set()
        self.send(Leave())

    async def run(self) -> None:
        """Serve until `leave` has been obeyed, or the slot is given up."""
        early_deaths = 0
        while not self._leave_asked.is_set():
            began = trio.current_time()
            await self._live()
            self.tried.set()
            early_deaths = early_deaths + 1 if trio.current_time() - began < EARLY_S else 1
            if self._leave_asked.is_set():
                return
            if early_deaths >= EARLY_DEATHS:
                _log.error(
                    "worker %s died %d times in a row within %.0f s of its start and is given up: "
                    "its calls are no capacity until the service is restarted. What it said last "
                    "is on standard error",
                    self.name,
                    early_deaths,
                    EARLY_S,
                )
                return
            with trio.move_on_after(back_off_s(early_deaths, random.random())):
                await self._leave_asked.wait()

    # --- one life -----------------------------------------------------------------------------

    async def _live(self) -> None:
        """From the start of a process until it is dead and buried."""
        await self._starting.acquire()
        starting = True
        life: _Life | None = None
        try:
            if self._leave_asked.is_set():
                return
            life = await self._start()
            self._life = life
            if self._leave_asked.is_set():
                self.send(Leave())
            async with trio.open_nursery() as nursery:
                nursery.start_soon(self._speak, life)
                nursery.start_soon(self._watch, life)
                nursery.start_soon(self._bound_leaving, life)
                nursery.start_soon(self._listen, life, nursery.cancel_scope)
                with trio.move_on_after(HELLO_S):
                    await life.greeted.wait()
                self._starting.release()
                starting = False
        finally:
            self._life = None
            if starting:
                self._starting.release()
            if life is not None:
                if life.greeted.is_set():
                    self._on_down(self)
                for _, link in life.outbox:
                    if link is not None:
                        link.close()
                life.control.close()
                with trio.CancelScope(shield=True):
                    await _bury(life.process)
                if not self._leave_asked.is_set():
                    _log.warning("worker %s died (%s)", self.name, _death_of(life.process))

    async def _start(self) -> _Life:
        ours, theirs = socket.socketpair()
        with theirs:
            process = await trio.lowlevel.open_process(
                [
                    *self._settings.command,
                    str(theirs.fileno()),
                    f"--bind-host={self._settings.bind_host}",
                    f"--public-host={self._settings.public_host}",
                    f"--calls={self._settings.calls}",
                    "--media-ports",
                    str(self._settings.media_ports.start),
                    str(self._settings.media_ports.stop),
                ],
                pass_fds=[theirs.fileno()],
                stdin=subprocess.DEVNULL,
                # The library prints to stdout before its log settings apply.
                stdout=subprocess.DEVNULL,
                start_new_session=True,
                env={**os.environ, "OPENBLAS_NUM_THREADS": "1"},
            )
        return _Life(process, trio.socket.from_stdlib_socket(ours))

    async def _listen(self, life: _Life, whole_life: trio.CancelScope) -> None:
        """Hand on what the worker says, until its end of the socket closes: then it is over."""
        decoder = Decoder()
        try:
            while data := await life.control.recv(65_536):
                for message in decoder.feed(data):
                    self._hear(life, message)
        except ConnectionResetError:
            pass  # it died with orders unread
        except WireFault as fault:
            _log.error("worker %s is killed: %s", self.name, fault)
            life.process.kill()
        whole_life.cancel()

    def _hear(self, life: _Life, message: Message) -> None:
        match message:
            case Hello():
                life.greeted.set()
                self.tried.set()
                self._on_up(self, message)
            case Beat():
                life.pulses_unanswered = 0
            case PlaceCall() | EndCall() | Join() | Patch() | Part() | Play() | Pulse() | Leave():
                raise WireFault(f"a worker may not give orders: {message}")
            case _:
                self._on_report(self, message)

    async def _speak(self, life: _Life) -> None:
        try:
            while True:
                await life.work.wait()
                life.work = trio.Event()
                while life.outbox:
                    data, link = life.outbox.popleft()
                    if link is not None:
                        with link:
                            rights = (
                                socket.SOL_SOCKET,
                                socket.SCM_RIGHTS,
                                array.array("i", [link.fileno()]),
                            )
                            data = data[await life.control.sendmsg([data], [rights]) :]
                    while data:
                        data = data[await life.control.send(data) :]
        except OSError:
            return  # it is gone; _listen hears so too

    async def _watch(self, life: _Life) -> None:
        """Kill a worker that does not greet, or greets and then no longer answers."""
        with trio.move_on_after(HELLO_S):
            await life.greeted.wait()
        if not life.greeted.is_set():
            _log.error("worker %s did not say hello within %.0f s: killed", self.name, HELLO_S)
            life.process.kill()
            return
        while life.pulses_unanswered < MISSED_PULSES:
            life.pulses_unanswered += 1
            self.send(Pulse(life.pulses_unanswered))
            await trio.sleep(PULSE_S)
        _log.error("worker %s missed %d pulses: ended", self.name, MISSED_PULSES)
        life.process.terminate()
        await trio.sleep(TERM_S)
        life.process.kill()

    async def _bound_leaving(self, life: _Life) -> None:
        await self._leave_asked.wait()
        await trio.sleep(LEAVE_S)
        _log.error("worker %s did not leave within %.0f s: killed", self.name, LEAVE_S)
        life.process.kill()


async def _bury(process: trio.Process) -> None:
    """Wait for the process, at most `TERM_S`, then make sure. Leaves no zombie."""
    with trio.move_on_after(TERM_S):
        await process.wait()
        return
    process.kill()
    await process.wait()


def back_off_s(early_deaths: int, chance: float) -> float:
    """How long to wait after so many early deaths in a row; `chance` in 0..1 spreads workers that
    died together, by half either way."""
    longest = min(FIRST_BACK_OFF_S * 3.0 ** (early_deaths - 1), LONGEST_BACK_OFF_S)
    return longest * (0.5 + chance)


def _death_of(process: trio.Process) -> str:
    code = process.returncode
    if code is not None and code < 0:
        return f"signal {signal.Signals(-code).name}"
    return f"exit status {code}"
