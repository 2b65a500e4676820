"""The administrator's page."""

from __future__ import annotations

import pytest

from dialer.model.reports import Role, User
from tests.web.fake_office import FakeOffice
from tests.web.visiting import app_of, click, sign_in, visitor


async def test_an_administrator_adds_an_agent_who_can_then_sign_in() -> None:
    office = FakeOffice()
    async with visitor(app_of(office), "root") as client:
        page = await client.get("/users")
        assert "Mia Manager" in page.text and 'aria-current="page">Users' in page.text
        fields = {"name": "bo.2", "display_name": "Bo <b>", "role": "AGENT"}
        answer = await click(client, "/users", "/users", password="long enough", **fields)
        assert (answer.status_code, answer.headers["location"]) == (303, "/users")
        assert office.people["bo.2"] == (User("bo.2", "Bo <b>", Role.AGENT), "long enough")
        listed = (await client.get("/users")).text
        assert "Bo &lt;b&gt;" in listed and "none: add the name to a campaign file" in listed
    async with visitor(app_of(office)) as client:
        assert (await sign_in(client, "bo.2", "long enough")).status_code == 303


@pytest.mark.parametrize(
    ("changes", "problem"),
    [
        ({"name": "two words"}, "no spaces"),
        ({"name": ""}, "no spaces"),
        ({"role": "KING"}, "Choose a role"),
        ({"password": "short"}, "at least 8"),
        ({"name": "root", "role": "AGENT"}, "your own administrator"),
    ],
)
async def test_a_wrong_form_changes_nothing_and_keeps_what_was_typed(
    changes: dict[str, str], problem: str
) -> None:
    office = FakeOffice()
    before = dict(office.people)
    fields = {"name": "bo", "display_name": "Bo Sample", "role": "AGENT", "password": "long enough"}
    async with visitor(app_of(office), "root") as client:
        answer = await click(client, "/users", "/users", **(fields | changes))
    assert answer.status_code == 422 and problem in answer.text
    assert 'value="Bo Sample"' in answer.text and "long enough" not in answer.text
    assert office.people == before


async def test_the_page_is_for_administrators_only() -> None:
    async with visitor(app_of(FakeOffice()), "mia") as client:
        assert (await client.get("/users")).status_code == 403
        assert "/users" not in (await client.get("/campaigns")).text
