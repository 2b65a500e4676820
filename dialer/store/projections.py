"""What each kind of entry does to the projection tables: pure, and the same for every store.

`project` turns an entry into changes of rows; a store applies them in the transaction that writes
the entry. Tables and columns are those of `tables`; a row here is a mapping of column to value.

One function a kind of entry: long, and flat.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

from dialer.audit.chain import canonical_json
from dialer.model.calls import AttemptState
from dialer.model.campaigns import CampaignState
from dialer.model.dispositions import SystemDisposition
from dialer.model.instant import Instant
from dialer.model.journal import EntryKind, JournalEntry, JsonValue
from dialer.model.leads import LeadState
from dialer.model.records import RequestChannel
from dialer.model.reports import User
from dialer.model.suppression import Suppression, SuppressionSource

Value = str | int | float | bool | None
Row = Mapping[str, Value]
TableName = Literal[
    "lead",
    "lead_list",
    "call_attempt",
    "suppression",
    "state_emergency",
    "campaign_state",
    "user",
    "rejected_row",
]

ANSWERED_STATES = (
    AttemptState.DETECTING,
    AttemptState.WAITING,
    AttemptState.BRIDGED,
    AttemptState.MESSAGE,
)
"""States an attempt enters only once answered; the first of them is when."""


@dataclass(frozen=True, slots=True)
class Insert:
    """A new row; that it is there already is a bug."""

    table: TableName
    row: Row


@dataclass(frozen=True, slots=True)
class Keep:
    """A new row, or nothing where one with its primary key is there already."""

    table: TableName
    row: Row


@dataclass(frozen=True, slots=True)
class Put:
    """A new row, in place of the one with its primary key if there is one."""

    table: TableName
    row: Row


@dataclass(frozen=True, slots=True)
class Update:
    """New values for the row with this primary key (nothing where there is none); `add` is added to
    what the columns hold."""

    table: TableName
    key: int
    values: Row = field(default_factory=dict)
    add: Mapping[str, int] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Remove:
    """The row with this primary key (its columns in their order) goes, if it is there."""

    table: TableName
    key: tuple[Value, ...]


@dataclass(frozen=True, slots=True)
class Reopen:
    """These leads, and all of these numbers, may be offered again as far as they are refused; with
    `people` also the other numbers of the same contacts."""

    leads: tuple[int, ...] = ()
    numbers: tuple[str, ...] = ()
    people: bool = False


REOPENED: Row = {
    "state": LeadState.OPEN,
    "next_eligible_at": 0,
    "refused_code": None,
    "refused_explain": None,
    "refused_at": None,
}
"""What a lead's row holds once it was reopened."""


Change = Insert | Keep | Put | Update | Remove | Reopen


def project(entry: JournalEntry, *, intended: bool = True) -> Sequence[Change]:
    """The changes an entry makes, in order. `intended` False: the dial of its attempt was never
    written, for want of a slot, so there is nothing to give back. Raises KeyError for an entry
    whose `data` lacks a key that `EntryKind` names: a bug of whoever made it."""
    match entry.kind:
        case EntryKind.DIAL_INTENDED:
            return _dial_intended(entry)
        case EntryKind.BRIDGED:
            return _bridged(entry)
        case EntryKind.ATTEMPT_ENDED:
            return _attempt_ended(entry, intended)
        case EntryKind.DISPOSED:
            return _disposed(entry)
        case EntryKind.REFUSED:
            return _refused(entry)
        case EntryKind.SUPPRESSED:
            return [Keep("suppression", _suppression_row(entry))]
        case EntryKind.SUPPRESSION_LIFTED:
            return _lifted(entry)
        case EntryKind.EMERGENCY_DECLARED:
            data = entry.data
            emergency: Row = {
                "state": _str(data["state"]),
                "because": _str(data["because"]),
                "since": entry.at,
            }
            return [Keep("state_emergency", emergency)]
        case EntryKind.EMERGENCY_LIFTED:
            return [Remove("state_emergency", (_str(entry.data["state"]),))]
        case EntryKind.LEADS_REOPENED:
            named = entry.data["leads"]
            assert isinstance(named, list), "ids of leads"
            return [Reopen(leads=tuple(each for each in named if isinstance(each, int)))]
        case EntryKind.CAMPAIGN_CHANGED:
            return [Put("campaign_state", _campaign_row(entry))]
        case EntryKind.LIST_IMPORTED:
            return [Keep("lead_list", _list_row(entry))] if entry.campaign else []
        case EntryKind.USER_CHANGED:
            removed = entry.data["change"] == "removed"
            return [Remove("user", (_str(entry.data["user"]),))] if removed else []
        case (
            EntryKind.AGENT_CHANGED
            | EntryKind.SERVICE_CHANGED
            | EntryKind.ALARM
            | EntryKind.EXPORTED
            | EntryKind.RULESET_IN_FORCE
            | EntryKind.ERASED
            | EntryKind.RETENTION
            | EntryKind.RECORDS_IMPORTED
        ):
            return []


