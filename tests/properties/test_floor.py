"""The floor's promises, whatever happens to it in whatever order.

`AnyWorld` is a world without manners: carrier events late, repeated, lost or about unknown legs,
clicks of all kinds at all times, workers dying, the journal failing, campaigns changing. The
promises themselves are in `witness`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    rule,
    run_state_machine_as_test,
)

from dialer.compliance.law_files import load_law
from dialer.compliance.suppression import Suppressions
from dialer.floor.floor import Floor
from dialer.model import events as e
from dialer.model.agents import AgentState
from dialer.model.calls import AmdVerdict, AttemptId, Ending, LegId, Tone, VerdictKind
from dialer.model.campaigns import Campaign, CampaignState, DialMode
from dialer.model.commands import (
    Bridge,
    CallAgent,
    Command,
    Dial,
    Record,
    RefillHopper,
)
from dialer.model.dispositions import Recycle, SystemDisposition
from dialer.model.instant import DAY_MS, HOUR_MS, MINUTE_MS, Instant
from dialer.model.leads import Lead
from dialer.model.numbers import CallerId, CallerIdLimits
from dialer.model.suppression import Suppression, SuppressionSource
from dialer.model.trunks import Trunk
from dialer.pacing.choose import controller_for
from dialer.pacing.controller import PacingController, PacingView, Proposal
from dialer.pacing.preview import PreviewController
from dialer.simulator.lists import empty_lists
from dialer.simulator.store import SimulatedStore
from tests.floor_play import NOON, campaign, lead
from tests.properties.witness import STATE, BrokenPromise, Witness, live_answers

ANSWERS_AT_ONE_INSTANT = 300

PERSON = frozenset({lead(103).number.e164, lead(104).number.e164})
"""Two numbers of one person."""

LISTS = empty_lists(load_law(), NOON)
EVENING = Instant(NOON + 9 * HOUR_MS - 2 * MINUTE_MS)
"""Two minutes before nobody in New York may be called any more."""


class HostileController(PreviewController):
    """Asks for a thousand calls whenever it is asked."""

    def propose(self, view: PacingView) -> Proposal:
        return Proposal(1_000, "more")


def hostile(mode: DialMode) -> PacingController:
    return HostileController()


def eager_campaign(mode: DialMode, agents: int, ceiling: float, per_day: int, gap: int) -> Campaign:
    """Every ending brings the lead back at once, so that the limits alone hold dialling back."""
    return replace(
        campaign(mode, agents),
        drop_ceiling=ceiling,
        attempts_per_day=per_day,
        min_gap_ms=gap,
        max_attempts=50,
        opt_out_key="9",
        recycle={str(word): Recycle(0, 50) for word in SystemDisposition},
    )


def pool() -> Iterator[Lead]:
    """Leads enough, two of them with one number, two with two numbers of one person."""
    for n in range(100, 130):
        own = lead(n)
        if own.number.e164 in PERSON:
            own = replace(own, contact="K", linked=tuple(PERSON - {own.number.e164}))
        yield own
    yield replace(lead(100), lead_id=900)


class AnyWorld(RuleBasedStateMachine):
    """Draws what happens next; the witness objects."""

    controllers: Callable[[DialMode], PacingController] = staticmethod(controller_for)

    def __init__(self) -> None:
        super().__init__()
        self.now = NOON
        self.legs: list[LegId] = []
        self.bridges: list[Bridge] = []
        self.spoken: dict[LegId, Instant] = {}
        self.answers: list[e.Event] = []
        self.store_is_slow = False
        self.repeatable: list[e.Event] = []

    # --- beginning ----------------------------------------------------------------------------

    @initialize(
        mode=st.sampled_from(DialMode),
        agents=st.integers(1, 4),
        ceiling=st.sampled_from([0.03, 0.3]),
        past=st.sampled_from([(0, 0), (300, 0), (300, 9)]),
        channels=st.integers(1, 8),
        cps=st.sampled_from([0.5, 1.0, 2.5, 50.0]),
        capacity=st.integers(2, 14),
        per_day=st.integers(1, 4),
        gap=st.sampled_from([60_000, HOUR_MS]),
        start=st.sampled_from([NOON, EVENING]),
        shown=st.sampled_from([None, None, 2]),
    )
    def open_the_floor(
        self,
        mode: DialMode,
        agents: int,
        ceiling: float,
        past: tuple[int, int],
        channels: int,
        cps: float,
        capacity: int,
        per_day: int,
        gap: int,
        start: Instant,
        shown: int | None,
    ) -> None:
        self.now = start
        self.campaign = replace(
            eager_campaign(mode, agents, ceiling, per_day, gap),
            caller_ids=(CallerId("+12025550199", "Sample"), CallerId("+12025550197", "Sample")),
            caller_id_limits=CallerIdLimits(per_hour=shown),
        )
        self.trunk = Trunk("loop", "127.0.0.1:5060", channels, cps)
        self.witness = Witness(self.fresh_floor(), self.trunk, person=PERSON)
        self.store = SimulatedStore(pool())
        self.capacity = capacity
        self.names = [profile.name for profile in self.campaign.agents]
        first = Instant(start - 29 * DAY_MS)
        answered = tuple(live_answers(self.campaign.name, *past, first, start))
        self.tell(e.CampaignChanged(self.campaign))
        self.tell(e.Restored(AttemptId(1), answered_calls=answered))
        self.tell(e.CapacityChanged(capacity))
        self.tell(e.CampaignStateAsked(self.campaign.name, CampaignState.RUNNING, "manager"))
        for name in self.names:
            self.tell(e.AgentSignedIn(name))
        for leg in list(self.legs):
            self.tell(e.LegAnswered(leg, self.now))
        for name in self.names:
            self.tell(e.AgentReadied(name))

    def fresh_floor(self) -> Floor:
        return Floor(load_law(), Suppressions(LISTS), [self.trunk], self.controllers)

    # --- telling ------------------------------------------------------------------------------

    def tell(self, event: e.Event) -> None:
        self.repeatable.append(event)
        self._carry_out(self.witness.handle(event, self.now))
        if not self.store_is_slow:
            for _ in range(ANSWERS_AT_ONE_INSTANT):
                if not self.answers:
                    return
                self._carry_out(self.witness.handle(self.answers.pop(0), self.now))
            raise BrokenPromise(f"floor and store never come to rest: {self.witness.heard[-9:]}")

    def _carry_out(self, commands: list[Command]) -> None:
        for command in commands:
            match command:
                case Dial(leg=leg) | CallAgent(leg=leg):
                    self.legs.append(leg)
                    self.spoken[leg] = self.now
                case Bridge():
                    self.bridges.append(command)
                case Record():
                    self.answers += self.store.record(command)
                case RefillHopper():
                    self.answers.append(self.store.offer(command))
                case _:
                    pass

    def some_leg(self, pick: int) -> LegId:
        """A callee's leg that is up most of the time; else any, even one nobody ever heard of."""
        up = sorted(self.witness.in_use)
        known = up if up and pick < 80 else [LegId(99_999), *self.legs]
        return known[pick % len(known)]

    def at(self, leg: LegId, late_ms: int) -> Instant:
        """When it happened: not before the leg's last word."""
        at = Instant(max(self.spoken.get(leg, self.now), self.now - late_ms))
        self.spoken[leg] = at
        return at

    # --- time ---------------------------------------------------------------------------------

    @rule(ms=st.sampled_from([1, 20, 100, 250, 1_000, 2_000, 6_000, 22_000, 61_000, HOUR_MS]))
    def time_passes(self, ms: int) -> None:
        self.phones_answer()
        until = Instant(self.now + ms)
        for _ in range(40):
            due = self.witness.next_deadline()
            if due is None or due > until:
                break
            self.now = max(self.now, due)
            self._carry_out(self.witness.pass_deadline(self.now))
        self.now = until

    @rule()
    def a_working_minute(self) -> None:
        """Whatever stood in the way is put right."""
        self.the_journal_recovers(at_once=False)
        self.tell(e.ClockJudged(True))
        self.tell(e.EmergencyLifted(STATE, "over", "officer"))
        self.tell(e.CampaignStateAsked(self.campaign.name, CampaignState.RUNNING, "manager"))
        self.the_worker_is_back()
        self.agents_work_on()
        for _ in range(3):
            self.the_store_answers(20)
            self.time_passes(250)

    def phones_answer(self) -> None:
        for leg in sorted(set(self.witness.phones) - self.witness.phones_up):
            self.tell(e.LegAnswered(leg, self.at(leg, 0)))

    @rule(ms=st.sampled_from([0, 300, 5_000, 120_000]))
    def the_floor_oversleeps(self, ms: int) -> None:
        self.now = Instant(self.now + ms)
        self._carry_out(self.witness.pass_deadline(self.now))

    # --- the store ----------------------------------------------------------------------------

    @rule(slow=st.booleans())
    def the_store_takes_its_time(self, slow: bool) -> None:
        self.store_is_slow = slow

    @rule(count=st.integers(1, 12))
    def the_store_answers(self, count: int) -> None:
        for _ in range(count):
            if self.answers:
                self.tell(self.answers.pop(0))

    @rule()
    def the_journal_fails(self) -> None:
        self.answers += self.store.fail()

    @rule(at_once=st.booleans())
    def the_journal_recovers(self, at_once: bool) -> None:
        said = self.store.recover()
        if at_once:
            for event in reversed(said):
                self.tell(event)
        else:
            self.answers += said

    @rule(token=st.integers(0, 60))
    def the_store_commits_what_nobody_waits_for(self, token: int) -> None:
        if all(answer != e.Journaled(token) for answer in self.answers):
            known = self.witness.intended.get(token)
            if known is None or known.dialled or self.witness.ended[known.attempt]:
                self.tell(e.Journaled(token))

    # --- the carrier --------------------------------------------------------------------------

    @rule(pick=st.integers(0, 99), kind=st.sampled_from(VerdictKind), greeted=st.booleans())
    def somebody_answers_at_once(self, pick: int, kind: VerdictKind, greeted: bool) -> None:
        leg = self.some_leg(pick)
        self.tell(e.LegProgressed(leg, 180, False, self.at(leg, 0)))
        self.tell(e.LegAnswered(leg, self.at(leg, 0)))
        at = self.at(leg, 0)
        greeting = Instant(at - 500) if greeted else None
        call = self.witness.calls.get(leg)
        if call is not None and call.verdict is None and call.detect:
            self.tell(e.VerdictReached(leg, AmdVerdict(kind, 0.9, 700, "drawn", greeting), at))

    @rule(talk_ms=st.sampled_from([20, 900, 5_000]), leaves=st.booleans())
    def a_person_is_joined_and_talks(self, talk_ms: int, leaves: bool) -> None:
        self.somebody_answers_at_once(0, VerdictKind.HUMAN, True)
        self.time_passes(20)
        self.a_bridge_is_made(0, 0)
        self.time_passes(talk_ms)
        if leaves:
            self.a_leg_ends(0, 200, None)

    @rule(pick=st.integers(0, 99), status=st.sampled_from([100, 180, 183]), late=st.just(0))
    def a_leg_progresses(self, pick: int, status: int, late: int) -> None:
        leg = self.some_leg(pick)
        self.tell(e.LegProgressed(leg, status, status == 183, self.at(leg, late)))

    @rule(pick=st.integers(0, 99), late=st.sampled_from([0, 0, 700, 9_000]))
    def a_leg_is_answered(self, pick: int, late: int) -> None:
        leg = self.some_leg(pick)
        self.tell(e.LegAnswered(leg, self.at(leg, late)))

    @rule(
        pick=st.integers(0, 99),
        kind=st.sampled_from(VerdictKind),
        greeted=st.booleans(),
        late=st.sampled_from([0, 0, 300, 4_000]),
        after=st.sampled_from([0, 700, 3_500]),
    )
    def the_detector_decides(
        self, pick: int, kind: VerdictKind, greeted: bool, late: int, after: int
    ) -> None:
        leg = self.some_leg(pick)
        call = self.witness.calls.get(leg)
        if call is not None and (call.verdict is not None or not call.detect):
            return
        at = self.at(leg, late)
        greeting = Instant(at - 500) if greeted else None
        self.tell(e.VerdictReached(leg, AmdVerdict(kind, 0.9, after, "drawn", greeting), at))

    @rule(pick=st.integers(0, 99), tone=st.sampled_from(Tone))
    def a_tone_is_heard(self, pick: int, tone: Tone) -> None:
        leg = self.some_leg(pick)
        self.tell(e.ToneHeard(leg, tone, self.at(leg, 0)))

    @rule(pick=st.integers(0, 9), late=st.sampled_from([0, 0, 0, 900, 5_000]))
    def a_bridge_is_made(self, pick: int, late: int) -> None:
        if self.bridges:
            bridge = self.bridges[-1 - pick % min(3, len(self.bridges))]
            at = self.at(bridge.lead_leg, late)
            self.tell(e.LegsBridged(bridge.lead_leg, bridge.agent_leg, at))

    @rule(pick=st.integers(0, 99))
    def a_message_ends(self, pick: int) -> None:
        leg = self.some_leg(pick)
        self.tell(e.MessageEnded(leg, self.at(leg, 0)))

    @rule(
        pick=st.integers(0, 99),
        status=st.sampled_from([0, 200, 404, 408, 480, 486, 487, 503, 603, 699]),
        q850=st.sampled_from([None, None, 16, 17, 1, 99]),
    )
    def a_leg_ends(self, pick: int, status: int, q850: int | None) -> None:
        leg = self.some_leg(pick)
        self.tell(e.LegEnded(leg, Ending(status, q850), self.at(leg, 0)))

    @rule(picks=st.sets(st.integers(0, 99), max_size=4), left=st.sampled_from([0, 3, 14, 14]))
    def a_worker_dies(self, picks: set[int], left: int) -> None:
        lost = tuple({self.some_leg(pick): None for pick in sorted(picks)})
        self.tell(e.LegsLost(lost, "sip-1", self.now))
        self.tell(e.CapacityChanged(left))

    @rule()
    def the_worker_is_back(self) -> None:
        self.tell(e.CapacityChanged(self.capacity))

    @rule(pick=st.integers(0, 10_000))
    def an_old_event_is_told_again(self, pick: int) -> None:
        again = self.repeatable[-1 - pick % len(self.repeatable)]
        if not isinstance(again, e.CampaignChanged | e.CampaignStateAsked | e.CapacityChanged):
            if isinstance(again, e.Journaled | e.JournalFailed | e.JournalRecovered):
                return
            if isinstance(again, e.DrainAsked | e.StopAsked | e.Restored):
                return
            self.tell(again)

    # --- people -------------------------------------------------------------------------------

    @rule(
        pick=st.integers(0, 5),
        click=st.sampled_from(
            [
                e.AgentSignedIn,
                e.AgentReadied,
                e.AgentReadied,
                e.AgentPaused,
                e.AgentSignedOut,
                e.AgentHungUp,
                e.AgentLaunched,
                e.AgentLaunched,
                e.AgentSkipped,
            ]
        ),
    )
    def an_agent_clicks(
        self,
        pick: int,
        click: type[e.AgentSignedIn | e.AgentReadied | e.AgentPaused | e.AgentSignedOut],
    ) -> None:
        name = self.names[pick % len(self.names)] if pick < 5 else "nobody"
        self.tell(click(name))

    @rule(
        pick=st.integers(0, 5),
        word=st.sampled_from(["SALE", "CALLBACK", "DO_NOT_CALL", "NO_SUCH_WORD"]),
        stale=st.booleans(),
    )
    def an_agent_disposes(self, pick: int, word: str, stale: bool) -> None:
        name = self.names[pick % len(self.names)]
        view = self.witness.snapshot(self.now).agent(name)
        assert view is not None
        attempt = view.call.attempt if view.call is not None else None
        chosen = AttemptId(1) if stale or attempt is None else attempt
        callback_at = Instant(self.now + HOUR_MS)
        self.tell(e.AgentDisposed(name, chosen, word, callback_at=callback_at))

    @rule()
    def agents_work_on(self) -> None:
        """Everybody does what gets them back to work."""
        for view in self.witness.snapshot(self.now).agents:
            if view.state is AgentState.OFFLINE:
                self.tell(e.AgentSignedIn(view.name))
            elif view.state is AgentState.PAUSED:
                self.tell(e.AgentReadied(view.name))
            elif view.state is AgentState.WRAPUP and view.call and view.call.attempt:
                self.tell(e.AgentDisposed(view.name, view.call.attempt, "SALE"))
            elif view.state is AgentState.RESERVED:
                self.tell(e.AgentLaunched(view.name))

    @rule(number=st.integers(100, 104))
    def somebody_asks_not_to_be_called(self, number: int) -> None:
        wish = Suppression(f"+12125550{number}", SuppressionSource.REQUEST, "letter", self.now)
        self.tell(e.SuppressionRequested(wish))

    @rule(number=st.integers(100, 104), seller=st.sampled_from(["", "Sample Seller"]))
    def an_officer_takes_a_request_back(self, number: int, seller: str) -> None:
        self.tell(e.SuppressionWithdrawn(f"+12125550{number}", seller, "a slip", "", "officer"))

    @rule(state=st.sampled_from([STATE, "TX"]), declared=st.sampled_from([True, False, False]))
    def a_state_has_an_emergency(self, state: str, declared: bool) -> None:
        kind = e.EmergencyDeclared if declared else e.EmergencyLifted
        self.tell(kind(state, "storm", "officer"))

    @rule(healthy=st.sampled_from([True, False]))
    def the_clock_is_judged(self, healthy: bool) -> None:
        self.tell(e.ClockJudged(healthy, "" if healthy else "no time server answers"))

    @rule(pick=st.integers(0, 99), digit=st.sampled_from("991"))
    def a_key_is_pressed(self, pick: int, digit: str) -> None:
        leg = self.some_leg(pick)
        self.tell(e.KeyPressed(leg, digit, self.at(leg, 0)))

    @rule(pick=st.integers(0, 5), stale=st.booleans())
    def an_agent_hears_a_request(self, pick: int, stale: bool) -> None:
        name = self.names[pick % len(self.names)]
        view = self.witness.snapshot(self.now).agent(name)
        assert view is not None
        attempt = view.call.attempt if view.call is not None else None
        chosen = AttemptId(1) if stale or attempt is None else attempt
        self.tell(e.AgentSuppressed(name, chosen))

    @rule(state=st.sampled_from([CampaignState.RUNNING, CampaignState.RUNNING, *CampaignState]))
    def a_manager_decides(self, state: CampaignState) -> None:
        self.tell(e.CampaignStateAsked(self.campaign.name, state, "manager"))

    @rule(mode=st.sampled_from(DialMode))
    def the_campaign_file_changes(self, mode: DialMode) -> None:
        self.campaign = replace(self.campaign, mode=mode)
        self.tell(e.CampaignChanged(self.campaign))

    @rule()
    def leads_are_imported(self) -> None:
        self.tell(e.LeadsImported(self.campaign.name))

    # --- the end ------------------------------------------------------------------------------

    @invariant()
    def deadlines_lie_ahead(self) -> None:
        if hasattr(self, "witness"):
            due = self.witness.next_deadline()
            if due is not None and due <= self.now:
                self._carry_out(self.witness.pass_deadline(self.now))

    def teardown(self) -> None:
        if not hasattr(self, "witness"):
            return
        self.tell(e.DrainAsked())
        self.time_passes(2_000)
        self.tell(e.StopAsked())
        self._carry_out(self.witness.pass_deadline(self.now))
        for leg in sorted(self.witness.in_use):
            self.tell(e.LegEnded(leg, Ending(487), self.now))
        for leg in sorted(self.witness.leaving):
            self.tell(e.LegEnded(leg, Ending(200), self.now))
        self.the_journal_recovers(False)
        self.the_store_answers(10_000)
        self.witness.nothing_is_left_over()
        self.witness.the_same_again(self.fresh_floor)


class AnyWorldHostilePacing(AnyWorld):
    controllers = staticmethod(hostile)


WORLDS = settings(max_examples=150, stateful_step_count=50)


def test_every_promise_holds_whatever_happens() -> None:
    run_state_machine_as_test(AnyWorld, settings=WORLDS)


def test_every_promise_holds_though_pacing_always_asks_for_a_thousand() -> None:
    run_state_machine_as_test(AnyWorldHostilePacing, settings=WORLDS)
