"""What the service does when things around it break: real processes, real SIP on loopback, people
who click over HTTP. Each test is one fault; the journal is what is believed in the end."""

from __future__ import annotations

import logging
import os
import resource
import secrets
import signal
import sqlite3
import sys
from collections.abc import Iterator
from contextlib import AsyncExitStack, closing, contextmanager
from itertools import pairwise
from pathlib import Path

import pytest
import trio

from dialer.demo import robots
from dialer.demo.robots import RobotAgent, browser, press_start
from dialer.demo.world import agent_names
from dialer.floor.trunks import TRUNK_FAILURES_TOLERATED
from dialer.model.calls import Blame, Cause
from dialer.model.instant import SECOND_MS
from dialer.model.journal import EntryKind, JournalEntry
from dialer.model.leads import LeadState
from dialer.service.offline import reading
from tests.sip.service_process import ROOT, ServiceProcess, World, build, gone, serving, until

_log = logging.getLogger(__name__)
"""Says what was measured (pytest --log-cli-level=INFO)."""

BACK_WITHIN_S = 5.0
"""The promise about agents whose SIP worker died."""


@pytest.fixture(autouse=True)
def short_talk(monkeypatch: pytest.MonkeyPatch) -> None:
    """Robots talk for a second or two, to keep the tests short."""
    monkeypatch.setattr(robots, "TALK_S", (1.5, 0.3))


def intended(entries: list[JournalEntry]) -> list[JournalEntry]:
    return [entry for entry in entries if entry.kind is EntryKind.DIAL_INTENDED]


def ended(entries: list[JournalEntry]) -> list[JournalEntry]:
    return [entry for entry in entries if entry.kind is EntryKind.ATTEMPT_ENDED]


def talking(entries: list[JournalEntry]) -> set[str]:
    """The numbers bridged to an agent now."""
    over = {entry.attempt_id for entry in ended(entries)}
    return {
        entry.number
        for entry in entries
        if entry.kind is EntryKind.BRIDGED and entry.attempt_id not in over
    }


def all_tried_and_over(world: World, entries: list[JournalEntry]) -> bool:
    """Every lead was dialled, and no attempt is open."""
    tried = {entry.number for entry in intended(entries)}
    return tried == set(world.numbers) and len(ended(entries)) == len(intended(entries))


async def audit(world: World) -> list[JournalEntry]:
    """What must hold after any fault: the chain verifies, the shifted clock marks every entry,
    every attempt has exactly one end, and no number was dialled twice inside the minimum gap."""
    verification = await reading(world.settings).verify()
    assert verification.verified, verification.why
    stored = await world.stored()
    shift_ms = world.settings.clock_shift_s * SECOND_MS
    assert shift_ms != 0
    assert {each.clock_shift_ms for each in stored} == {shift_ms}
    entries = [each.entry for each in stored]
    began = [entry.attempt_id for entry in intended(entries)]
    over = [entry.attempt_id for entry in ended(entries)]
    assert len(set(began)) == len(began)
    assert len(set(over)) == len(over), "an attempt ended twice"
    assert set(over) == set(began), "an attempt without an end"
    for number in world.numbers:
        times = [entry.at for entry in intended(entries) if entry.number == number]
        assert all(b - a >= 3_600 * SECOND_MS for a, b in pairwise(times)), number
    return entries


async def until_alarm(world: World, name: str) -> None:
    def raised(entries: list[JournalEntry]) -> bool:
        return any(e.kind is EntryKind.ALARM and e.data["name"] == name for e in entries)

    await world.until_journal(raised, f"alarm {name}")


async def robot(service: ServiceProcess, world: World, name: str, seed: int) -> None:
    """A robot's shift, until cancelled."""
    async with browser(service.address, name, world.passwords[name]) as client:
        worker = RobotAgent(client, seed)
        await worker.open_shift()
        await worker.work()


