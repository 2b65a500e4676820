"""What is kept no longer goes, nothing else does, and the journal proves what went."""

from __future__ import annotations

import shutil
import sqlite3
from collections.abc import Sequence
from contextlib import closing
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import trio

from dialer.audit.chain import canonical_json
from dialer.audit.merkle import leaf_hash, root_of
from dialer.model.instant import DAY_MS, Instant, instant_of, utc
from dialer.model.journal import EntryKind, JournalEntry
from dialer.model.leads import LeadState, RejectedRow
from dialer.service import retaining
from dialer.store.keys import personal_key
from dialer.store.retention import FLOOR_YEARS, Retained, years_before
from dialer.store.sqlite import SqlStore
from tests.contracts.journal_entries import (
    CAMPAIGN,
    NOW,
    dial,
    disposed,
    ended,
    lead_file,
    moved,
    number,
    suppressed,
)

OLD = Instant(NOW - 6 * 366 * DAY_MS)
CUTOFF = years_before(NOW, FLOOR_YEARS)
DONE = moved(LeadState.DONE, None)


def at(when: int, *entries: JournalEntry) -> list[JournalEntry]:
    return [replace(entry, at=Instant(when + place)) for place, entry in enumerate(entries)]


def old_call(attempt: int, lead: int) -> list[JournalEntry]:
    return at(
        OLD,
        dial(attempt, lead),
        ended(attempt, lead, move=DONE),
        disposed(attempt, lead, "SALE", DONE),
    )


async def live(store: SqlStore) -> None:
    """Lead 1: called long ago. 2: called long ago and lately. 3: called long ago, and asked not to
    be. 4: never called. 5: on a fresh list. 6: the last attempt, lately."""
    async with trio.open_nursery() as nursery:
        await nursery.start(store.run)
        bad = (RejectedRow(9, "12", "not a telephone number"),)
        await store.import_leads(CAMPAIGN, lead_file(range(4), rejected=bad), range(4), OLD, "mia")
        more = lead_file([4, 5], "more.csv", "bb")
        await store.import_leads(CAMPAIGN, more, range(2), NOW, "mia")
        await store.append([*old_call(1, 1), *old_call(2, 2), *old_call(3, 3)])
        await store.append([suppressed(2, at=OLD)])
        await store.append([dial(4, 2), ended(4, 2, move=DONE), dial(5, 6)])
        nursery.cancel_scope.cancel()


