"""The SQLite store is held to the contract of every store, and to what only a disk can do to it."""

from __future__ import annotations

import resource
import sqlite3
import subprocess
import sys
from collections.abc import AsyncIterator, Iterator
from contextlib import ExitStack, asynccontextmanager, closing, contextmanager
from functools import partial
from pathlib import Path

import pytest
import trio
import trio.testing

from dialer.model.commands import Record, RefillHopper
from dialer.model.errors import JournalFault, OperatorError
from dialer.model.events import Journaled, JournalFailed, JournalRecovered, LeadsOffered
from dialer.model.instant import HOUR_MS
from dialer.store import sqlite
from dialer.store.port import Emit, Store
from dialer.store.sqlite import SqlStore
from tests.contracts.audit_contract import AuditContract
from tests.contracts.journal_entries import CAMPAIGN, NOW, alarm, dial
from tests.contracts.running_store import Opener, running
from tests.contracts.store_contract import StoreContract

ROOT = Path(__file__).parents[2]


class TestSqlStore(StoreContract, AuditContract):
    def build(self, folder: Path) -> Opener:
        def open_again(emit: Emit) -> Store:
            return SqlStore(folder / "dialer.db", emit)

        return open_again


@pytest.fixture
def database(tmp_path: Path) -> Path:
    return tmp_path / "dialer.db"


@pytest.fixture
def opener(database: Path) -> Opener:
    return lambda emit: SqlStore(database, emit)


@contextmanager
def locked(database: Path) -> Iterator[None]:
    """Somebody else writes the database meanwhile."""
    with closing(sqlite3.connect(database, isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        yield
        other.execute("ROLLBACK")


@contextmanager
def files_no_larger_than(size: int) -> Iterator[None]:
    """The kernel lets no file of this process grow beyond `size` meanwhile (RLIMIT_FSIZE): to a
    program that is what a full disk or a used-up quota looks like, and it holds for root too."""
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))


async def test_a_locked_database_delays_and_loses_nothing(opener: Opener, database: Path) -> None:
    async with running(opener) as open_store:
        await open_store.load(3)
        store = open_store.store
        assert isinstance(store, SqlStore)
        with locked(database):
            store.carry_out(Record(dial(1, 1), 1))
            failed = await open_store.next_of(JournalFailed)
            assert "locked" in failed.why
            store.carry_out(RefillHopper(CAMPAIGN, 9, NOW, frozenset()))
            for token in range(2, 50):
                store.carry_out(Record(alarm(f"alarm {token}"), token))
            await trio.sleep(0.3)
            assert open_store.silent()
            assert store.lag_s() > 2.0
        assert await open_store.next() == Journaled(1)
        offered = await open_store.next_of(LeadsOffered)
        assert [lead.attempts for lead in offered.leads] == [1, 0, 0]
        for token in range(2, 50):
            assert await open_store.next() == Journaled(token)
        assert await open_store.next() == JournalRecovered()
        assert store.lag_s() == 0.0
        entries = [stored.entry for stored in await store.journal(limit=48)]
        assert entries == [alarm(f"alarm {token}") for token in reversed(range(2, 50))]


async def test_an_import_into_a_locked_database_is_refused_to_its_asker(
    opener: Opener, database: Path
) -> None:
    async with running(opener) as open_store:
        with locked(database), pytest.raises(JournalFault, match=r"nothing was stored.*locked"):
            await open_store.load(3)
        assert open_store.silent()
        assert (await open_store.load(3)).loaded == 3


async def test_an_import_behind_a_locked_database_waits_its_turn(
    opener: Opener, database: Path
) -> None:
    async with running(opener) as open_store, trio.open_nursery() as nursery:
        with locked(database):
            open_store.store.carry_out(Record(alarm("first"), 1))
            await open_store.next_of(JournalFailed)
            nursery.start_soon(open_store.load, 3)
            await trio.testing.wait_all_tasks_blocked()
        assert await open_store.next() == Journaled(1)
        assert await open_store.next() == JournalRecovered()
        assert (await open_store.report()).leads == 3


