"""`dialer audit explain`, `trace`, `replay`, `drop-sheet`, `refusals` over a real database."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import trio
from click.testing import CliRunner, Result

from dialer.cli import main
from dialer.compliance.facts import InternalRequest
from dialer.compliance.law_archive import archived
from dialer.compliance.law_files import load_law
from dialer.demo.world import Ports, build_world
from dialer.model.instant import HOUR_MS, Instant
from dialer.model.journal import JournalEntry
from dialer.service.offline import writing
from dialer.settings import read_settings
from tests.contracts.journal_entries import CAMPAIGN, lead_file, number
from tests.screened_entries import NIGHT, NOON, asked, dialled, facts, over, turned_away

REQUEST = InternalRequest(Instant(NOON + 2 * HOUR_MS), "", "email")


class Shop:
    """An operator's folder with a journal of one busy day."""

    def __init__(self, folder: Path) -> None:
        build_world(folder, 10, 2, Ports(5060, 5090))
        self.config = folder / "dialer.toml"

    def write(self, *entries: JournalEntry) -> None:
        trio.run(self._write, entries)

    async def _write(self, entries: tuple[JournalEntry, ...]) -> None:
        async with writing(read_settings(self.config)) as store:
            await store.keep_ruleset(archived(load_law(), ()), NOON, "service")
            await store.import_leads(CAMPAIGN, lead_file(range(4)), range(4), NOON, "mia")
            await store.append(entries)

    def dialer(self, *arguments: str) -> Result:
        return CliRunner().invoke(main, ["audit", *arguments, "--config", str(self.config)])

    def json(self, *arguments: str) -> Any:
        result = self.dialer(*arguments, "--json")
        assert result.exit_code == 0, result.output
        return json.loads(result.stdout)


@pytest.fixture
def shop(tmp_path: Path) -> Shop:
    return Shop(tmp_path)


@pytest.fixture(scope="module")
def busy(tmp_path_factory: pytest.TempPathFactory) -> Shop:
    """Nothing below writes to it."""
    shop = Shop(tmp_path_factory.mktemp("busy"))
    drop = over(8, 2, disposition="DROP", dropped=True)
    shop.write(
        dialled(7, 1),
        over(7, 1),
        dialled(8, 2),
        drop,
        asked(1, NOON + 2 * HOUR_MS),
        turned_away(1, facts(internal=(REQUEST,)), NOON + 3 * HOUR_MS),
        turned_away(3, facts(), NIGHT),
    )
    return shop


def test_explain_answers_with_rules_values_and_proof(busy: Shop) -> None:
    said = busy.dialer("explain", "7", "--all")
    assert said.exit_code == 0, said.output
    for part in (
        f"Attempt 7: {number(0)} in campaign {CAMPAIGN}",
        "ALLOW, at the instant of the dial",
        "Tue 2026-12-01 12:00:00 in America/New_York",
        "sha256 " + "ab" * 32,
        "US/national_list",
        "64.1200(c)(2)",
        "DIAL_INTENDED",
        "SIP 200",
    ):
        assert part in said.stderr, part
    found = busy.json("explain", "7")
    assert (found["attempt_id"], found["number"]) == (7, number(0))
    assert [proof["kind"] for proof in found["proof"]] == ["DIAL_INTENDED", "ATTEMPT_ENDED"]
    assert found["decisions"][0]["rules"][0]["citation"]


def test_trace_answers_with_the_first_refusal(busy: Shop) -> None:
    said = busy.dialer("trace", "(212) 555-0000")
    assert said.exit_code == 0, said.output
    assert "leads.csv, line 2" in said.stderr
    assert "first refused 2026-12-01 20:00:00.000 UTC" in said.stderr
    found = busy.json("trace", number(0))
    assert [line["kind"] for line in found["lines"]][-1] == "REFUSED"
    assert found["requests"][0]["evidence"] == "mail 17 in the folder requests"


def test_replay_agrees_and_says_how_fast(busy: Shop) -> None:
    said = busy.dialer("replay", "--lists")
    assert said.exit_code == 0, said.output
    assert "every stored decision comes out the same" in said.stderr
    found = busy.json("replay", "--from", "2026-12-01T18:00:00Z", "--to", "2026-12-01T21:00:00Z")
    assert (found["decided"], found["agrees"]) == (1, True)
    assert busy.json("replay", "--campaign", "roofs")["decided"] == 0


def test_replay_that_differs_ends_with_status_1(shop: Shop) -> None:
    entry = turned_away(3, facts(), NIGHT)
    screening: Any = dict(entry.data)["screening"]
    screening = {**screening, "decision": {**screening["decision"], "codes": ["LITIGATOR"]}}
    shop.write(replace(entry, data={**entry.data, "screening": screening}))
    said = shop.dialer("replay")
    assert said.exit_code == 1
    assert "codes was ['LITIGATOR'], is ['OUTSIDE_HOURS']" in said.stderr


def test_a_drop_sheet_in_words_and_figures(busy: Shop) -> None:
    said = busy.dialer("drop-sheet", CAMPAIGN, "2026-12")
    assert said.exit_code == 0, said.output
    assert "2 live answers" in said.stderr
    assert "50.00%" in said.stderr
    assert "not measured in service yet" in said.stderr
    found = busy.json("drop-sheet", CAMPAIGN, "2026-12")
    assert (found["figure"]["live"], found["figure"]["dropped"], found["rate"]) == (2, 1, 0.5)


def test_refusals_over_time(busy: Shop) -> None:
    period = ("--from", "2026-12-01T00:00:00Z", "--to", "2026-12-03T00:00:00Z")
    said = busy.dialer("refusals", CAMPAIGN, *period)
    assert said.exit_code == 0, said.output
    assert "INTERNAL_DNC 1" in said.stderr
    found = busy.json("refusals", CAMPAIGN, *period)
    assert found["totals"] == {"INTERNAL_DNC": 1, "OUTSIDE_HOURS": 1}
    assert found["allowed"] == 2
    silent = busy.dialer("refusals", "roofs", *period)
    assert "No lead of roofs was screened" in silent.stderr


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("explain", "99"), "no attempt of this number"),
        (("trace", "12345"), "no telephone number"),
        (("drop-sheet", CAMPAIGN, "2026-13"), "Write year and month: 2026-12"),
        (("drop-sheet", "roofs", "2026-12"), "There are: demo"),
        (("replay", "--from", "yesterday"), "2026-11-21T08:00:00Z"),
        (("replay", "--to", "2026-12-01T18:00:00"), "zone"),
        (
            (
                "refusals",
                CAMPAIGN,
                "--from",
                "2026-12-03T00:00:00Z",
                "--to",
                "2026-12-01T00:00:00Z",
            ),
            "ends before it begins",
        ),
    ],
)
def test_mistakes_are_answered_with_what_to_do(
    busy: Shop, arguments: tuple[str, ...], said: str
) -> None:
    result = busy.dialer(*arguments)
    assert result.exit_code == 1
    assert said in result.stderr
    assert "Traceback" not in result.output


def test_without_a_database_nothing_is_explained(shop: Shop) -> None:
    result = shop.dialer("explain", "7")
    assert result.exit_code == 1
    assert "there is no database yet" in result.stderr


def test_a_number_nobody_knows(busy: Shop) -> None:
    assert "Nothing is known of +12125550177" in busy.dialer("trace", "+12125550177").stderr


def test_a_month_long_ago_has_no_answers(busy: Shop) -> None:
    said = busy.dialer("drop-sheet", CAMPAIGN, "2020-01")
    assert said.exit_code == 0, said.output
    assert "no live answers" in said.stderr
