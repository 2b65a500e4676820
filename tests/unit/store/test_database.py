"""The schema that the migrations build, and how the database is asked."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import Connection, Engine, create_engine, text

from dialer.model.commands import RefillHopper
from dialer.model.instant import HOUR_MS, Instant
from dialer.store import lead_queue
from dialer.store.database import migrate, writing_engine
from dialer.store.imports import sift
from dialer.store.lead_queue import offer
from dialer.store.tables import LEAD, METADATA
from tests.contracts.journal_entries import CAMPAIGN, NOW, lead_file


@pytest.fixture
def engine(tmp_path: Path) -> Iterator[Engine]:
    engine = writing_engine(tmp_path / "dialer.db")
    migrate(engine, tmp_path / "dialer.db")
    yield engine
    engine.dispose()


def schema(connection: Connection) -> set[str]:
    rows = connection.execute(
        text("SELECT sql FROM sqlite_master WHERE sql IS NOT NULL AND name != 'alembic_version'")
    )
    return {" ".join(row.sql.split()) for row in rows}


def test_migrations_build_exactly_the_tables(engine: Engine) -> None:
    fresh = create_engine("sqlite://")
    with fresh.begin() as made, engine.begin() as migrated:
        METADATA.create_all(made)
        assert schema(migrated) == schema(made)
        assert compare_metadata(MigrationContext.configure(migrated), METADATA) == []
    fresh.dispose()


def test_migrating_again_changes_nothing(engine: Engine, tmp_path: Path) -> None:
    with engine.begin() as connection:
        before = schema(connection)
    migrate(engine, tmp_path / "dialer.db")
    with engine.begin() as connection:
        assert schema(connection) == before


def test_a_commit_is_on_the_disk(engine: Engine) -> None:
    with engine.begin() as connection:
        assert connection.scalar(text("PRAGMA journal_mode")) == "wal"
        assert connection.scalar(text("PRAGMA synchronous")) == 2  # FULL


@pytest.mark.parametrize(
    ("question", "index"),
    [
        (lead_queue._COUNT, "lead_by_time"),
        (lead_queue._BY_TIME, "lead_by_time"),
        (lead_queue._BY_ORDER, "lead_by_order"),
        (lead_queue._LATER, "lead_by_time"),
    ],
)
def test_leads_are_found_by_a_range_of_an_index(
    engine: Engine, question: object, index: str
) -> None:
    asked = {"campaign": CAMPAIGN, "now": NOW, "count": 10}
    with engine.begin() as connection:
        plan = connection.execute(text(f"EXPLAIN QUERY PLAN {question}"), asked).all()
    steps = [row.detail for row in plan if row.detail.startswith(("SEARCH", "SCAN lead"))]
    assert len(steps) == 1
    assert steps[0].startswith("SEARCH lead USING ")
    assert f"INDEX {index} (campaign=? AND state=?" in steps[0]
    if index == "lead_by_order":
        assert not any("ORDER BY" in row.detail for row in plan), "walked in order, never sorted"


@pytest.mark.parametrize("few", [0, 10_000])
def test_both_ways_to_the_leads_agree(
    engine: Engine, few: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(lead_queue, "FEW", few)
    keys = [(index * 7) % 20 for index in range(20)]
    sifted = sift(CAMPAIGN, lead_file(range(20)), keys, {})
    with engine.begin() as connection:
        lead_queue.store_rows(connection, sifted, NOW)
        connection.execute(
            LEAD.update().where(LEAD.c.lead_id % 2 == 0).values(next_eligible_at=NOW + HOUR_MS)
        )
        held = frozenset({1, 3})
        now = offer(connection, RefillHopper(CAMPAIGN, 5, NOW, held))
        assert [lead.order_key for lead in now.leads] == [2, 4, 6, 8, 10]
        later = offer(connection, RefillHopper(CAMPAIGN, 30, Instant(NOW + HOUR_MS), held))
    assert [lead.order_key for lead in later.leads] == [*range(1, 14), *range(15, 20)]
    assert later.next_eligible_at is None
