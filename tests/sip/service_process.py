"""A `dialer serve` of our own: its working folder, its process, and people with browsers at it.

The world is the demo's (campaign, lists, settings with the demo's clock), with leads chosen by what
their numbers do.
"""

from __future__ import annotations

import contextlib
import csv
import json
import logging
import os
import re
import secrets
import signal
import subprocess
import sys
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

import httpx
import trio

from dialer.compliance.suppression import Suppressions
from dialer.demo.robots import browser
from dialer.demo.sipp import free_ports
from dialer.demo.truth import read_truth
from dialer.demo.world import Ports, agent_names, build_world
from dialer.dnc.shelf import wall_clock
from dialer.model.instant import Instant
from dialer.model.journal import EntryKind, JournalEntry, StoredEntry
from dialer.model.reports import Role, User
from dialer.service.clock import now_of
from dialer.service.list_shelf import put_in_force, shelve_aside
from dialer.service.office import hash_password
from dialer.service.offline import reading, writing
from dialer.settings import Settings, read_settings
from tests.sip.sipp import DEMO, number, sipp

_log = logging.getLogger(__name__)

ROOT = Path(__file__).parents[2]
PATIENCE_S = 40.0
"""For what has no bound of its own, on a machine that is busy with other things."""
LOOK_S = 0.05
LAST_WORDS_S = 4.0
_AREAS = (
    *(201, 303, 404, 512, 602, 713, 816, 917, 206, 313, 314, 415, 503, 504, 615, 617, 702),
    *(646, 718, 310, 312, 414, 614, 704, 919),
)
"""More than are on the demo's lists with any one suffix, and enough beside."""


T = TypeVar("T")


async def until(
    look: Callable[[], Awaitable[T]],
    holds: Callable[[T], bool],
    what: str,
    within_s: float = PATIENCE_S,
) -> T:
    """Look again and again until what is seen holds. Fails the test where it does not in time."""
    seen: object = None
    with trio.move_on_after(within_s):
        while True:
            seen = found = await look()
            if holds(found):
                return found
            await trio.sleep(LOOK_S)
    raise AssertionError(f"not within {within_s} s: {what}; last seen: {str(seen)[-3_000:]}")


@dataclass(frozen=True)
class World:
    """A working folder with everybody's passwords, and the ports of carrier and phones."""

    folder: Path
    config: Path
    settings: Settings
    passwords: dict[str, str]
    ports: Ports
    numbers: tuple[str, ...]

    @asynccontextmanager
    async def carrier(self) -> AsyncIterator[None]:
        async with sipp(DEMO / "carrier.xml", 33_000, self.folder, self.ports.carrier):
            yield

    @asynccontextmanager
    async def phones(self) -> AsyncIterator[None]:
        async with sipp(DEMO / "agents.xml", 36_000, self.folder, self.ports.phones):
            yield

    def now(self) -> Instant:
        """The service clock's time."""
        return now_of(self.settings)

    async def stored(self) -> list[StoredEntry]:
        """The whole journal, oldest first."""
        return list(reversed(await reading(self.settings).journal(limit=1_000_000)))

    async def journal(self, *kinds: EntryKind) -> list[JournalEntry]:
        """Entries of these kinds (all without), oldest first."""
        return [e.entry for e in await self.stored() if not kinds or e.entry.kind in kinds]

    async def calls_over(self) -> list[str]:
        """The numbers of the calls that came to the carrier and are over, as the carrier saw it."""
        return [called for called, _ in read_truth(self.folder / "carrier.log")]

    async def until_journal(
        self, holds: Callable[[list[JournalEntry]], bool], what: str
    ) -> list[JournalEntry]:
        """Read the journal until it holds."""
        return await until(self.journal, holds, what)


async def build(
    folder: Path, behaviours: Sequence[str], *, agents: int = 2, workers: int = 2
) -> World:
    """A world whose leads behave so, in this order."""
    carrier_port, phones_port = free_ports(2)
    ports = Ports(carrier_port, phones_port)
    config = build_world(folder, None, agents, ports)
    text = re.sub(r"workers = \d+", f"workers = {workers}", config.read_text())
    config.write_text(text)
    numbers = _numbers(behaviours, _lists(folder))
    leads = folder / "campaigns" / "demo" / "leads.csv"
    with leads.open("w", newline="", encoding="utf-8-sig") as out:
        rows = csv.writer(out)
        rows.writerow(("First Name", "Last Name", "City", "State", "ZIP", "Phone"))
        rows.writerows(("Ada", "Sample", "Sampleton", "", "", each) for each in numbers)
    settings = read_settings(config)
    passwords = {name: secrets.token_urlsafe(12) for name in ("manager", *agent_names(agents))}
    async with writing(settings) as store:
        for name, password in passwords.items():
            role = Role.MANAGER if name == "manager" else Role.AGENT
            person = User(name, name, role)
            await store.add_user(person, hash_password(password), now_of(settings), "test")
    return World(folder, config, settings, passwords, ports, numbers)


def _lists(folder: Path) -> Suppressions:
    """The world's do-not-call lists."""
    suppressions = Suppressions()
    put_in_force(shelve_aside(folder / "dnc_lists", wall_clock()), suppressions)
    return suppressions


