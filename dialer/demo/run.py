"""The whole demo: far ends up, service up, robots to work, then the report."""

from __future__ import annotations

import contextlib
import secrets
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import trio
from rich.console import Console

from dialer.demo import truth
from dialer.demo.robots import RobotAgent, browser, press_start
from dialer.demo.screen import Screen
from dialer.demo.sipp import free_ports, sipp
from dialer.demo.world import CAMPAIGN, Ports, agent_names, build_world
from dialer.model.agents import AgentState
from dialer.model.calls import AttemptState
from dialer.model.instant import Instant
from dialer.model.journal import EntryKind, StoredEntry
from dialer.model.reports import Role, User
from dialer.model.snapshot import FloorSnapshot
from dialer.service.loading import Shelf, load
from dialer.service.office import ServiceOffice
from dialer.service.run import Running, Service
from dialer.settings import Settings, read_settings

REDRAW_S = 0.5
GIVE_UP_S = 900.0
"""A demo that has not finished by then has failed."""


TRUTH_SETTLES_S = 1.5
"""SIPp writes a call's line once its last message has passed."""


class DemoStuck(Exception):
    """The demo did not come to its end in time."""


@dataclass(frozen=True, slots=True)
class DemoReport:
    """`figures` as documented for `dialer demo --json`; `mismatches` in words."""

    figures: dict[str, Any]
    mismatches: tuple[str, ...]

    @property
    def went_right(self) -> bool:
        figures = self.figures
        return (
            figures["truth_mismatches"] == 0
            and bool(figures["journal_verified"])
            and figures["drop_rate"] <= figures["drop_ceiling"]
            and figures["dials"] > 0
        )


async def run_demo(
    console: Console,
    leads: int | None,
    agents: int,
    seed: int,
    keep: Path | None = None,
    recordings: Path | None = None,
) -> DemoReport:
    """Run the demo in a temporary folder, or in `keep`, which stays. With `recordings`, what each
    side of every bridge was sent is left there.

    Raises OperatorError where something is missing, DemoStuck where it does not end.
    """
    with contextlib.ExitStack() as stack:
        folder = keep or Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="dialer-")))
        folder.mkdir(parents=True, exist_ok=True)
        carrier_port, phones_port = free_ports(2)
        ports = Ports(carrier_port, phones_port)
        settings_file = build_world(folder, leads, agents, ports, recordings)
        stack.enter_context(sipp("carrier.xml", carrier_port, 20_000, folder / "truth.log"))
        stack.enter_context(sipp("agents.xml", phones_port, 30_000, folder / "phones.log"))
        settings = read_settings(settings_file)
        console.print(f"working folder {folder}; {settings.carrier.workers} SIP workers starting")
        return await _with_service(console, settings, folder, agents, seed)


async def _with_service(
    console: Console, settings: Settings, folder: Path, agents: int, seed: int
) -> DemoReport:
    service = Service(settings, load(settings, Shelf.KEPT))
    async with trio.open_nursery() as nursery:
        running: Running = await nursery.start(service.run)
        passwords = await _add_people(running.office, agents)
        with trio.move_on_after(GIVE_UP_S) as limit:
            async with trio.open_nursery() as people:
                async with browser(running.address, "manager", passwords["manager"]) as manager:
                    await _open_shifts(people, running.address, passwords, agents, seed)
                    await press_start(manager)
                    await _watch(console, running, folder)
                people.cancel_scope.cancel()
        if limit.cancelled_caught:
            raise DemoStuck(f"not finished after {GIVE_UP_S:.0f} s: see {folder}")
        report = await _report(running.office, folder)
        service.leave()
    return report


async def _add_people(office: ServiceOffice, agents: int) -> dict[str, str]:
    """Sign-ins for the robots, each with a password of its own."""
    people = [User("manager", "Robot manager", Role.MANAGER)]
    people += [User(name, name, Role.AGENT) for name in agent_names(agents)]
    passwords = {user.name: secrets.token_urlsafe(12) for user in people}
    for user in people:
        await office.add_user(user, passwords[user.name], "demo")
    return passwords


