"""Leads that were refused, in SQL: looked through, and offered again."""

from __future__ import annotations

import json
from collections.abc import Collection

from sqlalchemy import Connection, select, text

from dialer.model.leads import RefusedLead
from dialer.store.projections import REOPENED, Reopen
from dialer.store.tables import LEAD

# As the partial index says it: refused leads alone are looked through.
_REOPEN = "UPDATE lead SET " + ", ".join(f"{column} = :{column}" for column in REOPENED)
_REOPEN_LEADS, _REOPEN_NUMBERS, _REOPEN_PEOPLE = (
    text(f"{_REOPEN} WHERE state = 'REFUSED' AND {which}")
    for which in (
        "lead_id IN (SELECT value FROM json_each(:these))",
        "e164 IN (SELECT value FROM json_each(:these))",
        "contact IN (SELECT contact FROM lead WHERE contact != ''"
        " AND e164 IN (SELECT value FROM json_each(:these)))",
    )
)


def reopen(connection: Connection, change: Reopen) -> None:
    """See `Reopen`."""
    if change.leads:
        connection.execute(_REOPEN_LEADS, {**REOPENED, "these": json.dumps(change.leads)})
    if change.numbers:
        numbers = {**REOPENED, "these": json.dumps(change.numbers)}
        connection.execute(_REOPEN_NUMBERS, numbers)
        if change.people:
            connection.execute(_REOPEN_PEOPLE, numbers)


def refused_leads(
    connection: Connection, codes: Collection[str], after: int, limit: int
) -> list[RefusedLead]:
    """See `Store.refused_leads`."""
    found = connection.execute(
        select(LEAD.c.lead_id, LEAD.c.campaign, LEAD.c.e164, LEAD.c.refused_code)
        .where(text("state = 'REFUSED'"), LEAD.c.refused_code.in_(sorted(codes)))
        .where(LEAD.c.lead_id > after)
        .order_by(LEAD.c.lead_id)
        .limit(limit)
    )
    return [RefusedLead(*row) for row in found]
