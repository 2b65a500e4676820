"""Lists of numbers that may not be called, from `dnc_lists/lists.toml` and the files it names.

It fails closed: a list that cannot be read to its last line is an error, never a shorter list.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from datetime import UTC, date, datetime
from pathlib import Path, PurePosixPath
from typing import Any

import numpy as np
from numpy.typing import NDArray

from dialer.compliance.suppression import NumberList
from dialer.intake.toml_lines import TomlText, read_toml
from dialer.model.errors import OperatorError, Problem
from dialer.model.instant import Instant, instant_of
from dialer.model.suppression import SuppressionSource

LISTS_FILE = "lists.toml"

_SOURCES = {"national": SuppressionSource.NATIONAL, "internal": SuppressionSource.INTERNAL}
_KEYS = ("name", "source", "layout", "file", "obtained")
_ANY_DIGIT = ord("9")
_PLAIN_FORMS = {"npa,number": b"999,9999999", "number": b"9999999999"}
_PROBLEMS_SHOWN = 20
_COUNTRY = 10_000_000_000
"""Added to ten digits, the leading 1 of E.164."""
_NPA_NUMBER = re.compile(r"([2-9][0-9]{2}),([0-9]{7})")
_TEN_DIGITS = re.compile(r"(?:\+?1)?([2-9][0-9]{9})")
_OTHER_E164 = re.compile(r"\+([2-9][0-9]{7,14})")
_PUNCTUATION = re.compile(r"[ \t().\-]+")


def load_lists(root: Path) -> tuple[NumberList, ...]:
    """Read `lists.toml` under `root` and every file it names. Raises OperatorError with file and
    line of what cannot be read; nothing may then be dialled."""
    text = read_toml(root / LISTS_FILE)
    entries = text.data.get("lists")
    problems = [
        Problem(text.where, text.line((key,)), f"the key {key!r} is not known", remedy="Remove it.")
        for key in text.data
        if key != "lists"
    ]
    if not isinstance(entries, list) or not entries:
        problems.append(
            Problem(text.where, None, "no list is named", remedy="Add a [[lists]] table.")
        )
        entries = []
    lists: list[NumberList] = []
    for place, entry in enumerate(entries):
        try:
            lists.append(_load_list(entry, place, text, root))
        except OperatorError as error:
            problems.extend(error.problems)
    problems.extend(_repeated_names(entries, text))
    if problems:
        raise OperatorError(*problems)
    return tuple(lists)


def read_numbers(content: bytes, layout: str, where: str) -> NDArray[np.uint64]:
    """The numbers of a list file, E.164 digits, ascending, each once. Raises OperatorError with the
    first lines that cannot be read.

    Layout `npa,number` is the registry's (`212,5550123` a line); `number` is one number a line,
    with or without +1 and punctuation. Blank lines are passed over.
    """
    numbers = _read_uniform(content, layout)
    if numbers is None:
        numbers = _read_lines(content, layout, where)
    numbers.sort()
    first = np.ones(len(numbers), dtype=np.bool_)
    np.not_equal(numbers[1:], numbers[:-1], out=first[1:])
    return numbers[first]


def _load_list(entry: object, place: int, text: TomlText, root: Path) -> NumberList:
    fields = _checked_fields(entry, place, text)
    file = root / PurePosixPath(fields["file"])
    line = text.line(("lists", place, "file"))
    try:
        content = file.read_bytes()
    except OSError as error:
        raise OperatorError(
            Problem(
                text.where,
                line,
                f"the list {file} cannot be read: {error.strerror or error}",
                fields["file"],
                "Put the file there, or correct its name.",
            )
        ) from error
    source = _SOURCES[fields["source"]]
    numbers = read_numbers(content, fields["layout"], str(file))
    if source is SuppressionSource.NATIONAL and not len(numbers):
        raise OperatorError(
            Problem(
                str(file), None, "the registry's list has no number in it", "", "Download it again."
            )
        )
    day = date.fromisoformat(fields["obtained"])
    return NumberList(fields["name"], source, _midnight(day), numbers)


def _checked_fields(entry: object, place: int, text: TomlText) -> Mapping[str, str]:
    """The five keys of a list's table as text. Raises OperatorError with all that is wrong."""
    table: Mapping[str, Any] = entry if isinstance(entry, dict) else {}
    fields = {key: str(table.get(key, "")) for key in _KEYS}
    problems = []

    def wrong(key: str, message: str, remedy: str) -> None:
        line = text.line(("lists", place, key))
        problems.append(Problem(text.where, line, message, fields.get(key, ""), remedy))

    for key in table:
        if key not in _KEYS:
            wrong(key, f"the key {key!r} is not known", f"Use {', '.join(_KEYS)}.")
    for key in _KEYS:
        if not fields[key].strip():
            wrong(key, f"list {place + 1} has no {key!r}", "Add it.")
    if fields["source"] and fields["source"] not in _SOURCES:
        wrong("source", "no such source is known", f"Use {' or '.join(_SOURCES)}.")
    if fields["layout"] and fields["layout"] not in _PLAIN_FORMS:
        wrong("layout", "no such layout is known", f"Use {' or '.join(map(repr, _PLAIN_FORMS))}.")
    if fields["file"] and ".." in PurePosixPath(fields["file"]).parts:
        wrong("file", "only files beside lists.toml can be used", "Move the file there.")
    if fields["obtained"]:
        try:
            date.fromisoformat(fields["obtained"])
        except ValueError:
            wrong("obtained", "this is no date", "Write the day of the download like 2026-11-20.")
    if problems:
        raise OperatorError(*problems)
    return fields


