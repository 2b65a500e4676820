"""The control socket of a running floor, and the commands without one: what is asked is in force
and in the journal when the answer comes."""

from __future__ import annotations

import json
import os
import socket
import stat
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest
import trio
from click.testing import CliRunner, Result

from dialer.cli import main
from dialer.demo.world import Ports, build_world
from dialer.model.agents import AgentState
from dialer.model.calls import AttemptState
from dialer.model.campaigns import CampaignState
from dialer.model.errors import OperatorError
from dialer.model.events import AgentReadied, AgentSignedIn, CampaignStateAsked
from dialer.model.instant import DAY_MS
from dialer.model.journal import EntryKind, JournalEntry
from dialer.model.records import RequestChannel
from dialer.model.suppression import InForce
from dialer.service.clock import now_of
from dialer.service.control import (
    NAME,
    Ask,
    ControlSocket,
    DncAdd,
    DncRemove,
    Emergency,
    ExportJournaled,
    ask_service,
)
from dialer.service.office import ServiceOffice
from dialer.service.offline import reading, writing
from dialer.settings import read_settings
from dialer.simulator.callees import CallPlan
from dialer.telemetry.metrics import Metrics
from tests.service.rig import CAMPAIGN, NOON, Rig, campaign, rig

NUMBER = "+12125550100"
ADD = DncAdd(
    number="(212) 555-0100",
    seller="sample  seller",
    channel=RequestChannel.MAIL,
    asked_by="Ann Example",
    evidence="letter 4711",
    received_at=NOON - 3 * DAY_MS,
)
RINGS = CallPlan()
"""Nobody ever answers."""


class Desk:
    """A running service as a command sees it: its folder."""

    def __init__(self, rig: Rig, folder: Path) -> None:
        self.rig = rig
        self.folder = folder

    async def ask(self, ask: Ask) -> InForce:
        answer = await trio.to_thread.run_sync(ask_service, self.folder, ask)
        assert answer is not None
        return answer

    async def problem(self, ask: Ask) -> str:
        with pytest.raises(OperatorError) as caught:
            await self.ask(ask)
        return str(caught.value)

    async def line(self, text: bytes) -> dict[str, Any]:
        """A line as typed, and its answer."""
        async with await trio.open_unix_socket(self.folder / NAME) as stream:
            await stream.send_all(text + b"\n")
            received = bytearray()
            while not received.endswith(b"\n"):
                received += await stream.receive_some()
        answer: dict[str, Any] = json.loads(received)
        return answer


@asynccontextmanager
async def running(folder: Path) -> AsyncIterator[Desk]:
    async with rig(campaign(1), lambda dial: RINGS) as r:
        metrics = Metrics(r.dispatcher.snapshot)
        office = ServiceOffice(r.clock, r.floor, r.dispatcher, r.store, metrics, folder)
        async with trio.open_nursery() as nursery:
            await nursery.start(ControlSocket(folder, office).run)
            yield Desk(r, folder)
            nursery.cancel_scope.cancel()


@asynccontextmanager
async def ringing(folder: Path) -> AsyncIterator[Desk]:
    """An agent ready, and a phone that rings for them."""
    async with running(folder) as desk:
        r = desk.rig
        await r.load([NUMBER])
        await r.dispatcher.ask(AgentSignedIn("agent01"))
        await r.dispatcher.ask(AgentReadied("agent01"))
        await r.dispatcher.ask(CampaignStateAsked(CAMPAIGN, CampaignState.RUNNING, "test"))
        seen = r.dispatcher.snapshot()
        while AttemptState.RINGING not in seen.campaigns[0].stages:
            seen = await r.dispatcher.changed(seen.version)
        yield desk


async def test_a_request_is_in_force_when_the_answer_comes(tmp_path: Path) -> None:
    async with ringing(tmp_path) as desk:
        answer = await desk.ask(ADD)
        assert (answer.what, answer.durable) == (NUMBER, True)
        entries = await desk.rig.journal()
        kinds = [entry.kind for entry in entries]
        (wish,) = (entry for entry in entries if entry.kind is EntryKind.SUPPRESSED)
        assert wish.number == NUMBER
        assert wish.data["seller"] == "Sample Seller"
        assert wish.data["deadline_at"] == answer.deadline_at
        assert wish.personal == {"asked_by": "Ann Example", "evidence": "letter 4711"}
        assert wish.agent.endswith("(command)")
        assert kinds.index(EntryKind.SUPPRESSED) < kinds.index(EntryKind.ATTEMPT_ENDED)
        (end,) = (entry for entry in entries if entry.kind is EntryKind.ATTEMPT_ENDED)
        assert end.data["disposition"] == "SUPPRESSED"
        view = desk.rig.dispatcher.snapshot()
        assert view.agents[0].state is AgentState.READY
        assert not view.campaigns[0].stages
        assert len(desk.rig.dials) == 1


