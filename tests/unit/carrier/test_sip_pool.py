"""Where legs are placed and what is said about them, with workers that are only written down."""

from __future__ import annotations

import socket
from collections.abc import Callable, Iterator

import pytest
import trio

from dialer.carrier.sip import pool
from dialer.carrier.sip.pool import SipCarrier
from dialer.carrier.sip.supervisor import Supervisor, WorkerSettings
from dialer.carrier.sip.wire import (
    Answered,
    EndCall,
    Ended,
    Freed,
    Hello,
    Join,
    Joined,
    News,
    Order,
    Part,
    Patch,
    PlaceCall,
    Turned,
)
from dialer.model.calls import Ending, LegId
from dialer.model.commands import Bridge, CallAgent, Dial, Hangup
from dialer.model.events import (
    CapacityChanged,
    CarrierEvent,
    LegAnswered,
    LegEnded,
    LegsBridged,
    LegsLost,
)
from dialer.model.instant import Instant
from dialer.model.trunks import Trunk


class PaperSupervisor(Supervisor):
    """Keeps what it is told to send."""

    def __init__(
        self,
        name: str,
        settings: WorkerSettings,
        *,
        starting: trio.Semaphore,
        on_up: Callable[[Supervisor, Hello], None],
        on_report: Callable[[Supervisor, News], None],
        on_down: Callable[[Supervisor], None],
    ) -> None:
        super().__init__(
            name, settings, starting=starting, on_up=on_up, on_report=on_report, on_down=on_down
        )
        self.sent: list[Order] = []
        self.links: list[socket.socket] = []
        self.tried.set()

    def hello(self, capacity: int) -> None:
        self._on_up(self, Hello("0", capacity, 1))

    def say(self, news: News) -> None:
        self._on_report(self, news)

    def die(self) -> None:
        self._on_down(self)

    def send(self, order: Order, link: socket.socket | None = None) -> None:
        self.sent.append(order)
        if link is not None:
            self.links.append(link)

    async def run(self) -> None:
        await self._leave_asked.wait()

    def placed(self) -> list[int]:
        return [order.leg for order in self.sent if isinstance(order, PlaceCall)]


class Table:
    """A carrier of three paper workers with two channels each, running."""

    def __init__(self) -> None:
        self.events: list[CarrierEvent] = []
        self.carrier = SipCarrier(
            self.events.append,
            lambda: Instant(1_795_276_800_000),
            trunks=[Trunk("t", "192.0.2.9:5060", 100, 10.0)],
            workers=3,
        )
        self.workers = [each for each in self.carrier._slots if isinstance(each, PaperSupervisor)]

    def dial(self, leg: int) -> LegId:
        self.carrier.carry_out(Dial(LegId(leg), "t", "+12125550100", "+12025550199", "N", False))
        return LegId(leg)

    def call_agent(self, leg: int) -> LegId:
        self.carrier.carry_out(CallAgent(LegId(leg), "a", "sip:a@192.0.2.8"))
        return LegId(leg)

    def home(self, leg: int) -> PaperSupervisor:
        (home,) = [worker for worker in self.workers if leg in worker.placed()]
        return home

    def up(self, leg: int) -> LegId:
        self.home(leg).say(Answered(leg, 0.0))
        return LegId(leg)

    def bridges(self) -> list[LegsBridged]:
        return [event for event in self.events if isinstance(event, LegsBridged)]


@pytest.fixture
async def table(monkeypatch: pytest.MonkeyPatch, nursery: trio.Nursery) -> Table:
    monkeypatch.setattr(pool, "Supervisor", PaperSupervisor)
    table = Table()
    assert len(table.workers) == 3
    for worker in table.workers:
        worker.hello(2)
    await nursery.start(table.carrier.run)
    return table


def close(links: list[socket.socket]) -> Iterator[int]:
    for link in links:
        yield link.fileno()
        link.close()


async def test_capacity_is_the_sum_and_said_on_each_change(table: Table) -> None:
    assert table.events == [CapacityChanged(6)]
    table.workers[0].die()
    table.workers[0].hello(2)
    assert table.events[1:] == [CapacityChanged(4), CapacityChanged(6)]


async def test_agents_are_spread_and_leads_go_where_there_is_room(table: Table) -> None:
    for leg in (1, 2, 3):
        table.call_agent(leg)
    assert [len(worker.placed()) for worker in table.workers] == [1, 1, 1]
    for leg in (4, 5, 6):
        table.dial(leg)
    assert [len(worker.placed()) for worker in table.workers] == [2, 2, 2]
    full = table.dial(7)
    (ended,) = [event for event in table.events if isinstance(event, LegEnded)]
    assert (ended.leg, ended.ending.status) == (full, 0)


