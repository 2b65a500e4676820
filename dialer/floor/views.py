"""The floor as everybody else sees it."""

from __future__ import annotations

from collections import Counter

from dialer.floor.desk import Desk
from dialer.floor.state import AgentSession, FloorState, counted
from dialer.model.calls import AttemptState
from dialer.model.instant import Instant
from dialer.model.snapshot import AgentView, CallView, CampaignView, FloorSnapshot


def snapshot(floor: FloorState, version: int, now: Instant) -> FloorSnapshot:
    """The immutable view at `now`."""
    return FloorSnapshot(
        version=version,
        at=now,
        campaigns=tuple(_campaign(floor, desk, now) for desk in floor.desks.values()),
        agents=tuple(_agent(session) for session in floor.agents.values()),
        capacity=floor.capacity,
        legs_in_use=len(floor.legs),
        journal_ok=floor.journal_ok,
        draining=floor.draining,
        alarms=tuple(floor.alarms),
    )


def _campaign(floor: FloorState, desk: Desk, now: Instant) -> CampaignView:
    stages = Counter(attempt.state for attempt in floor.of_desk(desk))
    used_up = desk.dry and desk.refill_at is None and not desk.hopper and not stages
    return CampaignView(
        campaign=desk.campaign,
        state=desk.state,
        stages=dict(stages),
        hopper=len(desk.hopper),
        dials=desk.dials,
        answered=desk.answered,
        live=desk.live,
        machines=desk.machines,
        connected=desk.connected,
        dropped=desk.dropped,
        drop_rate=desk.account.rate(now),
        refused=counted(desk.refused),
        dispositions=counted(desk.dispositions),
        not_dialling=desk.not_dialling,
        dry=desk.dry,
        next_lead_at=desk.refill_at,
        finished=used_up,
    )


def _agent(session: AgentSession) -> AgentView:
    return AgentView(
        name=session.profile.name,
        display_name=session.profile.display_name,
        campaign=session.campaign,
        state=session.state,
        since=session.since,
        phone_up=session.phone_up,
        call=_call(session),
        pending=session.pending,
        notice=session.notice,
    )


def _call(session: AgentSession) -> CallView | None:
    if session.preview is not None:
        return CallView(session.preview.lead, None, None, None)
    attempt = session.call
    if attempt is None:
        return None
    return CallView(
        attempt.lead,
        attempt.attempt_id,
        attempt.state,
        attempt.entered.get(AttemptState.BRIDGED),
        session.notice,
        attempt.opted_out,
    )
