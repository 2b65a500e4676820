"""Whether a number may be called, asked by people: the gate's answer about the lead as it is."""

from __future__ import annotations

from dataclasses import replace

import trio

from dialer.compliance.law_files import load_law
from dialer.compliance.suppression import Suppressions
from dialer.floor.floor import Floor
from dialer.model.events import CampaignChanged, SuppressionRequested
from dialer.model.reports import NumberCheck
from dialer.model.suppression import Suppression, SuppressionSource
from dialer.model.trunks import Trunk
from dialer.service.questions import check_number
from dialer.simulator.lists import empty_lists
from dialer.store.memory import MemoryStore
from tests.contracts.journal_entries import lead_file, number
from tests.floor_play import NOON, campaign


async def asked(index: int, *, link: bool = True) -> NumberCheck:
    """Number 0 of a person with numbers 0 and 1 asked not to be called; number 2 is another's."""
    law = load_law()
    floor = Floor(
        law, Suppressions(empty_lists(law, NOON)), [Trunk("loop", "127.0.0.1:5060", 5, 5)]
    )
    floor.handle(CampaignChanged(replace(campaign(), link_numbers=link)), NOON)
    wish = Suppression(number(0), SuppressionSource.REQUEST, "letter", NOON)
    floor.handle(SuppressionRequested(wish), NOON)
    store = MemoryStore(lambda event: None)
    file = lead_file(range(3))
    people = ("K-1", "K-1", "")
    leads = tuple(replace(x, contact=c) for x, c in zip(file.leads, people, strict=True))
    async with trio.open_nursery() as nursery:
        await nursery.start(store.run)
        await store.import_leads("spring", replace(file, leads=leads), [1, 2, 3], NOON, "mia")
        found = await check_number(store, floor, number(index), "spring", NOON)
        nursery.cancel_scope.cancel()
    return found


async def test_a_request_by_another_number_of_the_person_is_told() -> None:
    found = await asked(1)
    assert (found.verdict, found.codes) == ("DENY", ("INTERNAL_DNC",))


async def test_a_number_of_somebody_else_may_be_called() -> None:
    assert (await asked(2)).verdict == "ALLOW"


async def test_numbers_that_are_not_linked_are_different_people() -> None:
    assert (await asked(1, link=False)).verdict == "ALLOW"


async def test_a_number_no_list_has_is_asked_about_as_it_is() -> None:
    assert (await asked(77)).verdict == "ALLOW"
