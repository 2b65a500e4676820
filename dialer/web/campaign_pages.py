"""The manager's pages: live numbers, start and stop, lead files, and who was not called and why."""

from __future__ import annotations

import math
import secrets
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from urllib.parse import quote

from starlette.datastructures import UploadFile
from starlette.exceptions import HTTPException
from starlette.responses import RedirectResponse, Response
from starlette.routing import Route

from dialer.model.agents import AgentState
from dialer.model.campaigns import CampaignState
from dialer.model.errors import OperatorError, Problem
from dialer.model.events import CampaignStateAsked
from dialer.model.instant import SECOND_MS, rfc3339
from dialer.model.reports import CampaignReport, ImportReport, Role
from dialer.model.snapshot import AgentView, CampaignView, FloorSnapshot
from dialer.web.downloads import csv_download
from dialer.web.forms import FORM_LIMIT, UPLOAD_LIMIT, text_field
from dialer.web.live import LiveSource
from dialer.web.rendering import Region
from dialer.web.session import Visit
from dialer.web.site import Site

ROLES = (Role.MANAGER, Role.COMPLIANCE)
REFUSALS_PER_PAGE = 100
_ALL_REFUSALS = 1_000_000
_IMPORT_ROWS_SHOWN = 500
_IMPORTS_KEPT = 8
_PROMPT_MS = 2 * SECOND_MS
"""A live call counts as dropped where no agent was there within 2 s (16 CFR 310.4(b)(1)(iv))."""


@dataclass(frozen=True, slots=True)
class Waits:
    """How fast agents came to live calls: from the verdict, in ms."""

    median_ms: int
    p95_ms: int
    worst_ms: int
    prompt_share: float


