"""Leads in SQL: taken in from a file, offered to the hopper. No rules here: what order leads come
in and when they are eligible was written into their rows by others.

Finding the lowest order keys among the leads eligible now is a question in two dimensions, and one
index serves only one of them. So there are two, and a look at how many leads are eligible decides:
a few are all read by time and sorted; of many, the first ones by order are soon found.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

from sqlalchemy import Connection, Row, Select, func, insert, select

from dialer.model.commands import RefillHopper
from dialer.model.events import LeadsOffered
from dialer.model.instant import Instant
from dialer.model.leads import Lead, LeadFile, LeadState
from dialer.model.numbers import PhoneNumber
from dialer.model.reports import ImportReport
from dialer.store.imports import Sifted, imported_before, sift
from dialer.store.tables import LEAD, LEAD_LIST, REJECTED_ROW

FEW = 5_000
"""Up to so many eligible leads are sorted; among more, the index by order is walked."""

_CHUNK = 500


def offer(connection: Connection, wanted: RefillHopper) -> LeadsOffered:
    """The answer to RefillHopper, as of the connection's transaction."""
    leads: list[Lead] = []
    # Held leads may be the very first ones: read as many more, and leave them out here.
    for row in connection.execute(_eligible(connection, wanted, wanted.count + len(wanted.held))):
        if row.lead_id not in wanted.held and len(leads) < wanted.count:
            leads.append(lead_of(row))
    later: Instant | None = None
    if len(leads) < wanted.count:
        rows = connection.execute(
            select(LEAD.c.lead_id, LEAD.c.next_eligible_at)
            .with_hint(LEAD, "INDEXED BY lead_by_time", "sqlite")
            .where(
                LEAD.c.campaign == wanted.campaign,
                LEAD.c.state == LeadState.OPEN,
                LEAD.c.next_eligible_at > wanted.now,
            )
            .order_by(LEAD.c.next_eligible_at)
            .limit(len(wanted.held) + 1)
        )
        free = (row.next_eligible_at for row in rows if row.lead_id not in wanted.held)
        later = next((Instant(at) for at in free), None)
    return LeadsOffered(wanted.campaign, tuple(leads), later)


def _eligible(connection: Connection, wanted: RefillHopper, count: int) -> Select[Any]:
    eligible = (
        LEAD.c.campaign == wanted.campaign,
        LEAD.c.state == LeadState.OPEN,
        LEAD.c.next_eligible_at <= wanted.now,
    )
    some = (
        select(LEAD.c.lead_id)
        .with_hint(LEAD, "INDEXED BY lead_by_time", "sqlite")
        .where(*eligible)
        .limit(FEW + 1)
        .subquery()
    )
    many = (connection.scalar(select(func.count()).select_from(some)) or 0) > FEW
    index = "lead_by_order" if many else "lead_by_time"
    return (
        select(LEAD)
        .with_hint(LEAD, f"INDEXED BY {index}", "sqlite")
        .where(*eligible)
        .order_by(LEAD.c.order_key, LEAD.c.lead_id)
        .limit(count)
    )


def lead_of(row: Row[Any]) -> Lead:
    """The lead a row of table `lead` holds."""
    return Lead(
        lead_id=row.lead_id,
        campaign=row.campaign,
        list_name=row.list_name,
        line=row.line,
        number=PhoneNumber(row.e164, row.region, tuple(json.loads(row.zones_json))),
        fields=json.loads(row.fields_json),
        attempts=row.attempts,
        order_key=row.order_key,
        next_eligible_at=Instant(row.next_eligible_at or 0),
        callback_for=row.callback_for,
    )


def sift_file(
    connection: Connection, campaign: str, file: LeadFile, order_keys: Sequence[int]
) -> Sifted | ImportReport:
    """What a file brings the campaign; a report at once where it was imported before."""
    before = connection.execute(
        select(LEAD_LIST.c.name, LEAD_LIST.c.imported_at).where(
            LEAD_LIST.c.campaign == campaign, LEAD_LIST.c.sha256 == file.sha256
        )
    ).one_or_none()
    if before is not None:
        return imported_before(campaign, file, before.name, Instant(before.imported_at))
    known: dict[str, tuple[str, int]] = {}
    numbers = [lead.number.e164 for lead in file.leads]
    for start in range(0, len(numbers), _CHUNK):
        rows = connection.execute(
            select(LEAD.c.e164, LEAD.c.list_name, LEAD.c.line).where(
                LEAD.c.campaign == campaign, LEAD.c.e164.in_(numbers[start : start + _CHUNK])
            )
        )
        known.update((row.e164, (row.list_name, row.line)) for row in rows)
    return sift(campaign, file, order_keys, known)


def store_rows(connection: Connection, sifted: Sifted, now: Instant) -> None:
    """Insert a file's leads and rejected rows."""
    first = (connection.scalar(select(func.max(LEAD.c.lead_id))) or 0) + 1
    if leads := sifted.lead_rows(first):
        connection.execute(insert(LEAD), leads)
    if rejected := sifted.rejected_rows(now):
        connection.execute(insert(REJECTED_ROW), rejected)
