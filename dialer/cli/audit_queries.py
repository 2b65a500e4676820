"""`dialer audit explain`, `trace`, `replay`, `drop-sheet`, `refusals`: what auditors ask."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from dataclasses import asdict
from functools import partial
from pathlib import Path

import click
import trio
from rich.progress import Progress, SpinnerColumn, TextColumn, TimeElapsedColumn

from dialer.audit.words import counted, duration, stamp
from dialer.cli.base import (
    config_option,
    console,
    instant_given,
    json_option,
    plain_errors,
    put,
    say,
    sound,
)
from dialer.model.audit_reports import (
    Decided,
    Explanation,
    RefusalCounts,
    Replay,
    RequestTrace,
    RuleOutcome,
    Trace,
)
from dialer.model.calls import AttemptId
from dialer.model.drop_reports import DropFigure, DropSheet
from dialer.model.errors import OperatorError, Problem
from dialer.model.instant import DAY_MS, Instant
from dialer.service.audit_queries import (
    explain_attempt,
    month_of_drops,
    refusal_counts,
    trace_number,
)
from dialer.service.clock import now_of
from dialer.service.loading import OperatorData, load
from dialer.service.offline import reading
from dialer.service.replaying import Kept, kept_lists
from dialer.service.replaying import replay as decide_again
from dialer.settings import Settings, read_settings
from dialer.store.sqlite import SqlStore

REFUSALS_MS = 7 * DAY_MS
"""What `refusals` shows without --from."""

_MARKS = {RuleOutcome.PASSED: "pass", RuleOutcome.FAILED: "FAIL", RuleOutcome.LIFTED: "lifted"}


# --- explain --------------------------------------------------------------------------------------


@click.command()
@click.argument("attempt", type=click.IntRange(1))
@click.option("--all", "every", is_flag=True, help="Also the rules that simply passed.")
@config_option
@json_option
def explain(attempt: int, every: bool, config: Path, as_json: bool) -> None:
    """Why was ATTEMPT (its number) dialled, or not: the decision with every rule, citation and
    value, the lists and proofs it read, every time, and the journal entries that prove it."""
    with plain_errors():
        store = reading(read_settings(config))
        found = trio.run(partial(explain_attempt, store, AttemptId(attempt)))
        if found is None:
            raise OperatorError(
                Problem(
                    "attempt",
                    None,
                    "the journal knows no attempt of this number",
                    str(attempt),
                    "`dialer audit trace NUMBER` names a number's attempts.",
                )
            )
        for line in explanation_words(found, every):
            say(line)
        if as_json:
            put(asdict(found))


def explanation_words(found: Explanation, every: bool) -> Iterator[str]:
    """An explanation, line by line."""
    yield f"Attempt {found.attempt_id}: {found.number} in campaign {found.campaign}"
    if found.clock_shift_ms:
        yield f"  made with the clock shifted by {duration(abs(found.clock_shift_ms))}"
    yield (
        f"  for {found.seller or 'no seller named'}, about {found.subject or 'nothing named'}; "
        f"{found.purpose.lower() or 'purpose not known'}, {found.mode.lower() or 'mode not known'}"
    )
    yield f"  shown {found.caller_id} {found.caller_name}".rstrip() + f", trunk {found.trunk}"
    if found.agent:
        yield f"  agent {found.agent}"
    yield "What happened"
    for moment in found.moments:
        clocks = ", ".join(f"{local} in {zone}" for zone, local in moment.local)
        yield f"  {stamp(moment.at)}  {moment.what}{f' ({clocks})' if clocks else ''}"
    yield from _outcome_words(found)
    yield from (f"  {words}" for words in found.requests)
    for decision in found.decisions:
        yield from _decision_words(decision, every)
    yield "Proved by journal entries"
    for proof in found.proof:
        yield f"  {proof.seq}  {proof.kind}  {stamp(proof.at)}  {proof.hash}"
    if found.missing:
        yield f"Not written down: {'; '.join(found.missing)}"


def _outcome_words(found: Explanation) -> Iterator[str]:
    end = found.outcome
    if end is None:
        yield "  it has not ended"
        return
    chosen = f", the agent chose {end.chosen}" if end.chosen else ""
    yield f"  ended {end.disposition}{chosen}: {end.cause} by {end.blame.lower() or 'nobody'}"
    status = "no SIP status" if end.status is None else f"SIP {end.status} {end.reason}".rstrip()
    q850 = "" if end.q850 is None else f", Q.850 {end.q850}"
    rang = "" if end.ring_ms is None else f", rang {duration(end.ring_ms)}"
    talked = f", talked {duration(end.talk_ms)}" if end.talk_ms else ""
    yield f"  {status}{q850}{rang}{talked}"
    if end.verdict:
        sure = "" if end.verdict_confidence is None else f" ({end.verdict_confidence:.0%})"
        yield f"  the detector said {end.verdict}{sure}, by {end.verdict_rule or 'no rule named'}"
    if end.dropped:
        yield "  DROPPED: a person answered and no agent was there in time"


def _decision_words(decision: Decided, every: bool) -> Iterator[str]:
    codes = f" {', '.join(decision.codes)}" if decision.codes else ""
    yield f"{decision.verdict}{codes}, {decision.moment} ({stamp(decision.at)})"
    yield f"  {decision.explain}"
    yield f"  ruleset {decision.ruleset}, zone data {decision.tzdata}, entry {decision.seq}"
    if decision.place:
        yield f"  {decision.place}"
    for zone, local in decision.zones:
        yield f"  it was {local or 'an unknown time'} in {zone}"
    if decision.jurisdictions:
        yield f"  law of {', '.join(decision.jurisdictions)}"
    if decision.exemptions:
        yield f"  allowed by {', '.join(decision.exemptions)}"
    if decision.next_allowed_at is not None:
        yield f"  next allowed {stamp(decision.next_allowed_at)}"
    yield from (f"  decided under a loosened rule: {each}" for each in decision.approvals)
    here = {code.partition("-")[2] for code in decision.jurisdictions}
    told = [v for v in decision.lists if every or v.listed or not v.state or v.state in here]
    for version in told:
        on = "ON IT" if version.listed else "not on it"
        state = f" {version.state}" if version.state else ""
        yield (
            f"  list {version.name} ({version.kind.lower()}{state}), obtained "
            f"{stamp(version.obtained_at)}, sha256 {version.sha256 or 'not known'}: {on}"
        )
    if len(told) < len(decision.lists):
        yield f"  on none of {len(decision.lists) - len(told)} lists of other places (--all)"
    yield from (f"  {each}" for each in decision.evidence)
    shown = [r for r in decision.rules if every or r.outcome is not RuleOutcome.PASSED]
    for rule in shown:
        cited = f" [{rule.citation}]" if rule.citation else ""
        yield f"  {_MARKS[rule.outcome]:6} {rule.rule} {rule.code}{cited}"
        yield f"         {rule.words}"
        yield from (f"         {name}: {value}" for name, value in rule.values)
    passed = len(decision.rules) - len(shown)
    if passed:
        yield f"  {passed} more rules passed (--all shows them)"
    if not decision.recorded:
        yield "  what was read for it was not written down"


# --- trace ----------------------------------------------------------------------------------------


@click.command()
@click.argument("number")
@config_option
@json_option
def trace(number: str, config: Path, as_json: bool) -> None:
    """Everything known of NUMBER in time order: lists it is on, requests and what came of them,
    consents, attempts, refusals."""
    with plain_errors():
        store = reading(read_settings(config))
        found = trio.run(partial(trace_number, store, number))
        if found is None:
            raise OperatorError(
                Problem(
                    "number",
                    None,
                    "this is no telephone number",
                    number,
                    "Write it with its area code, or in E.164: +12125550123.",
                )
            )
        for line in trace_words(found):
            say(line)
        if as_json:
            put(asdict(found))


def trace_words(found: Trace) -> Iterator[str]:
    """A trace, line by line."""
    if not found.lines:
        yield f"Nothing is known of {found.number}."
        return
    attempts = counted(len(found.attempts), "attempts")
    yield f"{found.number}: {len(found.lines)} things known, {attempts}"
    if found.erased:
        yield "  personal values of it were erased; the entries stand"
    for line in found.lines:
        seq = "      " if line.seq is None else f"{line.seq:6}"
        campaign = f" [{line.campaign}]" if line.campaign else ""
        yield f"{stamp(line.at)} {seq} {line.kind}{campaign}: {line.words}"
    for request in found.requests:
        yield from _request_words(request)


def _request_words(request: RequestTrace) -> Iterator[str]:
    yield f"Request not to be called, entry {request.seq}"
    received = stamp(request.received_at) or "not noted"
    yield f"  received {received}, in force since {stamp(request.entered_at)}"
    if request.deadline_at is not None:
        yield f"  legal deadline {stamp(request.deadline_at)}"
    yield f"  asked by {request.asked_by}, proof: {request.evidence}"
    if request.lifted_at is not None:
        yield f"  taken back {stamp(request.lifted_at)}"
    if request.refused is None:
        yield "  no later call has been refused for it: none was tried"
    else:
        yield f"  first refused {stamp(request.refused.at)} (entry {request.refused.seq})"
    if request.dialled is not None:
        attempt = request.dialled.attempt_id
        yield f"  DIALLED all the same: attempt {attempt} at {stamp(request.dialled.at)}"
        yield f"  (dialer audit explain {attempt} says by which consent)"


# --- replay ---------------------------------------------------------------------------------------


@click.command()
@click.option("--from", "since", default="", help="The first instant (RFC 3339 with zone).")
@click.option("--to", "until", default="", help="The instant to stop before (RFC 3339 with zone).")
@click.option("--campaign", default="", help="Decisions of this campaign only.")
@click.option("--lists", is_flag=True, help="Look numbers up again in the lists still kept.")
@config_option
@json_option
def replay(since: str, until: str, campaign: str, lists: bool, config: Path, as_json: bool) -> None:
    """Make every stored decision again, with its own facts, ruleset and instant. Status 1 where one
    comes out otherwise, or cannot be made again."""
    with plain_errors():
        settings = read_settings(config)
        store = reading(settings)
        kept = _kept(settings) if lists else None
        between = instant_given("--from", since), instant_given("--to", until)
        found = trio.run(partial(_replay, store, *between, campaign, kept))
        for line in replay_words(found, lists):
            say(line)
        if found.decided and found.agrees:
            say("every stored decision comes out the same", "green")
        if as_json:
            put(asdict(found) | {"agrees": found.agrees})
        if not found.agrees:
            sys.exit(1)


def _kept(settings: Settings) -> Kept:
    shelf = load(settings).shelf
    in_force = shelf.active().values() if shelf is not None else ()
    return kept_lists(in_force, (settings.data, settings.dnc_lists))


async def _replay(
    store: SqlStore, since: Instant | None, until: Instant | None, campaign: str, kept: Kept | None
) -> Replay:
    columns = (SpinnerColumn(), TextColumn("{task.description}"), TimeElapsedColumn())
    with Progress(*columns, console=console, disable=not console.is_terminal) as progress:
        task = progress.add_task("deciding again", total=None)

        def tell(decided: int) -> None:
            progress.update(task, description=f"{decided} decisions made again")

        return await decide_again(
            store, since=since, until=until, campaign=campaign, kept=kept, progress=tell
        )


def replay_words(found: Replay, lists: bool) -> Iterator[str]:
    """A replay, line by line."""
    yield (
        f"{found.decided} decisions made again ({found.per_second:,.0f} a second), "
        f"{found.agreeing} came out the same"
    )
    if found.slots:
        yield f"{found.slots} refusals were the book of reservations', not the gate's"
    for release, count in found.other_tzdata.items():
        yield f"{count} were made with zone data {release}, not this release"
    if found.other_tzdata_differing:
        yield f"  {found.other_tzdata_differing} of those come out otherwise with this one"
    if found.unrecorded:
        yield f"{found.unrecorded} entries do not hold what was read: they cannot be made again"
    if found.without_ruleset:
        yield f"{found.without_ruleset} cannot be made again for want of their ruleset"
    yield from (f"  {fault}" for fault in found.faults)
    if lists:
        yield f"{found.lists_checked} memberships of lists looked up again"
        yield f"{found.lists_gone} could not be: copy no longer kept, or number erased"
    for each in found.mismatches:
        attempt = f", attempt {each.attempt_id}" if each.attempt_id is not None else ""
        yield f"entry {each.seq} ({each.kind}, campaign {each.campaign}{attempt}) differs:"
        yield from (f"  {difference}" for difference in each.differences)
    if found.mismatched > len(found.mismatches):
        yield f"and {found.mismatched - len(found.mismatches)} more"


# --- drop-sheet -----------------------------------------------------------------------------------


@click.command("drop-sheet")
@click.argument("campaign")
@click.argument("month")
@config_option
@json_option
def drop_sheet(campaign: str, month: str, config: Path, as_json: bool) -> None:
    """Dropped calls of CAMPAIGN in MONTH (2026-12): by day, over 30 days, messages, ring times."""
    with plain_errors():
        settings = read_settings(config)
        data = sound(load(settings))
        found = trio.run(partial(_sheet, settings, data, campaign, month))
        for line in sheet_words(found):
            say(line)
        if as_json:
            put(
                asdict(found)
                | {"rate": found.figure.rate, "messages_in_time": found.messages_in_time}
            )


async def _sheet(settings: Settings, data: OperatorData, campaign: str, month: str) -> DropSheet:
    store = reading(settings)
    return await month_of_drops(
        store,
        data.campaigns,
        data.ruleset,
        settings.enabled,
        campaign,
        month,
        now_of(settings),
    )


def sheet_words(found: DropSheet) -> Iterator[str]:
    """A drop sheet, line by line."""
    so_far = "" if found.complete else " so far"
    yield f"Campaign {found.campaign}, {found.month}{so_far} (UTC); ceiling {found.ceiling:.1%}"
    yield f"  the month        {_figure(found.figure)}"
    yield f"  worst 30 days    {_span(found.rolling)}"
    yield f"  worst 24 hours   {_span(found.day_worst)}"
    for figure in found.fixed:
        yield f"  30-day period    {_span(figure)}"
    for day in found.days:
        yield f"  {stamp(day.since)[:10]}       {_figure(day)}"
    yield f"Messages of drops: {found.messages_in_time} of {len(found.drops)} began in time"
    for drop in found.drops:
        if drop.message_late_ms:
            how = f"message {duration(drop.message_late_ms)} late"
        elif drop.message_late_ms == 0:
            continue
        else:
            how = "an agent came too late" if drop.connected else "they hung up before the message"
        yield f"  attempt {drop.attempt_id} at {stamp(drop.at)}: {how}"
    yield (
        f"Rang less than {duration(found.ring_minimum_ms)} before we gave up: "
        f"{len(found.ring_breaches)}"
    )
    for breach in found.ring_breaches:
        rang = duration(breach.rang_ms)
        yield f"  attempt {breach.attempt_id} at {stamp(breach.at)}: {rang}, {breach.cause}"
    yield found.false_positives


def _figure(figure: DropFigure) -> str:
    return f"{figure.live:7} live answers, {figure.dropped:5} dropped, {figure.rate:.2%}"


def _span(figure: DropFigure | None) -> str:
    if figure is None:
        return "no live answers"
    return f"{_figure(figure)} ({stamp(figure.since)} to {stamp(figure.until)})"


# --- refusals -------------------------------------------------------------------------------------


@click.command()
@click.argument("campaign")
@click.option("--from", "since", default="", help="The first instant; 7 days ago without.")
@click.option("--to", "until", default="", help="The instant to stop before; now without.")
@config_option
@json_option
def refusals(campaign: str, since: str, until: str, config: Path, as_json: bool) -> None:
    """Refusals of CAMPAIGN by reason over time, beside the dials that were allowed."""
    with plain_errors():
        settings = read_settings(config)
        end = instant_given("--to", until) or now_of(settings)
        start = instant_given("--from", since) or Instant(end - REFUSALS_MS)
        if start >= end:
            raise OperatorError(
                Problem("--from", None, "the period ends before it begins", since or until)
            )
        store = reading(settings)
        found = trio.run(partial(refusal_counts, store, campaign, start, end))
        for line in refusal_words(found):
            say(line)
        if as_json:
            put(asdict(found))


def refusal_words(found: RefusalCounts) -> Iterator[str]:
    """Counts of refusals, line by line."""
    if not found.buckets:
        yield f"No lead of {found.campaign} was screened from {stamp(found.since)} on."
        return
    for bucket in found.buckets:
        codes = ", ".join(f"{code} {count}" for code, count in bucket.refused.items())
        yield f"{stamp(bucket.at)[:16]}  {bucket.allowed:6} allowed  {codes}".rstrip()
    totals = ", ".join(f"{code} {count}" for code, count in found.totals.items())
    yield f"in all: {found.allowed} allowed; refused: {totals or 'none'}"
