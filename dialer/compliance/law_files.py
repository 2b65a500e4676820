"""The law as data: one file per jurisdiction under `rulesets/`, and the overlays an officer adds.

A file opens with what it is, and then has one table per row, dated and cited:

    code = "US-OR"                      # ISO 3166: US, US-OR, GB
    name = "Oregon"
    version = "2026.1"                  # of this file; a change of any row is a new version
    enabled = true                      # are numbers of this jurisdiction called by default?
    also = ["US"]                       # jurisdictions whose rules bind here as well
    note = "..."                        # what an officer should know; optional

    [[hours]]                           # local time of the called party, start inclusive, end not
    id = "hours"                        # a change of law: two rows of one id, one after the other
    effective_from = 2026-01-01         # first day in force; effective_to: first day no longer
    citation = "HB 3865 (2025); ORS 646A.370"
    tag = "S"                           # V primary text seen, S secondary, M memory, ? disputed
    every_day = "08:00-20:00"           # then weekdays, saturday, sunday over it; "none" = no calls
    holidays = "none"                   # or hours, or "as that day" (which is taken if not said)
    lifted_by = ["EBR_TRANSACTION"]     # what lets a call pass: EBR_*, PEC, PEWC
    modes = ["recorded"]                # of preview, progressive, predictive, recorded
    purposes = ["sales"]                # of sales, informational, business
    lines = ["wireless", "unknown"]     # of landline, wireless, unknown; left out: all of them

The kinds of row: `hours`, `list`, `cap`, `consent`, `relationship`, `emergency`, `cooldown`,
`internal`, `revocation`, `port`, `ring`, `drop`, `plain` (see `law` and `law_rows`), and `holiday`,
which has `name`, `citation`, `tag` and the `days`. `ruleset.toml` names the whole and the oldest
zone data it may be applied with.

Where the day a rule began was not looked up, its row begins on 2004-01-01 or earlier than any call
this program can decide about; where a rule is unverified or disputed, the row is the stricter
reading and says so in its note.
"""

from __future__ import annotations

import hashlib
import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import replace
from functools import lru_cache
from importlib import resources
from typing import Any

from dialer.compliance.calling_window import TZDATA_VERSION
from dialer.compliance.law import Holiday, Jurisdiction, Rule, Ruleset
from dialer.compliance.law_rows import KINDS, read_holidays, read_row
from dialer.compliance.law_table import Fault, Table, refuse, tables
from dialer.compliance.overlay import apply_overlay
from dialer.model.errors import OperatorError, Problem
from dialer.model.toml_lines import parse_toml

MANIFEST = "ruleset.toml"
_OWN_KEYS = frozenset({*KINDS, "holiday"})

NamedFile = tuple[str, bytes]
"""A file's name, as problems and the ruleset name it, and its bytes."""


def shipped_files() -> tuple[NamedFile, ...]:
    """The ruleset files of this release, by name."""
    folder = resources.files("dialer.compliance").joinpath("rulesets")
    return tuple(
        sorted((file.name, file.read_bytes()) for file in folder.iterdir() if _is_toml(file.name))
    )


def _is_toml(name: str) -> bool:
    return name.endswith(".toml")


def load_law(overlays: Sequence[NamedFile] = ()) -> Ruleset:
    """The shipped rules, changed by the overlays in the order given; the same object for the same
    overlays.

    Raises OperatorError where a file is wrong, an overlay loosens a row without approval, or the
    installed zone data is older than the rules allow.
    """
    return _load(tuple(overlays))


@lru_cache(maxsize=8)
def _load(overlays: tuple[NamedFile, ...]) -> Ruleset:
    if not overlays:
        return read_law(shipped_files())
    return _overlaid(_load(()), overlays)


def law_of(files: Sequence[NamedFile], overlays: Sequence[NamedFile]) -> Ruleset:
    """The rules in any ruleset's files, changed by the overlays in the order given: how rules of
    the past are read again. Raises OperatorError as `read_law` and `load_law` do."""
    return _overlaid(read_law(files), overlays)


