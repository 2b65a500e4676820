"""The pages in real Chromium before the real server: live push, keys, and no console errors."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
from playwright.sync_api import Browser, expect

from dialer.model.agents import AgentState
from dialer.model.calls import AttemptId
from dialer.model.events import AgentDisposed, AgentHungUp, AgentPaused, AgentReadied
from dialer.model.instant import DAY_MS, HOUR_MS, Instant
from tests.web.conftest import LiveSite, Visitor
from tests.web.fake_office import START, agent_view, campaign_view, on_call

MARK = "window.notReloaded = true"
MARKED = "window.notReloaded === true"


def show(site: LiveSite, state: AgentState, attempt: int | None = None) -> None:
    call = None if attempt is None else on_call(attempt)
    site.script(lambda: site.office.show_agent(agent_view(state, call)))


def test_an_agents_call_from_ready_to_saved_without_a_reload(person: Visitor) -> None:
    page, site = person.page, person.site
    show(site, AgentState.PAUSED)
    person.sign_in("ada")
    person.wait_until_live()
    expect(page.locator(".state-word")).to_have_text("Paused")
    page.evaluate(MARK)
    page.get_by_role("button", name="Ready").click()
    expect(page.locator(".state-word")).to_have_text("Ready")
    show(site, AgentState.INCALL, 41)
    expect(page.locator("[data-number]")).to_have_text("+12125550123")
    expect(page.get_by_text("Example <b>")).to_be_visible()
    assert page.title().startswith("In call")
    page.get_by_role("button", name="Hang up").click()
    expect(page.get_by_role("heading", name="How did the call end?")).to_be_visible()
    assert page.evaluate(MARKED), "the page was reloaded"

    page.keyboard.press("2")
    expect(page.get_by_label("Not interested")).to_be_checked()
    page.get_by_label("Notes").fill("prefers 3 pm")
    page.keyboard.press("1")
    expect(page.get_by_label("Notes")).to_have_value("prefers 3 pm1")
    expect(page.get_by_label("Not interested")).to_be_checked()
    page.keyboard.press("Control+Enter")
    expect(page.locator(".state-word")).to_have_text("Ready")
    assert site.office.sent == [
        AgentReadied("ada"),
        AgentHungUp("ada"),
        AgentDisposed("ada", AttemptId(41), "NOT_INTERESTED", "prefers 3 pm1"),
    ]


def test_a_number_key_and_enter_save(person: Visitor) -> None:
    show(person.site, AgentState.WRAPUP, 41)
    person.sign_in("ada")
    person.wait_until_live()
    person.page.keyboard.press("1")
    person.page.keyboard.press("Enter")
    expect(person.page.locator(".state-word")).to_have_text("Ready")
    assert person.site.office.sent == [AgentDisposed("ada", AttemptId(41), "SALE")]


def test_what_is_typed_survives_pushes_and_a_wish_to_pause(person: Visitor) -> None:
    page, site = person.page, person.site
    show(site, AgentState.WRAPUP, 41)
    person.sign_in("ada")
    person.wait_until_live()
    page.get_by_label("Notes").fill("half a sent")
    pending = replace(agent_view(AgentState.WRAPUP, on_call()), pending=AgentState.PAUSED)
    site.office.on_event = lambda event: site.office.show_agent(pending)
    page.get_by_role("combobox", name="Reason to pause").select_option("Lunch")
    page.get_by_role("button", name="Pause after this").click()
    expect(page.get_by_text("You will be paused after this call")).to_be_visible()
    expect(page.get_by_label("Notes")).to_have_value("half a sent")
    assert site.office.sent == [AgentPaused("ada", "Lunch")]
    show(site, AgentState.WRAPUP, 42)
    expect(page.get_by_label("Notes")).to_have_value("")


def test_a_callback_must_be_in_the_leads_future(person: Visitor) -> None:
    page, site = person.page, person.site
    show(site, AgentState.WRAPUP, 41)
    person.sign_in("ada")
    when = page.get_by_label("Call back at")
    expect(when).to_be_hidden()
    page.get_by_label("Call back later").check()
    expect(when).to_be_visible()
    page.get_by_label("Notes").fill("ask for Iris")
    when.fill("2026-11-21T12:00")
    page.get_by_role("button", name="Save").click()
    expect(page.get_by_role("alert").filter(has_text="has passed")).to_be_visible()
    expect(page.get_by_label("Notes")).to_have_value("ask for Iris")
    assert all("422" in complaint for complaint in person.complaints)
    person.complaints.clear()
    when.fill("2026-11-22T12:30")
    page.get_by_role("button", name="Save").click()
    expect(page.locator(".state-word")).to_have_text("Ready")
    assert site.office.sent == [
        AgentDisposed("ada", AttemptId(41), "CALLBACK", "ask for Iris", Instant(START + DAY_MS))
    ]


def test_a_click_the_service_is_too_busy_for_is_said(person: Visitor) -> None:
    show(person.site, AgentState.PAUSED)
    person.sign_in("ada")
    person.wait_until_live()
    person.site.office.busy = True
    person.page.get_by_role("button", name="Ready").click()
    expect(person.page.get_by_text("The service is busy").first).to_be_visible()
    assert all("503" in complaint for complaint in person.complaints)
    person.complaints.clear()


def test_clocks_tick_on_the_service_clock(person: Visitor) -> None:
    site = person.site
    site.office.clock_shift_ms = 3 * HOUR_MS
    site.office.at = Instant(START + 90_000)
    show(site, AgentState.INCALL, 41)
    person.sign_in("ada")
    talking = person.page.locator(".talk .timer")
    expect(talking).to_have_text("1:32")
    expect(person.page.locator("[data-clock-zone]")).to_have_text("Sat 21 Nov, 12:31")
    expect(person.page.get_by_role("note")).to_contain_text("2026-11-21 17:31:3")


def test_a_lost_connection_is_said_and_mended(person: Visitor) -> None:
    page = person.page
    person.sign_in("ada")
    expect(page.locator("#connection")).to_be_hidden()
    page.route("**/live?*", lambda route: route.abort())
    page.reload()
    expect(page.get_by_text("Connection lost, reconnecting")).to_be_visible()
    page.unroute("**/live?*")
    expect(page.locator("#connection")).to_be_hidden()
    show(person.site, AgentState.READY)
    expect(page.locator(".state-word")).to_have_text("Ready")
    assert all("ERR_FAILED" in complaint for complaint in person.complaints)
    person.complaints.clear()


def test_campaign_numbers_move_and_a_manager_stops_it(person: Visitor) -> None:
    page, site = person.page, person.site
    person.sign_in("mia")
    page.get_by_role("link", name="Spring windows").click()
    expect(page.get_by_role("heading", name="Spring windows")).to_be_visible()
    person.wait_until_live()
    page.evaluate(MARK)
    site.script(lambda: site.office.show_campaign(replace(campaign_view(), dials=1_299)))
    expect(page.locator(".tile").first).to_have_text("Dials1,299")
    page.get_by_role("button", name="Pause").click()
    expect(page.get_by_role("button", name="Resume")).to_be_visible()
    assert page.evaluate(MARKED), "the page was reloaded"


def test_a_lead_file_is_imported_and_its_refusals_read(person: Visitor, tmp_path: Path) -> None:
    page = person.page
    leads = tmp_path / "leads.csv"
    leads.write_text("Phone\n2125550123\nbad number\n")
    person.sign_in("mia")
    page.goto(f"{person.site.address}/campaigns/spring")
    page.get_by_label("Lead file").set_input_files(leads)
    page.get_by_role("button", name="Import leads").click()
    expect(page.get_by_role("heading", name="Import of leads.csv")).to_be_visible()
    row = page.get_by_role("row").filter(has_text="bad number")
    expect(row).to_contain_text("not a phone number")
    with page.expect_download() as download:
        page.get_by_role("link", name="Download all 1 as CSV").click()
    assert "bad number" in Path(download.value.path()).read_text()
    page.get_by_role("link", name="Back to the campaign").click()
    page.get_by_role("link", name="Who is not called, and why").click()
    expect(page.get_by_text("Nothing has been refused.")).to_be_visible()


def test_an_officer_without_scripts_declares_an_emergency_and_reads_what_is_wrong(
    browser: Browser, site: LiveSite
) -> None:
    context = browser.new_context(java_script_enabled=False)
    officer = Visitor(context.new_page(), site)
    page = officer.page
    officer.sign_in("cal")
    page.get_by_role("link", name="Emergencies").first.click()
    page.get_by_label("State", exact=True).fill("Oz")
    page.get_by_label("Who declared it").fill("the governor")
    page.get_by_role("button", name="Stop calls into it").press("Enter")
    expect(page.get_by_text("No calls into: Oz")).to_be_visible()
    page.get_by_role("link", name="What if").click()
    page.get_by_label("Phone number").fill("305 555 0123")
    page.get_by_label("State of the address").fill("Ozland")
    page.get_by_role("button", name="Ask the gate").click()
    state = page.get_by_label("State of the address")
    expect(state).to_have_attribute("aria-invalid", "true")
    expect(page.locator("#state-problem")).to_contain_text("Ozland")
    state.fill("FL")
    page.get_by_role("button", name="Ask the gate").click()
    expect(page.locator("#answer")).to_contain_text("US-FL")
    context.close()
    assert site.office.declared == ["Oz"]


def test_another_role_is_told_so(person: Visitor) -> None:
    person.sign_in("ada")
    person.page.goto(f"{person.site.address}/compliance")
    expect(person.page.get_by_role("heading", name="Not allowed")).to_be_visible()
    person.page.get_by_role("link", name="Go to your page").click()
    expect(person.page.locator(".state-word")).to_be_visible()
    assert all("403" in complaint for complaint in person.complaints)
    person.complaints.clear()


def test_a_call_without_scripts(browser: Browser, site: LiveSite) -> None:
    context = browser.new_context(java_script_enabled=False)
    person = Visitor(context.new_page(), site)
    page = person.page
    person.sign_in("ada")
    page.get_by_role("button", name="Start shift").click()
    page.get_by_role("button", name="Ready").click()
    show(site, AgentState.INCALL, 41)
    page.get_by_role("link", name="Reload it").click()
    page.get_by_role("button", name="Hang up").click()
    page.get_by_label("Sale").check()
    page.get_by_role("button", name="Save").click()
    expect(page.locator(".state-word")).to_have_text("Ready")
    context.close()
    assert site.office.sent[-1] == AgentDisposed("ada", AttemptId(41), "SALE")


@pytest.mark.parametrize("width", [1280, 375])
@pytest.mark.parametrize(
    ("name", "path"),
    [
        ("ada", "/agent"),
        ("mia", "/campaigns"),
        ("mia", "/campaigns/spring"),
        ("cal", "/compliance/numbers?number=3125550145"),
    ],
)
def test_no_page_is_wider_than_its_window(
    person: Visitor, name: str, path: str, width: int
) -> None:
    show(person.site, AgentState.WRAPUP, 41)
    person.page.set_viewport_size({"width": width, "height": 800})
    person.sign_in(name)
    person.page.goto(f"{person.site.address}{path}")
    wide = person.page.evaluate("document.documentElement.scrollWidth")
    assert wide <= width
