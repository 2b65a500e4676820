"""An officer's whole errand, in a real browser, before the service as it is run."""

from __future__ import annotations

import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
import trio
from playwright.sync_api import Browser, Page, expect

from dialer.model.journal import EntryKind, StoredEntry
from dialer.service.office import ServiceOffice
from tests.web.real_service import PASSWORD, RealService, real_service

WHOLE_ERRAND_S = 30.0


@pytest.fixture(scope="module")
def service(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RealService]:
    with real_service(tmp_path_factory.mktemp("service")) as running:
        yield running


async def first_entry(office: ServiceOffice, kind: EntryKind, code: str = "") -> StoredEntry:
    """The first entry of a kind (a refusal for `code`); waits for it, a bounded time."""
    with trio.fail_after(WHOLE_ERRAND_S):
        while True:
            found = [
                stored
                for stored in await office.journal(kind=kind, limit=1_000)
                if not code or code in str(stored.entry.data.get("codes"))
            ]
            if found:
                return found[-1]
            await office.changed(office.snapshot().version)


def sign_in(page: Page, service: RealService, name: str) -> None:
    page.goto(f"{service.address}/sign-in")
    page.get_by_label("Name").fill(name)
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Sign in").click()
    page.get_by_role("button", name="Sign out").wait_for()


@pytest.fixture
def page(browser: Browser) -> Iterator[Page]:
    context = browser.new_context(viewport={"width": 1280, "height": 900}, locale="en-US")
    context.set_default_timeout(20_000)
    complaints: list[str] = []
    page = context.new_page()
    page.on("console", lambda message: complaints.append(message.text))
    page.on("pageerror", lambda error: complaints.append(str(error)))
    yield page
    context.close()
    assert complaints == []


def test_from_a_refused_number_to_a_bundle_verified_offline(
    service: RealService, page: Page, tmp_path: Path
) -> None:
    refused = service.ask(lambda office: first_entry(office, EntryKind.REFUSED, "NATIONAL_DNC"))
    number = refused.entry.number
    sign_in(page, service, "olga")

    # Why was this number refused?
    page.get_by_label("Phone number").fill(number)
    page.get_by_role("button", name="Look up").click()
    expect(page.locator("#verdict .verdict")).to_contain_text("DENY")
    expect(page.get_by_role("row").filter(has_text="US/national_list").first).to_contain_text(
        "47 CFR 64.1200(c)(2)"
    )
    history = page.locator("#trace")
    expect(history).to_contain_text("In the lead file leads.csv")
    history.get_by_role("link", name="why").first.click()
    expect(page.get_by_role("heading", name=f"Why: {number}")).to_be_visible()
    expect(page.get_by_text("None: no passing of time mends it.")).to_be_visible()
    page.get_by_text("rules looked at and passed").click()
    expect(page.get_by_role("row").filter(has_text="US/hours")).to_contain_text("Passed")
    expect(page.get_by_text(refused.hash)).to_be_visible()

    # An attempt, explained from the overview.
    attempt = service.ask(lambda office: first_entry(office, EntryKind.ATTEMPT_ENDED))
    page.get_by_role("link", name="Overview").click()
    page.get_by_label("Attempt", exact=True).fill(str(attempt.entry.attempt_id))
    page.get_by_role("button", name="Explain").click()
    expect(page.get_by_text("SIP 486")).to_be_visible()
    page.get_by_role("link", name=f"entry {attempt.seq}", exact=True).click()
    expect(page.get_by_role("heading", name="The journal entry that proves it")).to_be_visible()

    # Somebody who was called asks not to be called, by letter.
    called = attempt.entry.number
    page.goto(f"{service.address}/compliance/numbers?number={called.replace('+', '%2B')}")
    adding = page.locator("#add")
    adding.get_by_label("Who was asked").select_option(label="Everyone who calls from here")
    adding.get_by_label("How it came in").select_option("MAIL")
    adding.get_by_label("Who asked").fill("Iris Example")
    adding.get_by_label("Evidence").fill("letter 4711")
    adding.get_by_role("button", name="Add").click()
    expect(page.locator("#done")).to_contain_text(f"{called}: in force since")
    expect(page.locator("#done")).to_contain_text("The law’s deadline for it is")
    expect(page.locator("#verdict .verdict")).to_contain_text("INTERNAL_DNC")
    expect(page.locator("#trace .request")).to_contain_text("letter 4711")

    # What if it were a Florida number at 20:30 on a Sunday?
    page.get_by_role("link", name="What if", exact=True).click()
    page.get_by_label("Phone number").fill("(305) 555-0123")
    page.get_by_label("State of the address").fill("FL")
    page.get_by_label("Date and time").fill("2026-12-06T20:30")
    page.get_by_label("Mode").select_option("preview")
    page.get_by_role("button", name="Ask the gate").click()
    answer = page.locator("#answer")
    expect(answer.locator(".verdict")).to_contain_text("OUTSIDE_HOURS")
    expect(answer).to_contain_text("Mon 07 Dec, 08:00 in America/New_York")
    expect(answer.get_by_role("row").filter(has_text="US-FL/hours").first).to_contain_text("501.6")
    expect(page.get_by_label("State of the address")).to_have_value("FL")

    # A part of the journal is handed over, and checked by whoever gets it.
    page.get_by_role("link", name="Audit", exact=True).click()
    page.get_by_role("button", name="Verify the journal").click()
    expect(page.get_by_text("every hash fits")).to_be_visible()
    with page.expect_download() as download:
        page.get_by_role("button", name="Export a bundle").click()
    bundle = tmp_path / download.value.suggested_filename
    download.value.save_as(bundle)
    command = page.locator("#command").inner_text().split()
    assert command[0] == "dialer" and command[-1] == "FILE"
    checked = subprocess.run(
        [sys.executable, "-m", *command[:-1], str(bundle)],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert checked.returncode == 0, checked.stderr
    words = " ".join(f"{checked.stdout} {checked.stderr}".split())
    said = re.search(r"(\d+) entries, every one as it was written", words)
    assert said and int(said[1]) > attempt.seq, words
    page.reload()
    expect(page.get_by_role("row").filter(has_text="without").first).to_contain_text("olga")


def test_a_manager_can_neither_see_nor_do_any_of_it(service: RealService, page: Page) -> None:
    sign_in(page, service, "mara")
    expect(page.get_by_role("link", name="Compliance")).to_have_count(0)
    for path in ("/compliance", "/compliance/numbers", "/compliance/audit"):
        answer = page.request.get(f"{service.address}{path}")
        assert answer.status == 403 and "this page is for: compliance" in answer.text()
    assert page.request.post(f"{service.address}/compliance/audit/export").status == 403


def test_no_page_of_the_officers_is_wider_than_its_window(service: RealService, page: Page) -> None:
    refused = service.ask(lambda office: first_entry(office, EntryKind.REFUSED, "NATIONAL_DNC"))
    sign_in(page, service, "olga")
    links = page.get_by_role("navigation", name="Compliance pages").get_by_role("link")
    paths = [link.get_attribute("href") or "" for link in links.all()]
    assert len(paths) == 10
    number = refused.entry.number.replace("+", "%2B")
    paths += [
        f"/compliance/numbers?number={number}",
        f"/compliance/decisions/{refused.seq}",
        "/compliance/attempts/1",
        "/compliance/rules?place=US-TX",
    ]
    for path in paths:
        page.goto(f"{service.address}{path}")
        for width in (1280, 375):
            page.set_viewport_size({"width": width, "height": 800})
            assert page.evaluate("document.documentElement.scrollWidth") <= width, path
