"""How an attempt ends, what the agent says of it, and where the lead goes from there."""

from __future__ import annotations

from collections.abc import Iterable

from dialer.calls.agent import AgentInput
from dialer.calls.attempt import AttemptInput
from dialer.calls.causes import Outcome
from dialer.compliance.drop_sheet import sheet_rules
from dialer.floor.state import AgentSession, Attempt, FloorState
from dialer.leads.recycle import LeadMove, after_agent, after_system
from dialer.model.agents import AgentState
from dialer.model.calls import AttemptState, Blame, Cause, Ending
from dialer.model.commands import Hangup
from dialer.model.dispositions import AgentDisposition, SystemDisposition
from dialer.model.events import AgentDisposed, OpenAttempt
from dialer.model.instant import SECOND_MS, Instant
from dialer.model.journal import EntryKind, JournalEntry, JsonValue
from dialer.model.leads import LeadState

LOST = Outcome(Cause.LOST, Blame.US, SystemDisposition.LOST)


def end_attempt(
    floor: FloorState,
    attempt: Attempt,
    given: AttemptInput,
    outcome: Outcome,
    now: Instant,
    ending: Ending | None = None,
    move: LeadMove | None = None,
    why: str = "",
) -> None:
    """The one way into ENDED: fixes the disposition, moves the lead, frees the agent, journals.
    `why`: in words, where it is our own doing."""
    desk = attempt.desk
    before = attempt.state
    attempt.step(given, now)
    del floor.attempts[attempt.attempt_id]
    attempt.disposition = outcome.disposition
    desk.dispositions[outcome.disposition] += 1
    if outcome.disposition is SystemDisposition.TRUNK_FAILURE:
        floor.forget_dial(attempt.lead.number.e164, attempt.entered[AttemptState.DIALLING])
    _tell_controller(attempt, before, now)
    if move is None:
        move = after_system(desk.campaign, attempt.lead, outcome.disposition, now)
    talk_ms = now - attempt.bridged_at if attempt.bridged_at is not None else 0
    data: dict[str, JsonValue] = {
        "disposition": outcome.disposition,
        "cause": outcome.cause,
        "blame": outcome.blame,
        "status": ending.status if ending else None,
        "q850": ending.q850 if ending else None,
        "reason": (ending.reason if ending else "") or why,
        "times": {str(state): at for state, at in attempt.entered.items()},
        "answered": AttemptState.DETECTING in attempt.entered,
        "live": AttemptState.WAITING in attempt.entered,
        "dropped": attempt.dropped,
        "verdict": _verdict_data(attempt),
        "talk_ms": talk_ms,
        "dial_screening": _dial_screening(attempt),
        "ring_breach": _ring_breach(floor, attempt, before, outcome.cause, given, why, now),
        **move_data(move),
    }
    floor.record(floor.entry(EntryKind.ATTEMPT_ENDED, now, attempt, data), durable=attempt.dropped)
    if move.state is LeadState.OPEN:
        desk.lead_returns(move.next_eligible_at)
    _free_agent(floor, attempt, now)


def _ring_breach(
    floor: FloorState,
    attempt: Attempt,
    before: AttemptState,
    cause: Cause,
    given: AttemptInput,
    why: str,
    now: Instant,
) -> JsonValue:
    """How long it rang, where we took back an unanswered call before it had rung as long as the law
    asks, whatever the reason (47 CFR 64.1200(a)(6)); else null. The month's drop sheet lists it.
    Where the trunk never said that it rings, the time since the dial stands for it."""
    rang_out = given is AttemptInput.RANG_OUT and cause is Cause.NO_ANSWER
    ours = given is AttemptInput.CANCELLED or rang_out  # a trunk's silence, or its tones, are not
    if before not in (AttemptState.DIALLING, AttemptState.RINGING) or not ours:
        return None
    began = attempt.entered.get(AttemptState.RINGING, attempt.entered[AttemptState.DIALLING])
    rang_ms = max(0, now - began)
    _, least_ms = sheet_rules(floor.ruleset, floor.enabled, now)
    if rang_ms >= least_ms:
        return None
    if floor.ring_breach_at != now:  # one word about all calls given up at once
        floor.ring_breach_at = now
        floor.alarm(
            "ring_breach",
            f"Attempt {attempt.attempt_id} was given up after {rang_ms / SECOND_MS:.1f} s of the "
            f"{least_ms / SECOND_MS:g} s of ringing the law asks for: {why or 'it rang out'}. Each "
            "such call is in the month's drop sheet.",
            now,
        )
    return {"rang_ms": rang_ms, "least_ms": least_ms}