async def test_a_killed_sip_worker(tmp_path: Path) -> None:
    world = await build(tmp_path, ["human_short"] * 5 + ["busy", "machine_beep", "vacant"])
    async with (
        world.carrier(),
        world.phones(),
        serving(world) as service,
        service.person(world, "manager") as manager,
        service.person(world, "agent01") as ada,
        service.person(world, "agent02") as ben,
    ):
        await ada.open_shift()
        await ben.open_shift()
        await press_start(manager.client)
        await ada.is_in("INCALL")
        await ben.is_in("INCALL")
        # Two workers, each with one agent's phone and one lead's leg: first one dies, then both.
        killed_at, began = world.now(), trio.current_time()
        os.kill(service.workers()["sip-1"], signal.SIGKILL)
        await until_alarm(world, "worker_lost")
        for agent in (ada, ben):
            await agent.is_in("READY", "RESERVED", "INCALL", "WRAPUP")
        back_s = trio.current_time() - began
        lost = [e for e in ended(await world.journal()) if e.data["cause"] == Cause.LOST]
        assert lost, "the worker held a lead's leg"
        assert back_s <= BACK_WITHIN_S
        for entry in lost:
            assert entry.data["blame"] == Blame.US
            assert 0 <= entry.at - killed_at <= SECOND_MS
        assert "SIP worker sip-1 died" in (await manager.client.get("/campaigns/demo")).text
        await until(service.said, lambda log: log.count("worker sip-1 is up") == 2, "a new worker")
        began = trio.current_time()
        for pid in service.workers().values():
            os.kill(pid, signal.SIGKILL)
        await until_alarm(world, "no_capacity")
        for agent in (ada, ben):
            await agent.is_in("READY", "RESERVED", "INCALL", "WRAPUP")
        all_back_s = trio.current_time() - began
        _log.info("agents back after %.2f s (one worker), %.2f s (all)", back_s, all_back_s)
        assert all_back_s <= BACK_WITHIN_S
        async with trio.open_nursery() as nursery:
            for person, seed in ((ada, 1), (ben, 2)):
                nursery.start_soon(RobotAgent(person.client, seed).work)
            await world.until_journal(
                lambda entries: all_tried_and_over(world, entries), "the run finishes"
            )
            for agent in (ada, ben):
                await agent.is_in("READY")
            nursery.cancel_scope.cancel()
    await audit(world)


async def test_a_killed_service_started_again(tmp_path: Path) -> None:
    """SIGKILL in the middle of a run, a new start that dials by itself, then a stop that lets calls
    finish. The far end is asked what reached it."""
    world = await build(tmp_path, ["human_short"] * 13 + ["busy", "vacant", "no_answer"])
    async with world.carrier(), world.phones():
        async with serving(world) as service, trio.open_nursery() as people:
            people.start_soon(robot, service, world, "agent01", 1)
            people.start_soon(robot, service, world, "agent02", 2)
            async with service.person(world, "manager") as manager:
                await press_start(manager.client)
            await world.until_journal(
                lambda entries: len(intended(entries)) >= 4 and bool(talking(entries)),
                "a conversation",
            )
            people.cancel_scope.cancel()
            service.process.kill()
            began = trio.current_time()
        for pid in service.workers().values():
            await gone(pid)
        workers_gone_s = trio.current_time() - began
        before = await world.journal()
        open_ones = {e.attempt_id for e in intended(before)} - {e.attempt_id for e in ended(before)}
        assert open_ones
        await until(world.calls_over, lambda over: talking(before) <= set(over), "their ends")

        async with (
            serving(world) as service,
            service.person(world, "agent01") as ada,
            service.person(world, "agent02") as ben,
        ):
            closed = [e for e in ended(await world.journal()) if e.attempt_id in open_ones]
            assert {e.attempt_id for e in closed} == open_ones
            assert {e.data["cause"] for e in closed} == {Cause.LOST}
            began = trio.current_time()
            await ada.open_shift()
            await ben.open_shift()
            await world.until_journal(
                lambda entries: len(intended(entries)) > len(intended(before)),
                "dialling resumes by itself",
            )
            resumed_s = trio.current_time() - began
            _log.info("workers gone after %.2f s, dials in %.2f s", workers_gone_s, resumed_s)
            await ada.is_in("INCALL")
            await ben.is_in("INCALL")
            service.process.terminate()
            await service.until_health(lambda health: bool(health["draining"]), "draining")
            dials = len(intended(await world.journal()))
            await trio.sleep(1.0)
            await ada.finish_call()
            assert (await ben.state())["state"] == "INCALL"
            await ben.finish_call()
            assert await service.exit(15.0) == 0
            assert len(intended(await world.journal())) == dials
        entries = await audit(world)
        changes = [e.data["change"] for e in entries if e.kind is EntryKind.SERVICE_CHANGED]
        assert changes == ["started", "started", "stopped"]
        over = await world.calls_over()
        assert len(set(over)) == len(over), "a phone rang twice"
        assert set(over) <= {entry.number for entry in intended(entries)}


