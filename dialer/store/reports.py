"""Questions people and restarts ask, answered from the projections in SQL."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sqlalchemy import Connection, Row, case, func, select, true, union_all

from dialer.model.calls import AttemptId, VerdictKind
from dialer.model.campaigns import CampaignState
from dialer.model.events import AnsweredCall, OpenAttempt, Restored
from dialer.model.instant import DAY_MS, Instant
from dialer.model.leads import LeadState
from dialer.model.records import PastAttempt
from dialer.model.reports import CampaignReport, RefusalRow, Role, User
from dialer.model.suppression import SuppressionSource
from dialer.store.lead_queue import lead_of
from dialer.store.projections import suppression_of
from dialer.store.tables import (
    CALL_ATTEMPT,
    CAMPAIGN_STATE,
    LEAD,
    REJECTED_ROW,
    STATE_EMERGENCY,
    SUPPRESSION,
    USER,
)

RECENT_MS = 3 * DAY_MS
"""How far back `Restored.recent_dials` and `recent_drops` reach: a person dropped is left alone for
up to 72 hours, attempt limits look back 24, and a clock that was set back by some hours must not
lose a dial."""

ANSWERED_CALLS_MS = 30 * DAY_MS
"""The drop account's window (16 CFR 310.4(b)(4)(i))."""

MACHINES = (VerdictKind.MACHINE, VerdictKind.FAX)


def campaign_report(connection: Connection, campaign: str) -> CampaignReport:
    """See `Store.campaign_report`."""
    attempt = CALL_ATTEMPT.c
    ours = attempt.campaign == campaign
    sums = connection.execute(
        select(
            _count(attempt.placed == true()).label("dials"),
            _count(attempt.answered == true()).label("answered"),
            _count(attempt.live == true()).label("live"),
            _count(attempt.verdict.in_(MACHINES)).label("machines"),
            _count(attempt.bridged_at.is_not(None)).label("connected"),
            _count(attempt.dropped == true()).label("dropped"),
            func.coalesce(func.sum(attempt.talk_ms), 0).label("talk_ms"),
        ).where(ours)
    ).one()
    states = _tally(connection, LEAD.c.state, LEAD.c.campaign == campaign)
    waits = connection.scalars(
        select(attempt.verdict_to_agent_ms)
        .where(ours, attempt.verdict_to_agent_ms.is_not(None))
        .order_by(attempt.attempt_id)
    )
    rejected = select(func.count()).where(REJECTED_ROW.c.campaign == campaign)
    return CampaignReport(
        campaign=campaign,
        leads=sum(states.values()),
        leads_rejected=connection.scalar(rejected) or 0,
        refused=_tally(connection, LEAD.c.refused_code, LEAD.c.campaign == campaign),
        dials=sums.dials,
        answered=sums.answered,
        live=sums.live,
        machines=sums.machines,
        connected=sums.connected,
        dropped=sums.dropped,
        dispositions=_tally(connection, attempt.disposition, ours),
        causes=_tally(connection, attempt.cause, ours),
        talk_ms=sums.talk_ms,
        verdict_to_agent_ms=tuple(waits),
        leads_open=states.get(LeadState.OPEN, 0),
        leads_done=states.get(LeadState.DONE, 0),
    )


def _count(condition: Any) -> Any:
    return func.coalesce(func.sum(case((condition, 1), else_=0)), 0)


def _tally(connection: Connection, column: Any, condition: Any) -> dict[str, int]:
    """How many rows hold each value of a column, nulls left out, most first."""
    rows = connection.execute(
        select(column, func.count())
        .where(condition, column.is_not(None))
        .group_by(column)
        .order_by(func.count().desc(), column)
    )
    return {row[0]: row[1] for row in rows}