def withdraw(floor: FloorState, attempt: Attempt, now: Instant) -> None:
    """Forget an attempt the journal never heard of."""
    attempt.step(AttemptInput.REFUSED, now)
    del floor.attempts[attempt.attempt_id]
    _free_agent(floor, attempt, now)


def _tell_controller(attempt: Attempt, before: AttemptState, now: Instant) -> None:
    controller = attempt.desk.controller
    if before in (AttemptState.DIALLING, AttemptState.RINGING):
        controller.observe_ring(now - attempt.planned_at, answered=False)
    elif before is AttemptState.DETECTING:
        controller.observe_detection(now - attempt.entered[AttemptState.DETECTING], live=False)
    elif before is AttemptState.BRIDGED and attempt.bridged_at is not None:
        controller.observe_talk(now - attempt.bridged_at)


def _dial_screening(attempt: Attempt) -> JsonValue:
    """The decision at the instant of the dial; its facts only where they differ from those the
    intended dial was written down with."""
    if attempt.authorised is None:
        return None
    data = attempt.authorised.data()
    if attempt.authorised.facts == attempt.screened.facts:
        data["facts"] = None
    return data


def _verdict_data(attempt: Attempt) -> JsonValue:
    verdict = attempt.verdict
    if verdict is None:
        return None
    return {
        "kind": verdict.kind,
        "confidence": verdict.confidence,
        "elapsed_ms": verdict.elapsed_ms,
        "rule": verdict.rule,
        "greeting_ended_at": verdict.greeting_ended_at,
        "at": attempt.verdict_at,
        "features": dict(verdict.features),
    }


def move_data(move: LeadMove) -> dict[str, JsonValue]:
    """A lead's move as the journal writes it."""
    return {
        "lead_state": move.state,
        "next_eligible_at": move.next_eligible_at,
        "order_key": move.order_key,
    }


def _free_agent(floor: FloorState, attempt: Attempt, now: Instant) -> None:
    session = floor.agents.get(attempt.agent or "")
    if session is None or session.call is not attempt:
        return
    if session.state is AgentState.INCALL:
        floor.step_agent(session, AgentInput.CALL_OVER, now)
        session.deadline = Instant(now + attempt.desk.campaign.wrapup_limit_ms)
    elif session.state is AgentState.RESERVED:
        release(floor, session, now)
    else:
        session.call = None


def release(floor: FloorState, session: AgentSession, now: Instant) -> None:
    """The promise is off: READY again, or what the agent wished for meanwhile."""
    session.call = None
    session.preview = None
    floor.step_agent(session, AgentInput.RELEASED, now)
    settle(floor, session, now)


def settle(floor: FloorState, session: AgentSession, now: Instant) -> None:
    """A remembered wish takes effect on an agent who is READY."""
    if session.pending is AgentState.OFFLINE:
        sign_out(floor, session, now)
    elif session.pending is AgentState.PAUSED:
        session.pending = None
        floor.step_agent(session, AgentInput.PAUSED, now, session.pause_reason)


def sign_out(floor: FloorState, session: AgentSession, now: Instant) -> None:
    """End the shift: the phone is hung up."""
    floor.step_agent(session, AgentInput.SIGNED_OUT, now)
    session.pending = None
    session.call_phone = False
    session.phone_up = False
    session.call = None
    session.notice = ""
    if session.leg is not None:
        floor.emit(Hangup(session.leg))
        session.leg = None