async def test_a_leg_turned_away_is_tried_elsewhere_and_nowhere_twice(table: Table) -> None:
    table.dial(1)
    tried = []
    for _ in range(3):
        (at,) = [each for each in table.workers if 1 in each.placed() and each not in tried]
        tried.append(at)
        at.say(Turned(1))
    (ended,) = [event for event in table.events if isinstance(event, LegEnded)]
    assert (ended.leg, ended.ending.status) == (1, 0)
    assert [each.placed() for each in table.workers] == [[1], [1], [1]]
    assert table.carrier.worker_of(LegId(1)) is None


async def test_a_leg_hung_up_before_it_was_turned_away_is_not_placed_again(table: Table) -> None:
    table.dial(1)
    home = table.home(1)
    table.carrier.carry_out(Hangup(LegId(1)))
    assert home.sent[-1] == EndCall(1)
    home.say(Turned(1))
    assert table.home(1) is home
    (ended,) = [event for event in table.events if isinstance(event, LegEnded)]
    assert ended.ending == Ending(487, None, "Request Terminated")


async def test_a_lingering_channel_is_not_given_out_until_it_is_free(table: Table) -> None:
    for leg in range(1, 7):
        table.dial(leg)
    home = table.home(3)
    home.say(Ended(3, 487, None, "", True, 0.0))
    told = [event for event in table.events if isinstance(event, CapacityChanged)]
    assert told[-1] == CapacityChanged(5), "said, so that nobody counts on the channel"
    table.dial(7)
    refused = table.events[-1]
    assert isinstance(refused, LegEnded)
    assert refused.leg == 7
    home.say(Freed(3))
    told = [event for event in table.events if isinstance(event, CapacityChanged)]
    assert told[-1] == CapacityChanged(6)
    table.dial(8)
    assert table.home(8) is home


async def test_two_workers_are_joined_when_both_have_said_so(table: Table) -> None:
    agent, lead = table.call_agent(1), table.dial(2)
    table.carrier.carry_out(Bridge(lead, agent))
    assert not any(isinstance(order, Patch) for each in table.workers for order in each.sent)
    table.up(1)
    table.up(2)
    table.carrier.carry_out(Bridge(lead, agent))
    at_lead, at_agent = table.home(2), table.home(1)
    assert at_lead is not at_agent
    for_lead, for_agent = at_lead.sent[-1], at_agent.sent[-1]
    assert isinstance(for_lead, Patch) and isinstance(for_agent, Patch)
    assert (for_lead.leg, for_lead.beep) == (2, False)
    assert (for_agent.leg, for_agent.beep) == (1, True)
    assert len(set(close(at_lead.links + at_agent.links))) == 2
    at_lead.say(Joined(for_lead.bridge, 1.0))
    assert table.bridges() == []
    at_agent.say(Joined(for_agent.bridge, 2.0))
    assert [(event.lead_leg, event.agent_leg) for event in table.bridges()] == [(2, 1)]
    at_lead.say(Ended(2, 200, 16, "OK", False, 3.0))
    assert at_agent.sent[-1] == Part(for_agent.bridge)


async def test_a_bridge_whose_lead_ends_before_it_is_made_is_never_reported(table: Table) -> None:
    agent, lead = table.call_agent(1), table.dial(2)
    table.up(1)
    table.up(2)
    table.carrier.carry_out(Bridge(lead, agent))
    number = next(order.bridge for order in table.home(1).sent if isinstance(order, Patch))
    list(close(table.home(1).links + table.home(2).links))
    table.home(2).say(Joined(number, 1.0))
    table.home(2).say(Ended(2, 200, None, "OK", False, 2.0))
    table.home(1).say(Joined(number, 3.0))
    assert table.bridges() == []


async def test_legs_of_one_worker_are_joined_inside_it(table: Table) -> None:
    for worker in table.workers[1:]:
        worker.die()
    agent, lead = table.call_agent(1), table.dial(2)
    table.up(1)
    table.up(2)
    table.carrier.carry_out(Bridge(lead, agent))
    order = table.workers[0].sent[-1]
    assert isinstance(order, Join)
    assert (order.lead_leg, order.agent_leg, order.lead_hears, order.agent_hears) == (2, 1, "", "")
    table.workers[0].say(Joined(order.bridge, 1.0))
    assert len(table.bridges()) == 1


async def test_a_dead_workers_legs_are_lost_once_and_its_late_words_ignored(table: Table) -> None:
    table.dial(1)
    home = table.home(1)
    home.die()
    home.say(Ended(1, 200, None, "OK", False, 1.0))
    home.say(Answered(1, 1.0))
    about = [e for e in table.events if isinstance(e, LegsLost | LegEnded | LegAnswered)]
    assert about == [LegsLost((LegId(1),), home.name, Instant(1_795_276_800_000))]
