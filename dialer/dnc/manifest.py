"""What is kept of every import, for five years and longer: one JSON file for each version."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from dialer.dnc.index import SetKind
from dialer.dnc.reading import Rejected
from dialer.model.errors import OperatorError, Problem
from dialer.model.instant import Instant, instant_of, rfc3339

_INSTANTS = ("obtained_at", "issued_at", "imported_at")


@dataclass(frozen=True, slots=True)
class Contained:
    """One set of a version: its index file beside the manifest, and how many numbers it has."""

    part: str
    kind: SetKind
    state: str
    file: str
    count: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Manifest:
    """One import of a list. `version` names it. `base`: the version that was active before ("" for
    the first). `rows_read`: all rows, of which `rows_rejected` could not be read and
    `rows_repeated` said nothing new. `added`, `deleted`: against `base`. `sha256`, `size`: of the
    file as it was delivered. `approved_by`, `because`: who let an unusual change pass, and why.
    `retired`: from here on the list is not in use."""

    version: str
    name: str
    kind: SetKind
    state: str
    profile: str
    source: str
    sha256: str
    size: int
    obtained_at: Instant
    issued_at: Instant | None
    imported_at: Instant
    base: str
    content: str = "full"
    rows_read: int = 0
    rows_rejected: int = 0
    rows_repeated: int = 0
    added: int = 0
    deleted: int = 0
    count: int = 0
    rejected: tuple[Rejected, ...] = ()
    approved_by: str = ""
    because: str = ""
    retired: bool = False
    sets: tuple[Contained, ...] = field(default=())

    def as_json(self) -> Mapping[str, Any]:
        """For machines; instants as RFC 3339."""
        data = asdict(self)
        for key in _INSTANTS:
            data[key] = None if data[key] is None else rfc3339(data[key])
        return data


def read_manifest(path: Path) -> Manifest:
    """Raises OperatorError for a manifest that cannot be read."""
    try:
        data: dict[str, Any] = json.loads(path.read_bytes())
        for key in _INSTANTS:
            data[key] = None if data[key] is None else _instant(data[key])
        data["kind"] = SetKind(data["kind"])
        data["rejected"] = tuple(Rejected(**each) for each in data["rejected"])
        data["sets"] = tuple(
            Contained(**{**each, "kind": SetKind(each["kind"])}) for each in data["sets"]
        )
        return Manifest(**data)
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise OperatorError(
            Problem(
                str(path),
                None,
                f"the manifest cannot be read: {error}",
                remedy="Import the list again.",
            )
        ) from error


def write_json(path: Path, data: Mapping[str, Any]) -> None:
    """Put a JSON file in place whole, or not at all, and flush it to disk."""
    partial = path.with_name(path.name + ".partial")
    with partial.open("w", encoding="utf-8") as file:
        json.dump(data, file, indent=1)
        file.write("\n")
        file.flush()
        os.fsync(file.fileno())
    put_in_place(partial, path)


def put_in_place(partial: Path, path: Path) -> None:
    """Rename a flushed file; afterwards the new name survives a loss of power."""
    partial.replace(path)
    folder = os.open(path.parent, os.O_RDONLY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)


def _instant(text: str) -> Instant:
    return instant_of(datetime.fromisoformat(text).astimezone(UTC))
