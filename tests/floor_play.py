"""A written dialogue with the floor: events in, expected commands out, time by hand.

`Play` answers the store's part (a durable Record is committed at once, unless `journal_slow`) and
keeps everything the floor said, so that a test reads as a scene.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import TypeVar

from dialer.compliance.law_files import load_law
from dialer.compliance.suppression import NumberList, Suppressions
from dialer.floor.floor import Floor
from dialer.model.agents import AgentState
from dialer.model.calls import AmdVerdict, AttemptId, Ending, LegId, VerdictKind
from dialer.model.campaigns import (
    AgentProfile,
    CallingHours,
    Campaign,
    CampaignState,
    DialMode,
)
from dialer.model.commands import CallAgent, Command, Dial, Record, RefillHopper
from dialer.model.dispositions import AgentDisposition, Recycle
from dialer.model.events import (
    AgentReadied,
    AgentSignedIn,
    CampaignChanged,
    CampaignStateAsked,
    CapacityChanged,
    DeadlineReached,
    Event,
    Journaled,
    LeadsOffered,
    LegAnswered,
    LegEnded,
    LegProgressed,
    LegsBridged,
    Restored,
    VerdictReached,
)
from dialer.model.instant import Instant, instant_of
from dialer.model.journal import EntryKind, JournalEntry
from dialer.model.leads import Lead
from dialer.model.numbers import CallerId, PhoneNumber
from dialer.model.snapshot import AgentView
from dialer.model.trunks import Trunk
from dialer.simulator.lists import empty_lists

NOON = instant_of(datetime(2026, 12, 2, 17, 0, tzinfo=UTC))
"""A Wednesday, noon in New York."""

C = TypeVar("C", bound=Command)


def campaign(
    mode: DialMode = DialMode.PROGRESSIVE, agents: int = 1, name: str = "spring"
) -> Campaign:
    """A campaign that may call all day, with two dispositions that matter."""
    return Campaign(
        name=name,
        title="Spring",
        seller="Sample Seller",
        seller_phone="+12025550198",
        mode=mode,
        trunk="loop",
        caller_ids=(CallerId("+12025550199", "Sample"),),
        agents=tuple(
            AgentProfile(f"{name}-{n}", f"Agent {n}", f"sip:agent{n}@127.0.0.1")
            for n in range(1, agents + 1)
        ),
        dispositions=(
            AgentDisposition("SALE", "Sale"),
            AgentDisposition("CALLBACK", "Call back", callback=True),
            AgentDisposition("DO_NOT_CALL", "Do not call", suppress=True),
        ),
        recycle={"BUSY": Recycle(900_000, 4), "NO_ANSWER": Recycle(14_400_000, 4)},
        hours=CallingHours(tuple((480, 1260) for _ in range(7))),
        lists=(),
        script="Hello {first_name}",
        drop_message="drop.wav",
    )


def lead(number: int = 100, lead_id: int | None = None, area: int = 212) -> Lead:
    """A lead at +1 212 555 0`number`, or in another area code."""
    return Lead(
        lead_id=number if lead_id is None else lead_id,
        campaign="spring",
        list_name="leads.csv",
        line=number,
        number=PhoneNumber(f"+1{area}5550{number}", "US", ("America/New_York",)),
        fields={"first_name": "Ann"},
        order_key=number,
    )


HUMAN = AmdVerdict(VerdictKind.HUMAN, 0.95, 1400, "greeting_then_silence")
MACHINE = AmdVerdict(VerdictKind.MACHINE, 0.99, 4500, "long_greeting")
SILENT = AmdVerdict(VerdictKind.UNSURE, 0.5, 3500, "dead_air")


class Play:
    """One floor, one campaign running, time starting at NOON."""

    def __init__(
        self,
        of: Campaign | None = None,
        trunk: Trunk | None = None,
        capacity: int = 50,
        lists: Sequence[NumberList] | None = None,
        more_trunks: Sequence[Trunk] = (),
    ) -> None:
        self.campaign = of or campaign()
        self.floor = Floor(
            load_law(),
            Suppressions(empty_lists(load_law(), NOON) if lists is None else lists),
            [trunk or Trunk("loop", "127.0.0.1:5060", 50, 50), *more_trunks],
        )
        self.now = NOON
        self.said: list[Command] = []
        self.journal_slow = False
        self.unanswered: list[int] = []
        self.tell(CampaignChanged(self.campaign))
        self.tell(Restored(AttemptId(1)))
        self.tell(CapacityChanged(capacity))
        self.tell(CampaignStateAsked(self.campaign.name, CampaignState.RUNNING, "manager"))

    # --- speaking -----------------------------------------------------------------------------

    def tell(self, event: Event) -> list[Command]:
        """Give an event; the store answers durable records at once."""
        commands = self.floor.handle(event, self.now)
        self.said += commands
        for command in list(commands):
            if isinstance(command, Record) and command.token is not None:
                if self.journal_slow:
                    self.unanswered.append(command.token)
                else:
                    commands += self.tell(Journaled(command.token))
        return commands

    def later(self, ms: int) -> list[Command]:
        """Let time pass, waking the floor whenever it asked for it."""
        until = Instant(self.now + ms)
        commands: list[Command] = []
        while (due := self.floor.next_deadline()) is not None and due <= until:
            self.now = max(self.now, due)
            commands += self.tell(DeadlineReached())
            if self.floor.next_deadline() == due:
                break
        self.now = until
        return commands + self.tell(DeadlineReached())

    # --- scenes -------------------------------------------------------------------------------

    def agent_ready(self, name: str = "spring-1") -> LegId:
        """Sign in, let the phone answer, press Ready; the phone's leg."""
        call = only(self.tell(AgentSignedIn(name)), CallAgent)
        self.tell(LegAnswered(call.leg, self.now))
        self.tell(AgentReadied(name))
        return call.leg

    def offer(self, *leads: Lead) -> list[Command]:
        """The store answers the refill the floor asked for."""
        assert any(isinstance(c, RefillHopper) for c in self.said), "no refill was asked for"
        return self.tell(LeadsOffered(self.campaign.name, leads))

    def dial(self, number: int = 100) -> Dial:
        """Offer one lead and see it dialled."""
        return only(self.offer(lead(number)), Dial)

    def ring(self, leg: LegId) -> None:
        self.tell(LegProgressed(leg, 100, False, self.now))
        self.tell(LegProgressed(leg, 180, False, self.now))

    def answer(self, leg: LegId, verdict: AmdVerdict) -> list[Command]:
        """Ring, answer, and the detector's verdict after its time."""
        self.ring(leg)
        self.tell(LegAnswered(leg, self.now))
        self.now = Instant(self.now + verdict.elapsed_ms)
        return self.tell(VerdictReached(leg, verdict, self.now))

    def join(self, lead_leg: LegId, agent_leg: LegId) -> None:
        self.now = Instant(self.now + 15)
        self.tell(LegsBridged(lead_leg, agent_leg, self.now))

    def end(self, leg: LegId, status: int = 200, q850: int | None = None) -> list[Command]:
        return self.tell(LegEnded(leg, Ending(status, q850), self.now))

    # --- looking ------------------------------------------------------------------------------

    def agent(self, name: str = "spring-1") -> AgentView:
        found = self.floor.snapshot(self.now).agent(name)
        assert found is not None
        return found

    def state(self, name: str = "spring-1") -> AgentState:
        return self.agent(name).state

    def entries(self, kind: EntryKind) -> list[JournalEntry]:
        return [c.entry for c in self.said if isinstance(c, Record) and c.entry.kind is kind]

    def last_end(self) -> JournalEntry:
        return self.entries(EntryKind.ATTEMPT_ENDED)[-1]

    def of(self, kind: type[C]) -> list[C]:
        return [c for c in self.said if isinstance(c, kind)]


def only(commands: list[Command], kind: type[C]) -> C:
    """The one command of this kind."""
    found = [c for c in commands if isinstance(c, kind)]
    assert len(found) == 1, f"expected one {kind.__name__}, got {commands}"
    return found[0]


def none_of(commands: list[Command], kind: type[Command]) -> bool:
    return not any(isinstance(c, kind) for c in commands)
