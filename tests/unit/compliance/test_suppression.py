"""Numbers we may not call."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from dialer.compliance.facts import ListKind, ListVersion
from dialer.compliance.suppression import NumberList, Suppressions
from dialer.model.instant import DAY_MS, Instant
from dialer.model.suppression import Suppression, SuppressionSource

NUMBER = "+12125550123"
SINCE = Instant(20_000 * DAY_MS)


def number_list(name: str, kind: ListKind, *numbers: int) -> NumberList:
    return NumberList(ListVersion(name, kind, SINCE), np.array(sorted(numbers), dtype=np.uint64))


def request(seller: str) -> Suppression:
    return Suppression(NUMBER, SuppressionSource.REQUEST, "request", SINCE, seller)


def test_lists_and_requests_are_found() -> None:
    national = number_list("national", ListKind.NATIONAL, 12125550100, 12125550123)
    internal = number_list("internal", ListKind.INTERNAL, 12125550199)
    book = Suppressions([national, internal], [request("")])
    assert [version.name for version in book.versions] == ["national", "internal"]
    assert book.on_lists(NUMBER) == {"national"}
    assert book.on_lists("+12125550199") == {"internal"}
    assert book.on_lists("+12125550124") == book.on_lists("+442079460123") == frozenset()
    assert book.requests_of(NUMBER) == (request(""),)
    book.use([internal])
    assert book.on_lists(NUMBER) == frozenset()
    assert book.requests_of(NUMBER), "requests do not go with the lists"


def test_a_request_binds_its_seller_however_the_name_is_typed() -> None:
    wish = request("Clearview  Sample Windows ")
    assert wish.binds("clearview sample windows")
    assert not wish.binds("Another Seller")
    assert request("").binds("Another Seller")


def test_a_request_is_in_force_at_once_and_once() -> None:
    book = Suppressions()
    book.add(request("S"))
    book.add(request("S"))
    assert len(book.requests_of(NUMBER)) == 1
    book.add(request(""))
    assert len(book.requests_of(NUMBER)) == 2
    book.lift(book.requests_to(NUMBER, "s"))
    assert book.requests_of(NUMBER) == (request(""),)


def test_a_list_out_of_order_is_refused() -> None:
    version = ListVersion("x", ListKind.NATIONAL, SINCE)
    for numbers in ([2, 1], [1, 1]):
        with pytest.raises(ValueError, match="ascending"):
            NumberList(version, np.array(numbers, dtype=np.uint64))
    with pytest.raises(ValueError, match="uint64"):
        signed: Any = np.array([1, 2], dtype=np.int64)
        NumberList(version, signed)
