"""From the hopper to the trunk: plan, screen, journal, screen again, dial.

The gate is one function (`compliance.screening.decide`) asked at three moments: when a lead is
offered (`supply`), for the decision its intended dial is written down with, and at the instant of
the dial, after that entry is committed. Only the last answer lets a `Dial` go.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from dataclasses import replace
from functools import lru_cache
from pathlib import PurePath

from dialer.calls.agent import AgentInput
from dialer.calls.attempt import AttemptInput
from dialer.calls.causes import Outcome
from dialer.compliance.governor import lawful_dials
from dialer.floor.callers import AllShown, choose
from dialer.floor.desk import Desk
from dialer.floor.facts import claims_of
from dialer.floor.gate import refuse_lead, screen, stopped
from dialer.floor.state import AgentSession, Attempt, FloorState, TrunkUse
from dialer.floor.supply import refill
from dialer.floor.trunks import free_channels, unable
from dialer.floor.wrapping_up import end_attempt, release, withdraw
from dialer.leads.hopper import HopperEntry
from dialer.leads.recycle import LeadMove
from dialer.model.agents import AgentState
from dialer.model.calls import AttemptId, AttemptState, Blame, Cause
from dialer.model.campaigns import DialMode
from dialer.model.commands import Dial
from dialer.model.dispositions import SystemDisposition
from dialer.model.events import SlotTaken
from dialer.model.instant import HOUR_MS, SECOND_MS, Instant, rfc3339
from dialer.model.journal import EntryKind
from dialer.model.numbers import CallerId
from dialer.model.screening import Allowed, ReasonCode, Refused
from dialer.pacing.controller import PacingView

NO_RESPONSE_MS = 6 * SECOND_MS
"""A trunk that says nothing, not even 100 Trying, for this long has failed (RFC 3261 17.2.1 asks
for 100 within 200 ms; INVITE retransmissions have gone out four times by then)."""

COMMIT_MS = 5 * SECOND_MS
"""How long after its entry's instant a dial may go. Its slots under frequency caps were counted at
that instant, by other nodes too: one that waited longer for the journal is given up."""

SET_UP_MS = 10 * SECOND_MS
"""Longest wait between the trunk's 100 and the first ringing, on top of the ring timeout."""

LONGEST_TO_AGENT_MS = 60 * SECOND_MS
"""From a dial to the moment its callee is bridged, dropped or gone, ringing not counted: no answer
of the trunk (6 s), set-up (10 s), detection (8 s), the agent (2 s), and much to spare."""

TICK_MS = 250
"""How often pacing looks again while calls are under way (the figure of the pacing study)."""

IN_FLIGHT = frozenset(
    {
        AttemptState.PLANNED,
        AttemptState.DIALLING,
        AttemptState.RINGING,
        AttemptState.DETECTING,
        AttemptState.WAITING,
    }
)


def advance(floor: FloorState, now: Instant) -> None:
    """Do whatever dialling is due: called after every event."""
    for desk in floor.desks.values():
        desk.not_dialling = _advance_desk(floor, desk, now)


def _advance_desk(floor: FloorState, desk: Desk, now: Instant) -> str:
    """Dial what is due; in words, why nothing more was dialled."""
    why = stopped(floor, desk, now)
    if why:
        return why
    refill(floor, desk, now)
    if desk.campaign.mode is DialMode.PREVIEW:
        _show_previews(floor, desk, now)
    use = floor.trunks[desk.campaign.trunk]
    blocked = _blocked(floor, desk, use, now)
    if blocked or desk.campaign.mode is DialMode.PREVIEW:
        return blocked
    return _pace(floor, desk, use, now)


def _blocked(floor: FloorState, desk: Desk, use: TrunkUse, now: Instant) -> str:
    reason = unable(floor, use, now)
    if reason:
        return reason
    if not any(a.state is not AgentState.OFFLINE for a in floor.agents_of(desk)):
        return "No agent of this campaign is signed in."
    if not desk.hopper:
        return _no_lead(floor, desk)
    return ""


def _no_lead(floor: FloorState, desk: Desk) -> str:
    if not desk.dry:
        return "Waiting for leads from the store."
    if desk.refill_at is None:
        return "The lists are used up: no lead is left to dial."
    return "No lead may be dialled now; the next one becomes eligible later."


def _show_previews(floor: FloorState, desk: Desk, now: Instant) -> None:
    """Agents who stand ready for calls in flight (the mode was changed) are left alone."""
    ready = [s for s in floor.agents_of(desk) if s.state is AgentState.READY]
    spare = len(ready) - _in_flight(floor.of_desk(desk))
    for session in sorted(ready, key=lambda a: a.since)[: max(0, spare)]:
        session.preview = desk.hopper.take()
        if session.preview is None:
            return
        floor.step_agent(session, AgentInput.RESERVED, now, "preview")


