"""What the service asks of any store; `tests/contracts/store_contract.py` holds each to it."""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from typing import Protocol

import trio

from dialer.model.commands import StoreCommand
from dialer.model.events import Restored, StoreEvent
from dialer.model.instant import Instant
from dialer.model.journal import JournalEntry, StoredEntry, Verification
from dialer.model.leads import Lead, LeadFile, RefusedLead
from dialer.model.record_files import RecordFile, RecordsReport
from dialer.model.records import NumberRecords
from dialer.model.reports import CampaignReport, ImportReport, RefusalRow, User
from dialer.store.audit_port import AuditTrail

Emit = Callable[[StoreEvent], None]
"""How a store speaks: called from the trio thread, never blocks."""


class Store(AuditTrail, Protocol):
    """The journal and its projections (leads, attempts, suppressions, users)."""

    def carry_out(self, command: StoreCommand) -> None:
        """Take a command. Never waits. Commands are carried out in the order given, so a
        RefillHopper sees every Record before it."""

    async def run(self, *, task_status: trio.TaskStatus[None] = trio.TASK_STATUS_IGNORED) -> None:
        """Serve until cancelled; everything taken is committed before it returns (bounded time)."""

    def lag_s(self) -> float:
        """How many seconds the oldest entry not yet committed has waited."""

    async def restore(self, now: Instant) -> Restored:
        """What the journal remembers. Called once, after `run` has started."""

    async def append(self, entries: Sequence[JournalEntry]) -> None:
        """Commit entries that do not come from the floor (sign-ins, imports, service changes)."""

    async def import_leads(
        self, campaign: str, file: LeadFile, order_keys: Sequence[int], now: Instant, by: str
    ) -> ImportReport:
        """Store a parsed file's good rows, all or nothing, journaled as LIST_IMPORTED. A number the
        campaign has already is refused as a duplicate with its line. Rejected rows are kept, for
        `refusals`. A file with the same SHA-256 as one already imported into the
        campaign loads nothing and says so. `order_keys` runs parallel to `file.leads`."""

    async def import_records(self, file: RecordFile, now: Instant, by: str) -> RecordsReport:
        """Store what a parsed file says of numbers, in parts so that the journal waits for none of
        them long, and at last journaled as RECORDS_IMPORTED; requests not to be called are
        journaled each as SUPPRESSED. Rows that say nothing new are counted as known, so a file
        whose import was cut short is imported again. As parts are committed, RecordsChanged (or
        NumbersSuppressed) is emitted. Leads of these numbers that were refused are offered again,
        unless nothing but revocations was said."""

    async def refused_leads(
        self, codes: Collection[str], after: int = 0, limit: int = 10_000
    ) -> Sequence[RefusedLead]:
        """Leads refused with one of these as primary code, by id, those above `after`."""

    async def lead_of_number(
        self, campaign: str, e164: str, linked_in: Collection[str] = ()
    ) -> Lead | None:
        """The campaign's lead of a number, as it would be offered, whatever became of it; see
        `RefillHopper` for `linked_in`."""

    async def records_of(self, e164: str) -> NumberRecords:
        """What is known of a number."""

    async def campaign_report(self, campaign: str, now: Instant) -> CampaignReport:
        """The campaign's figures from the journal's projections."""

    async def refusals(self, campaign: str, limit: int = 1000) -> Sequence[RefusalRow]:
        """Rejected rows and standing screening refusals, newest first."""

    async def journal(
        self, *, before: int | None = None, limit: int = 100, number: str = "", kind: str = ""
    ) -> Sequence[StoredEntry]:
        """Entries with seq < `before`, newest first, filtered by E.164 number and kind if given (by
        number also those that had their number erased)."""

    async def verify(self) -> Verification:
        """Recompute the whole chain, and check the look-up table against it."""

    async def erase(
        self, number: str, now: Instant, by: str, because: str, *, evidence_too: bool = False
    ) -> int:
        """Forget a number (E.164) and every personal value the journal hides about it: the entries
        stay and verify, their number and words read as erased. What proves a request not to be
        called stays, unless `evidence_too`: the law wants it for years. Journaled as ERASED;
        returns how many values went. Working data (leads, attempts, suppressions) is not touched:
        a number that asked not to be called must stay known. Dialling the number again makes it
        known again."""

    async def add_user(self, user: User, password_hash: str, now: Instant, by: str) -> None:
        """Add a user or replace their role and password; journaled."""

    async def user(self, name: str) -> tuple[User, str] | None:
        """The user and their password hash."""

    async def users(self) -> Sequence[User]:
        """Everybody who can sign in, by name."""
