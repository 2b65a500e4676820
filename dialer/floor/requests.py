"""Requests not to be called, by whatever way they come: in force at once, written down durably, out
of every hopper and preview, and no phone keeps ringing for them.

A request is in force from the event on, before its entry is committed; taking one back, or lifting
a state's emergency, is in force only once its entry is committed. Either way a doubt means no call.

A callee who asks during a call is hung up on only after the entry is committed (`FloorState.
hang_up`): whatever fails after the hang-up, the next dial is refused.
"""

from __future__ import annotations

from collections.abc import Iterable

from dialer.calls.attempt import AttemptInput
from dialer.calls.causes import Outcome
from dialer.compliance.business_days import honour_by
from dialer.compliance.location import locate
from dialer.floor.answering import cancel, opted_out
from dialer.floor.state import Attempt, FloorState
from dialer.floor.wrapping_up import end_attempt, release
from dialer.model.calls import AttemptState, Blame, Cause
from dialer.model.dispositions import SystemDisposition
from dialer.model.events import (
    AgentSuppressed,
    EmergencyDeclared,
    EmergencyLifted,
    KeyPressed,
    SuppressionWithdrawn,
)
from dialer.model.instant import Instant
from dialer.model.journal import EntryKind, JournalEntry, JsonValue
from dialer.model.records import RequestChannel
from dialer.model.suppression import Suppression, SuppressionSource

UNANSWERED = frozenset({AttemptState.PLANNED, AttemptState.DIALLING, AttemptState.RINGING})

_SUPPRESSED = Outcome(Cause.SUPPRESSED, Blame.US, SystemDisposition.SUPPRESSED)
_WITHDRAWN = "The number you were shown has just been put on the do-not-call list."
_ON_THE_LIST = "This number is on the do-not-call list from now on."


def entry_of(suppression: Suppression, attempt: Attempt | None = None) -> JournalEntry:
    """A request as the journal writes it. Who asked and the evidence are personal."""
    personal = {"asked_by": suppression.asked_by, "evidence": suppression.evidence}
    return JournalEntry(
        EntryKind.SUPPRESSED,
        suppression.since,
        campaign=attempt.desk.campaign.name if attempt else "",
        lead_id=attempt.lead.lead_id if attempt else None,
        attempt_id=attempt.attempt_id if attempt else None,
        number=suppression.e164,
        agent=suppression.by,
        data={
            "source": suppression.source,
            "list": suppression.list_name,
            "seller": suppression.seller,
            "affiliates": suppression.affiliates,
            "channel": suppression.channel or "",
            "received_at": suppression.received_at,
            "deadline_at": suppression.deadline_at,
        },
        personal={name: text for name, text in personal.items() if text},
    )


def suppress(
    floor: FloorState, suppression: Suppression, now: Instant, attempt: Attempt | None = None
) -> None:
    """In force at once: durable in the journal, out of every hopper, and nobody's phone rings on.
    `attempt`: the call during which it was asked."""
    token = floor.record(entry_of(suppression, attempt), durable=True)
    _keep(floor, suppression)
    if attempt is not None and token is not None:
        attempt.opted_out, attempt.suppressing = True, token
        floor.suppressing[token] = attempt
    in_force(floor, suppression, now)


def _keep(floor: FloorState, suppression: Suppression) -> None:
    """Asked for again while it is being taken back, it stays."""
    for token, lifted in floor.lifting.items():
        if not isinstance(lifted, str):
            floor.lifting[token] = tuple(each for each in lifted if each != suppression)


