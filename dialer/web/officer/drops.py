"""A campaign's dropped calls in a month, as regulators ask for them."""

from __future__ import annotations

from starlette.responses import Response
from starlette.routing import Route

from dialer.model.drop_reports import DropSheet
from dialer.model.errors import OperatorError
from dialer.model.instant import utc
from dialer.web.officer.desk import Desk, problems_by_field
from dialer.web.session import Visit

PATH = "/compliance/drops"


class DropPages:
    def __init__(self, desk: Desk) -> None:
        self._desk = desk
        self._office = desk.office

    def routes(self) -> list[Route]:
        return [self._desk.route(PATH, self.page)]

    async def page(self, visit: Visit) -> Response:
        """Query: `campaign` (one that is no longer loaded may be written too) and `month`
        (`2026-12`; this one if left out)."""
        query = visit.request.query_params
        campaign = query.get("campaign", "").strip() or self._desk.chosen_campaign("")
        month = query.get("month", "").strip() or utc(self._office.now()).strftime("%Y-%m")
        sheet: DropSheet | None = None
        problems: dict[str, str] = {}
        if campaign:
            try:
                sheet = await self._office.drop_sheet(campaign, month)
            except OperatorError as error:
                problems = problems_by_field(
                    error.problems, {campaign: "campaign"}, ("campaign", "month")
                )
        return self._desk.page(
            visit,
            "drops.html",
            PATH,
            status=422 if problems else 200,
            campaign=campaign,
            campaigns=self._desk.campaigns(),
            month=month,
            sheet=sheet,
            problems=problems,
        )
