"""The one task that owns the floor: for each event, ask the floor, carry out the commands in order,
never wait."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

import trio

from dialer.floor.floor import Floor
from dialer.model.commands import Command
from dialer.model.events import DeadlineReached, Event
from dialer.model.instant import Instant
from dialer.model.snapshot import FloorSnapshot

QUEUE = 20_000
"""Events that may wait; a floor that far behind has failed, and the service ends loudly."""


@dataclass(slots=True)
class _Asked:
    event: Event
    handled: trio.Event = field(default_factory=trio.Event)


class Dispatcher:
    """Feeds the floor. `routes` carries a command out: carrier, store or alarm; it never waits."""

    def __init__(
        self, floor: Floor, now: Callable[[], Instant], route: Callable[[Command], None]
    ) -> None:
        self._floor = floor
        self._now = now
        self._route = route
        self._send, self._receive = trio.open_memory_channel[Event | _Asked](QUEUE)
        self._changed = trio.Event()
        self._snapshot = floor.snapshot(now())

    def emit(self, event: Event) -> None:
        """Take an event from a shell. Never waits."""
        self._send.send_nowait(event)

    async def ask(self, event: Event) -> None:
        """Take an event and wait until the floor has handled it. Raises trio.WouldBlock where the
        queue is full."""
        asked = _Asked(event)
        self._send.send_nowait(asked)
        await asked.handled.wait()

    def handle(self, event: Event) -> None:
        """One event, now."""
        for command in self._floor.handle(event, self._now()):
            self._route(command)
        changed, self._changed = self._changed, trio.Event()
        changed.set()

    def snapshot(self) -> FloorSnapshot:
        """The newest view; built only when somebody looks."""
        if self._snapshot.version != self._floor.version:
            self._snapshot = self._floor.snapshot(self._now())
        return self._snapshot

    async def changed(self, version: int) -> FloorSnapshot:
        """Wait for a view newer than `version`."""
        while self._floor.version <= version:
            await self._changed.wait()
        return self.snapshot()

    async def run(self, *, task_status: trio.TaskStatus[None] = trio.TASK_STATUS_IGNORED) -> None:
        """Serve until cancelled."""
        task_status.started()
        while True:
            self._take(await self._next())

    async def _next(self) -> Event | _Asked:
        """The next event, or DeadlineReached when the floor wants to be woken. What is queued goes
        first: an overdue deadline must not keep events out."""
        await trio.lowlevel.checkpoint()
        try:
            return self._receive.receive_nowait()
        except trio.WouldBlock:
            pass
        deadline = self._floor.next_deadline()
        wait_s = float("inf") if deadline is None else max(0, deadline - self._now()) / 1000
        with trio.move_on_after(wait_s):
            return await self._receive.receive()
        return DeadlineReached()

    def _take(self, item: Event | _Asked) -> None:
        if isinstance(item, _Asked):
            self.handle(item.event)
            item.handled.set()
        else:
            self.handle(item)
