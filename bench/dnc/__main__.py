"""`python -m bench.dnc`: lists at national scale, one JSON line a figure.

Every import runs in a process of its own, so that its memory is its own. `peak_mb` is anonymous
memory, without pages of files; `peak_rss_mb` counts those too. `cpu_s` is what the import took of
all cores: on a busy machine `cpu_s / 2` is what two free cores would take at least.
"""

from __future__ import annotations

import json
import os
import platform
import shutil
import sqlite3
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import click
import numpy as np
from numpy.typing import NDArray

import dialer
from bench.dnc.synthetic import AREA_CODES, IRREGULAR, REGULAR, write_list
from dialer.dnc.index import NumberIndex

_BASELINE_NUMBERS = 5_000_000
_SCALAR_QUESTIONS = 200_000
_MANY_QUESTIONS = 4_000_000


class _Bench:
    """Prints figures with what they depend on."""

    def __init__(self, rows: int, seed: int) -> None:
        self._common = {
            "rows": rows,
            "area_codes": AREA_CODES,
            "seed": seed,
            "cores": os.cpu_count(),
            "versions": {
                "dialer": dialer.__version__,
                "python": platform.python_version(),
                "numpy": np.__version__,
            },
        }

    def put(self, figure: str, value: float, unit: str, **more: object) -> None:
        click.echo(
            json.dumps(
                {
                    "figure": figure,
                    "value": float(f"{value:.4g}"),
                    "unit": unit,
                    **more,
                    **self._common,
                    "load": round(os.getloadavg()[0], 1),
                }
            )
        )


@click.command()
@click.option("--rows", type=click.IntRange(AREA_CODES), default=5_000_000, show_default=True)
@click.option("--irregular-rows", type=int, help="As --rows without.")
@click.option("--repeats", type=click.IntRange(1), default=3, show_default=True)
@click.option("--seed", type=int, default=1, show_default=True)
@click.option("--folder", type=click.Path(path_type=Path), help="Where to work; emptied after.")
def main(
    rows: int, irregular_rows: int | None, repeats: int, seed: int, folder: Path | None
) -> None:
    """Generate, import and ask a synthetic national list."""
    bench = _Bench(rows, seed)
    work = Path(tempfile.mkdtemp(prefix="bench-dnc-", dir=folder))
    try:
        regular = work / "regular.txt"
        write_list(regular, rows, seed, REGULAR)
        _baselines(bench, regular, work, repeats)
        _imports(bench, "import_regular", regular, work, repeats)
        index = _look_ups(bench, work, seed)
        _rivals(bench, index, work, seed)
        regular.unlink()
        irregular = work / "irregular.txt"
        write_list(irregular, irregular_rows or rows, seed, IRREGULAR)
        _imports(bench, "import_irregular", irregular, work, repeats)
    finally:
        shutil.rmtree(work)


# --- importing ------------------------------------------------------------------------------------


def _imports(bench: _Bench, figure: str, file: Path, work: Path, repeats: int) -> None:
    runs: list[dict[str, float]] = []
    for _ in range(repeats):
        shutil.rmtree(work / "shelf", ignore_errors=True)
        command = [sys.executable, "-m", "bench.dnc.one_import", str(file), str(work / "shelf")]
        ended = subprocess.run(command, check=True, capture_output=True, text=True)
        runs.append(json.loads(ended.stdout))
    wall_s = statistics.median(run["wall_s"] for run in runs)
    bench.put(
        figure,
        runs[0]["rows"] / wall_s,
        "rows/s",
        imported_rows=runs[0]["rows"],
        wall_s=[round(run["wall_s"], 2) for run in runs],
        cpu_s=[round(run["cpu_s"], 2) for run in runs],
        peak_mb=round(max(run["peak_mb"] for run in runs)),
        peak_rss_mb=round(max(run["peak_rss_mb"] for run in runs)),
        file_mb=round(file.stat().st_size / 1e6),
        index_mb=round(_index_file(work).stat().st_size / 1e6),
    )


