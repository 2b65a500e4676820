"""A whole lead file before it is loaded: `dialer screen LEADS.csv` answers as the gate will."""

from __future__ import annotations

import csv
import json
import pickle
from collections.abc import Collection, Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result
from hypothesis import given
from hypothesis import strategies as st

from dialer.cli import main
from dialer.demo.world import CAMPAIGN, CLOCK, Ports, build_world
from dialer.floor.floor import Floor
from dialer.intake.lead_csv import open_leads, read_leads
from dialer.intake.scrub_rows import COLUMNS, decided_row
from dialer.model.calls import AttemptId
from dialer.model.errors import OperatorError
from dialer.model.events import CampaignChanged, Restored
from dialer.model.instant import HOUR_MS, Instant, instant_of, rfc3339
from dialer.model.leads import Lead
from dialer.model.records import NO_RECORDS, Consent, ConsentType, NumberRecords, PastAttempt
from dialer.model.suppression import Suppression, SuppressionSource
from dialer.service.loading import OperatorData, Shelf, load, suppressions_of
from dialer.service.scrub import new_report, scrub
from dialer.service.scrubbing import Known, Scrubber, known_of
from dialer.settings import read_settings

AT = instant_of(CLOCK)
HEADER = "Lead ID,First Name,Last Name,City,State,ZIP,Phone,Notes\n"
NOTHING = Restored(AttemptId(1), (), (), (), (), (), (), ())


@dataclass(frozen=True)
class Shop:
    """An operator's folder: the demo's files, its lists on the shelf, no database."""

    folder: Path
    data: OperatorData

    @property
    def leads(self) -> Path:
        return self.folder / "campaigns" / CAMPAIGN / "leads.csv"

    def dialer(self, *arguments: str) -> Result:
        config = str(self.folder / "dialer.toml")
        return CliRunner().invoke(main, [*arguments, "--config", config])

    def screen(self, file: Path, *more: str) -> tuple[list[dict[str, str]], dict[str, Any], str]:
        """The report's rows, the summary, and what was said to people."""
        out = self.folder / "decisions.csv"
        given = ("screen", str(file), "--campaign", CAMPAIGN, "--out", str(out), "--json")
        result = self.dialer(*given, "--at", rfc3339(AT), *more)
        assert result.exit_code == 0, result.output
        with out.open(encoding="utf-8-sig", newline="") as stream:
            rows = list(csv.DictReader(stream))
        return rows, json.loads(result.stdout), result.stderr

    def known(self, remembered: Restored | None = None) -> Known:
        return known_of(self.data, self.data.campaigns[CAMPAIGN], AT, remembered, None)


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Shop]:
    folder = tmp_path_factory.mktemp("shop")
    settings = read_settings(build_world(folder, None, 2, Ports(5060, 5090)))
    yield Shop(folder, load(settings, Shelf.KEPT))


def test_every_row_is_in_the_report_in_its_order(shop: Shop) -> None:
    rows, summary, said = shop.screen(shop.leads)
    campaign = shop.data.campaigns[CAMPAIGN]
    file = read_leads(shop.leads.name, shop.leads.read_bytes(), campaign.lists[0])
    assert tuple(rows[0]) == COLUMNS
    assert [int(row["line"]) for row in rows] == sorted(
        [lead.line for lead in file.leads] + [row.line for row in file.rejected]
    )
    assert {int(r["line"]) for r in rows if r["verdict"] == "REJECTED"} == {
        row.line for row in file.rejected
    }
    assert summary["rows"] == len(rows) == file.rows
    counted = [summary["allowed"], *summary["later"].values(), *summary["never"].values()]
    assert sum(counted) == len(file.leads)
    assert sum(summary["rejected"].values()) == len(file.rejected)
    assert summary["allowed"] == sum(row["verdict"] == "ALLOW" for row in rows)
    assert len(summary["lists"]) == 13 and all(each["sha256"] for each in summary["lists"])
    assert f"{summary['allowed']} may be called now" in said
    assert "there is no database yet" in said


