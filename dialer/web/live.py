"""Live pages by server push (Server-Sent Events, WHATWG HTML section 9.2).

A page and its updates come from the same templates: a stream sends each region again, and only when
its HTML changed. Sent at most five times a second per page. A stream ends after a quarter of an
hour and the browser opens the next one, so that an expired cookie is noticed.
"""

from __future__ import annotations

import json
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass

import trio
from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from dialer.model.snapshot import FloorSnapshot
from dialer.web.office import Office
from dialer.web.rendering import Region

MIN_GAP_S = 0.2
KEEP_ALIVE_S = 15.0
STREAM_LIFE_S = 900.0
_RETRY_MS = 1_000


@dataclass(frozen=True, slots=True)
class LiveSource:
    """What a page shows of the floor. `subject` picks the values it depends on (compared by
    equality, so that nothing is rendered for changes elsewhere); `regions` renders them."""

    subject: Callable[[FloorSnapshot], object]
    regions: Callable[[FloorSnapshot], Sequence[Region]]


class LiveStream(Response):
    """The endless response. `holds` is asked every 15 s whether the session may go on; `closing`
    is set when the service stops."""

    media_type = "text/event-stream"

    def __init__(
        self,
        office: Office,
        source: LiveSource,
        holds: Callable[[], Awaitable[bool]],
        closing: trio.Event,
    ) -> None:
        super().__init__(headers={"X-Accel-Buffering": "no"})
        del self.headers["content-length"]
        self._office = office
        self._source = source
        self._holds = holds
        self._closing = closing

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        await send(
            {"type": "http.response.start", "status": self.status_code, "headers": self.raw_headers}
        )
        if scope["method"] != "HEAD":
            gone = trio.Event()
            async with trio.open_nursery() as nursery:
                nursery.start_soon(_cancel_when_gone, receive, gone, nursery.cancel_scope)
                nursery.start_soon(_cancel_when_set, self._closing, nursery.cancel_scope)
                await self._stream(send)
                nursery.cancel_scope.cancel()
            if gone.is_set():
                return
        await send({"type": "http.response.body", "body": b"", "more_body": False})

    async def _stream(self, send: Send) -> None:
        async def emit(text: str) -> None:
            await send({"type": "http.response.body", "body": text.encode(), "more_body": True})

        snapshot = self._office.snapshot()
        subject: object = None
        sent: dict[str, str] = {}
        until = trio.current_time() + STREAM_LIFE_S
        next_check = trio.current_time() + KEEP_ALIVE_S
        await emit(f"retry: {_RETRY_MS}\n\n")
        while trio.current_time() < until:
            newest = self._source.subject(snapshot)
            if newest != subject:
                subject = newest
                regions = self._source.regions(snapshot)
                fresh = [region for region in regions if sent.get(region.name) != region.digest]
                if fresh:
                    await emit(_regions_event(fresh, self._office))
                    sent.update((region.name, region.digest) for region in fresh)
            await trio.sleep(MIN_GAP_S)
            with trio.move_on_at(next_check):
                snapshot = await self._office.changed(snapshot.version)
            if trio.current_time() >= next_check:
                if not await self._holds():
                    await emit(signed_out_event())
                    return
                await emit(": still here\n\n")
                next_check = trio.current_time() + KEEP_ALIVE_S


def signed_out_event() -> str:
    """Tells the page that its session is over; it then stops asking."""
    return "event: signed-out\ndata: \n\n"


def _regions_event(regions: Sequence[Region], office: Office) -> str:
    message = {
        "now": office.now(),
        "regions": [
            {"name": part.name, "key": part.key, "digest": part.digest, "html": part.html}
            for part in regions
        ],
    }
    return f"event: regions\ndata: {json.dumps(message)}\n\n"


async def _cancel_when_gone(receive: Receive, gone: trio.Event, scope: trio.CancelScope) -> None:
    while (await receive())["type"] != "http.disconnect":
        pass
    gone.set()
    scope.cancel()


async def _cancel_when_set(event: trio.Event, scope: trio.CancelScope) -> None:
    await event.wait()
    scope.cancel()