def _baselines(bench: _Bench, file: Path, work: Path, repeats: int) -> None:
    rows = file.stat().st_size / len("aaa,nnnnnnn\n")

    def read() -> None:
        with file.open("rb", buffering=0) as opened:
            while opened.read(1 << 20):
                pass

    def sort() -> None:
        subprocess.run(
            ["sort", "-u", "--parallel=2", "-S", "1G", "-o", work / "sorted.txt", file],
            check=True,
            env={**os.environ, "LC_ALL": "C", "TMPDIR": str(work)},
        )

    bench.put("baseline_bare_read", rows / _median_s(read, repeats), "rows/s")
    bench.put("baseline_sort_u", rows / _median_s(sort, 1), "rows/s", repeats=1)
    (work / "sorted.txt").unlink()


# --- asking ---------------------------------------------------------------------------------------


def _look_ups(bench: _Bench, work: Path, seed: int) -> NumberIndex:
    path = _index_file(work)
    bench.put("open", 1e3 * _median_s(lambda: NumberIndex.open(path), 9), "ms")
    index = NumberIndex.open(path)
    bench.put("verify", 1e3 * _median_s(index.verify, 3), "ms")
    asked = _questions(index, _MANY_QUESTIONS, seed)
    share = float(index.contains_many(asked).mean())
    took = _median_s(lambda: index.contains_many(asked), 7)
    bench.put("look_ups_many", len(asked) / took, "numbers/s", on_the_list=round(share, 3))
    _one_by_one(bench, "look_up", index, _questions(index, _SCALAR_QUESTIONS, seed + 1))
    return index


def _rivals(bench: _Bench, index: NumberIndex, work: Path, seed: int) -> None:
    """A Python set and SQLite with an index, of up to five million of the same numbers."""
    step = max(1, index.count // _BASELINE_NUMBERS)
    numbers = np.concatenate(list(index.numbers()))[::step][:_BASELINE_NUMBERS]
    texts = [f"+{number}" for number in numbers.tolist()]
    asked = _questions(index, _SCALAR_QUESTIONS, seed + 1)
    _one_by_one(bench, "baseline_set_look_up", set(texts), asked, numbers=len(texts))
    database = sqlite3.connect(work / "numbers.db")
    database.execute("create table numbers (e164 text primary key) without rowid")
    database.executemany("insert into numbers values (?)", ((text,) for text in texts))
    database.commit()

    class Table:
        def __contains__(self, e164: object) -> bool:
            row = database.execute("select 1 from numbers where e164 = ?", (e164,)).fetchone()
            return row is not None

    _one_by_one(bench, "baseline_sqlite_look_up", Table(), asked, numbers=len(texts))
    database.close()
    (work / "numbers.db").unlink()


def _one_by_one(
    bench: _Bench,
    figure: str,
    held: NumberIndex | set[str] | object,
    asked: NDArray[np.uint64],
    **more: object,
) -> None:
    texts = [f"+{number}" for number in asked.tolist()]
    clock = time.perf_counter_ns
    took = np.empty(len(texts), dtype=np.int64)
    for place, text in enumerate(texts):
        started = clock()
        text in held  # type: ignore[operator]  # noqa: B015
        took[place] = clock() - started
    p50, p99 = np.percentile(took, [50, 99]) / 1e3
    bench.put(f"{figure}_p50", float(p50), "us", **more)
    bench.put(f"{figure}_p99", float(p99), "us", **more)


def _questions(index: NumberIndex, count: int, seed: int) -> NDArray[np.uint64]:
    """Half of them on the list, half at random in its area codes, in any order."""
    chance = np.random.default_rng(seed)
    areas = [area for area, _ in index.areas]
    anywhere = (
        10_000_000_000
        + chance.choice(areas, count // 2) * 10_000_000
        + chance.integers(2_000_000, 10_000_000, count // 2)
    ).astype(np.uint64)
    each = -(-count // 2 // len(areas))
    listed = np.concatenate([chance.choice(part, each) for part in index.numbers()])
    return chance.permutation(np.concatenate((anywhere, listed[: count // 2])))


def _index_file(work: Path) -> Path:
    return next((work / "shelf" / "national").glob("*.idx"))


def _median_s(do: Callable[[], object], repeats: int) -> float:
    took = []
    for _ in range(repeats):
        started = time.perf_counter()
        do()
        took.append(time.perf_counter() - started)
    return statistics.median(took)


if __name__ == "__main__":
    main()
