"""The house as README draws it, held against the code."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

from dialer.calls.pictures import redrawn

ROOT = Path(__file__).resolve().parents[2]


def test_the_import_contracts_hold() -> None:
    """Layers and forbidden imports, as pyproject.toml states them."""
    lint = Path(sys.executable).parent / "lint-imports"
    found = subprocess.run(
        [lint, "--no-cache"], cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert found.returncode == 0, found.stdout + found.stderr


def test_pjsua2_is_imported_by_one_file_only() -> None:
    importing = [
        str(file.relative_to(ROOT))
        for file in (ROOT / "dialer").rglob("*.py")
        if re.search(r"^\s*(import|from) pjsua2", file.read_text(), re.MULTILINE)
    ]
    assert importing == ["dialer/carrier/sip/endpoint.py"]


def test_the_machines_pictures_in_readme_are_drawn_from_their_tables() -> None:
    readme = (ROOT / "README.md").read_text()
    assert readme == redrawn(readme), "run `make pictures`"


def test_every_test_stands_in_a_category() -> None:
    loose = [file.name for file in (ROOT / "tests").glob("test_*.py")]
    assert loose == []
