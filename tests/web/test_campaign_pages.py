"""The manager's pages: numbers, start and stop, lead files, refusals."""

from __future__ import annotations

import csv
import io
from collections.abc import AsyncIterator
from dataclasses import replace

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st

from dialer.model.campaigns import CampaignState
from dialer.model.events import CampaignStateAsked
from dialer.model.reports import RefusalRow
from dialer.web import campaign_pages
from dialer.web.campaign_pages import waits
from dialer.web.downloads import safe_cell
from tests.web.fake_office import START, FakeOffice, campaign_report, campaign_view
from tests.web.visiting import app_of, click, token, visitor

LEADS = b"Phone,First Name\n2125550123,Iris\nbad number,Otto\n2125550124,Uma\n=bad(),Eve\n"


class EndlessFile(httpx.AsyncByteStream):
    """A body of undeclared length that never ends by itself."""

    def __init__(self, csrf: str) -> None:
        self._head = (
            f'--x\r\nContent-Disposition: form-data; name="csrf"\r\n\r\n{csrf}\r\n'
            '--x\r\nContent-Disposition: form-data; name="file"; filename="a.csv"\r\n\r\n'
        )

    def __aiter__(self) -> AsyncIterator[bytes]:
        return self

    async def __anext__(self) -> bytes:
        head, self._head = self._head, ""
        return head.encode() or b"y" * 100_000


async def upload(
    client: httpx.AsyncClient, content: bytes, filename: str = "leads.csv"
) -> httpx.Response:
    page = await client.get("/campaigns/spring")
    return await client.post(
        "/campaigns/spring/leads",
        data={"csrf": token(page)},
        files={"file": (filename, content, "text/csv")},
    )


def rows_of(answer: httpx.Response) -> list[list[str]]:
    assert answer.headers["content-type"] == "text/csv; charset=utf-8"
    assert "attachment" in answer.headers["content-disposition"]
    assert answer.text.startswith("\ufeff")
    return list(csv.reader(io.StringIO(answer.text[1:])))


async def test_the_list_shows_each_campaign() -> None:
    async with visitor(app_of(FakeOffice()), "mia") as client:
        text = (await client.get("/campaigns")).text
    assert 'href="/campaigns/spring"' in text and "Spring windows" in text
    assert "1,234" in text and "1.6 %" in text and "0 of 1" in text


async def test_the_page_shows_live_numbers_and_the_report() -> None:
    async with visitor(app_of(FakeOffice()), "mia") as client:
        text = (await client.get("/campaigns/spring")).text
    for shown in ("1,234", "1.6 %", "ceiling 3.0 %", "National DNC", "Sale", "Ada Sample"):
        assert shown in text
    for reported in ("9,000", "median 140 ms", "95 % within 900 ms", "200:05:00", "1.5 % of live"):
        assert reported in text


@pytest.mark.parametrize(
    ("state", "offered"),
    [
        (CampaignState.STOPPED, {"RUNNING"}),
        (CampaignState.RUNNING, {"PAUSED", "STOPPED"}),
        (CampaignState.PAUSED, {"RUNNING", "STOPPED"}),
    ],
)
async def test_the_buttons_fit_the_state(state: CampaignState, offered: set[str]) -> None:
    office = FakeOffice()
    office.show_campaign(replace(campaign_view(), state=state))
    async with visitor(app_of(office), "mia") as client:
        text = (await client.get("/campaigns/spring")).text
    assert {each for each in CampaignState if f'name="state" value="{each}"' in text} == offered


async def test_start_pause_and_stop_are_asked_for_in_the_managers_name() -> None:
    office = FakeOffice()
    async with visitor(app_of(office), "mia") as client:
        for state in ("PAUSED", "RUNNING", "STOPPED"):
            answer = await click(
                client, "/campaigns/spring", "/campaigns/spring/state", state=state
            )
            assert answer.headers["location"] == "/campaigns/spring"
        wrong = await click(client, "/campaigns/spring", "/campaigns/spring/state", state="FAST")
        assert wrong.status_code == 400
    assert office.sent == [
        CampaignStateAsked("spring", CampaignState(state), "mia")
        for state in ("PAUSED", "RUNNING", "STOPPED")
    ]


async def test_why_nothing_is_dialled_is_prominent() -> None:
    office = FakeOffice()
    office.show_campaign(replace(campaign_view(), not_dialling="no agent is on shift"))
    async with visitor(app_of(office), "mia") as client:
        text = (await client.get("/campaigns/spring")).text
    assert "<strong>Nothing is dialled:</strong> no agent is on shift" in text


async def test_compliance_reads_but_does_not_change() -> None:
    async with visitor(app_of(FakeOffice()), "cal") as client:
        text = (await client.get("/campaigns/spring")).text
    assert "1,234" in text
    assert "/campaigns/spring/state" not in text and "/campaigns/spring/leads" not in text


async def test_an_unknown_campaign_is_said() -> None:
    async with visitor(app_of(FakeOffice()), "mia") as client:
        for path in ("", "/refusals", "/refusals.csv", "/imports/none"):
            assert (await client.get(f"/campaigns/autumn{path}")).status_code == 404
        page = await client.get("/campaigns/spring")
        answer = await client.post(
            "/campaigns/autumn/state", data={"csrf": token(page), "state": "RUNNING"}
        )
        assert answer.status_code == 404 and "autumn" in answer.text