async def test_a_full_disk_delays_and_loses_nothing(opener: Opener, database: Path) -> None:
    async with running(opener) as open_store:
        store = open_store.store
        await store.append([alarm("before")])
        log = database.with_name("dialer.db-wal")
        sent = 0
        with files_no_larger_than(log.stat().st_size + 30_000):
            while True:
                sent += 1
                store.carry_out(Record(alarm(f"{sent} " + "x" * 2_000), sent))
                event = await open_store.next()
                if isinstance(event, JournalFailed):
                    break
                assert event == Journaled(sent)
            assert sent > 1
            for token in range(sent + 1, sent + 20):
                store.carry_out(Record(alarm(f"{token} " + "x" * 2_000), token))
        for token in range(sent, sent + 20):
            assert await open_store.next() == Journaled(token)
        assert await open_store.next() == JournalRecovered()
        texts = [str(s.entry.data["text"]).split()[0] for s in await store.journal(limit=1_000)]
        assert texts == [*map(str, range(sent + 19, 0, -1)), "before"]


async def test_what_cannot_be_flushed_is_said_at_the_end(
    opener: Opener, database: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sqlite, "FLUSH_S", 0.5)
    store = opener(lambda event: None)
    failure = pytest.RaisesGroup(pytest.RaisesExc(JournalFault, match="2 journal entries could"))
    with ExitStack() as held, failure:
        async with trio.open_nursery() as nursery:
            await nursery.start(store.run)
            await store.append([alarm("before")])
            held.enter_context(locked(database))
            store.carry_out(Record(alarm("lost"), 1))
            store.carry_out(Record(alarm("lost too"), 2))
            nursery.cancel_scope.cancel()
    async with running(opener) as again:
        assert len(await again.store.journal()) == 1


@asynccontextmanager
async def writing(database: Path) -> AsyncIterator[tuple[trio.Process, AsyncIterator[str]]]:
    """Another process that writes the database, and the lines it says once it has begun."""
    arguments = [sys.executable, "-m", "tests.contracts.writing_process", str(database)]
    async with trio.open_nursery() as nursery:
        start = partial(trio.run_process, arguments, cwd=ROOT, stdout=subprocess.PIPE, check=False)
        process: trio.Process = await nursery.start(start)
        lines = lines_of(process)
        assert await anext(lines) == "open"
        yield process, lines
        process.kill()


async def lines_of(process: trio.Process) -> AsyncIterator[str]:
    """Whole lines of what the process says."""
    assert process.stdout is not None
    rest = ""
    async for chunk in process.stdout:
        *lines, rest = (rest + chunk.decode()).split("\n")
        for line in lines:
            yield line


async def test_killed_in_the_middle_of_writing(opener: Opener, database: Path) -> None:
    for _ in range(3):
        async with writing(database) as (process, lines):
            said = [int(await anext(lines)) for _ in range(400)]
            process.kill()
            said += [int(line) async for line in lines]
        async with running(opener) as open_store:
            verification = await open_store.store.verify()
            assert verification.verified, verification.why
            stored = await open_store.store.journal(limit=1_000_000)
            texts = [int(str(entry.entry.data["text"])) for entry in stored]
            started = texts.index(1)
            assert texts[: started + 1] == list(range(started + 1, 0, -1)), "a gap in the journal"
            assert started + 1 >= said[-1], "something said to be durable was not"


async def test_two_writers_are_refused(opener: Opener, database: Path) -> None:
    async with running(opener) as first:
        second = SqlStore(database, lambda event: None)
        with pytest.raises(OperatorError, match="is writing this database already"):
            await second.run()
        await first.store.append([alarm("unharmed")])
    async with running(opener) as again:
        assert len(await again.store.journal()) == 1


async def test_another_process_is_refused_by_its_number(database: Path) -> None:
    async with writing(database) as (process, _):
        store = SqlStore(database, lambda event: None)
        with pytest.raises(OperatorError, match=f"process {process.pid} is writing"):
            await store.run()


async def test_reading_beside_a_running_service(opener: Opener, database: Path) -> None:
    async with running(opener) as open_store:
        await open_store.load(2)
        await open_store.store.append([dial(1, 1)])
        beside = SqlStore(database, lambda event: None)
        assert (await beside.campaign_report(CAMPAIGN, NOW)).dials == 1
        assert (await beside.verify()).entries == 2


async def test_reading_where_there_is_nothing(database: Path) -> None:
    with pytest.raises(OperatorError, match="there is no database here"):
        await SqlStore(database, lambda event: None).users()
    assert not await trio.Path(database).exists()


