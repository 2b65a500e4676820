"""The officer's page of requests: somebody asked not to be called, a request entered in error is
taken out, calls into a state are stopped. Who typed it is whoever is signed in."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime

from starlette.responses import Response
from starlette.routing import Route

from dialer.model.errors import OperatorError, Problem
from dialer.model.instant import Instant, instant_of
from dialer.model.records import RequestChannel
from dialer.model.reports import Role
from dialer.model.suppression import InForce
from dialer.web.forms import text_field
from dialer.web.office import OfficeBusy
from dialer.web.session import Visit
from dialer.web.site import Site

FIELDS = (
    "number",
    "seller",
    "channel",
    "asked_by",
    "evidence",
    "received",
    "affiliates",
    "because",
    "state",
)
EVERYONE = "-"
"""The value of the choice "everyone" among the sellers: one that is not chosen is no choice."""


@dataclass(frozen=True, slots=True)
class _Shown:
    """What came of a form, or what is wrong with it, and the form as typed."""

    form: str = ""
    typed: Mapping[str, str] = field(default_factory=lambda: dict.fromkeys(FIELDS, ""))
    done: InForce | None = None
    problem: Problem | None = None
    status: int = 200


class RequestPages:
    def __init__(self, site: Site) -> None:
        self._site = site
        self._office = site.office

    def routes(self) -> list[Route]:
        guard = self._site.sessions.guard
        posts = {
            "/compliance/requests/add": self.add,
            "/compliance/requests/remove": self.remove,
            "/compliance/requests/emergency": self.emergency,
        }
        return [
            Route("/compliance/requests", guard(self.page, Role.COMPLIANCE)),
            *(
                Route(path, guard(handler, Role.COMPLIANCE), methods=["POST"])
                for path, handler in posts.items()
            ),
        ]

    async def page(self, visit: Visit) -> Response:
        """Query: `number` fills in the forms."""
        number = visit.request.query_params.get("number", "").strip()
        return await self._page(visit, _Shown(typed={**_Shown().typed, "number": number}))

    async def add(self, visit: Visit) -> Response:
        async def do(typed: Mapping[str, str]) -> InForce:
            return await self._office.add_dnc(
                typed["number"],
                seller=_seller(typed),
                affiliates=bool(typed["affiliates"]),
                channel=_channel(typed),
                asked_by=typed["asked_by"],
                evidence=typed["evidence"],
                received_at=_received(typed),
                by=visit.user.name,
            )

        return await self._post(visit, "add", do)

    async def remove(self, visit: Visit) -> Response:
        async def do(typed: Mapping[str, str]) -> InForce:
            return await self._office.remove_dnc(
                typed["number"],
                seller=_seller(typed),
                because=typed["because"],
                evidence=typed["evidence"],
                by=visit.user.name,
            )

        return await self._post(visit, "remove", do)

    async def emergency(self, visit: Visit) -> Response:
        """Field `on`: "1" to stop calls, anything else to let them go on."""
        on = text_field(visit.form, "on") == "1"

        async def do(typed: Mapping[str, str]) -> InForce:
            return await self._office.emergency(
                typed["state"], on=on, because=typed["because"], by=visit.user.name
            )

        return await self._post(visit, "emergency", do)

    async def _post(
        self, visit: Visit, form: str, do: Callable[[Mapping[str, str]], Awaitable[InForce]]
    ) -> Response:
        """Do it and show what came of it. Sent again by a reload it does no harm."""
        typed = {name: text_field(visit.form, name) for name in FIELDS}
        try:
            shown = _Shown(form, done=await do(typed))
        except OperatorError as error:
            shown = _Shown(form, typed, problem=error.problems[0], status=422)
        except OfficeBusy as error:
            shown = _Shown(form, typed, problem=Problem("service", None, str(error)), status=503)
        return await self._page(visit, shown)

    async def _page(self, visit: Visit, shown: _Shown) -> Response:
        campaigns = self._office.snapshot().campaigns
        return self._site.full(
            visit,
            "requests.html",
            status=shown.status,
            shown=shown,
            typed=shown.typed,
            sellers=sorted({view.campaign.seller for view in campaigns}),
            everyone=EVERYONE,
            channels=tuple(RequestChannel),
            emergencies=await self._office.emergencies(),
        )


def _seller(typed: Mapping[str, str]) -> str:
    if not typed["seller"]:
        raise OperatorError(Problem("seller", None, "choose who was asked"))
    return "" if typed["seller"] == EVERYONE else typed["seller"]


def _channel(typed: Mapping[str, str]) -> RequestChannel:
    if typed["channel"] not in tuple(RequestChannel):
        raise OperatorError(Problem("channel", None, "choose how the request came in"))
    return RequestChannel(typed["channel"])


def _received(typed: Mapping[str, str]) -> Instant | None:
    """`2026-11-20T14:05`, UTC; None where left empty: now."""
    if not typed["received"]:
        return None
    try:
        moment = datetime.fromisoformat(typed["received"])
    except ValueError:
        moment = None
    if moment is None or moment.tzinfo is not None:
        problem = Problem(
            "received",
            None,
            "this is no date and time",
            typed["received"],
            "Write it as 2026-11-20 14:05, in UTC.",
        )
        raise OperatorError(problem)
    return instant_of(moment.replace(tzinfo=UTC))
