"""Requests not to be called, added and taken out beside a number; emergencies of states."""

from __future__ import annotations

import pytest

from dialer.model.records import RequestChannel
from tests.web.fake_office import START, FakeOffice
from tests.web.visiting import app_of, click, visitor

PAGE = "/compliance/numbers"
ADD_FORM, REMOVE_FORM = f"{PAGE}/add#add", f"{PAGE}/remove#remove"
EMERGENCIES = "/compliance/emergencies"
ADD = {
    "number": "(212) 555-0123",
    "seller": "Clearview Sample Windows",
    "channel": "MAIL",
    "asked_by": "Iris <b>Example",
    "evidence": "letter 4711",
    "received": "2026-11-20T14:05",
}


async def test_a_request_is_added_with_its_evidence_and_the_deadline_is_shown() -> None:
    office = FakeOffice()
    async with visitor(app_of(office), "cal") as client:
        page = await click(client, PAGE, ADD_FORM, **ADD, affiliates="1")
        assert page.status_code == 200
        assert "+12125550123: in force since" in page.text
        assert "The law’s deadline for it is" in page.text and "2026-12-05" in page.text
        assert "letter 4711" not in page.text, "a form that is done is empty again"
    received_at = START - (27 * 60 + 25) * 60_000
    assert office.requests == [
        (
            "2125550123",
            "Clearview Sample Windows",
            True,
            RequestChannel.MAIL,
            "Iris <b>Example",
            "letter 4711",
            received_at,
            "cal",
        )
    ]


@pytest.mark.parametrize(
    ("change", "says"),
    [
        ({"number": "none"}, "It is no phone number"),
        ({"seller": ""}, "Choose who was asked"),
        ({"channel": "PIGEON"}, "Choose how the request came in"),
        ({"received": "yesterday"}, "This is no date and time"),
        ({"received": "2026-11-20T14:05+01:00"}, "This is no date and time"),
    ],
)
async def test_a_form_that_will_not_do_stays_as_typed(change: dict[str, str], says: str) -> None:
    office = FakeOffice()
    async with visitor(app_of(office), "cal") as client:
        page = await click(client, PAGE, ADD_FORM, **{**ADD, **change})
        assert page.status_code == 422 and says in page.text
        assert "letter 4711" in page.text and "Iris &lt;b&gt;Example" in page.text
        assert "<b>Example" not in page.text
    assert not office.requests


async def test_everyone_and_now_may_be_chosen() -> None:
    office = FakeOffice()
    async with visitor(app_of(office), "cal") as client:
        await click(client, PAGE, ADD_FORM, **{**ADD, "seller": "-", "received": ""})
    (said,) = office.requests
    assert said[1:3] == ("", False) and said[6] is None


async def test_a_request_is_taken_out_with_reason_and_evidence() -> None:
    office = FakeOffice()
    typed = {"number": "+12125550123", "seller": "-", "because": "mistyped", "evidence": "l 4712"}
    async with visitor(app_of(office), "cal") as client:
        page = await click(client, PAGE, REMOVE_FORM, **typed)
        assert page.status_code == 200 and "+12125550123: taken out" in page.text
        refused = await click(client, PAGE, REMOVE_FORM, **{**typed, "because": ""})
        assert refused.status_code == 422 and "must not be empty" in refused.text
    assert office.requests == [("+12125550123", "", "mistyped", "l 4712", "cal")]


async def test_calls_into_a_state_are_stopped_and_let_go_on() -> None:
    office = FakeOffice()
    async with visitor(app_of(office), "cal") as client:
        stopped = await click(client, EMERGENCIES, EMERGENCIES, state="LA", because="storm", on="1")
        assert "No calls into: <strong>LA</strong>" in stopped.text
        over = await click(client, EMERGENCIES, EMERGENCIES, state="LA", because="over", on="0")
        assert "No state has an emergency declared." in over.text
        odd = await click(client, EMERGENCIES, EMERGENCIES, state="Oz", because="", on="")
        assert odd.status_code == 200
        assert (
            await click(client, EMERGENCIES, EMERGENCIES, state="Ozland", because="x", on="1")
        ).status_code == 422
    assert office.requests[:2] == [("LA", True, "storm", "cal"), ("LA", False, "over", "cal")]


async def test_a_journal_that_cannot_be_written_and_a_busy_floor_are_said() -> None:
    office = FakeOffice(durable=False)
    async with visitor(app_of(office), "cal") as client:
        page = await click(client, PAGE, ADD_FORM, **ADD)
        assert "Not yet written" in page.text and "in force since" not in page.text
        office.busy = True
        busy = await click(client, PAGE, ADD_FORM, **ADD)
        assert busy.status_code == 503 and "letter 4711" in busy.text


async def test_the_page_is_for_officers_and_their_number_is_filled_in() -> None:
    office = FakeOffice()
    for name in ("ada", "mia"):
        async with visitor(app_of(office), name) as client:
            assert (await client.get(PAGE)).status_code == 403
            assert (await client.post(f"{PAGE}/add", data=ADD)).status_code == 403
    async with visitor(app_of(office), "cal") as client:
        assert 'value="+12125550123"' in (await client.get(f"{PAGE}?number=%2B12125550123")).text
        assert f'href="{PAGE}"' in (await client.get("/compliance")).text
    assert not office.requests
