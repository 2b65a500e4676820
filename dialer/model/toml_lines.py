"""TOML with the line of every key, so that an error can say where to look.

`tomllib` reads the file and is the only judge of what it says. It gives no positions, so a second,
small scan walks a text already known to be valid and notes where each key and array element begins.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from dialer.model.errors import OperatorError, Problem

KeyPath = tuple[str | int, ...]
"""`("lists", 0, "file")`: keys of tables and places in arrays."""

_AT_LINE = re.compile(r"\s*\(at line (\d+), column \d+\)|\s*\(at end of document\)")
_KEY_PART = re.compile(r"""[ \t]*(?:"(?:[^"\\]|\\.)*"|'[^']*'|[A-Za-z0-9_\-]+)[ \t]*""")
_BLANK = re.compile(r"(?:[ \t\r\n]|#[^\n]*)*")
_STRING = re.compile(
    r'"""(?:[^\\]|\\.)*?"{3,5}(?!")'
    r"|'''.*?'{3,5}(?!')"
    r'|"(?:[^"\\\n]|\\.)*"'
    r"|'[^'\n]*'",
    re.DOTALL,
)
_PLAIN_VALUE = re.compile(r"[^\s,\]}#]+(?: \d[^\s,\]}#]*)?")


@dataclass(frozen=True)
class TomlText:
    """A parsed file: its text, and the data in it."""

    where: str
    text: str
    data: Mapping[str, Any]

    @cached_property
    def lines(self) -> Mapping[KeyPath, int]:
        """The line (from 1) of each key path; looked for only when someone asks."""
        return _Scan(self.text).lines

    def line(self, path: KeyPath) -> int | None:
        """The line of the path, or of the nearest enclosing thing; None for the file as a whole."""
        while path:
            if path in self.lines:
                return self.lines[path]
            path = path[:-1]
        return None


def parse_toml(content: bytes, where: str) -> TomlText:
    """Read a TOML file's bytes; `where` names it in problems. Raises OperatorError with the line
    where it is not TOML or not UTF-8."""
    try:
        text = content.decode("utf-8-sig").replace("\r\n", "\n")
    except UnicodeDecodeError as error:
        line = content.count(b"\n", 0, error.start) + 1
        raise OperatorError(
            Problem(
                where,
                line,
                "this is not UTF-8 text",
                repr(content[error.start : error.start + 4]),
                "Save the file as UTF-8.",
            )
        ) from error
    try:
        data = tomllib.loads(text)
    except (ValueError, RecursionError) as error:
        raise OperatorError(_syntax_problem(error, text, where)) from error
    return TomlText(where, text, data)


def _syntax_problem(error: Exception, text: str, where: str) -> Problem:
    if isinstance(error, RecursionError):
        return Problem(where, None, "values are nested too deeply", remedy="Flatten the file.")
    match = _AT_LINE.search(str(error))
    line = int(match.group(1)) if match and match.group(1) else text.rstrip("\n").count("\n") + 1
    shown = text.split("\n")[line - 1 : line]
    return Problem(
        where,
        line,
        f"this is not valid TOML: {_AT_LINE.sub('', str(error))}",
        shown[0].strip()[:80] if shown else "",
        "Correct the line; text values need quotes.",
    )


class _Scan:
    """One walk over a valid TOML text."""

    def __init__(self, text: str) -> None:
        self.lines: dict[KeyPath, int] = {}
        self._text = text
        self._at = 0
        self._line_at = 0
        self._line = 1
        self._array_sizes: dict[KeyPath, int] = {}
        table: KeyPath = ()
        self._skip_blank()
        while self._at < len(text):
            if text[self._at] == "[":
                table = self._header()
            else:
                self._pair(table)
            self._skip_blank()

    def _header(self) -> KeyPath:
        of_array = self._text.startswith("[[", self._at)
        begins_at = self._at
        self._at += 2 if of_array else 1
        *above, last = self._key()
        self._at += 2 if of_array else 1
        path: KeyPath = ()
        for part in above:
            path = self._newest((*path, part))
        path = (*path, last)
        if of_array:
            self._note(path, begins_at)
            place = self._array_sizes.get(path, 0)
            self._array_sizes[path] = place + 1
            path = (*path, place)
        self._note(path, begins_at)
        return path

    def _newest(self, path: KeyPath) -> KeyPath:
        """A header below an array of tables speaks of that array's newest element."""
        size = self._array_sizes.get(path)
        return path if size is None else (*path, size - 1)

    def _pair(self, table: KeyPath) -> None:
        begins_at = self._at
        path: KeyPath = table
        for part in self._key():
            path = (*path, part)
            self._note(path, begins_at)
        self._at += 1
        self._skip_blank()
        self._value(path)

    def _key(self) -> list[str]:
        parts = []
        while True:
            match = _KEY_PART.match(self._text, self._at)
            if match is None:
                raise AssertionError(f"no key at offset {self._at} of a valid TOML text")
            self._at = match.end()
            parts.append(_key_name(match.group().strip()))
            if not self._text.startswith(".", self._at):
                return parts
            self._at += 1

    def _value(self, path: KeyPath) -> None:
        opening = self._text[self._at]
        if opening == "[":
            self._array(path)
        elif opening == "{":
            self._inline_table(path)
        else:
            match = _STRING.match(self._text, self._at) or _PLAIN_VALUE.match(self._text, self._at)
            if match is None:
                raise AssertionError(f"no value at offset {self._at} of a valid TOML text")
            self._at = match.end()

    def _array(self, path: KeyPath) -> None:
        self._at += 1
        self._skip_blank()
        place = 0
        while self._text[self._at] != "]":
            self._note((*path, place), self._at)
            self._value((*path, place))
            self._after_element()
            place += 1
        self._at += 1

    def _inline_table(self, path: KeyPath) -> None:
        self._at += 1
        self._skip_blank()
        while self._text[self._at] != "}":
            self._pair(path)
            self._after_element()
        self._at += 1

    def _after_element(self) -> None:
        self._skip_blank()
        if self._text[self._at] == ",":
            self._at += 1
            self._skip_blank()

    def _skip_blank(self) -> None:
        match = _BLANK.match(self._text, self._at)
        if match is not None:
            self._at = match.end()

    def _note(self, path: KeyPath, at: int) -> None:
        self._line += self._text.count("\n", self._line_at, at)
        self._line_at = at
        self.lines.setdefault(path, self._line)


def _key_name(written: str) -> str:
    if written[0] in "\"'":
        return str(tomllib.loads(f"key = {written}")["key"])
    return written
