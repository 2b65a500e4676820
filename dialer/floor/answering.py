"""From the trunk's words to an agent's ear: answers, verdicts, bridges, drops, endings."""

from __future__ import annotations

from dialer.calls.agent import AgentInput
from dialer.calls.attempt import AttemptInput
from dialer.calls.causes import Outcome, outcome_of
from dialer.calls.matching import IdleAgent, WaitingCall, match
from dialer.compliance.drop_rate import connect_deadline, connected_in_time
from dialer.floor.dialling import SET_UP_MS
from dialer.floor.state import AgentSession, Attempt, FloorState
from dialer.floor.trunks import trunk_failed, trunk_spoke
from dialer.floor.wrapping_up import LOST, end_attempt, release
from dialer.model.agents import AgentState
from dialer.model.calls import AmdVerdict, AttemptState, Blame, Cause, Ending, Tone, VerdictKind
from dialer.model.commands import Bridge, PlayMessage
from dialer.model.dispositions import SystemDisposition
from dialer.model.events import (
    LegProgressed,
    LegsBridged,
    MessageEnded,
    ToneHeard,
    VerdictReached,
)
from dialer.model.instant import SECOND_MS, Instant
from dialer.model.journal import EntryKind

DETECTION_LIMIT_MS = 8 * SECOND_MS
"""The detector decides by itself within 6 s; a worker that says nothing by then is overruled."""

BRIDGE_LIMIT_MS = 1 * SECOND_MS
"""A bridge that is not made by then never will be."""

MESSAGE_LIMIT_MS = 45 * SECOND_MS
TONE_GRACE_MS = 3 * SECOND_MS
"""After SIT in early media the carrier gets this long to send its final response, whose status is
worth having; then we hang up."""

UNATTENDED_AGAIN_MS = 2 * SECOND_MS
"""A callee whose agent's phone died gets another agent within this time."""

_MACHINE = Outcome(Cause.MACHINE, Blame.CALLEE, SystemDisposition.MACHINE)
_FAX = Outcome(Cause.FAX, Blame.CALLEE, SystemDisposition.FAX)
_VACANT = Outcome(Cause.VACANT_NUMBER, Blame.CALLEE, SystemDisposition.VACANT)
_DROP = Outcome(Cause.NO_AGENT, Blame.US, SystemDisposition.DROP)
_HUNG_UP = Outcome(Cause.CALLEE_HUNG_UP, Blame.CALLEE, SystemDisposition.HUNG_UP)
_CALLEE_DONE = Outcome(Cause.CALLEE_HUNG_UP, Blame.CALLEE, SystemDisposition.CONNECTED)
_AGENT_DONE = Outcome(Cause.AGENT_HUNG_UP, Blame.US, SystemDisposition.CONNECTED)
_OPTED_OUT = Outcome(Cause.OPTED_OUT, Blame.CALLEE, SystemDisposition.OPTED_OUT)
_CANCELLED = Outcome(Cause.CANCELLED, Blame.US, SystemDisposition.CANCELLED)

_NOBODY_SPOKE = "Nobody has spoken yet: the line was silent when it was answered."
_IN_DOUBT = "In doubt whether a person answered: listen first."


def progressed(floor: FloorState, attempt: Attempt, event: LegProgressed, now: Instant) -> None:
    """100 Trying shows that the trunk lives; 18x that the far end is being alerted. The ring
    timeout counts from the first 18x, so nobody gets less than the promised ringing."""
    if attempt.state not in (AttemptState.DIALLING, AttemptState.RINGING):
        if event.status > 100:
            _rang_after_all(floor, attempt)
        return
    first = not attempt.reached
    trunk_spoke(attempt)
    ring_timeout = attempt.desk.campaign.ring_timeout_ms
    if event.status == 100:
        if first:
            attempt.deadline = Instant(now + SET_UP_MS + ring_timeout)
    elif attempt.state is AttemptState.DIALLING:
        attempt.step(AttemptInput.PROGRESSED, event.at)
        attempt.deadline = Instant(now + ring_timeout)


def answered(floor: FloorState, attempt: Attempt, at: Instant, now: Instant) -> None:
    """200 OK: listen, or, on an agent's own preview, join them at once."""
    if attempt.state not in (AttemptState.DIALLING, AttemptState.RINGING):
        _rang_after_all(floor, attempt)
        return
    trunk_spoke(attempt)
    attempt.desk.answered += 1
    attempt.desk.controller.observe_ring(at - attempt.planned_at, answered=True)
    attempt.step(AttemptInput.ANSWERED, at)
    attempt.deadline = Instant(now + DETECTION_LIMIT_MS)
    if attempt.for_agent is not None:
        _live(floor, attempt, at, now)