async def test_a_file_that_is_no_database(database: Path) -> None:
    await trio.Path(database).write_text("Dear diary, I was mistaken for a database. " * 50)
    with pytest.raises(OperatorError, match="cannot be opened: file is not a database"):
        await SqlStore(database, lambda event: None).run()
    with pytest.raises(JournalFault, match="cannot be read: file is not a database"):
        await SqlStore(database, lambda event: None).users()


async def test_a_folder_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(OperatorError, match="folder of the database cannot be written"):
        await SqlStore(tmp_path / "nowhere" / "dialer.db", lambda event: None).run()


async def test_a_database_of_a_newer_version(opener: Opener, database: Path) -> None:
    async with running(opener):
        pass
    tamper(database, "UPDATE alembic_version SET version_num = '9999'")
    with pytest.raises(OperatorError, match="does not know the database's schema"):
        await SqlStore(database, lambda event: None).run()


def tamper(database: Path, statement: str) -> None:
    with closing(sqlite3.connect(database)) as connection:
        connection.execute(statement)
        connection.commit()


@pytest.mark.parametrize(
    ("statement", "first_bad"),
    [
        ("UPDATE journal SET at = at + 1 WHERE seq = 3", 3),
        ("UPDATE journal SET number_key = '+12125550199' WHERE seq = 2", 2),
        ("UPDATE journal SET clock_shift_ms = 0 WHERE seq = 4", 4),
        ("UPDATE journal SET kind = 'DISPOSED' WHERE seq = 1", 1),
        ("UPDATE journal SET kind = 'NONSENSE' WHERE seq = 1", 1),
        ("UPDATE journal SET data_json = replace(data_json, 'alarm', 'charm') WHERE seq = 5", 5),
        ("UPDATE journal SET data_json = replace(data_json, ':', ': ') WHERE seq = 5", 5),
        ("UPDATE journal SET data_json = '[]' WHERE seq = 5", 5),
        ("UPDATE journal SET data_json = '{' WHERE seq = 5", 5),
        ("UPDATE journal SET data_json = CAST(x'7b22ff227d' AS TEXT) WHERE seq = 5", 5),
        ("UPDATE journal SET agent = CAST(x'ff' AS TEXT) WHERE seq = 1", 1),
        ("UPDATE journal SET data_json = CAST(data_json AS BLOB) WHERE seq = 5", 5),
        ("UPDATE journal SET personal_json = '{ }' WHERE seq = 3", 3),
        ("UPDATE journal SET hash = upper(hash) WHERE seq = 2", 2),
        ("UPDATE journal SET lead_id = 1 WHERE seq = 6", 6),
        ("DELETE FROM journal WHERE seq = 1", 1),
        ("DELETE FROM journal WHERE seq = 3", 3),
        ("DELETE FROM journal WHERE seq = 6", 6),
        ("UPDATE journal_head SET entries = 5", 6),
        ("DELETE FROM journal_head", 6),
        (
            "INSERT INTO journal SELECT 7, kind, at, campaign, lead_id, attempt_id, number_key, "
            "agent, data_json, personal_json, clock_shift_ms, prev_hash, hash FROM journal "
            "WHERE seq = 6",
            7,
        ),
        ("UPDATE journal SET seq = CASE seq WHEN 2 THEN -3 ELSE -2 END WHERE seq IN (2, 3)", -3),
    ],
)
async def test_verify_finds_what_was_changed(
    database: Path, statement: str, first_bad: int
) -> None:
    store = SqlStore(database, lambda event: None, clock_shift_ms=HOUR_MS)
    async with trio.open_nursery() as nursery:
        await nursery.start(store.run)
        await store.append([alarm(f"alarm {index}") for index in range(6)])
        nursery.cancel_scope.cancel()
    assert (await store.verify()).verified
    tamper(database, statement)
    verification = await store.verify()
    assert not verification.verified
    assert verification.first_bad_seq == first_bad
    assert verification.why


@pytest.mark.parametrize(
    "statement", ["DELETE FROM journal WHERE seq = 6", "UPDATE journal_head SET entries = 5"]
)
async def test_a_journal_without_its_end_is_not_continued(
    opener: Opener, database: Path, statement: str
) -> None:
    async with running(opener) as open_store:
        await open_store.store.append([alarm(f"alarm {index}") for index in range(6)])
    tamper(database, statement)
    with pytest.raises(JournalFault, match="changed outside this program"):
        await SqlStore(database, lambda event: None).run()