def in_force(floor: FloorState, suppression: Suppression, now: Instant) -> None:
    """From now on the number is refused, and its person's others where campaigns link them: out of
    every hopper and preview whose seller it binds, and dials of it that nobody has answered are
    given up."""
    floor.suppressions.add(suppression)
    for desk in floor.desks.values():
        if not suppression.binds(desk.campaign.seller):
            continue
        linked = desk.campaign.link_numbers
        if desk.hopper.take_number(suppression.e164, linked=linked):
            desk.look_again()
        for attempt in floor.of_desk(desk):
            theirs = attempt.lead.has(suppression.e164, linked=linked)
            if theirs and attempt.state in UNANSWERED:
                _give_up(floor, attempt, now)
        for session in floor.agents_of(desk):
            entry = session.preview
            if entry is not None and entry.lead.has(suppression.e164, linked=linked):
                release(floor, session, now)
                session.notice = _WITHDRAWN


def _give_up(floor: FloorState, attempt: Attempt, now: Instant) -> None:
    placed = attempt.state is not AttemptState.PLANNED
    why = "the person asked not to be called"
    end_attempt(floor, attempt, AttemptInput.CANCELLED, _SUPPRESSED, now, why=why)
    if placed:
        floor.hang_up(attempt, now)
    else:
        floor.free_leg(attempt.leg)


def asked_during(
    attempt: Attempt, channel: RequestChannel, now: Instant, evidence: str, by: str = ""
) -> Suppression:
    """What somebody asks while we talk to them: of everybody who calls from here, since they cannot
    know who else does."""
    return Suppression(
        e164=attempt.lead.number.e164,
        source=SuppressionSource.REQUEST,
        list_name=list_of(channel),
        since=now,
        seller=attempt.desk.campaign.seller,
        affiliates=True,
        channel=channel,
        received_at=now,
        deadline_at=honour_by(now),
        asked_by="the person called",
        evidence=evidence,
        by=by,
    )


def list_of(channel: RequestChannel) -> str:
    """The list's name a request goes by."""
    return f"request by {channel.lower().replace('_', ' ')}"


def agent_suppressed(floor: FloorState, event: AgentSuppressed, now: Instant) -> None:
    """The agent heard it asked for: the call goes on, the number is never dialled again. A click
    about another call, or a second one, changes nothing."""
    session = floor.agents.get(event.agent)
    attempt = session.call if session is not None else None
    if session is None or attempt is None or attempt.attempt_id != event.attempt:
        return
    if attempt.opted_out:
        return
    evidence = event.evidence or f"said to agent {event.agent} in attempt {attempt.attempt_id}"
    wish = asked_during(attempt, RequestChannel.AGENT, now, evidence, event.agent)
    session.notice = _ON_THE_LIST
    suppress(floor, wish, now, attempt)


def asked_at_wrapup(floor: FloorState, attempt: Attempt, agent: str, now: Instant) -> None:
    """The agent chose a disposition that suppresses."""
    if not attempt.opted_out:
        evidence = f"said to agent {agent} in attempt {attempt.attempt_id}"
        suppress(
            floor, asked_during(attempt, RequestChannel.AGENT, now, evidence, agent), now, attempt
        )


def key_pressed(floor: FloorState, attempt: Attempt, event: KeyPressed, now: Instant) -> None:
    """The campaign's opt-out key, after the answer, is a request (47 CFR 64.1200(a)(10)). Nobody
    who pressed it is put through to an agent; one who is talking to an agent already stays."""
    campaign = attempt.desk.campaign
    state = attempt.state
    if not campaign.opt_out_key or event.digit != campaign.opt_out_key or attempt.opted_out:
        return
    if state in UNANSWERED or state is AttemptState.ENDED:
        return
    evidence = f"pressed {event.digit} in attempt {attempt.attempt_id} ({state.lower()})"
    suppress(floor, asked_during(attempt, RequestChannel.CALL_KEY, now, evidence), now, attempt)
    if state is AttemptState.BRIDGED:
        session = floor.agents.get(attempt.agent or "")
        if session is not None:
            session.notice = (
                f"They pressed {event.digit}, the key for “do not call me”. {_ON_THE_LIST} "
                "Say goodbye."
            )
        return
    opted_out(floor, attempt, now)


# --- taking back ------------------------------------------------------------------------------


