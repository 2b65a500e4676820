"""What every reason code means and what can be done about it, for officers and agents."""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

from dialer.model.screening import ReasonCode


class ReasonText(NamedTuple):
    """`meaning`: one plain sentence. `remedy`: what mends it, or that nothing does."""

    meaning: str
    remedy: str


REASON_TEXTS: Mapping[ReasonCode, ReasonText] = {
    ReasonCode.INVALID_NUMBER: ReasonText(
        "This cannot be anybody's telephone number.",
        "Correct the number in the lead file.",
    ),
    ReasonCode.NON_GEOGRAPHIC: ReasonText(
        "The number is of no place (toll-free, premium, personal), so no law and no clock is known "
        "for it.",
        "Call another number of this person.",
    ),
    ReasonCode.JURISDICTION_NOT_ENABLED: ReasonText(
        "The number belongs to a country whose rules are not switched on.",
        "Have counsel sign that country's rules and enable it, or leave the number out.",
    ),
    ReasonCode.STATE_EMERGENCY: ReasonText(
        "An emergency stop is in force for a state the person may be in.",
        "Wait until the stop is lifted; consent helps only where that state's row says so.",
    ),
    ReasonCode.INTERNAL_DNC: ReasonText(
        "The person asked this seller not to be called, or is on a list of such requests.",
        "Do not call. Only written consent given after the request changes it.",
    ),
    ReasonCode.CONSENT_REVOKED: ReasonText(
        "The person took their consent back.",
        "Do not call. Only consent given after that day counts, for what it names.",
    ),
    ReasonCode.LITIGATOR: ReasonText(
        "The number is on a list of people known to sue callers.",
        "Do not call; take the number off the list only if it is there by mistake.",
    ),
    ReasonCode.REASSIGNED: ReasonText(
        "The Reassigned Numbers Database says somebody else has this number now.",
        "Do not call; ask the person for their new number.",
    ),
    ReasonCode.RND_NO_DATA: ReasonText(
        "The call rests on consent, and the Reassigned Numbers Database does not know whether the "
        "number still belongs to who gave it.",
        "Query again with a later date of contact, or get consent anew.",
    ),
    ReasonCode.REGISTRY_STALE: ReasonText(
        "Our copy of a do-not-call list is older than the law allows, so it proves nothing.",
        "Import a fresh copy of the list.",
    ),
    ReasonCode.NATIONAL_DNC: ReasonText(
        "The number is on the national do-not-call list.",
        "Call only with written consent, or within a business relationship, where the row says so.",
    ),
    ReasonCode.STATE_DNC: ReasonText(
        "The number is on a state's do-not-call list.",
        "Call only with what lifts that state's list; some are lifted by consent alone.",
    ),
    ReasonCode.CONSENT_REQUIRED: ReasonText(
        "This kind of call needs the person's consent, and none that covers it stands.",
        "Get the consent the row names, or call in another mode.",
    ),
    ReasonCode.TZ_UNKNOWN: ReasonText(
        "It is not known which clock the person lives by, so no hour is known to be lawful.",
        "Add the ZIP code, or correct it.",
    ),
    ReasonCode.HOLIDAY_BAN: ReasonText(
        "It is a holiday on which a state allows no calls.",
        "Wait for the next lawful hour.",
    ),
    ReasonCode.SUNDAY_BAN: ReasonText(
        "It is Sunday, and a state allows no calls on Sundays.",
        "Wait for the next lawful hour.",
    ),
    ReasonCode.OUTSIDE_HOURS: ReasonText(
        "Where the person may be, it is outside the lawful hours or the campaign's.",
        "Wait for the next lawful hour; the end is earlier by the time it may ring.",
    ),
    ReasonCode.FREQ_CAP: ReasonText(
        "The person was called as often as a state or our own limits allow.",
        "Wait until the oldest of those calls is out of the window.",
    ),
    ReasonCode.ABANDON_COOLDOWN: ReasonText(
        "A call to this person was dropped a short while ago.",
        "Wait, or reserve an agent for the call first.",
    ),
    ReasonCode.ABANDON_RATE: ReasonText(
        "The campaign has dropped as many calls as it may, so the next must not risk a drop.",
        "Add agents or wait; dialling starts again once the rate has recovered.",
    ),
    ReasonCode.CALLER_ID_NOT_AUTHORISED: ReasonText(
        "The number we would show is not proven to be ours to show.",
        "Show one of the campaign's own caller ids, or add the proof for this one.",
    ),
    ReasonCode.DATA_MISSING: ReasonText(
        "Something a rule must read is missing or unreadable, so the call is refused.",
        "Provide what the explanation names.",
    ),
}
