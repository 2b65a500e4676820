"""The one door between pages and the service. Pages never write: a form becomes an event."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Protocol

from dialer.compliance.law import Ruleset
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
from dialer.model.calls import AttemptId
from dialer.model.drop_reports import DropSheet
from dialer.model.events import AgentEvent, ManagerEvent
from dialer.model.instant import Instant
from dialer.model.journal import StoredEntry, Verification
from dialer.model.records import RequestChannel
from dialer.model.reports import CampaignReport, ImportReport, NumberCheck, RefusalRow, User
from dialer.model.snapshot import FloorSnapshot
from dialer.model.suppression import InForce


class OfficeBusy(Exception):
    """The floor's queue is full: nothing was done, say so and let the person try again."""


class Office(Protocol):
    """What pages may ask. Times shown are the service clock's; `clock_shift_ms` is non-zero where
    that clock is shifted, and every page then says so."""

    @property
    def clock_shift_ms(self) -> int: ...

    def now(self) -> Instant: ...

    def snapshot(self) -> FloorSnapshot:
        """The newest view of the floor."""

    async def changed(self, version: int) -> FloorSnapshot:
        """Wait for a snapshot newer than `version`."""

    async def send(self, event: AgentEvent | ManagerEvent) -> None:
        """Hand an event to the floor and wait until it is handled (the next snapshot shows it).
        Raises OfficeBusy."""

    async def authenticate(self, name: str, password: str) -> User | None:
        """The user, if name and password fit. Journaled, and equally slow, either way."""

    async def user(self, name: str) -> User | None:
        """The user as of now (a removed user's session ends)."""

    async def users(self) -> Sequence[User]:
        """Everybody who can sign in, by name."""

    async def add_user(self, user: User, password: str, by: str) -> None:
        """Add somebody who can sign in, or replace their role and password."""

    async def import_leads(
        self, campaign: str, filename: str, content: bytes, by: str
    ) -> ImportReport:
        """Parse and store an uploaded lead file. Raises OperatorError if it cannot be read."""

    async def campaign_report(self, campaign: str) -> CampaignReport: ...

    async def refusals(self, campaign: str, limit: int = 1000) -> Sequence[RefusalRow]: ...

    async def journal(
        self, *, before: int | None = None, limit: int = 100, number: str = "", kind: str = ""
    ) -> Sequence[StoredEntry]: ...

    async def verify(self) -> Verification: ...

    async def check_number(self, raw: str, campaign: str = "") -> NumberCheck:
        """May this number be called now; by the same screening that guards every dial."""

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
        """Somebody asked not to be called: in force at once. `seller` "" binds everyone,
        `affiliates` everyone who calls from here; `received_at` None means now.

        Raises OperatorError naming what will not do, OfficeBusy."""

    async def remove_dnc(
        self, number: str, *, seller: str, because: str, evidence: str, by: str
    ) -> InForce:
        """Take out the requests of the number that were made to `seller` ("": to everyone). The
        journal keeps them. Raises OperatorError, also where there is none, and OfficeBusy."""

    async def emergency(self, state: str, *, on: bool, because: str, by: str) -> InForce:
        """Stop all calls into a state, or let them go on. Raises OperatorError, OfficeBusy."""

    async def emergencies(self) -> Sequence[str]:
        """The states with an emergency declared."""

    async def explain(self, attempt: AttemptId) -> Explanation | None:
        """Everything the journal proves of an attempt; None where there is none of that number."""

    async def trace(self, raw: str) -> Trace | None:
        """Everything known of a number in time order; None for what is no telephone number."""

    async def refusal_counts(self, campaign: str, since: Instant) -> RefusalCounts:
        """Screenings of a campaign by reason and hour (from four days on: by day), until now."""

    async def drop_sheet(self, campaign: str, month: str) -> DropSheet:
        """A campaign's dropped calls in a month (`2026-12`). Raises OperatorError for what is no
        month or no campaign."""

    async def list_freshness(self) -> Sequence[ListFreshness]:
        """Every list in force and how old its copy is, by name."""

    async def what_if(self, case: Mapping[str, object]) -> Decided:
        """What the gate would say to a case under the rules in force here: the fields are those of
        `dialer screen --cases`. Nothing follows from it. Raises OperatorError with a problem for
        each field that will not do."""

    async def explain_entry(self, seq: int) -> DecidedEntry | None:
        """The decision an entry of the journal holds; None where there is no such entry, or it
        holds none."""

    @property
    def ruleset(self) -> Ruleset:
        """The rules in force here, with the overlays."""

    async def chain_status(self) -> ChainStatus:
        """What vouches for the journal. Raises JournalFault at a checkpoint that was changed."""

    async def export(
        self, since: Instant | None, until: Instant | None, *, numbers: bool, by: str
    ) -> BundleMade:
        """A bundle of the entries at `since` or later and before `until` (None: no bound), with or
        without what the keys in them stand for; journaled. Raises OperatorError where there is no
        entry of that time, JournalFault, and OfficeBusy where it cannot be journaled."""

    def metrics(self) -> tuple[bytes, str]:
        """The Prometheus exposition and its content type."""
