"""A store that runs for a test, and what it says."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import TypeVar

import trio

from dialer.model.commands import RefillHopper
from dialer.model.events import LeadsOffered, Restored, StoreEvent
from dialer.model.instant import Instant
from dialer.model.leads import RejectedRow
from dialer.model.reports import CampaignReport, ImportReport
from dialer.store.port import Emit, Store
from tests.contracts.journal_entries import CAMPAIGN, NOW, lead_file

PATIENCE_S = 10.0
"""Nothing waits for so long unless it fails."""

E = TypeVar("E", bound=StoreEvent)
Opener = Callable[[Emit], Store]


class Running:
    """A store that runs, and what it says."""

    def __init__(self, store: Store, said: trio.MemoryReceiveChannel[StoreEvent]) -> None:
        self.store = store
        self._said = said

    async def next(self) -> StoreEvent:
        with trio.fail_after(PATIENCE_S):
            return await self._said.receive()

    async def next_of(self, kind: type[E]) -> E:
        event = await self.next()
        assert isinstance(event, kind)
        return event

    def silent(self) -> bool:
        return self._said.statistics().current_buffer_used == 0

    async def offer(
        self,
        count: int = 10,
        now: int = NOW,
        held: frozenset[int] = frozenset(),
        campaign: str = CAMPAIGN,
        linked_in: tuple[str, ...] = (),
    ) -> LeadsOffered:
        self.store.carry_out(RefillHopper(campaign, count, Instant(now), held, linked_in))
        return await self.next_of(LeadsOffered)

    async def load(
        self, count: int, rejected: tuple[RejectedRow, ...] = (), first_key: int = 0
    ) -> ImportReport:
        """Import leads 1..count, in the order of their ids."""
        file = lead_file(range(count), rejected=rejected)
        keys = range(first_key, first_key + count)
        return await self.store.import_leads(CAMPAIGN, file, keys, NOW, "mia")

    async def report(self) -> CampaignReport:
        return await self.store.campaign_report(CAMPAIGN, NOW)

    async def restored(self, now: int = NOW) -> Restored:
        return await self.store.restore(Instant(now))


@asynccontextmanager
async def running(opener: Opener) -> AsyncIterator[Running]:
    send, receive = trio.open_memory_channel[StoreEvent](10_000)
    store = opener(send.send_nowait)
    async with trio.open_nursery() as nursery:
        await nursery.start(store.run)
        yield Running(store, receive)
        nursery.cancel_scope.cancel()
    verification = await store.verify()
    assert verification.verified, verification.why
