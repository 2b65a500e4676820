"""The agent's page without scripts: what it shows in each state, and what its forms ask for."""

from __future__ import annotations

from dataclasses import replace

import httpx
import pytest

from dialer.model.agents import AgentState
from dialer.model.calls import AttemptId
from dialer.model.campaigns import CallingHours
from dialer.model.events import (
    AgentDisposed,
    AgentHungUp,
    AgentLaunched,
    AgentPaused,
    AgentReadied,
    AgentSignedIn,
    AgentSignedOut,
    AgentSkipped,
    AgentSuppressed,
)
from dialer.model.instant import DAY_MS, HOUR_MS, Instant
from dialer.web.agent_pages import hours_text
from tests.web.fake_office import CAMPAIGN, START, FakeOffice, agent_view, on_call
from tests.web.visiting import app_of, click, token, visitor

BUTTONS = {
    AgentState.OFFLINE: {"start"},
    AgentState.PAUSED: {"ready", "end"},
    AgentState.READY: {"pause", "end"},
    AgentState.RESERVED: {"pause", "end", "hang-up"},
    AgentState.INCALL: {"pause", "end", "hang-up", "do-not-call"},
    AgentState.WRAPUP: {"pause", "end", "dispose"},
}


def actions(page: httpx.Response) -> set[str]:
    return {
        each
        for each in {a for b in BUTTONS.values() for a in b} | {"launch", "skip"}
        if f'action="/agent/{each}"' in page.text
    }


@pytest.mark.parametrize("state", AgentState)
async def test_the_buttons_fit_the_state(state: AgentState) -> None:
    office = FakeOffice()
    with_call = state in (AgentState.RESERVED, AgentState.INCALL, AgentState.WRAPUP)
    office.show_agent(agent_view(state, on_call() if with_call else None))
    async with visitor(app_of(office), "ada") as client:
        assert actions(await client.get("/agent")) == BUTTONS[state]


async def test_a_shift_from_start_to_end() -> None:
    office = FakeOffice()
    async with visitor(app_of(office), "ada") as client:
        for action, fields in (
            ("start", {}),
            ("ready", {}),
            ("pause", {"reason": "Lunch"}),
            ("end", {}),
        ):
            answer = await click(client, "/agent", f"/agent/{action}", **fields)
            assert (answer.status_code, answer.headers["location"]) == (303, "/agent")
    assert office.sent == [
        AgentSignedIn("ada"),
        AgentReadied("ada"),
        AgentPaused("ada", "Lunch"),
        AgentSignedOut("ada"),
    ]


async def test_a_reason_that_is_not_offered_is_refused() -> None:
    office = FakeOffice()
    office.show_agent(agent_view(AgentState.READY))
    async with visitor(app_of(office), "ada") as client:
        answer = await click(client, "/agent", "/agent/pause", reason="<b>")
        assert answer.status_code == 400 and "&lt;b&gt;" in answer.text
    assert not office.sent


async def test_lead_script_and_notice_are_shown_and_escaped() -> None:
    office = FakeOffice()
    office.show_agent(agent_view(AgentState.INCALL, on_call(notice="Nobody has spoken yet.")))
    async with visitor(app_of(office), "ada") as client:
        text = (await client.get("/agent")).text
    assert "+12125550123" in text and "Sat 21 Nov, 12:30" in text
    assert "Nobody has spoken yet." in text
    assert "Example &lt;b&gt;" in text and "Example <b>" not in text
    assert '<span class="merge">Iris</span>' in text
    assert '<span class="merge">Ada Sample</span>' in text
    assert '<span class="merge">Clearview Sample Windows</span>' in text
    assert '<span class="merge-missing">[coupon]</span>' in text


async def test_a_remembered_wish_is_shown_and_not_offered_again() -> None:
    office = FakeOffice()
    view = replace(agent_view(AgentState.INCALL, on_call()), pending=AgentState.PAUSED)
    office.show_agent(view)
    async with visitor(app_of(office), "ada") as client:
        page = await client.get("/agent")
        assert "You will be paused after this call" in page.text
        assert actions(page) == {"end", "hang-up", "do-not-call"}


async def test_a_phone_that_is_down_is_said() -> None:
    office = FakeOffice()
    office.show_agent(replace(agent_view(AgentState.PAUSED), phone_up=False))
    async with visitor(app_of(office), "ada") as client:
        assert "Your phone is not connected" in (await client.get("/agent")).text


