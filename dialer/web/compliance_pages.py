"""The compliance officer's page: check a number, read the journal, verify its chain."""

from __future__ import annotations

import json
from dataclasses import dataclass

from starlette.responses import RedirectResponse, Response
from starlette.routing import Route

from dialer.model.instant import Instant
from dialer.model.journal import EntryKind, StoredEntry, Verification
from dialer.model.reports import NumberCheck, Role
from dialer.web.live import LiveSource
from dialer.web.session import Visit
from dialer.web.site import Site

ENTRIES_PER_PAGE = 100


@dataclass(frozen=True, slots=True)
class _Verified:
    """The newest check of the chain: what came of it, when, and who asked."""

    verification: Verification
    at: Instant
    by: str


class CompliancePages:
    def __init__(self, site: Site) -> None:
        self._site = site
        self._office = site.office
        self._verified: _Verified | None = None

    def routes(self) -> list[Route]:
        guard = self._site.sessions.guard
        return [
            Route("/compliance", guard(self.page, Role.COMPLIANCE)),
            Route("/compliance/verify", guard(self.verify, Role.COMPLIANCE), methods=["POST"]),
        ]

    def live(self, visit: Visit) -> LiveSource:
        """Only the notices: a journal that moves while it is read cannot be read."""
        return LiveSource(
            lambda snapshot: self._site.notices_subject(visit, snapshot),
            lambda snapshot: (self._site.notices(visit, snapshot),),
        )

    async def page(self, visit: Visit) -> Response:
        """Query: `check` (a number in any spelling) and `campaign` for the check; `number`, `kind`
        and `before` (a sequence number) for the journal."""
        query = visit.request.query_params
        checked = query.get("check", "").strip()
        campaign = query.get("campaign", "")
        snapshot = self._office.snapshot()
        if snapshot.campaign(campaign) is None:
            campaign = ""
        check: NumberCheck | None = None
        if checked:
            check = await self._office.check_number(checked, campaign)
        number = query.get("number", "").strip()
        filter_problem, e164 = "", ""
        if number:
            e164 = (await self._office.check_number(number)).e164
            if not e164:
                filter_problem = f"“{number}” is not a phone number: write it with its area code."
        kind = query.get("kind", "")
        if kind not in EntryKind.__members__:
            kind = ""
        before = _sequence_number(query.get("before", ""))
        entries = (
            []
            if filter_problem
            else list(
                await self._office.journal(
                    before=before, limit=ENTRIES_PER_PAGE + 1, number=e164, kind=kind
                )
            )
        )
        shown = entries[:ENTRIES_PER_PAGE]
        return self._site.full(
            visit,
            "compliance.html",
            live={"page": "compliance"},
            campaigns=[(view.campaign.name, view.campaign.title) for view in snapshot.campaigns],
            checked=checked,
            campaign=campaign,
            check=check,
            number=number,
            filter_problem=filter_problem,
            kind=kind,
            kinds=list(EntryKind),
            before=before,
            entries=[(stored, _data_text(stored)) for stored in shown],
            older=shown[-1].seq if len(entries) > ENTRIES_PER_PAGE else None,
            verified=self._verified,
        )

    async def verify(self, visit: Visit) -> Response:
        verification = await self._office.verify()
        self._verified = _Verified(verification, self._office.now(), visit.user.display_name)
        return RedirectResponse("/compliance#chain", 303)


def _data_text(stored: StoredEntry) -> str:
    told = {**stored.entry.data, **dict.fromkeys(stored.erased, "erased"), **stored.entry.personal}
    return json.dumps(told, indent=2, ensure_ascii=False, sort_keys=True)


def _sequence_number(text: str) -> int | None:
    return int(text) if text.isascii() and text.isdecimal() and len(text) < 19 else None
