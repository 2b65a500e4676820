"""The main job with nothing left out: real SIP, the real service, people in Chromium."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
import threading
from collections.abc import Iterator
from concurrent.futures import Future
from contextlib import ExitStack, contextmanager
from pathlib import Path

import httpx
import pytest
import trio
from playwright.sync_api import Browser, Page, expect, sync_playwright
from prometheus_client.parser import text_string_to_metric_families

from dialer.demo.sipp import free_ports, sipp
from dialer.demo.world import Ports, build_world
from dialer.model.reports import Role, User
from dialer.service.loading import Shelf, load
from dialer.service.run import Running, Service
from dialer.settings import read_settings
from tests.web.conftest import CHROMIUM_ARGS

PASSWORD = "correct horse battery"
LEADS = """Lead ID,First Name,Last Name,City,State,ZIP,Phone,Notes
1,Ada,Sampleton,New York,NY,10001,(212) 555-0190,
2,Bob,Mockman,New York,NY,10001,212-555-0147,
"""
MORE_LEADS = """Lead ID,First Name,Last Name,City,State,ZIP,Phone,Notes
3,Cy,Testperson,New York,NY,10001,12,
4,Di,Placeholder,New York,NY,10001,(212) 555-0190,
5,Ed,Specimen,New York,NY,10001,+1.212.555.0191,
"""


@contextmanager
def _served(folder: Path, leads: str, mode: str) -> Iterator[str]:
    """A running service with SIPp around it, one agent's phone, and three people who can sign in;
    the address of its pages."""
    ready: Future[tuple[str, trio.lowlevel.TrioToken]] = Future()
    with ExitStack() as stack:
        carrier, phones = free_ports(2)
        settings_file = build_world(folder, None, 1, Ports(carrier, phones))
        campaign = folder / "campaigns" / "demo"
        (campaign / "leads.csv").write_text(leads)
        text = (campaign / "campaign.toml").read_text()
        (campaign / "campaign.toml").write_text(text.replace('mode = "predictive"', mode))
        stack.enter_context(sipp("carrier.xml", carrier, 21_000, folder / "truth.log"))
        stack.enter_context(sipp("agents.xml", phones, 31_000, folder / "phones.log"))
        settings = read_settings(settings_file)
        service = Service(settings, load(settings, Shelf.KEPT))

        async def run() -> None:
            async with trio.open_nursery() as nursery:
                running: Running = await nursery.start(service.run)
                for name, role in (
                    ("agent01", Role.AGENT),
                    ("mara", Role.MANAGER),
                    ("olga", Role.COMPLIANCE),
                ):
                    await running.office.add_user(User(name, name, role), PASSWORD, "test")
                ready.set_result((running.address, trio.lowlevel.current_trio_token()))

        def run_in_thread() -> None:
            try:
                trio.run(run)
            except BaseException as error:
                if ready.done():
                    raise
                ready.set_exception(error)

        thread = threading.Thread(target=run_in_thread, name="service")
        thread.start()
        address, token = ready.result(timeout=60)
        yield address
        trio.from_thread.run_sync(service.leave, trio_token=token)
        thread.join(timeout=30)
        assert not thread.is_alive(), "the service did not leave"


@pytest.fixture(scope="module")
def address(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """A list of two: one who answers and one machine."""
    with _served(tmp_path_factory.mktemp("whole_job"), LEADS, 'mode = "predictive"') as address:
        yield address


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    path = shutil.which("chromium")
    assert path, "These tests need Chromium on the PATH (Debian: apt install chromium)."
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path, args=CHROMIUM_ARGS)
        yield browser
        browser.close()


def _person(browser: Browser, address: str, name: str) -> Page:
    page = browser.new_context(viewport={"width": 1280, "height": 900}).new_page()
    page.set_default_timeout(20_000)
    page.goto(f"{address}/sign-in")
    page.get_by_label("Name").fill(name)
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Sign in").click()
    page.get_by_role("button", name="Sign out").wait_for()
    return page


@pytest.mark.timeout(180)
def test_a_lead_goes_its_whole_way_before_the_eyes_of_three_people(
    browser: Browser, address: str
) -> None:
    agent = _person(browser, address, "agent01")
    agent.get_by_role("button", name="Start shift").click()
    agent.get_by_role("button", name="Ready").click()
    manager = _person(browser, address, "mara")
    manager.goto(f"{address}/campaigns/demo")
    manager.get_by_role("button", name="Start", exact=True).click()

    state = agent.locator(".state-word")
    expect(state).to_have_text("In call", timeout=40_000)
    expect(agent.locator("[data-number]")).to_have_text("+12125550190")
    expect(agent.get_by_text("may I speak to Ada?")).to_be_visible()
    agent.get_by_role("button", name="Hang up").click()
    agent.get_by_label("Do not call again").check()
    agent.get_by_label("Notes").fill("asked to be left alone")
    agent.get_by_role("button", name="Save").click()
    expect(state).to_have_text("Ready")

    manager.set_input_files(
        "input[type=file]",
        {"name": "more.csv", "mimeType": "text/csv", "buffer": MORE_LEADS.encode()},
    )
    manager.get_by_role("button", name="Import leads").click()
    refused = manager.locator("tbody tr")
    expect(refused).to_have_count(2)
    expect(refused.nth(0)).to_contain_text("INVALID_NUMBER")
    expect(refused.nth(1)).to_contain_text("in the campaign already")

    expect(state).to_have_text("In call", timeout=40_000)
    expect(agent.locator("[data-number]")).to_have_text("+12125550191")
    agent.get_by_role("button", name="Hang up").click()
    agent.get_by_label("Sale").check()
    agent.get_by_role("button", name="Save").click()

    officer = _person(browser, address, "olga")
    officer.goto(f"{address}/compliance/numbers?number=212+555+0190")
    expect(officer.get_by_text("INTERNAL_DNC").first).to_be_visible()
    officer.goto(f"{address}/compliance/audit")
    officer.get_by_role("button", name="Verify the journal").click()
    expect(officer.get_by_text("every hash fits")).to_be_visible()


def test_the_metrics_tell_the_same_story(browser: Browser, address: str) -> None:
    text = httpx.get(f"{address}/metrics").text
    samples = {
        (sample.name, tuple(sorted(sample.labels.items()))): sample.value
        for family in text_string_to_metric_families(text)
        for sample in family.samples
    }
    campaign = (("campaign", "demo"),)
    assert samples["dialer_dials_total", campaign] == 3
    assert samples["dialer_connects_total", campaign] == 2
    assert samples["dialer_verdict_to_agent_seconds_count", campaign] == 2


@pytest.mark.timeout(120)
def test_a_preview_waits_for_the_agent_and_is_joined_at_the_answer(
    browser: Browser, tmp_path: Path
) -> None:
    with _served(tmp_path, LEADS, 'mode = "preview"') as address:
        manager = _person(browser, address, "mara")
        manager.goto(f"{address}/campaigns/demo")
        manager.get_by_role("button", name="Start", exact=True).click()
        agent = _person(browser, address, "agent01")
        agent.get_by_role("button", name="Start shift").click()
        agent.get_by_role("button", name="Ready").click()
        expect(agent.locator("[data-number]")).to_have_text("+12125550190", timeout=20_000)
        assert not (tmp_path / "truth.log").exists() or not (tmp_path / "truth.log").read_text()
        agent.get_by_role("button", name="Skip").click()
        expect(agent.locator("[data-number]")).to_have_text("+12125550147")
        agent.get_by_role("button", name="Skip").click()
        expect(agent.locator("[data-number]")).to_have_text("+12125550190")
        agent.get_by_role("button", name="Call").click()
        expect(agent.locator(".state-word")).to_have_text("In call", timeout=20_000)
        agent.get_by_role("button", name="Hang up").click()
        agent.get_by_label("Sale").check()
        agent.get_by_role("button", name="Save").click()
        expect(agent.locator("[data-number]")).to_have_text("+12125550147", timeout=20_000)


@pytest.mark.timeout(240)
def test_the_demo_ends_well_and_says_so_in_json() -> None:
    found = subprocess.run(
        [sys.executable, "-m", "dialer", "demo", "--leads", "12", "--agents", "3", "--json"],
        capture_output=True,
        text=True,
        timeout=220,
        check=False,
    )
    assert found.returncode == 0, found.stderr
    figures = json.loads(found.stdout)
    assert figures["truth_mismatches"] == 0 and figures["journal_verified"] is True
    assert figures["drop_rate"] <= 0.03
    assert figures["live"] == figures["connected"] + figures["dropped"] > 0
    assert figures["leads_loaded"] + figures["leads_rejected"] == 12
    assert sum(figures["dispositions"].values()) == figures["dials"]
    assert set(figures["answer_to_agent_ms"]) == {"p50", "p95", "max"}
    assert figures["agent_utilisation"] > 0 and figures["talk_s"] > 0
