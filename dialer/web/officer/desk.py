"""What the officer's pages share: who may open them, their navigation, forms that keep what was
typed and say beside the field what will not do."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime

from starlette.responses import Response
from starlette.routing import Route

from dialer.model.campaigns import Campaign
from dialer.model.errors import OperatorError, Problem
from dialer.model.instant import Instant, instant_of
from dialer.model.journal import Verification
from dialer.model.reports import Role
from dialer.web.live import LiveSource
from dialer.web.office import OfficeBusy
from dialer.web.session import Handler, Visit
from dialer.web.site import Site

SECTIONS = (
    ("/compliance", "Overview"),
    ("/compliance/numbers", "Numbers"),
    ("/compliance/what-if", "What if"),
    ("/compliance/refusals", "Refusals"),
    ("/compliance/lists", "Lists"),
    ("/compliance/rules", "Rules"),
    ("/compliance/emergencies", "Emergencies"),
    ("/compliance/drops", "Drops"),
    ("/compliance/journal", "Journal"),
    ("/compliance/audit", "Audit"),
)
"""The pages in the order of the navigation: address and label."""


@dataclass(frozen=True, slots=True)
class Verified:
    """A check of the chain: what came of it, when, and who asked."""

    verification: Verification
    at: Instant
    by: str


@dataclass(frozen=True, slots=True)
class Form:
    """A form as it was typed, and what is wrong with it: by field, and (under "") on the whole.

    `name` tells the forms of a page apart."""

    name: str = ""
    typed: Mapping[str, str] = field(default_factory=dict)
    problems: Mapping[str, str] = field(default_factory=dict)
    status: int = 200

    def value(self, key: str, otherwise: str = "") -> str:
        """What was typed into the field; `otherwise` where the form was not sent."""
        return self.typed.get(key, otherwise)

    def problem(self, key: str) -> str:
        """What is wrong with the field, ""."""
        return self.problems.get(key, "")


class Desk:
    """One officer's desk over a site. `verified` is the newest check of the chain, None before the
    first since the service started."""

    def __init__(self, site: Site) -> None:
        self.site = site
        self.office = site.office
        self.verified: Verified | None = None

    def route(self, path: str, handler: Handler, *, post: bool = False) -> Route:
        """A route for officers alone (and ADMIN)."""
        endpoint = self.site.sessions.guard(handler, Role.COMPLIANCE)
        return Route(path, endpoint, methods=["POST"] if post else ["GET"])

    def live(self, visit: Visit) -> LiveSource:
        """Only the notices: what moves while it is read cannot be read."""
        return LiveSource(
            lambda snapshot: self.site.notices_subject(visit, snapshot),
            lambda snapshot: (self.site.notices(visit, snapshot),),
        )

    def page(
        self, visit: Visit, template: str, here: str, *, status: int = 200, **context: object
    ) -> Response:
        """A whole page; `here` is the address it has in the navigation."""
        return self.site.full(
            visit,
            f"officer/{template}",
            status=status,
            live={"page": "compliance"},
            sections=SECTIONS,
            here=here,
            **context,
        )

    def campaigns(self) -> dict[str, Campaign]:
        """The campaigns on the floor, by name."""
        return {view.campaign.name: view.campaign for view in self.office.snapshot().campaigns}

    def chosen_campaign(self, name: str) -> str:
        """The campaign asked for, the first where there is no such; "" where there is none."""
        campaigns = self.campaigns()
        return name if name in campaigns else next(iter(campaigns), "")


def problems_by_field(
    problems: Iterable[Problem], field_of: Mapping[str, str], fields: Sequence[str]
) -> dict[str, str]:
    """What to say beside which field; `field_of` names the field of what is called otherwise. What
    belongs to no field stands under ""."""
    said: dict[str, str] = {}
    for problem in problems:
        key = field_of.get(problem.where, problem.where)
        place = key if key in fields else ""
        words = f"{problem.message[:1].upper()}{problem.message[1:]}."
        if problem.value:
            words += f" Found: {problem.value}."
        if problem.remedy:
            words += f" {problem.remedy}"
        if not place and problem.where not in ("", "service"):
            words = f"{problem.where}: {words}"
        said[place] = f"{said[place]} {words}" if place in said else words
    return said


def refused_form(
    name: str,
    typed: Mapping[str, str],
    error: OperatorError | OfficeBusy,
    field_of: Mapping[str, str],
) -> Form:
    """The form as typed, with what is wrong."""
    if isinstance(error, OfficeBusy):
        return Form(name, typed, {"": f"{error}."}, 503)
    return Form(name, typed, problems_by_field(error.problems, field_of, tuple(typed)), 422)


def utc_instant(where: str, text: str) -> Instant | None:
    """`2026-11-20T14:05`, UTC, as a browser's field has it; None where left empty. Raises
    OperatorError naming the field."""
    if not text:
        return None
    try:
        moment: datetime | None = datetime.fromisoformat(text)
    except ValueError:
        moment = None
    if moment is None or moment.tzinfo is not None:
        remedy = "Write it as 2026-11-20 14:05, in UTC."
        raise OperatorError(Problem(where, None, "this is no date and time", text, remedy))
    return instant_of(moment.replace(tzinfo=UTC))
