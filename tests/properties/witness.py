"""A witness between a floor and its world: hears every event and command, and objects as soon as
a promise of the house is broken. Of the floor's inside it reads the drop account only.

Each promise is a method of its own whose name is the promise; `BrokenPromise` carries it.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from datetime import time
from fractions import Fraction
from zoneinfo import ZoneInfo

from dialer.floor.floor import Floor
from dialer.model import events as e
from dialer.model.agents import AgentState
from dialer.model.calls import AmdVerdict, AttemptId, LegId, VerdictKind
from dialer.model.campaigns import Campaign, CampaignState
from dialer.model.commands import Bridge, CallAgent, Command, Dial, Hangup, PlayMessage, Record
from dialer.model.instant import DAY_MS, HOUR_MS, SECOND_MS, Instant, utc
from dialer.model.journal import EntryKind, JournalEntry
from dialer.model.snapshot import CampaignView, FloorSnapshot
from dialer.model.trunks import Trunk

DETECTION_MS = 8_000
BRIDGING_MS = 1_000
CONNECT_MS = 2_000
SHORTEST_WAIT_MS = 250
STEPS_AT_ONE_INSTANT = 3
COMMIT_MS = 45_000
STATE = "NY"
LAWFUL_HOURS = (time(8), time(21))


class BrokenPromise(AssertionError):
    """The floor did what it never may, or left out what it must do."""


@dataclass(slots=True)
class Call:
    """What the witness knows of one attempt. `due` is when a person who answered must have been
    bridged or be hearing the message; `lawful_by` the same without regard to a bridge under way;
    `in_time_until` when a bridge begins to count as a drop."""

    attempt: AttemptId
    number: str
    leg: LegId
    detect: bool
    dialled_at: Instant
    answered_at: Instant | None = None
    detect_by: Instant | None = None
    verdict: AmdVerdict | None = None
    in_time_until: Instant | None = None
    lawful_by: Instant | None = None
    due: Instant | None = None
    asked_bridge_to: LegId | None = None
    was_bridged: bool = False
    message: bool = False
    ended: bool = False


@dataclass(slots=True)
class Intended:
    attempt: AttemptId
    number: str
    dialled: bool = False


@dataclass(slots=True)
class _Excuses:
    """Why drops may exceed the governor's bound: agents who went, and bridges not made in time."""

    agents_gone: int = 0
    carrier: int = 0