class CampaignPages:
    """Import results are kept for a while in memory, so that a reload shows them again; the refused
    rows themselves are in the store."""

    def __init__(self, site: Site) -> None:
        self._site = site
        self._office = site.office
        self._imports: dict[str, ImportReport] = {}

    def routes(self) -> list[Route]:
        guard = self._site.sessions.guard
        one = "/campaigns/{name}"
        return [
            Route("/campaigns", guard(self.listing, *ROLES)),
            Route(one, guard(self.page, *ROLES)),
            Route(f"{one}/state", guard(self.ask_state, Role.MANAGER), methods=["POST"]),
            Route(
                f"{one}/leads",
                guard(self.upload, Role.MANAGER, form_limit=UPLOAD_LIMIT + FORM_LIMIT),
                methods=["POST"],
            ),
            Route(f"{one}/imports/{{token}}", guard(self.imported, *ROLES)),
            Route(f"{one}/imports/{{token}}/refused.csv", guard(self.imported_csv, *ROLES)),
            Route(f"{one}/refusals", guard(self.refusals, *ROLES)),
            Route(f"{one}/refusals.csv", guard(self.refusals_csv, *ROLES)),
        ]

    def live_list(self, visit: Visit) -> LiveSource:
        return LiveSource(
            lambda snapshot: (
                snapshot.campaigns,
                snapshot.agents,
                self._site.notices_subject(visit, snapshot),
            ),
            lambda snapshot: self._list_regions(visit, snapshot),
        )

    def live_one(self, visit: Visit) -> LiveSource:
        name = visit.request.query_params.get("name", "")
        _view(self._office.snapshot(), name)
        return LiveSource(
            lambda snapshot: (
                snapshot.campaign(name),
                snapshot.agents,
                snapshot.capacity,
                snapshot.legs_in_use,
                self._site.notices_subject(visit, snapshot),
            ),
            lambda snapshot: self._campaign_regions(visit, snapshot, name),
        )

    # --- pages --------------------------------------------------------------------------------

    async def listing(self, visit: Visit) -> Response:
        regions = self._list_regions(visit, self._office.snapshot())
        return self._site.full(
            visit,
            "campaigns.html",
            live={"page": "campaigns"},
            regions={region.name: region for region in regions},
        )

    async def page(self, visit: Visit) -> Response:
        return await self._page(visit)

    async def ask_state(self, visit: Visit) -> Response:
        view = _view(self._office.snapshot(), _name(visit))
        asked = text_field(visit.form, "state")
        if asked not in CampaignState.__members__:
            raise HTTPException(400, f"“{asked}” is not a state a campaign can be in.")
        name = view.campaign.name
        await self._office.send(CampaignStateAsked(name, CampaignState(asked), visit.user.name))
        return RedirectResponse(f"/campaigns/{quote(name)}", 303)

    async def upload(self, visit: Visit) -> Response:
        name = _view(self._office.snapshot(), _name(visit)).campaign.name
        file = visit.form.get("file")
        if not isinstance(file, UploadFile) or not file.filename:
            nothing = Problem("Lead file", None, "none was chosen", "", "Choose a CSV file first.")
            return await self._page(visit, (nothing,), 422)
        try:
            report = await self._office.import_leads(
                name, file.filename, await file.read(), visit.user.name
            )
        except OperatorError as error:
            return await self._page(visit, error.problems, 422)
        token = secrets.token_hex(8)
        while len(self._imports) >= _IMPORTS_KEPT:
            del self._imports[next(iter(self._imports))]
        self._imports[token] = report
        return RedirectResponse(f"/campaigns/{quote(name)}/imports/{token}", 303)

    async def imported(self, visit: Visit) -> Response:
        report = self._import(visit)
        return self._site.full(
            visit,
            "import.html",
            report=report,
            shown=report.rejected[:_IMPORT_ROWS_SHOWN],
            token=visit.request.path_params["token"],
        )

    async def imported_csv(self, visit: Visit) -> Response:
        return csv_download(
            "refused_rows.csv",
            ("line", "value", "reason", "remedy"),
            (
                (str(row.line), row.value, row.reason, row.remedy)
                for row in self._import(visit).rejected
            ),
        )

    async def refusals(self, visit: Visit) -> Response:
        name = _view(self._office.snapshot(), _name(visit)).campaign.name
        asked = visit.request.query_params.get("page", "1")
        page = int(asked) if asked.isascii() and asked.isdecimal() and len(asked) < 6 else 1
        start = (max(page, 1) - 1) * REFUSALS_PER_PAGE
        rows = await self._office.refusals(name, start + REFUSALS_PER_PAGE + 1)
        return self._site.full(
            visit,
            "refusals.html",
            name=name,
            page=max(page, 1),
            first=start + 1,
            rows=rows[start : start + REFUSALS_PER_PAGE],
            more=len(rows) > start + REFUSALS_PER_PAGE,
        )

    async def refusals_csv(self, visit: Visit) -> Response:
        name = _view(self._office.snapshot(), _name(visit)).campaign.name
        rows = await self._office.refusals(name, _ALL_REFUSALS)
        return csv_download(
            "refusals.csv",
            ("at", "list", "line", "value", "code", "explain"),
            (
                (
                    rfc3339(row.at),
                    row.list_name,
                    str(row.line) if row.line else "",
                    row.value,
                    row.code,
                    row.explain,
                )
                for row in rows
            ),
        )

    # --- how --------------------------------------------------------------------------------

    async def _page(
        self, visit: Visit, problems: Sequence[Problem] = (), status: int = 200
    ) -> Response:
        name = _name(visit)
        view = _view(self._office.snapshot(), name)
        report = await self._office.campaign_report(name)
        regions = self._campaign_regions(visit, self._office.snapshot(), name)
        return self._site.full(
            visit,
            "campaign.html",
            status=status,
            live={"page": "campaign", "name": name},
            regions={region.name: region for region in regions},
            campaign=view.campaign,
            report=report,
            waits=waits(report),
            problems=problems,
            upload_limit=UPLOAD_LIMIT,
            may_change=visit.may(Role.MANAGER),
        )

    def _import(self, visit: Visit) -> ImportReport:
        report = self._imports.get(visit.request.path_params["token"])
        if report is None or report.campaign != _name(visit):
            raise HTTPException(
                404,
                "This result is no longer kept. The campaign's refusals page has every refused "
                "row, and importing the same file again loads nothing twice.",
            )
        return report

    def _list_regions(self, visit: Visit, snapshot: FloorSnapshot) -> Sequence[Region]:
        rows = [(view, _of_campaign(snapshot, view)) for view in snapshot.campaigns]
        return (
            self._site.notices(visit, snapshot),
            self._site.pages.region("campaigns", "campaigns/rows.html", rows=rows),
        )

    def _campaign_regions(
        self, visit: Visit, snapshot: FloorSnapshot, name: str
    ) -> Sequence[Region]:
        notices = self._site.notices(visit, snapshot)
        view = snapshot.campaign(name)
        if view is None:
            return (notices,)
        agents = _of_campaign(snapshot, view)
        states = Counter(agent.state for agent in agents)
        region = self._site.pages.region
        return (
            notices,
            region(
                "head",
                "campaign/head.html",
                view=view,
                csrf=visit.csrf,
                may_change=visit.may(Role.MANAGER),
            ),
            region(
                "figures",
                "campaign/figures.html",
                view=view,
                snapshot=snapshot,
                labels={each.name: each.label for each in view.campaign.dispositions},
            ),
            region(
                "agents",
                "campaign/agents.html",
                agents=agents,
                states=[(state, states[state]) for state in AgentState if states[state]],
            ),
        )


def waits(report: CampaignReport) -> Waits | None:
    """The connection times of a report, None where nobody was connected."""
    times = sorted(report.verdict_to_agent_ms)
    if not times:
        return None
    return Waits(
        median_ms=_nearest_rank(times, 0.5),
        p95_ms=_nearest_rank(times, 0.95),
        worst_ms=times[-1],
        prompt_share=sum(time <= _PROMPT_MS for time in times) / len(times),
    )


def _nearest_rank(times: Sequence[int], share: float) -> int:
    return times[math.ceil(share * len(times)) - 1]


def _name(visit: Visit) -> str:
    return str(visit.request.path_params["name"])


def _view(snapshot: FloorSnapshot, name: str) -> CampaignView:
    view = snapshot.campaign(name)
    if view is None:
        raise HTTPException(404, f"There is no campaign called “{name}”.")
    return view


def _of_campaign(snapshot: FloorSnapshot, view: CampaignView) -> list[AgentView]:
    own = (agent for agent in snapshot.agents if agent.campaign == view.campaign.name)
    return sorted(own, key=lambda agent: agent.display_name)
