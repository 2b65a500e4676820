"""A campaign's refusals by reason over time."""

from __future__ import annotations

from starlette.responses import Response
from starlette.routing import Route

from dialer.compliance.reason_texts import REASON_TEXTS
from dialer.model.audit_reports import RefusalCounts
from dialer.model.instant import DAY_MS, Instant
from dialer.web.officer.desk import Desk
from dialer.web.officer.picture import OTHER, bucket_words, draw
from dialer.web.session import Visit

PATH = "/compliance/refusals"
PERIODS = {"1": "the last day", "3": "3 days", "7": "7 days", "30": "30 days", "90": "90 days"}
"""In days, and in words."""


class RefusalPages:
    def __init__(self, desk: Desk) -> None:
        self._desk = desk
        self._office = desk.office

    def routes(self) -> list[Route]:
        return [self._desk.route(PATH, self.page)]

    async def page(self, visit: Visit) -> Response:
        """Query: `campaign`, and `days` of `PERIODS`."""
        query = visit.request.query_params
        campaign = self._desk.chosen_campaign(query.get("campaign", ""))
        days = query.get("days", "")
        days = days if days in PERIODS else "1"
        counts: RefusalCounts | None = None
        if campaign:
            since = Instant(self._office.now() - int(days) * DAY_MS)
            counts = await self._office.refusal_counts(campaign, since)
        return self._desk.page(
            visit,
            "refusals.html",
            PATH,
            campaign=campaign,
            campaigns=self._desk.campaigns(),
            days=days,
            periods=PERIODS,
            counts=counts,
            screened=0 if counts is None else counts.allowed + sum(counts.totals.values()),
            picture=None if counts is None else draw(counts),
            other=OTHER,
            bucket_words=bucket_words,
            meaning=REASON_TEXTS,
        )
