"""Numbers we may not call."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from dialer.compliance.suppression import NumberList, Suppressions
from dialer.model.instant import DAY_MS, Instant
from dialer.model.suppression import Suppression, SuppressionSource

NUMBER = "+12125550123"
SINCE = Instant(20_000 * DAY_MS)


def number_list(name: str, *numbers: int, source: SuppressionSource) -> NumberList:
    return NumberList(name, source, SINCE, np.array(sorted(numbers), dtype=np.uint64))


def request(seller: str) -> Suppression:
    return Suppression(NUMBER, SuppressionSource.REQUEST, "request", SINCE, seller)


def test_lists_and_requests_are_found_together() -> None:
    national = number_list("national", 12125550100, 12125550123, source=SuppressionSource.NATIONAL)
    internal = number_list("internal", 12125550199, source=SuppressionSource.INTERNAL)
    book = Suppressions([national, internal], [request("")])
    assert [found.list_name for found in book.find(NUMBER, "Any")] == ["national", "request"]
    assert [found.list_name for found in book.find("+12125550199", "Any")] == ["internal"]
    assert book.find("+12125550124", "Any") == ()
    assert book.find("+19995550124", "Any") == ()


def test_a_request_binds_its_seller_however_the_name_is_typed() -> None:
    book = Suppressions(requests=[request("Clearview  Sample Windows ")])
    assert book.find(NUMBER, "clearview sample windows")
    assert not book.find(NUMBER, "Another Seller")


def test_a_request_is_in_force_at_once_and_once() -> None:
    book = Suppressions()
    assert not book.find(NUMBER, "S")
    book.add(request("S"))
    book.add(request("S"))
    assert len(book.find(NUMBER, "S")) == 1
    book.add(request(""))
    assert len(book.find(NUMBER, "S")) == 2


def test_a_list_out_of_order_is_refused() -> None:
    for numbers in ([2, 1], [1, 1]):
        with pytest.raises(ValueError, match="ascending"):
            NumberList("x", SuppressionSource.NATIONAL, SINCE, np.array(numbers, dtype=np.uint64))
    with pytest.raises(ValueError, match="uint64"):
        signed: Any = np.array([1, 2], dtype=np.int64)
        NumberList("x", SuppressionSource.NATIONAL, SINCE, signed)


def test_a_registry_copy_is_good_for_31_calendar_days() -> None:
    national = number_list("national", 12125550100, source=SuppressionSource.NATIONAL)
    internal = number_list("internal", 12125550100, source=SuppressionSource.INTERNAL)
    book = Suppressions([national, internal])
    assert book.stale_lists(Instant(SINCE + 32 * DAY_MS - 1), 31) == ()
    assert book.stale_lists(Instant(SINCE + 32 * DAY_MS), 31) == ("national",)
