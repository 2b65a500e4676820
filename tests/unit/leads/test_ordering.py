"""One integer sorts a campaign's leads."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from dialer.leads.ordering import callback_key, fresh_key, recycled_key

ids = st.integers(1, 10**9)
lines = st.integers(1, 10**9)
counts = st.integers(1, 20)


@given(ids, lines, ids, counts)
def test_callbacks_come_first_then_fresh_leads_then_those_dialled(
    promised: int, line: int, dialled: int, attempts: int
) -> None:
    assert callback_key(promised) < fresh_key(line) < recycled_key(dialled, attempts)


@given(ids, ids, counts, counts)
def test_fewer_dials_come_first(one: int, other: int, few: int, more: int) -> None:
    if few < more:
        assert recycled_key(one, few) < recycled_key(other, more)


@given(lines, lines)
def test_fresh_leads_keep_the_order_of_their_file(one: int, other: int) -> None:
    assert (fresh_key(one) < fresh_key(other)) == (one < other)


@given(ids, ids, counts)
def test_equally_often_dialled_leads_come_in_the_order_of_import(
    one: int, other: int, attempts: int
) -> None:
    assert (recycled_key(one, attempts) < recycled_key(other, attempts)) == (one < other)


@given(ids, lines, counts)
def test_keys_fit_a_signed_64_bit_column(lead_id: int, line: int, attempts: int) -> None:
    keys = (callback_key(lead_id), fresh_key(line), recycled_key(lead_id, attempts))
    assert all(0 < key < 2**63 for key in keys)