@pytest.mark.parametrize("second", [signal.SIGTERM, signal.SIGINT])
async def test_a_second_signal_hangs_up_and_leaves(tmp_path: Path, second: signal.Signals) -> None:
    world = await build(tmp_path, ["human_short"] * 3, agents=1, workers=1)
    async with (
        world.carrier(),
        world.phones(),
        serving(world) as service,
        service.person(world, "agent01") as ada,
    ):
        await ada.open_shift()
        async with service.person(world, "manager") as manager:
            await press_start(manager.client)
        await ada.is_in("INCALL")
        service.process.terminate()
        await service.until_health(lambda health: bool(health["draining"]), "draining")
        assert (await ada.state())["state"] == "INCALL"
        began = trio.current_time()
        service.process.send_signal(second)
        assert await service.exit(20.0) == 0
        left_s = trio.current_time() - began
        _log.info("left after %.2f s", left_s)
        assert left_s <= 8.0
    (entry,) = ended(await audit(world))
    assert entry.data["cause"] == Cause.AGENT_HUNG_UP
    changes = await world.journal(EntryKind.SERVICE_CHANGED)
    assert [each.data["change"] for each in changes] == ["started", "stopped"]


async def test_only_one_service_writes_a_database(tmp_path: Path) -> None:
    """A second service, and an import by command, are refused while one runs; questions are not."""
    world = await build(tmp_path, ["human_short"], agents=1, workers=1)
    more = tmp_path / "more.csv"
    more.write_text(
        "First Name,Last Name,City,State,ZIP,Phone\nAda,Sample,Boston,MA,02108,617-555-0190\n"
    )
    async with serving(world) as service:
        before = len(await world.stored())
        taken = f"process {service.pid} is writing this database already"
        for arguments in (
            ["serve"],
            ["leads", "import", "demo", str(more)],
            ["user", "add", "eve", "--role", "admin", "--password", secrets.token_urlsafe()],
        ):
            status, said = await dialer(world, *arguments)
            assert status == 1, arguments
            assert taken in said, arguments
            assert "Traceback" not in said
        for arguments in (["report", "demo"], ["audit", "verify"]):
            status, said = await dialer(world, *arguments)
            assert status == 0, said
        assert len(await world.stored()) == before
        assert (await service.health())["journal_ok"]
    status, said = await dialer(world, "leads", "import", "demo", str(more))
    assert status == 0, said


async def dialer(world: World, *arguments: str) -> tuple[int | None, str]:
    """Run a command on the world's settings: its exit status and what it said."""
    command = [sys.executable, "-m", "dialer", *arguments, "--config", str(world.config)]
    ended = await trio.run_process(
        command, cwd=ROOT, capture_stdout=True, capture_stderr=True, check=False
    )
    return ended.returncode, (ended.stdout + ended.stderr).decode()


async def test_a_journal_that_cannot_be_written(tmp_path: Path) -> None:
    """The database locked by somebody else, then a full disk, under calls in progress."""
    world = await build(tmp_path, ["human_short"] * 10)
    async with (
        world.carrier(),
        world.phones(),
        serving(world) as service,
        service.person(world, "manager") as manager,
        service.person(world, "agent01") as ada,
        service.person(world, "agent02") as ben,
    ):
        await ada.open_shift()
        await ben.open_shift()
        await press_start(manager.client)
        outages = []
        for outage in (locked(world), no_room(world, service)):
            call = (await ada.is_in("INCALL"))["call"]["attempt"]
            await ben.is_in("INCALL")
            with outage:
                broken_at = world.now()
                await ben.finish_call()
                # Ben is free, so the next dial is due; its entry cannot be written.
                began = trio.current_time()
                await service.until_health(lambda health: not health["journal_ok"], "the fault")
                noticed_s = trio.current_time() - began
                page = (await manager.client.get("/campaigns/demo")).text
                assert "The journal cannot be written" in page
                assert "dialling stops until it can" in page
                legs = (await service.health())["legs_in_use"]
                await trio.sleep(2.0)
                assert (await service.health())["legs_in_use"] == legs
                seen = await ada.state()
                assert (seen["state"], seen["call"]["attempt"]) == ("INCALL", call)
                await ada.finish_call("SALE")
                assert (await ben.state())["state"] == "READY"
                await ada.is_in("READY")
                mended_at = world.now()
            began = trio.current_time()
            await service.until_health(lambda health: bool(health["journal_ok"]), "the recovery")
            mended_s = trio.current_time() - began
            page = (await manager.client.get("/campaigns/demo")).text
            assert "dialling stops until it can" not in page
            outages.append((call, broken_at, mended_at))
            _log.info("noticed after %.2f s, recovered after %.2f s", noticed_s, mended_s)
        await ada.is_in("INCALL")
        await ben.is_in("INCALL")
        service.process.terminate()
        await ada.finish_call()
        await ben.finish_call()
        assert await service.exit(15.0) == 0
    entries = await audit(world)
    alarms = [e for e in entries if e.kind is EntryKind.ALARM]
    assert [e.data["name"] for e in alarms] == ["journal_failed"] * 2
    for call, broken_at, mended_at in outages:
        for entry in ended(entries):
            times = entry.data["times"]
            assert isinstance(times, dict)
            dialled_at = times.get("DIALLING")
            if isinstance(dialled_at, int):
                assert not broken_at + 100 < dialled_at < mended_at, "dialled without a journal"
        (choice,) = (e for e in entries if e.kind is EntryKind.DISPOSED and e.attempt_id == call)
        assert choice.data["disposition"] == "SALE"


