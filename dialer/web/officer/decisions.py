"""Decisions explained: of an attempt, or of any entry that holds one."""

from __future__ import annotations

from starlette.exceptions import HTTPException
from starlette.responses import RedirectResponse, Response
from starlette.routing import Route

from dialer.model.calls import AttemptId
from dialer.web.officer.desk import Desk
from dialer.web.officer.journal import data_text, sequence_number
from dialer.web.session import Visit


class DecisionPages:
    def __init__(self, desk: Desk) -> None:
        self._desk = desk
        self._office = desk.office

    def routes(self) -> list[Route]:
        return [
            self._desk.route("/compliance/attempts", self.find),
            self._desk.route("/compliance/attempts/{attempt}", self.attempt),
            self._desk.route("/compliance/decisions/{seq}", self.decision),
        ]

    async def find(self, visit: Visit) -> Response:
        """Query: `attempt`, its number."""
        number = sequence_number(visit.request.query_params.get("attempt", "").strip())
        if number is None:
            raise HTTPException(
                404, "An attempt is known by its number, a whole one: traces and reports name it."
            )
        return RedirectResponse(f"/compliance/attempts/{number}", 303)

    async def attempt(self, visit: Visit) -> Response:
        """Everything the journal proves of an attempt."""
        number = sequence_number(visit.request.path_params["attempt"])
        found = None if number is None else await self._office.explain(AttemptId(number))
        if found is None:
            raise HTTPException(
                404,
                "The journal knows no attempt of this number. The trace of a telephone number "
                "names its attempts.",
            )
        return self._desk.page(visit, "attempt.html", "/compliance/numbers", found=found)

    async def decision(self, visit: Visit) -> Response:
        """The decision an entry of the journal holds."""
        seq = sequence_number(visit.request.path_params["seq"])
        found = None if seq is None else await self._office.explain_entry(seq)
        if found is None:
            raise HTTPException(
                404, "There is no such entry in the journal, or it holds no decision."
            )
        return self._desk.page(
            visit,
            "decision.html",
            "/compliance/numbers",
            stored=found.stored,
            decided=found.decided,
            data=data_text(found.stored),
        )