async def _open_shifts(
    people: trio.Nursery, address: str, passwords: dict[str, str], agents: int, seed: int
) -> None:
    seeds = np.random.SeedSequence(seed).generate_state(agents)
    for name, each in zip(agent_names(agents), seeds, strict=True):
        await people.start(_shift, address, name, passwords[name], int(each))


async def _shift(
    address: str, name: str, password: str, seed: int, *, task_status: trio.TaskStatus[None]
) -> None:
    async with browser(address, name, password) as client:
        robot = RobotAgent(client, seed)
        await robot.open_shift()
        task_status.started()
        await robot.work()


async def _watch(console: Console, running: Running, folder: Path) -> None:
    """Draw until the list is used up for now, every call over and every wrap-up done."""
    report = await running.office.campaign_report(CAMPAIGN)
    with Screen(console, report.leads) as screen:
        while True:
            snapshot = running.office.snapshot()
            screen.draw(snapshot, running.address)
            if _over(snapshot):
                return
            await trio.sleep(REDRAW_S)


def _over(snapshot: FloorSnapshot) -> bool:
    view = snapshot.campaigns[0]
    busy = {AgentState.INCALL, AgentState.WRAPUP, AgentState.RESERVED}
    return (
        view.dry
        and not view.hopper
        and not any(view.stages.get(state, 0) for state in AttemptState)
        and not any(agent.state in busy for agent in snapshot.agents)
    )


async def _report(office: ServiceOffice, folder: Path) -> DemoReport:
    await trio.sleep(TRUTH_SETTLES_S)
    entries = await whole_journal(office)
    found = truth.mismatches(
        truth.read_truth(folder / "truth.log"),
        truth.read_written(entries),
        truth.right_dispositions(),
    )
    report = await office.campaign_report(CAMPAIGN)
    verification = await office.verify()
    view = office.snapshot().campaigns[0]
    waits = np.array(report.verdict_to_agent_ms or (0,))
    figures: dict[str, Any] = {
        "leads_loaded": report.leads,
        "leads_rejected": report.leads_rejected,
        "refused": dict(sorted(report.refused.items())),
        "dials": report.dials,
        "answered": report.answered,
        "live": report.live,
        "machines": report.machines,
        "connected": report.connected,
        "dropped": report.dropped,
        "drop_rate": round(report.drop_rate, 4),
        "drop_ceiling": view.campaign.drop_ceiling,
        "dispositions": dict(sorted(report.dispositions.items())),
        "truth_mismatches": len(found),
        "agent_utilisation": round(utilisation(entries), 4),
        "answer_to_agent_ms": {
            "p50": int(np.percentile(waits, 50)),
            "p95": int(np.percentile(waits, 95)),
            "max": int(waits.max()),
        },
        "talk_s": round(report.talk_ms / 1000, 1),
        "journal_entries": verification.entries,
        "journal_verified": verification.verified,
    }
    return DemoReport(figures, tuple(found))


async def whole_journal(office: ServiceOffice) -> list[StoredEntry]:
    """Every entry, newest first."""
    entries: list[StoredEntry] = []
    page = await office.journal(limit=1000)
    while page:
        entries += page
        page = await office.journal(before=page[-1].seq, limit=1000)
    return entries


def utilisation(entries: Sequence[StoredEntry]) -> float:
    """Share of the agents' time, from their first READY to the last change of any agent, that was
    talk or wrap-up."""
    changes = [
        (each.entry.agent, each.entry.at, str(each.entry.data["state"]))
        for each in sorted(entries, key=lambda each: each.seq)
        if each.entry.kind is EntryKind.AGENT_CHANGED
    ]
    if not changes:
        return 0.0
    end = max(at for _, at, _ in changes)
    busy = whole = 0
    for agent in {agent for agent, _, _ in changes}:
        own = [(at, state) for name, at, state in changes if name == agent]
        first = next((i for i, (_, s) in enumerate(own) if s == AgentState.READY), None)
        if first is None:
            continue
        later: list[tuple[Instant, str]] = [*own[first:], (end, "")]
        for (since, state), (until, _) in pairwise(later):
            whole += until - since
            if state in (AgentState.INCALL, AgentState.WRAPUP):
                busy += until - since
    return busy / whole if whole else 0.0
