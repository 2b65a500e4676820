"""Agents' shifts: signing in and out, ready and pause, and the phone that stays up all shift."""

from __future__ import annotations

from dataclasses import replace

from dialer.calls.agent import AgentInput
from dialer.floor.answering import agent_ended_call, agent_leg_gone
from dialer.floor.dialling import launch
from dialer.floor.state import AgentSession, FloorState
from dialer.floor.wrapping_up import release, sign_out, wrapped_up
from dialer.leads.hopper import HopperEntry
from dialer.leads.ordering import recycled_key
from dialer.model.agents import AgentState
from dialer.model.calls import Ending
from dialer.model.commands import CallAgent
from dialer.model.events import (
    AgentEvent,
    AgentHungUp,
    AgentLaunched,
    AgentPaused,
    AgentReadied,
    AgentSignedIn,
    AgentSignedOut,
    AgentSkipped,
)
from dialer.model.instant import Instant


def clicked(floor: FloorState, event: AgentEvent, now: Instant) -> None:
    """A click on the agent page. One that does not fit the state any more changes nothing."""
    session = floor.agents.get(event.agent)
    if session is None:
        return
    state = session.state
    match event:
        case AgentSignedIn() if state is AgentState.OFFLINE:
            session.notice = "Your phone is being called: answer it and keep it up for the shift."
            floor.step_agent(session, AgentInput.SIGNED_IN, now, "signed in")
            session.pending = None
            session.call_phone = True
        case AgentReadied():
            _readied(floor, session, now)
        case AgentPaused(reason=reason):
            _paused(floor, session, reason, now)
        case AgentSignedOut():
            _signed_out(floor, session, now)
        case AgentHungUp() if session.call is not None:
            agent_ended_call(floor, session.call, now)
        case AgentLaunched() if session.preview is not None and session.call is None:
            session.notice = launch(floor, session, session.preview, now)
        case AgentSkipped() if session.preview is not None and session.call is None:
            _skipped(floor, session, session.preview, now)
        case _:
            pass


def _readied(floor: FloorState, session: AgentSession, now: Instant) -> None:
    if session.pending is AgentState.PAUSED:
        session.pending = None
    if session.state is not AgentState.PAUSED:
        return
    session.notice = ""
    if session.phone_up:
        floor.step_agent(session, AgentInput.READIED, now)
        return
    session.pending = AgentState.READY
    session.notice = "Your phone is being called: you are ready as soon as it is up."
    if session.leg is None:
        session.call_phone = True


def _paused(floor: FloorState, session: AgentSession, reason: str, now: Instant) -> None:
    match session.state:
        case AgentState.READY:
            floor.step_agent(session, AgentInput.PAUSED, now, reason)
        case AgentState.RESERVED if session.preview is not None:
            _give_back(floor, session, session.preview)
            session.pending, session.pause_reason = AgentState.PAUSED, reason
            release(floor, session, now)
        case AgentState.RESERVED | AgentState.INCALL | AgentState.WRAPUP:
            session.pending, session.pause_reason = AgentState.PAUSED, reason
        case AgentState.PAUSED:
            session.pending = None
        case _:
            pass


def _signed_out(floor: FloorState, session: AgentSession, now: Instant) -> None:
    match session.state:
        case AgentState.READY | AgentState.PAUSED:
            sign_out(floor, session, now)
        case AgentState.RESERVED if session.preview is not None:
            _give_back(floor, session, session.preview)
            session.pending = AgentState.OFFLINE
            release(floor, session, now)
        case AgentState.RESERVED | AgentState.INCALL | AgentState.WRAPUP:
            session.pending = AgentState.OFFLINE
        case _:
            pass


def _skipped(floor: FloorState, session: AgentSession, entry: HopperEntry, now: Instant) -> None:
    """The lead goes behind the others in the hopper."""
    later = recycled_key(entry.lead.lead_id, entry.lead.attempts + 1)
    _give_back(floor, session, replace(entry, lead=replace(entry.lead, order_key=later)))
    release(floor, session, now)


def _give_back(floor: FloorState, session: AgentSession, entry: HopperEntry) -> None:
    floor.desks[session.campaign].hopper.put(entry)


def call_phones(floor: FloorState) -> None:
    """Call every phone that is wanted and for which there is a free leg."""
    for session in floor.agents.values():
        if session.call_phone and floor.capacity > len(floor.legs):
            session.call_phone = False
            session.leg = floor.new_leg()
            floor.legs[session.leg] = session
            floor.emit(CallAgent(session.leg, session.profile.name, session.profile.phone))


def phone_answered(floor: FloorState, session: AgentSession, now: Instant) -> None:
    if session.phone_up:
        return
    session.phone_up = True
    session.notice = ""
    if session.pending is AgentState.READY and session.state is AgentState.PAUSED:
        session.pending = None
        floor.step_agent(session, AgentInput.READIED, now)


def phone_ended(floor: FloorState, session: AgentSession, ending: Ending, now: Instant) -> None:
    """The phone hung up, or could not be reached: the agent has to act, so it is not called again
    until they press Ready."""
    was_up = session.phone_up
    _phone_down(floor, session, now)
    if session.state is AgentState.OFFLINE:
        return
    session.pending = None if session.pending is AgentState.READY else session.pending
    session.notice = (
        "Your phone hung up. Press Ready and it is called again."
        if was_up
        else f"Your phone could not be reached ({ending.status} {ending.reason}). "
        "Check it, then press Ready."
    )


def phone_lost(floor: FloorState, session: AgentSession, now: Instant) -> None:
    """Our side lost the phone: call it again at once, and give the agent back what they were."""
    at_work = session.state in (AgentState.READY, AgentState.RESERVED, AgentState.INCALL)
    ready_again = at_work and session.pending is None
    _phone_down(floor, session, now)
    if session.state is AgentState.OFFLINE:
        return
    if ready_again:
        session.pending = AgentState.READY
    session.call_phone = True
    session.notice = "The connection to your phone was lost: it is being called again."


def _phone_down(floor: FloorState, session: AgentSession, now: Instant) -> None:
    session.leg, session.phone_up = None, False
    call, state = session.call, session.state
    if state in (AgentState.RESERVED, AgentState.INCALL):
        if session.preview is not None:
            _give_back(floor, session, session.preview)
            session.preview = None
        session.call = None
        if call is not None:
            agent_leg_gone(floor, call, now)
    floor.step_agent(session, AgentInput.PHONE_LOST, now, "phone lost")
    if session.state is AgentState.PAUSED:
        if session.pending is AgentState.OFFLINE:
            sign_out(floor, session, now)
        elif session.pending is AgentState.PAUSED:
            session.pending = None


def wrapup_too_long(floor: FloorState, session: AgentSession, now: Instant) -> None:
    """Nobody is at the desk, it seems: pause, so that no caller waits for them."""
    wrapped_up(
        floor,
        session,
        now,
        notice="Wrap-up took longer than this campaign allows: you are paused and the call keeps "
        "no disposition of yours.",
    )