def _dial_intended(entry: JournalEntry) -> Sequence[Change]:
    assert entry.attempt_id is not None, "a dial without an attempt"
    data = entry.data
    attempt: Row = {
        "attempt_id": entry.attempt_id,
        "campaign": entry.campaign,
        "lead_id": entry.lead_id,
        "number": entry.number,
        "caller_id": _str(data["caller_id"]),
        "trunk": _str(data["trunk"]),
        "mode": _str(data["mode"]),
        "seller": _str(data["seller"]),
        "subject": _str(data["subject"]),
        "dialled_at": entry.at,
        "placed": True,
        "counted": True,
        "agent": entry.agent,
        "bridged_at": None,
        "verdict_to_agent_ms": None,
        "answer_to_agent_ms": None,
        "ended_at": None,
        "disposition": None,
        "cause": None,
        "blame": None,
        "status": None,
        "q850": None,
        "reason": "",
        "times_json": "{}",
        "answered": False,
        "answered_at": None,
        "live": False,
        "dropped": False,
        "dropped_at": None,
        "verdict": None,
        "verdict_json": "null",
        "talk_ms": 0,
        "disposed_at": None,
        "notes": "",
        "callback_at": None,
    }
    changes: list[Change] = [Insert("call_attempt", attempt)]
    if entry.lead_id is not None:
        settled: Row = {"refused_code": None, "refused_explain": None, "refused_at": None}
        changes.append(Update("lead", entry.lead_id, settled, {"attempts": 1}))
    return changes


def _bridged(entry: JournalEntry) -> Sequence[Change]:
    assert entry.attempt_id is not None, "a bridge without an attempt"
    values: Row = {
        "agent": entry.agent,
        "bridged_at": entry.at,
        "verdict_to_agent_ms": _int(entry.data["verdict_to_agent_ms"]),
        "answer_to_agent_ms": _int(entry.data["answer_to_agent_ms"]),
    }
    return [Update("call_attempt", entry.attempt_id, values)]


def _attempt_ended(entry: JournalEntry, intended: bool) -> Sequence[Change]:
    assert entry.attempt_id is not None, "an end without an attempt"
    data = entry.data
    disposition = _str(data["disposition"])
    verdict = data["verdict"]
    times = data["times"]
    assert isinstance(times, Mapping)
    answered = bool(data["answered"])
    placed = AttemptState.DIALLING in times
    counted = placed and disposition != SystemDisposition.TRUNK_FAILURE
    entered = [_int(times[state]) for state in ANSWERED_STATES if times.get(state) is not None]
    values: Row = {
        "placed": placed,
        "counted": counted,
        "ended_at": entry.at,
        "disposition": disposition,
        "cause": _str(data["cause"]),
        "blame": _str(data["blame"]),
        "status": _int(data["status"]),
        "q850": _int(data["q850"]),
        "reason": _str(data["reason"]),
        "times_json": canonical_json(times),
        "answered": answered,
        "answered_at": min((at for at in entered if at is not None), default=entry.at)
        if answered
        else None,
        "live": bool(data["live"]),
        "dropped": bool(data["dropped"]),
        "dropped_at": _dropped_at(entry, times),
        "verdict": _str(verdict["kind"]) if isinstance(verdict, Mapping) else None,
        "verdict_json": canonical_json(verdict),
        "talk_ms": _int(data["talk_ms"]) or 0,
    }
    changes: list[Change] = [Update("call_attempt", entry.attempt_id, values)]
    given_back = {} if counted or not intended else {"attempts": -1}
    changes.extend(_lead_moved(entry, {}, given_back))
    return changes


def _dropped_at(entry: JournalEntry, times: Mapping[str, JsonValue]) -> int | None:
    """When the person was told that nobody is there, or gave up."""
    return (_int(times.get(AttemptState.MESSAGE)) or entry.at) if entry.data["dropped"] else None


def _disposed(entry: JournalEntry) -> Sequence[Change]:
    data = entry.data
    changes: list[Change] = []
    if entry.attempt_id is not None:
        values: Row = {
            "disposition": _str(data["disposition"]),
            "notes": entry.personal.get("notes", ""),
            "callback_at": _int(data["callback_at"]),
            "disposed_at": entry.at,
        }
        changes.append(Update("call_attempt", entry.attempt_id, values))
    # The agent who promised a callback keeps it; a call that finds nobody does not undo it, the
    # next choice does.
    promised = entry.agent if data["callback_at"] is not None else None
    changes.extend(_lead_moved(entry, {"callback_for": promised}, {}))
    return changes


