"""Level A: a floor driven through simulated time by a heap of what will happen.

The driver plays everybody else: the carrier (`SimulatedNetwork`), the store (`SimulatedStore`) and
the agents, who look at their page now and then and click what a person would. It never sleeps; a
shift takes as long as the floor needs to decide it. The same arguments give the same run.

Hostile schedules are part of it: any event can be injected at any instant, each carrier event can
be delivered late or more than once, workers can die and the journal can fail.
"""

from __future__ import annotations

import heapq
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from itertools import count
from typing import Protocol

from dialer.model.agents import AgentState
from dialer.model.calls import AttemptId
from dialer.model.commands import (
    Bridge,
    CallAgent,
    Command,
    Dial,
    Hangup,
    PlayMessage,
    RaiseAlarm,
    Record,
    RefillHopper,
)
from dialer.model.events import (
    AgentDisposed,
    AgentLaunched,
    AgentReadied,
    AgentSignedIn,
    AgentSignedOut,
    CarrierEvent,
    DeadlineReached,
    Event,
)
from dialer.model.instant import Instant
from dialer.model.snapshot import AgentView, FloorSnapshot
from dialer.simulator.network import SimulatedNetwork
from dialer.simulator.population import Team
from dialer.simulator.store import SimulatedStore

STORE_MS = 5
"""From a Record or a RefillHopper to its answer."""


class Drivable(Protocol):
    """What the driver asks of a floor."""

    def handle(self, event: Event, now: Instant) -> list[Command]: ...

    def next_deadline(self) -> Instant | None: ...

    def snapshot(self, now: Instant) -> FloorSnapshot: ...


Echo = Callable[[CarrierEvent], Sequence[int]]
"""The delays in ms at which one carrier event is delivered: `(0,)` is honest, `(0, 700)` repeats
it, `(3_000,)` is late, `()` loses it."""


@dataclass(order=True, slots=True)
class _Due:
    at: Instant
    seq: int
    happen: Callable[[Instant], Iterable[Event]] = field(compare=False)


