"""Leads in SQL: taken in from a file, offered to the hopper. No rules here: what order leads come
in and when they are eligible was written into their rows by others.

Finding the lowest order keys among the leads eligible now is a question in two dimensions, and one
index serves only one of them. So there are two, and a look at how many leads are eligible decides:
a few are all read by time and sorted; of many, the first ones by order are soon found.
"""

from __future__ import annotations

import json
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from itertools import islice
from typing import Any

from sqlalchemy import Connection, Row, func, insert, select, text

from dialer.model.commands import RefillHopper
from dialer.model.events import LeadsOffered
from dialer.model.instant import Instant
from dialer.model.leads import Lead, LeadFile
from dialer.model.numbers import PhoneNumber
from dialer.model.records import NO_RECORDS, NumberRecords
from dialer.model.reports import ImportReport
from dialer.store.imports import Sifted, imported_before, sift
from dialer.store.record_rows import records_of
from dialer.store.tables import LEAD, LEAD_LIST, REJECTED_ROW

FEW = 5_000
"""Up to so many eligible leads are sorted; among more, the index by order is walked."""

_CHUNK = 500


_ELIGIBLE = "campaign = :campaign AND state = 'OPEN' AND next_eligible_at <= :now"
_COUNT = text(
    "SELECT count(*) FROM (SELECT 1 FROM lead INDEXED BY lead_by_time"
    f" WHERE {_ELIGIBLE} LIMIT {FEW + 1})"
)
_BY_TIME, _BY_ORDER = (
    text(
        f"SELECT * FROM lead INDEXED BY {index}"
        f" WHERE {_ELIGIBLE} ORDER BY order_key, lead_id LIMIT :count"
    )
    for index in ("lead_by_time", "lead_by_order")
)
_LATER = text(
    "SELECT lead_id, next_eligible_at FROM lead INDEXED BY lead_by_time"
    " WHERE campaign = :campaign AND state = 'OPEN' AND next_eligible_at > :now"
    " ORDER BY next_eligible_at LIMIT :count"
)


def offer(connection: Connection, wanted: RefillHopper) -> LeadsOffered:
    """The answer to RefillHopper, as of the connection's transaction."""
    asked = {"campaign": wanted.campaign, "now": wanted.now}
    many = (connection.scalar(_COUNT, asked) or 0) > FEW
    # Held leads may be the very first ones: read as many more, and leave them out here.
    rows = connection.execute(
        _BY_ORDER if many else _BY_TIME, asked | {"count": wanted.count + len(wanted.held)}
    ).all()
    free = (row for row in rows if row.lead_id not in wanted.held)
    chosen = list(islice(free, wanted.count))
    known = records_of(connection, [row.e164 for row in chosen])
    leads = tuple(_with_numbers(connection, chosen, known, {wanted.campaign, *wanted.linked_in}))
    later: Instant | None = None
    if len(leads) < wanted.count:
        waiting = connection.execute(_LATER, asked | {"count": len(wanted.held) + 1}).all()
        times = (row.next_eligible_at for row in waiting if row.lead_id not in wanted.held)
        later = next((Instant(at) for at in times), None)
    return LeadsOffered(wanted.campaign, leads, later)


def lead_of_number(
    connection: Connection, campaign: str, e164: str, linked_in: Collection[str]
) -> Lead | None:
    """See `Store.lead_of_number`."""
    row = connection.execute(
        select(LEAD).where(LEAD.c.campaign == campaign, LEAD.c.e164 == e164)
    ).one_or_none()
    if row is None:
        return None
    known = records_of(connection, [e164])
    return next(_with_numbers(connection, [row], known, {campaign, *linked_in}))


def _with_numbers(
    connection: Connection,
    rows: Sequence[Row[Any]],
    known: Mapping[str, NumberRecords],
    campaigns: Collection[str],
) -> Iterator[Lead]:
    """The leads of the rows, each with the other numbers of its person in these campaigns."""
    theirs = _numbers_of(connection, campaigns, {row.contact for row in rows if row.contact})
    for row in rows:
        linked = tuple(each for each in theirs.get(row.contact, ()) if each != row.e164)
        yield lead_of(row, known.get(row.e164, NO_RECORDS), linked)


def _numbers_of(
    connection: Connection, campaigns: Collection[str], contacts: Iterable[str]
) -> dict[str, list[str]]:
    """The numbers of each contact among the leads of these campaigns, sorted."""
    asked = sorted(contacts)
    found: dict[str, set[str]] = {}
    for start in range(0, len(asked), _CHUNK):
        rows = connection.execute(
            select(LEAD.c.contact, LEAD.c.e164).where(
                text("contact != ''"),  # said as the index says it
                LEAD.c.contact.in_(asked[start : start + _CHUNK]),
                LEAD.c.campaign.in_(campaigns),
            )
        )
        for row in rows:
            found.setdefault(row.contact, set()).add(row.e164)
    return {contact: sorted(numbers) for contact, numbers in found.items()}


def lead_of(
    row: Row[Any], records: NumberRecords = NO_RECORDS, linked: tuple[str, ...] = ()
) -> Lead:
    """The lead a row of table `lead` holds, with what is known of its number and its person's
    others."""
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
        state=row.address_state,
        postcode=row.postcode,
        records=records,
        contact=row.contact,
        linked=linked,
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
