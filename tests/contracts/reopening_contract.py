"""What every store must do with refused leads: a part of `store_contract.StoreContract`."""

from __future__ import annotations

from dataclasses import replace

import pytest

from dialer.model.events import RecordsChanged
from dialer.model.instant import Instant
from dialer.model.journal import EntryKind, JournalEntry, JsonValue
from dialer.model.leads import LeadState, RefusedLead
from dialer.model.record_files import Fact, NumberRecord, RecordFile, RecordKind, VerifiedContact
from dialer.model.records import (
    Consent,
    ConsentType,
    Line,
    LineType,
    Relationship,
    RelationshipType,
    RequestChannel,
    Revocation,
    RndAnswer,
    RndStatus,
)
from tests.contracts.journal_entries import (
    CAMPAIGN,
    NOW,
    dial,
    disposed,
    lead_file,
    moved,
    number,
    refused,
    suppressed,
)
from tests.contracts.running_store import Running

FOR_EVER = moved(LeadState.REFUSED, None, order_key=7)
WORDS: dict[RecordKind, Fact] = {
    RecordKind.CONSENTS: Consent(ConsentType.PEWC, "Sample", Instant(NOW - 5)),
    RecordKind.RELATIONSHIPS: Relationship(RelationshipType.INQUIRY, "Sample", Instant(NOW - 5)),
    RecordKind.RND: RndAnswer(RndStatus.NO, None, Instant(NOW - 5)),
    RecordKind.LINES: Line(LineType.LANDLINE),
    RecordKind.CONTACTS: VerifiedContact(Instant(NOW - 5)),
    RecordKind.REVOCATIONS: Revocation(RequestChannel.TEXT, Instant(NOW - 5), "stop"),
}


def file_about(kind: RecordKind, index: int) -> RecordFile:
    record = NumberRecord(2, number(index), WORDS[kind], {})
    return RecordFile(kind, "late.csv", "cd" * 32, 1, (record,), ())


def reopened(*leads: int) -> JournalEntry:
    named: list[JsonValue] = list(leads)
    return JournalEntry(
        EntryKind.LEADS_REOPENED, NOW, CAMPAIGN, data={"why": "a test", "leads": named}
    )


class ReopeningContract:
    """Refused leads come back when what refused them is gone."""

    @pytest.mark.parametrize("kind", list(WORDS))
    async def test_a_record_that_comes_late_opens_the_leads_of_its_number(
        self, open_store: Running, kind: RecordKind
    ) -> None:
        await open_store.load(2)
        await open_store.store.append(
            [refused(lead, "CONSENT_REQUIRED", move=FOR_EVER) for lead in (1, 2)]
        )
        assert (await open_store.offer()).leads == ()
        await open_store.store.import_records(file_about(kind, 1), NOW, "mia")
        await open_store.next_of(RecordsChanged)
        offered = [(lead.lead_id, lead.order_key) for lead in (await open_store.offer()).leads]
        assert offered == ([] if kind is RecordKind.REVOCATIONS else [(2, 7)])
        standing = [row.code for row in await open_store.store.refusals(CAMPAIGN)]
        assert standing == ["CONSENT_REQUIRED"] * (2 - len(offered))

    async def test_a_lead_that_is_done_stays_done(self, open_store: Running) -> None:
        await open_store.load(1)
        done = moved(LeadState.DONE, None)
        await open_store.store.append([dial(1, 1), disposed(1, 1, "SALE", move=done), reopened(1)])
        await open_store.store.import_records(file_about(RecordKind.CONSENTS, 0), NOW, "mia")
        await open_store.next_of(RecordsChanged)
        assert (await open_store.offer()).leads == ()

    async def test_leads_named_in_the_journal_are_opened(self, open_store: Running) -> None:
        await open_store.load(3)
        codes = ("NATIONAL_DNC", "STATE_DNC", "NATIONAL_DNC")
        await open_store.store.append(
            [refused(lead, code, move=FOR_EVER) for lead, code in enumerate(codes, start=1)]
        )
        asked = await open_store.store.refused_leads({"NATIONAL_DNC"})
        assert list(asked) == [
            RefusedLead(1, CAMPAIGN, number(0), "NATIONAL_DNC"),
            RefusedLead(3, CAMPAIGN, number(2), "NATIONAL_DNC"),
        ]
        assert [x.lead_id for x in await open_store.store.refused_leads(set(codes), 1, 1)] == [2]
        await open_store.store.append([reopened(3, 99)])
        assert [lead.lead_id for lead in (await open_store.offer()).leads] == [3]
        left = await open_store.store.refused_leads({"NATIONAL_DNC"})
        assert [each.lead_id for each in left] == [1]

    async def test_a_lead_that_waits_is_not_refused_for_good(self, open_store: Running) -> None:
        await open_store.load(1)
        await open_store.store.append([refused(1, "NATIONAL_DNC")])
        assert list(await open_store.store.refused_leads({"NATIONAL_DNC"})) == []

    async def test_a_request_taken_back_opens_the_persons_leads(self, open_store: Running) -> None:
        file = lead_file(range(3))
        people = ("K-1", "K-1", "")
        leads = tuple(replace(x, contact=c) for x, c in zip(file.leads, people, strict=True))
        await open_store.store.import_leads(
            CAMPAIGN, replace(file, leads=leads), [1, 2, 3], NOW, "mia"
        )
        await open_store.store.append(
            [suppressed(0), *(refused(lead, "INTERNAL_DNC", move=FOR_EVER) for lead in (1, 2, 3))]
        )
        lifted = JournalEntry(
            EntryKind.SUPPRESSION_LIFTED,
            NOW,
            number=number(0),
            data={
                "seller": "",
                "requests": [
                    {"source": "REQUEST", "list": "requests", "seller": "", "affiliates": False}
                ],
            },
        )
        await open_store.store.append([lifted])
        assert sorted(lead.lead_id for lead in (await open_store.offer()).leads) == [1, 2]