def _rang_after_all(floor: FloorState, attempt: Attempt) -> None:
    """A trunk given up as dead had only been slow: the phone rang, so the dial counts."""
    if attempt.disposition == SystemDisposition.TRUNK_FAILURE and not attempt.reached:
        attempt.reached = True
        floor.note_dial(attempt, attempt.entered[AttemptState.DIALLING])


def tone_heard(floor: FloorState, attempt: Attempt, event: ToneHeard, now: Instant) -> None:
    """Tones before the answer wait for the carrier's own word; after it they decide."""
    if attempt.state in (AttemptState.DIALLING, AttemptState.RINGING):
        if event.tone in (Tone.SIT, Tone.FAX) and attempt.tone is None:
            attempt.tone = event.tone
            attempt.deadline = Instant(now + TONE_GRACE_MS)
    elif event.tone is Tone.SIT and (attempt.state is AttemptState.DETECTING or _unheard(attempt)):
        attempt.tone = event.tone
        _not_live(floor, attempt, _VACANT, now)


def _unheard(attempt: Attempt) -> bool:
    """Waiting, and no agent has heard the callee or is about to."""
    waiting = attempt.state is AttemptState.WAITING
    return waiting and attempt.agent is None and attempt.bridged_at is None


def verdict_reached(
    floor: FloorState, attempt: Attempt, event: VerdictReached, now: Instant
) -> None:
    """Machine and fax end here, even after the detection limit while no agent has taken the call;
    a person, or doubt, waits for an agent."""
    kind = event.verdict.kind
    machine = kind in (VerdictKind.MACHINE, VerdictKind.FAX)
    if attempt.state in (AttemptState.DIALLING, AttemptState.RINGING):
        # The verdict has overtaken the answer it is about.
        answered(floor, attempt, Instant(event.at - event.verdict.elapsed_ms), now)
    if attempt.state is AttemptState.DETECTING or (machine and _unheard(attempt)):
        attempt.verdict, attempt.verdict_at = event.verdict, event.at
        if machine:
            outcome = _MACHINE if kind is VerdictKind.MACHINE else _FAX
            _not_live(floor, attempt, outcome, now)
        else:
            _live(floor, attempt, event.at, now)


def _not_live(floor: FloorState, attempt: Attempt, outcome: Outcome, now: Instant) -> None:
    attempt.desk.machines += 1
    end_attempt(floor, attempt, AttemptInput.MACHINE, outcome, now, Ending(200))
    floor.hang_up(attempt, now)


def _live(floor: FloorState, attempt: Attempt, at: Instant, now: Instant) -> None:
    detecting_since = attempt.entered[AttemptState.DETECTING]
    greeting = attempt.verdict.greeting_ended_at if attempt.verdict else None
    attempt.desk.live += 1
    attempt.desk.controller.observe_detection(at - detecting_since, live=True)
    attempt.step(AttemptInput.LIVE, at)
    attempt.waiting_since = at
    attempt.connect_by = connect_deadline(detecting_since, greeting, at)
    attempt.deadline = max(now, attempt.connect_by)
    session = floor.agents.get(attempt.agent or "")
    if session is not None:
        _join(floor, attempt, session, now)


def meet(floor: FloorState, now: Instant) -> None:
    """Waiting calls meet idle agents; called after every event, before anything is dialled."""
    for desk in floor.desks.values():
        waiting = [
            WaitingCall(
                a.attempt_id,
                a.waiting_since or now,
                wanted=a.for_agent or a.lead.callback_for,
                only=a.for_agent is not None,
            )
            for a in floor.of_desk(desk)
            if a.state is AttemptState.WAITING and a.agent is None
        ]
        if waiting:
            idle = [
                IdleAgent(s.profile.name, s.since)
                for s in floor.agents_of(desk)
                if s.state is AgentState.READY
            ]
            for attempt_id, name in match(waiting, idle):
                session = floor.agents[name]
                floor.step_agent(session, AgentInput.RESERVED, now)
                _join(floor, floor.attempts[attempt_id], session, now)


def _join(floor: FloorState, attempt: Attempt, session: AgentSession, now: Instant) -> None:
    if session.leg is None:
        return
    attempt.agent = session.profile.name
    attempt.deadline = Instant(now + BRIDGE_LIMIT_MS)
    session.call = attempt
    session.notice = ""
    verdict = attempt.verdict
    if verdict is not None and verdict.kind is VerdictKind.UNSURE:
        session.notice = _NOBODY_SPOKE if verdict.greeting_ended_at is None else _IN_DOUBT
    floor.emit(Bridge(attempt.leg, session.leg))


