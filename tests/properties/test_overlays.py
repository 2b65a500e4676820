"""Overlays against the gate: whatever an officer writes, no call becomes lawful by it unless
somebody approved that, and then the decision says so."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pytest
from hypothesis import event, given, settings
from hypothesis import strategies as st

from dialer.compliance.law import Approval
from dialer.compliance.law_files import load_law
from dialer.compliance.law_rows import row_table
from dialer.compliance.overlay import approve
from dialer.intake.case_lines import screen_line
from tests.properties.case_strategies import Case, cases, read

HEAD = 'name = "Any"\nby = "Avery Example"\nat = 2020-01-01T00:00:00Z\nnote = "Any."\n'
APPROVAL = Approval("Robin Sample", "a property", "2020-01-02T00:00:00Z")
_HOURS = ("none", "08:00-21:00", "09:00-20:00", "08:00-20:00", "00:00-24:00", "12:00-21:00")
_EXEMPTIONS = ("EBR_TRANSACTION", "EBR_INQUIRY", "PEWC", "PEC")


def _some(words: tuple[str, ...], least: int = 0) -> st.SearchStrategy[list[str]]:
    return st.lists(st.sampled_from(words), min_size=least, unique=True)


_COMMON: dict[str, st.SearchStrategy[Any]] = {
    "modes": _some(("preview", "progressive", "predictive", "recorded"), 1),
    "purposes": _some(("sales", "informational", "business"), 1),
    "lines": _some(("landline", "wireless", "unknown"), 1),
    "lifted_by": _some(_EXEMPTIONS),
}
_FIGURES: dict[str, dict[str, st.SearchStrategy[Any]]] = {
    "hours": {
        key: st.sampled_from(_HOURS)
        for key in ("every_day", "weekdays", "saturday", "sunday", "holidays")
    },
    "list": {"max_age_days": st.integers(0, 60), "binds_after_days": st.integers(0, 60)},
    "cap": {"limit": st.integers(1, 5), "window_hours": st.integers(1, 60)},
    "consent": {"needs": st.sampled_from(("PEC", "PEWC")), "oral": st.booleans()},
    "relationship": {"transaction_months": st.integers(0, 30), "inquiry_months": st.integers(0, 9)},
    "emergency": {},
    "port": {"grace_days": st.integers(0, 30)},
    "revocation": {"revokes_all": st.booleans()},
}
_BEHIND: dict[str, tuple[str, ...]] = {
    "OUTSIDE_HOURS": ("hours",),
    "SUNDAY_BAN": ("hours",),
    "HOLIDAY_BAN": ("hours",),
    "FREQ_CAP": ("cap",),
    "NATIONAL_DNC": ("list", "relationship"),
    "STATE_DNC": ("list", "relationship"),
    "REGISTRY_STALE": ("list",),
    "CONSENT_REQUIRED": ("consent",),
    "STATE_EMERGENCY": ("emergency",),
    "DATA_MISSING": ("port", "consent", "list"),
    "CONSENT_REVOKED": ("revocation",),
}
"""The kinds of row a refusal comes from: what an officer would think of changing."""

_TROUBLES = ("lists", "attempts", "emergencies", "revocations", "rnd", "line")
_ADDED: dict[str, dict[str, Any]] = {
    "hours": {"every_day": "08:00-21:00"},
    "list": {"max_age_days": 31},
    "cap": {"limit": 3, "window_hours": 24},
    "consent": {"needs": "PEWC"},
    "relationship": {"transaction_months": 18, "inquiry_months": 3},
    "emergency": {},
}


def toml(table: str, values: dict[str, Any]) -> str:
    """One table of an array, as TOML: JSON's texts, numbers and lists are TOML's too."""
    lines = [
        f"{key} = {value if key == 'days' else json.dumps(value)}" for key, value in values.items()
    ]
    return "\n".join([f"[[{table}]]", *lines, ""])


@st.composite
def lighter(draw: st.DrawFn) -> Case:
    """A case with at most one or two things against it, so that one row may decide."""
    case = draw(cases())
    kept = draw(st.lists(st.sampled_from(_TROUBLES), max_size=2))
    light = {key: value for key, value in case.items() if key not in _TROUBLES or key in kept}
    light["campaign"] = {**case["campaign"], "caller_id_owned": True}
    return light


@st.composite
def changes(draw: st.DrawFn, case: Case, base: Case) -> str:
    """One change of a row that may bind the case, one added, or a holiday switched."""
    codes = base["jurisdictions"] or ["US"]
    code = draw(st.sampled_from(codes))
    jurisdiction = load_law().jurisdictions[code]
    what = draw(st.sampled_from(("change", "change", "change", "add", "on", "off")))
    rows = [row_table(rule) for rule in jurisdiction.rules]
    rows = [(kind, table) for kind, table in rows if kind in _FIGURES]
    behind = {kind for reason in base["codes"] for kind in _BEHIND.get(reason, ())}
    rows = [row for row in rows if row[0] in behind] or rows
    if what == "change" and rows:
        kind, table = draw(st.sampled_from(rows))
        keys = draw(_some((*_FIGURES[kind], *_FIGURES[kind], *_COMMON), 1))
        given_ = {key: draw((_FIGURES[kind] | _COMMON)[key]) for key in keys[:2]}
        return toml("change", {"jurisdiction": code, "id": table["id"], **given_})
    if what == "add":
        kind = draw(st.sampled_from(tuple(_ADDED)))
        keys = draw(_some((*_FIGURES[kind], *_COMMON)))
        given_ = {key: draw((_FIGURES[kind] | _COMMON)[key]) for key in keys[:2]}
        own = {"list": code.removeprefix("US-")} if kind == "list" else {}
        return toml(kind, {"jurisdiction": code, "id": "own", **_ADDED[kind], **own, **given_})
    day = (read(case["at"]) - timedelta(hours=6)).date()
    on_holidays = sorted(jurisdiction.holidays)
    if what == "off" and on_holidays:
        near = min(on_holidays, key=lambda each: abs(each - day.toordinal()))
        day = type(day).fromordinal(near)
        return toml("holiday_off", {"jurisdiction": code, "days": f"[{day}]"})
    return toml("holiday", {"jurisdiction": code, "name": "Any day", "days": f"[{day}]"})


@pytest.fixture(scope="module")
def folder() -> Iterator[Path]:
    with TemporaryDirectory() as name:
        yield Path(name)


def answered(case: Case, overlay: bytes, folder: Path) -> Case:
    file = folder / f"{hash(overlay):x}.toml"
    file.write_bytes(overlay)
    return screen_line(json.dumps({**case, "overlay": file.name}), folder)


@given(data=st.data(), case=lighter())
@settings(max_examples=150)
def test_no_overlay_loosens_without_an_approval_that_the_decision_names(
    data: st.DataObject, case: Case, folder: Path
) -> None:
    base = screen_line(json.dumps(case))
    written = data.draw(st.lists(changes(case, base), min_size=1, max_size=2))
    overlay = (HEAD + "".join(written)).encode()
    plain = answered(case, overlay, folder)
    if "error" not in plain:
        event("taken as it is")
        assert not (base["verdict"] == "DENY" and plain["verdict"] == "ALLOW"), written
    approved = answered(case, approve(overlay, APPROVAL), folder)
    if "error" in approved:
        event("refused for what is wrong in it")
        return
    if "error" in plain:
        event("taken with approval")
        assert "--approve" in plain["error"]
    if base["verdict"] == "DENY" and approved["verdict"] == "ALLOW":
        event("loosened")
        assert "Decided under a loosened rule" in approved["explain"]
        assert "Robin Sample" in approved["explain"]