async def test_an_upload_shows_each_refused_row() -> None:
    office = FakeOffice()
    async with visitor(app_of(office), "mia") as client:
        answer = await upload(client, LEADS)
        assert answer.status_code == 303
        where = answer.headers["location"]
        page = await client.get(where)
        assert "Import of leads.csv" in page.text
        assert "<dt>Rows</dt><dd>4</dd>" in page.text and "<dt>Loaded</dt><dd>2</dd>" in page.text
        for shown in ("bad number,Otto", "not a phone number", "Write it with its area code."):
            assert shown in page.text
        assert rows_of(await client.get(f"{where}/refused.csv")) == [
            ["line", "value", "reason", "remedy"],
            ["3", "bad number,Otto", "not a phone number", "Write it with its area code."],
            ["5", "'=bad(),Eve", "not a phone number", "Write it with its area code."],
        ]
    assert office.imports == [("spring", "leads.csv", LEADS, "mia")]


async def test_only_the_newest_import_results_are_kept() -> None:
    async with visitor(app_of(FakeOffice()), "mia") as client:
        places = [(await upload(client, LEADS)).headers["location"] for _ in range(9)]
        answers = [(await client.get(place)).status_code for place in places]
        assert answers == [404, *[200] * 8]
        assert "no longer kept" in (await client.get(places[0])).text


async def test_a_file_that_cannot_be_read_and_no_file_at_all() -> None:
    office = FakeOffice()
    async with visitor(app_of(office), "mia") as client:
        unreadable = await upload(client, b"\0\0", "leads.xlsx")
        assert unreadable.status_code == 422
        assert "Nothing was imported" in unreadable.text
        assert "leads.xlsx:1: is not text" in unreadable.text
        assert "Save it as CSV in UTF-8." in unreadable.text
        nothing = await click(client, "/campaigns/spring", "/campaigns/spring/leads")
        assert nothing.status_code == 422 and "Choose a CSV file first." in nothing.text
    assert not office.imports


async def test_a_large_file_arrives_whole_and_a_larger_one_is_refused(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    office = FakeOffice()
    large = b"Phone\n" + b"2125550123\n" * 300_000
    monkeypatch.setattr(campaign_pages, "UPLOAD_LIMIT", len(large))
    async with visitor(app_of(office), "mia") as client:
        assert (await upload(client, large)).status_code == 303
        assert office.imports[0][2] == large
        refused = await upload(client, large + b"x" * 70_000)
        assert refused.status_code == 413 and "Nothing was done" in refused.text
        csrf = token(await client.get("/campaigns/spring"))

        endless = client.build_request(
            "POST",
            "/campaigns/spring/leads",
            headers={"Content-Type": "multipart/form-data; boundary=x"},
        )
        del endless.headers["content-length"]
        endless.stream = EndlessFile(csrf)
        refused = await client.send(endless)
        assert refused.status_code == 413
    assert len(office.imports) == 1


async def test_refusals_are_paged_and_downloaded() -> None:
    office = FakeOffice()
    office.refusal_rows = [
        RefusalRow(number, "leads.csv", f"=cmd{number}", "INVALID_NUMBER", "not a number", START)
        for number in range(1, 251)
    ]
    office.refusal_rows.append(RefusalRow(0, "", "+12125550123", "OUTSIDE_HOURS", "8-21", START))
    async with visitor(app_of(office), "mia") as client:
        first = (await client.get("/campaigns/spring/refusals")).text
        assert "=cmd100<" in first and "=cmd101<" not in first and "?page=2" in first
        third = (await client.get("/campaigns/spring/refusals?page=3")).text
        assert "201 to 251" in third and "?page=4" not in third and "OUTSIDE_HOURS" in third
        for odd in ("0", "-1", "x", "99999999999"):
            answer = await client.get(f"/campaigns/spring/refusals?page={odd}")
            assert "1 to 100" in answer.text
        beyond = (await client.get("/campaigns/spring/refusals?page=9")).text
        assert "no refusals this far back" in beyond
        rows = rows_of(await client.get("/campaigns/spring/refusals.csv"))
    assert rows[0] == ["at", "list", "line", "value", "code", "explain"]
    assert rows[1][:4] == ["2026-11-21T17:30:00.000Z", "leads.csv", "1", "'=cmd1"]
    assert rows[251][2:] == ["", "'+12125550123", "OUTSIDE_HOURS", "8-21"]
    assert len(rows) == 252


@given(st.text())
def test_no_cell_starts_a_formula(value: str) -> None:
    cell = safe_cell(value)
    assert cell in (value, f"'{value}")
    assert cell.lstrip()[:1] not in ("=", "+", "-", "@") or not cell.strip()
    assert cell[:1] not in ("\t", "\r", "\n")


@given(st.lists(st.integers(min_value=0, max_value=100_000), min_size=1))
def test_waits_are_ranks_of_what_was_measured(times: list[int]) -> None:
    report = campaign_report(waits_ms=tuple(times))
    found = waits(report)
    assert found is not None
    assert {found.median_ms, found.p95_ms, found.worst_ms} <= set(times)
    assert found.median_ms <= found.p95_ms <= found.worst_ms == max(times)
    assert sum(time <= found.median_ms for time in times) * 2 >= len(times)
    assert sum(time <= found.p95_ms for time in times) >= 0.95 * len(times)
    assert found.prompt_share == sum(time <= 2_000 for time in times) / len(times)
