"""What `dialer check` says of rules, lists and caller ids."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from pathlib import Path

import pytest

from dialer.demo.world import Ports, build_world
from dialer.model.instant import DAY_MS, Instant, instant_of
from dialer.service.bearings import Bearings, bearings
from dialer.service.checking import outlook
from dialer.service.loading import Shelf, load
from dialer.settings import read_settings

NOON = instant_of(datetime(2026, 12, 2, 17, 30, tzinfo=UTC))


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    build_world(tmp_path, 5, 2, Ports(5060, 5090))
    return tmp_path


def taken(folder: Path, at: Instant = NOON) -> Bearings:
    settings = read_settings(folder / "dialer.toml")
    return bearings(settings, load(settings, Shelf.ASIDE), at)


def with_proof(folder: Path, proof: str) -> list[str]:
    """The warnings where the campaign's caller id has this proof."""
    file = folder / "campaigns" / "demo" / "campaign.toml"
    text, count = re.subn(
        r"(?m)^caller_ids = .*$",
        f'caller_ids = [{{ number = "+12025550199", {proof} }}]',
        file.read_text(),
    )
    assert count == 1
    file.write_text(text)
    return [str(warning) for warning in taken(folder).warnings]


def test_rules_countries_and_lists_are_named(folder: Path) -> None:
    found = taken(folder)
    assert found.warnings == ()
    assert (found.enabled, found.overlays, found.clock_check) == (("US",), (), "off")
    words = list(found.words())
    assert words[0] == f"rules {found.ruleset}, no overlay; countries enabled: US"
    assert "clock is not checked" in words[1]
    assert any(
        re.search(r"list national \(national\): copy of 2026-\S+, \d+ days old of at most 31, ", w)
        for w in words
    )


def test_an_old_copy_is_a_warning(folder: Path) -> None:
    later = Instant(NOON + 60 * DAY_MS)
    (warning,) = [w for w in taken(folder, later).warnings if w.where == "list national"]
    assert "refused after 31" in warning.message and "dialer dnc import" in warning.remedy


def test_overlays_in_force_are_named(folder: Path) -> None:
    example = Path(__file__).parents[2] / "deploy" / "overlay.example.toml"
    (folder / "rules").mkdir(exist_ok=True)
    (folder / "rules" / "officer.toml").write_text(example.read_text())
    found = taken(folder)
    assert found.overlays == ("officer.toml",)
    assert "officer.toml" in next(found.words())


@pytest.mark.parametrize(
    ("proof", "words"),
    [
        ('proof = "no. 17", valid_to = 2027-01-01', "ends on 2027-01-01, in 30 days"),
        ('proof = "no. 17", valid_to = 2026-12-02', "ends on 2026-12-02, in 0 days"),
        ('proof = "no. 17", valid_to = 2026-12-01', "ended on 2026-12-01: it is not shown"),
        ('proof = "no. 17", valid_from = 2026-12-03', "begins on 2026-12-03"),
    ],
)
def test_a_proof_that_runs_out_is_told_with_its_line(folder: Path, proof: str, words: str) -> None:
    (warning,) = with_proof(folder, proof)
    assert words in warning and "no. 17" in warning and "campaign.toml:" in warning


@pytest.mark.parametrize("proof", ['proof = "no. 17"', 'proof = "x", valid_to = 2027-01-02'])
def test_a_proof_that_holds_is_no_news(folder: Path, proof: str) -> None:
    assert with_proof(folder, proof) == []


def test_purpose_and_subject_are_said(folder: Path) -> None:
    settings = read_settings(folder / "dialer.toml")
    (found,), problems = outlook(settings, load(settings, Shelf.ASIDE), NOON)
    assert not problems
    assert "  purpose: sales; about window cleaning" in list(found.words())