def _overlaid(ruleset: Ruleset, overlays: Sequence[NamedFile]) -> Ruleset:
    if not overlays:
        return ruleset
    jurisdictions: Mapping[str, Jurisdiction] = ruleset.jurisdictions
    whole = hashlib.sha256(ruleset.sha256.encode())
    for name, content in overlays:
        jurisdictions, _ = apply_overlay(jurisdictions, content, name)
        whole.update(_digest(name, content))
    names = tuple(name for name, _ in overlays)
    return replace(ruleset, sha256=whole.hexdigest(), jurisdictions=jurisdictions, overlays=names)


def _digest(name: str, content: bytes) -> bytes:
    return f"{name} {hashlib.sha256(content).hexdigest()}\n".encode()


def read_law(files: Sequence[NamedFile]) -> Ruleset:
    """The rules in these files, one of them the manifest. Raises OperatorError."""
    content = dict(files)
    if MANIFEST not in content:
        raise OperatorError(Problem(MANIFEST, None, "the file is missing", "", "Restore it."))
    ruleset_id, min_tzdata = _manifest(content[MANIFEST])
    problems: list[Problem] = []
    jurisdictions: dict[str, Jurisdiction] = {}
    for name, each in sorted(files):
        if name == MANIFEST:
            continue
        try:
            read = read_jurisdiction(each, f"rulesets/{name}")
        except OperatorError as error:
            problems.extend(error.problems)
            continue
        if read.code in jurisdictions:
            problems.append(Problem(name, None, "another file has this code too", read.code))
        jurisdictions[read.code] = read
    problems.extend(
        Problem(read.code, None, "it names a jurisdiction that has no file", code, "Correct also.")
        for read in jurisdictions.values()
        for code in read.also
        if code not in jurisdictions
    )
    if problems:
        raise OperatorError(*problems)
    whole = hashlib.sha256()
    for name, each in sorted(files):
        whole.update(_digest(name, each))
    return Ruleset(ruleset_id, whole.hexdigest(), min_tzdata, jurisdictions)


def read_jurisdiction(content: bytes, where: str) -> Jurisdiction:
    """One ruleset file. Raises OperatorError with every fault in it, each at its line."""
    data = _parse(content, where)
    faults: list[Fault] = []
    head = Table({key: data[key] for key in data if key not in _OWN_KEYS}, (), faults)
    code = head.text("code")
    name, version, enabled = head.text("name"), head.text("version"), head.flag("enabled")
    also, note = head.texts("also", ()), head.text("note", "")
    head.done()
    rules = _rules(data, code, faults)
    holidays: dict[int, Holiday] = {}
    for table in tables(data, "holiday", (), faults):
        for holiday in read_holidays(table):
            # A day may be observed under two names: the row that stands first in the file is kept.
            holidays.setdefault(holiday.day.toordinal(), holiday)
    refuse(faults, content, where)
    return Jurisdiction(
        code=code,
        name=name,
        version=version,
        sha256=hashlib.sha256(content).hexdigest(),
        enabled=enabled,
        rules=rules,
        holidays=holidays,
        also=also,
        note=note,
    )


def _rules(data: Mapping[str, Any], code: str, faults: list[Fault]) -> tuple[Rule, ...]:
    return tuple(
        read_row(kind, table, code) for kind in KINDS for table in tables(data, kind, (), faults)
    )


def _manifest(content: bytes) -> tuple[str, str]:
    faults: list[Fault] = []
    table = Table(_parse(content, MANIFEST), (), faults)
    ruleset_id, needed = table.text("id"), table.text("min_tzdata")
    table.done()
    refuse(faults, content, MANIFEST)
    try:
        too_old = _version(TZDATA_VERSION) < _version(needed)
    except ValueError as error:
        raise OperatorError(
            Problem(MANIFEST, None, "min_tzdata must be a release such as 2026.6", needed)
        ) from error
    if too_old:
        raise OperatorError(
            Problem(
                "tzdata",
                None,
                f"the time zone data is older than ruleset {ruleset_id} allows ({needed})",
                TZDATA_VERSION,
                "Install a newer release of the tzdata package.",
            )
        )
    return ruleset_id, needed


def _version(text: str) -> tuple[int, ...]:
    return tuple(int(part) for part in text.split("."))


def _parse(content: bytes, where: str) -> Mapping[str, Any]:
    """As `tomllib`, which is quicker than noting every line; those are found once needed."""
    try:
        return tomllib.loads(content.decode("utf-8"))
    except ValueError:
        return parse_toml(content, where).data