def bridged(floor: FloorState, attempt: Attempt, event: LegsBridged, now: Instant) -> None:
    """They hear each other. A bridge that comes too late, to a call already given up, is undone by
    hanging the call up: an agent is never left on a call the floor does not know. One to a phone
    that has gone meanwhile means nothing."""
    session = floor.legs.get(event.agent_leg)
    if attempt.state is AttemptState.BRIDGED or not isinstance(session, AgentSession):
        return
    if session.leg != event.agent_leg:
        return
    if attempt.state is not AttemptState.WAITING or session.call is not attempt:
        floor.hang_up(attempt, now)
        return
    first = attempt.bridged_at is None
    attempt.step(AttemptInput.JOINED, event.at)
    floor.step_agent(session, AgentInput.JOINED, now)
    if not first:
        return
    attempt.bridged_at = event.at
    desk = attempt.desk
    desk.connected += 1
    since = attempt.waiting_since or event.at
    _count_live(floor, attempt, event.at)
    floor.record(
        floor.entry(
            EntryKind.BRIDGED,
            now,
            attempt,
            {
                "verdict_to_agent_ms": event.at - since,
                "answer_to_agent_ms": event.at - attempt.entered[AttemptState.DETECTING],
            },
        )
    )


def message_ended(floor: FloorState, attempt: Attempt, event: MessageEnded, now: Instant) -> None:
    if attempt.state is AttemptState.MESSAGE:
        _message_over(floor, attempt, AttemptInput.MESSAGE_OVER, now)
        floor.hang_up(attempt, now)


def _message_over(floor: FloorState, attempt: Attempt, given: AttemptInput, now: Instant) -> None:
    """The message is over, or the callee left during it. Somebody who had an agent before and lost
    them was not dropped in the regulator's sense, but is lost to us."""
    outcome = LOST if attempt.bridged_at is not None else _DROP
    end_attempt(floor, attempt, given, outcome, now, Ending(200))


def deadline_passed(floor: FloorState, attempt: Attempt, now: Instant) -> None:
    """What the attempt was waiting for has not come."""
    match attempt.state:
        case AttemptState.DIALLING | AttemptState.RINGING:
            if not attempt.reached:
                trunk_failed(floor, attempt, now)
            outcome = outcome_of(
                Ending(487 if attempt.reached else 408), attempt.tone, attempt.reached
            )
            end_attempt(floor, attempt, AttemptInput.RANG_OUT, outcome, now, Ending(0))
            floor.hang_up(attempt, now)
        case AttemptState.DETECTING:
            elapsed = now - attempt.entered[AttemptState.DETECTING]
            attempt.verdict = AmdVerdict(VerdictKind.UNSURE, 0.0, elapsed, "no_verdict_in_time")
            attempt.verdict_at = now
            _live(floor, attempt, now, now)
        case AttemptState.WAITING:
            _unattended(floor, attempt, now)
        case AttemptState.MESSAGE:
            _message_over(floor, attempt, AttemptInput.MESSAGE_OVER, now)
            floor.hang_up(attempt, now)
        case _:
            attempt.deadline = None


def _unattended(floor: FloorState, attempt: Attempt, now: Instant) -> None:
    """No agent in time: never silence, the campaign's message instead (47 CFR 64.1200(a)(7)(i))."""
    session = floor.agents.get(attempt.agent or "")
    attempt.agent = None
    if session is not None and session.state is AgentState.RESERVED:
        release(floor, session, now)
    attempt.step(AttemptInput.UNATTENDED, now)
    attempt.deadline = Instant(now + MESSAGE_LIMIT_MS)
    if attempt.bridged_at is None:
        _count_drop(floor, attempt, now)
    floor.emit(PlayMessage(attempt.leg, attempt.desk.campaign.drop_message))


def _count_live(floor: FloorState, attempt: Attempt, at: Instant) -> None:
    """Into the account: an agent came, or the callee left, at `at`; too late, and it is a drop."""
    greeting = attempt.verdict.greeting_ended_at if attempt.verdict else None
    answered_at = attempt.entered[AttemptState.DETECTING]
    if connected_in_time(answered_at, greeting, attempt.waiting_since or at, at):
        attempt.desk.account.answered(at, dropped=False)
    else:
        _count_drop(floor, attempt, at)


def _count_drop(floor: FloorState, attempt: Attempt, now: Instant) -> None:
    attempt.dropped = True
    floor.note_drop(attempt.lead.number.e164, now)
    attempt.desk.dropped += 1
    attempt.desk.account.answered(now, dropped=True)


