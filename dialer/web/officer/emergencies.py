"""States with an emergency declared: no calls into them."""

from __future__ import annotations

from starlette.responses import Response
from starlette.routing import Route

from dialer.model.errors import OperatorError
from dialer.model.journal import EntryKind
from dialer.model.suppression import InForce
from dialer.web.forms import text_field
from dialer.web.office import OfficeBusy
from dialer.web.officer.desk import Desk, Form, refused_form
from dialer.web.session import Visit

PATH = "/compliance/emergencies"
SHOWN = 10
"""Of the declarations and their ends, the newest of each."""


class EmergencyPages:
    def __init__(self, desk: Desk) -> None:
        self._desk = desk
        self._office = desk.office

    def routes(self) -> list[Route]:
        return [
            self._desk.route(PATH, self.page),
            self._desk.route(PATH, self.change, post=True),
        ]

    async def page(self, visit: Visit) -> Response:
        return await self._page(visit, Form())

    async def change(self, visit: Visit) -> Response:
        """Field `on`: "1" to stop calls, anything else to let them go on."""
        typed = {name: text_field(visit.form, name) for name in ("state", "because")}
        on = text_field(visit.form, "on") == "1"
        try:
            done = await self._office.emergency(
                typed["state"], on=on, because=typed["because"], by=visit.user.name
            )
        except (OperatorError, OfficeBusy) as error:
            return await self._page(visit, refused_form("emergency", typed, error, {}))
        return await self._page(visit, Form("emergency"), done, on)

    async def _page(
        self, visit: Visit, form: Form, done: InForce | None = None, on: bool = True
    ) -> Response:
        past = [
            *await self._office.journal(kind=EntryKind.EMERGENCY_DECLARED, limit=SHOWN),
            *await self._office.journal(kind=EntryKind.EMERGENCY_LIFTED, limit=SHOWN),
        ]
        return self._desk.page(
            visit,
            "emergencies.html",
            PATH,
            status=form.status,
            form=form,
            done=done,
            on=on,
            emergencies=await self._office.emergencies(),
            past=sorted(past, key=lambda stored: -stored.seq),
        )
