"""One number: may it be called now, its whole history, and requests of the person who has it."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping

from starlette.responses import RedirectResponse, Response
from starlette.routing import Route

from dialer.model.errors import OperatorError, Problem
from dialer.model.records import RequestChannel
from dialer.model.suppression import InForce
from dialer.web.forms import text_field
from dialer.web.office import OfficeBusy
from dialer.web.officer.desk import Desk, Form, refused_form, utc_instant
from dialer.web.session import Visit

PATH = "/compliance/numbers"
FIELDS = (
    "number",
    "seller",
    "channel",
    "asked_by",
    "evidence",
    "received",
    "affiliates",
    "because",
)
EVERYONE = "-"
"""The value of the choice "everyone" among the sellers: one that is not chosen is no choice."""

_FIELD_OF = {"asked by": "asked_by", "request": "seller"}


class NumberPages:
    def __init__(self, desk: Desk) -> None:
        self._desk = desk
        self._office = desk.office

    def routes(self) -> list[Route]:
        return [
            self._desk.route(PATH, self.page),
            self._desk.route("/compliance/requests", self.requests),
            self._desk.route(f"{PATH}/add", self.add, post=True),
            self._desk.route(f"{PATH}/remove", self.remove, post=True),
        ]

    async def page(self, visit: Visit) -> Response:
        """Query: `number` in any spelling, and `campaign`, whose hours and limits are meant."""
        number = visit.request.query_params.get("number", "").strip()
        return await self._page(visit, number, Form())

    async def requests(self, visit: Visit) -> Response:
        """Where requests were before they had their place beside the number."""
        return RedirectResponse(PATH, 308)

    async def add(self, visit: Visit) -> Response:
        async def do(typed: Mapping[str, str]) -> InForce:
            return await self._office.add_dnc(
                typed["number"],
                seller=_seller(typed),
                affiliates=bool(typed["affiliates"]),
                channel=_channel(typed),
                asked_by=typed["asked_by"],
                evidence=typed["evidence"],
                received_at=utc_instant("received", typed["received"]),
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

    async def _post(
        self, visit: Visit, form: str, do: Callable[[Mapping[str, str]], Awaitable[InForce]]
    ) -> Response:
        """Do it and show what came of it. Sent again by a reload it does no harm."""
        typed = {name: text_field(visit.form, name) for name in FIELDS}
        try:
            done = await do(typed)
        except (OperatorError, OfficeBusy) as error:
            refused = refused_form(form, typed, error, _FIELD_OF)
            return await self._page(visit, typed["number"], refused)
        return await self._page(visit, done.what, Form(form), done)

    async def _page(
        self, visit: Visit, number: str, form: Form, done: InForce | None = None
    ) -> Response:
        campaigns = self._desk.campaigns()
        campaign = visit.request.query_params.get("campaign", "")
        if campaign not in campaigns:
            campaign = ""
        return self._desk.page(
            visit,
            "numbers.html",
            PATH,
            status=form.status,
            number=number,
            campaign=campaign,
            campaigns=campaigns,
            check=await self._office.check_number(number, campaign) if number else None,
            trace=await self._office.trace(number) if number else None,
            form=form,
            adding=form if form.name == "add" else Form(),
            removing=form if form.name == "remove" else Form(),
            done=done,
            sellers=sorted({each.seller for each in campaigns.values()}),
            everyone=EVERYONE,
            channels=tuple(RequestChannel),
        )


def _seller(typed: Mapping[str, str]) -> str:
    if not typed["seller"]:
        raise OperatorError(Problem("seller", None, "choose who was asked"))
    return "" if typed["seller"] == EVERYONE else typed["seller"]


def _channel(typed: Mapping[str, str]) -> RequestChannel:
    if typed["channel"] not in tuple(RequestChannel):
        raise OperatorError(Problem("channel", None, "choose how the request came in"))
    return RequestChannel(typed["channel"])