async def test_a_withdrawal_is_in_force_when_the_answer_comes(tmp_path: Path) -> None:
    async with running(tmp_path) as desk:
        gone = DncRemove(
            number=NUMBER, seller="SAMPLE SELLER", because="mistyped", evidence="letter 4711"
        )
        assert "nothing to take out" in await desk.problem(gone)
        await desk.ask(ADD)
        assert "requests made to: Sample Seller" in await desk.problem(
            gone.model_copy(update={"seller": ""})
        )
        assert (await desk.ask(gone)).durable
        assert desk.rig.floor.requests_of(NUMBER) == ()
        lifted = (await desk.rig.journal(EntryKind.SUPPRESSION_LIFTED))[0]
        assert lifted.personal["because"] == "mistyped"
        assert (await desk.rig.store.restore(desk.rig.clock.now())).suppressions == ()


async def test_an_emergency_begins_and_ends(tmp_path: Path) -> None:
    async with running(tmp_path) as desk:
        begin = Emergency(do="emergency_set", state="louisiana", because="hurricane, PSC notice")
        assert (await desk.ask(begin)).what == "LA"
        assert desk.rig.floor.emergencies == {"LA"}
        again = await desk.rig.store.restore(desk.rig.clock.now())
        assert again.emergencies == ("LA",)
        end = Emergency(do="emergency_clear", state="LA", because="over")
        assert (await desk.ask(end)).durable
        assert desk.rig.floor.emergencies == frozenset()
        assert "no such state" in await desk.problem(begin.model_copy(update={"state": "ZZ"}))


async def test_an_export_is_journaled(tmp_path: Path) -> None:
    async with running(tmp_path) as desk:
        data = {"from": None, "to": None, "entries": 3, "sha256": "ab", "numbers": False}
        await desk.ask(ExportJournaled(data=data))
        (entry,) = await desk.rig.journal(EntryKind.EXPORTED)
        assert entry.data["entries"] == 3 and str(entry.data["by"]).endswith("(command)")


@pytest.mark.parametrize(
    ("change", "says"),
    [
        ({"number": "12"}, "number"),
        ({"seller": "Sampel Seller"}, "Sellers are: Sample Seller"),
        ({"evidence": " "}, "evidence"),
        ({"asked_by": ""}, "Say who asked"),
        ({"received_at": NOON + DAY_MS}, "later than now"),
        ({"evidence": "x" * 2_001}, "2000 characters"),
    ],
)
async def test_what_will_not_do_is_named_and_nothing_is_done(
    tmp_path: Path, change: dict[str, object], says: str
) -> None:
    async with running(tmp_path) as desk:
        assert says in await desk.problem(ADD.model_copy(update=change))
        assert await desk.rig.journal(EntryKind.SUPPRESSED) == []


@pytest.mark.parametrize(
    ("line", "field"),
    [
        (b"{", "request"),
        (b"[]", "request"),
        (b'{"do": "journal_append"}', "request"),
        (b'{"do": "dnc_add", "number": "1"}', "dnc_add.channel"),
        (b'{"do": "dnc_remove", "number": "1", "because": "b", "evidence": "e", "x": 1}', "x"),
    ],
)
async def test_a_line_that_is_no_request_is_answered(
    tmp_path: Path, line: bytes, field: str
) -> None:
    async with running(tmp_path) as desk:
        assert field in (await desk.line(line))["problem"]["where"]
        assert await desk.line(b'{"do": "emergency_set", "state": "LA", "because": "b"}')


async def test_an_endless_line_ends_the_connection_and_nothing_else(tmp_path: Path) -> None:
    async with running(tmp_path) as desk:
        stream = await trio.open_unix_socket(tmp_path / NAME)
        with pytest.raises(trio.BrokenResourceError):
            while True:
                await stream.send_all(b"x" * 65_536)
        await stream.aclose()
        assert (await desk.ask(ADD)).durable