def _numbers(behaviours: Sequence[str], suppressions: Suppressions) -> tuple[str, ...]:
    """A number of its own for each, that may be called."""
    chosen: list[str] = []
    for behaviour in behaviours:
        fitting = (f"+1{area}{number(behaviour)[5:]}" for area in _AREAS)
        chosen.append(next(n for n in fitting if n not in chosen and not suppressions.on_lists(n)))
    return tuple(chosen)


class Person:
    """Somebody at a browser, signed in."""

    def __init__(self, client: httpx.AsyncClient) -> None:
        self.client = client

    async def state(self) -> dict[str, Any]:
        """The agent's page as data."""
        answer = await self.client.get("/agent/state")
        answer.raise_for_status()
        state: dict[str, Any] = json.loads(answer.text)
        return state

    async def click(self, what: str, **fields: str) -> None:
        csrf = (await self.state())["csrf"]
        answer = await self.client.post(
            f"/agent/{what}", data={"csrf": csrf, **fields}, follow_redirects=False
        )
        assert answer.status_code == 303, f"{what}: {answer.status_code} {answer.text[:300]}"

    async def until(self, holds: Callable[[dict[str, Any]], bool], what: str) -> dict[str, Any]:
        """Look at the page until it holds."""
        return await until(self.state, holds, what)

    async def is_in(self, *states: str) -> dict[str, Any]:
        """Wait for one of the states, with the phone up."""
        return await self.until(
            lambda page: page["state"] in states and page["phone_up"], " or ".join(states)
        )

    async def open_shift(self) -> None:
        await self.click("start")
        await self.click("ready")
        await self.is_in("READY", "RESERVED", "INCALL")

    async def finish_call(self, disposition: str = "NOT_INTERESTED") -> None:
        """Hang up, and choose at wrap-up."""
        call = (await self.is_in("INCALL"))["call"]
        await self.click("hang-up", attempt=str(call["attempt"]))
        await self.choose(disposition)

    async def choose(self, disposition: str = "NOT_INTERESTED") -> None:
        call = (await self.until(lambda page: page["state"] == "WRAPUP", "WRAPUP"))["call"]
        await self.click("dispose", attempt=str(call["attempt"]), disposition=disposition, notes="")


class ServiceProcess:
    """A running `dialer serve`."""

    def __init__(self, process: trio.Process, address: str, log: Path) -> None:
        self.process = process
        self.address = address
        self.log = log

    @property
    def pid(self) -> int:
        return self.process.pid

    def workers(self) -> dict[str, int]:
        """The SIP workers by name (`sip-1`), each the newest process of its slot, alive or not."""
        said = re.findall(r"worker (sip-\d+) is up: process (\d+)", self.log.read_text())
        return {name: int(pid) for name, pid in said}

    async def said(self) -> str:
        return self.log.read_text()

    async def exit(self, within_s: float) -> int:
        """Wait until it has ended; its exit status."""
        with trio.move_on_after(within_s):
            return await self.process.wait()
        raise AssertionError(f"still there after {within_s} s:\n{self.log.read_text()[-2_000:]}")

    async def health(self) -> dict[str, Any]:
        async with httpx.AsyncClient(base_url=self.address, timeout=10) as client:
            found: dict[str, Any] = (await client.get("/healthz")).json()
            return found

    async def until_health(self, holds: Callable[[dict[str, Any]], bool], what: str) -> None:
        """Ask until it holds."""
        await until(self.health, holds, what)

    @asynccontextmanager
    async def person(self, world: World, name: str) -> AsyncIterator[Person]:
        """A signed-in person."""
        async with browser(self.address, name, world.passwords[name]) as client:
            yield Person(client)


@asynccontextmanager
async def serving(world: World) -> AsyncIterator[ServiceProcess]:
    """A `dialer serve` on the world's settings; killed on leaving the block if still there, and no
    SIP worker of it is left."""
    log = world.folder / f"serve-{secrets.token_hex(4)}.log"
    command = [sys.executable, "-m", "dialer", "serve", "--config", str(world.config)]
    with log.open("wb") as errors:
        process = await trio.lowlevel.open_process(
            command, cwd=ROOT, stdin=subprocess.DEVNULL, stdout=errors, stderr=errors
        )
    running = ServiceProcess(process, "", log)
    try:
        with trio.fail_after(PATIENCE_S):
            while not (found := re.search(r"pages at (http://\S+)", log.read_text())):
                assert process.poll() is None, f"the service ended:\n{log.read_text()[-2_000:]}"
                await trio.sleep(LOOK_S)
        running.address = found.group(1)
        yield running
    except BaseException:
        # A service that is failing says why once its calls are hung up: let it.
        with trio.move_on_after(LAST_WORDS_S, shield=True):
            await process.wait()
        _log.error("the service said:\n%s", log.read_text()[-5_000:])
        raise
    finally:
        if process.poll() is None:
            process.kill()
        with trio.CancelScope(shield=True):
            await process.wait()
            for pid in running.workers().values():
                await gone(pid)


async def gone(pid: int, within_s: float = 10.0) -> None:
    """Wait until a SIP worker is no more; one that outlives its service is ended, and the test
    fails."""

    async def there() -> bool:
        try:
            command = await (trio.Path("/proc") / str(pid) / "cmdline").read_bytes()
        except OSError:
            return False
        return b"dialer.carrier.sip.worker" in command

    try:
        await until(there, lambda still: not still, f"the end of SIP worker {pid}", within_s)
    except AssertionError:
        with contextlib.suppress(ProcessLookupError):
            os.kill(pid, signal.SIGKILL)
        raise
