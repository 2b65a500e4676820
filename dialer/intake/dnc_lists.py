"""Lists of numbers that may not be called, from `dnc_lists/lists.toml` and the files it names.

It fails closed: a list that cannot be read to its last line is an error, never a shorter list.
"""

from __future__ import annotations

import re
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from dialer.compliance.facts import ListKind, ListVersion
from dialer.compliance.suppression import NumberList
from dialer.intake.list_entries import ListEntry, read_list_entries
from dialer.model.errors import OperatorError, Problem

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
    """Read `lists.toml` under `root` and every file it names into memory: for short lists. Raises
    OperatorError with file and line of what cannot be read; nothing may then be dialled."""
    lists: list[NumberList] = []
    problems: list[Problem] = []
    for entry in read_list_entries(root):
        try:
            if entry.kind in ListKind.__members__:
                lists.append(_load_list(entry))
        except OperatorError as error:
            problems.extend(error.problems)
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


def _load_list(entry: ListEntry) -> NumberList:
    try:
        content = entry.file.read_bytes()
    except OSError as error:
        raise OperatorError(
            Problem(
                entry.where,
                entry.line,
                f"the list {entry.file} cannot be read: {error.strerror or error}",
                entry.file.name,
                "Put the file there, or correct its name.",
            )
        ) from error
    layout = "number" if entry.profile == "numbers" else "npa,number"
    numbers = read_numbers(content, layout, str(entry.file))
    kind = ListKind(entry.kind)
    if kind is ListKind.NATIONAL and not len(numbers):
        raise OperatorError(
            Problem(
                str(entry.file),
                None,
                "the registry's list has no number in it",
                "",
                "Download it again.",
            )
        )
    version = ListVersion(entry.name, kind, entry.obtained_at, entry.state, entry.issued_at)
    return NumberList(version, numbers)


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
