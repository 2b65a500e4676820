"""Visiting the pages as a browser without scripts would: forms are found in the page and sent."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import httpx
from starlette.applications import Starlette

from dialer.web.app import build_app
from tests.web.fake_office import USERS, FakeOffice

SECRET_KEY = "a key for tests only, long enough"


def app_of(office: FakeOffice) -> Starlette:
    return build_app(office, secret_key=SECRET_KEY)


@asynccontextmanager
async def visitor(app: Starlette, name: str = "") -> AsyncIterator[httpx.AsyncClient]:
    """A client of its own cookies, signed in as `name` if one is given."""
    transport = httpx.ASGITransport(app=app, raise_app_exceptions=False)
    async with httpx.AsyncClient(transport=transport, base_url="http://dialer.test") as client:
        if name:
            answer = await sign_in(client, name, USERS[name][1])
            assert answer.status_code == 303, answer.text
        yield client


async def sign_in(client: httpx.AsyncClient, name: str, password: str) -> httpx.Response:
    form = {"csrf": token(await client.get("/sign-in")), "name": name, "password": password}
    return await client.post("/sign-in", data=form)


def token(page: httpx.Response) -> str:
    """The form token in a page."""
    found = re.search(r'name="csrf" value="([^"]+)"', page.text)
    assert found, page.text
    return found[1]


async def click(client: httpx.AsyncClient, page: str, action: str, **fields: str) -> httpx.Response:
    """Open `page` and send its form `action` with these fields and the page's token."""
    opened = await client.get(page)
    assert f'action="{action}"' in opened.text, f"{page} has no form {action}"
    return await client.post(action, data={"csrf": token(opened), **fields})
