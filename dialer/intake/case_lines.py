"""Cases as lines of JSON: a what-if question a line, a decision a line (`dialer screen --cases`).

The officer's interface to the one gate. A field that is left out means a clean number: on no list,
every list in force and obtained the day before, no history, caller id owned.

Longer than most: each field, its check and what it becomes stand side by side.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from datetime import date, datetime
from functools import lru_cache
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, ValidationError

from dialer.compliance.checks import country_key
from dialer.compliance.facts import Facts, InternalRequest, ListKind, ListVersion, OwnCap
from dialer.compliance.law import ListRule, Ruleset
from dialer.compliance.law_files import load_law
from dialer.compliance.location import locate_raw
from dialer.compliance.screening import decide
from dialer.compliance.states import read_state
from dialer.model.errors import OperatorError, Problem
from dialer.model.instant import (
    DAY_MS,
    EPOCH,
    HOUR_MS,
    MINUTE_MS,
    SECOND_MS,
    Instant,
    instant_of,
    rfc3339,
    utc,
)
from dialer.model.records import (
    Consent,
    ConsentScope,
    ConsentType,
    Line,
    LineType,
    PastAttempt,
    Relationship,
    RelationshipType,
    RequestChannel,
    Revocation,
    RndAnswer,
    RndStatus,
)
from dialer.model.screening import Allowed, CallMode, Purpose, Screening

NATIONAL, LITIGATOR = "national", "litigator"
_UNNAMED = "the campaign's seller"
_FIRST_YEAR, _LAST_YEAR = 1970, 2199
"""Times outside are slips of the pen, and no calendar arithmetic near its ends is worth a bug."""
_LARGEST_CAP = 1_000_000
_CAP = re.compile(r"per_(?:(\d{1,3})_?)?(min|minute|h|hour|d|day|week|month)s?")
_UNITS = {
    "min": MINUTE_MS,
    "minute": MINUTE_MS,
    "h": HOUR_MS,
    "hour": HOUR_MS,
    "d": DAY_MS,
    "day": DAY_MS,
    "week": 7 * DAY_MS,
    "month": 30 * DAY_MS,
}


def _instant(value: object) -> Instant:
    if not isinstance(value, str):
        raise ValueError("must be a text like 2026-12-02T17:30:00Z")
    try:
        moment = datetime.fromisoformat(value.upper())
    except ValueError:
        raise ValueError("is no RFC 3339 time like 2026-12-02T17:30:00Z") from None
    if moment.tzinfo is None:
        raise ValueError("has no time zone: end it with Z or an offset like -05:00")
    if not _FIRST_YEAR <= moment.year <= _LAST_YEAR:
        raise ValueError(f"is not between {_FIRST_YEAR} and {_LAST_YEAR}")
    return instant_of(moment)


def _day(value: object) -> date:
    """A date; of a time, its UTC date."""
    if not isinstance(value, str):
        raise ValueError("must be a date like 2026-12-02")
    try:
        return date.fromisoformat(value)
    except ValueError:
        return utc(_instant(value)).date()


def _upper(value: object) -> object:
    return value.upper() if isinstance(value, str) else value


def _state(value: object) -> str:
    """A state, DC, a territory or a province, by code or name. One nobody knows is refused: a list
    or an emergency under it would bind no call."""
    code = read_state(value) if isinstance(value, str) else ""
    if not code:
        raise ValueError("is no postal code of a state, like FL")
    return code


def _address_state(value: object) -> str:
    """As `_state`; nothing said is no evidence."""
    return "" if value in (None, "") else _state(value)


When = Annotated[Instant, BeforeValidator(_instant)]
Day = Annotated[date, BeforeValidator(_day)]
State = Annotated[str, BeforeValidator(_state)]


class _Part(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True, frozen=True)


class _Campaign(_Part):
    seller: str | None = None
    subject: str = ""
    mode: Literal["preview", "progressive", "predictive", "recorded"] = "predictive"
    purpose: Literal["sales", "informational", "business"] = "sales"
    caller_id: str = ""
    caller_id_owned: bool = True


class _Internal(_Part):
    requested_at: When = EPOCH
    seller: str | None = None


class _Lists(_Part):
    national: bool = False
    states: list[State] = []
    internal: _Internal | None = None
    litigator: bool = False
    national_obtained_at: When | None = None
    state_obtained_at: dict[State, When] = {}
    state_issued_at: dict[State, When] = {}


class _Consent(_Part):
    type: Literal["pec", "pewc", "oral"]
    seller: str | None = None
    granted_at: When
    revoked_at: When | None = None
    scope: Literal["all", "calls", "texts", "recorded"] = "all"


class _Relationship(_Part):
    type: Literal["transaction", "inquiry"]
    seller: str | None = None
    at: When


class _Revocation(_Part):
    channel: Literal["agent", "call_key", "voicemail", "text", "email", "web", "mail", "import"]
    at: When
    text: str = ""


class _Rnd(_Part):
    answer: Literal["yes", "no", "no_data"]
    asked_date: Day | None = None
    queried_at: When | None = None


class _Line(_Part):
    type: Literal["landline", "wireless", "unknown"] = "unknown"
    ported_to: Literal["wireless", "landline"] | None = None
    ported_at: When | None = None
    port_file_date: Day | None = None


class _Attempt(_Part):
    at: When
    seller: str | None = None
    subject: str | None = None
    caller_id: str = ""


class _Drop(_Part):
    at: When


class _Case(_Part):
    id: str | int | None = None
    phone: str
    country: Annotated[str, BeforeValidator(_upper), Field(pattern=r"^[A-Z]{2}$")] = "US"
    state: Annotated[str, BeforeValidator(_address_state)] = ""
    zip: str | None = None
    at: When
    campaign: _Campaign = _Campaign()
    enabled: list[Annotated[str, Field(pattern=r"^[A-Z]{2}$")]] = ["US"]
    lists: _Lists = _Lists()
    consents: list[_Consent] = []
    relationships: list[_Relationship] = []
    revocations: list[_Revocation] = []
    rnd: _Rnd | list[_Rnd] | None = None
    line: _Line = _Line()
    emergencies: list[State] = []
    attempts: list[_Attempt] = []
    abandons: list[_Drop] = []
    agent_reserved: bool = False
    overlay: str | list[str] = []
    last_verified_contact: When | None = None
    own_caps: dict[str, int | float] = {}


def screen_line(line: str, folder: Path = Path()) -> dict[str, Any]:
    """The decision about one case, or `{"id", "error"}` naming the field that is wrong. Overlay
    files are relative to `folder`."""
    given: Any = None
    try:
        given = json.loads(line, object_pairs_hook=_once_each, parse_constant=_no_constant)
        if not isinstance(given, dict):
            raise ValueError("a case is a JSON object")
        case = _Case.model_validate(given)
        facts = facts_of(case, _ruleset(case, folder))
        return shown(case.id, decide(facts, _ruleset(case, folder), case.at))
    except json.JSONDecodeError as error:
        return {"id": None, "error": f"the line is no JSON: {error}"}
    except RecursionError:
        return {"id": None, "error": "the line is no case: it is nested too deeply"}
    except ValidationError as error:
        told = "; ".join(_told(dict(each)) for each in error.errors())
    except (ValueError, OperatorError) as error:
        told = str(error)
    name = given.get("id") if isinstance(given, dict) else None
    return {"id": name if isinstance(name, str | int) else None, "error": told}


def _once_each(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    """An object whose fields stand once each: of two, nobody knows which was meant."""
    fields = dict(pairs)
    if len(fields) < len(pairs):
        names = [name for name, _ in pairs]
        twice = next(name for name in names if names.count(name) > 1)
        raise ValueError(f"{twice}: stands twice")
    return fields


def _no_constant(text: str) -> None:
    raise ValueError(f"the line is no JSON: {text} is no value")


def decide_case(given: Mapping[str, Any], ruleset: Ruleset) -> tuple[Facts, Screening, Instant]:
    """The facts of a case under these rules (it may name no overlay), what the gate says to them,
    and the instant asked about. Raises OperatorError with a problem for each field that will not
    do."""
    try:
        case = _Case.model_validate(given)
        if case.overlay:
            raise ValueError("overlay: the rules in force here apply; leave it out")
        facts = facts_of(case, ruleset)
    except ValidationError as error:
        told = [_told(dict(each)) for each in error.errors()]
    except ValueError as error:
        told = [str(error)]
    else:
        return facts, decide(facts, ruleset, case.at), case.at
    parts = (each.partition(": ") for each in told)
    raise OperatorError(*(Problem(field, None, message) for field, _, message in parts))


def _told(found: Mapping[str, Any]) -> str:
    field = ".".join(str(part) for part in found["loc"])
    message = str(found["msg"]).removeprefix("Value error, ")
    if found["type"] == "extra_forbidden":
        message = "no such field is known"
    value = "" if found["type"] == "missing" else f" (found: {str(found['input'])[:60]!r})"
    return f"{field}: {message}{value}"


def shown(case_id: str | int | None, answer: Screening) -> dict[str, Any]:
    """A decision as one JSON object."""
    allowed = isinstance(answer, Allowed)
    next_allowed_at = None if isinstance(answer, Allowed) else answer.next_allowed_at
    return {
        "id": case_id,
        "verdict": "ALLOW" if allowed else "DENY",
        "primary": "ALLOW" if isinstance(answer, Allowed) else str(answer.primary),
        "codes": [] if isinstance(answer, Allowed) else [str(code) for code in answer.codes],
        "exemptions": [str(exemption) for exemption in answer.exemptions],
        "next_allowed_at": None if next_allowed_at is None else instant_text(next_allowed_at),
        "jurisdictions": list(answer.jurisdictions),
        "zones": list(answer.zones),
        "ruleset": answer.ruleset,
        "tzdata": answer.tzdata,
        "explain": answer.explain,
    }


def instant_text(at: Instant) -> str:
    """RFC 3339 in UTC, with milliseconds only where there are any."""
    return rfc3339(at) if at % SECOND_MS else rfc3339(at).replace(".000Z", "Z")


@lru_cache(maxsize=64)
def _with_overlays(files: tuple[Path, ...]) -> Ruleset:
    return load_law(tuple((file.name, file.read_bytes()) for file in files))


def _ruleset(case: _Case, folder: Path) -> Ruleset:
    names = [case.overlay] if isinstance(case.overlay, str) else case.overlay
    files = tuple(folder / name for name in names if name)
    for file in files:
        if not file.is_file():
            raise ValueError(f"overlay: there is no file {file}")
    return _with_overlays(files)


def facts_of(case: _Case, ruleset: Ruleset) -> Facts:
    """What a case says, with what it leaves out filled in."""
    campaign = case.campaign
    seller = campaign.seller if campaign.seller is not None else _UNNAMED
    lists, on_lists = _list_facts(case, ruleset)
    rnd = case.rnd if isinstance(case.rnd, list) else [case.rnd] if case.rnd else []
    caps, gap_ms, cooldown_ms = _own_caps(case.own_caps)
    return Facts(
        place=locate_raw(case.phone, case.country, case.state, case.zip or ""),
        seller=seller,
        subject=campaign.subject,
        mode=CallMode(campaign.mode.upper()),
        purpose=Purpose(campaign.purpose.upper()),
        caller_id=campaign.caller_id,
        caller_id_owned=campaign.caller_id_owned,
        enabled=frozenset(case.enabled),
        lists=lists,
        on_lists=on_lists,
        internal=_internal(case),
        consents=tuple(
            Consent(
                ConsentType(each.type.upper()),
                seller if each.seller is None else each.seller,
                each.granted_at,
                each.revoked_at,
                ConsentScope(each.scope.upper()),
            )
            for each in case.consents
        ),
        relationships=tuple(
            Relationship(
                RelationshipType(each.type.upper()),
                seller if each.seller is None else each.seller,
                each.at,
            )
            for each in case.relationships
        ),
        revocations=tuple(
            Revocation(RequestChannel(each.channel.upper()), each.at, each.text)
            for each in case.revocations
        ),
        rnd=tuple(
            RndAnswer(RndStatus(each.answer.upper()), each.asked_date, each.queried_at)
            for each in rnd
        ),
        last_verified_contact=case.last_verified_contact,
        line=_line(case.line),
        emergencies=frozenset(case.emergencies),
        attempts=tuple(
            PastAttempt(
                each.at,
                seller if each.seller is None else each.seller,
                campaign.subject if each.subject is None else each.subject,
                each.caller_id,
            )
            for each in case.attempts
        ),
        drops=tuple(each.at for each in case.abandons),
        agent_reserved=case.agent_reserved,
        own_caps=caps,
        min_gap_ms=gap_ms,
        own_cooldown_ms=cooldown_ms,
    )


def _internal(case: _Case) -> tuple[InternalRequest, ...]:
    request = case.lists.internal
    if request is None:
        return ()
    # Where the case names no seller, whoever asks is bound by whatever was asked.
    seller = request.seller if case.campaign.seller is not None else ""
    return (InternalRequest(request.requested_at, seller or ""),)


def _line(line: _Line) -> Line:
    return Line(
        LineType(line.type.upper()),
        LineType(line.ported_to.upper()) if line.ported_to else None,
        line.ported_at,
        line.port_file_date,
    )


def _list_facts(case: _Case, ruleset: Ruleset) -> tuple[tuple[ListVersion, ...], frozenset[str]]:
    """Every list a rule asks for, obtained the day before unless the case says otherwise."""
    given = case.lists
    fresh = Instant(case.at - DAY_MS)
    states = _states_with_lists(ruleset) | set(given.states) | set(given.state_obtained_at)
    versions = [
        *(
            ListVersion(
                f"{NATIONAL} {key}".rstrip(),
                ListKind.NATIONAL,
                given.national_obtained_at or fresh,
                key,
            )
            for key in sorted(_countries_with_lists(ruleset))
        ),
        ListVersion(LITIGATOR, ListKind.LITIGATOR, fresh),
    ]
    versions += [
        ListVersion(
            state,
            ListKind.STATE,
            given.state_obtained_at.get(state, fresh),
            state,
            given.state_issued_at.get(state),
        )
        for state in sorted(states)
    ]
    on = set(given.states)
    if given.national:
        on |= {version.name for version in versions if version.kind is ListKind.NATIONAL}
    on |= {LITIGATOR} if given.litigator else set()
    return tuple(versions), frozenset(on)


@lru_cache(maxsize=8)
def _countries_with_lists(ruleset: Ruleset) -> frozenset[str]:
    """As `ListVersion.state` names the countries."""
    return frozenset(
        country_key(code)
        for code, jurisdiction in ruleset.jurisdictions.items()
        for rule in jurisdiction.rules
        if isinstance(rule, ListRule) and rule.list_key == NATIONAL
    )


@lru_cache(maxsize=8)
def _states_with_lists(ruleset: Ruleset) -> frozenset[str]:
    return frozenset(
        rule.list_key
        for jurisdiction in ruleset.jurisdictions.values()
        for rule in jurisdiction.rules
        if isinstance(rule, ListRule) and rule.list_key != NATIONAL
    )


def _own_caps(given: Mapping[str, int | float]) -> tuple[tuple[OwnCap, ...], int, int]:
    """The operator's caps, shortest gap and rest after a drop. Raises ValueError for other keys."""
    caps: list[OwnCap] = []
    gap_ms = cooldown_ms = 0
    units = {"s": SECOND_MS, "minutes": MINUTE_MS, "hours": HOUR_MS}
    for key, value in given.items():
        if not 0 <= value <= _LARGEST_CAP:
            raise ValueError(f"own_caps.{key}: must be 0 to {_LARGEST_CAP:,} (found: {value})")
        name, _, unit = key.rpartition("_")
        caller, wanted = key.startswith("caller_id_"), key.removeprefix("caller_id_")
        match = _CAP.fullmatch(wanted)
        if match is not None:
            if value != int(value):
                raise ValueError(f"own_caps.{key}: must be a whole number (found: {value})")
            window_ms = int(match.group(1) or 1) * _UNITS[match.group(2)]
            caps.append(OwnCap(key, int(value), window_ms, caller))
        elif name == "min_gap" and unit in units:
            gap_ms = int(value * units[unit])
        elif name == "drop_cooldown" and unit in units:
            cooldown_ms = int(value * units[unit])
        else:
            raise ValueError(
                f"own_caps.{key}: no such cap is known; use per_day, per_hour, per_2_hours, "
                "per_week, per_month, caller_id_per_day, min_gap_minutes, drop_cooldown_hours"
            )
    return tuple(caps), gap_ms, cooldown_ms
