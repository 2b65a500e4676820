"""What every store must do with records of numbers and with slots under frequency caps: a part of
`store_contract.StoreContract`."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

import pytest

from dialer.model.calls import AttemptId
from dialer.model.commands import Claim, Record, RefillHopper
from dialer.model.events import (
    Journaled,
    LeadsOffered,
    NumbersSuppressed,
    RecordsChanged,
    SlotTaken,
)
from dialer.model.instant import DAY_MS, HOUR_MS, Instant
from dialer.model.journal import EntryKind
from dialer.model.leads import RejectedRow
from dialer.model.record_files import (
    DncRequest,
    Fact,
    NumberRecord,
    RecordFile,
    RecordKind,
    VerifiedContact,
)
from dialer.model.records import (
    NO_RECORDS,
    Consent,
    ConsentType,
    Line,
    LineType,
    NumberRecords,
    Relationship,
    RelationshipType,
    RequestChannel,
    Revocation,
    RndAnswer,
    RndStatus,
)
from dialer.store import number_records
from tests.contracts.journal_entries import CAMPAIGN, NOW, dial, ended, moved, number
from tests.contracts.running_store import Opener, Running, running

SELLER = "Sample Windows"
CONSENT = Consent(ConsentType.PEWC, SELLER, Instant(NOW - 90 * DAY_MS), evidence="form 7")
BOUGHT = Relationship(RelationshipType.TRANSACTION, SELLER, Instant(NOW - 30 * DAY_MS))
STOPPED = Revocation(RequestChannel.TEXT, Instant(NOW - DAY_MS), "please stop")
NOT_SINCE = RndAnswer(RndStatus.NO, date(2026, 11, 1), Instant(NOW - 2 * DAY_MS))
PORTED = Line(LineType.LANDLINE, LineType.WIRELESS, Instant(NOW - 9 * DAY_MS), date(2026, 11, 18))
SPOKEN = VerifiedContact(Instant(NOW - 5 * DAY_MS))


def file_of(kind: RecordKind, *facts: tuple[int, Fact], refused: int = 0) -> RecordFile:
    """A parsed file with a fact a row, about numbers by index."""
    records = tuple(
        NumberRecord(line, number(index), fact, {"signer": "Zoë Sample"})
        for line, (index, fact) in enumerate(facts, start=2)
    )
    rejected = tuple(RejectedRow(90 + row, "x", "no number") for row in range(refused))
    name = f"{kind.lower()}.csv"
    return RecordFile(kind, name, "ab" * 32, len(facts) + refused, records, rejected)


def dialled(attempt: int, at: int, *claims: Claim, token: int | None = None) -> Record:
    entry = dial(attempt, 1, at)
    return Record(entry, attempt if token is None else token, claims)


class RecordContract:
    """Records of numbers, reservations."""

    # --- records of numbers -------------------------------------------------------------------

    async def test_leads_are_offered_with_what_is_known_of_their_number(
        self, opener: Opener
    ) -> None:
        async with running(opener) as first:
            await first.load(3)
            for kind, facts in (
                (RecordKind.CONSENTS, [CONSENT]),
                (RecordKind.RELATIONSHIPS, [BOUGHT]),
                (RecordKind.REVOCATIONS, [STOPPED]),
                (RecordKind.RND, [NOT_SINCE]),
                (RecordKind.LINES, [PORTED]),
                (RecordKind.CONTACTS, [SPOKEN]),
            ):
                read = file_of(kind, *((1, fact) for fact in facts))
                await first.store.import_records(read, NOW, "mia")
        known = NumberRecords((CONSENT,), (BOUGHT,), (STOPPED,), (NOT_SINCE,), PORTED, SPOKEN.at)
        async with running(opener) as again:
            assert await again.store.records_of(number(1)) == known
            assert await again.store.records_of(number(0)) == NO_RECORDS
            offered = (await again.offer()).leads
            assert [lead.records for lead in offered] == [NO_RECORDS, known, NO_RECORDS]

    async def test_an_import_is_reported_journaled_and_told(self, open_store: Running) -> None:
        read = file_of(RecordKind.CONSENTS, (0, CONSENT), (1, CONSENT), (0, CONSENT), refused=2)
        report = await open_store.store.import_records(read, NOW, "mia")
        assert (report.rows, report.loaded, report.known) == (5, 2, 1)
        assert report.rejected == read.rejected
        told = await open_store.next_of(RecordsChanged)
        assert set(told.records) == {number(0), number(1)}
        assert told.records[number(1)].consents == (CONSENT,)
        (stored,) = await open_store.store.journal()
        assert stored.entry.kind is EntryKind.RECORDS_IMPORTED
        assert stored.entry.data == {
            "kind": "CONSENTS",
            "file": "consents.csv",
            "sha256": "ab" * 32,
            "rows": 5,
            "loaded": 2,
            "known": 1,
            "rejected": 2,
            "by": "mia",
        }
        again = await open_store.store.import_records(read, Instant(NOW + 1), "mia")
        assert (again.loaded, again.known) == (0, 3)
        assert open_store.silent()

    @pytest.mark.parametrize(
        ("kind", "first", "second", "kept"),
        [
            pytest.param(
                RecordKind.CONSENTS,
                Consent(ConsentType.PEWC, SELLER, CONSENT.granted_at, Instant(NOW - 5)),
                CONSENT,
                replace(CONSENT, revoked_at=Instant(NOW - 5)),
                id="consent once revoked stays revoked",
            ),
            pytest.param(
                RecordKind.CONSENTS,
                CONSENT,
                Consent(ConsentType.PEWC, SELLER, CONSENT.granted_at, Instant(NOW - 5)),
                replace(CONSENT, revoked_at=Instant(NOW - 5)),
                id="consent is revoked by a later file",
            ),
            pytest.param(
                RecordKind.RND,
                RndAnswer(RndStatus.YES, NOT_SINCE.asked_date, NOT_SINCE.queried_at),
                NOT_SINCE,
                RndAnswer(RndStatus.YES, NOT_SINCE.asked_date, NOT_SINCE.queried_at),
                id="reassigned stays reassigned",
            ),
            pytest.param(
                RecordKind.LINES,
                PORTED,
                Line(LineType.LANDLINE, port_file_date=date(2026, 11, 2)),
                PORTED,
                id="an older port file unsays nothing",
            ),
            pytest.param(
                RecordKind.CONTACTS,
                SPOKEN,
                VerifiedContact(Instant(SPOKEN.at - 1)),
                SPOKEN,
                id="the last contact moves forward only",
            ),
        ],
    )
    async def test_the_same_record_again_never_says_less_against_a_call(
        self, open_store: Running, kind: RecordKind, first: Fact, second: Fact, kept: Fact
    ) -> None:
        for fact in (first, second):
            await open_store.store.import_records(file_of(kind, (0, fact)), NOW, "mia")
        known = await open_store.store.records_of(number(0))
        found: tuple[object, ...] = (*known.consents, *known.rnd)
        if kind is RecordKind.LINES:
            found = (known.line,)
        elif kind is RecordKind.CONTACTS:
            assert known.last_verified_contact is not None
            found = (VerifiedContact(known.last_verified_contact),)
        assert found == (kept,)

    async def test_different_consents_stand_beside_each_other(self, open_store: Running) -> None:
        oral = Consent(ConsentType.ORAL, SELLER, Instant(NOW - DAY_MS))
        other = Consent(ConsentType.PEWC, "Another Sample", CONSENT.granted_at)
        read = file_of(RecordKind.CONSENTS, (0, oral), (0, CONSENT), (0, other))
        await open_store.store.import_records(read, NOW, "mia")
        known = await open_store.store.records_of(number(0))
        assert set(known.consents) == {oral, CONSENT, other}
        assert known.consents[-1] == oral, "oldest first"

    async def test_a_long_file_is_stored_in_parts_and_journaled_once(
        self, open_store: Running, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(number_records, "PIECE", 2)
        read = file_of(RecordKind.CONSENTS, *((index, CONSENT) for index in range(5)))
        report = await open_store.store.import_records(read, NOW, "mia")
        assert (report.rows, report.loaded, report.known) == (5, 5, 0)
        told = [await open_store.next_of(RecordsChanged) for _ in range(3)]
        assert [len(event.records) for event in told] == [2, 2, 1]
        assert len(await open_store.store.journal()) == 1
        assert (await open_store.store.records_of(number(4))).consents == (CONSENT,)

    async def test_imported_requests_are_suppressions_at_once(self, opener: Opener) -> None:
        asked = DncRequest(RequestChannel.MAIL, Instant(NOW - DAY_MS), SELLER, "seller")
        unsaid = DncRequest(RequestChannel.IMPORT)
        async with running(opener) as first:
            read = file_of(RecordKind.DNC, (0, asked), (1, unsaid), (1, unsaid))
            report = await first.store.import_records(read, NOW, "mia")
            assert (report.loaded, report.known) == (2, 1)
            told = await first.next_of(NumbersSuppressed)
        mail, everyone = told.suppressions
        assert (mail.e164, mail.seller, mail.affiliates) == (number(0), SELLER, False)
        assert (mail.channel, mail.received_at) == (RequestChannel.MAIL, NOW - DAY_MS)
        assert (everyone.e164, everyone.seller, everyone.affiliates) == (number(1), "", True)
        async with running(opener) as again:
            restored = (await again.restored()).suppressions
            assert {each.e164 for each in restored} == {number(0), number(1)}
            kinds = [stored.entry.kind for stored in await again.store.journal()]
        assert kinds == [EntryKind.RECORDS_IMPORTED, EntryKind.SUPPRESSED, EntryKind.SUPPRESSED]

    # --- slots under frequency caps -----------------------------------------------------------

    async def test_a_slot_is_taken_with_the_entry_or_neither_is(self, opener: Opener) -> None:
        cap = Claim("aa" * 32, 2, DAY_MS)
        async with running(opener) as store:
            await store.load(1)
            for attempt in (1, 2):
                store.store.carry_out(dialled(attempt, NOW + attempt, cap))
                assert await store.next() == Journaled(attempt)
        async with running(opener) as store:
            store.store.carry_out(dialled(3, NOW + 3, cap))
            assert await store.next() == SlotTaken(3, cap, Instant(NOW + 1 + DAY_MS))
            assert (await store.restored()).next_attempt == 3, "nothing was written"
            assert (await store.offer()).leads[0].attempts == 2
            other = Claim("bb" * 32, 2, DAY_MS)
            store.store.carry_out(dialled(4, NOW + 4, other))
            assert await store.next() == Journaled(4)
            store.store.carry_out(dialled(5, NOW + DAY_MS, cap))
            assert isinstance(await store.next(), SlotTaken)
            store.store.carry_out(dialled(6, NOW + 1 + DAY_MS, cap))
            assert await store.next() == Journaled(6), "the window's start does not count"

    async def test_slots_are_taken_under_every_claim_or_under_none(
        self, open_store: Running
    ) -> None:
        await open_store.load(1)
        day, hours = Claim("aa" * 32, 3, DAY_MS), Claim("cc" * 32, 1, 8 * HOUR_MS)
        open_store.store.carry_out(dialled(1, NOW, day, hours))
        assert await open_store.next() == Journaled(1)
        open_store.store.carry_out(dialled(2, NOW + 1, day, hours))
        assert await open_store.next() == SlotTaken(2, hours, Instant(NOW + 8 * HOUR_MS))
        for attempt in (3, 4):
            open_store.store.carry_out(dialled(attempt, NOW + attempt, day))
            assert await open_store.next() == Journaled(attempt), "attempt 2 took no slot"
        open_store.store.carry_out(dialled(5, NOW + 5, day))
        assert isinstance(await open_store.next(), SlotTaken)

    async def test_one_key_may_be_counted_in_two_windows(self, open_store: Running) -> None:
        await open_store.load(1)
        day, hours = Claim("aa" * 32, 3, DAY_MS), Claim("aa" * 32, 1, 8 * HOUR_MS)
        open_store.store.carry_out(dialled(1, NOW, day, hours))
        assert await open_store.next() == Journaled(1)
        open_store.store.carry_out(dialled(2, NOW + 8 * HOUR_MS - 1, day, hours))
        assert await open_store.next() == SlotTaken(2, hours, Instant(NOW + 8 * HOUR_MS))
        open_store.store.carry_out(dialled(3, NOW + 8 * HOUR_MS, day, hours))
        assert await open_store.next() == Journaled(3)

    async def test_a_slot_that_lies_ahead_counts(self, open_store: Running) -> None:
        await open_store.load(1)
        cap = Claim("aa" * 32, 1, DAY_MS)
        open_store.store.carry_out(dialled(1, NOW + HOUR_MS, cap))
        assert await open_store.next() == Journaled(1)
        open_store.store.carry_out(dialled(2, NOW, cap))
        assert await open_store.next() == SlotTaken(2, cap, Instant(NOW + HOUR_MS + DAY_MS))

    async def test_what_rang_no_phone_gives_its_slot_back(self, open_store: Running) -> None:
        await open_store.load(1)
        cap = Claim("aa" * 32, 1, DAY_MS)
        for attempt, end in (
            (1, ended(1, 1, "REFUSED", placed=False)),
            (2, ended(2, 1, "TRUNK_FAILURE")),
            (3, ended(3, 1, "NO_ANSWER")),
        ):
            open_store.store.carry_out(dialled(attempt, NOW + attempt, cap))
            assert await open_store.next() == Journaled(attempt)
            open_store.store.carry_out(Record(end))
        open_store.store.carry_out(dialled(4, NOW + 4, cap))
        assert isinstance(await open_store.next(), SlotTaken), "the third one rang"

    async def test_the_end_of_a_dial_without_a_slot_gives_no_attempt_back(
        self, open_store: Running
    ) -> None:
        await open_store.load(1)
        cap = Claim("aa" * 32, 1, DAY_MS)
        open_store.store.carry_out(dialled(1, NOW, cap))
        open_store.store.carry_out(dialled(2, NOW + 1, cap))
        move = moved(next_eligible_at=NOW)
        open_store.store.carry_out(Record(ended(2, 1, "CANCELLED", placed=False, move=move)))
        open_store.store.carry_out(RefillHopper(CAMPAIGN, 1, NOW, frozenset()))
        said = [await open_store.next() for _ in range(3)]
        assert said[0] == Journaled(1)
        assert isinstance(said[1], SlotTaken)
        assert isinstance(said[2], LeadsOffered)
        assert said[2].leads[0].attempts == 1
        assert (await open_store.restored()).open_attempts[0].attempt == AttemptId(1)
