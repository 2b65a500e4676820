"""Once a day: working data whose time is over goes; see `dialer.store.retention`."""

from __future__ import annotations

import logging
from collections.abc import Callable

import trio

from dialer.model.errors import JournalFault
from dialer.model.instant import Instant, rfc3339
from dialer.store.retention import years_before
from dialer.store.sqlite import SqlStore

FIRST_S = 600.0
"""After the start, so as not to stand in its way."""
EVERY_S = 86_400.0

_log = logging.getLogger("dialer.service")


async def retain_daily(
    store: SqlStore,
    now: Callable[[], Instant],
    years: int,
    alarm: Callable[[str, str], None],
) -> None:
    """Look every day, beside the writer; remove only where there is something to remove. A failure
    is an alarm, and looked at again the next day."""
    await trio.sleep(FIRST_S)
    while True:
        try:
            await _retain(store, now(), years)
        except JournalFault as error:
            alarm("retention_failed", f"Records whose time is over could not be removed: {error}")
        await trio.sleep(EVERY_S)


async def _retain(store: SqlStore, now: Instant, years: int) -> None:
    older_than = years_before(now, years)
    would = await store.would_retain(older_than, years)
    if would.rows or would.personal:
        gone = await store.retain(older_than, years, now, "service")
        _log.info(
            "%d rows and %d personal values last used before %s removed",
            gone.rows,
            gone.personal,
            rfc3339(older_than),
        )
