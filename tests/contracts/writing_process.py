"""A process that writes a journal as fast as it can and says what is committed, until it is killed.

`python -m tests.contracts.writing_process FILE`: prints `open`, then each token once it is durable.
"""

from __future__ import annotations

import sys
from pathlib import Path

import trio

from dialer.model.commands import Record
from dialer.model.events import Journaled, StoreEvent
from dialer.store.sqlite import SqlStore
from tests.contracts.journal_entries import alarm

IN_FLIGHT = 50


async def write(path: Path) -> None:
    window = trio.Semaphore(IN_FLIGHT)

    def hear(event: StoreEvent) -> None:
        assert isinstance(event, Journaled)
        sys.stdout.write(f"{event.token}\n")
        sys.stdout.flush()
        window.release()

    store = SqlStore(path, hear)
    async with trio.open_nursery() as nursery:
        await nursery.start(store.run)
        sys.stdout.write("open\n")
        sys.stdout.flush()
        token = 0
        while True:
            await window.acquire()
            token += 1
            store.carry_out(Record(alarm(str(token)), token))


if __name__ == "__main__":
    trio.run(write, Path(sys.argv[1]))
