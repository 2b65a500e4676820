"""The compliance officer's page."""

from __future__ import annotations

import re

import httpx
import pytest

from dialer.model.journal import Verification
from tests.web.fake_office import FakeOffice
from tests.web.visiting import app_of, click, visitor


def sequence_numbers(page: httpx.Response) -> list[int]:
    return [int(found) for found in re.findall(r'<span class="hint">#(\d+)</span>', page.text)]


async def test_a_number_is_checked_with_codes_and_history() -> None:
    async with visitor(app_of(FakeOffice()), "cal") as client:
        denied = (await client.get("/compliance", params={"check": "(312) 555-0145"})).text
        assert ">DENY<" in denied and "+13125550145" in denied
        for shown in ("NATIONAL_DNC", "OUTSIDE_HOURS", "16 CFR 310.4", "Sat 12:30", "dialled"):
            assert shown in denied
        allowed = (await client.get("/compliance", params={"check": "2125550123"})).text
        assert ">ALLOW<" in allowed and "On none." in allowed
        odd = (await client.get("/compliance", params={"check": "<i>12"})).text
        assert "INVALID_NUMBER" in odd and "&lt;i&gt;12" in odd and "<i>12" not in odd


async def test_the_journal_is_read_page_by_page() -> None:
    async with visitor(app_of(FakeOffice()), "cal") as client:
        page = await client.get("/compliance")
        seen = sequence_numbers(page)
        assert seen == list(range(250, 150, -1))
        while found := re.search(
            r'href="(/compliance\?[^"]*before=[^"]*)#journal" rel="next"', page.text
        ):
            page = await client.get(found[1].replace("&amp;", "&"))
            seen += sequence_numbers(page)
        assert seen == list(range(250, 0, -1))


async def test_the_journal_is_filtered_by_number_in_any_spelling_and_by_kind() -> None:
    async with visitor(app_of(FakeOffice()), "cal") as client:
        query = {"number": "(312) 555 0145", "kind": "DIAL_INTENDED"}
        page = await client.get("/compliance", params=query)
        expected = [seq for seq in range(250, 0, -1) if seq % 2 and seq % 3 == 0]
        assert sequence_numbers(page) == expected
        wrong = await client.get("/compliance", params={"number": "twelve"})
        assert "is not a phone number" in wrong.text and not sequence_numbers(wrong)
        for odd in ({"kind": "NO_SUCH"}, {"before": "-3"}, {"before": "9" * 40}, {"before": "٣"}):
            assert len(sequence_numbers(await client.get("/compliance", params=odd))) == 100


async def test_an_entry_shows_its_data_escaped_and_its_hashes() -> None:
    async with visitor(app_of(FakeOffice()), "cal") as client:
        text = (await client.get("/compliance")).text
    assert "&lt;script&gt;alert(1)" in text and "<script>alert" not in text
    assert f"{250:064x}" in text and f"{249:064x}" in text
    assert "clock shifted +3:00:00" in text


@pytest.mark.parametrize(
    ("verification", "said"),
    [
        (Verification(True, 12_345), "12,345 entries; every hash fits"),
        (Verification(False, 80, 81, "hash differs"), "First bad entry: 81. hash differs"),
    ],
)
async def test_the_chain_is_verified_on_demand(verification: Verification, said: str) -> None:
    office = FakeOffice(verification=verification)
    async with visitor(app_of(office), "cal") as client:
        assert "Not checked since" in (await client.get("/compliance")).text
        answer = await click(client, "/compliance", "/compliance/verify")
        assert (answer.status_code, answer.headers["location"]) == (303, "/compliance#chain")
        text = (await client.get("/compliance")).text
        assert said in text and "by Cal Compliance" in text
