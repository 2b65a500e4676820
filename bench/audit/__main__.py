"""`python -m bench.audit`: how fast the journal is written and checked, one JSON line a figure.

Every figure is the median of repeats in this run and stands beside a baseline measured between the
same repeats: for writing, bare inserts of the same rows into an SQLite table of the same shape, as
many in a commit; for checking, bare SHA-256 of the same bytes. Entries are those of ordinary calls
(dial, end, the agent's choice): their median text is some 600 bytes.
"""

from __future__ import annotations

import hashlib
import io
import json
import os
import platform
import sqlite3
import statistics
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing
from pathlib import Path

import click
import trio

import dialer
from bench.audit.entries import agent_changes, calls
from dialer.audit.bundle import verify_bundle
from dialer.audit.chain import ChainedRow, Head, chain, text_of, verify
from dialer.audit.personal import PersonalKey
from dialer.model.instant import Instant
from dialer.model.journal import JournalEntry
from dialer.store.bundles import Wanted
from dialer.store.sqlite import SqlStore

KEY = PersonalKey(bytes(32))
IN_A_COMMIT = 1_000
REPEATS = 5


def _took(do: Callable[[], object]) -> float:
    started = time.perf_counter()
    do()
    return time.perf_counter() - started


def _put(
    figure: str, entries: int, took: Sequence[float], baseline: str, bare: Sequence[float]
) -> None:
    each, basis = statistics.median(took), statistics.median(bare)
    click.echo(
        json.dumps(
            {
                "figure": figure,
                "value": round(entries / each),
                "unit": "entries/s",
                "baseline": baseline,
                "baseline_value": round(entries / basis),
                "times_the_baseline": round(each / basis, 2),
                "entries": entries,
                "repeats": len(took),
                "load": round(os.getloadavg()[0], 1),
                "versions": {
                    "dialer": dialer.__version__,
                    "python": platform.python_version(),
                    "sqlite": sqlite3.sqlite_version,
                },
            }
        )
    )


def _measure(
    figure: str,
    entries: int,
    do: Callable[[], object],
    baseline: str,
    bare: Callable[[], object],
) -> None:
    pairs = [(_took(do), _took(bare)) for _ in range(REPEATS)]
    _put(figure, entries, [a for a, _ in pairs], baseline, [b for _, b in pairs])


def _chained(entries: Sequence[JournalEntry]) -> list[ChainedRow]:
    head, rows = Head(), []
    for entry in entries:
        rows.append(chain(head, entry, 0, KEY)[0])
        head = Head(len(rows), rows[-1].hash)
    return rows


def _pure(entries: Sequence[JournalEntry]) -> list[ChainedRow]:
    rows = _chained(entries)
    texts = [text_of(row).encode() for row in rows]
    head = Head(len(rows), rows[-1].hash)

    def bare() -> None:
        for text in texts:
            hashlib.sha256(text).hexdigest()

    def check() -> None:
        assert verify(rows, head).verified

    sha = "SHA-256 of the same texts"
    _measure("entries chained", len(rows), lambda: _chained(entries), sha, bare)
    _measure("entries of a chain verified, rows in memory", len(rows), check, sha, bare)
    return rows


async def _append(path: Path, entries: Sequence[JournalEntry]) -> float:
    """Seconds from the first entry handed over to the last one durable."""
    store = SqlStore(path, lambda event: None)
    in_flight = trio.Semaphore(2)  # one is committed while the next is made

    async def append(group: Sequence[JournalEntry]) -> None:
        await store.append(group)
        in_flight.release()

    async with trio.open_nursery() as nursery:
        await nursery.start(store.run)
        started = time.perf_counter()
        async with trio.open_nursery() as handing:
            for start in range(0, len(entries), IN_A_COMMIT):
                await in_flight.acquire()
                handing.start_soon(append, entries[start : start + IN_A_COMMIT])
        took = time.perf_counter() - started
        nursery.cancel_scope.cancel()
    return took


def _bare_inserts(path: Path, rows: Sequence[ChainedRow]) -> float:
    """Seconds for the same rows, with the journal's indexes and as safe on the disk."""
    columns = ", ".join(ChainedRow._fields)
    places = ", ".join("?" * len(ChainedRow._fields))
    with closing(sqlite3.connect(path, isolation_level=None)) as database:
        database.execute("PRAGMA journal_mode=WAL")
        database.execute("PRAGMA synchronous=FULL")
        database.execute(f"CREATE TABLE journal ({columns}, PRIMARY KEY (seq))")
        database.execute("CREATE INDEX by_number ON journal (number_key, seq)")
        database.execute("CREATE INDEX by_kind ON journal (kind, seq)")
        started = time.perf_counter()
        for start in range(0, len(rows), IN_A_COMMIT):
            database.execute("BEGIN IMMEDIATE")
            group = rows[start : start + IN_A_COMMIT]
            database.executemany(f"INSERT INTO journal VALUES ({places})", group)
            database.execute("COMMIT")
        return time.perf_counter() - started


def _folders() -> Iterator[Path]:
    for _ in range(REPEATS):
        with tempfile.TemporaryDirectory() as folder:
            yield Path(folder)


def _written(figure: str, entries: Sequence[JournalEntry]) -> None:
    rows = _chained(entries)
    took, bare = [], []
    for folder in _folders():
        took.append(trio.run(_append, folder / "dialer.db", entries))
        bare.append(_bare_inserts(folder / "bare.db", rows))
    baseline = f"bare inserts of the same rows, {IN_A_COMMIT} in a commit"
    _put(figure, len(entries), took, baseline, bare)


def _stored(entries: Sequence[JournalEntry]) -> None:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "dialer.db"
        trio.run(_append, path, entries)
        store = SqlStore(path, lambda event: None)
        bundle = io.BytesIO()
        trio.run(store.export, Wanted(None, None, False, "bench"), Instant(0), bundle)
        texts = [text_of(row).encode() for row in _chained(entries)]

        def bare() -> None:
            for text in texts:
                hashlib.sha256(text).hexdigest()

        def live() -> None:
            assert trio.run(store.verify).verified

        def handed_over() -> None:
            assert verify_bundle(bundle).verification.verified

        sha = "SHA-256 of the same texts"
        told = "with Merkle tree, checkpoints and look-up table"
        _measure(f"entries of a live store verified, {told}", len(entries), live, sha, bare)
        _measure("entries of a bundle verified", len(entries), handed_over, sha, bare)


@click.command()
@click.option("--entries", type=click.IntRange(1_000), default=100_000, show_default=True)
@click.option("--tamper", is_flag=True, help="Flip every bit of 10,000 entries instead.")
def main(entries: int, tamper: bool) -> None:
    """Figures of the journal."""
    if tamper:
        from bench.audit.tamper import flip_everything

        flip_everything()
        return
    made = calls(entries)
    _pure(made)
    _written("entries appended, durable, of kinds that move nothing else", agent_changes(entries))
    _written("entries appended, durable, with the attempts and leads they move", made[:20_000])
    _stored(made)


if __name__ == "__main__":
    main()
