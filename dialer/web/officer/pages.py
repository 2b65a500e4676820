"""All the officer's pages over one site."""

from __future__ import annotations

from starlette.routing import Route

from dialer.web.live import LiveSource
from dialer.web.officer.audit import AuditPages
from dialer.web.officer.decisions import DecisionPages
from dialer.web.officer.desk import Desk
from dialer.web.officer.drops import DropPages
from dialer.web.officer.emergencies import EmergencyPages
from dialer.web.officer.journal import JournalPages
from dialer.web.officer.lists import ListPages
from dialer.web.officer.numbers import NumberPages
from dialer.web.officer.overview import OverviewPage
from dialer.web.officer.refusals import RefusalPages
from dialer.web.officer.rules import RulePages
from dialer.web.officer.what_if import WhatIfPages
from dialer.web.session import Visit
from dialer.web.site import Site


class OfficerPages:
    def __init__(self, site: Site) -> None:
        self._desk = Desk(site)

    def routes(self) -> list[Route]:
        desk = self._desk
        return [
            *OverviewPage(desk).routes(),
            *NumberPages(desk).routes(),
            *DecisionPages(desk).routes(),
            *WhatIfPages(desk).routes(),
            *RefusalPages(desk).routes(),
            *ListPages(desk).routes(),
            *RulePages(desk).routes(),
            *EmergencyPages(desk).routes(),
            *DropPages(desk).routes(),
            *JournalPages(desk).routes(),
            *AuditPages(desk).routes(),
        ]

    def live(self, visit: Visit) -> LiveSource:
        """What is pushed to every one of them."""
        return self._desk.live(visit)
