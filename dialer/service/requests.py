"""Requests not to be called that come from outside a call, and officers' changes: what was typed,
checked, and made into what floor and journal take. Pages, the control socket and commands without a
running service all come through here.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable

from dialer.compliance.business_days import honour_by
from dialer.compliance.numbering import Unreadable, read_number
from dialer.compliance.states import US_STATES, read_state
from dialer.floor.requests import emergency_entry, entry_of, lifted_entry, list_of
from dialer.model.errors import OperatorError, Problem
from dialer.model.events import EmergencyDeclared, EmergencyLifted, SuppressionWithdrawn
from dialer.model.instant import Instant, rfc3339
from dialer.model.records import RequestChannel
from dialer.model.suppression import InForce, Suppression, SuppressionSource, plain_name
from dialer.store.port import Store

LONGEST_TEXT = 2_000
"""Characters of who asked, evidence, or a reason: a reference and some words, not a document."""


def request_of(
    raw: str,
    *,
    seller: str,
    affiliates: bool,
    channel: RequestChannel,
    asked_by: str,
    evidence: str,
    received_at: Instant | None,
    by: str,
    sellers: Iterable[str],
    now: Instant,
) -> Suppression:
    """The request as it goes in force. `seller` "" binds everyone; any other must be one of
    `sellers`: a request to a misspelt name would bind nobody.

    Raises OperatorError naming the field that will not do.
    """
    given = now if received_at is None else received_at
    if given > now:
        raise _problem("received", "a request cannot come in later than now", rfc3339(given))
    return Suppression(
        e164=_number(raw),
        source=SuppressionSource.REQUEST,
        list_name=list_of(channel),
        since=now,
        seller=_seller(seller, sellers),
        affiliates=affiliates,
        channel=channel,
        received_at=given,
        deadline_at=honour_by(given),
        asked_by=_text("asked by", asked_by, "Say who asked: the person called, or who for them."),
        evidence=_text("evidence", evidence, "Name the letter, message, ticket or recording."),
        by=by,
    )


def withdrawal_of(
    raw: str,
    *,
    seller: str,
    because: str,
    evidence: str,
    by: str,
    there: Callable[[str], Iterable[Suppression]],
) -> SuppressionWithdrawn:
    """Taking out the requests of a number that were made to `seller`; `there` gives those of a
    number that are in force.

    Raises OperatorError naming the field that will not do, or where there is no such request.
    """
    e164 = _number(raw)
    because = _text("because", because, "Say why: a number mistyped, say, or the person's wish.")
    evidence = _text("evidence", evidence, "Name what shows that it may be taken out.")
    ours = list(there(e164))
    found = [each for each in ours if plain_name(each.seller) == plain_name(seller)]
    if not found:
        made_to = sorted({each.seller or "everyone" for each in ours})
        raise OperatorError(
            Problem(
                "request",
                None,
                f"no request of {e164} was made to {seller or 'everyone'}",
                "",
                f"There are requests made to: {', '.join(made_to)}."
                if made_to
                else "None of this number is in force, so there is nothing to take out.",
            )
        )
    return SuppressionWithdrawn(e164, found[0].seller, because, evidence, by)


def emergency_of(
    state: str, *, on: bool, because: str, by: str
) -> EmergencyDeclared | EmergencyLifted:
    """Stop calls into a state, or let them go on. Raises OperatorError naming the field that will
    not do."""
    code = read_state(state)
    if code not in US_STATES:
        raise _problem("state", "no such state is known", state, "Write it like LA.")
    reason = _text("because", because, "Say who declared it, or that it is over.")
    return EmergencyDeclared(code, reason, by) if on else EmergencyLifted(code, reason, by)


def _number(raw: str) -> str:
    number = read_number(raw, enabled=None)
    if isinstance(number, Unreadable):
        raise _problem("number", number.explain, raw, number.remedy)
    return number.e164


def _seller(given: str, sellers: Iterable[str]) -> str:
    names = {plain_name(name): name for name in sellers}
    wanted = plain_name(given)
    if wanted and wanted not in names:
        listed = ", ".join(sorted(names.values())) or "none"
        remedy = f"Sellers are: {listed}. Without one, the request binds everyone."
        raise _problem("seller", "no campaign calls for this seller", given, remedy)
    return names[wanted] if wanted else ""


def _text(where: str, given: str, remedy: str) -> str:
    text = given.strip()
    if not text:
        raise _problem(where, "this must not be empty", "", remedy)
    if len(text) > LONGEST_TEXT:
        raise _problem(where, f"this has more than {LONGEST_TEXT} characters", text[:40])
    return text


def _problem(where: str, message: str, value: str, remedy: str = "") -> OperatorError:
    return OperatorError(Problem(where, None, message, value, remedy))


# --- without a running service --------------------------------------------------------------------


async def add_offline(store: Store, request: Suppression) -> InForce:
    """Write a request down; the service obeys it from its start."""
    await store.append([entry_of(request)])
    return InForce(request.e164, request.since, True, request.deadline_at)


async def withdraw_offline(store: Store, event: SuppressionWithdrawn, now: Instant) -> InForce:
    """Write a withdrawal down."""
    there = (await store.restore(now)).suppressions
    gone = [each for each in there if (each.e164, each.seller) == (event.e164, event.seller)]
    await store.append([lifted_entry(event, gone, now)])
    return InForce(event.e164, now, True)


async def emergency_offline(
    store: Store, event: EmergencyDeclared | EmergencyLifted, now: Instant
) -> InForce:
    """Write a state's emergency, or its end, down."""
    await store.append([emergency_entry(event, now)])
    return InForce(event.state, now, True)
