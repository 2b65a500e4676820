"""What if: the form becomes a case, the gate answers, and what will not do is said at its field."""

from __future__ import annotations

import json
import re
from html import unescape
from typing import Any

import pytest

from dialer.model.errors import OperatorError
from dialer.web.officer.what_if import FIELDS, case_of, written_instant
from tests.web.fake_office import CAMPAIGN, FakeOffice
from tests.web.visiting import app_of, click, visitor

PAGE, FORM = "/compliance/what-if", "/compliance/what-if#answer"
ASKED = {"phone": "(305) 555-0123", "at": "2026-12-02T12:00", "zone": "America/New_York"}


def typed(**fields: str) -> dict[str, str]:
    return {**dict.fromkeys(FIELDS, ""), **ASKED, **fields}


def case(**fields: str) -> dict[str, Any]:
    return case_of(typed(**fields), {CAMPAIGN.name: CAMPAIGN})


def problems_of(page: str) -> dict[str, str]:
    found = re.findall(r'role="alert" id="(\w+)-problem">([^<]*)<', page)
    return {field: unescape(words) for field, words in found}


def test_an_empty_form_asks_about_a_clean_number() -> None:
    assert case() == {"phone": ASKED["phone"], "at": "2026-12-02T12:00:00-05:00", "campaign": {}}


def test_a_campaign_says_for_whom_and_how_unless_something_else_is_written() -> None:
    said = case(campaign=CAMPAIGN.name, mode="preview")["campaign"]
    assert said == {
        "seller": CAMPAIGN.seller,
        "subject": CAMPAIGN.title,
        "mode": "preview",
        "purpose": "sales",
        "caller_id": "+12025550199",
    }


def test_every_field_of_the_form_reaches_the_case() -> None:
    found = case(
        state="FL",
        zip="33101",
        national="1",
        litigator="1",
        states="FL, TX",
        internal="2026-11-01",
        consent="pewc",
        consent_at="2026-10-01",
        relationship="inquiry",
        relationship_at="2026-11-20",
        line="wireless",
        rnd="no_data",
        emergency="LA NY, New Jersey",
    )
    assert found["lists"] == {
        "national": True,
        "litigator": True,
        "states": ["FL", "TX"],
        "internal": {"requested_at": "2026-11-01T00:00:00.000Z"},
    }
    assert found["consents"] == [{"type": "pewc", "granted_at": "2026-10-01T00:00:00.000Z"}]
    assert found["relationships"] == [{"type": "inquiry", "at": "2026-11-20T00:00:00.000Z"}]
    assert found["line"] == {"type": "wireless"} and found["emergencies"] == [
        "LA",
        "NY",
        "New Jersey",
    ]
    assert found["rnd"] == {"answer": "no_data", "queried_at": found["at"]}


def test_json_is_laid_over_the_form() -> None:
    found = case(national="1", more='{"lists": {"litigator": true}, "agent_reserved": true}')
    assert found["lists"] == {"national": True, "litigator": True}
    assert found["agent_reserved"] is True


@pytest.mark.parametrize(
    ("wall", "zone", "written"),
    [
        ("2026-07-01T20:30", "America/Phoenix", "2026-07-01T20:30:00-07:00"),
        ("2026-11-01T01:30", "America/New_York", "2026-11-01T01:30:00-04:00"),
        ("2026-07-01T20:30", "UTC", "2026-07-01T20:30:00+00:00"),
    ],
)
def test_the_hour_is_that_of_the_clocks_named(wall: str, zone: str, written: str) -> None:
    assert written_instant(wall, zone) == written


@pytest.mark.parametrize(
    ("wall", "zone", "field"),
    [
        ("2026-03-08T02:30", "America/New_York", "at"),
        ("soon", "America/New_York", "at"),
        ("2026-03-08T02:30Z", "America/New_York", "at"),
        ("2026-03-08T12:30", "Europe/Nowhere", "zone"),
    ],
)
def test_an_hour_that_cannot_be_meant_is_refused(wall: str, zone: str, field: str) -> None:
    with pytest.raises(OperatorError) as caught:
        written_instant(wall, zone)
    assert caught.value.problems[0].where == field


async def test_the_answer_shows_every_rule_and_nothing_follows_from_it() -> None:
    office = FakeOffice()
    async with visitor(app_of(office), "cal") as client:
        page = await click(
            client, PAGE, FORM, **{**ASKED, "at": "2026-12-06T20:30"}, state="FL", mode="preview"
        )
    assert page.status_code == 200
    for shown in (
        "OUTSIDE_HOURS",
        "US-FL/hours",
        "US/hours",
        "501.616(6)(a)",
        "Mon 07 Dec, 08:00 in America/New_York",
        "rules looked at and passed",
        "if it were so",
    ):
        assert shown in page.text, shown
    line = re.search(r'id="case">([^<]+)<', page.text)
    assert line is not None and json.loads(unescape(line[1]))["state"] == "FL"
    assert 'value="FL"' in page.text, "the form stays as typed, for the next question"
    assert not office.sent and not office.requests


@pytest.mark.parametrize(
    ("fields", "field", "said"),
    [
        ({"phone": ""}, "phone", "which number"),
        ({"at": "noon"}, "at", "no date and time"),
        ({"state": "Ozland"}, "state", "Ozland"),
        ({"consent": "pewc"}, "consent_at", "Give its date"),
        ({"relationship": "inquiry", "relationship_at": "soon"}, "relationship_at", "no date"),
        ({"emergency": "Ozland"}, "emergency", "Ozland"),
        ({"states": "TX Ozland"}, "states", "Ozland"),
        ({"mode": "loud"}, "mode", "loud"),
        ({"more": "["}, "more", "no JSON"),
        ({"more": "[1]"}, "more", "JSON object"),
    ],
)
async def test_what_will_not_do_is_said_at_its_field(
    fields: dict[str, str], field: str, said: str
) -> None:
    async with visitor(app_of(FakeOffice()), "cal") as client:
        page = await click(client, PAGE, FORM, **{**ASKED, **fields})
    assert page.status_code == 422
    assert said in problems_of(page.text)[field]


async def test_a_field_of_the_json_that_is_not_known_is_named() -> None:
    async with visitor(app_of(FakeOffice()), "cal") as client:
        for more, named in (
            ('{"colour": 1}', "colour"),
            ('{"lists": {"moon": 1}}', "lists.moon"),
            ('{"overlay": "x"}', "overlay"),
            ('{"own_caps": {"per_blink": 1}}', "own_caps.per_blink"),
        ):
            page = await click(client, PAGE, FORM, **ASKED, more=more)
            assert page.status_code == 422 and named in page.text
            assert "no such" in page.text.lower() or "leave it out" in page.text
