"""The memory store is held to the contract of every store."""

from __future__ import annotations

from pathlib import Path

import pytest
import trio
from trio.testing import MockClock

from dialer.model.commands import Record
from dialer.model.events import StoreEvent
from dialer.store.memory import MemoryStore
from dialer.store.port import Emit, Store
from tests.contracts.audit_contract import AuditContract
from tests.contracts.journal_entries import alarm
from tests.contracts.running_store import Opener
from tests.contracts.store_contract import StoreContract


class TestMemoryStore(StoreContract, AuditContract):
    def build(self, folder: Path) -> Opener:
        listeners: list[Emit] = []

        def say(event: StoreEvent) -> None:
            listeners[-1](event)

        store = MemoryStore(say)

        def open_again(emit: Emit) -> Store:
            listeners.append(emit)
            return store

        return open_again


@pytest.fixture
def autojump_clock() -> MockClock:
    return MockClock(autojump_threshold=0)


async def test_no_time_passes_while_it_works(autojump_clock: MockClock) -> None:
    said: list[StoreEvent] = []
    store = MemoryStore(said.append, clock_shift_ms=60_000)
    async with trio.open_nursery() as nursery:
        nursery.start_soon(trio.sleep, 3_600)
        await nursery.start(store.run)
        began = trio.current_time()
        for token in range(100):
            store.carry_out(Record(alarm("x"), token))
        await store.append([alarm("y")])
        assert len(await store.journal(limit=1_000)) == 101
        assert len(said) == 100
        assert trio.current_time() == began
        assert {stored.clock_shift_ms for stored in await store.journal()} == {60_000}
        nursery.cancel_scope.cancel()
