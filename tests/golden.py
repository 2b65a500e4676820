"""The golden cases under `tests/data`; `dialer.intake.golden_cases` says how they are written."""

from __future__ import annotations

from pathlib import Path

from dialer.intake import golden_cases as written
from dialer.intake.golden_cases import GoldenCase, differences

__all__ = ["FOLDER", "GoldenCase", "differences", "golden_cases"]

FOLDER = Path(__file__).parent / "data" / "golden_cases"


def golden_cases() -> list[GoldenCase]:
    """Every case, by file and line."""
    return written.golden_cases(FOLDER)
