"""A ruleset kept as files is the same ruleset again, or is refused."""

from __future__ import annotations

from dataclasses import replace

import pytest

from dialer.compliance.law_archive import archived, citation_of, law_in
from dialer.compliance.law_files import load_law
from dialer.model.audit_reports import RulesetFile
from dialer.model.errors import OperatorError
from dialer.model.instant import Instant

NOON = Instant(1_796_144_400_000)
OVERLAY = (
    "quiet.toml",
    b"""name = "Quieter evenings"
by = "Avery Example, compliance"
at = 2026-11-20T15:00:00Z
note = "The client asks for it."

[[change]]
jurisdiction = "US-FL"
id = "hours"
every_day = "09:00-19:00"
from = 2026-12-01
""",
)


def test_the_shipped_rules_come_back_the_same() -> None:
    law = load_law()
    again = law_in(archived(law, ()))
    assert again.label == law.label
    assert again.jurisdictions == law.jurisdictions


def test_overlays_are_kept_with_them_in_their_order() -> None:
    law = load_law((OVERLAY,))
    archive = archived(law, (OVERLAY,))
    assert archive.overlays == ("quiet.toml",)
    again = law_in(archive)
    assert (again.label, again.overlays) == (law.label, ("quiet.toml",))
    assert again.label != load_law().label


def test_other_content_is_refused() -> None:
    archive = archived(load_law(), ())
    file = next(each for each in archive.files if each.name == "us-fl.toml")
    spoilt = RulesetFile(file.name, file.sha256, file.content + b"# kindly\n")
    files = tuple(spoilt if each is file else each for each in archive.files)
    with pytest.raises(OperatorError, match="are not the rules that were in force"):
        law_in(replace(archive, files=files))


def test_citations_are_of_the_row_in_force() -> None:
    law = load_law()
    assert "501" in citation_of(law, "US-FL/hours", NOON)
    before = Instant(NOON - 400 * 86_400_000)
    assert citation_of(law, "US-OR/hours", NOON) != ""
    assert citation_of(law, "US-OR/hours", before) != ""
    assert citation_of(law, "campaign/hours", NOON) == ""
    assert citation_of(law, "US-FL/nothing", NOON) == ""
    assert citation_of(law, "number", NOON) == ""
