"""The real server on loopback: its address, its stop, and the pages that need no session."""

from __future__ import annotations

import socket
from dataclasses import replace

import httpx
import pytest
import trio
import trio.testing

from dialer.model.agents import AgentState
from dialer.model.errors import OperatorError
from dialer.model.events import AgentEvent, ManagerEvent
from dialer.web import app as app_module
from dialer.web.app import serve
from tests.web.fake_office import FakeOffice, agent_view, campaign_view
from tests.web.visiting import app_of, visitor


async def test_port_0_is_some_free_port_and_is_said() -> None:
    office = FakeOffice()
    async with trio.open_nursery() as nursery:
        address = await nursery.start(serve, app_of(office), "127.0.0.1", 0)
        assert address.startswith("http://127.0.0.1:") and not address.endswith(":0")
        async with httpx.AsyncClient(base_url=address) as client:
            health = await client.get("/healthz")
            assert health.json() == {
                "status": "ok",
                "at": "2026-11-21T17:30:00.000Z",
                "journal_ok": True,
                "draining": False,
                "capacity": 40,
                "legs_in_use": 0,
            }
            metrics = await client.get("/metrics")
            assert metrics.text == "dialer_up 1\n"
            assert metrics.headers["content-type"] == "text/plain; version=0.0.4; charset=utf-8"
            assert (await client.get("/static/live.js")).status_code == 200
            missing = await client.get("/nowhere")
            assert missing.status_code == 404 and "No such page" in missing.text
            wrong = await client.put("/sign-in")
            assert wrong.status_code == 405
        nursery.cancel_scope.cancel()


async def test_a_taken_port_is_the_operators_to_mend() -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        async with trio.open_nursery() as nursery:
            with pytest.raises(OperatorError, match=f"127.0.0.1:{port}.*Choose an address"):
                await nursery.start(serve, app_of(FakeOffice()), "127.0.0.1", port)


async def test_a_stop_ends_streams_at_once_and_leaves_no_socket() -> None:
    office = FakeOffice()
    app = app_of(office)
    async with visitor(app, "ada") as client:
        cookie = client.cookies["dialer_session"]
    async with trio.open_nursery() as nursery:
        address = await nursery.start(serve, app, "127.0.0.1", 0)
        port = int(address.rsplit(":", 1)[1])
        stream = await trio.open_tcp_stream("127.0.0.1", port)
        await stream.send_all(
            b"GET /live?page=agent HTTP/1.1\r\nHost: x\r\n"
            b"Cookie: dialer_session=" + cookie.encode() + b"\r\n\r\n"
        )
        heard = b""
        while b"event: regions" not in heard:
            heard += await stream.receive_some()
        await trio.testing.wait_all_tasks_blocked(0.25)  # longer than the pause between pushes
        assert office.waiting == 1
        nursery.cancel_scope.cancel()
        with trio.CancelScope(shield=True), trio.fail_after(2):
            while await stream.receive_some():
                pass
    assert office.waiting == 0
    with pytest.raises(OSError, match=r"refused|failed"):
        await trio.open_tcp_stream("127.0.0.1", port)
    await stream.aclose()


async def test_a_reader_that_stalls_does_not_hold_up_the_stop(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(app_module, "_DEAD_CLIENT_MS", 500)
    office = FakeOffice()
    app = app_of(office)
    async with visitor(app, "mia") as client:
        cookie = client.cookies["dialer_session"]
    with trio.fail_after(15), socket.socket() as stalled:
        stalled.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 2_048)
        async with trio.open_nursery() as nursery:
            address = await nursery.start(serve, app, "127.0.0.1", 0)
            stalled.connect(("127.0.0.1", int(address.rsplit(":", 1)[1])))
            stalled.sendall(
                b"GET /live?page=campaign&name=spring HTTP/1.1\r\nHost: x\r\n"
                b"Cookie: dialer_session=" + cookie.encode() + b"\r\n\r\n"
            )
            many = {f"DISPOSITION_{number}": number for number in range(100_000)}
            office.show_campaign(replace(campaign_view(), dispositions=many))
            await trio.sleep(0.5)
            nursery.cancel_scope.cancel()


async def test_a_request_in_progress_is_finished_before_the_stop() -> None:
    office = FakeOffice()
    app = app_of(office)
    reached, go_on = trio.Event(), trio.Event()
    send = office.send

    async def slow(event: AgentEvent | ManagerEvent) -> None:
        reached.set()
        await go_on.wait()
        await send(event)

    office.send = slow  # type: ignore[method-assign]  # the one slow office of these tests
    async with trio.open_nursery() as nursery:
        address = await nursery.start(serve, app, "127.0.0.1", 0)
        async with visitor(app, "ada") as client:
            cookies = dict(client.cookies)
            csrf = (await client.get("/agent/state")).json()["csrf"]

        async def press() -> None:
            with trio.CancelScope(shield=True):
                async with httpx.AsyncClient(base_url=address, cookies=cookies) as client:
                    answer = await client.post("/agent/start", data={"csrf": csrf})
                    assert answer.status_code == 303

        nursery.start_soon(press)
        await reached.wait()
        nursery.cancel_scope.cancel()
        go_on.set()
    agent = office.snapshot().agent("ada")
    assert agent == agent_view(AgentState.PAUSED)


async def test_a_failure_of_ours_is_said_without_its_details() -> None:
    office = FakeOffice()

    def fail() -> object:
        raise RuntimeError("secret detail")

    office.metrics = fail  # type: ignore[assignment,method-assign]  # the one failing office
    async with visitor(app_of(office)) as client:
        answer = await client.get("/metrics")
    assert answer.status_code == 500
    assert "failed on our side" in answer.text and "secret" not in answer.text
