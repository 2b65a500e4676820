"""A real browser before the real server, both on this machine only."""

from __future__ import annotations

import shutil
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import Future
from dataclasses import dataclass, field
from functools import partial

import pytest
import trio
from playwright.sync_api import Browser, ConsoleMessage, Page, expect, sync_playwright

from dialer.web.app import serve
from tests.web.fake_office import USERS, FakeOffice
from tests.web.visiting import app_of

CHROMIUM_ARGS = [
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]


@dataclass
class LiveSite:
    """The served pages, their office, and a way to script it from the test's thread."""

    address: str
    office: FakeOffice
    token: trio.lowlevel.TrioToken
    scope: trio.CancelScope

    def script(self, action: Callable[[], object]) -> None:
        """Run this where the office lives."""
        trio.from_thread.run_sync(action, trio_token=self.token)


@pytest.fixture
def site() -> Iterator[LiveSite]:
    ready: Future[LiveSite] = Future()
    office = FakeOffice()

    async def run() -> None:
        async with trio.open_nursery() as nursery:
            address = await nursery.start(serve, app_of(office), "127.0.0.1", 0)
            token = trio.lowlevel.current_trio_token()
            ready.set_result(LiveSite(address, office, token, nursery.cancel_scope))

    def run_in_thread() -> None:
        try:
            trio.run(run)
        except BaseException as error:
            if ready.done():
                raise
            ready.set_exception(error)

    thread = threading.Thread(target=run_in_thread, name="web server")
    thread.start()
    live = ready.result(timeout=20)
    yield live
    live.script(live.scope.cancel)
    thread.join(timeout=20)
    assert not thread.is_alive(), "the web server did not stop"


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    path = shutil.which("chromium")
    assert path, (
        "These tests need Chromium: no `chromium` on the PATH (Debian: apt install chromium)."
    )
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path, args=CHROMIUM_ARGS)
        yield browser
        browser.close()


@dataclass
class Visitor:
    """A person at a browser window. `complaints` collects console errors, page errors and breaches
    of the content security policy."""

    page: Page
    site: LiveSite
    complaints: list[str] = field(default_factory=list)

    def sign_in(self, name: str) -> None:
        self.page.goto(f"{self.site.address}/sign-in")
        self.page.get_by_label("Name").fill(name)
        self.page.get_by_label("Password").fill(USERS[name][1])
        self.page.get_by_role("button", name="Sign in").click()
        self.page.get_by_role("button", name="Sign out").wait_for()

    def wait_until_live(self) -> None:
        """Until script and stream work, seen by a notice that comes and goes."""
        notice = self.page.get_by_text("The service is stopping")
        for draining in (True, False):
            self.site.script(partial(self.site.office.show_draining, draining))
            expect(notice).to_be_visible(visible=draining)

    def note(self, message: ConsoleMessage) -> None:
        if message.type in ("error", "warning"):
            self.complaints.append(f"{message.type}: {message.text} {message.location}")


@pytest.fixture
def person(browser: Browser, site: LiveSite) -> Iterator[Visitor]:
    context = browser.new_context(viewport={"width": 1280, "height": 800}, locale="en-US")
    context.set_default_timeout(10_000)
    visitor = Visitor(context.new_page(), site)
    visitor.page.on("console", visitor.note)
    visitor.page.on("pageerror", lambda error: visitor.complaints.append(str(error)))
    yield visitor
    context.close()
    assert visitor.complaints == []
