"""The administrator's page: who can sign in."""

from __future__ import annotations

import re
from collections.abc import Mapping

from starlette.responses import RedirectResponse, Response
from starlette.routing import Route

from dialer.model.reports import Role, User
from dialer.web.forms import text_field
from dialer.web.session import Visit
from dialer.web.site import Site

SHORTEST_PASSWORD = 8
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}")


class UserPages:
    def __init__(self, site: Site) -> None:
        self._site = site
        self._office = site.office

    def routes(self) -> list[Route]:
        guard = self._site.sessions.guard
        return [
            Route("/users", guard(self.page, Role.ADMIN)),
            Route("/users", guard(self.add, Role.ADMIN), methods=["POST"]),
        ]

    async def page(self, visit: Visit) -> Response:
        return await self._page(visit)

    async def add(self, visit: Visit) -> Response:
        """Add somebody, or replace their role and password."""
        typed = {name: text_field(visit.form, name) for name in ("name", "display_name", "role")}
        password = visit.form.get("password", "")
        problem = _problem(visit, typed, password)
        if problem or not isinstance(password, str):
            return await self._page(visit, typed, problem, status=422)
        user = User(typed["name"], typed["display_name"] or typed["name"], Role(typed["role"]))
        await self._office.add_user(user, password, visit.user.name)
        return RedirectResponse("/users", 303)

    async def _page(
        self,
        visit: Visit,
        typed: Mapping[str, str] | None = None,
        problem: str = "",
        status: int = 200,
    ) -> Response:
        snapshot = self._office.snapshot()
        campaigns = {agent.name: agent.campaign for agent in snapshot.agents}
        return self._site.full(
            visit,
            "users.html",
            status=status,
            people=await self._office.users(),
            campaigns=campaigns,
            roles=tuple(Role),
            typed=typed or dict.fromkeys(("name", "display_name", "role"), ""),
            problem=problem,
            shortest=SHORTEST_PASSWORD,
        )


def _problem(visit: Visit, typed: Mapping[str, str], password: object) -> str:
    """What is wrong with the form, in words; "" if nothing is."""
    if not _NAME.fullmatch(typed["name"]):
        return "A name is 1 to 64 letters, digits, dots, dashes and underscores, no spaces."
    if typed["role"] not in tuple(Role):
        return "Choose a role."
    if typed["name"] == visit.user.name and typed["role"] != Role.ADMIN:
        return "You cannot take your own administrator's role: let another administrator do it."
    if not isinstance(password, str) or len(password) < SHORTEST_PASSWORD:
        return f"A password has at least {SHORTEST_PASSWORD} characters."
    return ""