def _repeated_names(entries: list[object], text: TomlText) -> Iterator[Problem]:
    seen: set[object] = set()
    for place, entry in enumerate(entries):
        name = entry.get("name") if isinstance(entry, dict) else None
        if isinstance(name, str) and name in seen:
            line = text.line(("lists", place, "name"))
            yield Problem(text.where, line, "there is a list of this name already", name, "Rename.")
        seen.add(name if isinstance(name, str) else None)


def _midnight(day: date) -> Instant:
    return instant_of(datetime(day.year, day.month, day.day, tzinfo=UTC))


def _read_uniform(content: bytes, layout: str) -> NDArray[np.uint64] | None:
    """The numbers, if every line has exactly the layout's plain form; None if any differs, and the
    slow way must judge. Works on whole columns of bytes, for lists of millions."""
    form = _PLAIN_FORMS[layout]
    ending = b"\r\n" if content[len(form) : len(form) + 1] == b"\r" else b"\n"
    if not content.endswith(ending):
        content += ending
    form += ending
    if len(content) % len(form):
        return None
    table = np.frombuffer(content, dtype=np.uint8).reshape(-1, len(form))
    numbers = np.ones(len(table), dtype=np.uint64)  # the 1 in front is the country code
    for column, expected in enumerate(form):
        marks = table[:, column]
        if expected != _ANY_DIGIT:
            if bool((marks != expected).any()):
                return None
            continue
        lowest = ord("2") if column == 0 else ord("0")
        if int(marks.min()) < lowest or int(marks.max()) > ord("9"):
            return None
        numbers *= np.uint64(10)
        numbers += marks - np.uint8(ord("0"))
    return numbers


def _read_lines(content: bytes, layout: str, where: str) -> NDArray[np.uint64]:
    """Line by line, to read what is not uniform and to name what cannot be read."""
    numbers: list[int] = []
    problems: list[Problem] = []
    unread = 0
    for line, raw in enumerate(content.removeprefix(b"\xef\xbb\xbf").split(b"\n"), start=1):
        text = raw.decode("utf-8", "backslashreplace").strip()
        if not text:
            continue
        number = _read_line(text, layout)
        if number is not None:
            numbers.append(number)
            continue
        unread += 1
        if len(problems) < _PROBLEMS_SHOWN:
            problems.append(
                Problem(
                    where,
                    line,
                    f"this is no line of layout {layout!r}",
                    text[:40],
                    "Correct or remove the line; nothing is dialled until the whole list is read.",
                )
            )
    if unread > len(problems):
        problems.append(Problem(where, None, f"{unread - len(problems)} more lines like these"))
    if problems:
        raise OperatorError(*problems)
    return np.array(numbers, dtype=np.uint64)


def _read_line(text: str, layout: str) -> int | None:
    if layout == "npa,number":
        match = _NPA_NUMBER.fullmatch(text)
        return _COUNTRY + int(match.group(1) + match.group(2)) if match else None
    plain = _PUNCTUATION.sub("", text)
    match = _TEN_DIGITS.fullmatch(plain)
    if match:
        return _COUNTRY + int(match.group(1))
    match = _OTHER_E164.fullmatch(plain)
    return int(match.group(1)) if match else None