def refusals(connection: Connection, campaign: str, limit: int) -> tuple[RefusalRow, ...]:
    """See `Store.refusals`."""
    row, lead = REJECTED_ROW.c, LEAD.c
    from_files = (
        select(row.line, row.list_name, row.value, row.code, row.explain, row.at)
        .where(row.campaign == campaign)
        .order_by(row.at.desc(), row.line)
        .limit(limit)
        .subquery()
    )
    from_screening = (
        select(
            lead.line,
            lead.list_name,
            lead.e164.label("value"),
            lead.refused_code.label("code"),
            lead.refused_explain.label("explain"),
            lead.refused_at.label("at"),
        )
        .where(lead.campaign == campaign, lead.refused_code.is_not(None))
        .order_by(lead.refused_at.desc(), lead.line)
        .limit(limit)
        .subquery()
    )
    both = union_all(select(from_files), select(from_screening)).subquery()
    rows = connection.execute(select(both).order_by(both.c.at.desc(), both.c.line).limit(limit))
    return tuple(
        RefusalRow(r.line, r.list_name, r.value, r.code, r.explain, Instant(r.at)) for r in rows
    )


def restored(connection: Connection, now: Instant) -> Restored:
    """What the floor must remember across a restart; see `Restored`."""
    attempt = CALL_ATTEMPT.c
    last = connection.scalar(select(func.max(attempt.attempt_id))) or 0
    open_attempts = connection.execute(
        select(
            LEAD,
            attempt.attempt_id,
            attempt.number,
            attempt.campaign.label("dialled_by"),
            attempt.dialled_at,
        )
        .join(CALL_ATTEMPT, attempt.lead_id == LEAD.c.lead_id)
        .where(attempt.ended_at.is_(None))
        .order_by(attempt.attempt_id)
    )
    dials = connection.execute(
        select(
            attempt.number,
            attempt.dialled_at,
            attempt.seller,
            attempt.subject,
            attempt.caller_id,
        )
        .where(
            attempt.dialled_at >= now - RECENT_MS,
            attempt.counted == true(),
        )
        .order_by(attempt.dialled_at, attempt.attempt_id)
    )
    drops = connection.execute(
        select(attempt.number, attempt.dropped_at)
        .where(attempt.dropped_at >= now - RECENT_MS)
        .order_by(attempt.dropped_at, attempt.attempt_id)
    )
    answered = connection.execute(
        select(attempt.campaign, attempt.answered_at, attempt.dropped)
        .where(attempt.live == true(), attempt.answered_at >= now - ANSWERED_CALLS_MS)
        .order_by(attempt.answered_at, attempt.attempt_id)
    )
    asked = connection.execute(
        select(SUPPRESSION)
        .where(SUPPRESSION.c.source == SuppressionSource.REQUEST)
        .order_by(SUPPRESSION.c.since, SUPPRESSION.c.e164)
    )
    emergencies = connection.scalars(
        select(STATE_EMERGENCY.c.state).order_by(STATE_EMERGENCY.c.state)
    )
    states = connection.execute(select(CAMPAIGN_STATE).order_by(CAMPAIGN_STATE.c.campaign))
    return Restored(
        next_attempt=AttemptId(last + 1),
        open_attempts=tuple(
            OpenAttempt(
                AttemptId(row.attempt_id),
                lead_of(row),
                row.number,
                row.dialled_by,
                Instant(row.dialled_at),
            )
            for row in open_attempts
        ),
        recent_dials=tuple(
            (
                row.number,
                PastAttempt(Instant(row.dialled_at), row.seller, row.subject, row.caller_id),
            )
            for row in dials
        ),
        recent_drops=tuple((row.number, Instant(row.dropped_at)) for row in drops),
        answered_calls=tuple(
            AnsweredCall(row.campaign, Instant(row.answered_at), row.dropped) for row in answered
        ),
        suppressions=tuple(suppression_of(row._asdict()) for row in asked),
        emergencies=tuple(emergencies),
        campaign_states=tuple((row.campaign, CampaignState(row.state)) for row in states),
    )


def user(connection: Connection, name: str) -> tuple[User, str] | None:
    """The user and their password hash."""
    row = connection.execute(select(USER).where(USER.c.name == name)).one_or_none()
    return None if row is None else (_user_of(row), row.password_hash)


def users(connection: Connection) -> Sequence[User]:
    """Everybody who can sign in, by name."""
    return [_user_of(row) for row in connection.execute(select(USER).order_by(USER.c.name))]


def _user_of(row: Row[Any]) -> User:
    return User(row.name, row.display_name, Role(row.role))
