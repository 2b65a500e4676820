"""TOML files from disk, with the line of every key (`model.toml_lines`)."""

from __future__ import annotations

from pathlib import Path

from dialer.model.errors import OperatorError, Problem
from dialer.model.toml_lines import KeyPath, TomlText, parse_toml

__all__ = ["KeyPath", "TomlText", "parse_toml", "read_toml"]


def read_toml(file: Path) -> TomlText:
    """Read a TOML file. Raises OperatorError with the line where it is not TOML or not UTF-8."""
    where = str(file)
    try:
        content = file.read_bytes()
    except OSError as error:
        raise OperatorError(
            Problem(
                where,
                None,
                f"the file cannot be read: {error.strerror or error}",
                remedy="Create it, or correct its name and permissions.",
            )
        ) from error
    return parse_toml(content, where)
