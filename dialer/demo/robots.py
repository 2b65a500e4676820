"""Robot people with browsers: they sign in, look at pages and click, over HTTP like anybody."""

from __future__ import annotations

import json
import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
import numpy as np
import trio

from dialer.demo.world import CAMPAIGN

TALK_S = (4.0, 2.0)
"""Mean and standard deviation of a robot's talk: short, so that the demo is."""
WRAPUP_S = (0.4, 1.2)
CHOICES = {"NOT_INTERESTED": 0.62, "SALE": 0.2, "CALLBACK": 0.1, "DO_NOT_CALL": 0.08}
LOOK_AGAIN_S = 5.0
"""A robot looks at its page this often even if nothing was pushed."""

KEPT_OPEN = httpx.Limits(keepalive_expiry=2.0)
"""Connections are used again within two seconds only: the server closes idle ones after five, and a
request on one that is just being closed is lost."""

_TOKEN = re.compile(r'name="csrf" value="([^"]+)"')


class SignInFailed(Exception):
    """A page did not let the robot in."""


@asynccontextmanager
async def browser(address: str, name: str, password: str) -> AsyncIterator[httpx.AsyncClient]:
    """A signed-in session. Raises SignInFailed."""
    async with httpx.AsyncClient(
        base_url=address, timeout=30, follow_redirects=True, limits=KEPT_OPEN
    ) as client:
        token = _token((await client.get("/sign-in")).text)
        answer = await client.post(
            "/sign-in", data={"csrf": token, "name": name, "password": password}
        )
        if answer.status_code != 200 or "/sign-in" in str(answer.url):
            raise SignInFailed(f"{name} could not sign in: {answer.status_code}")
        yield client


def _token(page: str) -> str:
    found = _TOKEN.search(page)
    if found is None:
        raise SignInFailed("the page has no form token")
    return found.group(1)


async def press_start(client: httpx.AsyncClient) -> None:
    """The manager presses Start on the campaign page."""
    page = f"/campaigns/{CAMPAIGN}"
    token = _token((await client.get(page)).text)
    answer = await client.post(f"{page}/state", data={"csrf": token, "state": "RUNNING"})
    answer.raise_for_status()


class RobotAgent:
    """Works a shift: talks, hangs up, chooses, until cancelled."""

    def __init__(self, client: httpx.AsyncClient, seed: int) -> None:
        self._client = client
        self._chance = np.random.default_rng(seed)
        self._csrf = ""

    async def open_shift(self) -> None:
        """Sign in to the shift, wait for the phone, press Ready."""
        await self._state()
        await self._click("start")
        await self._click("ready")

    async def work(self) -> None:
        """Answer whatever the page shows. Pages push; the robot reads the state after each push."""
        pushed, listening = trio.open_memory_channel[None](1)
        async with trio.open_nursery() as nursery:
            nursery.start_soon(self._listen, pushed)
            while True:
                acted = await self._act(await self._state())
                if not acted:
                    with trio.move_on_after(LOOK_AGAIN_S):
                        await listening.receive()

    async def _listen(self, pushed: trio.MemorySendChannel[None]) -> None:
        while True:
            try:
                async with self._client.stream(
                    "GET", "/live", params={"page": "agent"}, timeout=None
                ) as stream:
                    async for line in stream.aiter_lines():
                        if line.startswith("event: regions"):
                            try:
                                pushed.send_nowait(None)
                            except trio.WouldBlock:
                                continue
            except httpx.HTTPError:
                await trio.sleep(0.5)

    async def _act(self, state: dict[str, Any]) -> bool:
        call = state["call"]
        match state["state"]:
            case "PAUSED" if state["pending"] is None:
                await self._click("ready")
                return True
            case "INCALL":
                attempt = call["attempt"]
                await self._talk(attempt, silent="Nobody" in call["notice"])
                await self._click("hang-up", attempt=str(attempt))
                return True
            case "WRAPUP":
                await trio.sleep(self._chance.uniform(*WRAPUP_S))
                await self._dispose(call)
                return True
            case _:
                return False

    async def _talk(self, attempt: int, silent: bool) -> None:
        """Talk as long as one pleases, or until the other side hangs up."""
        mean, sd = (1.5, 0.3) if silent else TALK_S
        until = trio.current_time() + max(1.0, self._chance.gamma((mean / sd) ** 2, sd**2 / mean))
        while trio.current_time() < until:
            await trio.sleep(min(0.5, max(0.0, until - trio.current_time())))
            state = await self._state()
            if state["state"] != "INCALL" or state["call"]["attempt"] != attempt:
                return

    async def _dispose(self, call: dict[str, Any]) -> None:
        names = list(CHOICES)
        choice = str(self._chance.choice(names, p=list(CHOICES.values())))
        if "Nobody" in call["notice"]:
            choice = "NO_ONE_THERE"
        fields = {"attempt": str(call["attempt"]), "disposition": choice, "notes": "by a robot"}
        if choice == "CALLBACK":
            moment = datetime.fromtimestamp(self._now_ms / 1000, UTC) + timedelta(days=2)
            fields["callback_local"] = moment.strftime("%Y-%m-%dT%H:%M")
        await self._click("dispose", **fields)

    async def _state(self) -> dict[str, Any]:
        answer = await self._client.get("/agent/state")
        answer.raise_for_status()
        state: dict[str, Any] = json.loads(answer.text)
        self._csrf, self._now_ms = state["csrf"], state["now"]
        return state

    async def _click(self, what: str, **fields: str) -> None:
        answer = await self._client.post(
            f"/agent/{what}", data={"csrf": self._csrf, **fields}, follow_redirects=False
        )
        if answer.status_code >= 400:
            raise SignInFailed(f"click {what} was answered {answer.status_code}")