async def test_preview_offers_launch_and_skip_of_the_lead_shown() -> None:
    office = FakeOffice()
    office.on_event = lambda event: None
    office.show_agent(agent_view(AgentState.RESERVED, on_call(attempt=None)))
    async with visitor(app_of(office), "ada") as client:
        assert actions(await client.get("/agent")) == {"pause", "end", "launch", "skip"}
        for lead in ("", "8"):
            await click(client, "/agent", "/agent/launch", lead=lead)
            await click(client, "/agent", "/agent/skip", lead=lead)
        assert not office.sent
        await click(client, "/agent", "/agent/launch", lead="7")
        await click(client, "/agent", "/agent/skip", lead="7")
    assert office.sent == [AgentLaunched("ada"), AgentSkipped("ada")]


async def test_a_late_hang_up_never_ends_the_next_call() -> None:
    office = FakeOffice()
    office.show_agent(agent_view(AgentState.INCALL, on_call(attempt=41)))
    async with visitor(app_of(office), "ada") as client:
        old = token(await client.get("/agent"))
        office.show_agent(agent_view(AgentState.INCALL, on_call(attempt=42)))
        late = await client.post("/agent/hang-up", data={"csrf": old, "attempt": "41"})
        assert late.status_code == 303 and not office.sent
        await client.post("/agent/hang-up", data={"csrf": old, "attempt": "42"})
    assert office.sent == [AgentHungUp("ada")]


async def test_a_disposition_is_saved_once() -> None:
    office = FakeOffice()
    office.show_agent(agent_view(AgentState.WRAPUP, on_call()))
    form = {"attempt": "41", "disposition": "SALE", "notes": " two\r\nlines "}
    async with visitor(app_of(office), "ada") as client:
        form["csrf"] = token(await client.get("/agent"))
        for _ in range(2):
            assert (await client.post("/agent/dispose", data=form)).status_code == 303
    assert office.sent == [AgentDisposed("ada", AttemptId(41), "SALE", "two\nlines", None)]


@pytest.mark.parametrize("disposition", ["", "NO_SUCH"])
async def test_a_missing_disposition_keeps_what_was_typed(disposition: str) -> None:
    office = FakeOffice()
    office.show_agent(agent_view(AgentState.WRAPUP, on_call()))
    async with visitor(app_of(office), "ada") as client:
        answer = await click(
            client,
            "/agent",
            "/agent/dispose",
            attempt="41",
            disposition=disposition,
            notes="she said <hello>",
        )
    assert answer.status_code == 422
    assert "Choose how the call ended." in answer.text
    assert "she said &lt;hello&gt;" in answer.text
    assert not office.sent


async def test_a_callback_is_on_the_leads_clock() -> None:
    office = FakeOffice()
    office.show_agent(agent_view(AgentState.WRAPUP, on_call()))
    fields = {"attempt": "41", "disposition": "CALLBACK", "notes": "after lunch"}
    async with visitor(app_of(office), "ada") as client:
        assert "America/New_York" in (await client.get("/agent")).text
        past = await click(
            client, "/agent", "/agent/dispose", callback_local="2026-11-21T12:30", **fields
        )
        assert past.status_code == 422 and "has passed" in past.text
        assert "after lunch" in past.text and 'value="2026-11-21T12:30"' in past.text
        assert not office.sent
        await click(client, "/agent", "/agent/dispose", callback_local="2026-11-22T12:30", **fields)
    assert office.sent == [
        AgentDisposed("ada", AttemptId(41), "CALLBACK", "after lunch", Instant(START + DAY_MS))
    ]


def test_hours_are_written_in_runs_of_days() -> None:
    day = (540, 1200)
    assert hours_text(CAMPAIGN.hours) == "Mon-Fri 09:00-20:00, Sat 10:00-18:00"
    alternate = CallingHours((day, None, day, None, None, None, (0, 1440)))
    assert hours_text(alternate) == "Mon 09:00-20:00, Wed 09:00-20:00, Sun 00:00-24:00"


async def test_a_time_typed_for_another_choice_is_left_out() -> None:
    office = FakeOffice()
    office.show_agent(agent_view(AgentState.WRAPUP, on_call()))
    fields = {"attempt": "41", "disposition": "SALE", "callback_local": "nonsense"}
    async with visitor(app_of(office), "ada") as client:
        await click(client, "/agent", "/agent/dispose", **fields)
    assert office.sent == [AgentDisposed("ada", AttemptId(41), "SALE")]