def test_bad_rows_and_repeated_numbers_say_what_to_mend(shop: Shop) -> None:
    file = shop.folder / "mixed.csv"
    file.write_text(
        HEADER
        + "1,Ann,Sample,Boston,MA,02108,617-555-0100,\n"
        + "2,Ben,Sample,Boston,MA\n"
        + "3,Cleo,Sample,Boston,MA,02108,555-01,\n"
        + '4,Dora,Sample,Boston,MA,02108,"=1+(617) 555-0100",\n'
        + "5,Emil,Sample,Boston,MA,02108,+1 (617) 555-0100,\n"
        + "6,Fay,Sample,,,,808-555-0123,\n"
    )
    rows, summary, said = shop.screen(file)
    first, short, digits, formula, again, hawaii = rows
    assert (first["line"], first["e164"], first["verdict"]) == ("2", "+16175550100", "ALLOW")
    assert short["primary"] == "ROW_REJECTED" and "5 cells" in short["explanation"]
    assert digits["primary"] == "INVALID_NUMBER" and "Complete the number" in digits["explanation"]
    assert formula["number"].startswith("'="), "no cell acts as a formula"
    assert again["primary"] == "DUPLICATE" and "on line 2 already" in again["explanation"]
    assert (hawaii["verdict"], hawaii["primary"]) == ("DENY", "OUTSIDE_HOURS")
    assert hawaii["next_allowed_at"] == "2026-12-02T19:00:00.000Z"
    assert hawaii["next_allowed_local"] == "Wed 2026-12-02 09:00 Pacific/Honolulu"
    assert summary["duplicates"] == 1 and summary["later"] == {"OUTSIDE_HOURS": 1}
    assert summary["next_at"] == hawaii["next_allowed_at"]
    assert "1 of them repeat a number" in said


def test_it_answers_as_dnc_check_does(shop: Shop) -> None:
    """For leads whose file says nothing but the number, as that command knows no more."""
    numbers = ["6175550100", "8085550123", "3055550123", "2025550100"]
    file = shop.folder / "numbers.csv"
    file.write_text(HEADER + "".join(f"1,A,B,,,,{number},\n" for number in numbers))
    folder = shop.folder / "var"
    database = folder / "dialer.db"
    loaded = shop.dialer("leads", "import", CAMPAIGN, str(file))
    assert loaded.exit_code == 0, loaded.output
    try:
        rows, _, _ = shop.screen(file)
        for number, row in zip(numbers, rows, strict=True):
            checked = shop.dialer("dnc", "check", number, "--campaign", CAMPAIGN, "--json")
            found = json.loads(checked.stdout)
            assert row["verdict"] == found["verdict"]
            assert row["codes"].split() == found["codes"]
            assert row["zones"].split() == [zone for zone, _ in found["local_times"]]
    finally:
        for left in folder.glob("dialer.db*"):
            left.unlink()
    assert not database.exists()


NUMBERS = (
    *("+16175550100", "+18505550123", "+13055550111", "+12025550100", "+18085550142"),
    *("+13125550116", "+19185550107", "+14055550199", "+19075550100", "+17135550154"),
)
ADDRESSES = (("", ""), ("FL", "32501"), ("TX", "77002"), ("CA", "90012"), ("MO", ""))


@st.composite
def remembered(draw: st.DrawFn) -> Restored:
    """A past in which anything may have happened to any of the numbers."""
    numbers = st.sampled_from(NUMBERS)
    ages = st.integers(0, 30).map(lambda hours: Instant(AT - hours * HOUR_MS))
    sellers = st.sampled_from(("", "Sample & Sons Windows", "Somebody Else"))
    dials = st.tuples(numbers, st.builds(PastAttempt, ages, sellers, st.just("")))
    asked = st.builds(
        Suppression, numbers, st.just(SuppressionSource.REQUEST), st.just("asked"), ages, sellers
    )
    return replace(
        NOTHING,
        recent_dials=tuple(draw(st.lists(dials, max_size=12))),
        recent_drops=tuple(draw(st.lists(st.tuples(numbers, ages), max_size=3))),
        suppressions=tuple(draw(st.lists(asked, max_size=3))),
        emergencies=tuple(draw(st.sets(st.sampled_from(("LA", "FL", "TX")), max_size=1))),
    )


