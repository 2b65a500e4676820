"""The floor's door: `handle` takes an event and gives commands, `next_deadline` says when to come
back, `snapshot` is what everybody else reads.

Events may be late, repeated or about legs long gone; those change nothing. Nothing here waits,
reads a clock or draws a random number, so the same events at the same instants give the same
commands, and replaying them rebuilds the same floor.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence

from dialer.compliance.drop_rate import DropAccount
from dialer.compliance.law import Ruleset
from dialer.compliance.suppression import Suppressions
from dialer.floor import answering, dialling, gate, requests, shifts, supply, wrapping_up
from dialer.floor.callers import first_caller
from dialer.floor.desk import Desk
from dialer.floor.facts import Screened
from dialer.floor.state import AgentSession, Attempt, FloorState
from dialer.floor.views import snapshot
from dialer.model import events as e
from dialer.model.agents import AgentState
from dialer.model.calls import AttemptId, AttemptState, LegId
from dialer.model.campaigns import Campaign, CampaignState, DialMode
from dialer.model.commands import Command
from dialer.model.instant import Instant
from dialer.model.journal import EntryKind, JournalEntry
from dialer.model.leads import Lead
from dialer.model.snapshot import FloorSnapshot
from dialer.model.suppression import Suppression
from dialer.model.trunks import Trunk
from dialer.pacing.choose import controller_for
from dialer.pacing.controller import PacingController


class Floor:
    """One floor, a desk per campaign. Campaigns come by CampaignChanged, the past by Restored.
    `controllers` makes the pacing of a campaign from its mode; `enabled` are the countries whose
    numbers may be called."""

    def __init__(
        self,
        ruleset: Ruleset,
        suppressions: Suppressions,
        trunks: Sequence[Trunk],
        controllers: Callable[[DialMode], PacingController] = controller_for,
        enabled: frozenset[str] = frozenset({"US"}),
    ) -> None:
        self._state = FloorState(ruleset, suppressions, trunks, enabled)
        self._controllers = controllers
        self._version = 0
        self._now = Instant(0)

    def handle(self, event: e.Event, now: Instant) -> list[Command]:
        """Take one event; the commands are to be carried out in order."""
        floor = self._state
        self._now = now
        self._take(event, now)
        answering.meet(floor, now)
        self._pass_deadlines(now)
        answering.meet(floor, now)
        shifts.call_phones(floor)
        dialling.advance(floor, now)
        self._version += 1
        commands, floor.commands = floor.commands, []
        return commands

    def next_deadline(self) -> Instant | None:
        """When to come back with DeadlineReached at the latest."""
        floor = self._state
        due: list[Instant | None] = [a.deadline for a in floor.attempts.values()]
        due += [session.deadline for session in floor.agents.values()]
        due += [attempt.hang_up_by for attempt in floor.suppressing.values()]
        due += self._pacing_deadlines()
        return min((at for at in due if at is not None), default=None)

    @property
    def version(self) -> int:
        """Grows with every event handled."""
        return self._version

    @property
    def campaigns(self) -> tuple[str, ...]:
        """The names of the campaigns on the floor."""
        return tuple(self._state.desks)

    @property
    def ruleset(self) -> Ruleset:
        """The rules the gate decides by."""
        return self._state.ruleset

    def screening_of(self, lead: Lead, campaign: str, now: Instant) -> Screened:
        """The gate's answer about a lead, for people's questions; nothing follows from it."""
        desk = self._state.desks[campaign]
        caller = first_caller(desk.campaign, now)
        return gate.screen(self._state, desk, lead, now, caller)

    def requests_of(self, e164: str) -> tuple[Suppression, ...]:
        """Every request of the number in force, whoever it was made to."""
        return self._state.suppressions.requests_of(e164)

    def same_seller(self, campaign: str) -> tuple[str, ...]:
        """The campaigns of this one's seller, itself among them."""
        return supply.same_seller(self._state, self._state.desks[campaign])

    @property
    def enabled(self) -> frozenset[str]:
        """The countries whose numbers may be called."""
        return self._state.enabled

    @property
    def emergencies(self) -> frozenset[str]:
        """The states with an emergency declared."""
        return frozenset(self._state.emergencies)

    def snapshot(self, now: Instant) -> FloorSnapshot:
        return snapshot(self._state, self._version, now)

    # --- taking events ------------------------------------------------------------------------

    def _take(self, event: e.Event, now: Instant) -> None:
        floor = self._state
        match event:
            case e.DeadlineReached():
                pass
            case e.ClockJudged():
                self._clock_judged(event, now)
            case e.CapacityChanged(legs=legs):
                self._capacity_changed(legs, now)
            case e.LegsLost(legs=legs, worker=worker):
                self._legs_lost(legs, worker, now)
            case (
                e.LegProgressed()
                | e.LegAnswered()
                | e.ToneHeard()
                | e.KeyPressed()
                | e.VerdictReached()
                | e.LegsBridged()
                | e.MessageEnded()
                | e.LegEnded()
            ):
                self._leg_event(event, now)
            case e.AgentDisposed():
                asked = wrapping_up.disposed(floor, event, now)
                if asked is not None:
                    requests.asked_at_wrapup(floor, asked, event.agent, now)
            case e.AgentSuppressed():
                requests.agent_suppressed(floor, event, now)
            case (
                e.AgentSignedIn()
                | e.AgentReadied()
                | e.AgentPaused()
                | e.AgentSignedOut()
                | e.AgentHungUp()
                | e.AgentLaunched()
                | e.AgentSkipped()
            ):
                shifts.clicked(floor, event, now)
            case e.LeadsOffered():
                supply.leads_offered(floor, event, now)
            case e.Journaled(token=token):
                dialling.journaled(floor, token, now)
                requests.journaled(floor, token)
            case e.SlotTaken():
                dialling.slot_taken(floor, event, now)
            case e.RecordsChanged():
                supply.records_changed(floor, event)
            case e.NumbersSuppressed(suppressions=suppressions):
                for suppression in suppressions:
                    requests.in_force(floor, suppression, now)
            case e.JournalFailed(why=why):
                self._journal_failed(why, now)
            case e.JournalRecovered():
                floor.journal_ok = True
            case e.Restored():
                self._restored(event, now)
            case _:
                self._managed(event, now)

    def _managed(self, event: e.ManagerEvent, now: Instant) -> None:
        floor = self._state
        match event:
            case e.CampaignChanged(campaign=campaign):
                self._campaign_changed(campaign, now)
            case e.CampaignStateAsked():
                self._campaign_state_asked(event, now)
            case e.LeadsImported(campaign=name):
                supply.leads_imported(floor, name)
            case e.ListsChanged():
                for desk in floor.desks.values():
                    desk.look_again()
            case e.SuppressionRequested():
                requests.suppress(floor, event.suppression, now)
            case e.SuppressionWithdrawn():
                requests.withdrawn(floor, event, now)
            case e.EmergencyDeclared():
                requests.emergency_declared(floor, event, now)
            case e.EmergencyLifted():
                requests.emergency_lifted(floor, event, now)
            case e.DrainAsked():
                floor.draining = True
            case e.StopAsked():
                floor.draining = True
                answering.stop(floor, now)

    def _leg_event(
        self,
        event: e.LegProgressed
        | e.LegAnswered
        | e.ToneHeard
        | e.KeyPressed
        | e.VerdictReached
        | e.LegsBridged
        | e.MessageEnded
        | e.LegEnded,
        now: Instant,
    ) -> None:
        floor = self._state
        use = floor.legs.get(event.lead_leg if isinstance(event, e.LegsBridged) else event.leg)
        if use is None or (isinstance(use, Attempt) and use.state is AttemptState.PLANNED):
            return
        if isinstance(event, e.LegEnded):
            floor.free_leg(event.leg)
        if isinstance(use, AgentSession):
            self._agent_leg_event(use, event, now)
            return
        match event:
            case e.LegProgressed():
                answering.progressed(floor, use, event, now)
            case e.LegAnswered(at=at):
                answering.answered(floor, use, at, now)
            case e.ToneHeard():
                answering.tone_heard(floor, use, event, now)
            case e.KeyPressed():
                requests.key_pressed(floor, use, event, now)
            case e.VerdictReached():
                answering.verdict_reached(floor, use, event, now)
            case e.LegsBridged():
                answering.bridged(floor, use, event, now)
            case e.MessageEnded():
                answering.message_ended(floor, use, event, now)
            case e.LegEnded(ending=ending):
                answering.lead_leg_ended(floor, use, ending, now)

    def _agent_leg_event(self, session: AgentSession, event: e.CarrierEvent, now: Instant) -> None:
        match event:
            case e.LegAnswered(leg=leg) if session.leg == leg:
                shifts.phone_answered(self._state, session, now)
            case e.LegEnded(leg=leg, ending=ending) if session.leg == leg:
                shifts.phone_ended(self._state, session, ending, now)
            case _:
                pass

    def _legs_lost(self, legs: Iterable[LegId], worker: str, now: Instant) -> None:
        """Leads first: an agent whose call is gone too goes through wrap-up."""
        floor = self._state
        uses = [(leg, floor.legs[leg]) for leg in legs if leg in floor.legs]
        for leg, use in uses:
            floor.free_leg(leg)
            if isinstance(use, Attempt):
                answering.lead_leg_lost(floor, use, now)
        for leg, use in uses:
            if isinstance(use, AgentSession) and use.leg == leg:
                shifts.phone_lost(floor, use, now)
        floor.alarm(
            "worker_lost",
            f"SIP worker {worker} died with {len(uses)} legs in use. Its calls ended as LOST, its "
            "agents' phones are called again. Nothing to do unless it happens again.",
            now,
        )

    def _capacity_changed(self, legs: int, now: Instant) -> None:
        floor = self._state
        if legs == 0 and floor.capacity > 0:
            floor.alarm("no_capacity", "No SIP worker is left: nothing can be dialled.", now)
        floor.capacity = legs

    def _clock_judged(self, event: e.ClockJudged, now: Instant) -> None:
        """No dial by a clock nobody vouches for; each change is journaled."""
        floor = self._state
        was_wrong, floor.clock_wrong = floor.clock_wrong, "" if event.healthy else event.why
        if bool(was_wrong) is not event.healthy:
            return
        floor.record(
            JournalEntry(
                EntryKind.SERVICE_CHANGED,
                now,
                data={"change": "clock", "healthy": event.healthy, "why": event.why},
            )
        )
        if not event.healthy:
            floor.alarm(
                "clock_wrong",
                f"Nobody is dialled: {event.why}. Calls in progress go on.",
                now,
            )

    def _journal_failed(self, why: str, now: Instant) -> None:
        floor = self._state
        if floor.journal_ok:
            floor.journal_ok = False
            floor.alarm(
                "journal_failed",
                f"The journal cannot be written: {why}. No new call is placed until it can; calls "
                "in progress go on and nothing recorded is lost. Free space or find what locks "
                "the database.",
                now,
            )

    # --- campaigns and the past ---------------------------------------------------------------

    def _campaign_changed(self, campaign: Campaign, now: Instant) -> None:
        floor = self._state
        desk = floor.desks.get(campaign.name)
        if desk is None:
            desk = Desk(campaign, self._controllers(campaign.mode), DropAccount())
            floor.desks[campaign.name] = desk
        else:
            if campaign.mode is not desk.campaign.mode:
                desk.controller = self._controllers(campaign.mode)
            desk.campaign = campaign
        for profile in campaign.agents:
            session = floor.agents.get(profile.name)
            if session is None:
                floor.agents[profile.name] = AgentSession(profile, campaign.name, now)
            elif session.state is AgentState.OFFLINE:
                session.profile, session.campaign = profile, campaign.name

    def _campaign_state_asked(self, event: e.CampaignStateAsked, now: Instant) -> None:
        floor = self._state
        desk = floor.desks.get(event.campaign)
        if desk is None or desk.state is event.state:
            return
        desk.state = event.state
        desk.look_again()
        if event.state is CampaignState.STOPPED:
            desk.hopper.clear()
        floor.record(
            JournalEntry(
                EntryKind.CAMPAIGN_CHANGED,
                now,
                campaign=event.campaign,
                data={"state": event.state, "by": event.by},
            ),
            durable=True,
        )

    def _restored(self, event: e.Restored, now: Instant) -> None:
        floor = self._state
        floor.next_attempt = AttemptId(max(floor.next_attempt, event.next_attempt))
        for e164, dialled in event.recent_dials:
            floor.recent_dials.setdefault(e164, []).append(dialled)
            if dialled.caller_id:
                floor.note_shown(dialled.caller_id, dialled.at)
        for e164, dropped_at in event.recent_drops:
            floor.recent_drops.setdefault(e164, []).append(dropped_at)
        for suppression in event.suppressions:
            floor.suppressions.add(suppression)
        floor.emergencies.update(event.emergencies)
        for answer in event.answered_calls:
            if answer.campaign in floor.desks:
                floor.desks[answer.campaign].account.answered(answer.at, dropped=answer.dropped)
        for name, state in event.campaign_states:
            if name in floor.desks:
                floor.desks[name].state = state
        wrapping_up.close_open_attempts(floor, event.open_attempts, now)

    # --- time ---------------------------------------------------------------------------------

    def _pass_deadlines(self, now: Instant) -> None:
        floor = self._state
        for attempt in list(floor.attempts.values()):
            if attempt.deadline is not None and attempt.deadline <= now:
                answering.deadline_passed(floor, attempt, now)
        requests.pass_deadlines(floor, now)
        for session in floor.agents.values():
            if session.deadline is not None and session.deadline <= now:
                shifts.wrapup_too_long(floor, session, now)

    def _pacing_deadlines(self) -> list[Instant]:
        """While leads and agents are there, pacing looks again each tick; where a desk is dry, when
        the next lead becomes eligible. A refill that is overdue waits for something else to happen
        (the journal, say), so it is no reason to come back."""
        floor = self._state
        due: list[Instant] = []
        for desk in floor.desks.values():
            if desk.state is not CampaignState.RUNNING or floor.draining:
                continue
            states = {a.state for a in floor.agents_of(desk)} - {AgentState.OFFLINE}
            if desk.dry and desk.refill_at is not None and desk.refill_at > self._now and states:
                due.append(desk.refill_at)
            if len(desk.hopper) and states - {AgentState.PAUSED} and floor.journal_ok:
                due.append(Instant(self._now + dialling.TICK_MS))
        return due