async def test_only_the_services_own_user_may_ask(tmp_path: Path) -> None:
    async with running(tmp_path):
        mode = (tmp_path / NAME).stat().st_mode
        assert stat.S_ISSOCK(mode) and stat.S_IMODE(mode) == 0o600
    assert not (tmp_path / NAME).exists()


async def test_a_long_path_and_a_dead_services_socket_are_no_hindrance(tmp_path: Path) -> None:
    deep = tmp_path / ("d" * 100) / ("e" * 100)
    deep.mkdir(parents=True)
    assert await trio.to_thread.run_sync(ask_service, deep, ADD) is None
    left = os.open(deep, os.O_RDONLY)
    with socket.socket(socket.AF_UNIX) as dead:
        dead.bind(f"/proc/self/fd/{left}/{NAME}")
    os.close(left)
    assert await trio.to_thread.run_sync(ask_service, deep, ADD) is None
    async with running(deep) as desk:
        assert (await desk.ask(ADD)).durable


async def never(entries: Sequence[JournalEntry]) -> None:
    """What appending to a full disk comes to."""
    await trio.sleep_forever()


async def test_a_journal_that_cannot_be_written_is_said(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with running(tmp_path) as desk:
        monkeypatch.setattr("dialer.service.office.COMMIT_PATIENCE_S", 0.05)
        monkeypatch.setattr(desk.rig.store, "append", never)
        answer = await desk.ask(ADD)
        assert not answer.durable
        assert len(desk.rig.floor.requests_of(NUMBER)) == 1


# --- without a service ----------------------------------------------------------------------------


@pytest.fixture
def config(tmp_path: Path) -> Path:
    return build_world(tmp_path, None, 1, Ports(5060, 5080))


def dialer(config: Path, *arguments: str) -> Result:
    return CliRunner().invoke(main, ["dnc", *arguments, "--config", str(config), "--json"])


def test_without_a_service_requests_are_written_for_its_next_start(config: Path) -> None:
    settings = read_settings(config)
    add = ("add", NUMBER, "--channel", "call-key", "--evidence", "tape 7", "--asked-by", "Ann")
    done = dialer(config, *add, "--received", "2026-11-20T10:00:00-05:00")
    assert done.exit_code == 0, done.output
    said = json.loads(done.stdout)
    assert (said["what"], said["durable"], said["running"]) == (NUMBER, True, False)
    assert dialer(config, "emergency", "LA", "--on", "--because", "storm").exit_code == 0

    async def remembered() -> tuple[list[str], tuple[str, ...]]:
        restored = await reading(settings).restore(now_of(settings))
        ours = [each.list_name for each in restored.suppressions if each.e164 == NUMBER]
        return ours, restored.emergencies

    assert trio.run(remembered) == (["request by call key"], ("LA",))
    remove = ("remove", NUMBER, "--because", "mistyped", "--evidence", "tape 7")
    assert dialer(config, *remove).exit_code == 0
    again = dialer(config, *remove)
    assert again.exit_code == 1 and "nothing to take out" in again.output
    assert dialer(config, "emergency", "LA", "--off", "--because", "over").exit_code == 0
    assert trio.run(remembered) == ([], ())


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (("--received", "yesterday"), "no time with its zone"),
        (("--received", "2026-11-20T10:00:00"), "no time with its zone"),
        (("--seller", "Nobody"), "Sellers are: Clearview Sample Windows"),
    ],
)
def test_mistakes_at_the_command_are_named(
    config: Path, arguments: tuple[str, ...], says: str
) -> None:
    add = ("add", NUMBER, "--channel", "mail", "--evidence", "letter", "--asked-by", "Ann")
    done = dialer(config, *add, *arguments)
    assert done.exit_code == 1 and says in done.output


def test_a_number_is_checked_though_a_campaign_was_left_running(config: Path) -> None:
    settings = read_settings(config)
    running = JournalEntry(
        EntryKind.CAMPAIGN_CHANGED, NOON, "demo", data={"state": "RUNNING", "by": "mia"}
    )

    async def left_running() -> None:
        async with writing(settings) as store:
            await store.append([running])

    trio.run(left_running)
    add = ("add", NUMBER, "--channel", "mail", "--evidence", "letter", "--asked-by", "Ann")
    assert dialer(config, *add).exit_code == 0
    done = dialer(config, "check", NUMBER)
    assert done.exit_code == 1
    assert "INTERNAL_DNC" in json.loads(done.stdout)["codes"]