@pytest.fixture(scope="module")
def original(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("house")
    trio.run(live, SqlStore(folder / "dialer.db", lambda event: None))
    return folder


@pytest.fixture
def folder(original: Path, tmp_path: Path) -> Path:
    shutil.copytree(original, tmp_path, dirs_exist_ok=True)
    return tmp_path


def store_in(folder: Path) -> SqlStore:
    return SqlStore(folder / "dialer.db", lambda event: None)


def retained(folder: Path) -> Retained:
    store = store_in(folder)
    found: list[Retained] = []

    async def retain() -> None:
        async with trio.open_nursery() as nursery:
            await nursery.start(store.run)
            found.append(await store.retain(CUTOFF, FLOOR_YEARS, NOW, "mia"))
            nursery.cancel_scope.cancel()

    trio.run(retain)
    return found[0]


def asked(folder: Path, question: str) -> Sequence[tuple[object, ...]]:
    with closing(sqlite3.connect(folder / "dialer.db")) as database:
        return database.execute(question).fetchall()


def test_only_what_is_over_goes(folder: Path) -> None:
    found = retained(folder)
    assert {name: removed.rows for name, removed in found.tables.items()} == {
        "call_attempt": 3,
        "lead": 3,
        "rejected_row": 1,
        "number_record": 0,
    }
    assert found.personal == 2, "the first lead's number and the notes about it"
    assert asked(folder, "SELECT attempt_id FROM call_attempt") == [(4,), (5,)]
    assert asked(folder, "SELECT lead_id FROM lead") == [(2,), (5,), (6,)]
    assert asked(folder, "SELECT e164 FROM suppression") == [(number(2),)]
    assert {value for (value,) in asked(folder, "SELECT value FROM personal")} == {
        number(1),
        number(2),
        number(5),
        "call after tea",
    }
    assert asked(folder, f"SELECT 1 FROM personal WHERE value = '{number(0)}'") == []


def test_the_journal_proves_what_went(folder: Path) -> None:
    rows = asked(folder, "SELECT * FROM call_attempt WHERE attempt_id < 4 ORDER BY attempt_id")
    with closing(sqlite3.connect(folder / "dialer.db")) as database:
        cursor = database.execute("SELECT * FROM call_attempt")
        columns = [column[0] for column in cursor.description]
    key = personal_key(folder)
    flags = {"placed", "counted", "answered", "live", "dropped"}
    leaves = []
    for row in rows:
        said = {
            name: bool(value) if name in flags else value
            for name, value in zip(columns, row, strict=True)
        }
        text = key.text("row", "call_attempt", canonical_json(said))  # type: ignore[arg-type]  # it is JSON
        leaves.append(leaf_hash(bytes.fromhex(text.key)))
    would = trio.run(store_in(folder).would_retain, CUTOFF, FLOOR_YEARS)
    found = retained(folder)
    assert would == found
    assert found.tables["call_attempt"].root == root_of(leaves).hex()
    (stored,) = trio.run(lambda: store_in(folder).journal(limit=1))
    assert stored.entry.kind is EntryKind.RETENTION
    assert stored.entry == found.entry(NOW, "mia")
    assert stored.entry.data["tables"]["lead"] == {  # type: ignore[call-overload,index]  # it is a map
        "rows": 3,
        "first": 1,
        "last": 4,
        "root": found.tables["lead"].root,
    }
    assert "212555" not in str(stored.entry.data)
    assert trio.run(store_in(folder).verify).verified


def test_nothing_is_left_to_do_the_second_time(folder: Path) -> None:
    retained(folder)
    before = len(trio.run(lambda: store_in(folder).journal()))
    again = retained(folder)
    assert (again.rows, again.personal) == (0, 0)
    assert len(trio.run(lambda: store_in(folder).journal())) == before


def test_the_house_goes_on_counting_where_it_was(folder: Path) -> None:
    lately = "DELETE FROM call_attempt WHERE attempt_id > 3"
    with closing(sqlite3.connect(folder / "dialer.db")) as database:
        database.execute(lately)
        database.commit()
    assert retained(folder).tables["call_attempt"].rows == 2, "the newest stays, to count from"
    restored = trio.run(store_in(folder).restore, NOW)
    assert restored.next_attempt == 4


@pytest.mark.parametrize(
    ("now", "past"),
    [("2026-11-22", "2021-11-22"), ("2024-02-29", "2019-02-28"), ("2025-02-28", "2020-02-28")],
)
def test_years_are_those_of_the_calendar(now: str, past: str) -> None:
    def instant(day: str) -> Instant:
        return instant_of(utc(Instant(0)).fromisoformat(f"{day}T10:00:00+00:00"))

    assert years_before(instant(now), 5) == instant(past)


def test_the_laws_shortest_time_is_the_shortest() -> None:
    with pytest.raises(ValueError, match="5 years at least"):
        years_before(NOW, FLOOR_YEARS - 1)


async def test_the_service_does_it_every_day(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(retaining, "FIRST_S", 0.0)
    monkeypatch.setattr(retaining, "EVERY_S", 0.01)
    store = store_in(folder)
    alarms: list[str] = []

    def alarm(name: str, text: str) -> None:
        alarms.append(name)

    done = trio.Event()

    async def retain(*what: Any) -> Retained:
        found = await SqlStore.retain(store, *what)
        done.set()
        return found

    monkeypatch.setattr(store, "retain", retain)
    async with trio.open_nursery() as nursery:
        await nursery.start(store.run)
        nursery.start_soon(retaining.retain_daily, store, lambda: NOW, FLOOR_YEARS, alarm)
        with trio.fail_after(10):
            await done.wait()
        nursery.cancel_scope.cancel()
    (stored,) = await store.journal(kind=EntryKind.RETENTION)
    assert stored.entry.data["by"] == "service"
    assert asked(folder, "SELECT count(*) FROM call_attempt") == [(2,)]
    assert alarms == []
