"""What every carrier must do, whoever is at the far end.

An implementation is held to it by a subclass of `CarrierContract` whose name starts with `Test`:

- `build(emit)` is an async context manager that yields a `CarrierUnderTest`: a carrier not yet
  running, and how to reach callees that behave in a known way;
- `clock` is the clock the tests run under. The one given here keeps real time; a carrier that
  lives on trio's clock alone gives `MockClock(autojump_threshold=0)` instead.

After each test the carrier is cancelled, and then three things are checked that hold always: every
`Dial` and `CallAgent` has ended exactly once, nothing was said about a leg after its end, and
nothing was said about a leg nobody asked for.

Keep the capacity small (6 to 12): one test fills it. Behaviours are those of the shared suffix
table (`human_short`, `machine_beep`, ...). Time limits are those of a real network, generous enough
for a busy machine; nothing waits for a limit unless it fails.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import dataclass
from typing import TypeVar

import pytest
import trio
from trio.testing import MockClock

from dialer.carrier.port import Carrier, Emit
from dialer.model.calls import LegId, Tone, VerdictKind
from dialer.model.commands import Bridge, CallAgent, Dial, Hangup, PlayMessage
from dialer.model.events import (
    CapacityChanged,
    CarrierEvent,
    KeyPressed,
    LegAnswered,
    LegEnded,
    LegProgressed,
    LegsBridged,
    LegsLost,
    MessageEnded,
    ToneHeard,
    VerdictReached,
)

SIGNALLING_S = 5.0
"""A response on loopback."""
VERDICT_S = 15.0
"""From answer to verdict: the longest greeting before a decision, and the way there."""
QUIET_S = 0.6
"""How long nothing may happen for it to count as nothing."""
STOPPING_S = 10.0
"""Cancellation hangs up every leg within this."""

E = TypeVar("E", bound=CarrierEvent)


@dataclass(frozen=True)
class CarrierUnderTest:
    """A carrier that has not been run yet, and the world it calls into."""

    carrier: Carrier
    number: Callable[[str], str]
    """An E.164 number whose callee has the named behaviour."""
    agent_address: str
    """SIP URI of an agent's phone, which answers."""
    message_file: str
    """WAV file to play, about a second long."""
    presser: str
    """The number of a callee who presses the key 9 about a second after answering."""
    trunk: str = "test"
    presser_trunk: str = "test"


