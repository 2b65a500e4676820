"""`python -m bench.dnc.one_import FILE SHELF`: one import, and what it cost, as JSON.

In a process of its own, so that its memory is its own.
"""

from __future__ import annotations

import json
import sys
import threading
import time
from pathlib import Path

import click

from dialer.dnc.index import SetKind
from dialer.dnc.profile import find_profile
from dialer.dnc.shelf import ListShelf
from dialer.model.instant import Instant

_SAMPLED_EVERY_S = 0.02


def main(file: Path, root: Path) -> None:
    """The whole import as an operator starts it: read, hashed, written, flushed, made active."""
    most = 0.0
    over = threading.Event()

    def watch() -> None:
        nonlocal most
        while not over.wait(_SAMPLED_EVERY_S):
            most = max(most, _memory_mb("RssAnon"))

    watching = threading.Thread(target=watch)
    watching.start()
    started, cpu = time.perf_counter(), time.process_time()
    manifest = ListShelf(root, lambda: Instant(1)).import_file(
        "national", SetKind.NATIONAL, "", file, find_profile("ftc_full"), Instant(1)
    )
    wall_s, cpu_s = time.perf_counter() - started, time.process_time() - cpu
    over.set()
    watching.join()
    if manifest.count != manifest.rows_read:
        raise AssertionError(f"{manifest.count} numbers of {manifest.rows_read} distinct rows")
    cost = {"rows": manifest.rows_read, "wall_s": wall_s, "cpu_s": cpu_s}
    click.echo(json.dumps({**cost, "peak_mb": most, "peak_rss_mb": _memory_mb("VmHWM")}))


def _memory_mb(what: str) -> float:
    status = Path("/proc/self/status").read_text()
    line = next(line for line in status.splitlines() if line.startswith(what))
    return int(line.split()[1]) / 1024


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]))