def wrapped_up(floor: FloorState, session: AgentSession, now: Instant, notice: str = "") -> None:
    """Wrap-up is over: READY again, unless a pause or sign-out was asked for, or the phone is
    down."""
    attempt, session.call = session.call, None
    if attempt is not None:
        attempt.desk.controller.observe_wrapup(now - session.since)
    wish, session.pending = session.pending, None
    if session.phone_up or notice:
        session.notice = notice
    if wish is AgentState.OFFLINE:
        sign_out(floor, session, now)
    elif wish is AgentState.PAUSED:
        floor.step_agent(session, AgentInput.WRAPPED_UP_PAUSED, now, session.pause_reason)
    elif notice:
        floor.step_agent(session, AgentInput.WRAPPED_UP_PAUSED, now, "wrap-up too long")
    elif not session.phone_up:
        floor.step_agent(session, AgentInput.WRAPPED_UP_PAUSED, now, "phone lost")
        if session.leg is not None or session.call_phone:
            session.pending = AgentState.READY
    else:
        floor.step_agent(session, AgentInput.WRAPPED_UP, now)


def disposed(floor: FloorState, event: AgentDisposed, now: Instant) -> Attempt | None:
    """The agent's choice. A click on an old page, or of a word the campaign has not, changes
    nothing and says so. The attempt, where the choice asks to suppress its number."""
    session = floor.agents.get(event.agent)
    if session is None or session.state is not AgentState.WRAPUP or session.call is None:
        return None
    attempt = session.call
    if attempt.attempt_id != event.attempt:
        return None
    desk = attempt.desk
    chosen = next((d for d in desk.campaign.dispositions if d.name == event.disposition), None)
    if chosen is None:
        session.notice = (
            f"{event.disposition!r} is not a disposition of this campaign: choose again."
        )
        return None
    if chosen.callback and (event.callback_at is None or event.callback_at <= now):
        session.notice = "A callback needs a time in the future: enter it and save again."
        return None
    _record_choice(floor, attempt, chosen, event, now)
    wrapped_up(floor, session, now)
    return attempt if chosen.suppress else None


def _record_choice(
    floor: FloorState,
    attempt: Attempt,
    chosen: AgentDisposition,
    event: AgentDisposed,
    now: Instant,
) -> None:
    desk = attempt.desk
    callback_at = event.callback_at if chosen.callback else None
    move = after_agent(desk.campaign, attempt.lead, chosen.name, now, callback_at)
    desk.dispositions[attempt.disposition] -= 1
    desk.dispositions[chosen.name] += 1
    floor.record(
        floor.entry(
            EntryKind.DISPOSED,
            now,
            attempt,
            {
                "disposition": chosen.name,
                "callback_at": callback_at,
                **move_data(move),
            },
            {"notes": event.notes},
        ),
        durable=True,
    )
    if move.state is LeadState.OPEN:
        desk.lead_returns(move.next_eligible_at)


def close_open_attempts(floor: FloorState, found: Iterable[OpenAttempt], now: Instant) -> None:
    """After a restart: attempts without an end are LOST. They count as attempts, and the leads wait
    out their gap like any other."""
    for attempt in found:
        desk = floor.desks.get(attempt.campaign)
        if desk is not None:
            move = after_system(desk.campaign, attempt.lead, SystemDisposition.LOST, now)
        else:
            move = LeadMove(LeadState.OPEN, now, attempt.lead.order_key)
        floor.record(
            JournalEntry(
                EntryKind.ATTEMPT_ENDED,
                now,
                campaign=attempt.campaign,
                lead_id=attempt.lead.lead_id,
                attempt_id=attempt.attempt,
                number=attempt.number,
                data={
                    "disposition": SystemDisposition.LOST,
                    "cause": Cause.LOST,
                    "blame": Blame.US,
                    "status": None,
                    "q850": None,
                    "reason": "the service stopped during the attempt",
                    "times": {str(AttemptState.DIALLING): attempt.dialled_at},
                    "answered": False,
                    "live": False,
                    "dropped": False,
                    "verdict": None,
                    "talk_ms": 0,
                    "dial_screening": "",
                    "ring_breach": None,
                    **move_data(move),
                },
            ),
            durable=True,
        )
