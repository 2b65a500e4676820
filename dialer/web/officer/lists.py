"""The lists in force, and how old their copies are."""

from __future__ import annotations

from starlette.responses import Response
from starlette.routing import Route

from dialer.web.officer.desk import Desk
from dialer.web.session import Visit

PATH = "/compliance/lists"


class ListPages:
    def __init__(self, desk: Desk) -> None:
        self._desk = desk

    def routes(self) -> list[Route]:
        return [self._desk.route(PATH, self.page)]

    async def page(self, visit: Visit) -> Response:
        """The stale ones first."""
        lists = await self._desk.office.list_freshness()
        ordered = sorted(lists, key=lambda each: (not each.stale, each.name))
        return self._desk.page(visit, "lists.html", PATH, lists=ordered)