@given(
    past=remembered(),
    addresses=st.lists(st.sampled_from(ADDRESSES), min_size=10, max_size=10),
    consenting=st.sets(st.sampled_from(NUMBERS)),
    hours=st.integers(-12, 12),
)
def test_a_row_is_what_the_floor_decides(
    shop: Shop,
    past: Restored,
    addresses: list[tuple[str, str]],
    consenting: set[str],
    hours: int,
) -> None:
    at = Instant(AT + hours * HOUR_MS)
    campaign = shop.data.campaigns[CAMPAIGN]
    given_at = Instant(AT - 90 * 24 * HOUR_MS)
    consent = NumberRecords(consents=(Consent(ConsentType.PEWC, campaign.seller, given_at),))
    known = known_of(shop.data, campaign, at, past, None)
    text = HEADER + "".join(
        f"1,A,B,,{state},{postcode},{number},\n"
        for number, (state, postcode) in zip(NUMBERS, addresses, strict=True)
    )
    file = open_leads("leads.csv", text.encode(), campaign.lists[0])
    said = Scrubber(
        replace(known, records=_Records(dict.fromkeys(consenting, consent))), file.header
    ).rows(list(file.rows()))

    floor = Floor(shop.data.ruleset, suppressions_of(shop.data), (), enabled=shop.data.enabled)
    floor.handle(CampaignChanged(campaign), at)
    floor.handle(past, at)
    for row, new in zip(
        said, read_leads("leads.csv", text.encode(), campaign.lists[0]).leads, strict=True
    ):
        records = consent if new.number.e164 in consenting else NO_RECORDS
        lead = Lead(
            1,
            campaign.name,
            "",
            new.line,
            new.number,
            new.fields,
            state=new.state,
            postcode=new.postcode,
            records=records,
        )
        assert row == decided_row(new, floor.screening_of(lead, campaign.name, at).answer)


class _Records:
    """Records that stand in no database."""

    def __init__(self, known: dict[str, NumberRecords]) -> None:
        self._known = known

    def records_of(self, numbers: Collection[str]) -> dict[str, NumberRecords]:
        return self._known


def test_several_processes_write_the_same_report(shop: Shop) -> None:
    known, content = shop.known(NOTHING), shop.leads.read_bytes()
    reports = []
    for processes in (0, 2):
        out = shop.folder / f"by-{processes}.csv"
        report = new_report("leads.csv", known, shop.data, out)
        done: list[float] = []
        scrub(known, content, report, done.append, processes, chunk=40)
        assert done == sorted(done) and done[-1] == 1.0
        reports.append((out.read_bytes(), report.rows, report.allowed, report.never))
    assert reports[0] == reports[1]


def test_an_index_is_mapped_again_in_another_process(shop: Shop) -> None:
    assert shop.data.shelf is not None
    index = shop.data.shelf.active()["national"]
    again = pickle.loads(pickle.dumps(index))
    assert (again.identity, again.count) == (index.identity, index.count)
    assert list(next(again.numbers())) == list(next(index.numbers()))


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        ((), "Name a lead file"),
        (("LEADS",), "needs --campaign and --out"),
        (("LEADS", "--campaign", CAMPAIGN), "needs --out"),
        (("LEADS", "--cases", "LEADS"), "leave out"),
        (("--cases", "LEADS", "--at", "2026-12-02T17:00:00Z"), "leave out"),
        (("LEADS", "--campaign", CAMPAIGN, "--out", "LEADS"), "overwrite"),
        (("LEADS", "--campaign", CAMPAIGN, "--out", "o.csv", "--at", "2026-12-02"), "zone"),
    ],
)
def test_forms_of_the_command_are_not_mixed(
    shop: Shop, arguments: tuple[str, ...], said: str
) -> None:
    before = shop.leads.read_bytes()
    result = shop.dialer("screen", *(str(shop.leads) if a == "LEADS" else a for a in arguments))
    assert result.exit_code == 2
    assert said in " ".join(result.output.split())
    assert shop.leads.read_bytes() == before


@pytest.mark.parametrize("content", ["", HEADER, "Name\nAnn\n"])
def test_a_file_that_cannot_be_read_leaves_no_report(shop: Shop, content: str) -> None:
    file, out = shop.folder / "bad.csv", shop.folder / "none.csv"
    file.write_text(content)
    given = ("--campaign", CAMPAIGN, "--out", str(out))
    result = shop.dialer("screen", str(file), *given)
    assert result.exit_code == 1
    assert "bad.csv" in result.stderr and "Traceback" not in result.stderr
    assert not list(shop.folder.glob("none.csv*"))


def test_a_report_that_cannot_be_written_says_so(shop: Shop) -> None:
    known = shop.known()
    report = new_report("leads.csv", known, shop.data, shop.folder / "nowhere" / "out.csv")
    with pytest.raises(OperatorError, match="cannot be written"):
        scrub(known, shop.leads.read_bytes(), report, lambda done: None)


def test_a_campaign_nobody_knows(shop: Shop) -> None:
    result = shop.dialer("screen", str(shop.leads), "--campaign", "x", "--out", "o.csv")
    assert result.exit_code == 1
    assert "There are: demo" in result.stderr
