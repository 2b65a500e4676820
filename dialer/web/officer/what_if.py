"""What would the gate say, if it were so? A form for the usual questions, and JSON for the rest."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from starlette.responses import Response
from starlette.routing import Route

from dialer.compliance.states import read_state
from dialer.model.audit_reports import Decided
from dialer.model.campaigns import Campaign
from dialer.model.errors import OperatorError, Problem
from dialer.model.instant import rfc3339, utc
from dialer.model.screening import CallMode, Purpose
from dialer.web.forms import text_field
from dialer.web.office import OfficeBusy
from dialer.web.officer.desk import Desk, Form, refused_form, utc_instant
from dialer.web.session import Visit

PATH = "/compliance/what-if"
ZONES = {
    "America/New_York": "Eastern (New York)",
    "America/Chicago": "Central (Chicago)",
    "America/Denver": "Mountain (Denver)",
    "America/Phoenix": "Arizona (Phoenix)",
    "America/Los_Angeles": "Pacific (Los Angeles)",
    "America/Anchorage": "Alaska (Anchorage)",
    "Pacific/Honolulu": "Hawaii (Honolulu)",
    "America/Puerto_Rico": "Puerto Rico",
    "UTC": "UTC",
}
"""Whose clocks the hour is written by."""
CONSENTS = {"pewc": "prior express written", "pec": "prior express", "oral": "oral"}
RELATIONSHIPS = {"transaction": "bought or paid", "inquiry": "asked or applied"}
LINES = {"wireless": "mobile", "landline": "landline"}
ANSWERS = {"no": "no, not reassigned", "yes": "yes, reassigned", "no_data": "no data"}

FIELDS = (
    "phone",
    "state",
    "zip",
    "at",
    "zone",
    "campaign",
    "seller",
    "mode",
    "purpose",
    "national",
    "litigator",
    "states",
    "internal",
    "consent",
    "consent_at",
    "relationship",
    "relationship_at",
    "line",
    "rnd",
    "emergency",
    "more",
)
_FIELD_OF = {
    "consents": "consent_at",
    "relationships": "relationship_at",
    "emergencies": "emergency",
    "lists.internal.requested_at": "internal",
    "lists.states": "states",
    "campaign.seller": "seller",
    "campaign.mode": "mode",
    "campaign.purpose": "purpose",
    "line.type": "line",
}


class WhatIfPages:
    def __init__(self, desk: Desk) -> None:
        self._desk = desk
        self._office = desk.office

    def routes(self) -> list[Route]:
        return [self._desk.route(PATH, self.page), self._desk.route(PATH, self.ask, post=True)]

    async def page(self, visit: Visit) -> Response:
        """Query: `phone` fills it in."""
        now = utc(self._office.now()).astimezone(ZoneInfo("America/New_York"))
        phone = visit.request.query_params.get("phone", "").strip()
        typed = {"phone": phone, "at": now.strftime("%Y-%m-%dT%H:%M")}
        return self._page(visit, Form("", {**dict.fromkeys(FIELDS, ""), **typed}))

    async def ask(self, visit: Visit) -> Response:
        """Nothing is changed, and nothing is written down."""
        typed = {name: text_field(visit.form, name) for name in FIELDS}
        try:
            case = case_of(typed, self._desk.campaigns())
            decided = await self._office.what_if(case)
        except OperatorError as error:
            problems = (_placed(problem) for problem in error.problems)
            refused = refused_form("ask", typed, OperatorError(*problems), _FIELD_OF)
            return self._page(visit, refused)
        except OfficeBusy as error:
            return self._page(visit, refused_form("ask", typed, error, {}))
        return self._page(visit, Form("ask", typed), decided, case)

    def _page(
        self,
        visit: Visit,
        form: Form,
        decided: Decided | None = None,
        case: Mapping[str, Any] | None = None,
    ) -> Response:
        return self._desk.page(
            visit,
            "what_if.html",
            PATH,
            status=form.status,
            form=form,
            decided=decided,
            case="" if case is None else json.dumps(case, ensure_ascii=False),
            campaigns=self._desk.campaigns(),
            zones=ZONES,
            modes=tuple(CallMode),
            purposes=tuple(Purpose),
            consents=CONSENTS,
            relationships=RELATIONSHIPS,
            lines=LINES,
            answers=ANSWERS,
        )


def _placed(problem: Problem) -> Problem:
    """A problem of the case, named after the field of the form it was typed in."""
    known = (each for each in _FIELD_OF if f"{problem.where}.".startswith(f"{each}."))
    return replace(problem, where=next(known, problem.where))


def case_of(typed: Mapping[str, str], campaigns: Mapping[str, Campaign]) -> dict[str, Any]:
    """The case a form describes, as `dialer screen --cases` reads it; `more` is laid over it.

    Raises OperatorError with a problem for each field that will not do.
    """
    problems: list[Problem] = []
    case: dict[str, Any] = {"phone": typed["phone"]}
    if not typed["phone"]:
        problems.append(Problem("phone", None, "say which number is meant"))
    try:
        case["at"] = written_instant(typed["at"], typed["zone"])
    except OperatorError as error:
        problems += error.problems
    for name in ("state", "zip"):
        if typed[name]:
            case[name] = typed[name]
    case["campaign"] = _campaign(typed, campaigns.get(typed["campaign"]))
    lists = _lists(typed, problems)
    if lists:
        case["lists"] = lists
    for name, key, date in (
        ("consent", "consents", "granted_at"),
        ("relationship", "relationships", "at"),
    ):
        if typed[name]:
            at = _utc(f"{name}_at", typed[f"{name}_at"], problems)
            if not typed[f"{name}_at"]:
                problems.append(Problem(f"{name}_at", None, "since when", "", "Give its date."))
            case[key] = [{"type": typed[name], date: at}]
    if typed["line"]:
        case["line"] = {"type": typed["line"]}
    if typed["rnd"]:
        case["rnd"] = {"answer": typed["rnd"]}
        if "at" in case:
            case["rnd"]["queried_at"] = case["at"]
    if typed["emergency"]:
        case["emergencies"] = _codes(typed["emergency"])
    _lay_over(case, typed["more"], problems)
    if problems:
        raise OperatorError(*problems)
    return case


def _campaign(typed: Mapping[str, str], campaign: Campaign | None) -> dict[str, Any]:
    """What the campaign says, and what was written beside it instead."""
    said: dict[str, Any] = {}
    if campaign is not None:
        said = {
            "seller": campaign.seller,
            "subject": campaign.subject or campaign.title,
            "mode": CallMode(campaign.mode).lower(),
            "purpose": campaign.purpose.lower(),
            "caller_id": campaign.caller_ids[0].e164,
        }
    said |= {name: typed[name] for name in ("seller", "mode", "purpose") if typed[name]}
    return said


def _lists(typed: Mapping[str, str], problems: list[Problem]) -> dict[str, Any]:
    lists: dict[str, Any] = {name: True for name in ("national", "litigator") if typed[name]}
    if typed["states"]:
        lists["states"] = _codes(typed["states"])
    if typed["internal"]:
        lists["internal"] = {"requested_at": _utc("internal", typed["internal"], problems)}
    return lists


def _codes(text: str) -> list[str]:
    """States between commas; codes may have spaces alone between them."""
    names = [name.strip() for name in text.split(",") if name.strip()]
    return [code for name in names for code in ([name] if read_state(name) else name.split())]


def _utc(where: str, text: str, problems: list[Problem]) -> str:
    """A date or a time, UTC, as a case has it."""
    try:
        at = utc_instant(where, text)
    except OperatorError as error:
        problems += error.problems
        at = None
    return "" if at is None else rfc3339(at)


def written_instant(text: str, zone: str) -> str:
    """`2026-12-02T20:30` on the clocks of one of `ZONES`, in RFC 3339 with its offset. Where clocks
    are set back and an hour comes twice, the first is meant. Raises OperatorError naming `at`."""
    if zone not in ZONES:
        raise OperatorError(Problem("zone", None, "choose whose clocks are meant"))
    try:
        wall: datetime | None = datetime.fromisoformat(text)
    except ValueError:
        wall = None
    if wall is None or wall.tzinfo is not None:
        remedy = "Write it as 2026-12-02 20:30."
        raise OperatorError(Problem("at", None, "this is no date and time", text, remedy))
    there = wall.replace(tzinfo=ZoneInfo(zone))
    if there.astimezone(ZoneInfo("UTC")).astimezone(there.tzinfo).replace(tzinfo=None) != wall:
        message = "clocks go forward that night and skip this time"
        raise OperatorError(Problem("at", None, message, text))
    return there.isoformat()


def _lay_over(case: dict[str, Any], text: str, problems: list[Problem]) -> None:
    """Fields of a JSON object win over those of the form; in objects, key by key."""
    if not text:
        return
    try:
        more = json.loads(text)
    except ValueError as error:
        problems.append(Problem("more", None, f"this is no JSON: {error}"))
        return
    if not isinstance(more, dict):
        problems.append(Problem("more", None, 'write a JSON object: {"attempts": [...]}'))
        return
    for key, value in more.items():
        both = isinstance(value, dict) and isinstance(case.get(key), dict)
        case[key] = {**case[key], **value} if both else value
