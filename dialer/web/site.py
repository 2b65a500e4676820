"""What every room of pages shares."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from urllib.parse import urlencode

import trio
from starlette.responses import Response

from dialer.model.reports import Role
from dialer.model.snapshot import FloorSnapshot
from dialer.web.office import Office
from dialer.web.rendering import Pages, Region
from dialer.web.session import Sessions, Visit

_ALARMS_SHOWN = 5


@dataclass(frozen=True, slots=True)
class Site:
    """`closing` is set when the service stops, so that live streams end."""

    office: Office
    pages: Pages
    sessions: Sessions
    closing: trio.Event

    def full(
        self,
        visit: Visit,
        template: str,
        *,
        live: Mapping[str, str] | None = None,
        status: int = 200,
        **context: object,
    ) -> Response:
        """A whole page for a signed-in user; `live` are the parameters of its live stream."""
        return self.pages.full(
            template,
            status=status,
            user=visit.user,
            csrf=visit.csrf,
            live_url="" if live is None else f"/live?{urlencode(live)}",
            notices=self.notices(visit, self.office.snapshot()),
            **context,
        )

    def notices(self, visit: Visit, snapshot: FloorSnapshot) -> Region:
        """What everybody must know about the service; alarms are for those who run it."""
        return self.pages.region(
            "notices",
            "parts/notices.html",
            journal_ok=snapshot.journal_ok,
            draining=snapshot.draining,
            alarms=_alarms(visit, snapshot),
        )

    def notices_subject(self, visit: Visit, snapshot: FloorSnapshot) -> object:
        return snapshot.journal_ok, snapshot.draining, _alarms(visit, snapshot)


def _alarms(visit: Visit, snapshot: FloorSnapshot) -> tuple[str, ...]:
    return snapshot.alarms[:_ALARMS_SHOWN] if visit.may(Role.MANAGER, Role.COMPLIANCE) else ()
