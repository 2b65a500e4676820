"""What auditors' questions are answered by every store; beside `StoreContract`."""

from __future__ import annotations

import hashlib
from dataclasses import replace

import pytest

from dialer.model.audit_reports import RefusalBucket, RulesetArchive, RulesetFile
from dialer.model.calls import AttemptId
from dialer.model.instant import HOUR_MS, SECOND_MS, Instant
from dialer.model.journal import EntryKind
from tests.contracts.journal_entries import (
    CAMPAIGN,
    NOW,
    alarm,
    bridged,
    dial,
    ended,
    number,
    refused,
)
from tests.contracts.running_store import Opener, Running, running

HOUR = NOW - NOW % HOUR_MS


def archive(label: str, *contents: bytes, overlays: tuple[str, ...] = ()) -> RulesetArchive:
    files = tuple(
        RulesetFile(f"file{place}.toml", hashlib.sha256(content).hexdigest(), content)
        for place, content in enumerate(contents)
    )
    return RulesetArchive(label, f"{label} in full", files, overlays)


class AuditContract:
    """A store is held to it together with `StoreContract`, whose fixtures it uses."""

    async def test_entries_of_an_attempt_are_found_oldest_first(self, open_store: Running) -> None:
        store = open_store.store
        await open_store.load(2)
        await store.append([dial(1, 1), dial(2, 2), bridged(1, 1), alarm("x"), ended(1, 1)])
        found = await store.entries(attempt=AttemptId(1))
        assert [stored.entry.kind for stored in found] == [
            EntryKind.DIAL_INTENDED,
            EntryKind.BRIDGED,
            EntryKind.ATTEMPT_ENDED,
        ]
        assert [stored.seq for stored in found] == sorted(stored.seq for stored in found)
        assert not await store.entries(attempt=AttemptId(3))

    async def test_entries_are_filtered_by_all_that_is_given(self, open_store: Running) -> None:
        store = open_store.store
        await open_store.load(3)
        await store.append(
            [
                refused(1, "INTERNAL_DNC", NOW),
                refused(2, "NATIONAL_DNC", NOW + 5),
                dial(1, 1, NOW + 10),
                dial(2, 3, NOW + 20, campaign="roofs"),
            ]
        )
        whole = await store.entries(kinds=(EntryKind.REFUSED, EntryKind.DIAL_INTENDED))
        assert [stored.entry.at - NOW for stored in whole] == [0, 5, 10, 20]
        of_one = await store.entries(number=number(0), kinds=[EntryKind.REFUSED])
        assert [stored.entry.at - NOW for stored in of_one] == [0]
        same = await store.entries(number_key=of_one[0].number_key)
        assert [stored.entry.at - NOW for stored in same] == [0, 10]
        between = await store.entries(since=Instant(NOW + 5), until=Instant(NOW + 20))
        assert [stored.entry.at - NOW for stored in between] == [5, 10]
        of_campaign = await store.entries(campaign="roofs")
        assert [stored.entry.at - NOW for stored in of_campaign] == [20]

    async def test_entries_are_read_on_page_by_page(self, open_store: Running) -> None:
        await open_store.store.append([alarm(str(index)) for index in range(7)])
        read: list[object] = []
        after = 0
        while page := await open_store.store.entries(after=after, limit=3):
            read.extend(stored.entry.data["text"] for stored in page)
            after = page[-1].seq
        assert read == [str(index) for index in range(7)]

    async def test_listings_name_file_and_line(self, open_store: Running) -> None:
        await open_store.load(3)
        (listing,) = await open_store.store.listings(number(1))
        assert (listing.campaign, listing.list_name, listing.line) == (CAMPAIGN, "leads.csv", 3)
        assert (listing.raw_number, listing.imported_at) == ("(212) 555-0001", NOW)
        assert not await open_store.store.listings("+12125559999")

    async def test_a_number_without_records_has_none(self, open_store: Running) -> None:
        assert not await open_store.store.record_lines(number(1))

    async def test_outcomes_are_of_ended_attempts(self, open_store: Running) -> None:
        store = open_store.store
        await open_store.load(3)
        answered = Instant(NOW + 9_000)
        drop = ended(
            2, 2, "DROP", NOW + 15_000, verdict="HUMAN", answered_at=answered, dropped=True
        )
        times, verdict = drop.data["times"], drop.data["verdict"]
        assert isinstance(times, dict) and isinstance(verdict, dict)
        times = {**times, "RINGING": NOW + 2_000, "MESSAGE": NOW + 11_000}
        verdict = {**verdict, "greeting_ended_at": NOW + 9_400, "at": NOW + 9_700}
        drop = replace(drop, data={**drop.data, "times": times, "verdict": verdict})
        later = NOW + HOUR_MS
        await store.append([dial(1, 1), dial(2, 2), drop, dial(3, 3, later)])
        assert await store.first_dial(CAMPAIGN) == NOW
        assert await store.first_dial("roofs") is None
        (found,) = await store.outcomes(CAMPAIGN, NOW, Instant(later + 1))
        assert (found.attempt_id, found.live, found.dropped, found.placed) == (2, True, True, True)
        assert (found.dialled_at, found.ringing_at, found.answered_at) == (
            NOW,
            NOW + 2_000,
            answered,
        )
        assert (found.greeting_ended_at, found.verdict_at) == (NOW + 9_400, NOW + 9_700)
        assert (found.message_at, found.bridged_at, found.ended_at) == (
            NOW + 11_000,
            None,
            NOW + 15_000,
        )
        assert not await store.outcomes(CAMPAIGN, Instant(NOW + 1), Instant(later))
        assert not await store.outcomes("roofs", NOW, Instant(later))

    async def test_screenings_are_counted_by_hour_and_primary_code(
        self, open_store: Running
    ) -> None:
        store = open_store.store
        await open_store.load(4)
        await store.append(
            [
                refused(1, "INTERNAL_DNC", HOUR),
                refused(2, "INTERNAL_DNC", HOUR + 1),
                dial(1, 3, HOUR + 2),
            ]
        )
        await store.append([refused(4, "OUTSIDE_HOURS", HOUR + HOUR_MS)])
        await store.append([refused(4, "OUTSIDE_HOURS", HOUR + 2 * HOUR_MS)])
        since, until = Instant(HOUR), Instant(HOUR + 2 * HOUR_MS)
        assert await store.screening_counts(CAMPAIGN, since, until, HOUR_MS) == (
            RefusalBucket(since, 1, {"INTERNAL_DNC": 2}),
            RefusalBucket(Instant(HOUR + HOUR_MS), 0, {"OUTSIDE_HOURS": 1}),
        )
        (drawn_together,) = await store.screening_counts(CAMPAIGN, since, until, 24 * HOUR_MS)
        assert drawn_together.refused == {"INTERNAL_DNC": 2, "OUTSIDE_HOURS": 1}
        assert not await store.screening_counts("roofs", since, until, HOUR_MS)

    async def test_a_ruleset_in_force_is_journaled_and_kept(self, opener: Opener) -> None:
        first = archive("2026.2+aa", b"code = 'US'", b"code = 'US-FL'")
        second = archive("2026.2+bb", b"code = 'US'", b"note = 1\n\xff", overlays=("file1.toml",))
        async with running(opener) as open_store:
            await open_store.store.keep_ruleset(first, NOW, "service")
            await open_store.store.keep_ruleset(second, Instant(NOW + SECOND_MS), "service")
            await open_store.store.keep_ruleset(first, Instant(NOW + 2 * SECOND_MS), "service")
            entries = await open_store.store.journal(kind="RULESET_IN_FORCE")
            assert [stored.entry.data["label"] for stored in entries] == [
                first.label,
                second.label,
                first.label,
            ]
            assert entries[1].entry.data["overlays"] == ["file1.toml"]
        async with running(opener) as open_store:
            assert await open_store.store.ruleset(first.label) == first
            assert await open_store.store.ruleset(second.label) == second
            assert await open_store.store.ruleset("2026.2+cc") is None
            assert await open_store.store.ruleset("") is None

    @pytest.mark.parametrize("label", ["2026.2+aa", "a 'quoted' %_label"])
    async def test_labels_are_compared_as_they_are(self, open_store: Running, label: str) -> None:
        await open_store.store.keep_ruleset(archive(label, b"x"), NOW, "service")
        found = await open_store.store.ruleset(label)
        assert found is not None
        assert found.label == label
        assert await open_store.store.ruleset(label[:-1]) is None