def _refused(entry: JournalEntry) -> Sequence[Change]:
    codes = entry.data["codes"]
    assert isinstance(codes, list), "codes are a list, the primary one first"
    standing: Row = {
        "refused_code": _str(codes[0]),
        "refused_explain": _str(entry.data["explain"]),
        "refused_at": entry.at,
    }
    return _lead_moved(entry, standing, {})


def _lead_moved(entry: JournalEntry, values: Row, add: Mapping[str, int]) -> Sequence[Change]:
    """The lead's row moved as `data` says, beside other values."""
    if entry.lead_id is None:
        return []
    data = entry.data
    moved = dict(values)
    if "lead_state" in data:
        moved["state"] = LeadState(_str(data["lead_state"]))
        moved["next_eligible_at"] = _int(data["next_eligible_at"])
        moved["order_key"] = _int(data["order_key"])
    return [Update("lead", entry.lead_id, moved, add)] if moved or add else []


def _suppression_row(entry: JournalEntry) -> Row:
    return {
        "e164": entry.number,
        "source": _str(entry.data["source"]),
        "list_name": _str(entry.data["list"]),
        "seller": _str(entry.data["seller"]),
        "affiliates": bool(entry.data["affiliates"]),
        "channel": _str(entry.data["channel"]),
        "received_at": _int(entry.data["received_at"]),
        "deadline_at": _int(entry.data["deadline_at"]),
        "since": entry.at,
    }


def suppression_of(row: Mapping[str, Any]) -> Suppression:
    """The request a row of table `suppression` holds. Who asked and the evidence stay in the
    journal, which can forget them."""
    channel = row["channel"]
    return Suppression(
        row["e164"],
        SuppressionSource(row["source"]),
        row["list_name"],
        Instant(row["since"]),
        row["seller"],
        row["affiliates"],
        RequestChannel(channel) if channel in tuple(RequestChannel) else None,
        row["received_at"],
        row["deadline_at"],
    )


def _lifted(entry: JournalEntry) -> Sequence[Change]:
    requests = entry.data["requests"]
    assert isinstance(requests, list), "the requests that hold no more, each by what names it"
    changes: list[Change] = []
    for request in requests:
        assert isinstance(request, Mapping)
        named = (_str(request["source"]), _str(request["list"]), _str(request["seller"]))
        key = (entry.number, *named, bool(request["affiliates"]))
        changes.append(Remove("suppression", key))
    return [*changes, Reopen(numbers=(entry.number,), people=True)]


def _campaign_row(entry: JournalEntry) -> Row:
    state = CampaignState(_str(entry.data["state"]))
    return {"campaign": entry.campaign, "state": state, "since": entry.at}


def _list_row(entry: JournalEntry) -> Row:
    data = entry.data
    return {
        "campaign": entry.campaign,
        "sha256": _str(data["sha256"]),
        "name": _str(data["list"]),
        "rows": _int(data["rows"]),
        "loaded": _int(data["loaded"]),
        "rejected": _int(data["rejected"]),
        "duplicates": _int(data["duplicates"]),
        "imported_at": entry.at,
    }


def _str(value: JsonValue) -> str:
    """Text as a column holds it; null is ""."""
    if value is None:
        return ""
    if not isinstance(value, str):
        raise TypeError(f"text expected, found {value!r}")
    return str(value)


def _int(value: JsonValue) -> int | None:
    if value is not None and not isinstance(value, int):
        raise TypeError(f"a whole number or null expected, found {value!r}")
    return value


def erased(number_key: str, values: int, now: Instant, by: str, because: str) -> JournalEntry:
    """The entry for a number the look-up table forgot."""
    data: dict[str, JsonValue] = {
        "number_key": number_key,
        "values": values,
        "by": by,
        "because": because,
    }
    return JournalEntry(EntryKind.ERASED, now, data=data)


def user_added(
    user: User, password_hash: str, there: bool, now: Instant, by: str
) -> tuple[JournalEntry, Change]:
    """The entry for a new user or a changed one, and their row. The journal never sees the hash."""
    data: dict[str, JsonValue] = {
        "user": user.name,
        "role": user.role,
        "change": "password_changed" if there else "added",
        "by": by,
    }
    row: Row = {
        "name": user.name,
        "display_name": user.display_name,
        "role": user.role,
        "password_hash": password_hash,
    }
    return JournalEntry(EntryKind.USER_CHANGED, now, data=data), Put("user", row)
