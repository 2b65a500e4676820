"""What the floor knows: one mutable place, changed only by the floor's own modules.

The modules beside this one (`dialling`, `answering`, `wrapping_up`, `shifts`) are functions over a
`FloorState`; `floor.Floor` is the only door.
"""

from __future__ import annotations

import math
from collections import Counter, deque
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from dialer.calls import agent as agent_machine
from dialer.calls import attempt as attempt_machine
from dialer.calls.agent import AgentInput
from dialer.calls.attempt import AttemptInput
from dialer.calls.machine import step
from dialer.compliance.law import Ruleset
from dialer.compliance.refusal_watch import RefusalWatch
from dialer.compliance.suppression import Suppressions
from dialer.floor.desk import Desk
from dialer.floor.facts import Screened
from dialer.leads.hopper import HopperEntry
from dialer.model.agents import AgentState
from dialer.model.calls import AmdVerdict, AttemptId, AttemptState, LegId, Tone
from dialer.model.campaigns import AgentProfile
from dialer.model.commands import Claim, Command, Hangup, RaiseAlarm, Record
from dialer.model.instant import DAY_MS, EPOCH, SECOND_MS, Instant
from dialer.model.journal import EntryKind, JournalEntry, JsonValue
from dialer.model.leads import Lead
from dialer.model.numbers import CallerId
from dialer.model.records import PastAttempt
from dialer.model.suppression import Suppression
from dialer.model.trunks import Trunk

ALARMS_KEPT = 20

COMMIT_LIMIT_MS = 45 * SECOND_MS
"""A callee who asked not to be called is held no longer than this for a journal that cannot commit:
the request is in force, and the journal keeps trying."""


@dataclass(slots=True)
class Attempt:
    """One try to reach one lead, from PLANNED to ENDED."""

    attempt_id: AttemptId
    lead: Lead
    """As it will be after this dial: `attempts` counts it."""
    desk: Desk
    leg: LegId
    trunk: TrunkUse
    caller_id: CallerId
    planned_at: Instant
    screened: Screened
    """The decision its intended dial was written down with."""
    authorised: Screened | None = None
    """The decision at the instant of the dial, once it was asked for and said yes."""
    for_agent: str | None = None
    """The agent who launched it from a preview: nobody else gets the call, nothing is detected."""
    state: AttemptState = attempt_machine.START
    entered: dict[AttemptState, Instant] = field(default_factory=dict)
    """First entry into each state: the call record's times."""
    deadline: Instant | None = None
    reached: bool = False
    """The trunk has sent a response of any kind."""
    tone: Tone | None = None
    verdict: AmdVerdict | None = None
    verdict_at: Instant | None = None
    waiting_since: Instant | None = None
    connect_by: Instant = EPOCH
    """Of a live answer: when to stop waiting for an agent and play the message."""
    bridged_at: Instant | None = None
    agent: str | None = None
    """Reserved for it, bridged to it, or wrapping it up."""
    dropped: bool = False
    disposition: str = ""
    opted_out: bool = False
    """The callee asked not to be called again, during this call."""
    suppressing: int | None = None
    """Token of that request while it is being committed: until then nobody hangs up on them."""
    hang_up_by: Instant | None = None
    """The leg is to be hung up once the request is committed, at the latest then."""

    def step(self, given: AttemptInput, now: Instant) -> None:
        """Move along the table's edge and note the first entry."""
        if self.state is AttemptState.PLANNED:
            self.trunk.planned -= 1
        self.state = step(attempt_machine.TABLE, self.state, given)
        self.entered.setdefault(self.state, now)
        self.deadline = None


@dataclass(slots=True)
class AgentSession:
    """One agent's shift, signed in or not."""

    profile: AgentProfile
    campaign: str
    since: Instant
    state: AgentState = agent_machine.START
    leg: LegId | None = None
    phone_up: bool = False
    call_phone: bool = False
    """The phone is to be called (again) as soon as a leg is free for it."""
    pending: AgentState | None = None
    """READY wished for while the phone is down; PAUSED or OFFLINE while on a call."""
    preview: HopperEntry | None = None
    call: Attempt | None = None
    deadline: Instant | None = None
    pause_reason: str = ""
    """Given with the wish to pause that is `pending`."""
    notice: str = ""


