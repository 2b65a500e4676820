"""Operators' mistakes through the real commands: wrong files are refused by file and line with exit
status 1, good rows of bad files load, and nothing is dialled on doubt."""

from __future__ import annotations

import csv
import json
import sqlite3
import subprocess
import sys
from collections.abc import Callable
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import trio
from click.testing import CliRunner, Result

from dialer.cli import main
from dialer.demo.world import Ports, build_world
from dialer.model.instant import SECOND_MS
from dialer.service.offline import reading
from dialer.settings import read_settings

ROOT = Path(__file__).parents[2]
HEADER = "First Name,Last Name,City,State,ZIP,Phone\n"


@dataclass(frozen=True)
class Shop:
    """An operator's folder: the demo's files, never started."""

    folder: Path

    @property
    def config(self) -> Path:
        return self.folder / "dialer.toml"

    @property
    def campaign(self) -> Path:
        return self.folder / "campaigns" / "demo" / "campaign.toml"

    def dialer(self, *arguments: str) -> Result:
        """A command, as if typed in this folder."""
        return CliRunner().invoke(main, [*arguments, "--config", str(self.config)])

    def serve(self) -> subprocess.CompletedProcess[str]:
        """`dialer serve` in a process of its own: it must end by itself."""
        command = [sys.executable, "-m", "dialer", "serve", "--config", str(self.config)]
        return subprocess.run(
            command, cwd=ROOT, capture_output=True, text=True, timeout=60, check=False
        )

    def import_(self, content: str | bytes, *, status: int = 0) -> tuple[dict[str, Any], str]:
        """Import a lead file; the report as data ({} where there is none), and what was said."""
        file = self.folder / "new.csv"
        file.write_bytes(content.encode() if isinstance(content, str) else content)
        result = self.dialer("leads", "import", "demo", str(file), "--json")
        assert result.exit_code == status, result.output
        return json.loads(result.stdout) if result.stdout else {}, result.stderr


@pytest.fixture
def shop(tmp_path: Path) -> Shop:
    build_world(tmp_path, 30, 2, Ports(5060, 5090))
    return Shop(tmp_path)


def edit(file: Path, old: str, new: str) -> int:
    """Replace the one place where the text stands; its line, from 1."""
    text = file.read_text()
    assert text.count(old) == 1
    file.write_text(text.replace(old, new))
    return text[: text.index(old)].count("\n") + 1


def test_a_sound_folder_is_in_order(shop: Shop) -> None:
    result = shop.dialer("check", "--json")
    assert result.exit_code == 0, result.output
    assert "everything is in order" in result.stderr
    figures = json.loads(result.stdout)
    (leads,) = figures["campaigns"]["demo"]
    assert figures["problems"] == []
    assert leads["rows"] == 30
    assert (figures["standing"]["enabled"], figures["standing"]["warnings"]) == (["US"], [])
    assert "countries enabled: US" in result.stderr
    assert leads["now"] > 20, "the demo's clock stands at a time when calls are lawful"
    assert "no key to ask not to be called" in result.stderr


def test_the_opt_out_key_is_said(shop: Shop) -> None:
    edit(shop.campaign, "# opt_out_key", "opt_out_key")
    result = shop.dialer("check")
    assert result.exit_code == 0, result.output
    assert "press 9 to ask not to be called" in result.stderr


def wrong_mode(shop: Shop) -> tuple[Path, int]:
    return shop.campaign, edit(shop.campaign, 'mode = "predictive"', 'mode = "predictif"')


def ring_too_short(shop: Shop) -> tuple[Path, int]:
    return shop.campaign, edit(shop.campaign, "ring_timeout_s = 22", "ring_timeout_s = 12")


def no_such_trunk(shop: Shop) -> tuple[Path, int]:
    return shop.campaign, edit(shop.campaign, 'trunk = "demo"', 'trunk = "demmo"')


def not_toml(shop: Shop) -> tuple[Path, int]:
    return shop.campaign, edit(shop.campaign, "wrapup_limit_s = 60", "wrapup_limit_s = = 60")


def bad_line_in_a_list(shop: Shop) -> tuple[Path, int]:
    file = shop.folder / "dnc_lists" / "internal.txt"
    lines = file.read_text().splitlines()
    file.write_text("\n".join([*lines, "555-01", ""]))
    return file, len(lines) + 1


def shifted_clock_abroad(shop: Shop) -> tuple[Path, int]:
    return shop.config, edit(shop.config, "127.0.0.1:5060", "192.0.2.7:5060")


def misspelt_setting(shop: Shop) -> tuple[Path, int]:
    return shop.config, edit(shop.config, "workers =", "wrokers =")


@pytest.mark.parametrize(
    "mistake",
    [
        wrong_mode,
        ring_too_short,
        no_such_trunk,
        not_toml,
        bad_line_in_a_list,
        shifted_clock_abroad,
        misspelt_setting,
    ],
)
def test_check_names_file_and_line(shop: Shop, mistake: Callable[[Shop], tuple[Path, int]]) -> None:
    file, line = mistake(shop)
    result = shop.dialer("check")
    assert result.exit_code == 1
    assert f"{file}:{line}: " in result.stderr
    assert "everything is in order" not in result.stderr
    refused = shop.dialer("leads", "import", "demo", str(shop.campaign.with_name("leads.csv")))
    assert refused.exit_code == 1
    assert f"{file}:{line}: " in refused.stderr


