"""Where an officer starts: how things stand, and the way to a number."""

from __future__ import annotations

from collections import Counter

from starlette.responses import Response
from starlette.routing import Route

from dialer.model.audit_reports import ChainStatus
from dialer.model.errors import JournalFault, OperatorError
from dialer.model.instant import DAY_MS, Instant
from dialer.web.officer.desk import Desk
from dialer.web.session import Visit

PATH = "/compliance"


class OverviewPage:
    def __init__(self, desk: Desk) -> None:
        self._desk = desk
        self._office = desk.office

    def routes(self) -> list[Route]:
        return [self._desk.route(PATH, self.page)]

    async def page(self, visit: Visit) -> Response:
        """Figures of the last 24 hours, and what is in force now."""
        since = Instant(self._office.now() - DAY_MS)
        refused: Counter[str] = Counter()
        for name in self._desk.campaigns():
            refused.update((await self._office.refusal_counts(name, since)).totals)
        chain: ChainStatus | None = None
        chain_fault = lists_fault = ""
        try:
            chain = await self._office.chain_status()
        except (OperatorError, JournalFault) as error:
            chain_fault = str(error)
        try:
            lists = list(await self._office.list_freshness())
        except OperatorError as error:
            lists, lists_fault = [], str(error)
        return self._desk.page(
            visit,
            "overview.html",
            PATH,
            campaigns=self._desk.campaigns(),
            verified=self._desk.verified,
            chain=chain,
            chain_fault=chain_fault,
            lists=lists,
            lists_fault=lists_fault,
            stale=[each.name for each in lists if each.stale],
            refused=refused,
            emergencies=await self._office.emergencies(),
            views=self._office.snapshot().campaigns,
            ruleset=self._office.ruleset,
        )
