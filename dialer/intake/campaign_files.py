"""Campaign files: `campaigns/NAME/campaign.toml` to `Campaign`, or every problem with its line.

Pydantic judges the shape (`campaign_form`); this module finds the lines, makes the checks across
values, and builds the model's values.
"""

from __future__ import annotations

import difflib
import re
import string
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from pydantic import BaseModel, ValidationError

from dialer.intake.campaign_form import (
    AgentForm,
    CallerIdForm,
    CallerIdLimitsForm,
    CampaignForm,
    DispositionForm,
    HoursForm,
    ListForm,
    RecycleForm,
    Unfit,
)
from dialer.intake.toml_lines import KeyPath, TomlText, read_toml
from dialer.model.campaigns import AgentProfile, CallingHours, Campaign, DialMode, ListSource
from dialer.model.dispositions import AgentDisposition, Recycle, SystemDisposition
from dialer.model.errors import OperatorError, Problem
from dialer.model.instant import HOUR_MS, MINUTE_MS, SECOND_MS
from dialer.model.numbers import CallerId, CallerIdLimits
from dialer.model.screening import Purpose

SCRIPT_FIELDS = frozenset({"agent"})
"""Merge fields every script may use: `{agent}` is the name shown of the agent who reads it."""

_CAMPAIGN_FILE = "campaign.toml"
_CAMPAIGN_NAME = re.compile(r"[a-z0-9][a-z0-9_\-]*")
_FORMS: Mapping[str, type[BaseModel]] = {
    "caller_ids": CallerIdForm,
    "caller_id_limits": CallerIdLimitsForm,
    "hours": HoursForm,
    "lists": ListForm,
    "dispositions": DispositionForm,
    "agents": AgentForm,
}
_UNIQUE = (
    ("caller_ids", "number", "this caller id"),
    ("lists", "file", "this list file"),
    ("dispositions", "name", "a disposition of this name"),
    ("agents", "name", "an agent of this name"),
    ("agents", "phone", "an agent with this phone"),
)
_EXPECTED = {
    "string_type": ("this must be text", "Put it in quotes."),
    "date_type": ("this must be a day", "Write it like 2027-01-31, without quotes."),
    "int_type": ("this must be a whole number", "Write it without quotes or decimals."),
    "float_type": ("this must be a number", "Write it without quotes."),
    "bool_type": ("this must be true or false", "Write true or false, without quotes."),
    "list_type": ("this must be a list", "See the demo campaign for its form."),
    "dict_type": ("this must be a table", "See the demo campaign for its form."),
    "model_type": ("this must be a table", "See the demo campaign for its form."),
    "too_short": ("there must be at least one", "Add one; see the demo campaign."),
}


def load_campaign(folder: Path) -> Campaign:
    """Read and check the campaign of a folder; the folder's name is the campaign's. Raises
    OperatorError with every problem found."""
    text = read_toml(folder / _CAMPAIGN_FILE)
    problems = list(_problems_across(text, folder))
    form = None
    try:
        form = CampaignForm.model_validate(text.data, context={"folder": folder})
    except ValidationError as error:
        problems += [
            _shape_problem(dict(detail), text) for detail in error.errors(include_url=False)
        ]
    else:
        problems += _script_problems(form, text)
    if form is None or problems:
        raise OperatorError(*sorted(problems, key=lambda problem: problem.line or 0))
    return _campaign(form, folder)


def load_campaigns(root: Path) -> tuple[dict[str, Campaign], list[Problem]]:
    """Read every campaign folder under `root`: the good ones by name, and all problems of the
    others. A broken campaign does not keep the others from being loaded."""
    campaigns: dict[str, Campaign] = {}
    problems: list[Problem] = []
    try:
        folders = sorted(entry for entry in root.iterdir() if entry.is_dir())
    except OSError as error:
        reason = error.strerror or str(error)
        return {}, [
            Problem(str(root), None, f"the folder cannot be read: {reason}", remedy="Create it.")
        ]
    for folder in folders:
        if folder.name.startswith("."):
            continue
        try:
            campaigns[folder.name] = load_campaign(folder)
        except OperatorError as error:
            problems.extend(error.problems)
    return campaigns, problems


def _shape_problem(detail: Mapping[str, Any], text: TomlText) -> Problem:
    path: KeyPath = tuple(detail["loc"])
    kind = detail["type"]
    cause = detail.get("ctx", {}).get("error")
    found = detail.get("input")
    value = "" if isinstance(found, dict | list) else str(found)
    if kind == "missing":
        message, remedy = f"the key {path[-1]!r} is missing", "Add it; see the demo campaign."
        return Problem(text.where, text.line(path[:-1]), message, "", remedy)
    if kind == "extra_forbidden":
        message, value = f"the key {path[-1]!r} is not known", ""
        known = list(_form_at(path).model_fields)
        remedy = _nearest(str(path[-1]), known) or f"Remove it, or use one of {', '.join(known)}."
    elif isinstance(cause, Unfit):
        message, remedy = str(cause), cause.remedy
    elif kind == "literal_error":
        message, remedy = f"this must be {detail['ctx']['expected']}", "Choose one of these."
    elif kind in _EXPECTED:
        message, remedy = _EXPECTED[kind]
    else:
        message = str(detail["msg"]).replace("Input should be", "this must be")
        remedy = "Change the value."
    return Problem(text.where, text.line(path), f"{_named(path)}{message}", value, remedy)


def _named(path: KeyPath) -> str:
    """`hours.mon: `, so that the reader knows which of several keys on the line is meant."""
    return (
        "".join(f"[{part + 1}]" if isinstance(part, int) else f".{part}" for part in path)[1:]
        + ": "
    )


