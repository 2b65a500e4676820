"""The rules of a place at a time, in plain words."""

from __future__ import annotations

from starlette.responses import Response
from starlette.routing import Route

from dialer.compliance.law_words import PlaceWords, jurisdiction_named, place_words
from dialer.model.errors import OperatorError
from dialer.web.officer.desk import Desk, problems_by_field, utc_instant
from dialer.web.session import Visit

PATH = "/compliance/rules"


class RulePages:
    def __init__(self, desk: Desk) -> None:
        self._desk = desk

    def routes(self) -> list[Route]:
        return [self._desk.route(PATH, self.page)]

    async def page(self, visit: Visit) -> Response:
        """Query: `place` (`FL`, `US-FL`, `GB`, a name) and `at` (UTC; now if left out)."""
        query = visit.request.query_params
        place, at_text = query.get("place", "").strip(), query.get("at", "").strip()
        ruleset = self._desk.office.ruleset
        words: PlaceWords | None = None
        problems: dict[str, str] = {}
        chosen = ""
        if place:
            try:
                at = utc_instant("at", at_text)
                jurisdiction = jurisdiction_named(ruleset, place)
                chosen = jurisdiction.code
                now = self._desk.office.now() if at is None else at
                words = place_words(ruleset, jurisdiction, now)
            except OperatorError as error:
                problems = problems_by_field(error.problems, {place: "place"}, ("place", "at"))
        places = sorted(
            ruleset.jurisdictions.values(), key=lambda each: (each.code[:2] != "US", each.name)
        )
        return self._desk.page(
            visit,
            "rules.html",
            PATH,
            status=422 if problems else 200,
            places=places,
            chosen=chosen,
            at=at_text,
            words=words,
            problems=problems,
            ruleset=ruleset,
        )
