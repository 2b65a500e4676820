"""Auditors' questions, answered by going over rows in memory."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from itertools import islice
from operator import itemgetter
from typing import Any, TypeVar

import trio

from dialer.audit.chain import ChainedRow, writable
from dialer.audit.personal import PersonalKey, PersonalValue
from dialer.model.audit_reports import (
    Listing,
    RecordLine,
    RefusalBucket,
    RulesetArchive,
)
from dialer.model.calls import AttemptId
from dialer.model.drop_reports import AttemptOutcome
from dialer.model.instant import Instant
from dialer.model.journal import EntryKind, JournalEntry, StoredEntry
from dialer.store.audit_rows import (
    archive_of,
    buckets_of,
    listing_of,
    outcome_of,
    record_line_of,
    ruleset_entry,
)

T = TypeVar("T")


class MemoryAuditTrail(ABC):
    """`dialer.store.audit_port.AuditTrail` for a store that keeps rows as `MemoryStore` does."""

    _rows: list[ChainedRow]
    _key: PersonalKey
    _personal: dict[str, PersonalValue]
    _tables: dict[str, dict[tuple[Any, ...], dict[str, Any]]]

    @abstractmethod
    async def _in_turn(self, job: Callable[[], T]) -> T:
        """Do something once everything taken before is done."""

    @abstractmethod
    def _write(self, entry: JournalEntry) -> None:
        """Chain an entry and carry out its changes."""

    @abstractmethod
    def _readable(self, row: ChainedRow, values: Mapping[str, str]) -> StoredEntry:
        """The entry of a row, with the values its keys stand for."""

    async def entries(
        self,
        *,
        attempt: AttemptId | None = None,
        number: str = "",
        number_key: str = "",
        kinds: Collection[EntryKind] = (),
        campaign: str = "",
        since: Instant | None = None,
        until: Instant | None = None,
        after: int = 0,
        limit: int = 1000,
    ) -> Sequence[StoredEntry]:
        """See `AuditTrail`."""
        await trio.lowlevel.checkpoint()
        if number:
            number_key = self._key.number(number).key
        wanted = (
            row
            for row in self._rows
            if row.seq > after
            and (attempt is None or row.attempt_id == attempt)
            and number_key in ("", row.number_key)
            and (not kinds or row.kind in kinds)
            and campaign in ("", row.campaign)
            and (since is None or row.at >= since)
            and (until is None or row.at < until)
        )
        values = {key: value.value for key, value in self._personal.items()}
        return [self._readable(row, values) for row in islice(wanted, limit)]

    def _of_table(self, name: str) -> Iterator[dict[str, Any]]:
        return iter(self._tables[name].values())

    async def listings(self, number: str) -> Sequence[Listing]:
        """See `AuditTrail`."""
        await trio.lowlevel.checkpoint()
        leads = sorted(
            (row for row in self._of_table("lead") if row["e164"] == number),
            key=itemgetter("campaign"),
        )
        found = []
        for lead in leads:
            files = (f for f in self._of_table("lead_list") if f["campaign"] == lead["campaign"])
            found.append(listing_of(lead, {file["name"]: file["imported_at"] for file in files}))
        return found

    async def record_lines(self, number: str) -> Sequence[RecordLine]:
        """See `AuditTrail`."""
        await trio.lowlevel.checkpoint()
        rows = [row for row in self._of_table("number_record") if row["e164"] == number]
        return [
            record_line_of(row) for row in sorted(rows, key=itemgetter("at", "kind", "identity"))
        ]

    async def outcomes(
        self, campaign: str, since: Instant, until: Instant
    ) -> Sequence[AttemptOutcome]:
        """See `AuditTrail`."""
        await trio.lowlevel.checkpoint()
        rows = [
            row
            for row in self._of_table("call_attempt")
            if row["campaign"] == campaign
            and since <= row["dialled_at"] < until
            and row["ended_at"] is not None
        ]
        return [outcome_of(row) for row in sorted(rows, key=itemgetter("attempt_id"))]

    async def first_dial(self, campaign: str) -> Instant | None:
        """See `AuditTrail`."""
        await trio.lowlevel.checkpoint()
        ours = (row for row in self._of_table("call_attempt") if row["campaign"] == campaign)
        first = min(ours, key=itemgetter("attempt_id"), default=None)
        return None if first is None else first["dialled_at"]

    async def screening_counts(
        self, campaign: str, since: Instant, until: Instant, bucket_ms: int
    ) -> Sequence[RefusalBucket]:
        """See `AuditTrail`."""
        await trio.lowlevel.checkpoint()
        rows = [
            (row["hour_at"], row["code"], row["screenings"])
            for row in self._of_table("screening_count")
            if row["campaign"] == campaign and since <= row["hour_at"] < until
        ]
        return buckets_of(rows, since, bucket_ms)

    async def keep_ruleset(self, archive: RulesetArchive, now: Instant, by: str) -> None:
        """See `AuditTrail`."""

        def keep() -> None:
            self._write(writable(ruleset_entry(archive, now, by)))
            for file in archive.files:
                row = {"sha256": file.sha256, "name": file.name, "content": file.content}
                self._tables["ruleset_file"].setdefault((file.sha256,), row)

        await self._in_turn(keep)

    async def ruleset(self, label: str) -> RulesetArchive | None:
        """See `AuditTrail`."""
        entries = await self.entries(
            kinds=(EntryKind.RULESET_IN_FORCE,), limit=len(self._rows) or 1
        )
        named = [stored for stored in entries if stored.entry.data["label"] == label]
        if not named:
            return None
        contents = {row["sha256"]: bytes(row["content"]) for row in self._of_table("ruleset_file")}
        return archive_of(named[-1].entry.data, contents)