@dataclass(slots=True)
class Witness:
    """Stands in front of a floor, with the same three methods."""

    floor: Floor
    trunk: Trunk
    suppressed: set[tuple[str, str]] = field(default_factory=set)
    """Number, and the seller who was asked."""
    steady: bool = False
    """No agent, leg or bridge is ever lost in this run: the governor's bound has no exception."""

    heard: list[tuple[e.Event, Instant]] = field(default_factory=list)
    said: list[tuple[Command, ...]] = field(default_factory=list)
    campaign: Campaign | None = None
    state: CampaignState = CampaignState.STOPPED
    journal_ok: bool = True
    draining: bool = False
    capacity: int = 0
    calls: dict[LegId, Call] = field(default_factory=dict)
    phones: dict[LegId, str] = field(default_factory=dict)
    """Agents' legs the carrier has, and whose they are."""
    phones_up: set[LegId] = field(default_factory=set)
    leaving: set[LegId] = field(default_factory=set)
    """Agents' legs we have asked to be hung up."""
    in_use: set[LegId] = field(default_factory=set)
    """Lead legs the carrier has."""
    dials: dict[str, list[tuple[Instant, LegId]]] = field(default_factory=dict)
    dialled_at: list[Instant] = field(default_factory=list)
    intended: dict[int, Intended] = field(default_factory=dict)
    lifting: dict[int, set[tuple[str, str]]] = field(default_factory=dict)
    clock_ok: bool = True
    shows: dict[LegId, str] = field(default_factory=dict)
    """The caller id of every dial."""
    person: frozenset[str] = frozenset()
    """Numbers that are one person's; every other number is a person of its own."""
    emergencies: set[str] = field(default_factory=set)
    """States; every number here is of New York."""
    ending: dict[int, str] = field(default_factory=dict)
    """Emergencies being lifted and not yet committed."""
    asking: dict[int, tuple[LegId, Instant]] = field(default_factory=dict)
    """Requests made during a call and not yet committed: its leg, and since when."""
    ended: Counter[AttemptId] = field(default_factory=Counter)
    disposed: Counter[AttemptId] = field(default_factory=Counter)
    agent_states: dict[str, str] = field(default_factory=dict)
    dropped: int = 0
    woken_in_vain: int = 0
    excuses: _Excuses = field(default_factory=_Excuses)

    # --- in front of the floor ----------------------------------------------------------------

    def handle(self, event: e.Event, now: Instant) -> list[Command]:
        self.heard.append((event, now))
        self._before(event, now)
        commands = self.floor.handle(event, now)
        self.said.append(tuple(commands))
        for command in commands:
            self._said(command, event, now)
        self._after(now)
        self.the_floor_does_not_spin(event, now)
        return commands

    def next_deadline(self) -> Instant | None:
        return self.floor.next_deadline()

    def snapshot(self, now: Instant) -> FloorSnapshot:
        return self.floor.snapshot(now)

    def pass_deadline(self, at: Instant) -> list[Command]:
        """Wake the floor at the deadline it gave: it must not ask for that same instant again."""
        commands: list[Command] = []
        while True:
            commands += self.handle(e.DeadlineReached(), at)
            due = self.next_deadline()
            if due is None or due > at:
                return commands

    @property
    def view(self) -> CampaignView:
        return self.floor.snapshot(self.heard[-1][1]).campaigns[0]

    # --- what is told to the floor ------------------------------------------------------------

    def _before(self, event: e.Event, now: Instant) -> None:
        match event:
            case e.CampaignChanged(campaign=campaign):
                self.campaign = campaign
            case e.CampaignStateAsked(state=state):
                self.state = state
            case e.ClockJudged(healthy=healthy):
                self.clock_ok = healthy
            case e.JournalFailed():
                self.journal_ok = False
            case e.JournalRecovered():
                self.journal_ok = True
            case e.DrainAsked() | e.StopAsked():
                self.draining = True
            case e.CapacityChanged(legs=legs):
                self.capacity = legs
            case e.SuppressionRequested(suppression=suppression):
                self._asked((suppression.e164, suppression.seller))
            case e.SlotTaken(token=token):
                del self.intended[token]  # the store wrote nothing: it never was
            case e.EmergencyDeclared(state=state):
                self.emergencies.add(state)
                self.ending = {k: v for k, v in self.ending.items() if v != state}
            case e.Journaled(token=token):
                self.emergencies.discard(self.ending.pop(token, ""))
                self.suppressed -= self.lifting.pop(token, set())
                self.asking.pop(token, None)
            case e.LegProgressed(leg=leg, status=status) if status > 100:
                self._rings(leg)
            case e.LegAnswered(leg=leg, at=at):
                self._rings(leg)
                self._answered(leg, at, now)
            case e.VerdictReached():
                self._verdict(event, now)
            case e.LegsBridged(lead_leg=lead_leg, agent_leg=agent_leg):
                call = self.calls.get(lead_leg)
                if lead_leg in self.in_use and call and call.asked_bridge_to == agent_leg:
                    self._late(call, event.at)
                    call.was_bridged, call.due = True, None
            case e.LegEnded(leg=leg):
                if leg in self.in_use and leg in self.calls:
                    self._late(self.calls[leg], now)
                self._gone(leg, now)
            case e.LegsLost(legs=legs):
                for leg in legs:
                    self.excuses.carrier += leg in self.in_use
                    self._gone(leg, now)
            case _:
                pass

    def _asked(self, wish: tuple[str, str]) -> None:
        self.suppressed.add(wish)
        for lifted in self.lifting.values():
            lifted.discard(wish)

    def _rings(self, leg: LegId) -> None:
        call = self.calls.get(leg)
        if call is not None and leg in self.in_use:
            dial = (call.dialled_at, leg)
            if dial not in self.dials[call.number]:
                self.dials[call.number].append(dial)

    def _answered(self, leg: LegId, at: Instant, now: Instant) -> None:
        if leg in self.phones:
            self.phones_up.add(leg)
        call = self.calls.get(leg)
        if call is None or leg not in self.in_use or call.ended or call.answered_at is not None:
            return
        call.answered_at = at
        if call.detect:
            call.detect_by = Instant(now + DETECTION_MS)
        else:
            self._live(call, at, None, now)

    def _verdict(self, event: e.VerdictReached, now: Instant) -> None:
        call = self.calls.get(event.leg)
        if call is None or event.leg not in self.in_use or call.ended or call.verdict is not None:
            return
        if call.answered_at is None:
            call.answered_at = Instant(event.at - event.verdict.elapsed_ms)
        call.verdict = event.verdict
        if event.verdict.kind in (VerdictKind.HUMAN, VerdictKind.UNSURE) and call.lawful_by is None:
            self._live(call, event.at, event.verdict.greeting_ended_at, now)

    def _live(self, call: Call, at: Instant, greeting: Instant | None, now: Instant) -> None:
        assert call.answered_at is not None
        since = at if greeting is None else max(greeting, call.answered_at)
        call.in_time_until = Instant(since + CONNECT_MS)
        call.lawful_by = Instant(max(since + CONNECT_MS, at + SHORTEST_WAIT_MS, now))
        call.due = call.lawful_by
        call.detect_by = None

    def _late(self, call: Call, at: Instant) -> None:
        if call.in_time_until is not None and not call.was_bridged and not call.message:
            self.excuses.carrier += at > call.in_time_until

    def _gone(self, leg: LegId, now: Instant) -> None:
        self.in_use.discard(leg)
        call = self.calls.get(leg)
        if call is not None:
            call.due = call.detect_by = None
        if self.phones.pop(leg, None) is None:
            return
        self.phones_up.discard(leg)
        self.leaving.discard(leg)
        for call in self.calls.values():
            if call.asked_bridge_to == leg and not call.ended and call.leg in self.in_use:
                call.asked_bridge_to = None
                if call.was_bridged:
                    call.due = Instant(now + CONNECT_MS)
                elif call.lawful_by is not None:
                    call.due = max(now, call.lawful_by)

    # --- what the floor says ------------------------------------------------------------------

    def _said(self, command: Command, event: e.Event, now: Instant) -> None:
        match command:
            case Dial():
                self.a_suppressed_number_is_never_dialled(command)
                self.nobody_is_dialled_in_an_emergency(command)
                self.no_number_is_dialled_outside_its_hours(command, now)
                self.attempts_and_gaps_are_kept(command, now)
                self.no_caller_id_is_shown_too_often(command, now)
                self.nothing_is_dialled_while_dialling_is_off()
                self.calls_per_second_are_kept(now)
                attempt = self.a_dial_follows_its_committed_entry(command, event)
                self.calls[command.leg] = Call(
                    attempt, command.number, command.leg, command.detect, now
                )
                self.in_use.add(command.leg)
                self.channels_and_capacity_are_kept()
            case CallAgent():
                self.an_agent_has_one_phone(command)
                self.phones[command.leg] = command.agent
                self.channels_and_capacity_are_kept()
            case Bridge():
                self.a_bridge_joins_a_waiting_callee_and_the_agent_promised(command, now)
                self.a_machine_never_meets_an_agent(command)
                call = self.calls[command.lead_leg]
                call.asked_bridge_to = command.agent_leg
                call.due = Instant(now + BRIDGING_MS)
            case PlayMessage(leg=leg):
                self.a_message_goes_to_a_person_left_waiting(leg)
                call = self.calls[leg]
                call.message, call.due = True, None
                self.excuses.carrier += call.asked_bridge_to is not None
                call.asked_bridge_to = None
            case Hangup(leg=leg):
                self.a_request_is_committed_before_its_call_is_ended(leg, now)
                if leg in self.phones:
                    self.leaving.add(leg)
            case Record(entry=entry, token=token):
                self._recorded(entry, token)
            case _:
                pass

    def _recorded(self, entry: JournalEntry, token: int | None) -> None:
        match entry.kind:
            case EntryKind.DIAL_INTENDED:
                assert token is not None and entry.attempt_id is not None
                self.intended[token] = Intended(entry.attempt_id, entry.number)
            case EntryKind.ATTEMPT_ENDED:
                assert entry.attempt_id is not None
                self.an_attempt_ends_once(entry.attempt_id)
                self._attempt_ended(entry)
            case EntryKind.DISPOSED:
                assert entry.attempt_id is not None
                self.an_agent_chooses_once(entry.attempt_id)
            case EntryKind.SUPPRESSED:
                self._asked((entry.number, str(entry.data["seller"])))
                call = self._call_of(entry.attempt_id)
                if call is not None:
                    assert token is not None
                    self.asking[token] = (call.leg, entry.at)
            case EntryKind.EMERGENCY_LIFTED:
                assert token is not None
                self.ending[token] = str(entry.data["state"])
            case EntryKind.SUPPRESSION_LIFTED:
                assert token is not None
                self.lifting[token] = {(entry.number, str(entry.data["seller"]))}
            case EntryKind.BRIDGED:
                call = self._call_of(entry.attempt_id)
                assert call is not None
                call.was_bridged, call.due = True, None
            case EntryKind.AGENT_CHANGED:
                self._agent_changed(entry)
            case _:
                pass

    def _attempt_ended(self, entry: JournalEntry) -> None:
        call = self._call_of(entry.attempt_id)
        if call is None:
            return
        call.ended, call.due, call.detect_by = True, None, None
        self.excuses.carrier += bool(entry.data["dropped"]) and not call.message
        if entry.data["disposition"] == "TRUNK_FAILURE":
            kept = [dial for dial in self.dials[call.number] if dial[1] != call.leg]
            self.dials[call.number] = kept

    def _agent_changed(self, entry: JournalEntry) -> None:
        before = self.agent_states.get(entry.agent, AgentState.OFFLINE)
        after = str(entry.data["state"])
        self.agent_states[entry.agent] = after
        at_work = before in (AgentState.READY, AgentState.RESERVED, AgentState.INCALL)
        gone = after in (AgentState.PAUSED, AgentState.OFFLINE)
        self.excuses.agents_gone += at_work and gone

    def _call_of(self, attempt: AttemptId | None) -> Call | None:
        return next((call for call in self.calls.values() if call.attempt == attempt), None)

    def _after(self, now: Instant) -> None:
        for call in self.calls.values():
            if call.detect_by is not None and now >= call.detect_by and not call.ended:
                self._live(call, now, None, now)
                if call.asked_bridge_to is not None:
                    call.due = Instant(now + BRIDGING_MS)
        self.no_phone_rings_on_after_a_request_or_in_an_emergency()
        self.nobody_is_left_in_silence(now)
        self.drops_stay_within_the_governors_bound(now)

    # --- the promises -------------------------------------------------------------------------

    def a_suppressed_number_is_never_dialled(self, dial: Dial) -> None:
        asked = [wish for wish in self.suppressed if wish[0] in self.theirs(dial.number)]
        _hold(not asked, f"{dial.number} dialled, though {asked}")

    def nobody_is_dialled_in_an_emergency(self, dial: Dial) -> None:
        _hold(STATE not in self.emergencies, f"{dial.number} dialled in an emergency")

    def no_phone_rings_on_after_a_request_or_in_an_emergency(self) -> None:
        numbers = {each for number, _ in self.suppressed for each in self.theirs(number)}
        ringing = [
            call
            for call in self.calls.values()
            if (call.number in numbers or STATE in self.emergencies)
            and call.answered_at is None
            and not call.ended
        ]
        _hold(not ringing, f"{ringing}, though {self.suppressed}, {self.emergencies}")

    def a_request_is_committed_before_its_call_is_ended(self, leg: LegId, now: Instant) -> None:
        waiting = [since for asked, since in self.asking.values() if asked == leg]
        _hold(all(now >= since + COMMIT_MS for since in waiting), f"{leg} hung up: {self.asking}")

    def no_number_is_dialled_outside_its_hours(self, dial: Dial, now: Instant) -> None:
        assert self.campaign is not None
        local = utc(now).astimezone(ZoneInfo("America/New_York"))
        opens, closes = LAWFUL_HOURS
        _hold(opens <= local.time() < closes, f"{dial.number} dialled at {local}")
        hours = self.campaign.hours.days[local.weekday()]
        minute = local.hour * 60 + local.minute
        _hold(hours is not None and hours[0] <= minute < hours[1], f"dialled at {local}")

    def attempts_and_gaps_are_kept(self, dial: Dial, now: Instant) -> None:
        assert self.campaign is not None
        own = self.dials.setdefault(dial.number, [])
        before = [past for each in self.theirs(dial.number) for past in self.dials.get(each, ())]
        day = [at for at, _ in before if at > now - DAY_MS]
        _hold(len(day) < self.campaign.attempts_per_day, f"{dial.number} dialled at {day}, {now}")
        gap_kept = all(at + self.campaign.min_gap_ms <= now for at, _ in before)
        _hold(gap_kept, f"{dial.number} dialled at {before}, and again at {now}")
        own.append((now, dial.leg))

    def theirs(self, number: str) -> frozenset[str]:
        """All numbers of the person who has this one."""
        return self.person if number in self.person else frozenset({number})

    def no_caller_id_is_shown_too_often(self, dial: Dial, now: Instant) -> None:
        assert self.campaign is not None
        limit = self.campaign.caller_id_limits.per_hour
        self.shows[dial.leg] = dial.caller_id
        dials = [past for each in self.dials.values() for past in each]
        hour = [at for at, leg in dials if at > now - HOUR_MS and self.shows[leg] == dial.caller_id]
        _hold(limit is None or len(hour) <= limit, f"{dial.caller_id} shown at {hour}, {now}")

    def nothing_is_dialled_while_dialling_is_off(self) -> None:
        _hold(self.journal_ok, "dialled while the journal cannot be written")
        _hold(self.clock_ok, "dialled by a clock that may be wrong")
        _hold(self.state is CampaignState.RUNNING, f"dialled while {self.state}")
        _hold(not self.draining, "dialled while draining")

    def calls_per_second_are_kept(self, now: Instant) -> None:
        self.dialled_at.append(now)
        second = [at for at in self.dialled_at if at > now - SECOND_MS]
        _hold(len(second) <= max(1.0, self.trunk.cps), f"calls in one second: {second}")

    def a_dial_follows_its_committed_entry(self, dial: Dial, event: e.Event) -> AttemptId:
        _hold(isinstance(event, e.Journaled), f"a dial upon {event}")
        assert isinstance(event, e.Journaled)
        intended = self.intended.get(event.token)
        _hold(intended is not None, f"a dial upon {event}, which committed no intention")
        assert intended is not None
        _hold(intended.number == dial.number, f"{dial} upon the entry of {intended}")
        _hold(not intended.dialled, f"{intended} dialled twice")
        _hold(self.ended[intended.attempt] == 0, f"{intended} had ended")
        intended.dialled = True
        return intended.attempt

    def channels_and_capacity_are_kept(self) -> None:
        _hold(len(self.in_use) <= self.trunk.channels, f"{len(self.in_use)} legs on the trunk")
        legs = len(self.in_use) + len(self.phones)
        _hold(legs <= self.capacity, f"{legs} legs of {self.capacity}")

    def an_agent_has_one_phone(self, call: CallAgent) -> None:
        held = [leg for leg, name in self.phones.items() if name == call.agent]
        _hold(all(leg in self.leaving for leg in held), f"{call} while {held} are up")
        state = self.agent_states.get(call.agent, AgentState.OFFLINE)
        _hold(state != AgentState.OFFLINE, f"{call}, who is signed out")

    def a_bridge_joins_a_waiting_callee_and_the_agent_promised(
        self, bridge: Bridge, now: Instant
    ) -> None:
        call = self.calls.get(bridge.lead_leg)
        _hold(call is not None and not call.ended and not call.message, f"{bridge}: {call}")
        assert call is not None
        _hold(bridge.lead_leg in self.in_use, f"{bridge}: the callee's leg has gone")
        _hold(call.asked_bridge_to is None, f"{bridge}: already joined to {call.asked_bridge_to}")
        _hold(bridge.agent_leg in self.phones_up, f"{bridge}: the agent's phone is not up")
        others = [
            other
            for other in self.calls.values()
            if other.asked_bridge_to == bridge.agent_leg and not other.ended
        ]
        _hold(not others, f"{bridge}: that agent is with {others}")
        agent = self.floor.snapshot(now).agent(self.phones[bridge.agent_leg])
        _hold(agent is not None and agent.state is AgentState.RESERVED, f"{bridge}: {agent}")
        assert agent is not None
        promised = agent.call is not None and agent.call.attempt == call.attempt
        _hold(promised, f"{bridge}: {agent.name} is promised to {agent.call}")

    def a_machine_never_meets_an_agent(self, bridge: Bridge) -> None:
        verdict = self.calls[bridge.lead_leg].verdict
        machine = verdict is not None and verdict.kind in (VerdictKind.MACHINE, VerdictKind.FAX)
        _hold(not machine, f"{bridge}: {verdict}")

    def a_message_goes_to_a_person_left_waiting(self, leg: LegId) -> None:
        call = self.calls.get(leg)
        waited = call is not None and call.answered_at is not None and not call.ended
        _hold(waited and leg in self.in_use, f"a message to {call}")
        assert call is not None
        _hold(not call.message, f"a second message to {call}")

    def an_attempt_ends_once(self, attempt: AttemptId) -> None:
        self.ended[attempt] += 1
        _hold(self.ended[attempt] == 1, f"attempt {attempt} ended twice")

    def an_agent_chooses_once(self, attempt: AttemptId) -> None:
        self.disposed[attempt] += 1
        _hold(self.disposed[attempt] == 1, f"attempt {attempt} disposed twice")
        _hold(self.ended[attempt] == 1, f"attempt {attempt} disposed before its end")

    def nobody_is_left_in_silence(self, now: Instant) -> None:
        silent = [c for c in self.calls.values() if c.due is not None and c.due <= now]
        unmet = [call for call in silent if not (call.was_bridged and call.due is None)]
        _hold(not unmet, f"at {now} neither bridged nor told: {unmet}")

    def drops_stay_within_the_governors_bound(self, now: Instant) -> None:
        if self.campaign is None:
            return
        desk = self.floor._state.desks[self.campaign.name]
        if desk.dropped == self.dropped:
            return
        self.dropped = desk.dropped
        account = desk.account
        lawful = Fraction(str(self.campaign.drop_ceiling)) * account.live(now)
        excess = account.dropped(now) - lawful
        excused = 0 if self.steady else self.excuses.agents_gone + self.excuses.carrier
        _hold(
            excess <= excused,
            f"{account.dropped(now)} drops of {account.live(now)} live answers, {self.excuses}",
        )

    def the_floor_does_not_spin(self, event: e.Event, now: Instant) -> None:
        due = self.next_deadline()
        overdue = isinstance(event, e.DeadlineReached) and due is not None and due <= now
        self.woken_in_vain = self.woken_in_vain + 1 if overdue else 0
        _hold(self.woken_in_vain < STEPS_AT_ONE_INSTANT, f"woken at {now}, it asks for {due}")

    def nothing_is_left_over(self) -> None:
        """After the last call: every intended attempt has ended, every leg but the phones' is
        free."""
        open_ones = [i for i in self.intended.values() if self.ended[i.attempt] != 1]
        _hold(not open_ones, f"without an end: {open_ones}")
        now = self.heard[-1][1]
        used = self.floor.snapshot(now).legs_in_use
        _hold(used == len(self.phones), f"{used} legs in use, {len(self.phones)} of them phones")
        _hold(not self.floor.snapshot(now).campaigns[0].stages, "attempts in some stage")

    def the_same_again(self, fresh: Callable[[], Floor]) -> None:
        """A new floor told the same at the same instants says the same."""
        floor = fresh()
        for (event, now), said in zip(self.heard, self.said, strict=True):
            again = tuple(floor.handle(event, now))
            _hold(again == said, f"upon {event}: first {said}, then {again}")


def _hold(promise: bool, otherwise: str) -> None:
    if not promise:
        raise BrokenPromise(otherwise)


def live_answers(
    campaign: str, live: int, dropped: int, first: Instant, last: Instant
) -> Iterable[e.AnsweredCall]:
    """A drop account's past: answers spread evenly between two instants, the drops first."""
    for k in range(live):
        at = Instant(first + (last - first) * k // live)
        yield e.AnsweredCall(campaign, at, dropped=k < dropped)
