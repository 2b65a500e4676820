"""The journal, entry by entry."""

from __future__ import annotations

import json

from starlette.responses import Response
from starlette.routing import Route

from dialer.model.journal import EntryKind, StoredEntry
from dialer.web.officer.desk import Desk
from dialer.web.session import Visit

PATH = "/compliance/journal"
ENTRIES_PER_PAGE = 100


class JournalPages:
    def __init__(self, desk: Desk) -> None:
        self._desk = desk
        self._office = desk.office

    def routes(self) -> list[Route]:
        return [self._desk.route(PATH, self.page)]

    async def page(self, visit: Visit) -> Response:
        """Query: `number` in any spelling, `kind`, and `before` (a sequence number)."""
        query = visit.request.query_params
        number = query.get("number", "").strip()
        problem, e164 = "", ""
        if number:
            e164 = (await self._office.check_number(number)).e164
            if not e164:
                problem = f"“{number}” is not a phone number: write it with its area code."
        kind = query.get("kind", "")
        if kind not in EntryKind.__members__:
            kind = ""
        before = sequence_number(query.get("before", ""))
        entries: list[StoredEntry] = []
        if not problem:
            limit = ENTRIES_PER_PAGE + 1
            entries += await self._office.journal(
                before=before, limit=limit, number=e164, kind=kind
            )
        shown = entries[:ENTRIES_PER_PAGE]
        return self._desk.page(
            visit,
            "journal.html",
            PATH,
            number=number,
            problem=problem,
            kind=kind,
            kinds=list(EntryKind),
            before=before,
            entries=[(stored, data_text(stored)) for stored in shown],
            older=shown[-1].seq if len(entries) > ENTRIES_PER_PAGE else None,
        )


def data_text(stored: StoredEntry) -> str:
    """What an entry says, as JSON; what it once said and was erased is marked."""
    told = {**stored.entry.data, **dict.fromkeys(stored.erased, "erased"), **stored.entry.personal}
    return json.dumps(told, indent=2, ensure_ascii=False, sort_keys=True)


def sequence_number(text: str) -> int | None:
    """The number of an entry, None for anything else."""
    return int(text) if text.isascii() and text.isdecimal() and len(text) < 19 else None
