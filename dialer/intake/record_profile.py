"""How somebody else's file of records is laid out: their headers and words for ours, from TOML.

encoding = "cp1252"      # utf-8-sig without it
[columns]                # our column = theirs
number = "Phone"
answer = "Result"
[values.answer]          # their word = ours
"D" = "yes"
"""

from __future__ import annotations

import codecs
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from dialer.intake.toml_lines import read_toml
from dialer.model.errors import OperatorError, Problem
from dialer.model.toml_lines import KeyPath, TomlText

_KEYS = ("encoding", "columns", "values")


@dataclass(frozen=True, slots=True)
class RecordProfile:
    """`columns`: our column's name to theirs. `values`: by our column, their word to ours."""

    encoding: str = "utf-8-sig"
    columns: Mapping[str, str] = field(default_factory=dict)
    values: Mapping[str, Mapping[str, str]] = field(default_factory=dict)


NO_PROFILE = RecordProfile()


def read_profile(file: Path) -> RecordProfile:
    """Read a profile. Raises OperatorError with every problem, each with its line."""
    text = read_toml(file)
    problems: list[Problem] = []

    def wrong(path: KeyPath, message: str, remedy: str, value: str = "") -> None:
        problems.append(Problem(text.where, text.line(path), message, value, remedy))

    for key in text.data:
        if key not in _KEYS:
            wrong((key,), f"the key {key!r} is not known", f"Use {', '.join(_KEYS)}.")
    encoding = text.data.get("encoding", NO_PROFILE.encoding)
    try:
        codecs.lookup(encoding)
    except (LookupError, TypeError):
        said = str(encoding)
        wrong(("encoding",), "no such text encoding is known", 'Write "cp1252" or the like.', said)
    columns = _texts(text, ("columns",), wrong)
    tables = text.data.get("values", {})
    if not isinstance(tables, dict):
        wrong(("values",), "this must be a table", "Write [values.COLUMN].")
        tables = {}
    values = {column: _texts(text, ("values", column), wrong) for column in tables}
    if problems:
        raise OperatorError(*problems)
    return RecordProfile(encoding, columns, values)


def _texts(text: TomlText, path: KeyPath, wrong: Callable[..., None]) -> dict[str, str]:
    table: object = text.data
    for key in path:
        table = table.get(key, {}) if isinstance(table, Mapping) else table
    if not isinstance(table, Mapping):
        wrong(path, "this must be a table", f"Write [{'.'.join(map(str, path))}].")
        return {}
    for key, value in table.items():
        if not isinstance(value, str):
            wrong((*path, key), f"{key}: this must be text", "Put it in quotes.", str(value))
    return {str(key): str(value) for key, value in table.items()}