def _form_at(path: KeyPath) -> type[BaseModel]:
    if len(path) == 1:
        return CampaignForm
    if "recycle" in path:
        return RecycleForm
    return _FORMS[str(path[0])]


def _nearest(word: str, known: list[str]) -> str:
    matches = difflib.get_close_matches(word, known, n=1, cutoff=0.5)
    return f"Did you mean {matches[0]!r}?" if matches else ""


def _problems_across(text: TomlText, folder: Path) -> Iterator[Problem]:
    """What no single value shows; looks at the raw data, so that it is found together with errors
    of shape."""
    if not _CAMPAIGN_NAME.fullmatch(folder.name):
        yield Problem(
            str(folder),
            None,
            "the folder's name is the campaign's and cannot be used as one",
            folder.name,
            "Use small letters, digits, hyphens and underscores.",
        )
    if text.data.get("hours") == {}:
        yield Problem(
            text.where,
            text.line(("hours",)),
            "no day has calling hours, so nobody would ever be called",
            remedy='Add a day, like mon = "09:00-20:00".',
        )
    for array, key, what in _UNIQUE:
        yield from _repeats(text, array, key, what)
    recycle = text.data.get("recycle")
    known = list(SystemDisposition.__members__)
    for name in recycle if isinstance(recycle, dict) else ():
        if name not in known:
            yield Problem(
                text.where,
                text.line(("recycle", name)),
                "the system gives no such disposition",
                name,
                _nearest(name, known) or f"Use one of {', '.join(known)}.",
            )


def _repeats(text: TomlText, array: str, key: str, what: str) -> Iterator[Problem]:
    entries = text.data.get(array)
    first: dict[str, int | None] = {}
    for place, entry in enumerate(entries if isinstance(entries, list) else ()):
        value = entry.get(key) if isinstance(entry, dict) else None
        if not isinstance(value, str):
            continue
        line = text.line((array, place, key))
        if value in first:
            yield Problem(
                text.where,
                line,
                f"there is {what} already, on line {first[value]}",
                value,
                "Remove one of the two.",
            )
        first.setdefault(value, line)


def _script_problems(form: CampaignForm, text: TomlText) -> Iterator[Problem]:
    """Every merge field of the script must be filled from every list."""
    script = str(Path(text.where).with_name(str(text.data["script"])))
    for number, line in enumerate(form.script.splitlines(), start=1):
        try:
            fields = [field for _, field, _, _ in string.Formatter().parse(line)]
        except ValueError as error:
            yield Problem(
                script,
                number,
                f"a merge field is not closed properly ({error})",
                line.strip()[:80],
                "Write merge fields like {first_name}, and a brace itself twice.",
            )
            continue
        for field in fields:
            if field is None or field in SCRIPT_FIELDS:
                continue
            lacking = [source.file.name for source in form.lists if field not in source.merge]
            if lacking:
                known = sorted({*SCRIPT_FIELDS, *(name for x in form.lists for name in x.merge)})
                yield Problem(
                    script,
                    number,
                    f"the merge field is not filled from {', '.join(lacking)}",
                    field,
                    _nearest(field, known) or f"Add it to the list's merge table in {text.where}.",
                )


def _campaign(form: CampaignForm, folder: Path) -> Campaign:
    hours = form.hours
    return Campaign(
        name=folder.name,
        title=form.title,
        seller=form.seller,
        seller_phone=form.seller_phone,
        mode=DialMode(form.mode.upper()),
        trunk=form.trunk,
        caller_ids=tuple(
            CallerId(own.number, own.name, own.proof or "", own.valid_from, own.valid_to)
            for own in form.caller_ids
        ),
        caller_id_limits=CallerIdLimits(
            form.caller_id_limits.per_day,
            form.caller_id_limits.per_hour,
            form.caller_id_limits.gap_s * SECOND_MS,
        ),
        agents=tuple(
            AgentProfile(agent.name, agent.display_name, agent.phone) for agent in form.agents
        ),
        dispositions=tuple(
            AgentDisposition(
                name=choice.name,
                label=choice.label,
                recycle=_recycle(choice.recycle) if choice.recycle else None,
                callback=choice.callback,
                suppress=choice.suppress,
            )
            for choice in form.dispositions
        ),
        recycle={name: _recycle(rule) for name, rule in form.recycle.items()},
        hours=CallingHours(
            (hours.mon, hours.tue, hours.wed, hours.thu, hours.fri, hours.sat, hours.sun)
        ),
        lists=tuple(
            ListSource(
                str(source.file.relative_to(folder)),
                source.phone_column,
                dict(source.merge),
                source.encoding,
                source.state_column,
                source.zip_column,
                source.contact_column,
            )
            for source in form.lists
        ),
        script=form.script,
        drop_message=str(form.drop_message.resolve()),
        opt_out_key=form.opt_out_key,
        drop_ceiling=form.drop_ceiling,
        ring_timeout_ms=form.ring_timeout_s * SECOND_MS,
        attempts_per_day=form.attempts_per_day,
        min_gap_ms=form.min_gap_minutes * MINUTE_MS,
        max_attempts=form.max_attempts,
        drop_cooldown_ms=form.drop_cooldown_hours * HOUR_MS,
        link_numbers=form.link_numbers,
        wrapup_limit_ms=form.wrapup_limit_s * SECOND_MS,
        subject=form.subject or form.title,
        purpose=Purpose(form.purpose.upper()),
    )


def _recycle(form: RecycleForm) -> Recycle:
    return Recycle(form.after_minutes * MINUTE_MS, form.max_attempts)