def lead_leg_ended(floor: FloorState, attempt: Attempt, ending: Ending, now: Instant) -> None:
    """The callee, or the network, ended the call."""
    match attempt.state:
        case AttemptState.DIALLING | AttemptState.RINGING:
            if ending.status >= 100 and not attempt.reached and ending.status not in (408, 503):
                trunk_spoke(attempt)
            outcome = outcome_of(ending, attempt.tone, attempt.reached)
            if outcome.cause is Cause.TRUNK_FAILURE and ending.status:
                trunk_failed(floor, attempt, now)
            end_attempt(floor, attempt, AttemptInput.FAILED, outcome, now, ending)
        case AttemptState.DETECTING:
            end_attempt(floor, attempt, AttemptInput.CALLEE_LEFT, _HUNG_UP, now, ending)
        case AttemptState.WAITING:
            if attempt.bridged_at is None:
                _count_live(floor, attempt, now)
                end_attempt(floor, attempt, AttemptInput.CALLEE_LEFT, _HUNG_UP, now, ending)
            else:
                end_attempt(floor, attempt, AttemptInput.CALLEE_LEFT, _CALLEE_DONE, now, ending)
        case AttemptState.BRIDGED:
            end_attempt(floor, attempt, AttemptInput.CALLEE_LEFT, _CALLEE_DONE, now, ending)
        case AttemptState.MESSAGE:
            _message_over(floor, attempt, AttemptInput.CALLEE_LEFT, now)
        case _:
            pass


def opted_out(floor: FloorState, attempt: Attempt, now: Instant) -> None:
    """The callee pressed the opt-out key with no agent on the line: the attempt is over as if they
    had left, and the leg goes once the request is committed."""
    match attempt.state:
        case AttemptState.DETECTING:
            end_attempt(floor, attempt, AttemptInput.CALLEE_LEFT, _OPTED_OUT, now, Ending(200))
        case AttemptState.WAITING if attempt.bridged_at is None:
            _count_live(floor, attempt, now)
            end_attempt(floor, attempt, AttemptInput.CALLEE_LEFT, _OPTED_OUT, now, Ending(200))
        case AttemptState.WAITING:
            end_attempt(floor, attempt, AttemptInput.CALLEE_LEFT, _CALLEE_DONE, now, Ending(200))
        case _:
            _message_over(floor, attempt, AttemptInput.CALLEE_LEFT, now)
    floor.hang_up(attempt, now)


def lead_leg_lost(floor: FloorState, attempt: Attempt, now: Instant) -> None:
    """The lead's leg is gone with its worker. A person left waiting by that counts as dropped."""
    if attempt.state is AttemptState.ENDED:
        return
    if attempt.state is AttemptState.WAITING and attempt.bridged_at is None:
        _count_drop(floor, attempt, now)
    end_attempt(floor, attempt, AttemptInput.LOST, LOST, now)


def agent_leg_gone(floor: FloorState, attempt: Attempt, now: Instant) -> None:
    """The agent's phone died under the call: another agent, soon; before the bridge was made:
    another agent, by the deadline there was; before the answer: nobody is to be called for it."""
    attempt.agent = None
    match attempt.state:
        case AttemptState.BRIDGED:
            attempt.step(AttemptInput.AGENT_LOST, now)
            attempt.waiting_since = now
            attempt.connect_by = Instant(now + UNATTENDED_AGAIN_MS)
            attempt.deadline = attempt.connect_by
        case AttemptState.WAITING:
            attempt.deadline = max(now, attempt.connect_by)
        case AttemptState.PLANNED | AttemptState.DIALLING | AttemptState.RINGING:
            cancel(floor, attempt, now, "the phone of the agent it was placed for is gone")
        case _:
            pass


def agent_ended_call(floor: FloorState, attempt: Attempt, now: Instant) -> None:
    """The agent hung up on a bridged call, or gave up a launched preview. Somebody who has answered
    that one is not left without a word."""
    if attempt.state is AttemptState.BRIDGED:
        end_attempt(floor, attempt, AttemptInput.AGENT_LEFT, _AGENT_DONE, now, Ending(200))
        floor.hang_up(attempt, now)
    elif attempt.for_agent is not None and attempt.state is AttemptState.WAITING:
        _unattended(floor, attempt, now)
    elif attempt.for_agent is not None and attempt.state is not AttemptState.ENDED:
        cancel(floor, attempt, now, "the agent gave it up")


def cancel(floor: FloorState, attempt: Attempt, now: Instant, why: str) -> None:
    """End an attempt at our own wish, whatever its state, and say why. A person left waiting by
    that counts as dropped."""
    placed = attempt.state is not AttemptState.PLANNED
    if attempt.state is AttemptState.WAITING and attempt.bridged_at is None:
        _count_drop(floor, attempt, now)
    outcome = _AGENT_DONE if attempt.bridged_at is not None else _CANCELLED
    end_attempt(floor, attempt, AttemptInput.CANCELLED, outcome, now, why=why)
    if placed:
        floor.hang_up(attempt, now)
    else:
        floor.free_leg(attempt.leg)


def stop(floor: FloorState, now: Instant) -> None:
    """Hang up everything."""
    for attempt in list(floor.attempts.values()):
        cancel(floor, attempt, now, "the service was stopped")
