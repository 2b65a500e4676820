"""An officer's changes to the law as shipped: tighten freely, loosen only with an approval.

An overlay is one TOML file:

    name = "Quieter evenings"
    by = "Avery Example, compliance"
    at = 2026-11-20T15:00:00Z           # changes hold from that day on, unless they say otherwise
    note = "The client asks for it."

    [[change]]                          # a row that is there: only what differs is written
    jurisdiction = "US-FL"
    id = "hours"
    every_day = "09:00-19:00"
    from = 2026-12-01                   # and `to`: the first day it no longer holds

    [[holiday]]                         # a holiday switched on
    jurisdiction = "US-PA"
    name = "Day after Thanksgiving"
    days = [2026-11-27]

    [[holiday_off]]                     # a holiday switched off: this loosens
    jurisdiction = "US-LA"
    days = [2026-11-01]

    [[cap]]                             # a row added, written as in `law_files`; any kind
    jurisdiction = "US-TX"
    id = "own_cap"
    limit = 2
    window_hours = 24

A row is never taken out, only changed, so that a decision can name it. Rows keep their citations.
Where a change allows a call that the row refused, the overlay is refused until somebody approves
it: `dialer rules overlay FILE --approve NAME --because TEXT` appends

    [approval]
    by = "NAME"
    because = "TEXT"
    at = 2026-11-20T16:00:00Z
    of = "..."                          # SHA-256 of everything above this table

which holds for exactly the text above it. Loosened rows and days carry it into every decision.
"""

from __future__ import annotations

import hashlib
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from dialer.compliance.law import Approval, Jurisdiction
from dialer.compliance.law_rows import KINDS
from dialer.compliance.law_table import Fault, Table, refuse, tables
from dialer.compliance.overlay_changes import Changed, Changes
from dialer.model.errors import OperatorError, Problem
from dialer.model.instant import Instant, rfc3339, utc
from dialer.model.toml_lines import KeyPath, parse_toml

_APPROVAL = "\n[approval]\n"


@dataclass(frozen=True, slots=True)
class Overlay:
    """What an overlay file says, and what it does to the rules it was applied to."""

    file: str
    name: str
    by: str
    at: Instant
    note: str
    approval: Approval | None
    changes: tuple[Changed, ...]


def apply_overlay(
    jurisdictions: Mapping[str, Jurisdiction], content: bytes, where: str
) -> tuple[dict[str, Jurisdiction], Overlay]:
    """The rules with the overlay's changes made.

    Raises OperatorError where the file is wrong, or loosens a row without a valid approval.
    """
    applied, overlay, loosening = _applied(jurisdictions, content, where)
    if loosening and overlay.approval is None:
        text = parse_toml(content, where)
        raise OperatorError(
            *(
                Problem(
                    where,
                    text.line(path),
                    f"this loosens {changed.jurisdiction} {changed.what}: "
                    f"{'; '.join(changed.loosens)}",
                    "",
                    f"Have it approved: dialer rules overlay {where} --approve NAME --because TEXT",
                )
                for path, changed in loosening
            )
        )
    return applied, overlay


def preview(jurisdictions: Mapping[str, Jurisdiction], content: bytes, where: str) -> Overlay:
    """What the overlay would do, approved or not. Raises OperatorError where the file is wrong."""
    return _applied(jurisdictions, content, where)[1]


def approve(content: bytes, approval: Approval) -> bytes:
    """The overlay with this approval at its end, instead of any that was there."""
    above = _above_approval(content)
    if not above.endswith(b"\n"):
        above += b"\n"
    return (
        above
        + (
            f"{_APPROVAL}by = {_quoted(approval.by)}\nbecause = {_quoted(approval.because)}\n"
            f'at = {approval.at}\nof = "{hashlib.sha256(above).hexdigest()}"\n'
        ).encode()
    )


def _quoted(text: str) -> str:
    """A TOML basic string."""
    escaped = "".join(
        f"\\{each}" if each in '"\\' else each if each.isprintable() else f"\\u{ord(each):04x}"
        for each in text
        if ord(each) < 0x10000 or each.isprintable()
    )
    return f'"{escaped}"'


def _above_approval(content: bytes) -> bytes:
    found = content.rfind(_APPROVAL.encode())
    return content if found < 0 else content[:found]


# --- reading --------------------------------------------------------------------------------------


def _applied(
    jurisdictions: Mapping[str, Jurisdiction], content: bytes, where: str
) -> tuple[dict[str, Jurisdiction], Overlay, list[tuple[KeyPath, Changed]]]:
    data = parse_toml(content, where).data
    faults: list[Fault] = []
    rows = {*KINDS, "change", "holiday", "holiday_off", "approval"}
    head = Table({key: data[key] for key in data if key not in rows}, (), faults)
    name, by, at = head.text("name"), head.text("by"), head.moment("at")
    note = head.text("note")
    head.done()
    approval = _approval(data, content, faults)
    work = Changes(dict(jurisdictions), faults, approval, name, utc(at).date(), f"{name} ({by})")
    for table in tables(data, "change", (), faults):
        work.change(table)
    for table in tables(data, "holiday_off", (), faults):
        work.holiday_off(table)
    for table in tables(data, "holiday", (), faults):
        work.holiday_on(table)
    for kind in KINDS:
        for table in tables(data, kind, (), faults):
            work.add(kind, table)
    if not work.done and not faults:
        faults.append(Fault((), "it changes nothing", "", "Add a change, or remove the file."))
    refuse(faults, content, where)
    changes = tuple(changed for _, changed in work.done)
    loosening = [(path, changed) for path, changed in work.done if changed.loosens]
    return work.jurisdictions, Overlay(where, name, by, at, note, approval, changes), loosening


def _approval(data: Mapping[str, Any], content: bytes, faults: list[Fault]) -> Approval | None:
    """The approval, if there is one and it is of exactly the text above it."""
    if "approval" not in data:
        return None
    path: KeyPath = ("approval",)
    if not isinstance(data["approval"], dict):
        faults.append(Fault(path, "approval must be a table"))
        return None
    table = Table(data["approval"], path, faults)
    by, because, at, of = (
        table.text("by"),
        table.text("because"),
        table.moment("at"),
        table.text("of"),
    )
    table.done()
    above = _above_approval(content)
    rest = content[len(above) :].decode("utf-8", "replace")
    try:
        alone = set(tomllib.loads(rest)) == {"approval"}
    except ValueError:
        alone = False
    if not alone or of != hashlib.sha256(above).hexdigest():
        faults.append(
            Fault(
                path,
                "the approval is not of this text: something was changed since",
                of,
                "Have it approved again: dialer rules overlay FILE --approve NAME --because TEXT",
            )
        )
        return None
    return Approval(by, because, rfc3339(at))
