"""The compliance officer's pages that show: journal, chain, decisions, lists, rules, refusals."""

from __future__ import annotations

import re

import httpx
import pytest

from dialer.model.journal import Verification
from tests.web.fake_office import START, FakeOffice
from tests.web.visiting import app_of, click, visitor

AUDIT = "/compliance/audit"
EXPORT = f"{AUDIT}/export#export"


def sequence_numbers(page: httpx.Response) -> list[int]:
    return [int(found) for found in re.findall(r'<span class="hint">#(\d+)</span>', page.text)]


async def text_of(path: str, office: FakeOffice | None = None) -> str:
    async with visitor(app_of(office or FakeOffice()), "cal") as client:
        page = await client.get(path)
        assert page.status_code == 200, page.text
        return page.text


async def test_every_page_is_reached_from_the_first_and_names_itself() -> None:
    async with visitor(app_of(FakeOffice()), "cal") as client:
        start = (await client.get("/compliance")).text
        pages = re.findall(r'<a href="(/compliance[^"]*)"', start.partition("</nav>")[2])
        assert len(pages) >= 10
        for path in pages:
            page = await client.get(path)
            assert page.status_code == 200
            assert page.text.count('aria-current="page"') == 2, "the section and the page"


async def test_the_overview_says_how_things_stand() -> None:
    office = FakeOffice(declared=["LA"])
    async with visitor(app_of(office), "cal") as client:
        text = (await client.get("/compliance")).text
        for shown in (
            "Not checked yet",
            "the newest covers 250 entries",
            "1 failing",
            "1 too old",
            "National DNC 12",
            ">LA<",
            "1.6 %",
        ):
            assert shown in text, shown
        office.chain_fault = "a checkpoint was changed"
        office.verification = Verification(False, 80, 81, "hash differs")
        await click(client, AUDIT, f"{AUDIT}/verify")
        text = (await client.get("/compliance")).text
        assert "Broken" in text and "a checkpoint was changed" in text


async def test_a_number_is_checked_with_codes_and_history() -> None:
    async with visitor(app_of(FakeOffice()), "cal") as client:
        path = "/compliance/numbers"
        denied = (await client.get(path, params={"number": "(312) 555-0145"})).text
        assert ">DENY<" in denied and "+13125550145" in denied
        for shown in ("NATIONAL_DNC", "OUTSIDE_HOURS", "16 CFR 310.4", "Sat 12:30"):
            assert shown in denied
        assert "Its whole history" in denied and "/compliance/attempts/7" in denied
        allowed = (await client.get(path, params={"number": "2125550123"})).text
        assert ">ALLOW<" in allowed and "On none." in allowed
        odd = (await client.get(path, params={"number": "<i>12"})).text
        assert "INVALID_NUMBER" in odd and "&lt;i&gt;12" in odd and "<i>12" not in odd


async def test_a_trace_shows_requests_with_evidence_and_what_came_of_them() -> None:
    text = await text_of("/compliance/numbers?number=2125550000")
    trace = text.partition('id="trace"')[2].partition("</section>")[0]
    assert "Asked not to be called" in trace and "In force since" in trace
    assert "Legal deadline" in trace and "first refused" in trace
    assert re.search(r'href="/compliance/decisions/\d+"', trace)
    assert trace.count("<tr>") >= 5


async def test_an_attempt_is_explained_with_every_rule_and_the_proof() -> None:
    text = await text_of("/compliance/attempts/7")
    for shown in (
        ">ALLOW<",
        "Lifted",
        "PEWC",
        "form 7",
        "US/hours",
        "47 CFR 64.1200",
        "rules looked at and passed",
        "on national",
        "America/New_York",
        "zone data",
        "The journal entries that prove it",
    ):
        assert shown in text, shown
    async with visitor(app_of(FakeOffice()), "cal") as client:
        for path in ("/compliance/attempts/8", "/compliance/attempts/x", "/compliance/attempts"):
            assert (await client.get(path)).status_code == 404
        found = await client.get("/compliance/attempts", params={"attempt": " 7 "})
        assert found.headers["location"] == "/compliance/attempts/7"


async def test_a_refusal_is_explained_from_its_entry() -> None:
    text = await text_of("/compliance/decisions/4")
    assert ">DENY<" in text and "INTERNAL_DNC" in text and "Failed" in text
    assert "None: no passing of time mends it." in text and "Hash before it" in text
    async with visitor(app_of(FakeOffice()), "cal") as client:
        for seq in ("5", "-1", "9" * 30):
            assert (await client.get(f"/compliance/decisions/{seq}")).status_code == 404


async def test_lists_show_their_age_and_the_stale_ones_come_first() -> None:
    text = await text_of("/compliance/lists")
    assert text.index("Too old") < text.index("Fresh")
    assert "95<" in text and "92<" in text and "249,000,000" in text


async def test_refusals_are_drawn_with_a_table_beside() -> None:
    text = await text_of("/compliance/refusals?days=7")
    picture = text.partition('<svg class="picture"')[2].partition("</svg>")[0]
    assert picture.count("<rect") == 4 and picture.count('class="series-1"') == 2
    assert "Internal DNC: 2." in picture and "21 OUTSIDE_HOURS" in picture
    assert "20.0 %" in text and "34.0 %" not in text, "21 of 105 screenings"
    assert 'value="7" selected' in text and "Over time (UTC)" in text


