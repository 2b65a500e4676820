"""Questions about one attempt or one number are answered by an index, however long the journal."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Engine, text
from sqlalchemy.dialects import sqlite

from dialer.model.calls import AttemptId
from dialer.model.instant import Instant
from dialer.model.journal import EntryKind
from dialer.store.database import migrate, writing_engine
from dialer.store.sql_audit import entries_question

NOTHING: dict[str, Any] = {
    "attempt": None,
    "number_key": "",
    "kinds": (),
    "campaign": "",
    "since": None,
    "until": None,
    "after": 0,
    "limit": 100,
}


@pytest.fixture(scope="module")
def engine(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Engine]:
    path: Path = tmp_path_factory.mktemp("store") / "dialer.db"
    engine = writing_engine(path)
    migrate(engine, path)
    yield engine
    engine.dispose()


@pytest.mark.parametrize(
    ("asked", "index"),
    [
        ({"attempt": AttemptId(7)}, "journal_by_attempt (attempt_id=? AND seq>?)"),
        ({"number_key": "ab"}, "journal_by_number (number_key=? AND seq>?)"),
        (
            {
                "number_key": "ab",
                "kinds": (EntryKind.REFUSED,),
                "since": Instant(1),
                "until": Instant(2),
            },
            "journal_by_number (number_key=? AND seq>?)",
        ),
        ({"kinds": (EntryKind.ERASED,)}, "journal_by_kind (kind=? AND seq>?)"),
        (
            {"kinds": (EntryKind.RULESET_IN_FORCE,), "campaign": "windows"},
            "journal_by_kind (kind=? AND seq>?)",
        ),
    ],
)
def test_entries_are_found_by_an_index(engine: Engine, asked: dict[str, Any], index: str) -> None:
    question = entries_question(**{**NOTHING, **asked})
    spelt = question.compile(dialect=sqlite.dialect(), compile_kwargs={"literal_binds": True})
    with engine.begin() as connection:
        plan = [row.detail for row in connection.execute(text(f"EXPLAIN QUERY PLAN {spelt}"))]
    assert plan == [f"SEARCH journal USING INDEX {index}"]
