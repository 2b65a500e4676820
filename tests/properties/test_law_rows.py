"""Whatever stands in a file of rules, it is read or refused with a reason; and what is read can be
written back."""

from __future__ import annotations

from datetime import UTC, date, datetime
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from dialer.compliance.law_files import load_law, read_jurisdiction, shipped_files
from dialer.compliance.law_rows import KINDS, read_row, row_table
from dialer.compliance.law_table import Fault, Table
from dialer.compliance.overlay import preview
from dialer.compliance.strictness import loosened
from dialer.model.errors import OperatorError

ROWS = [row_table(rule) for each in load_law().jurisdictions.values() for rule in each.rules]
FILES = [content for _, content in shipped_files()]
KEYS = sorted({key for _, table in ROWS for key in table} | {"every_day", "weekdays"})
ODD = st.one_of(
    st.text(max_size=8),
    st.integers(),
    st.floats(),
    st.booleans(),
    st.dates(),
    st.just(datetime(2026, 1, 1, tzinfo=UTC)),
    st.lists(st.one_of(st.text(max_size=3), st.integers(0, 3)), max_size=3),
    st.dictionaries(st.text(max_size=3), st.integers(), max_size=2),
    st.sampled_from(("none", "08:00-21:00", "PEWC", "V", "as that day")),
)


@given(
    kind=st.sampled_from(sorted(KINDS)),
    row=st.sampled_from(ROWS),
    odd=st.dictionaries(st.sampled_from(KEYS), ODD, max_size=3),
    gone=st.sets(st.sampled_from(KEYS), max_size=2),
)
def test_any_table_is_a_row_or_has_faults(
    kind: str, row: tuple[str, dict[str, Any]], odd: dict[str, Any], gone: set[str]
) -> None:
    table = {key: value for key, value in (row[1] | odd).items() if key not in gone}
    faults: list[Fault] = []
    rule = read_row(kind, Table(table, (), faults), "US")
    if faults:
        assert all(fault.message for fault in faults)
        return
    again: list[Fault] = []
    written_kind, written = row_table(rule)
    assert written_kind == kind
    assert read_row(kind, Table(written, (), again), "US") == rule
    assert not again
    assert not loosened(rule, rule)
    assert rule.effective_from >= date.min


@given(content=st.sampled_from(FILES), at=st.integers(0, 4_000), put=st.binary(max_size=3))
@settings(max_examples=150)
def test_any_bytes_are_a_jurisdiction_or_refused(content: bytes, at: int, put: bytes) -> None:
    damaged = content[:at] + put + content[at + 1 :]
    for read in (
        lambda: read_jurisdiction(damaged, "any.toml"),
        lambda: preview(load_law().jurisdictions, damaged, "any.toml"),
    ):
        try:
            read()
        except OperatorError as error:
            assert all(problem.where == "any.toml" for problem in error.problems)
