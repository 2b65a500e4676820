"""The operator's list files put on the shelf of lists in force."""

from __future__ import annotations

import hashlib
import shutil
import tempfile
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date
from pathlib import Path

from dialer.compliance.law import ListRule, Ruleset
from dialer.compliance.suppression import NumberSet, OtherSets, SuppressionList, Suppressions
from dialer.dnc.index import NumberIndex, SetKind
from dialer.dnc.manifest import Manifest
from dialer.dnc.profile import find_profile
from dialer.dnc.reading import Progress
from dialer.dnc.shelf import ListShelf
from dialer.intake.list_entries import ListEntry, read_list_entries
from dialer.model.audit_reports import ListFreshness
from dialer.model.errors import OperatorError, Problem
from dialer.model.instant import DAY_MS, Instant, utc

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


def freshness(shelf: ListShelf, ruleset: Ruleset, now: Instant) -> tuple[ListFreshness, ...]:
    """Of every set in force, by name. Raises OperatorError for a list that is not whole."""
    found = []
    for name, index in sorted({**shelf.active(), **shelf.other_sets()}.items()):
        manifest = shelf.active_manifest(name.partition(":")[0])
        identity = index.identity
        found.append(
            ListFreshness(
                name=name,
                kind=identity.kind.value,
                state=identity.state,
                obtained_at=identity.obtained_at,
                issued_at=identity.issued_at,
                age_days=now // DAY_MS - identity.obtained_at // DAY_MS,
                max_age_days=max_age_days(ruleset, identity.kind.value, identity.state, now),
                entries=index.count,
                sha256=identity.sha256,
                version=manifest.version if manifest else "",
                rows_read=manifest.rows_read if manifest else None,
                rows_rejected=manifest.rows_rejected if manifest else None,
            )
        )
    return tuple(found)


def max_age_days(ruleset: Ruleset, kind: str, state: str, now: Instant) -> int | None:
    """How old the copy of a list of this kind may be: the strictest row that holds today, None
    where no row asks."""
    key, code = "national", state or "US"
    if kind == SetKind.STATE:
        key, code = state, f"US-{state}"
    elif kind != SetKind.NATIONAL:
        return None
    jurisdiction = ruleset.jurisdictions.get(code)
    today = utc(now).date()
    return min(
        (
            rule.max_age_days
            for rule in (jurisdiction.rules if jurisdiction is not None else ())
            if isinstance(rule, ListRule)
            and rule.list_key == key
            and rule.effective_from <= today
            and (rule.effective_to is None or today < rule.effective_to)
        ),
        default=None,
    )


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


@dataclass(frozen=True, slots=True)
class SetsInForce:
    """A shelf's active versions: lists of numbers not to be called, and other sets by kind.
    `port_file_date`: of the older of the port files."""

    lists: tuple[NumberIndex, ...]
    others: Mapping[SetKind, tuple[NumberIndex, ...]]
    port_file_date: date | None

    def use(
        self, suppressions: Suppressions, seen: Callable[[NumberIndex], SuppressionList]
    ) -> None:
        """From now on numbers are screened against these sets and no others; `seen`: what stands
        for a set."""

        def of(kind: SetKind) -> tuple[NumberSet, ...]:
            return tuple(seen(index) for index in self.others.get(kind, ()))

        other = OtherSets(
            unknown=of(SetKind.UNKNOWN),
            reassigned=of(SetKind.REASSIGNED),
            wireless_blocks=of(SetKind.WIRELESS_BLOCK),
            ported_to_wireless=of(SetKind.PORTED_TO_WIRELESS),
            ported_to_landline=of(SetKind.PORTED_TO_WIRELINE),
            port_file_date=self.port_file_date,
        )
        suppressions.use([seen(index) for index in self.lists], other)


def sets_in_force(shelf: ListShelf) -> SetsInForce:
    """The active versions as they are now. Raises OperatorError for a list that is not whole."""
    others: dict[SetKind, tuple[NumberIndex, ...]] = {}
    for index in shelf.other_sets().values():
        others[index.kind] = (*others.get(index.kind, ()), index)
    ports = (SetKind.PORTED_TO_WIRELESS, SetKind.PORTED_TO_WIRELINE)
    oldest = min(
        (index.identity.obtained_at for kind in ports for index in others.get(kind, ())),
        default=None,
    )
    day = None if oldest is None else utc(oldest).date()
    return SetsInForce(tuple(shelf.active().values()), others, day)


def put_in_force(shelf: ListShelf, suppressions: Suppressions) -> None:
    """From now on the shelf's active versions are what numbers are screened against. Raises
    OperatorError for a list that is not whole."""
    sets_in_force(shelf).use(suppressions, lambda index: index)
