"""An office with a scripted floor: pages are tested against what they show and what they send."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from io import BytesIO

import trio

from dialer.compliance.law import Ruleset
from dialer.compliance.law_files import load_law
from dialer.model.agents import AgentState
from dialer.model.audit_reports import (
    BundleMade,
    ChainStatus,
    Decided,
    DecidedEntry,
    Explanation,
    ListFreshness,
    RefusalCounts,
    Trace,
)
from dialer.model.calls import AttemptId, AttemptState
from dialer.model.campaigns import AgentProfile, CallingHours, Campaign, CampaignState, DialMode
from dialer.model.dispositions import AgentDisposition
from dialer.model.drop_reports import DropSheet
from dialer.model.errors import JournalFault, OperatorError, Problem
from dialer.model.events import (
    AgentDisposed,
    AgentEvent,
    AgentHungUp,
    AgentPaused,
    AgentReadied,
    AgentSignedIn,
    AgentSignedOut,
    CampaignStateAsked,
    ManagerEvent,
)
from dialer.model.instant import DAY_MS, HOUR_MS, MINUTE_MS, SECOND_MS, Instant
from dialer.model.journal import EntryKind, JournalEntry, StoredEntry, Verification
from dialer.model.leads import Lead, RejectedRow
from dialer.model.numbers import CallerId, PhoneNumber
from dialer.model.records import RequestChannel
from dialer.model.reports import (
    CampaignReport,
    ImportReport,
    NumberCheck,
    RefusalRow,
    Role,
    User,
)
from dialer.model.snapshot import AgentView, CallView, CampaignView, FloorSnapshot
from dialer.model.suppression import InForce
from dialer.service.audit_queries import shipped_rules
from dialer.service.questions import what_if
from dialer.web.office import OfficeBusy
from tests.web import audit_answers

START = Instant(1_795_282_200_000)
"""2026-11-21T17:30:00Z, a Saturday: 12:30 in New York."""

CAMPAIGN = Campaign(
    name="spring",
    title="Spring windows",
    seller="Clearview Sample Windows",
    seller_phone="+12025550198",
    mode=DialMode.PREDICTIVE,
    trunk="demo",
    caller_ids=(CallerId("+12025550199", "Clearview"),),
    agents=(
        AgentProfile("ada", "Ada Sample", "sip:ada@127.0.0.1:5090"),
        AgentProfile("ben", "Ben Sample", "sip:ben@127.0.0.1:5091"),
    ),
    dispositions=(
        AgentDisposition("SALE", "Sale"),
        AgentDisposition("NOT_INTERESTED", "Not interested"),
        AgentDisposition("CALLBACK", "Call back later", callback=True),
        AgentDisposition("DO_NOT_CALL", "Do not call again", suppress=True),
    ),
    recycle={},
    hours=CallingHours((*((540, 1200),) * 5, (600, 1080), None)),
    lists=(),
    script=(
        "Hello {first_name}, this is {agent} calling for {seller}.\n"
        "Are the windows in {city} due for a wash? Mention {coupon}."
    ),
    drop_message="drop_message.wav",
    wrapup_limit_ms=60_000,
)

LEAD = Lead(
    lead_id=7,
    campaign="spring",
    list_name="leads.csv",
    line=8,
    number=PhoneNumber("+12125550123", "US", ("America/New_York",)),
    fields={"first_name": "Iris", "last_name": "Example <b>", "city": "Testville"},
    attempts=1,
)

USERS = {
    "ada": (User("ada", "Ada Sample", Role.AGENT), "ada secret"),
    "zoe": (User("zoe", "Zoe Unlisted", Role.AGENT), "zoe secret"),
    "mia": (User("mia", "Mia Manager", Role.MANAGER), "mia secret"),
    "cal": (User("cal", "Cal Compliance", Role.COMPLIANCE), "cal secret"),
    "root": (User("root", "Rita Root", Role.ADMIN), "root secret"),
}


def agent_view(state: AgentState = AgentState.OFFLINE, call: CallView | None = None) -> AgentView:
    return AgentView("ada", "Ada Sample", "spring", state, START, True, call)


def on_call(
    attempt: int | None = 41, notice: str = "", talk_started_at: Instant | None = START
) -> CallView:
    if attempt is None:
        return CallView(LEAD, None, None, None, notice)
    return CallView(LEAD, AttemptId(attempt), AttemptState.BRIDGED, talk_started_at, notice)


def campaign_view() -> CampaignView:
    return CampaignView(
        campaign=CAMPAIGN,
        state=CampaignState.RUNNING,
        stages={AttemptState.RINGING: 4, AttemptState.BRIDGED: 1},
        hopper=120,
        dials=1_234,
        answered=400,
        live=250,
        machines=150,
        connected=246,
        dropped=4,
        drop_rate=0.016,
        refused={"NATIONAL_DNC": 17, "OUTSIDE_HOURS": 5},
        dispositions={"SALE": 12, "NO_ANSWER": 700, "MACHINE": 150},
    )


def campaign_report(
    campaign: str = "spring", waits_ms: tuple[int, ...] = (120, 140, 180, 900)
) -> CampaignReport:
    return CampaignReport(
        campaign=campaign,
        leads=5_000,
        leads_rejected=12,
        refused={"NATIONAL_DNC": 17},
        dials=9_000,
        answered=3_000,
        live=2_000,
        machines=1_000,
        connected=1_970,
        dropped=30,
        dispositions={"SALE": 80},
        causes={"NO_ANSWER": 4_000},
        talk_ms=200 * HOUR_MS + 5 * MINUTE_MS,
        verdict_to_agent_ms=waits_ms,
        leads_open=3_100,
        leads_done=1_871,
    )


def stored_entry(seq: int) -> StoredEntry:
    kind = EntryKind.DIAL_INTENDED if seq % 2 else EntryKind.ATTEMPT_ENDED
    return StoredEntry(
        seq=seq,
        entry=JournalEntry(
            kind=kind,
            at=Instant(START - DAY_MS + seq * SECOND_MS),
            campaign="spring",
            lead_id=seq,
            attempt_id=AttemptId(seq),
            number="+12125550123" if seq % 3 else "+13125550145",
            data={"trunk": "demo", "note": "<script>alert(1)</script>"},
        ),
        clock_shift_ms=0 if seq % 5 else 3 * HOUR_MS,
        prev_hash=f"{seq - 1:064x}",
        hash=f"{seq:064x}",
    )


@dataclass
class FakeOffice:
    """Does what the floor would do with the simplest clicks; `on_event` scripts the rest."""

    clock_shift_ms: int = 0
    at: Instant = START
    busy: bool = False
    sent: list[AgentEvent | ManagerEvent] = field(default_factory=list)
    imports: list[tuple[str, str, bytes, str]] = field(default_factory=list)
    people: dict[str, tuple[User, str]] = field(default_factory=lambda: dict(USERS))
    refusal_rows: list[RefusalRow] = field(default_factory=list)
    entries: list[StoredEntry] = field(
        default_factory=lambda: [stored_entry(seq) for seq in range(250, 0, -1)]
    )
    verification: Verification = field(default_factory=lambda: Verification(True, 250))
    on_event: Callable[[AgentEvent | ManagerEvent], None] | None = None
    requests: list[tuple[object, ...]] = field(default_factory=list)
    """What officers asked for, field by field."""
    declared: list[str] = field(default_factory=list)
    exports: list[tuple[Instant | None, Instant | None, bool, str]] = field(default_factory=list)
    chain_fault: str = ""
    durable: bool = True
    waiting: int = 0
    """How many live streams wait for a change."""
    _snapshot: FloorSnapshot = field(
        default_factory=lambda: FloorSnapshot(
            version=1, at=START, campaigns=(campaign_view(),), agents=(agent_view(),), capacity=40
        )
    )
    _changed: trio.Event = field(default_factory=trio.Event)

    # --- scripting ----------------------------------------------------------------------------

    def publish(self, snapshot: FloorSnapshot) -> None:
        """Make this the newest view of the floor, one version on."""
        self._snapshot = replace(snapshot, version=self._snapshot.version + 1)
        self._changed.set()
        self._changed = trio.Event()

    def show_agent(self, view: AgentView) -> None:
        others = tuple(agent for agent in self._snapshot.agents if agent.name != view.name)
        self.publish(replace(self._snapshot, agents=(view, *others)))

    def show_campaign(self, view: CampaignView) -> None:
        self.publish(replace(self._snapshot, campaigns=(view,)))

    def show_draining(self, draining: bool) -> None:
        self.publish(replace(self._snapshot, draining=draining))

    # --- the office ---------------------------------------------------------------------------

    def now(self) -> Instant:
        return self.at

    def snapshot(self) -> FloorSnapshot:
        return self._snapshot

    async def changed(self, version: int) -> FloorSnapshot:
        self.waiting += 1
        try:
            while self._snapshot.version <= version:
                await self._changed.wait()
            await trio.lowlevel.checkpoint()
            return self._snapshot
        finally:
            self.waiting -= 1

    async def send(self, event: AgentEvent | ManagerEvent) -> None:
        await trio.lowlevel.checkpoint()
        if self.busy:
            raise OfficeBusy
        self.sent.append(event)
        if self.on_event is not None:
            self.on_event(event)
            return
        match event:
            case AgentSignedIn() | AgentPaused():
                self.show_agent(agent_view(AgentState.PAUSED))
            case AgentReadied() | AgentDisposed():
                self.show_agent(agent_view(AgentState.READY))
            case AgentHungUp():
                self.show_agent(agent_view(AgentState.WRAPUP, on_call()))
            case AgentSignedOut():
                self.show_agent(agent_view())
            case CampaignStateAsked(state=state):
                self.show_campaign(replace(self._snapshot.campaigns[0], state=state))
            case _:
                pass

    async def authenticate(self, name: str, password: str) -> User | None:
        await trio.lowlevel.checkpoint()
        user, secret = self.people.get(name, (None, ""))
        return user if user is not None and password == secret else None

    async def user(self, name: str) -> User | None:
        await trio.lowlevel.checkpoint()
        return self.people[name][0] if name in self.people else None

    async def users(self) -> list[User]:
        await trio.lowlevel.checkpoint()
        return [self.people[name][0] for name in sorted(self.people)]

    async def add_user(self, user: User, password: str, by: str) -> None:
        await trio.lowlevel.checkpoint()
        self.people[user.name] = (user, password)

    async def import_leads(
        self, campaign: str, filename: str, content: bytes, by: str
    ) -> ImportReport:
        """Every line with `bad` in it is refused."""
        await trio.lowlevel.checkpoint()
        if b"\0" in content:
            raise OperatorError(
                Problem(filename, 1, "is not text", "\\x00", "Save it as CSV in UTF-8.")
            )
        self.imports.append((campaign, filename, content, by))
        lines = content.decode().splitlines()[1:]
        rejected = tuple(
            RejectedRow(line, text, "not a phone number", "Write it with its area code.")
            for line, text in enumerate(lines, start=2)
            if "bad" in text
        )
        return ImportReport(
            campaign, filename, len(lines), len(lines) - len(rejected), 0, rejected, "refused.csv"
        )

    async def campaign_report(self, campaign: str) -> CampaignReport:
        await trio.lowlevel.checkpoint()
        return campaign_report(campaign)

    async def refusals(self, campaign: str, limit: int = 1000) -> Sequence[RefusalRow]:
        await trio.lowlevel.checkpoint()
        return self.refusal_rows[:limit]

    async def journal(
        self, *, before: int | None = None, limit: int = 100, number: str = "", kind: str = ""
    ) -> Sequence[StoredEntry]:
        await trio.lowlevel.checkpoint()
        return [
            each
            for each in self.entries
            if (before is None or each.seq < before)
            and (not number or each.entry.number == number)
            and (not kind or each.entry.kind == kind)
        ][:limit]

    async def verify(self) -> Verification:
        await trio.lowlevel.checkpoint()
        return self.verification

    async def check_number(self, raw: str, campaign: str = "") -> NumberCheck:
        """Numbers that end in 45 are on the national list."""
        await trio.lowlevel.checkpoint()
        digits = "".join(character for character in raw if character.isdigit())
        if len(digits) not in (10, 11):
            return NumberCheck(
                raw, "", "DENY", ("INVALID_NUMBER",), "not a phone number", (), (), None, ()
            )
        listed = digits.endswith("45")
        return NumberCheck(
            raw=raw,
            e164=f"+1{digits[-10:]}",
            verdict="DENY" if listed else "ALLOW",
            codes=("NATIONAL_DNC", "OUTSIDE_HOURS") if listed else (),
            explain="On the national list since 2020 (16 CFR 310.4(b)(1)(iii)(B))."
            if listed
            else "Allowed now.",
            local_times=(("America/New_York", "Sat 12:30"),),
            lists=("national",) if listed else (),
            next_allowed_at=None,
            history=("2026-11-20 10:00 dialled, NO_ANSWER",),
        )

    async def add_dnc(
        self,
        number: str,
        *,
        seller: str,
        affiliates: bool,
        channel: RequestChannel,
        asked_by: str,
        evidence: str,
        received_at: Instant | None,
        by: str,
    ) -> InForce:
        """A number with no digits will not do."""
        await trio.lowlevel.checkpoint()
        if self.busy:
            raise OfficeBusy("the floor is busy")
        digits = "".join(each for each in number if each.isdigit())
        if not digits:
            raise OperatorError(Problem("number", None, "it is no phone number", number))
        said = (digits, seller, affiliates, channel, asked_by, evidence, received_at, by)
        self.requests.append(said)
        return InForce(f"+1{digits[-10:]}", self.at, self.durable, Instant(self.at + 14 * DAY_MS))

    async def remove_dnc(
        self, number: str, *, seller: str, because: str, evidence: str, by: str
    ) -> InForce:
        await trio.lowlevel.checkpoint()
        if not because:
            raise OperatorError(Problem("because", None, "this must not be empty"))
        self.requests.append((number, seller, because, evidence, by))
        return InForce(number, self.at, self.durable)

    async def emergency(self, state: str, *, on: bool, because: str, by: str) -> InForce:
        await trio.lowlevel.checkpoint()
        if len(state) != 2:
            raise OperatorError(Problem("state", None, "no such state is known", state))
        self.declared = sorted({*self.declared, state} if on else {*self.declared} - {state})
        self.requests.append((state, on, because, by))
        return InForce(state, self.at, self.durable)

    async def emergencies(self) -> Sequence[str]:
        await trio.lowlevel.checkpoint()
        return self.declared

    async def explain(self, attempt: AttemptId) -> Explanation | None:
        """Attempt 7 alone is known."""
        await trio.lowlevel.checkpoint()
        found = audit_answers.an_explanation()
        return found if attempt == found.attempt_id else None

    async def trace(self, raw: str) -> Trace | None:
        await trio.lowlevel.checkpoint()
        digits = "".join(character for character in raw if character.isdigit())
        return audit_answers.a_trace() if len(digits) in (10, 11) else None

    async def refusal_counts(self, campaign: str, since: Instant) -> RefusalCounts:
        await trio.lowlevel.checkpoint()
        return replace(audit_answers.counts(), campaign=campaign)

    async def drop_sheet(self, campaign: str, month: str) -> DropSheet:
        await trio.lowlevel.checkpoint()
        try:
            return audit_answers.a_drop_sheet(campaign, month)
        except ValueError as error:
            raise OperatorError(Problem("month", None, str(error), month)) from error

    async def list_freshness(self) -> Sequence[ListFreshness]:
        await trio.lowlevel.checkpoint()
        return audit_answers.LISTS

    async def what_if(self, case: Mapping[str, object]) -> Decided:
        """By the rules as shipped."""
        await trio.lowlevel.checkpoint()
        return what_if(case, shipped_rules())

    async def explain_entry(self, seq: int) -> DecidedEntry | None:
        """Entry 4 alone holds a decision."""
        await trio.lowlevel.checkpoint()
        found = audit_answers.a_decided_entry()
        return found if seq == found.stored.seq else None

    @property
    def ruleset(self) -> Ruleset:
        return load_law()

    async def chain_status(self) -> ChainStatus:
        await trio.lowlevel.checkpoint()
        if self.chain_fault:
            raise JournalFault(self.chain_fault)
        return audit_answers.CHAIN

    async def export(
        self, since: Instant | None, until: Instant | None, *, numbers: bool, by: str
    ) -> BundleMade:
        """There are entries until START alone."""
        await trio.lowlevel.checkpoint()
        if self.busy:
            raise OfficeBusy("the journal cannot be written now: nothing was handed over")
        if since is not None and since > START:
            raise OperatorError(Problem("journal", None, "there is no entry of that time"))
        self.exports.append((since, until, numbers, by))
        return BundleMade(BytesIO(b"a bundle"), 8, 1, 250, "ab" * 32)

    def metrics(self) -> tuple[bytes, str]:
        return b"dialer_up 1\n", "text/plain; version=0.0.4; charset=utf-8"