@pytest.mark.parametrize("mistake", [wrong_mode, bad_line_in_a_list, shifted_clock_abroad])
def test_serve_does_not_start(shop: Shop, mistake: Callable[[Shop], tuple[Path, int]]) -> None:
    file, line = mistake(shop)
    ended = shop.serve()
    assert ended.returncode == 1
    assert f"{file}:{line}: " in ended.stderr
    assert "Traceback" not in ended.stderr
    assert "is up" not in ended.stderr, "no SIP worker was started"
    assert not (shop.folder / "var" / "dialer.db").exists(), "nothing was written, nothing dialled"


def test_no_settings_file(shop: Shop) -> None:
    shop.config.unlink()
    result = shop.dialer("check")
    assert result.exit_code == 1
    assert str(shop.config) in result.stderr


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (
            (HEADER + "Jos\u00e9,Sample,Boston,MA,02108,617-555-0100\n").encode("cp1252"),
            "new.csv:2: ",
        ),
        ((HEADER + "Ada,Sample,Boston,MA,02108,617-555-0100\n").encode("utf-16"), "new.csv:1: "),
        (
            "First Name,Last Name,City,State,ZIP\nAda,Sample,Boston,MA,02108\n",
            "new.csv:1: the column 'Phone' is",
        ),
        (HEADER, "no rows"),
        ("", "the file is empty"),
    ],
    ids=["encoding", "utf-16", "column", "header only", "empty"],
)
def test_a_lead_file_that_cannot_be_read(shop: Shop, content: str | bytes, said: str) -> None:
    figures, words = shop.import_(content, status=1)
    assert figures == {}
    assert said in words
    assert "Traceback" not in words
    assert not (shop.folder / "var" / "refusals").exists()


def test_good_rows_load_and_bad_ones_are_written_down(shop: Shop) -> None:
    figures, words = shop.import_(
        HEADER
        + "Ada,Sample,Boston,MA,02108,617-555-0100\n"
        + "Ben,Sample,Boston,MA\n"
        + "Cleo,Sample,Boston,MA,02108,617-555-0101,extra\n"
        + f"Dov,Sample,{'x' * 10_000_000},MA,02108,617-555-0102\n"
        + "Elsa,Sample,Boston,MA,02108,911\n"
        + "Finn,Sample,Boston,MA,02108,617-555-0100\n"
        + "Gwen,Sample,Boston,MA,02108,617-555-0103\n"
    )
    assert (figures["rows"], figures["loaded"]) == (7, 2)
    assert [row["line"] for row in figures["rejected"]] == [3, 4, 5, 6, 7]
    reasons = [row["reason"] for row in figures["rejected"]]
    assert "4 cells" in reasons[0]
    assert "7 cells" in reasons[1]
    assert "longer than 1,000,000" in reasons[2]
    assert "on line 2 already" in reasons[4]
    assert all(f"line {line}: " in words for line in (3, 4, 5, 6, 7))
    file = Path(figures["refusals_file"])
    assert str(file) in words
    with file.open(encoding="utf-8-sig", newline="") as stream:
        assert [row["line"] for row in csv.DictReader(stream)] == ["3", "4", "5", "6", "7"]
    assert file.stat().st_size < 10_000, "a cell of 10 MB is not copied"

    report = shop.dialer("report", "demo", "--json")
    assert report.exit_code == 0
    assert json.loads(report.stdout)["leads"] == 2
    assert shop.dialer("audit", "verify").exit_code == 0
    settings = read_settings(shop.config)
    entries = trio.run(reading(settings).journal)
    assert {entry.clock_shift_ms for entry in entries} == {settings.clock_shift_s * SECOND_MS}
    assert settings.clock_shift_s != 0


def test_a_file_imported_twice_loads_nothing(shop: Shop) -> None:
    content = HEADER + "Ada,Sample,Boston,MA,02108,617-555-0100\n"
    assert shop.import_(content)[0]["loaded"] == 1
    figures, words = shop.import_(content, status=1)
    assert figures["loaded"] == 0
    assert "already" in words
    figures, words = shop.import_(content + "Ben,Sample,Boston,MA,02108,617-555-0101\n")
    assert (figures["loaded"], figures["duplicates"]) == (1, 1)


def test_no_such_campaign(shop: Shop) -> None:
    leads = str(shop.campaign.with_name("leads.csv"))
    result = shop.dialer("leads", "import", "autumn", leads)
    assert result.exit_code == 1
    assert "There are: demo" in result.stderr


@pytest.mark.parametrize(
    "command", [("report", "demo"), ("audit", "verify"), ("dnc", "check", "x")]
)
def test_questions_before_there_is_a_database(shop: Shop, command: tuple[str, ...]) -> None:
    result = shop.dialer(*command)
    assert result.exit_code == 1
    assert "no database yet" in result.stderr
    assert not (shop.folder / "var").exists()


def test_a_changed_journal_does_not_verify(shop: Shop) -> None:
    shop.import_(HEADER + "Ada,Sample,Boston,MA,02108,617-555-0100\n")
    database = shop.folder / "var" / "dialer.db"
    with closing(sqlite3.connect(database)) as tampered:
        tampered.execute("UPDATE journal SET at = at + 1 WHERE seq = 1")
        tampered.commit()
    result = shop.dialer("audit", "verify", "--json")
    assert result.exit_code == 1
    assert json.loads(result.stdout)["first_bad_seq"] == 1
    assert "entry 1 does not verify" in result.stderr