def _in_flight(attempts: Iterable[Attempt]) -> int:
    """Calls that may yet need an agent who is not promised to them."""
    return sum(1 for a in attempts if a.state in IN_FLIGHT and a.agent is None)


def _pace(floor: FloorState, desk: Desk, use: TrunkUse, now: Instant) -> str:
    attempts = floor.of_desk(desk)
    sessions = floor.agents_of(desk)
    ready = sum(1 for s in sessions if s.state is AgentState.READY)
    in_flight = _in_flight(attempts)
    view = _view(desk, attempts, sessions, ready, now)
    proposal = desk.controller.propose(view)
    all_ended = Instant(now + LONGEST_TO_AGENT_MS + desk.campaign.ring_timeout_ms)
    grant = lawful_dials(
        asked=proposal.dials,
        covered=ready,
        in_flight=in_flight,
        live=desk.account.live(all_ended),
        dropped=view.dropped,
        ceiling=desk.campaign.drop_ceiling,
        free_channels=free_channels(floor, use),
        cps_tokens=use.room(now),
    )
    planned = 0
    while planned < grant.dials:
        entry = desk.hopper.take()
        if entry is None:
            break
        caller = choose(floor, desk, entry.lead, now)
        if isinstance(caller, AllShown):
            desk.hopper.put(entry)
            return caller.why
        planned += plan(floor, desk, entry, caller, now)
    if grant.dials or in_flight:
        return ""
    return grant.why if proposal.dials else proposal.why


def launch(floor: FloorState, session: AgentSession, entry: HopperEntry, now: Instant) -> str:
    """Dial the lead the agent looked at; in words, why not now."""
    desk = floor.desks[session.campaign]
    use = floor.trunks[desk.campaign.trunk]
    stop = stopped(floor, desk, now) or unable(floor, use, now)
    if stop:
        return stop
    if free_channels(floor, use) < 1 or use.room(now) < 1:
        return "Every channel is in use at this moment: try again."
    caller = choose(floor, desk, entry.lead, now)
    if isinstance(caller, AllShown):
        return caller.why
    session.preview = None
    if plan(floor, desk, entry, caller, now, session):
        return ""
    release(floor, session, now)
    return "This lead may not be called any more: it was refused, and you are free for the next."


def _view(
    desk: Desk, attempts: list[Attempt], sessions: list[AgentSession], ready: int, now: Instant
) -> PacingView:
    def age(since: Instant | None) -> int:
        return now - since if since is not None else 0

    def ages(state: AgentState) -> tuple[int, ...]:
        return tuple(age(s.since) for s in sessions if s.state is state and s.pending is None)

    ringing = (AttemptState.PLANNED, AttemptState.DIALLING, AttemptState.RINGING)
    return PacingView(
        now=now,
        ready=ready,
        talk_ages_ms=ages(AgentState.INCALL),
        wrapup_ages_ms=ages(AgentState.WRAPUP),
        ring_ages_ms=tuple(age(a.planned_at) for a in attempts if a.state in ringing),
        detect_ages_ms=tuple(
            age(a.entered.get(AttemptState.DETECTING))
            for a in attempts
            if a.state is AttemptState.DETECTING
        ),
        waiting=sum(1 for a in attempts if a.state is AttemptState.WAITING and a.agent is None),
        live=desk.account.live(now),
        dropped=desk.account.dropped(now),
        drop_ceiling=desk.campaign.drop_ceiling,
    )


def plan(
    floor: FloorState,
    desk: Desk,
    entry: HopperEntry,
    caller: CallerId,
    now: Instant,
    agent: AgentSession | None = None,
) -> bool:
    """Write down that this lead is about to be dialled, with the decision that allows it;
    `journaled` carries on once committed. False: the gate refuses it by now."""
    campaign = desk.campaign
    screened = screen(floor, desk, entry.lead, now, caller, agent is not None)
    if not isinstance(screened.answer, Allowed):
        refuse_lead(floor, desk, entry.lead, screened, now, "dial")
        return False
    attempt = Attempt(
        attempt_id=floor.next_attempt,
        lead=replace(entry.lead, attempts=entry.lead.attempts + 1),
        desk=desk,
        leg=floor.new_leg(),
        trunk=floor.trunks[campaign.trunk],
        caller_id=caller,
        planned_at=now,
        screened=screened,
        for_agent=agent.profile.name if agent else None,
        agent=agent.profile.name if agent else None,
    )
    attempt.entered[AttemptState.PLANNED] = now
    floor.next_attempt = AttemptId(floor.next_attempt + 1)
    floor.attempts[attempt.attempt_id] = attempt
    floor.legs[attempt.leg] = attempt
    attempt.trunk.legs += 1
    attempt.trunk.planned += 1
    if agent is not None:
        agent.call = attempt
    token = floor.record(
        floor.entry(
            EntryKind.DIAL_INTENDED,
            now,
            attempt,
            {
                "caller_id": caller.e164,
                "caller_name": caller.name,
                "script": _version(campaign.script),
                "message": PurePath(campaign.drop_message).name,
                "trunk": campaign.trunk,
                "mode": campaign.mode,
                "seller": campaign.seller,
                "subject": screened.facts.subject,
                "screened_at": entry.screened_at,
                "ruleset": screened.answer.ruleset,
                "tzdata": screened.answer.tzdata,
                "explain": screened.answer.explain,
                "screening": screened.data(),
            },
        ),
        durable=True,
        claims=claims_of(
            screened.facts, entry.lead, floor.ruleset, now, linked=campaign.link_numbers
        ),
    )
    if token is not None:
        floor.awaiting[token] = attempt.attempt_id
    return True