async def test_a_busy_service_keeps_the_notes() -> None:
    office = FakeOffice(busy=True)
    office.show_agent(agent_view(AgentState.WRAPUP, on_call()))
    fields = {"attempt": "41", "disposition": "SALE", "notes": "keep me"}
    async with visitor(app_of(office), "ada") as client:
        answer = await click(client, "/agent", "/agent/dispose", **fields)
        assert answer.status_code == 503
        assert "nothing was saved" in answer.text and "keep me" in answer.text
        assert 'value="SALE" data-shortcut="1" aria-keyshortcuts="1" checked' in answer.text


async def test_notes_have_a_limit() -> None:
    office = FakeOffice()
    office.show_agent(agent_view(AgentState.WRAPUP, on_call()))
    fields = {"attempt": "41", "disposition": "SALE", "notes": "x" * 4_001}
    async with visitor(app_of(office), "ada") as client:
        answer = await click(client, "/agent", "/agent/dispose", **fields)
    assert answer.status_code == 422 and "these are 4,001" in answer.text
    assert not office.sent


async def test_a_busy_service_says_that_nothing_was_done() -> None:
    office = FakeOffice(busy=True)
    async with visitor(app_of(office), "ada") as client:
        answer = await click(client, "/agent", "/agent/start")
    assert answer.status_code == 503
    assert "Nothing was done" in answer.text and "try again" in answer.text


async def test_an_agent_of_no_campaign_is_told_what_to_do() -> None:
    office = FakeOffice()
    async with visitor(app_of(office), "zoe") as client:
        page = await client.get("/agent")
        assert page.status_code == 404
        assert "agent of no campaign" in page.text and "[[agents]]" in page.text
        assert (await client.get("/agent/state")).status_code == 404
        answer = await client.post("/agent/start", data={"csrf": token(page)})
        assert answer.status_code == 303
    assert not office.sent


async def test_do_not_call_during_the_call() -> None:
    office = FakeOffice()
    office.show_agent(agent_view(AgentState.INCALL, on_call()))
    async with visitor(app_of(office), "ada") as client:
        old = token(await client.get("/agent"))
        await client.post("/agent/do-not-call", data={"csrf": old, "attempt": "40"})
        assert not office.sent
        answer = await click(
            client, "/agent", "/agent/do-not-call", attempt="41", evidence="said stop"
        )
        assert answer.status_code == 303
        assert office.sent == [AgentSuppressed("ada", AttemptId(41), "said stop")]
        office.show_agent(agent_view(AgentState.INCALL, replace(on_call(), opted_out=True)))
        page = await client.get("/agent")
        assert "do-not-call" not in actions(page) and "On the do-not-call list." in page.text
        assert (await client.get("/agent/state")).json()["call"]["opted_out"] is True
        office.show_agent(agent_view(AgentState.READY))
        await client.post("/agent/do-not-call", data={"csrf": old, "attempt": "41"})
        assert len(office.sent) == 1


async def test_the_state_as_data() -> None:
    office = FakeOffice()
    office.show_agent(agent_view(AgentState.INCALL, on_call(notice="Nobody has spoken yet.")))
    async with visitor(app_of(office), "ada") as client:
        data = (await client.get("/agent/state")).json()
        assert data["state"] == "INCALL" and data["now"] == START
        assert data["csrf"] == token(await client.get("/agent"))
        assert data["call"]["attempt"] == 41
        assert data["call"]["fields"]["first_name"] == "Iris"
        assert data["call"]["notice"] == "Nobody has spoken yet."
        assert [each["name"] for each in data["dispositions"]] == [
            "SALE", "NOT_INTERESTED", "CALLBACK", "DO_NOT_CALL",
        ]  # fmt: skip
        answer = await client.post("/agent/hang-up", data={"csrf": data["csrf"], "attempt": "41"})
        assert answer.status_code == 303
    assert office.sent == [AgentHungUp("ada")]


async def test_a_shifted_clock_is_said_on_every_page() -> None:
    office = FakeOffice(clock_shift_ms=3 * HOUR_MS)
    app = app_of(office)
    for name, path in (("ada", "/agent"), ("mia", "/campaigns"), ("cal", "/compliance")):
        async with visitor(app, name) as client:
            text = (await client.get(path)).text
            assert "shifted by +3:00:00" in text and "2026-11-21 17:30:00 UTC" in text
    office.clock_shift_ms = 0
    async with visitor(app, "ada") as client:
        assert "shifted" not in (await client.get("/agent")).text
