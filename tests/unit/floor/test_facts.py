"""What the floor knows of a lead, gathered for the gate; and the slots a dial takes."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import date

import pytest

from dialer.compliance.facts import Facts, ListKind, ListVersion
from dialer.compliance.facts_json import facts_from_json, facts_to_json
from dialer.compliance.law_files import load_law
from dialer.compliance.screening import decide
from dialer.compliance.suppression import OtherSets, Suppressions
from dialer.floor.facts import campaign_facts, claims_of
from dialer.model.campaigns import Campaign
from dialer.model.instant import DAY_MS, HOUR_MS, Instant
from dialer.model.leads import Lead
from dialer.model.numbers import CallerId, PhoneNumber
from dialer.model.records import LineType, RequestChannel, RndAnswer, RndStatus
from dialer.model.screening import ReasonCode, Refused
from dialer.model.suppression import Suppression, SuppressionSource
from dialer.simulator.lists import empty_lists
from tests.floor_play import NOON, campaign, lead

NUMBER = "+12125550100"


@dataclass(frozen=True)
class Some:
    """A set of these numbers."""

    numbers: frozenset[str]

    def __contains__(self, e164: str) -> bool:
        return e164 in self.numbers


ONE, NONE = Some(frozenset({NUMBER})), Some(frozenset())


def facts(
    other: OtherSets | None = None,
    requests: tuple[Suppression, ...] = (),
    of: Campaign | None = None,
    who: Lead | None = None,
) -> Facts:
    suppressions = Suppressions(requests=requests)
    suppressions.use(empty_lists(load_law(), NOON), other or OtherSets())
    given = of or campaign()
    return campaign_facts(
        given,
        who or lead(),
        suppressions,
        given.caller_ids[0],
        NOON,
        enabled=frozenset({"US"}),
    )


def codes(of: Facts) -> tuple[ReasonCode, ...]:
    answer = decide(of, load_law(), NOON)
    return answer.codes if isinstance(answer, Refused) else ()


def test_a_clean_lead_is_allowed_and_its_facts_can_be_read_back() -> None:
    clean = facts()
    assert codes(clean) == ()
    assert facts_from_json(facts_to_json(clean)) == clean
    assert NUMBER not in str(facts_to_json(clean)), "no number is among the facts"


@pytest.mark.parametrize(
    ("other", "type_", "ported_to"),
    [
        (OtherSets(), LineType.UNKNOWN, None),
        (OtherSets(wireless_blocks=(ONE,)), LineType.WIRELESS, None),
        (OtherSets(wireless_blocks=(NONE,)), LineType.LANDLINE, None),
        (
            OtherSets(wireless_blocks=(NONE,), ported_to_wireless=(ONE,)),
            LineType.LANDLINE,
            LineType.WIRELESS,
        ),
        (
            OtherSets(wireless_blocks=(ONE,), ported_to_landline=(ONE,)),
            LineType.WIRELESS,
            LineType.LANDLINE,
        ),
    ],
)
def test_blocks_and_ports_tell_the_line(
    other: OtherSets, type_: LineType, ported_to: LineType | None
) -> None:
    line = facts(replace(other, port_file_date=date(2026, 12, 1))).line
    assert (line.type, line.ported_to) == (type_, ported_to)


def test_what_a_vendor_said_and_nobody_can_read_denies() -> None:
    assert codes(facts(OtherSets(unknown=(ONE,)))) == (ReasonCode.DATA_MISSING,)
    assert codes(facts(OtherSets(unknown=(NONE,)))) == ()


def test_a_vendors_word_that_the_number_was_reassigned_denies() -> None:
    found = facts(OtherSets(reassigned=(ONE,)))
    assert found.rnd == (RndAnswer(RndStatus.YES),)
    assert codes(found) == (ReasonCode.REASSIGNED,)


def test_requests_bind_their_seller_and_those_with_affiliates_everyone() -> None:
    wish = Suppression(
        NUMBER,
        SuppressionSource.REQUEST,
        "request",
        Instant(NOON - HOUR_MS),
        "Another Seller",
        channel=RequestChannel.WEB,
        received_at=Instant(NOON - DAY_MS),
    )
    assert codes(facts(requests=(wish,))) == ()
    found = facts(requests=(replace(wish, affiliates=True),))
    assert codes(found) == (ReasonCode.INTERNAL_DNC,)
    assert found.internal[0].requested_at == NOON - DAY_MS, "when it was made, not when entered"


def test_a_request_that_seems_to_lie_ahead_is_in_force() -> None:
    wish = Suppression(NUMBER, SuppressionSource.REQUEST, "request", Instant(NOON + DAY_MS))
    assert codes(facts(requests=(wish,))) == (ReasonCode.INTERNAL_DNC,)


def test_a_caller_id_whose_proof_has_run_out_is_not_shown() -> None:
    ended = CallerId("+12025550199", "Sample", "contract 1", valid_to=date(2020, 1, 1))
    assert codes(facts(of=replace(campaign(), caller_ids=(ended,)))) == (
        ReasonCode.CALLER_ID_NOT_AUTHORISED,
    )


def test_the_slots_a_dial_takes() -> None:
    """In Florida the statutory cap and our own; for the same person and subject the same key."""
    miami = lead(area=305)
    florida = facts(who=miami)
    claims = claims_of(florida, miami, load_law(), NOON, linked=True)
    assert [(claim.limit, claim.window_ms) for claim in claims] == [(3, DAY_MS), (3, DAY_MS)]
    assert len({claim.key for claim in claims}) == 2
    other = replace(florida, subject="something else")
    again = claims_of(other, miami, load_law(), NOON, linked=True)
    assert claims[0].key != again[0].key and claims[1].key == again[1].key
    new_york = lead()
    assert len(claims_of(facts(), new_york, load_law(), NOON, linked=True)) == 1


def test_one_countrys_registry_says_nothing_of_anothers_numbers() -> None:
    """A Canadian number needs a copy of Canada's list, however fresh the United States' one is."""
    toronto = replace(
        lead(area=416), number=PhoneNumber("+14165550100", "CA", ("America/Toronto",))
    )
    both = replace(facts(who=toronto), enabled=frozenset({"US", "CA"}))
    assert codes(both) == (ReasonCode.DATA_MISSING,)
    canadas = ListVersion("dncl", ListKind.NATIONAL, NOON, "CA")
    assert codes(replace(both, lists=(*both.lists, canadas))) == ()
