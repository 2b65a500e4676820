"""`dnc_lists/lists.toml`: which lists of numbers there are, and the files they come from."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path, PurePosixPath
from typing import Any

from dialer.intake.toml_lines import TomlText, read_toml
from dialer.model.errors import OperatorError, Problem
from dialer.model.instant import Instant, instant_of

LISTS_FILE = "lists.toml"

LIST_SOURCES = {
    "national": "NATIONAL",
    "state": "STATE",
    "litigator": "LITIGATOR",
    "internal": "INTERNAL",
    "scrub": "UNKNOWN",
    "wireless": "WIRELESS_BLOCK",
    "ported_to_wireless": "PORTED_TO_WIRELESS",
    "ported_to_wireline": "PORTED_TO_WIRELINE",
}
"""What `source` may be, and the kind of set that is. `scrub`: a vendor's answer, of which the
profile says what each code means."""

_LAYOUTS = {"npa,number": "npa_numbers", "number": "numbers"}
"""Layouts that need no profile of their own, and the profile each is."""

_NEEDED = ("name", "source", "file", "obtained")
_KEYS = ("name", "source", "state", "country", "layout", "profile", "file", "obtained", "issued")
_STATE = re.compile(r"[A-Z]{2}")


@dataclass(frozen=True, slots=True)
class ListEntry:
    """A list, as its operator describes it. `kind`: see LIST_SOURCES. `state`: whose it is, as in
    `ListVersion`. `profile`: its name, or a
    `.toml` file beside lists.toml. `obtained_at` is the start of the day (UTC) if only a day is
    given: the earliest it can have been. `where`, `line`: where the file is named."""

    name: str
    kind: str
    state: str
    profile: str
    file: Path
    obtained_at: Instant
    issued_at: Instant | None
    where: str
    line: int | None


def read_list_entries(root: Path) -> tuple[ListEntry, ...]:
    """Read `lists.toml` under `root`. Raises OperatorError with every mistake and its line; nothing
    may then be dialled."""
    text = read_toml(root / LISTS_FILE)
    tables = text.data.get("lists")
    problems = [
        Problem(text.where, text.line((key,)), f"the key {key!r} is not known", remedy="Remove it.")
        for key in text.data
        if key != "lists"
    ]
    if not isinstance(tables, list) or not tables:
        problems.append(
            Problem(text.where, None, "no list is named", remedy="Add a [[lists]] table.")
        )
        tables = []
    entries: list[ListEntry] = []
    for place, table in enumerate(tables):
        try:
            entries.append(_entry(table, place, text, root))
        except OperatorError as error:
            problems.extend(error.problems)
    problems.extend(_repeated_names(tables, text))
    if problems:
        raise OperatorError(*problems)
    return tuple(entries)


def _entry(read: object, place: int, text: TomlText, root: Path) -> ListEntry:
    table: Mapping[str, Any] = read if isinstance(read, dict) else {}
    fields = {key: str(table.get(key, "")).strip() for key in _KEYS}
    problems: list[Problem] = []

    def wrong(key: str, message: str, remedy: str) -> None:
        line = text.line(("lists", place, key))
        problems.append(Problem(text.where, line, message, fields.get(key, ""), remedy))

    for key in table:
        if key not in _KEYS:
            wrong(key, f"the key {key!r} is not known", f"Use {', '.join(_KEYS)}.")
    for key in _NEEDED:
        if not fields[key]:
            wrong(key, f"list {place + 1} has no {key!r}", "Add it.")
    if fields["source"] and fields["source"] not in LIST_SOURCES:
        wrong("source", "no such source is known", f"Use {', '.join(LIST_SOURCES)}.")
    if bool(fields["layout"]) == bool(fields["profile"]):
        wrong("layout", f"list {place + 1} has no 'layout' or 'profile', or both", "Give one.")
    elif fields["layout"] and fields["layout"] not in _LAYOUTS:
        wrong("layout", "no such layout is known", f"Use {' or '.join(map(repr, _LAYOUTS))}.")
    if fields["source"] == "state" and not _STATE.fullmatch(fields["state"]):
        wrong("state", "a state list needs its state", 'Add for example state = "FL".')
    if fields["source"] != "state" and fields["state"]:
        wrong("state", "only a state list has a state", "Remove it.")
    if fields["country"] and fields["source"] != "national":
        wrong("country", "only a national list has a country", "Remove it.")
    elif fields["country"] and not _STATE.fullmatch(fields["country"]):
        wrong("country", "a country is its two letters", 'Write it like country = "GB".')
    for key in ("file", "profile"):
        if ".." in PurePosixPath(fields[key]).parts or PurePosixPath(fields[key]).is_absolute():
            wrong(key, "only files beside lists.toml can be used", "Move the file there.")
    times = {}
    for key in ("obtained", "issued"):
        if fields[key]:
            try:
                times[key] = day_or_instant(fields[key])
            except ValueError:
                wrong(key, "this is no date", "Write it like 2026-11-20 or 2026-11-20T17:30:00Z.")
    if problems:
        raise OperatorError(*problems)
    return ListEntry(
        name=fields["name"],
        kind=LIST_SOURCES[fields["source"]],
        state=fields["state"] or fields["country"].replace("US", ""),
        profile=fields["profile"] or _LAYOUTS[fields["layout"]],
        file=root / PurePosixPath(fields["file"]),
        obtained_at=times["obtained"],
        issued_at=times.get("issued"),
        where=text.where,
        line=text.line(("lists", place, "file")),
    )


def _repeated_names(tables: list[object], text: TomlText) -> Iterator[Problem]:
    seen: set[object] = set()
    for place, table in enumerate(tables):
        name = table.get("name") if isinstance(table, dict) else None
        if isinstance(name, str) and name in seen:
            line = text.line(("lists", place, "name"))
            yield Problem(text.where, line, "there is a list of this name already", name, "Rename.")
        seen.add(name if isinstance(name, str) else None)


def day_or_instant(written: str) -> Instant:
    """A day is its start, UTC; a time needs a zone. Raises ValueError."""
    read = datetime.fromisoformat(written)
    if len(written) == len("2026-11-20"):
        read = read.replace(tzinfo=UTC)
    return instant_of(read)