@dataclass(slots=True)
class TrunkUse:
    """A trunk and how it is doing. `legs` are in use, those about to be dialled included."""

    trunk: Trunk
    dialled: deque[Instant] = field(default_factory=deque)
    """The dials that still count against the calls per second."""
    planned: int = 0
    """Dials being journaled: they will count."""
    legs: int = 0
    failures: int = 0
    down_until: Instant | None = None
    back_off_ms: int = 5_000

    def room(self, now: Instant) -> int:
        """How many calls may be started now: no second has more than `cps` (a trunk of less than
        one call a second starts one call in `1 / cps` seconds)."""
        per_period = max(1, math.floor(self.trunk.cps))
        period_ms = max(SECOND_MS, math.ceil(SECOND_MS / self.trunk.cps))
        while self.dialled and self.dialled[0] <= now - period_ms:
            self.dialled.popleft()
        return per_period - len(self.dialled) - self.planned


LegUse = Attempt | AgentSession


class FloorState:
    """Everything the floor remembers between two events."""

    def __init__(
        self,
        ruleset: Ruleset,
        suppressions: Suppressions,
        trunks: Sequence[Trunk],
        enabled: frozenset[str],
    ) -> None:
        self.ruleset = ruleset
        self.enabled = enabled
        """Countries (ISO 3166) whose numbers may be called."""
        self.suppressions = suppressions
        self.trunks = {t.name: TrunkUse(t) for t in trunks}
        self.desks: dict[str, Desk] = {}
        self.agents: dict[str, AgentSession] = {}
        self.attempts: dict[AttemptId, Attempt] = {}
        self.legs: dict[LegId, LegUse] = {}
        self.awaiting: dict[int, AttemptId] = {}
        """Tokens of dials being journaled."""
        self.recent_dials: dict[str, list[PastAttempt]] = {}
        self.recent_drops: dict[str, list[Instant]] = {}
        self.shown: dict[str, list[Instant]] = {}
        """When each of our caller ids was shown in the last 24 hours, by any campaign."""
        self.suppressing: dict[int, Attempt] = {}
        """Requests made during a call and being journaled, by token."""
        self.lifting: dict[int, tuple[Suppression, ...] | str] = {}
        """Requests being taken back, or the state whose emergency is being lifted, by token: in
        force until that is committed."""
        self.watch = RefusalWatch()
        self.emergencies: set[str] = set()
        """States (`LA`) with an emergency declared: no calls there."""
        self.capacity = 0
        self.journal_ok = True
        self.draining = False
        self.ring_breach_at: Instant | None = None
        """When the last call was given up before it had rung as long as the law asks."""
        self.clock_wrong = ""
        """In words, why nobody may be dialled by this machine's clock."""
        self.alarms: deque[str] = deque(maxlen=ALARMS_KEPT)
        self.next_attempt = AttemptId(1)
        self._next_leg = 0
        self._next_token = 0
        self.commands: list[Command] = []

    # --- speaking -----------------------------------------------------------------------------

    def emit(self, command: Command) -> None:
        self.commands.append(command)

    def alarm(self, name: str, text: str, now: Instant) -> None:
        """Tell the operator, on the pages, in the log and in the journal."""
        self.alarms.appendleft(text)
        self.emit(RaiseAlarm(name, text))
        self.record(JournalEntry(EntryKind.ALARM, now, data={"name": name, "text": text}))

    def record(
        self, entry: JournalEntry, *, durable: bool = False, claims: tuple[Claim, ...] = ()
    ) -> int | None:
        """Write to the journal; a durable entry gets a token that Journaled will carry, or
        SlotTaken where one of the `claims` has no slot left."""
        token = None
        if durable:
            self._next_token += 1
            token = self._next_token
        self.emit(Record(entry, token, claims))
        if entry.kind in (EntryKind.REFUSED, EntryKind.DIAL_INTENDED):
            self._watch(entry)
        return token

    def _watch(self, screened: JournalEntry) -> None:
        """Tell the operator where a reason for refusals has suddenly become more or less common."""
        codes = screened.data.get("codes")
        code = str(codes[0]) if isinstance(codes, list) and codes else None
        self.watch.screened(screened.campaign, code, screened.at)
        for jump in self.watch.jumps(screened.campaign, screened.at):
            self.alarm("refusals_jumped", jump.words(), screened.at)

    def entry(
        self,
        kind: EntryKind,
        now: Instant,
        attempt: Attempt,
        data: Mapping[str, JsonValue],
        personal: Mapping[str, str] | None = None,
    ) -> JournalEntry:
        """An entry about an attempt; `personal`: words about people, which can be erased."""
        return JournalEntry(
            kind,
            now,
            campaign=attempt.desk.campaign.name,
            lead_id=attempt.lead.lead_id,
            attempt_id=attempt.attempt_id,
            number=attempt.lead.number.e164,
            agent=attempt.agent or "",
            data=data,
            personal=personal or {},
        )

    # --- legs ---------------------------------------------------------------------------------

    def new_leg(self) -> LegId:
        self._next_leg += 1
        return LegId(self._next_leg)

    def free_leg(self, leg: LegId) -> None:
        """The carrier has let go of the leg."""
        use = self.legs.pop(leg, None)
        if isinstance(use, Attempt):
            use.trunk.legs -= 1

    @property
    def phones_wanted(self) -> int:
        """Slots that must stay free for agents' phones about to be called."""
        return sum(1 for a in self.agents.values() if a.call_phone)

    def hang_up(self, attempt: Attempt, now: Instant) -> None:
        """End the lead's leg; where its callee has just asked not to be called, only once that is
        committed, so that no failure after the hang-up can lose it."""
        if attempt.suppressing is None:
            self.emit(Hangup(attempt.leg))
        elif attempt.hang_up_by is None:
            attempt.hang_up_by = Instant(now + COMMIT_LIMIT_MS)

    def let_go(self, token: int) -> Attempt | None:
        """The request made during a call is committed (or has waited too long): the call may end,
        and does if it was to. The attempt whose request it was."""
        attempt = self.suppressing.pop(token, None)
        if attempt is not None:
            attempt.suppressing = None
            if attempt.hang_up_by is not None and attempt.leg in self.legs:
                self.emit(Hangup(attempt.leg))
            attempt.hang_up_by = None
        return attempt

    # --- attempts -----------------------------------------------------------------------------

    def of_desk(self, desk: Desk) -> list[Attempt]:
        return [a for a in self.attempts.values() if a.desk is desk]

    def note_dial(self, attempt: Attempt, at: Instant) -> None:
        """Remember a dial for the attempt limits; older than three days plays no part in any."""
        e164 = attempt.lead.number.e164
        kept = [past for past in self.recent_dials.get(e164, ()) if past.at > at - 3 * DAY_MS]
        campaign = attempt.desk.campaign
        dialled = PastAttempt(at, campaign.seller, campaign.subject, attempt.caller_id.e164)
        self.recent_dials[e164] = [*kept, dialled]
        self.note_shown(attempt.caller_id.e164, at)

    def note_shown(self, caller_id: str, at: Instant) -> None:
        """Remember that this caller id was shown; older than a day plays no part."""
        kept = [past for past in self.shown.get(caller_id, ()) if past > at - DAY_MS]
        self.shown[caller_id] = [*kept, at]

    def forget_dial(self, e164: str, at: Instant) -> None:
        """The dial noted at `at` rang no phone: it plays no part in the attempt limits, nor in how
        often its caller id was shown."""
        dials = self.recent_dials[e164]
        forgotten = next(past for past in dials if past.at == at)
        dials.remove(forgotten)
        shown = self.shown[forgotten.caller_id]
        if at in shown:
            shown.remove(at)

    def note_drop(self, e164: str, at: Instant) -> None:
        """Remember that this person was dropped; older than three days plays no part."""
        kept = [past for past in self.recent_drops.get(e164, ()) if past > at - 3 * DAY_MS]
        self.recent_drops[e164] = [*kept, at]

    # --- agents -------------------------------------------------------------------------------

    def agents_of(self, desk: Desk) -> list[AgentSession]:
        return [a for a in self.agents.values() if a.campaign == desk.campaign.name]

    def step_agent(
        self, session: AgentSession, given: AgentInput, now: Instant, reason: str = ""
    ) -> None:
        """Move along the table's edge; every change of state is journaled."""
        before = session.state
        session.state = step(agent_machine.TABLE, before, given)
        if session.state is before:
            return
        session.deadline = None
        session.since = now
        self.record(
            JournalEntry(
                EntryKind.AGENT_CHANGED,
                now,
                campaign=session.campaign,
                agent=session.profile.name,
                data={"state": session.state, "reason": reason},
            )
        )


def counted(counter: Counter[str]) -> dict[str, int]:
    """A counter without its zeros."""
    return {name: n for name, n in counter.items() if n}