class Driver:
    """One run. `commands` and `events` hold everything said, with its instant, in order."""

    def __init__(
        self,
        floor: Drivable,
        *,
        network: SimulatedNetwork,
        store: SimulatedStore,
        team: Team,
        agents: Iterable[str],
        start: Instant,
        echo: Echo = lambda _: (0,),
    ) -> None:
        self.floor = floor
        self.network = network
        self.store = store
        self.now = start
        self.commands: list[tuple[Instant, Command]] = []
        self.events: list[tuple[Instant, Event]] = []
        self._team = team
        self._working = dict.fromkeys(agents, True)
        self._busy_clicking: set[str] = set()
        self._seen_paused: set[str] = set()
        self._disposed: dict[str, AttemptId] = {}
        self._echo = echo
        self._due: list[_Due] = []
        self._seq = count()
        self._woken_at: Instant | None = None
        self._at(start, lambda _: [network.capacity_now()])
        if self._working:
            self._at(start, self._look)

    # --- what may be planned before or during a run ---

    def inject(self, at: Instant, event: Event) -> None:
        """Hand the floor any event at `at`, whether it makes sense or not."""
        self._at(at, lambda _: [event])

    def lose_worker(self, at: Instant, worker: int, back_after_ms: int | None = None) -> None:
        """A SIP worker dies with its legs, and is back some time later (None: never)."""
        self._at(at, lambda now: self.network.lose_worker(worker, now))
        if back_after_ms is not None:
            back_at = Instant(at + back_after_ms)
            self._at(back_at, lambda _: self.network.restart_worker(worker))

    def fail_journal(self, at: Instant, for_ms: int) -> None:
        """The journal cannot commit for a while."""
        self._at(at, lambda _: self.store.fail())
        self._at(Instant(at + for_ms), lambda _: self.store.recover())

    def send_home(self, at: Instant, agent: str) -> None:
        """The agent signs out for good."""

        def leave(_: Instant) -> list[Event]:
            self._working[agent] = False
            return [AgentSignedOut(agent)]

        self._at(at, leave)

    # --- running ---

    def run(self, until: Instant) -> None:
        """Let time pass until `until` (included). May be called again with a later instant."""
        while (at := self._next_at()) is not None and at <= until:
            self.now = at
            network_at = self.network.next_at()
            if network_at is not None and network_at <= at:
                for event in self.network.advance(at):
                    self._hear(event)
            elif self._due and self._due[0].at <= at:
                for happened in list(heapq.heappop(self._due).happen(at)):
                    self._tell(happened)
            else:
                self._woken_at = at
                self._tell(DeadlineReached())
        self.now = max(self.now, until)

    def _next_at(self) -> Instant | None:
        instants = [self._due[0].at] if self._due else []
        if (network_at := self.network.next_at()) is not None:
            instants.append(network_at)
        if (deadline := self.floor.next_deadline()) is not None:
            # A deadline that stays in the past would hold time still.
            held_up = self._woken_at == self.now and deadline <= self.now
            instants.append(Instant(self.now + 1) if held_up else max(deadline, self.now))
        return min(instants, default=None)

    def _hear(self, event: CarrierEvent) -> None:
        for delay_ms in self._echo(event):
            if delay_ms <= 0:
                self._tell(event)
            else:
                self.inject(Instant(self.now + delay_ms), event)

    def _tell(self, event: Event) -> None:
        self.events.append((self.now, event))
        for command in self.floor.handle(event, self.now):
            self.commands.append((self.now, command))
            self._carry_out(command)

    def _carry_out(self, command: Command) -> None:
        match command:
            case Dial() | CallAgent() | Bridge() | PlayMessage() | Hangup():
                self.network.carry_out(command, self.now)
            case Record():
                answers = self.store.record(command)
                if answers:
                    self._at(Instant(self.now + STORE_MS), lambda _: answers)
            case RefillHopper():
                refill = command
                self._at(Instant(self.now + STORE_MS), lambda _: [self.store.offer(refill)])
            case RaiseAlarm():
                pass

    def _at(self, at: Instant, happen: Callable[[Instant], Iterable[Event]]) -> None:
        heapq.heappush(self._due, _Due(at, next(self._seq), happen))

    # --- agents ---

    def _look(self, now: Instant) -> list[Event]:
        """Every agent looks at their page and decides what to click, and when."""
        for view in self.floor.snapshot(now).agents:
            if self._working.get(view.name) and view.name not in self._busy_clicking:
                self._decide(view, now)
        self._at(Instant(now + self._team.habits.look_ms), self._look)
        return []

    def _decide(self, view: AgentView, now: Instant) -> None:
        match view.state:
            case AgentState.OFFLINE:
                self._click(view.name, now, AgentSignedIn(view.name))
            case AgentState.PAUSED if view.pending is None:
                # Signing in leads to a first pause; only later ones are breaks.
                first = view.name not in self._seen_paused
                self._seen_paused.add(view.name)
                after_ms = 0 if first else self._team.habits.break_ms
                self._click(view.name, Instant(now + after_ms), AgentReadied(view.name))
            case AgentState.RESERVED if view.call is not None and view.call.state is None:
                at = Instant(now + self._team.preview_ms())
                self._click(view.name, at, AgentLaunched(view.name))
            case AgentState.WRAPUP if view.call is not None and view.call.attempt is not None:
                attempt = view.call.attempt
                if self._disposed.get(view.name) != attempt:
                    self._disposed[view.name] = attempt
                    at = Instant(max(now, view.since + self._team.wrapup_ms()))
                    choice = self._team.disposition()
                    self._click(view.name, at, AgentDisposed(view.name, attempt, choice))
            case _:
                pass

    def _click(self, agent: str, at: Instant, event: Event) -> None:
        self._busy_clicking.add(agent)

        def click(_: Instant) -> list[Event]:
            self._busy_clicking.discard(agent)
            return [event]

        self._at(at, click)
