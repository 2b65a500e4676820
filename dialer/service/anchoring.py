"""Taking checkpoints out of the house while the service runs; see `dialer.store.anchors`."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager

import trio

from dialer.settings import AuditSettings
from dialer.store.anchors import Alarm, Anchors, Place, StampPlace, place_of

KeepStamp = Callable[[str, bytes], Awaitable[None]]


def anchors_of(settings: AuditSettings, alarm: Alarm, keep_stamp: KeepStamp) -> Anchors:
    """The places the operator named. `keep_stamp` is told a note and its time stamp."""
    places: list[Place] = [place_of(text) for text in settings.anchors]
    if settings.tsa is not None:
        places.append(StampPlace(settings.tsa, keep_stamp))
    return Anchors(places, alarm)


@asynccontextmanager
async def anchoring(anchors: Anchors) -> AsyncIterator[None]:
    """Deliver what `anchors` take within; what is left at the end gets a few seconds."""
    async with trio.open_nursery() as nursery:
        nursery.start_soon(anchors.run)
        try:
            yield
        finally:
            anchors.close()