class Line:
    """A running carrier: gives it commands, keeps what it says."""

    def __init__(self) -> None:
        self.events: list[CarrierEvent] = []
        self._news = trio.Event()
        self._asked: list[LegId] = []
        self._under_test: CarrierUnderTest | None = None

    # --- what the carrier says ---

    def emit(self, event: CarrierEvent) -> None:
        self.events.append(event)
        self._news.set()
        self._news = trio.Event()

    def about(self, leg: LegId) -> list[CarrierEvent]:
        """Everything said about the leg so far."""
        return [event for event in self.events if leg in legs_of(event)]

    async def wait(self, wanted: Callable[[CarrierEvent], bool], within_s: float) -> CarrierEvent:
        """The first event ever that is `wanted`; fails the test when there is none in time."""
        seen = 0
        with trio.move_on_after(within_s):
            while True:
                while seen < len(self.events):
                    if wanted(self.events[seen]):
                        return self.events[seen]
                    seen += 1
                await self._news.wait()
        pytest.fail(f"nothing of the kind within {within_s} s; events so far: {self.events}")

    async def heard(self, kind: type[E], leg: LegId, within_s: float = SIGNALLING_S) -> E:
        """The first event of `kind` about the leg."""
        event = await self.wait(lambda e: isinstance(e, kind) and leg in legs_of(e), within_s)
        assert isinstance(event, kind)
        return event

    # --- what is asked of it ---

    def attach(self, under_test: CarrierUnderTest) -> None:
        self._under_test = under_test

    @property
    def under_test(self) -> CarrierUnderTest:
        assert self._under_test is not None
        return self._under_test

    @property
    def carrier(self) -> Carrier:
        return self.under_test.carrier

    def dial(self, behaviour: str, *, detect: bool = True) -> LegId:
        return self._dial(self.under_test.trunk, self.under_test.number(behaviour), detect)

    def dial_presser(self) -> LegId:
        return self._dial(self.under_test.presser_trunk, self.under_test.presser, False)

    def _dial(self, trunk: str, number: str, detect: bool) -> LegId:
        leg = self._next_leg()
        self.carrier.carry_out(
            Dial(
                leg=leg,
                trunk=trunk,
                number=number,
                caller_id="+12025550199",
                caller_name="Contract",
                detect=detect,
            )
        )
        return leg

    def call_agent(self) -> LegId:
        leg = self._next_leg()
        self.carrier.carry_out(CallAgent(leg, "agent01", self.under_test.agent_address))
        return leg

    def hang_up(self, leg: LegId) -> None:
        self.carrier.carry_out(Hangup(leg))

    async def answered(self, behaviour: str, *, detect: bool = True) -> LegId:
        leg = self.dial(behaviour, detect=detect)
        await self.heard(LegAnswered, leg)
        return leg

    async def agent_up(self) -> LegId:
        leg = self.call_agent()
        await self.heard(LegAnswered, leg)
        return leg

    def _next_leg(self) -> LegId:
        leg = LegId(len(self._asked) + 1)
        self._asked.append(leg)
        return leg

    # --- what holds always ---

    def check_ends(self) -> None:
        """Each leg asked for has ended exactly once, and nothing is said after an end."""
        ends: Counter[LegId] = Counter()
        for event in self.events:
            for leg in legs_of(event):
                assert leg in self._asked, f"a leg nobody asked for: {event}"
                assert not ends[leg] or isinstance(event, LegEnded | LegsLost), (
                    f"said after the end of leg {leg}: {event}"
                )
            if isinstance(event, LegEnded):
                ends[event.leg] += 1
            elif isinstance(event, LegsLost):
                ends.update(event.legs)
        assert ends == Counter(self._asked), f"ends by leg {ends}, asked for {self._asked}"


def legs_of(event: CarrierEvent) -> tuple[LegId, ...]:
    """The legs an event is about."""
    match event:
        case CapacityChanged():
            return ()
        case LegsLost(legs=legs):
            return legs
        case LegsBridged(lead_leg=lead_leg, agent_leg=agent_leg):
            return (lead_leg, agent_leg)
        case _:
            return (event.leg,)