@lru_cache(maxsize=64)
def _version(script: str) -> str:
    """Which text the agents read from (16 CFR 310.5(a)(1) has each version kept)."""
    return f"sha256 {hashlib.sha256(script.encode()).hexdigest()[:16]}" if script else ""


def journaled(floor: FloorState, token: int, now: Instant) -> None:
    """The entry is committed: ask the gate once more, at this instant, and dial."""
    attempt_id = floor.awaiting.pop(token, None)
    attempt = floor.attempts.get(attempt_id) if attempt_id is not None else None
    if attempt is None or attempt.state is not AttemptState.PLANNED:
        return
    desk = attempt.desk
    why_not = stopped(floor, desk, now)
    if now - attempt.planned_at > COMMIT_MS:
        why_not = "The journal took too long to write it down."
    elif len(floor.legs) > floor.capacity:
        why_not = why_not or "No SIP worker was free for it any more."
    if why_not:
        _unplaced(floor, attempt, now, AttemptInput.CANCELLED, why=why_not)
        return
    reserved = attempt.for_agent is not None
    screened = screen(floor, desk, attempt.lead, now, attempt.caller_id, reserved)
    if not isinstance(screened.answer, Allowed):
        move = refuse_lead(floor, desk, attempt.lead, screened, now, "dial")
        _unplaced(floor, attempt, now, AttemptInput.REFUSED, move)
        return
    attempt.authorised = screened
    attempt.step(AttemptInput.APPROVED, now)
    attempt.trunk.dialled.append(now)
    attempt.deadline = Instant(now + NO_RESPONSE_MS)
    desk.dials += 1
    floor.note_dial(attempt, now)
    floor.emit(
        Dial(
            attempt.leg,
            attempt.trunk.trunk.name,
            attempt.lead.number.e164,
            attempt.caller_id.e164,
            attempt.caller_id.name,
            detect=attempt.for_agent is None,
        )
    )


def slot_taken(floor: FloorState, event: SlotTaken, now: Instant) -> None:
    """Somebody, perhaps another node, took the last slot under a frequency cap: the dial was never
    written down, so its attempt never was. The lead waits until a slot is free."""
    attempt_id = floor.awaiting.pop(event.token, None)
    attempt = floor.attempts.get(attempt_id) if attempt_id is not None else None
    if attempt is None or attempt.state is not AttemptState.PLANNED:
        return
    claim, allowed = event.claim, attempt.screened.answer
    refused = Refused(
        (ReasonCode.DATA_MISSING if event.why else ReasonCode.FREQ_CAP,),
        event.why
        or f"All {claim.limit} attempts in {claim.window_ms / HOUR_MS:g} hours under a limit of "
        f"attempts to this person are taken; the next one may be made at {rfc3339(event.free_at)}.",
        event.free_at,
        allowed.ruleset,
        allowed.tzdata,
    )
    screened = attempt.screened._replace(answer=refused, at=now)
    refuse_lead(floor, attempt.desk, attempt.lead, screened, now, "reservation")
    floor.free_leg(attempt.leg)
    withdraw(floor, attempt, now)


def _unplaced(
    floor: FloorState,
    attempt: Attempt,
    now: Instant,
    given: AttemptInput,
    refused: LeadMove | None = None,
    why: str = "",
) -> None:
    """End an attempt before anything was placed: its leg never existed. `refused`: where its lead
    goes, if the gate refused it; `why`: in words, if it was something else."""
    floor.free_leg(attempt.leg)
    outcome = (
        Outcome(Cause.REFUSED, Blame.US, SystemDisposition.REFUSED)
        if refused
        else Outcome(Cause.CANCELLED, Blame.US, SystemDisposition.CANCELLED)
    )
    end_attempt(floor, attempt, given, outcome, now, move=refused, why=why)
