"""`dialer dnc import`, `lists` and `retire`, as an operator uses them."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from dialer.cli import main

SETTINGS = """\
[[trunks]]
name = "t"
address = "127.0.0.1:5060"
channels = 1
cps = 1
"""
LISTS = """\
[[lists]]
name = "national"
source = "national"
layout = "npa,number"
file = "national.txt"
obtained = "2026-11-20"
"""


class Shop:
    """An operator's folder."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        (folder / "dialer.toml").write_text(SETTINGS)
        (folder / "dnc_lists").mkdir()
        (folder / "dnc_lists" / "lists.toml").write_text(LISTS)
        (folder / "new.txt").write_text("212,5550101\n212,5550102\n212,5550102\n")

    def run(self, command: str, *arguments: str) -> Result:
        config = ["--config", str(self.folder / "dialer.toml")]
        return CliRunner().invoke(main, ["dnc", command, *arguments, *config])

    def json(self, command: str, *arguments: str) -> Any:
        result = self.run(command, *arguments, "--json")
        assert result.exit_code == 0, result.output
        return json.loads(result.stdout)


@pytest.fixture
def shop(tmp_path: Path) -> Shop:
    return Shop(tmp_path)


def test_import_and_show_and_retire(shop: Shop) -> None:
    new = str(shop.folder / "new.txt")
    manifest = shop.json("import", "national", new, "--obtained", "2020-01-02")
    assert (manifest["rows_read"], manifest["rows_repeated"], manifest["count"]) == (3, 1, 2)
    assert manifest["obtained_at"] == "2020-01-02T00:00:00.000Z"
    shop.json("import", "FL", new, "--kind", "state", "--state", "FL")
    florida, national = shop.json("lists")
    assert (florida["name"], florida["entries"], florida["stale"]) == ("FL", 2, False)
    assert (florida["age_days"], florida["max_age_days"]) == (0, 31)
    assert (national["name"], national["stale"]) == ("national", True)
    retired = shop.json("retire", "FL", "--approve", "Olga Officer", "--because", "merged")
    assert (retired["retired"], retired["approved_by"]) == (True, "Olga Officer")
    assert [each["name"] for each in shop.json("lists")] == ["national"]


def test_a_list_of_changes_names_its_base(shop: Shop) -> None:
    base = shop.json("import", "national", str(shop.folder / "new.txt"))["version"]
    changes = shop.folder / "changes.txt"
    changes.write_text("212,5550103,2026-11-20,A\n")
    again = shop.json(
        "import", "national", str(changes), "--profile", "ftc_changes", "--base", base
    )
    assert (again["count"], again["base"]) == (3, base)


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (["unheard-of"], "nobody knows what being on it means"),
        (["FL", "--kind", "state"], "a state list has a state like FL"),
        (["national", "--obtained", "yesterday"], "--obtained: this is no time"),
        (["national", "--obtained", "2026-11-20T10:00:00"], "--obtained: this is no time"),
        (["national", "--obtained", "2999-01-01"], "obtained in the future"),
        (["national", "--profile", "nothing"], "no profile of this name"),
        (["national", "--approve", "Olga Officer"], "a name and a reason"),
        (["national", "--base", "000001-abc"], "a full list changes no version"),
    ],
)
def test_mistakes_are_explained(shop: Shop, arguments: list[str], says: str) -> None:
    name, *options = arguments
    result = shop.run("import", name, str(shop.folder / "new.txt"), *options)
    assert result.exit_code == 1
    assert says in " ".join(result.stderr.split())