class CarrierContract:
    """The tests. See the module's text for what a subclass gives."""

    def build(self, emit: Emit) -> AbstractAsyncContextManager[CarrierUnderTest]:
        raise NotImplementedError

    @pytest.fixture
    def clock(self) -> MockClock:
        return MockClock(rate=1.0)

    @asynccontextmanager
    async def line(self) -> AsyncIterator[Line]:
        """A running carrier; on the way out it is cancelled and its ends are checked."""
        line = Line()
        async with self.build(line.emit) as under_test:
            line.attach(under_test)
            async with trio.open_nursery() as nursery:
                await nursery.start(under_test.carrier.run)
                yield line
                cancelled_at = trio.current_time()
                nursery.cancel_scope.cancel()
            assert trio.current_time() - cancelled_at < STOPPING_S
        line.check_ends()

    # --- readiness ---

    async def test_says_its_capacity_before_anything_else(self, clock: MockClock) -> None:
        async with self.line() as line:
            first = line.events[0]
            assert isinstance(first, CapacityChanged)
            assert first.legs > 0

    # --- who answers ---

    async def test_a_person_rings_answers_and_is_found_to_be_one(self, clock: MockClock) -> None:
        async with self.line() as line:
            leg = line.dial("human_short")
            answered = await line.heard(LegAnswered, leg)
            reached = await line.heard(VerdictReached, leg, VERDICT_S)
            kinds = [type(event) for event in line.about(leg)]
            assert kinds == [*[LegProgressed] * (len(kinds) - 2), LegAnswered, VerdictReached]
            assert len(kinds) > 2, "no provisional response was reported"
            assert all(
                100 <= event.status < 200
                for event in line.about(leg)
                if isinstance(event, LegProgressed)
            )
            verdict = reached.verdict
            assert verdict.kind is VerdictKind.HUMAN
            assert 0 < verdict.confidence <= 1
            assert verdict.greeting_ended_at is not None
            assert answered.at < verdict.greeting_ended_at <= reached.at

    async def test_machines_faxes_and_dead_air_are_told_apart(self, clock: MockClock) -> None:
        async with self.line() as line:
            machine, fax, silent = map(line.dial, ("machine_beep", "fax", "silent"))
            for leg, kind in (
                (machine, VerdictKind.MACHINE),
                (fax, VerdictKind.FAX),
                (silent, VerdictKind.UNSURE),
            ):
                await line.heard(LegAnswered, leg)
                assert (await line.heard(VerdictReached, leg, VERDICT_S)).verdict.kind is kind
            dead_air = (await line.heard(VerdictReached, silent)).verdict
            assert dead_air.rule == "dead_air"
            assert dead_air.greeting_ended_at is None

    async def test_without_detect_there_is_no_verdict(self, clock: MockClock) -> None:
        async with self.line() as line:
            unheard = await line.answered("human_short", detect=False)
            heard = line.dial("human_short")
            await line.heard(VerdictReached, heard, VERDICT_S)
            await trio.sleep(QUIET_S)
            assert not [e for e in line.about(unheard) if isinstance(e, VerdictReached)]

    async def test_a_callee_who_hangs_up_during_the_greeting(self, clock: MockClock) -> None:
        async with self.line() as line:
            leg = await line.answered("hangup_greeting")
            ended = await line.heard(LegEnded, leg, VERDICT_S)
            assert ended.ending.status == 200

    # --- who does not answer ---

    @pytest.mark.parametrize(
        ("behaviour", "status"),
        [("busy", 486), ("declined", 603), ("vacant", 404), ("congestion", 503)],
    )
    async def test_a_refusal_ends_the_leg_with_its_status(
        self, clock: MockClock, behaviour: str, status: int
    ) -> None:
        async with self.line() as line:
            leg = line.dial(behaviour)
            ended = await line.heard(LegEnded, leg)
            assert ended.ending.status == status
            assert not [e for e in line.about(leg) if isinstance(e, LegAnswered | VerdictReached)]

    async def test_a_sit_in_early_media_is_heard_before_the_refusal(self, clock: MockClock) -> None:
        async with self.line() as line:
            leg = line.dial("sit_early")
            ended = await line.heard(LegEnded, leg, VERDICT_S)
            assert ended.ending.status == 404
            tones = [event.tone for event in line.about(leg) if isinstance(event, ToneHeard)]
            assert tones == [Tone.SIT]
            assert [e for e in line.about(leg) if isinstance(e, LegProgressed) and e.early_media]

    async def test_rings_until_we_give_up(self, clock: MockClock) -> None:
        async with self.line() as line:
            leg = line.dial("no_answer")
            await line.heard(LegProgressed, leg)
            await trio.sleep(QUIET_S)
            assert all(isinstance(event, LegProgressed) for event in line.about(leg))
            line.hang_up(leg)
            ended = await line.heard(LegEnded, leg)
            assert ended.ending.status == 487

    # --- agents and bridges ---

    async def test_an_agents_leg_outlives_the_leads_it_is_bridged_to(
        self, clock: MockClock
    ) -> None:
        async with self.line() as line:
            agent = await line.agent_up()
            for _ in range(2):
                lead = await line.answered("human_long", detect=False)
                line.carrier.carry_out(Bridge(lead, agent))
                bridged = await line.heard(LegsBridged, lead)
                assert bridged.agent_leg == agent
                line.hang_up(lead)
                assert (await line.heard(LegEnded, lead)).ending.status == 200
                await trio.sleep(QUIET_S)
                assert not [e for e in line.about(agent) if isinstance(e, LegEnded | LegsLost)]
            line.hang_up(agent)
            assert (await line.heard(LegEnded, agent)).ending.status == 200

    async def test_two_leads_bridged_to_two_agents_at_once(self, clock: MockClock) -> None:
        async with self.line() as line:
            agents = [line.call_agent() for _ in range(2)]
            leads = [line.dial("human_short") for _ in range(2)]
            for leg in (*agents, *leads):
                await line.heard(LegAnswered, leg)
            for lead, agent in zip(leads, agents, strict=True):
                line.carrier.carry_out(Bridge(lead, agent))
            for lead, agent in zip(leads, agents, strict=True):
                assert (await line.heard(LegsBridged, lead)).agent_leg == agent

    async def test_a_message_is_played_to_its_end(self, clock: MockClock) -> None:
        async with self.line() as line:
            leg = await line.answered("human_short")
            await line.heard(VerdictReached, leg, VERDICT_S)
            line.carrier.carry_out(PlayMessage(leg, line.under_test.message_file))
            await line.heard(MessageEnded, leg, VERDICT_S)
            assert not [e for e in line.about(leg) if isinstance(e, LegEnded)]

    # --- keys ---

    async def test_a_key_is_reported_once_and_the_leg_stays(self, clock: MockClock) -> None:
        async with self.line() as line:
            leg = line.dial_presser()
            await line.heard(LegAnswered, leg)
            line.carrier.carry_out(PlayMessage(leg, line.under_test.message_file))
            pressed = await line.heard(KeyPressed, leg)
            assert pressed.digit == "9"
            await line.heard(MessageEnded, leg, VERDICT_S)
            await trio.sleep(QUIET_S)
            kinds = [type(event) for event in line.about(leg)]
            assert kinds.count(KeyPressed) == 1
            assert LegEnded not in kinds

    # --- ends ---

    async def test_commands_about_legs_that_are_gone_do_no_harm(self, clock: MockClock) -> None:
        async with self.line() as line:
            agent = await line.agent_up()
            gone = await line.answered("human_short", detect=False)
            line.hang_up(gone)
            line.hang_up(gone)
            await line.heard(LegEnded, gone)
            for leg in (gone, LegId(999_999)):
                line.hang_up(leg)
                line.carrier.carry_out(Bridge(leg, agent))
                line.carrier.carry_out(PlayMessage(leg, line.under_test.message_file))
            before = len(line.events)
            await trio.sleep(QUIET_S)
            assert line.events[before:] == []
            lead = await line.answered("human_short", detect=False)
            line.carrier.carry_out(Bridge(lead, agent))
            await line.heard(LegsBridged, lead)

    async def test_a_leg_hung_up_at_once_ends_once(self, clock: MockClock) -> None:
        async with self.line() as line:
            legs = [line.dial("human_short"), line.dial("no_answer"), line.dial("busy")]
            for leg in legs:
                line.hang_up(leg)
            for leg in legs:
                await line.heard(LegEnded, leg)

    async def test_dials_beyond_the_capacity_end_here_with_no_status(
        self, clock: MockClock
    ) -> None:
        async with self.line() as line:
            first = line.events[0]
            assert isinstance(first, CapacityChanged)
            placed = [line.dial("no_answer") for _ in range(first.legs)]
            surplus = [line.dial("human_short") for _ in range(2)]
            for leg in surplus:
                assert (await line.heard(LegEnded, leg)).ending.status == 0
                assert not [e for e in line.about(leg) if isinstance(e, LegAnswered)]
            for leg in placed:
                await line.heard(LegProgressed, leg)
            line.hang_up(placed[0])
            await line.heard(LegEnded, placed[0])
            await line.answered("human_short", detect=False)

    async def test_cancelling_the_carrier_ends_every_leg(self, clock: MockClock) -> None:
        async with self.line() as line:
            agent = await line.agent_up()
            lead = await line.answered("human_short", detect=False)
            line.carrier.carry_out(Bridge(lead, agent))
            await line.heard(LegsBridged, lead)
            ringing = line.dial("no_answer")
            await line.heard(LegProgressed, ringing)
            just_dialled = line.dial("human_short")
        # Leaving `line` cancelled the carrier and checked that nothing ended twice.
        ended = [e for e in line.events if isinstance(e, LegEnded | LegsLost)]
        assert {leg for e in ended for leg in legs_of(e)} == {agent, lead, ringing, just_dialled}