def lifted_entry(
    event: SuppressionWithdrawn, requests: Iterable[Suppression], now: Instant
) -> JournalEntry:
    """A withdrawal of these requests as the journal writes it."""
    named: list[JsonValue] = [
        {
            "source": request.source,
            "list": request.list_name,
            "seller": request.seller,
            "affiliates": request.affiliates,
        }
        for request in requests
    ]
    personal = {"because": event.because, "evidence": event.evidence}
    return JournalEntry(
        EntryKind.SUPPRESSION_LIFTED,
        now,
        number=event.e164,
        agent=event.by,
        data={"seller": event.seller, "requests": named},
        personal={name: text for name, text in personal.items() if text},
    )


def withdrawn(floor: FloorState, event: SuppressionWithdrawn, now: Instant) -> None:
    """An officer takes requests out, entered in error say: in force once committed, and for those
    alone that were there when it was asked. Where there is none made to this seller, nothing
    changes."""
    requests = floor.suppressions.requests_to(event.e164, event.seller)
    if not requests:
        return
    token = floor.record(lifted_entry(event, requests, now), durable=True)
    if token is not None:
        floor.lifting[token] = requests


# --- emergencies ------------------------------------------------------------------------------


def emergency_entry(event: EmergencyDeclared | EmergencyLifted, now: Instant) -> JournalEntry:
    """A state's emergency, or its end, as the journal writes it."""
    declared = isinstance(event, EmergencyDeclared)
    kind = EntryKind.EMERGENCY_DECLARED if declared else EntryKind.EMERGENCY_LIFTED
    data = {"state": event.state, "because": event.because}
    return JournalEntry(kind, now, agent=event.by, data=dict(data))


def emergency_declared(floor: FloorState, event: EmergencyDeclared, now: Instant) -> None:
    """No calls into a state while an emergency is declared there: dials into it that nobody has
    answered are given up (their leads come back, and wait), and what is in the hoppers was screened
    before, so it is offered and screened again."""
    being_lifted = [token for token, state in floor.lifting.items() if state == event.state]
    if event.state in floor.emergencies and not being_lifted:
        return
    for token in being_lifted:
        del floor.lifting[token]
    floor.record(emergency_entry(event, now), durable=True)
    floor.emergencies.add(event.state)
    for attempt in list(floor.attempts.values()):
        lead = attempt.lead
        if attempt.state in UNANSWERED:
            place = locate(lead.number, state=lead.state, postcode=lead.postcode)
            if event.state in place.states:
                cancel(floor, attempt, now, f"an emergency was declared in {event.state}")
    for desk in floor.desks.values():
        desk.hopper.clear()
        desk.look_again()


def emergency_lifted(floor: FloorState, event: EmergencyLifted, now: Instant) -> None:
    """In force once committed."""
    if event.state in floor.emergencies and event.state not in floor.lifting.values():
        token = floor.record(emergency_entry(event, now), durable=True)
        if token is not None:
            floor.lifting[token] = event.state


def pass_deadlines(floor: FloorState, now: Instant) -> None:
    """A callee is not held on the line for ever because our journal cannot commit."""
    for token, attempt in list(floor.suppressing.items()):
        if attempt.hang_up_by is not None and attempt.hang_up_by <= now:
            floor.let_go(token)
            floor.alarm(
                "request_not_committed",
                f"A request not to be called, made in attempt {attempt.attempt_id}, could not be "
                "written down before the call was hung up. It is in force and will be written; "
                "should the service end before that, enter it again.",
                now,
            )


# --- the journal's answer ---------------------------------------------------------------------


def journaled(floor: FloorState, token: int) -> None:
    """An entry is committed: what waited for it may happen."""
    floor.let_go(token)
    lifted = floor.lifting.pop(token, None)
    if lifted is None:
        return
    if isinstance(lifted, str):
        floor.emergencies.discard(lifted)
    else:
        floor.suppressions.lift(lifted)
    for desk in floor.desks.values():
        desk.look_again()