@contextmanager
def locked(world: World) -> Iterator[None]:
    """Somebody else writes the service's database meanwhile."""
    with closing(sqlite3.connect(world.settings.database, isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        yield
        other.execute("ROLLBACK")


@contextmanager
def no_room(world: World, service: ServiceProcess) -> Iterator[None]:
    """The kernel lets no file of the service grow beyond the size its database's log has now
    (RLIMIT_FSIZE): to a program that is what a full disk or a used-up quota looks like."""
    log = world.settings.database.with_name("dialer.db-wal")
    _, hard = resource.prlimit(service.pid, resource.RLIMIT_FSIZE)
    resource.prlimit(service.pid, resource.RLIMIT_FSIZE, (log.stat().st_size, hard))
    yield
    resource.prlimit(service.pid, resource.RLIMIT_FSIZE, (hard, hard))


async def test_a_trunk_that_does_not_answer(tmp_path: Path) -> None:
    """Nobody listens on the trunk's port; then the carrier comes up."""
    names = agent_names(3)
    world = await build(tmp_path, ["human_short"] * 12, agents=len(names), workers=3)
    async with (
        world.phones(),
        serving(world) as service,
        service.person(world, "manager") as manager,
        AsyncExitStack() as stack,
    ):
        people = [await stack.enter_async_context(service.person(world, name)) for name in names]
        for person in people:
            await person.open_shift()
        began = trio.current_time()
        await press_start(manager.client)
        await until_alarm(world, "trunk_down")
        noticed_s = trio.current_time() - began
        page = (await manager.client.get("/campaigns/demo")).text
        assert "does not answer: trying it carefully" in page
        down = await world.journal()
        await world.until_journal(
            lambda entries: len(ended(entries)) == len(intended(down)), "all calls have failed"
        )
        async with world.carrier():
            began = trio.current_time()
            for person in people:
                await person.is_in("INCALL")
            resumed_s = trio.current_time() - began
            service.process.terminate()
            for person in people:
                await person.finish_call()
            assert await service.exit(15.0) == 0
    entries = await audit(world)
    _log.info("alarm after %.2f s, calls again after %.2f s", noticed_s, resumed_s)
    failed = [e for e in ended(entries) if e.data["disposition"] == "TRUNK_FAILURE"]
    assert len(failed) >= TRUNK_FAILURES_TOLERATED
    for entry in failed:
        assert entry.data["lead_state"] == LeadState.OPEN
        assert entry.data["blame"] == Blame.CARRIER
    attempts = lead_attempts(world)
    assert all(attempts[entry.number] == 0 for entry in failed), "no attempt is counted"
    (alarm,) = (e for e in entries if e.kind is EntryKind.ALARM)
    # After the alarm a rest, though three agents are ready; then one call alone tries the trunk.
    trial, *others = (e for e in intended(entries) if e.at > alarm.at)
    assert trial.at - alarm.at >= 4 * SECOND_MS
    (end,) = (e for e in ended(entries) if e.attempt_id == trial.attempt_id)
    times = end.data["times"]
    assert isinstance(times, dict)
    tried_at = times["DIALLING"]
    assert isinstance(tried_at, int)
    assert all(other.at > tried_at for other in others)


def lead_attempts(world: World) -> dict[str, int]:
    """How many dials count for each number."""
    with closing(sqlite3.connect(world.settings.database)) as database:
        return dict(database.execute("SELECT e164, attempts FROM lead"))
