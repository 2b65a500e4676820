"""Numbers that left a list are offered again, and no others."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
import trio

from dialer.compliance.facts import ListKind, ListVersion
from dialer.compliance.suppression import NumberList, OtherSets, Suppressions
from dialer.model.events import LeadsImported
from dialer.model.instant import Instant
from dialer.model.journal import EntryKind
from dialer.model.leads import LeadState, RefusedLead
from dialer.model.suppression import Suppression, SuppressionSource
from dialer.service.reopening import freed, reopen_freed
from dialer.store.memory import MemoryStore
from tests.contracts.journal_entries import CAMPAIGN, NOW, lead_file, moved, number, refused

FOR_EVER = moved(LeadState.REFUSED, None)


def holding(name: str, kind: ListKind, *indexes: int) -> NumberList:
    numbers = sorted(int(number(index).removeprefix("+")) for index in indexes)
    return NumberList(ListVersion(name, kind, NOW), np.array(numbers, dtype=np.uint64))


def lead(code: str) -> RefusedLead:
    return RefusedLead(1, CAMPAIGN, number(0), code)


@pytest.mark.parametrize("kind", ListKind)
def test_only_the_list_that_refused_it_frees_it(kind: ListKind) -> None:
    code = "LITIGATOR" if kind is ListKind.LITIGATOR else f"{kind}_DNC"
    others = [holding(f"other {each}", each, 0) for each in ListKind if each is not kind]
    assert not freed(Suppressions([*others, holding("its own", kind, 0)]), lead(code))
    assert freed(Suppressions([*others, holding("its own", kind, 1)]), lead(code))
    assert not freed(
        Suppressions([holding("one", kind, 1), holding("another", kind, 0)]), lead(code)
    )


def test_a_request_of_the_person_is_no_list() -> None:
    request = Suppression(number(0), SuppressionSource.REQUEST, "request", NOW)
    assert not freed(Suppressions([], [request]), lead("INTERNAL_DNC"))
    assert freed(Suppressions([], [replace(request, e164=number(1))]), lead("INTERNAL_DNC"))


def test_a_number_a_vendor_calls_reassigned_no_more() -> None:
    book = Suppressions()
    assert not freed(book, lead("REASSIGNED")), "an answer refused it, and no vendor"
    book.use((), OtherSets(reassigned=(holding("vendor", ListKind.INTERNAL, 0),)))
    assert not freed(book, lead("REASSIGNED"))
    book.use((), OtherSets(reassigned=(holding("vendor", ListKind.INTERNAL, 1),)))
    assert freed(book, lead("REASSIGNED"))


async def test_numbers_that_left_are_offered_again_in_the_journal() -> None:
    told: list[LeadsImported] = []
    store = MemoryStore(lambda event: None)
    book = Suppressions([holding("national", ListKind.NATIONAL, 0, 2)])
    async with trio.open_nursery() as nursery:
        await nursery.start(store.run)
        await store.import_leads(CAMPAIGN, lead_file(range(4)), [1, 2, 3, 4], NOW, "mia")
        await store.append([refused(n, "NATIONAL_DNC", move=FOR_EVER) for n in (1, 2, 3)])
        await store.append([refused(4, "CONSENT_REQUIRED", move=FOR_EVER)])
        now = Instant(NOW + 60)
        assert await reopen_freed(store, book, lambda: now, told.append) == 1
        (stored,) = await store.journal(kind=EntryKind.LEADS_REOPENED)
        assert (stored.entry.campaign, stored.entry.data["leads"]) == (CAMPAIGN, [2])
        assert told == [LeadsImported(CAMPAIGN)]
        assert await reopen_freed(store, book, lambda: now, told.append) == 0
        nursery.cancel_scope.cancel()
