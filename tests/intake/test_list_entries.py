"""lists.toml: which lists there are, or every mistake in it with its line."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import pytest

from dialer.intake.list_entries import ListEntry, read_list_entries
from dialer.model.errors import OperatorError
from dialer.model.instant import instant_of

GOOD = """\
[[lists]]
name = "national"
source = "national"
layout = "npa,number"
file = "national.txt"
obtained = "2026-11-20"

[[lists]]
name = "PA"
source = "state"
state = "PA"
profile = "state_list"
file = "state/pa.zip"
obtained = 2026-11-19T17:30:00Z
issued = 2026-10-01
"""


def read(root: Path, text: str) -> tuple[ListEntry, ...]:
    (root / "lists.toml").write_text(text, encoding="utf-8")
    return read_list_entries(root)


def test_good_entries(tmp_path: Path) -> None:
    national, state = read(tmp_path, GOOD)
    assert (national.name, national.kind, national.state) == ("national", "NATIONAL", "")
    assert (national.profile, national.file) == ("npa_numbers", tmp_path / "national.txt")
    assert national.obtained_at == instant_of(datetime(2026, 11, 20, tzinfo=UTC))
    assert national.issued_at is None
    assert (state.kind, state.state, state.profile) == ("STATE", "PA", "state_list")
    assert state.obtained_at == instant_of(datetime(2026, 11, 19, 17, 30, tzinfo=UTC))
    assert state.issued_at == instant_of(datetime(2026, 10, 1, tzinfo=UTC))
    assert (state.where, state.line) == (str(tmp_path / "lists.toml"), 13)


@pytest.mark.parametrize(
    ("old", "new", "line", "says"),
    [
        ('"2026-11-20"', '"20.11.2026"', 6, "no date"),
        ("2026-11-19T17:30:00Z", "2026-11-19T17:30:00", 14, "no date"),
        ("2026-10-01", '"soon"', 15, "no date"),
        ('obtained = "2026-11-20"\n', "", 1, "no 'obtained'"),
        ('"npa,number"', '"xml"', 4, "no such layout"),
        ('layout = "npa,number"\n', "", 1, "no 'layout' or 'profile'"),
        ('"npa,number"', '"number"\nprofile = "numbers"', 4, "or both"),
        ('source = "national"', 'source = "county"', 3, "no such source"),
        ('state = "PA"\n', "", 8, "needs its state"),
        ('state = "PA"', 'state = "Pa"', 11, "needs its state"),
        ('source = "national"', 'source = "national"\nstate = "PA"', 4, "only a state list"),
        ('source = "national"', 'source = "national"\ncountry = "gb"', 4, "two letters"),
        ('source = "state"', 'source = "state"\ncountry = "GB"', 11, "only a national list"),
        ('name = "PA"', 'name = "national"', 9, "already"),
        ('"national.txt"', '"../national.txt"', 5, "beside lists.toml"),
        ('"national.txt"', '"/national.txt"', 5, "beside lists.toml"),
        ('"state_list"', '"../own.toml"', 12, "beside lists.toml"),
        ('name = "national"', 'nam = "national"', 2, "'nam' is not known"),
        ("[[lists]]\n", "x = 1\n[[lists]]\n", 1, "'x' is not known"),
        (GOOD, "", None, "no list is named"),
        (GOOD, "lists = [1]", 1, "has no 'name'"),
    ],
)
def test_mistakes(tmp_path: Path, old: str, new: str, line: int | None, says: str) -> None:
    assert old in GOOD
    with pytest.raises(OperatorError) as caught:
        read(tmp_path, GOOD.replace(old, new, 1))
    fitting = [problem for problem in caught.value.problems if says in problem.message]
    assert fitting, caught.value.problems
    assert fitting[0].line == line


def test_no_list_of_lists(tmp_path: Path) -> None:
    with pytest.raises(OperatorError, match="cannot be read"):
        read_list_entries(tmp_path)


def test_a_national_list_of_another_country(tmp_path: Path) -> None:
    with_country = GOOD.replace('source = "national"', 'source = "national"\ncountry = "GB"')
    assert read(tmp_path, with_country)[0].state == "GB"
    at_home = GOOD.replace('source = "national"', 'source = "national"\ncountry = "US"')
    assert read(tmp_path, at_home)[0].state == ""