async def test_the_rules_of_a_place_are_read_at_a_time() -> None:
    text = await text_of("/compliance/rules?place=FL&at=2026-12-02T17:00")
    for shown in ("Rules of Florida", "Wednesday 2026-12-02", "US-FL/hours", "501.059", "12:00 in"):
        assert shown in text, shown
    async with visitor(app_of(FakeOffice()), "cal") as client:
        for query, said in (
            ("place=Oz", "No rules of such a place"),
            ("place=FL&at=soon", "This is no date and time"),
        ):
            page = await client.get(f"/compliance/rules?{query}")
            assert page.status_code == 422 and said in page.text


async def test_a_month_of_drops_is_shown_as_regulators_ask_for_it() -> None:
    text = await text_of("/compliance/drops?campaign=spring&month=2026-12")
    for shown in ("2.5 %", "Worst 24 hours", "1 of 1 heard the message in time", "not over"):
        assert shown in text, shown
    async with visitor(app_of(FakeOffice()), "cal") as client:
        page = await client.get("/compliance/drops?month=soon")
        assert page.status_code == 422 and "a month is written" in page.text.lower()


# --- the journal ----------------------------------------------------------------------------------


async def test_the_journal_is_read_page_by_page() -> None:
    async with visitor(app_of(FakeOffice()), "cal") as client:
        page = await client.get("/compliance/journal")
        seen = sequence_numbers(page)
        assert seen == list(range(250, 150, -1))
        while found := re.search(
            r'href="(/compliance/journal\?[^"]*before=[^"]*)" rel="next"', page.text
        ):
            page = await client.get(found[1].replace("&amp;", "&"))
            seen += sequence_numbers(page)
        assert seen == list(range(250, 0, -1))


async def test_the_journal_is_filtered_by_number_in_any_spelling_and_by_kind() -> None:
    async with visitor(app_of(FakeOffice()), "cal") as client:
        path = "/compliance/journal"
        query = {"number": "(312) 555 0145", "kind": "DIAL_INTENDED"}
        page = await client.get(path, params=query)
        expected = [seq for seq in range(250, 0, -1) if seq % 2 and seq % 3 == 0]
        assert sequence_numbers(page) == expected
        wrong = await client.get(path, params={"number": "twelve"})
        assert "is not a phone number" in wrong.text and not sequence_numbers(wrong)
        for odd in ({"kind": "NO_SUCH"}, {"before": "-3"}, {"before": "9" * 40}, {"before": "٣"}):
            assert len(sequence_numbers(await client.get(path, params=odd))) == 100


async def test_an_entry_shows_its_data_escaped_and_its_hashes() -> None:
    text = await text_of("/compliance/journal")
    assert "&lt;script&gt;alert(1)" in text and "<script>alert" not in text
    assert f"{250:064x}" in text and f"{249:064x}" in text
    assert "clock shifted +3:00:00" in text


# --- the chain ------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("verification", "said"),
    [
        (Verification(True, 12_345), "12,345 entries; every hash fits"),
        (Verification(True, 9, checkpoints=2), "2 signed checkpoints agree"),
        (Verification(False, 80, 81, "hash differs"), "First bad entry: 81. hash differs"),
    ],
)
async def test_the_chain_is_verified_on_demand(verification: Verification, said: str) -> None:
    office = FakeOffice(verification=verification)
    async with visitor(app_of(office), "cal") as client:
        assert "Not checked since" in (await client.get(AUDIT)).text
        answer = await click(client, AUDIT, f"{AUDIT}/verify")
        assert (answer.status_code, answer.headers["location"]) == (303, f"{AUDIT}#chain")
        text = (await client.get(AUDIT)).text
        assert said in text and "by Cal Compliance" in text


async def test_checkpoints_and_the_places_they_are_taken_to_are_shown() -> None:
    text = await text_of(AUDIT)
    for shown in ("dialer/sample+", "no route to host", "Delivered", "kept with it", "of 2 check"):
        assert shown in text, shown
    assert "a checkpoint was" in await text_of(AUDIT, FakeOffice(chain_fault="a checkpoint was"))


async def test_a_bundle_is_downloaded_and_the_command_to_check_it_stands_beside() -> None:
    office = FakeOffice()
    async with visitor(app_of(office), "cal") as client:
        page = await client.get(AUDIT)
        assert "dialer audit verify --bundle FILE" in page.text
        bundle = await click(client, AUDIT, EXPORT, since="2026-11-01T00:00", numbers="1")
        assert (bundle.status_code, bundle.content) == (200, b"a bundle")
        assert bundle.headers["content-length"] == "8"
        assert 'filename="journal-1-250.zip"' in bundle.headers["content-disposition"]
    ((since, until, numbers, by),) = office.exports
    assert since is not None and since < START
    assert (until, numbers, by) == (None, True, "cal")


@pytest.mark.parametrize(
    ("typed", "status", "said"),
    [
        ({"since": "2027-01-01T00:00"}, 422, "there is no entry of that time"),
        ({"since": "soon"}, 422, "This is no date and time"),
        ({"since": "2026-11-02T00:00", "until": "2026-11-01T00:00"}, 422, "not after"),
    ],
)
async def test_an_export_that_cannot_be_is_said_beside_its_field(
    typed: dict[str, str], status: int, said: str
) -> None:
    office = FakeOffice()
    async with visitor(app_of(office), "cal") as client:
        page = await click(client, AUDIT, EXPORT, **typed)
        assert page.status_code == status and said.lower() in page.text.lower()
        assert f'value="{typed["since"]}"' in page.text
        office.busy = True
        assert (await click(client, AUDIT, EXPORT)).status_code == 503
    assert not office.exports
