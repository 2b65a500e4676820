"""The live streams, on virtual time: what is pushed, how often, and when a stream ends."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from typing import Any

import pytest
import trio
import trio.testing
from starlette.applications import Starlette
from starlette.types import Message

from dialer.model.agents import AgentState
from dialer.model.reports import Role, User
from dialer.web.live import KEEP_ALIVE_S, MIN_GAP_S, STREAM_LIFE_S
from tests.web.fake_office import FakeOffice, agent_view, campaign_view, on_call
from tests.web.visiting import app_of, click, visitor


@dataclass
class Listener:
    """One open stream, heard as a browser hears it."""

    status: int
    headers: dict[str, str]
    _heard: trio.MemoryReceiveChannel[str]
    _gone: trio.Event

    async def next(self) -> tuple[str, str]:
        """The next event as (name, data); ("", "") for the end; comments are named ":"."""
        with trio.fail_after(2 * STREAM_LIFE_S):
            text = await self._heard.receive()
        if text.startswith(":"):
            return ":", text
        fields = dict(line.split(": ", 1) for line in text.splitlines() if line)
        return fields.get("event", ""), fields.get("data", "")

    async def regions(self) -> dict[str, str]:
        """The HTML of the next regions pushed, keep-alives left out."""
        name = ":"
        while name == ":":
            name, data = await self.next()
        assert name == "regions", name
        message: dict[str, Any] = json.loads(data)
        return {part["name"]: part["html"] for part in message["regions"]}

    def leave(self) -> None:
        self._gone.set()


@asynccontextmanager
async def listening(
    app: Starlette, query: str, cookie: str = "", method: str = "GET"
) -> AsyncIterator[Listener]:
    sending, heard = trio.open_memory_channel[str](100)
    started, gone, finished = trio.Event(), trio.Event(), trio.Event()
    listener = Listener(0, {}, heard, gone)

    async def receive() -> Message:
        await gone.wait()
        return {"type": "http.disconnect"}

    async def send(message: Message) -> None:
        if message["type"] == "http.response.start":
            listener.status = message["status"]
            listener.headers = {key.decode(): value.decode() for key, value in message["headers"]}
            started.set()
            return
        text = message.get("body", b"").decode()
        if text:
            await sending.send(text)
        if not message.get("more_body"):
            await sending.send("")

    scope = {
        "type": "http",
        "asgi": {"version": "3.0", "spec_version": "2.3"},
        "http_version": "1.1",
        "method": method,
        "scheme": "http",
        "path": "/live",
        "raw_path": b"/live",
        "root_path": "",
        "query_string": query.encode(),
        "headers": [(b"cookie", f"dialer_session={cookie}".encode())],
        "server": ("dialer.test", 80),
        "client": ("127.0.0.1", 1),
    }

    async def serve_once() -> None:
        await app(scope, receive, send)
        finished.set()

    async with trio.open_nursery() as nursery:
        nursery.start_soon(serve_once)
        await started.wait()
        yield listener
        listener.leave()
        with trio.fail_after(1):
            await finished.wait()


async def cookie_of(app: Starlette, name: str) -> str:
    async with visitor(app, name) as client:
        return client.cookies["dialer_session"]


async def test_a_stream_starts_with_the_page_and_then_sends_only_what_changed(
    autojump_clock: trio.testing.MockClock,
) -> None:
    office = FakeOffice()
    app = app_of(office)
    cookie = await cookie_of(app, "ada")
    async with visitor(app, "ada") as client, listening(app, "page=agent", cookie) as listener:
        assert listener.status == 200
        assert listener.headers["content-type"].startswith("text/event-stream")
        assert await listener.next() == ("", "")  # the retry field
        first = await listener.regions()
        assert set(first) == {"notices", "state", "controls", "call", "wrapup"}
        assert "Off shift" in first["state"]
        page = (await client.get("/agent")).text
        assert first["state"] in page and first["call"] in page

        office.show_agent(agent_view(AgentState.INCALL, on_call()))
        pushed = await listener.regions()
        assert set(pushed) == {"state", "controls", "call"}
        assert "Iris" in pushed["call"]

        office.publish(replace(office.snapshot(), journal_ok=False))
        pushed = await listener.regions()
        assert set(pushed) == {"notices"} and "cannot be written" in pushed["notices"]


async def test_changes_elsewhere_push_nothing(autojump_clock: trio.testing.MockClock) -> None:
    office = FakeOffice()
    app = app_of(office)
    async with listening(app, "page=agent", await cookie_of(app, "ada")) as listener:
        await listener.next()
        await listener.regions()
        for dials in range(20):
            office.show_campaign(replace(campaign_view(), dials=dials))
            office.show_agent(replace(agent_view(AgentState.READY), name="ben"))
            await trio.sleep(0.05)
        assert await listener.next() == (":", ": still here\n\n")


async def test_at_most_five_pushes_a_second(autojump_clock: trio.testing.MockClock) -> None:
    office = FakeOffice()
    app = app_of(office)
    cookie = await cookie_of(app, "mia")
    async with listening(app, "page=campaign&name=spring", cookie) as listener:
        await listener.next()
        await listener.regions()
        pushes = 0

        async def count() -> None:
            nonlocal pushes
            while "figures" in await listener.regions():
                pushes += 1

        async with trio.open_nursery() as nursery:
            nursery.start_soon(count)
            for dials in range(1_000):
                office.show_campaign(replace(campaign_view(), dials=dials))
                await trio.sleep(0.002)
            await trio.sleep(2 * MIN_GAP_S)
            nursery.cancel_scope.cancel()
        assert 9 <= pushes <= 11
        office.show_campaign(replace(campaign_view(), dials=77_777))
        assert "77,777" in (await listener.regions())["figures"]


async def test_the_first_change_after_quiet_is_pushed_at_once(
    autojump_clock: trio.testing.MockClock,
) -> None:
    office = FakeOffice()
    app = app_of(office)
    async with listening(app, "page=agent", await cookie_of(app, "ada")) as listener:
        await listener.next()
        await listener.regions()
        await trio.sleep(1)
        before = trio.current_time()
        office.show_agent(agent_view(AgentState.READY))
        await listener.regions()
        assert trio.current_time() == before


async def test_a_quiet_stream_says_that_it_lives_and_ends_after_a_while(
    autojump_clock: trio.testing.MockClock,
) -> None:
    app = app_of(FakeOffice())
    start = trio.current_time()
    async with listening(app, "page=compliance", await cookie_of(app, "cal")) as listener:
        await listener.next()
        assert set(await listener.regions()) == {"notices"}
        comments = 0
        while (heard := await listener.next()) == (":", ": still here\n\n"):
            comments += 1
        assert heard == ("", "")
    assert comments == STREAM_LIFE_S // KEEP_ALIVE_S
    assert trio.current_time() - start == pytest.approx(STREAM_LIFE_S, abs=1)


async def test_a_stream_ends_with_its_session(autojump_clock: trio.testing.MockClock) -> None:
    office = FakeOffice()
    app = app_of(office)
    async with visitor(app, "ada") as client:
        cookie = client.cookies["dialer_session"]
        async with listening(app, "page=agent", cookie) as listener:
            await listener.next()
            await listener.regions()
            await click(client, "/agent", "/sign-out")
            assert (await listener.next())[0] == "signed-out"
            assert await listener.next() == ("", "")
    async with listening(app, "page=agent", cookie) as listener:
        assert (await listener.next())[0] == "signed-out"


@pytest.mark.parametrize("change", ["removed", "another role"])
async def test_a_stream_ends_with_the_right_to_it(
    change: str, autojump_clock: trio.testing.MockClock
) -> None:
    office = FakeOffice()
    app = app_of(office)
    async with listening(app, "page=campaigns", await cookie_of(app, "mia")) as listener:
        await listener.next()
        assert "Spring windows" in (await listener.regions())["campaigns"]
        if change == "removed":
            del office.people["mia"]
        else:
            office.people["mia"] = (User("mia", "Mia", Role.AGENT), "")
        assert (await listener.next())[0] == "signed-out"


async def test_a_client_that_leaves_leaves_nothing_behind(
    autojump_clock: trio.testing.MockClock,
) -> None:
    office = FakeOffice()
    app = app_of(office)
    async with listening(app, "page=agent", await cookie_of(app, "ada")) as listener:
        await listener.next()
        await listener.regions()
        await trio.sleep(1)
        assert office.waiting == 1
    assert office.waiting == 0


async def test_streams_end_when_the_service_stops(autojump_clock: trio.testing.MockClock) -> None:
    app = app_of(FakeOffice())
    async with listening(app, "page=agent", await cookie_of(app, "ada")) as listener:
        await listener.next()
        await listener.regions()
        app.state.closing.set()
        assert await listener.next() == ("", "")


@pytest.mark.parametrize(
    ("name", "query", "status"),
    [
        ("ada", "page=campaigns", 403),
        ("mia", "page=agent", 403),
        ("mia", "page=compliance", 403),
        ("mia", "page=nothing", 404),
        ("mia", "page=campaign&name=autumn", 404),
        ("cal", "page=campaign&name=spring", 200),
    ],
)
async def test_streams_are_for_the_roles_of_their_page(name: str, query: str, status: int) -> None:
    app = app_of(FakeOffice())
    async with listening(app, query, await cookie_of(app, name), method="HEAD") as listener:
        assert listener.status == status


async def test_alarms_are_for_those_who_run_the_service(
    autojump_clock: trio.testing.MockClock,
) -> None:
    office = FakeOffice()
    office.publish(replace(office.snapshot(), alarms=("worker 2 died", *["older"] * 9)))
    app = app_of(office)
    for name, page, seen in (("ada", "agent", False), ("mia", "campaigns", True)):
        async with listening(app, f"page={page}", await cookie_of(app, name)) as listener:
            await listener.next()
            notices = (await listener.regions())["notices"]
            assert ("worker 2 died" in notices) == seen
            assert notices.count("<li>") == (5 if seen else 0)
