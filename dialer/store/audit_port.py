"""What auditors' questions ask of any store; part of `dialer.store.port.Store`."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import Protocol

from dialer.model.audit_reports import (
    Listing,
    RecordLine,
    RefusalBucket,
    RulesetArchive,
)
from dialer.model.calls import AttemptId
from dialer.model.drop_reports import AttemptOutcome
from dialer.model.instant import Instant
from dialer.model.journal import EntryKind, StoredEntry


class AuditTrail(Protocol):
    """Questions about what was written down. Those with an attempt, a number or a kind alone are
    answered by an index, however long the journal is."""

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
        """Entries with seq > `after`, oldest first, filtered by what is given: of an attempt, about
        an E.164 number or the key it is hidden by, of some kinds, of a campaign, at `since` or
        later and before `until`."""

    async def listings(self, number: str) -> Sequence[Listing]:
        """Rows of lead files with this E.164 number, by campaign."""

    async def record_lines(self, number: str) -> Sequence[RecordLine]:
        """Records of this E.164 number, oldest first."""

    async def outcomes(
        self, campaign: str, since: Instant, until: Instant
    ) -> Sequence[AttemptOutcome]:
        """Ended attempts of a campaign dialled at `since` or later and before `until`, by number of
        attempt."""

    async def first_dial(self, campaign: str) -> Instant | None:
        """When the campaign's first attempt was dialled."""

    async def screening_counts(
        self, campaign: str, since: Instant, until: Instant, bucket_ms: int
    ) -> Sequence[RefusalBucket]:
        """Screenings of a campaign in whole hours that begin at `since` or later and before
        `until`, in buckets of `bucket_ms` (whole hours), oldest first."""

    async def keep_ruleset(self, archive: RulesetArchive, now: Instant, by: str) -> None:
        """These rules are in force from now on: journaled as RULESET_IN_FORCE, and their files kept
        for ever."""

    async def ruleset(self, label: str) -> RulesetArchive | None:
        """The files of the rules that were in force under this label. Raises JournalFault where
        they are not as the journal says they were."""
