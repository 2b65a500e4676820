"""The database read without a running service: reports, verification, questions about a number."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace

import trio

from dialer.floor.floor import Floor
from dialer.model.errors import OperatorError, Problem
from dialer.model.events import CampaignChanged
from dialer.model.instant import Instant
from dialer.service.loading import OperatorData, suppressions_of
from dialer.settings import Settings
from dialer.store.sqlite import SqlStore


def reading(settings: Settings) -> SqlStore:
    """The store for reading only; may be used while a service runs. Raises OperatorError where
    there is no database yet."""
    if not settings.database.exists():
        raise OperatorError(
            Problem(
                str(settings.database),
                None,
                "there is no database yet",
                remedy="Start the service once, or import a list.",
            )
        )
    return SqlStore(settings.database, lambda event: None, settings.clock_shift_s * 1000)


@asynccontextmanager
async def writing(settings: Settings) -> AsyncIterator[SqlStore]:
    """The store for writing. Raises OperatorError while a service has it."""
    settings.data.mkdir(parents=True, exist_ok=True)
    store = SqlStore(settings.database, lambda event: None, settings.clock_shift_s * 1000)
    async with trio.open_nursery() as nursery:
        await nursery.start(store.run)
        yield store
        nursery.cancel_scope.cancel()


async def remembered_floor(store: SqlStore, data: OperatorData, now: Instant) -> Floor:
    """A floor that knows what the journal knows; it answers questions and commands nothing."""
    floor = Floor(data.ruleset, suppressions_of(data), (), enabled=data.enabled)
    for campaign in data.campaigns.values():
        floor.handle(CampaignChanged(campaign), now)
    # No campaign runs on it: it has no trunks to run on.
    floor.handle(replace(await store.restore(now), campaign_states=()), now)
    return floor
