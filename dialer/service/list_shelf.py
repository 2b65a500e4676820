"""The operator's list files put on the shelf of lists in force."""

from __future__ import annotations

import hashlib
import shutil
import tempfile
from pathlib import Path

from dialer.dnc.index import SetKind
from dialer.dnc.manifest import Manifest
from dialer.dnc.profile import find_profile
from dialer.dnc.reading import Progress
from dialer.dnc.shelf import ListShelf
from dialer.intake.list_entries import ListEntry, read_list_entries
from dialer.model.errors import OperatorError, Problem
from dialer.model.instant import Instant

SHELF = "dnc"
"""The shelf's folder in the data folder."""


def shelve(
    lists_root: Path, shelf_root: Path, now: Instant, progress: Progress | None = None
) -> ListShelf:
    """Import every file `lists.toml` names that is not what is active, and open all lists.

    A file is imported if its SHA-256, its times or its source differ from the active version's,
    unless the active copy was obtained later: a newer copy brought by `dialer dnc import` stays.
    Raises OperatorError with all that is wrong with any list; nothing may then be dialled.
    """
    shelf = ListShelf(shelf_root, lambda: now)
    problems: list[Problem] = []
    for entry in read_list_entries(lists_root):
        try:
            if _is_news(entry, shelf.active_manifest(entry.name)):
                shelf.import_file(
                    entry.name,
                    SetKind(entry.kind),
                    entry.state,
                    entry.file,
                    find_profile(entry.profile, lists_root),
                    entry.obtained_at,
                    entry.issued_at,
                    progress=progress,
                )
        except OperatorError as error:
            problems.extend(error.problems)
    if problems:
        raise OperatorError(*problems)
    shelf.reload_if_changed()
    return shelf


def shelve_aside(lists_root: Path, now: Instant) -> ListShelf:
    """As `shelve`, leaving the data folder alone: for checks. The lists can be asked as long as
    they are held, but their files are gone."""
    folder = Path(tempfile.mkdtemp(prefix="dialer-lists-"))
    try:
        shelf = shelve(lists_root, folder, now)
        shelf.active()
        return shelf
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _is_news(entry: ListEntry, active: Manifest | None) -> bool:
    if active is None or active.retired:
        return _digest(entry) != ""
    if active.obtained_at > entry.obtained_at:
        _digest(entry)  # a file that cannot be read is a mistake all the same
        return False
    known = (active.sha256, active.obtained_at, active.issued_at, active.kind, active.state)
    told = (_digest(entry), entry.obtained_at, entry.issued_at, entry.kind, entry.state)
    return known != told


def _digest(entry: ListEntry) -> str:
    try:
        with entry.file.open("rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest()
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
