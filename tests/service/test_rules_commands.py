"""`dialer rules` as an officer types it: the law linted, shown, and changed by overlays."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
import trio
from click.testing import CliRunner, Result

from dialer.cli import main
from dialer.demo.world import Ports, build_world
from dialer.model.journal import JsonValue
from dialer.service.offline import reading
from dialer.settings import read_settings

LOOSER = """name = "Late evenings"
by = "Avery Example"
at = 2026-11-20T15:00:00Z
note = "Asked for by sales."

[[change]]
jurisdiction = "US-FL"
id = "hours"
every_day = "08:00-20:30"
"""
TIGHTER = LOOSER.replace("08:00-20:30", "09:00-19:00")


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    build_world(tmp_path, 30, 2, Ports(5060, 5090))
    return tmp_path


def rules(folder: Path, *arguments: str) -> Result:
    return CliRunner().invoke(main, ["rules", *arguments, "--config", str(folder / "dialer.toml")])


def journaled(folder: Path) -> list[dict[str, JsonValue]]:
    """What the journal says of overlays, oldest first."""
    store = reading(read_settings(folder / "dialer.toml"))
    entries = trio.run(store.journal)
    data = [dict(each.entry.data) for each in reversed(entries)]
    return [each for each in data if str(each.get("change", "")).startswith("overlay")]


def test_the_shipped_rules_and_their_golden_cases_are_clean(folder: Path) -> None:
    result = rules(folder, "lint", "--at", "2026-11-22T00:00:00Z", "--json")
    assert result.exit_code == 0, result.stderr
    found = json.loads(result.stdout)
    assert found["problems"] == []
    assert found["golden_cases"] >= 150
    late = rules(folder, "lint", "--at", "2028-12-01T00:00:00Z")
    assert late.exit_code == 1
    assert "US-PA/holidays: the dated holidays end with 2028" in late.stderr


def test_a_golden_case_answered_wrong_is_a_problem(folder: Path) -> None:
    cases = folder / "cases"
    cases.mkdir()
    case = {
        "id": "wrong",
        "phone": "+13055550123",
        "at": "2026-12-02T20:00:00-05:00",
        "campaign": {"seller": "S", "subject": "x", "mode": "preview", "purpose": "sales"},
    }
    row = {"rule": "2.1 FL", "why": "Never.", "case": case, "expect": {"verdict": "ALLOW"}}
    (cases / "a.jsonl").write_text(json.dumps(row) + "\n")
    result = rules(folder, "lint", "--golden", str(cases))
    assert result.exit_code == 1
    assert "wrong: 2.1 FL: Never. But: verdict: 'DENY', should be 'ALLOW'" in result.stderr
    (cases / "a.jsonl").unlink()
    assert "there are no golden cases" in rules(folder, "lint", "--golden", str(cases)).stderr


def test_the_rules_of_a_state_at_a_time(folder: Path) -> None:
    result = rules(folder, "show", "TX", "--at", "2026-12-06T12:30:00-06:00", "--json")
    assert result.exit_code == 0
    assert "lawful hours that day, any mode: 12:00-21:00" in result.stderr
    assert json.loads(result.stdout)["codes"] == ["US-TX", "US"]
    assert rules(folder, "show", "Atlantis").exit_code == 1
    naive = rules(folder, "show", "TX", "--at", "2026-12-06T12:30:00")
    assert naive.exit_code == 2
    assert "without a zone" in naive.stderr


def test_a_tightening_overlay_comes_into_force_and_is_journaled(folder: Path) -> None:
    file = folder / "evenings.toml"
    file.write_text(TIGHTER)
    result = rules(folder, "overlay", str(file), "--json")
    assert result.exit_code == 0, result.stderr
    assert (folder / "rules" / "evenings.toml").read_text() == TIGHTER
    (entry,) = journaled(folder)
    assert (entry["file"], entry["by"], entry["loosens"]) == ("evenings.toml", "Avery Example", [])
    assert entry["ruleset"] == json.loads(result.stdout)["ruleset"]
    shown = rules(folder, "show", "FL", "--at", "2026-12-02T12:00:00-05:00").stderr
    assert "US-FL/hours: calls 09:00-19:00" in shown
    assert "changed by overlay evenings.toml" in shown


def test_a_loosening_overlay_needs_a_name_and_a_reason(folder: Path) -> None:
    file = folder / "evenings.toml"
    file.write_text(LOOSER)
    refused = rules(folder, "overlay", str(file))
    assert refused.exit_code == 1
    assert "loosens: it opens hours that were closed" in refused.stderr
    assert "--approve NAME --because TEXT" in refused.stderr
    assert rules(folder, "overlay", str(file), "--approve", "Robin Sample").exit_code == 1
    assert not (folder / "rules").exists()
    given = ("--approve", "Robin Sample", "--because", "Counsel agreed.")
    dry = rules(folder, "overlay", str(file), *given, "--dry-run")
    assert dry.exit_code == 0
    assert not (folder / "rules").exists()
    taken = rules(folder, "overlay", str(file), *given)
    assert taken.exit_code == 0, taken.stderr
    assert 'by = "Robin Sample"' in (folder / "rules" / "evenings.toml").read_text()
    (entry,) = journaled(folder)
    assert (entry["approved_by"], entry["because"]) == ("Robin Sample", "Counsel agreed.")
    shown = rules(folder, "show", "FL", "--at", "2026-12-02T12:00:00-05:00").stderr
    assert "loosened by Robin Sample" in shown
    assert "Counsel agreed." in shown


def test_an_overlay_can_be_withdrawn(folder: Path) -> None:
    file = folder / "evenings.toml"
    file.write_text(TIGHTER)
    rules(folder, "overlay", str(file))
    missing = rules(folder, "withdraw", "other.toml", "--because", "x")
    assert missing.exit_code == 1
    assert "There are: evenings.toml." in missing.stderr
    assert (
        rules(folder, "withdraw", "evenings.toml", "--because", "No longer asked for.").exit_code
        == 0
    )
    assert not (folder / "rules" / "evenings.toml").exists()
    assert [entry["change"] for entry in journaled(folder)] == ["overlay", "overlay_withdrawn"]


def test_an_overlay_is_a_toml_file(folder: Path) -> None:
    file = folder / "evenings.txt"
    file.write_text(TIGHTER)
    assert "an overlay is a .toml file" in rules(folder, "overlay", str(file)).stderr
