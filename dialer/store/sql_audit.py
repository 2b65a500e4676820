"""Auditors' questions, answered in SQL."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Collection, Sequence
from pathlib import Path
from typing import Any, TypeVar

from sqlalchemy import Connection, Select, false, func, select
from sqlalchemy.dialects.sqlite import insert as sqlite_insert

from dialer.audit.chain import ChainedRow, Unreadable, keys_of, stored_entry, writable
from dialer.audit.personal import PersonalKey
from dialer.model.audit_reports import (
    Listing,
    RecordLine,
    RefusalBucket,
    RulesetArchive,
)
from dialer.model.calls import AttemptId
from dialer.model.drop_reports import AttemptOutcome
from dialer.model.errors import JournalFault
from dialer.model.instant import Instant
from dialer.model.journal import EntryKind, StoredEntry
from dialer.store.audit_rows import (
    archive_of,
    buckets_of,
    listing_of,
    outcome_of,
    record_line_of,
    ruleset_entry,
    wanted_files,
)
from dialer.store.chained import values_of
from dialer.store.tables import (
    CALL_ATTEMPT,
    JOURNAL,
    LEAD,
    LEAD_LIST,
    NUMBER_RECORD,
    RULESET_FILE,
    SCREENING_COUNT,
)
from dialer.store.transaction import Transaction

T = TypeVar("T")

_COLUMNS = [JOURNAL.c[name] for name in ChainedRow._fields]


def entries_question(
    attempt: AttemptId | None,
    number_key: str,
    kinds: Collection[EntryKind],
    campaign: str,
    since: Instant | None,
    until: Instant | None,
    after: int,
    limit: int,
) -> Select[Any]:
    """See `AuditTrail.entries`."""
    journal = JOURNAL.c
    question = select(*_COLUMNS).where(journal.seq > after).order_by(journal.seq).limit(limit)
    if attempt is not None:
        question = question.where(journal.attempt_id == attempt)
    if number_key:
        question = question.where(journal.number_key == number_key)
    if kinds:
        question = question.where(journal.kind.in_([str(kind) for kind in kinds]))
    if campaign:
        question = question.where(journal.campaign == campaign)
    if since is not None:
        question = question.where(journal.at >= since)
    if until is not None:
        question = question.where(journal.at < until)
    return question


class SqlAuditTrail(ABC):
    """`dialer.store.audit_port.AuditTrail` for a store that reads and writes as `SqlStore` does."""

    _path: Path

    @abstractmethod
    async def _read(self, question: Callable[[Connection], T]) -> T:
        """Ask the database, beside the writer."""

    @abstractmethod
    async def _alone(self, do: Callable[[Transaction], T]) -> T:
        """Do something in a transaction of its own."""

    @abstractmethod
    async def _personal_key(self) -> PersonalKey:
        """The key under which the journal knows numbers and words."""

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
        """See `AuditTrail`. Raises JournalFault at an entry that was changed beyond reading."""
        if number:
            number_key = (await self._personal_key()).number(number).key
        question = entries_question(
            attempt, number_key, kinds, campaign, since, until, after, limit
        )

        def ask(connection: Connection) -> list[StoredEntry | Unreadable]:
            rows = [tuple(row) for row in connection.execute(question)]
            values = values_of(connection, (key for row in rows for key in keys_of(row)))
            return [stored_entry(row, values) for row in rows]

        found: list[StoredEntry] = []
        for stored in await self._read(ask):
            if isinstance(stored, Unreadable):
                raise JournalFault(f"{self._path}: {stored.why}")
            found.append(stored)
        return found

    async def listings(self, number: str) -> Sequence[Listing]:
        """See `AuditTrail`."""

        def ask(connection: Connection) -> list[Listing]:
            found: list[Listing] = []
            # The index on numbers is by campaign, and campaigns are few.
            for campaign in connection.scalars(select(LEAD_LIST.c.campaign).distinct()).all():
                leads = connection.execute(
                    select(LEAD).where(LEAD.c.campaign == campaign, LEAD.c.e164 == number)
                ).all()
                files = select(LEAD_LIST.c.name, LEAD_LIST.c.imported_at).where(
                    LEAD_LIST.c.campaign == campaign
                )
                at = {r.name: r.imported_at for r in connection.execute(files)} if leads else {}
                found.extend(listing_of(dict(lead._mapping), at) for lead in leads)
            return sorted(found, key=lambda listing: listing.campaign)

        return await self._read(ask)

    async def record_lines(self, number: str) -> Sequence[RecordLine]:
        """See `AuditTrail`."""
        record = NUMBER_RECORD.c
        question = (
            select(NUMBER_RECORD)
            .where(record.e164 == number)
            .order_by(record.at, record.kind, record.identity)
        )
        return await self._read(
            lambda connection: [
                record_line_of(dict(row._mapping)) for row in connection.execute(question)
            ]
        )

    async def outcomes(
        self, campaign: str, since: Instant, until: Instant
    ) -> Sequence[AttemptOutcome]:
        """See `AuditTrail`."""
        attempt = CALL_ATTEMPT.c
        question = (
            select(CALL_ATTEMPT)
            .where(
                attempt.campaign == campaign,
                attempt.dialled_at >= since,
                attempt.dialled_at < until,
                attempt.ended_at.is_not(None),
            )
            .order_by(attempt.attempt_id)
        )
        return await self._read(
            lambda connection: [
                outcome_of(dict(row._mapping)) for row in connection.execute(question)
            ]
        )

    async def first_dial(self, campaign: str) -> Instant | None:
        """See `AuditTrail`."""
        attempt = CALL_ATTEMPT.c
        first = (
            select(func.min(attempt.attempt_id))
            .where(attempt.campaign == campaign)
            .scalar_subquery()
        )
        question = select(attempt.dialled_at).where(attempt.attempt_id == first)
        at = await self._read(lambda connection: connection.scalar(question))
        return None if at is None else Instant(at)

    async def screening_counts(
        self, campaign: str, since: Instant, until: Instant, bucket_ms: int
    ) -> Sequence[RefusalBucket]:
        """See `AuditTrail`."""
        count = SCREENING_COUNT.c
        question = select(count.hour_at, count.code, count.screenings).where(
            count.campaign == campaign, count.hour_at >= since, count.hour_at < until
        )

        def ask(connection: Connection) -> Sequence[RefusalBucket]:
            rows = [(r.hour_at, r.code, r.screenings) for r in connection.execute(question)]
            return buckets_of(rows, since, bucket_ms)

        return await self._read(ask)

    async def keep_ruleset(self, archive: RulesetArchive, now: Instant, by: str) -> None:
        """See `AuditTrail`. Raises JournalFault where the database fails: then nothing was kept."""

        def keep(transaction: Transaction) -> None:
            transaction.write(writable(ruleset_entry(archive, now, by)))
            rows = [
                {"sha256": file.sha256, "name": file.name, "content": file.content}
                for file in archive.files
            ]
            kept = sqlite_insert(RULESET_FILE).on_conflict_do_nothing()
            transaction.connection.execute(kept, rows)

        await self._alone(keep)

    async def ruleset(self, label: str) -> RulesetArchive | None:
        """See `AuditTrail`."""
        named = await self._named(label)
        if named is None:
            return None
        wanted = wanted_files(named.entry.data)
        question = select(RULESET_FILE.c.sha256, RULESET_FILE.c.content).where(
            RULESET_FILE.c.sha256.in_(wanted) if wanted else false()
        )
        contents = await self._read(
            lambda connection: {r.sha256: r.content for r in connection.execute(question)}
        )
        return archive_of(named.entry.data, contents)

    async def _named(self, label: str) -> StoredEntry | None:
        """The newest entry that put this ruleset in force."""
        journal = JOURNAL.c
        question = (
            select(*_COLUMNS)
            .where(
                journal.kind == EntryKind.RULESET_IN_FORCE,
                func.json_extract(journal.data_json, "$.label") == label,
            )
            .order_by(journal.seq.desc())
            .limit(1)
        )

        def ask(connection: Connection) -> Any:
            return connection.execute(question).one_or_none()

        row = await self._read(ask)
        if row is None:
            return None
        stored = stored_entry(tuple(row), {})
        if isinstance(stored, Unreadable):
            raise JournalFault(f"{self._path}: {stored.why}")
        return stored
