"""What every store must do.

An implementation is held to it by a subclass of `StoreContract` whose name starts with `Test`:
`build(folder)` gives a function that opens the store for an `Emit`, and opens the same store again
when called again. Whenever a test lets go of a store, its chain is verified.
"""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path
from typing import cast

import pytest
import trio

from dialer.model.calls import AttemptId
from dialer.model.campaigns import CampaignState
from dialer.model.commands import Record, RefillHopper
from dialer.model.errors import JournalFault
from dialer.model.events import (
    AnsweredCall,
    Journaled,
    JournalFailed,
    LeadsOffered,
    Restored,
    StoreEvent,
)
from dialer.model.instant import DAY_MS, HOUR_MS, Instant
from dialer.model.journal import EntryKind, JournalEntry, JsonValue
from dialer.model.leads import LeadState, RejectedRow
from dialer.model.records import PastAttempt, RequestChannel
from dialer.model.reports import CampaignReport, ImportReport, Role, User
from dialer.model.suppression import Suppression, SuppressionSource
from tests.contracts.journal_entries import (
    CAMPAIGN,
    NOW,
    alarm,
    bridged,
    campaign_changed,
    dial,
    disposed,
    ended,
    lead_file,
    moved,
    new_lead,
    number,
    refused,
    suppressed,
)
from tests.contracts.record_contract import RecordContract
from tests.contracts.reopening_contract import ReopeningContract
from tests.contracts.running_store import Opener, Running, running


def past(at: int) -> PastAttempt:
    """What is remembered of a dial at `at`."""
    return PastAttempt(Instant(at), "Sample Windows", "windows", "+12025550199")


class StoreContract(RecordContract, ReopeningContract):
    """The suite; see the module."""

    def build(self, folder: Path) -> Opener:
        raise NotImplementedError

    @pytest.fixture
    def opener(self, tmp_path: Path) -> Opener:
        return self.build(tmp_path)

    @pytest.fixture
    async def open_store(self, opener: Opener) -> AsyncIterator[Running]:
        async with running(opener) as store:
            yield store

    # --- journal ------------------------------------------------------------------------------

    async def test_durable_records_are_answered_in_order(self, open_store: Running) -> None:
        for token in range(50):
            open_store.store.carry_out(Record(alarm(f"alarm {token}"), token))
        assert [await open_store.next_of(Journaled) for _ in range(50)] == [
            Journaled(token) for token in range(50)
        ]
        texts = [stored.entry.data["text"] for stored in await open_store.store.journal()]
        assert texts == [f"alarm {token}" for token in reversed(range(50))]

    async def test_a_record_without_a_token_is_written_and_not_answered(
        self, open_store: Running
    ) -> None:
        open_store.store.carry_out(Record(alarm("quiet")))
        open_store.store.carry_out(Record(alarm("loud"), 7))
        assert await open_store.next() == Journaled(7)
        assert [stored.seq for stored in await open_store.store.journal()] == [2, 1]
        assert open_store.silent()

    async def test_a_record_without_a_token_is_written_before_long(
        self, open_store: Running
    ) -> None:
        open_store.store.carry_out(Record(alarm("quiet")))
        for _ in range(100):
            if await open_store.store.journal():
                return
            await trio.sleep(0.02)
        pytest.fail("nothing was written within 2 seconds")

    async def test_entries_come_back_as_they_were_written(self, open_store: Running) -> None:
        entry = JournalEntry(
            EntryKind.ALARM,
            NOW,
            "windows",
            17,
            AttemptId(4),
            number(3),
            "ada",
            {"text": 'Zoë "said" 10 €\n', "n": -3, "share": 0.125, "list": [1, None, {"a": True}]},
            {"notes": "asks for Zoë's brother", "asked_by": "Zoë Sample"},
        )
        await open_store.store.append([entry])
        (stored,) = await open_store.store.journal()
        assert stored.entry == entry

    async def test_what_no_journal_can_hold_is_made_writable(self, open_store: Running) -> None:
        data: dict[str, JsonValue] = {"text": "half a \ud83d pair", "share": float("nan")}
        personal = {"notes": "half a \ud83d pair", "asked_by": ""}
        await open_store.store.append([replace(alarm(""), data=data, personal=personal)])
        (stored,) = await open_store.store.journal()
        assert stored.entry.data == {"text": "half a \ufffd pair", "share": "nan"}
        assert stored.entry.personal == {"notes": "half a \ufffd pair"}

    async def test_what_is_no_json_is_refused_at_the_door(self, open_store: Running) -> None:
        no_json = cast(JsonValue, object())
        strange = replace(alarm(""), data={"text": no_json})
        with pytest.raises(TypeError, match="cannot hold a object"):
            open_store.store.carry_out(Record(strange, 1))
        assert await open_store.store.journal() == []

    async def test_journal_pages_and_filters(self, open_store: Running) -> None:
        await open_store.load(3)
        await open_store.store.append([dial(1, 1), dial(2, 2), ended(1, 1), alarm("x"), dial(3, 1)])
        store = open_store.store
        assert [s.seq for s in await store.journal(limit=2)] == [6, 5]
        assert [s.seq for s in await store.journal(before=5, limit=2)] == [4, 3]
        assert [s.seq for s in await store.journal(number=number(0))] == [6, 4, 2]
        assert [s.seq for s in await store.journal(number=number(0), kind="DIAL_INTENDED")] == [
            6,
            2,
        ]
        assert [s.seq for s in await store.journal(kind="LIST_IMPORTED")] == [1]
        assert await store.journal(before=1) == []
        assert await store.journal(number="+19995550100") == []

    # --- personal data ------------------------------------------------------------------------

    async def test_what_is_hidden_is_shown_to_those_who_may_read(self, open_store: Running) -> None:
        await open_store.load(2)
        done = moved(LeadState.DONE, None)
        store = open_store.store
        await store.append([dial(1, 1), disposed(1, 1, "SALE", done), dial(2, 2)])
        second, sale, first, _ = await store.journal()
        assert [each.entry.number for each in (first, sale, second)] == [
            number(0),
            number(0),
            number(1),
        ]
        assert sale.entry.personal == {"notes": "call after tea"}
        assert first.number_key == sale.number_key != second.number_key
        assert set(sale.personal_keys) == {"notes"}
        assert [each.erased for each in (first, sale, second)] == [(), (), ()]
        assert "notes" not in sale.entry.data

    async def test_an_erased_number_is_gone_and_the_chain_holds(self, open_store: Running) -> None:
        await open_store.load(2)
        done = moved(LeadState.DONE, None)
        store = open_store.store
        written = [dial(1, 1), disposed(1, 1, "SALE", done), dial(2, 2), disposed(2, 2, "NO", done)]
        await store.append(written)
        assert await store.erase(number(0), NOW, "zoe", "asked by letter") == 2
        erasing, other, other_dial, sale, first, _ = await store.journal()
        assert (first.entry.number, first.erased) == ("", ("number",))
        assert (sale.entry.number, sale.entry.personal) == ("", {})
        assert sale.erased == ("number", "notes")
        assert (other.entry.number, other.entry.personal) == (
            number(1),
            {"notes": "call after tea"},
        )
        assert (other.erased, other_dial.erased) == ((), ())
        assert erasing.entry.kind is EntryKind.ERASED
        assert erasing.entry.data == {
            "number_key": first.number_key,
            "values": 2,
            "by": "zoe",
            "because": "asked by letter",
        }
        found = await store.journal(number=number(0))
        assert [each.seq for each in found] == [sale.seq, first.seq]
        assert (await store.verify()).verified
        assert await store.erase(number(0), NOW, "zoe", "again") == 0
        assert len(await store.journal()) == 6

    async def test_the_proof_of_a_request_outlasts_the_number(self, open_store: Running) -> None:
        store = open_store.store
        words = {"asked_by": "the person called", "evidence": "letter 4711", "notes": "was angry"}
        await store.append([replace(suppressed(0), personal=words)])
        assert await store.erase(number(0), NOW, "zoe", "asked by letter") == 2
        _, request = await store.journal()
        assert request.erased == ("number", "notes")
        assert request.entry.personal == {
            "asked_by": "the person called",
            "evidence": "letter 4711",
        }
        assert await store.erase(number(0), NOW, "zoe", "a court", evidence_too=True) == 2
        (request,) = await store.journal(kind="SUPPRESSED")
        assert request.entry.personal == {}
        assert (await store.verify()).verified

    async def test_a_number_met_again_after_it_was_erased_is_known_again(
        self, opener: Opener
    ) -> None:
        async with running(opener) as first:
            await first.load(1)
            await first.store.append([dial(1, 1)])
            await first.store.erase(number(0), NOW, "zoe", "asked")
            await first.store.append([ended(1, 1)])
            assert [each.erased for each in await first.store.journal()] == [(), (), (), ()]
        async with running(opener) as again:
            assert [each.seq for each in await again.store.journal(number=number(0))] == [4, 2]

    async def test_everything_taken_is_committed_before_run_returns(self, opener: Opener) -> None:
        async with running(opener) as first:
            for index in range(300):
                first.store.carry_out(Record(alarm(f"alarm {index}")))
        async with running(opener) as again:
            assert len(await again.store.journal(limit=1_000)) == 300

    async def test_an_ended_store_takes_nothing(self, opener: Opener) -> None:
        async with running(opener) as first:
            store = first.store
        with pytest.raises(JournalFault):
            store.carry_out(Record(alarm("late")))
        with pytest.raises(JournalFault):
            await store.append([alarm("late")])

    async def test_the_chain_goes_on_after_reopening(self, opener: Opener) -> None:
        async with running(opener) as first:
            await first.store.append([alarm("one"), alarm("two")])
        async with running(opener) as again:
            await again.store.append([alarm("three")])
            verification = await again.store.verify()
            assert (verification.verified, verification.entries) == (True, 3)

    async def test_commands_given_before_run_are_carried_out(self, opener: Opener) -> None:
        said: list[StoreEvent] = []
        store = opener(said.append)
        store.carry_out(Record(alarm("early"), 1))
        async with trio.open_nursery() as nursery:
            await nursery.start(store.run)
            await store.append([])
            nursery.cancel_scope.cancel()
        assert said == [Journaled(1)]

    # --- leads --------------------------------------------------------------------------------

    async def test_leads_come_lowest_order_key_first(self, open_store: Running) -> None:
        file = lead_file(range(5))
        await open_store.store.import_leads(CAMPAIGN, file, [30, 10, 50, 10, 40], NOW, "mia")
        offered = await open_store.offer(4)
        assert [lead.lead_id for lead in offered.leads] == [2, 4, 1, 5]
        assert offered.next_eligible_at is None

    async def test_a_lead_carries_what_its_row_said(self, open_store: Running) -> None:
        await open_store.load(1, first_key=77)
        (lead,) = (await open_store.offer()).leads
        row = new_lead(0)
        assert (lead.lead_id, lead.campaign, lead.list_name, lead.line) == (
            1,
            CAMPAIGN,
            "leads.csv",
            row.line,
        )
        assert (lead.number, lead.fields) == (row.number, row.fields)
        assert (lead.attempts, lead.order_key, lead.callback_for) == (0, 77, None)

    async def test_a_lead_carries_the_other_numbers_of_its_person(
        self, open_store: Running
    ) -> None:
        file = lead_file(range(3))
        people = ("K-1", "K-2", "K-1")
        leads = tuple(replace(x, contact=c) for x, c in zip(file.leads, people, strict=True))
        await open_store.store.import_leads(
            CAMPAIGN, replace(file, leads=leads), [10, 20, 30], NOW, "ada"
        )
        elsewhere = lead_file([7, 8], sha256="bb")
        leads = (replace(elsewhere.leads[0], contact="K-1"), elsewhere.leads[1])
        await open_store.store.import_leads(
            "other", replace(elsewhere, leads=leads), [10, 20], NOW, "ada"
        )
        offered = await open_store.offer()
        assert [(lead.contact, lead.linked) for lead in offered.leads] == [
            ("K-1", (number(2),)),
            ("K-2", ()),
            ("K-1", (number(0),)),
        ]
        offered = await open_store.offer(linked_in=("other",))
        assert offered.leads[0].linked == (number(2), number(7))
        asked = await open_store.store.lead_of_number(CAMPAIGN, number(2), ["other"])
        assert asked == offered.leads[2]
        assert await open_store.store.lead_of_number(CAMPAIGN, number(7)) is None
        alone = await open_store.offer(campaign="other")
        assert [lead.linked for lead in alone.leads] == [(), ()]

    async def test_held_leads_are_left_out(self, open_store: Running) -> None:
        await open_store.load(6)
        offered = await open_store.offer(3, held=frozenset({1, 3}))
        assert [lead.lead_id for lead in offered.leads] == [2, 4, 5]
        offered = await open_store.offer(3, held=frozenset(range(1, 6)))
        assert [lead.lead_id for lead in offered.leads] == [6]
        assert offered.next_eligible_at is None

    async def test_leads_of_other_campaigns_are_left_out(self, open_store: Running) -> None:
        await open_store.store.import_leads("roofs", lead_file(range(3)), range(3), NOW, "mia")
        assert await open_store.offer() == LeadsOffered(CAMPAIGN, (), None)

    async def test_a_refill_sees_every_record_before_it(self, open_store: Running) -> None:
        await open_store.load(2)
        done = moved(LeadState.DONE, None)
        for command in (
            Record(dial(1, 1)),
            Record(ended(1, 1, "VACANT", move=done)),
            RefillHopper(CAMPAIGN, 10, NOW, frozenset()),
            Record(dial(2, 2)),
            RefillHopper(CAMPAIGN, 10, NOW, frozenset()),
            Record(ended(2, 2, "BUSY", move=done)),
            RefillHopper(CAMPAIGN, 10, NOW, frozenset()),
        ):
            open_store.store.carry_out(command)
        offers = [await open_store.next_of(LeadsOffered) for _ in range(3)]
        assert [[(lead.lead_id, lead.attempts) for lead in o.leads] for o in offers] == [
            [(2, 0)],
            [(2, 1)],
            [],
        ]

    async def test_a_lead_waits_for_its_time(self, open_store: Running) -> None:
        await open_store.load(3)
        await open_store.store.append(
            [
                dial(1, 1),
                ended(1, 1, move=moved(next_eligible_at=NOW + 2 * HOUR_MS, order_key=9)),
                dial(2, 2),
                ended(2, 2, move=moved(next_eligible_at=NOW + HOUR_MS, order_key=10)),
            ]
        )
        offered = await open_store.offer(2)
        assert [lead.lead_id for lead in offered.leads] == [3]
        assert offered.next_eligible_at == NOW + HOUR_MS
        offered = await open_store.offer(2, held=frozenset({2, 3}))
        assert (offered.leads, offered.next_eligible_at) == ((), NOW + 2 * HOUR_MS)
        offered = await open_store.offer(3, now=NOW + HOUR_MS - 1)
        assert [lead.lead_id for lead in offered.leads] == [3]
        offered = await open_store.offer(3, now=NOW + HOUR_MS)
        assert [lead.lead_id for lead in offered.leads] == [3, 2]
        assert offered.next_eligible_at == NOW + 2 * HOUR_MS
        offered = await open_store.offer(3, now=NOW + 2 * HOUR_MS)
        assert [(lead.lead_id, lead.next_eligible_at) for lead in offered.leads] == [
            (3, 0),
            (1, NOW + 2 * HOUR_MS),
            (2, NOW + HOUR_MS),
        ]
        assert offered.next_eligible_at is None

    async def test_a_lead_that_is_open_but_never_eligible_is_never_offered(
        self, open_store: Running
    ) -> None:
        await open_store.load(1)
        await open_store.store.append(
            [refused(1, "NATIONAL_DNC", move=moved(LeadState.OPEN, None))]
        )
        assert await open_store.offer(now=NOW + 1000 * DAY_MS) == LeadsOffered(CAMPAIGN, (), None)

    async def test_an_attempt_that_rang_no_phone_is_given_back(self, open_store: Running) -> None:
        await open_store.load(1)
        at_once = moved(next_eligible_at=NOW)
        await open_store.store.append(
            [
                dial(1, 1),
                ended(1, 1, "BUSY", move=at_once),
                dial(2, 1, NOW + 1),
                ended(2, 1, "TRUNK_FAILURE", move=at_once),
                dial(3, 1, NOW + 2),
                ended(3, 1, "REFUSED", placed=False, move=at_once),
                dial(4, 1, NOW + 3),
                ended(4, 1, "CANCELLED", placed=False, move=at_once),
            ]
        )
        (lead,) = (await open_store.offer()).leads
        assert lead.attempts == 1
        assert (await open_store.restored()).recent_dials == ((number(0), past(NOW)),)
        assert (await open_store.report()).dials == 2
        await open_store.store.append(
            [dial(5, 1, NOW + 4), ended(5, 1, "CANCELLED", move=at_once), dial(6, 1, NOW + 5)]
        )
        (lead,) = (await open_store.offer()).leads
        assert lead.attempts == 3, "an attempt that is open may have rung"
        assert len((await open_store.restored()).recent_dials) == 3

    async def test_a_callback_is_its_agents_until_the_next_choice(
        self, open_store: Running
    ) -> None:
        await open_store.load(1)
        at_once = moved(next_eligible_at=NOW)
        promised = disposed(1, 1, "CALLBACK", at_once, callback_at=NOW)
        await open_store.store.append([dial(1, 1), promised])
        assert (await open_store.offer()).leads[0].callback_for == "ada"
        await open_store.store.append([dial(2, 1), ended(2, 1, "NO_ANSWER", move=at_once)])
        assert (await open_store.offer()).leads[0].callback_for == "ada"
        await open_store.store.append([dial(3, 1), disposed(3, 1, "LATER", at_once)])
        assert (await open_store.offer()).leads[0].callback_for is None

    # --- imports ------------------------------------------------------------------------------

    async def test_an_import_reports_and_journals(self, open_store: Running) -> None:
        bad = (RejectedRow(9, "12", "not a telephone number", "Give all ten digits."),)
        report = await open_store.load(3, bad)
        assert report == ImportReport(CAMPAIGN, "leads.csv", 4, 3, 0, bad)
        (stored,) = await open_store.store.journal()
        assert stored.entry.kind is EntryKind.LIST_IMPORTED
        assert stored.entry.campaign == CAMPAIGN
        assert stored.entry.data == {
            "list": "leads.csv",
            "sha256": "aa",
            "rows": 4,
            "loaded": 3,
            "rejected": 1,
            "duplicates": 0,
            "by": "mia",
        }
        figures = await open_store.report()
        assert (figures.leads, figures.leads_open, figures.leads_rejected) == (3, 3, 1)

    async def test_numbers_the_campaign_has_are_duplicates(self, open_store: Running) -> None:
        await open_store.load(3)
        more = lead_file([2, 3, 4], "more.csv", "bb")
        again = replace(more, leads=(*more.leads, new_lead(4, line=99)))
        report = await open_store.store.import_leads(CAMPAIGN, again, range(4), NOW, "mia")
        assert (report.rows, report.loaded, report.duplicates) == (3, 2, 2)
        assert [(row.line, row.value) for row in report.rejected] == [
            (4, "(212) 555-0002"),
            (99, "(212) 555-0004"),
        ]
        assert "leads.csv, line 4" in report.rejected[0].reason
        assert "more.csv, line 6" in report.rejected[1].reason
        figures = await open_store.report()
        assert (figures.leads, figures.leads_rejected) == (5, 2)
        assert [row.code for row in await open_store.store.refusals(CAMPAIGN)] == ["DUPLICATE"] * 2

    async def test_a_number_may_be_in_two_campaigns(self, open_store: Running) -> None:
        await open_store.load(2)
        file = lead_file(range(2))
        report = await open_store.store.import_leads("roofs", file, range(2), NOW, "mia")
        assert (report.loaded, report.duplicates) == (2, 0)

    async def test_the_same_file_twice_loads_nothing(self, open_store: Running) -> None:
        bad = (RejectedRow(9, "12", "not a telephone number"),)
        await open_store.load(3, bad)
        await open_store.store.append([dial(1, 1)])
        renamed = replace(lead_file(range(3), "copy.csv"), rejected=bad)
        report = await open_store.store.import_leads(CAMPAIGN, renamed, range(3), NOW, "mia")
        assert (report.loaded, report.file) == (0, "copy.csv")
        assert len(report.rejected) == 1
        assert "imported already, as leads.csv" in report.rejected[0].reason
        figures = await open_store.report()
        assert (figures.leads, figures.leads_rejected) == (3, 1)
        assert len(await open_store.store.journal()) == 2

    async def test_an_import_that_cannot_be_stored_changes_nothing(
        self, open_store: Running
    ) -> None:
        with pytest.raises(ValueError, match="zip"):
            await open_store.store.import_leads(CAMPAIGN, lead_file(range(3)), [1], NOW, "mia")
        assert await open_store.store.journal() == []
        assert (await open_store.report()).leads == 0
        assert (await open_store.load(3)).loaded == 3

    # --- reports ------------------------------------------------------------------------------

    async def test_the_report_counts_what_the_journal_says(self, open_store: Running) -> None:
        await open_store.load(8)
        done = moved(LeadState.DONE, None)
        await open_store.store.append(
            [
                dial(1, 1),
                ended(1, 1, "BUSY", cause="BUSY"),
                dial(2, 2),
                ended(2, 2, "MACHINE", cause="MACHINE", verdict="MACHINE", answered_at=NOW + 5),
                dial(3, 3),
                bridged(3, 3),
                ended(
                    3,
                    3,
                    "CONNECTED",
                    cause="AGENT_HUNG_UP",
                    verdict="HUMAN",
                    answered_at=NOW + 5,
                    talk_ms=30_000,
                    move=done,
                ),
                disposed(3, 3, "SALE", done),
                dial(4, 4),
                ended(
                    4, 4, "DROP", cause="NO_AGENT", verdict="UNSURE", answered_at=NOW, dropped=True
                ),
                dial(5, 5),
                ended(5, 5, "FAX", cause="FAX", verdict="FAX", answered_at=NOW + 5, move=done),
                dial(6, 6),
                refused(7, "NATIONAL_DNC", move=moved(LeadState.REFUSED, None)),
                refused(8, "OUTSIDE_HOURS"),
                dial(7, 1, NOW + HOUR_MS),
                bridged(7, 1),
            ]
        )
        assert await open_store.report() == CampaignReport(
            campaign=CAMPAIGN,
            leads=8,
            leads_rejected=0,
            refused={"NATIONAL_DNC": 1, "OUTSIDE_HOURS": 1},
            dials=7,
            answered=4,
            live=2,
            machines=2,
            connected=2,
            dropped=1,
            dispositions={"BUSY": 1, "DROP": 1, "FAX": 1, "MACHINE": 1, "SALE": 1},
            causes={"AGENT_HUNG_UP": 1, "BUSY": 1, "FAX": 1, "MACHINE": 1, "NO_AGENT": 1},
            talk_ms=30_000,
            verdict_to_agent_ms=(153, 157),
            leads_open=5,
            leads_done=2,
        )

    async def test_a_campaign_nobody_knows_has_an_empty_report(self, open_store: Running) -> None:
        report = await open_store.store.campaign_report("unknown", NOW)
        assert (report.leads, report.dials, report.talk_ms, report.drop_rate) == (0, 0, 0, 0.0)
        assert report.dispositions == {}
        assert list(await open_store.store.refusals("unknown")) == []

    async def test_refusals_stand_until_the_next_dial(self, open_store: Running) -> None:
        bad = (
            RejectedRow(9, "12", "not a telephone number", "Give all ten digits."),
            RejectedRow(8, "x", "not a telephone number"),
        )
        await open_store.load(3, bad)
        await open_store.store.append(
            [
                refused(1, "FREQ_CAP", NOW + 1),
                refused(2, "OUTSIDE_HOURS", NOW + 2),
                refused(1, "OUTSIDE_HOURS", NOW + 3),
            ]
        )
        rows = await open_store.store.refusals(CAMPAIGN)
        assert [(row.code, row.line, row.at) for row in rows] == [
            ("OUTSIDE_HOURS", 2, NOW + 3),
            ("OUTSIDE_HOURS", 3, NOW + 2),
            ("ROW_REJECTED", 8, NOW),
            ("ROW_REJECTED", 9, NOW),
        ]
        assert (rows[0].value, rows[0].list_name) == (number(0), "leads.csv")
        assert rows[0].explain == "OUTSIDE_HOURS says no"
        assert rows[3].explain == "not a telephone number. Give all ten digits."
        assert [row.at for row in await open_store.store.refusals(CAMPAIGN, limit=1)] == [NOW + 3]
        assert (await open_store.report()).refused == {"OUTSIDE_HOURS": 2}
        await open_store.store.append([dial(1, 1)])
        assert (await open_store.report()).refused == {"OUTSIDE_HOURS": 1}
        assert len(await open_store.store.refusals(CAMPAIGN)) == 3

    # --- restart ------------------------------------------------------------------------------

    async def test_an_empty_store_restores_nothing(self, open_store: Running) -> None:
        assert await open_store.restored() == Restored(AttemptId(1))

    async def test_what_is_restored_after_reopening(self, opener: Opener) -> None:
        async with running(opener) as first:
            await first.load(4)
            old = NOW - 31 * DAY_MS
            await first.store.append(
                [
                    dial(1, 1, old),
                    ended(1, 1, "CONNECTED", old, answered_at=old, cause="X", verdict="HUMAN"),
                    dial(2, 2, NOW - 20 * DAY_MS),
                    ended(
                        2,
                        2,
                        "DROP",
                        answered_at=NOW - 20 * DAY_MS + 7,
                        dropped=True,
                        cause="NO_AGENT",
                        verdict="UNSURE",
                    ),
                    dial(3, 3, NOW - DAY_MS),
                    ended(3, 3, "CONNECTED", answered_at=NOW - DAY_MS + 9, verdict="HUMAN"),
                    dial(9, 4, NOW - 5),
                    ended(9, 4, "MACHINE", answered_at=NOW, cause="MACHINE", verdict="MACHINE"),
                    dial(7, 1, NOW - 4),
                    suppressed(50),
                    suppressed(50, at=NOW + 9),
                    suppressed(51, "INTERNAL"),
                    campaign_changed("RUNNING"),
                    campaign_changed("PAUSED", NOW + 1),
                ]
            )
        async with running(opener) as again:
            restored = await again.restored()
        assert restored.next_attempt == 10
        (lost,) = restored.open_attempts
        assert (lost.attempt, lost.number, lost.campaign, lost.dialled_at) == (
            7,
            number(0),
            CAMPAIGN,
            NOW - 4,
        )
        assert (lost.lead.lead_id, lost.lead.attempts, lost.lead.number) == (
            1,
            2,
            new_lead(0).number,
        )
        assert restored.recent_dials == (
            (number(2), past(NOW - DAY_MS)),
            (number(3), past(NOW - 5)),
            (number(0), past(NOW - 4)),
        )
        assert restored.answered_calls == (
            AnsweredCall(CAMPAIGN, Instant(NOW - 20 * DAY_MS + 7), True),
            AnsweredCall(CAMPAIGN, Instant(NOW - DAY_MS + 9), False),
        )
        assert restored.suppressions == (
            Suppression(
                number(50),
                SuppressionSource.REQUEST,
                "requests",
                NOW,
                channel=RequestChannel.AGENT,
                received_at=NOW,
                deadline_at=Instant(NOW + DAY_MS),
            ),
        )
        assert restored.campaign_states == ((CAMPAIGN, CampaignState.PAUSED),)

    async def test_a_request_taken_back_is_not_restored_and_others_are(
        self, opener: Opener
    ) -> None:
        wide = suppressed(50, at=NOW + 1)
        wide = replace(wide, data={**wide.data, "seller": "Sample", "affiliates": True})
        named: dict[str, JsonValue] = {
            "source": "REQUEST",
            "list": "requests",
            "seller": "",
            "affiliates": False,
        }
        lifted = JournalEntry(
            EntryKind.SUPPRESSION_LIFTED,
            NOW,
            number=number(50),
            data={"seller": "", "requests": [named]},
            personal={"because": "a slip"},
        )
        async with running(opener) as r:
            await r.store.append([suppressed(50), suppressed(51), wide, lifted])
        async with running(opener) as r:
            found = (await r.restored()).suppressions
        assert [(each.e164, each.seller, each.affiliates) for each in found] == [
            (number(51), "", False),
            (number(50), "Sample", True),
        ]

    async def test_emergencies_stand_until_they_are_lifted(self, opener: Opener) -> None:
        def declared(state: str, kind: EntryKind) -> JournalEntry:
            return JournalEntry(kind, NOW, data={"state": state, "because": "storm"})

        async with running(opener) as r:
            for state in ("TX", "LA", "FL", "LA"):
                await r.store.append([declared(state, EntryKind.EMERGENCY_DECLARED)])
            await r.store.append([declared("FL", EntryKind.EMERGENCY_LIFTED)])
        async with running(opener) as r:
            assert (await r.restored()).emergencies == ("LA", "TX")

    async def test_appending_nothing_waits_for_all_that_was_taken_before(
        self, open_store: Running
    ) -> None:
        open_store.store.carry_out(Record(suppressed(50)))
        await open_store.store.append([])
        assert len((await open_store.restored()).suppressions) == 1

    async def test_drops_of_three_days_are_remembered(self, open_store: Running) -> None:
        await open_store.load(3)
        dropped_at = (NOW - 4 * DAY_MS, NOW - DAY_MS, NOW - 9)
        for index, at in enumerate(dropped_at, start=1):
            end = ended(index, index, "DROP", at, answered_at=at - 3, dropped=True, verdict="HUMAN")
            await open_store.store.append([dial(index, index, at - 9_000), end])
        assert (await open_store.restored()).recent_drops == (
            (number(1), NOW - DAY_MS),
            (number(2), NOW - 9),
        )

    async def test_a_closed_attempt_is_not_open_any_more(self, opener: Opener) -> None:
        async with running(opener) as first:
            await first.load(1)
            await first.store.append([dial(1, 1)])
        async with running(opener) as again:
            lost = (await again.restored()).open_attempts[0]
            end = ended(lost.attempt, 1, "LOST", cause="LOST")
            again.store.carry_out(Record(end, 1))
            await again.next_of(Journaled)
            assert (await again.restored()).open_attempts == ()
            assert (await again.restored()).next_attempt == 2

    # --- users --------------------------------------------------------------------------------

    async def test_users_are_added_changed_and_removed(self, open_store: Running) -> None:
        store = open_store.store
        zoe, ada = User("zoe", "Zoe Sample", Role.MANAGER), User("ada", "Ada Sample", Role.AGENT)
        await store.add_user(zoe, "hash-1", NOW, "setup")
        await store.add_user(ada, "hash-2", NOW, "zoe")
        assert list(await store.users()) == [ada, zoe]
        assert await store.user("ada") == (ada, "hash-2")
        assert await store.user("nobody") is None
        promoted = replace(ada, role=Role.ADMIN)
        await store.add_user(promoted, "hash-3", NOW, "zoe")
        assert await store.user("ada") == (promoted, "hash-3")
        gone = {"user": "zoe", "role": "MANAGER", "change": "removed", "by": "ada"}
        await store.append([JournalEntry(EntryKind.USER_CHANGED, NOW, data={**gone})])
        assert list(await store.users()) == [promoted]
        journaled = [stored.entry.data for stored in reversed(await store.journal())]
        assert [(data["user"], data["change"]) for data in journaled] == [
            ("zoe", "added"),
            ("ada", "added"),
            ("ada", "password_changed"),
            ("zoe", "removed"),
        ]
        assert "hash" not in str(journaled)

    async def test_sign_ins_leave_users_alone(self, open_store: Running) -> None:
        ada = User("ada", "Ada Sample", Role.AGENT)
        await open_store.store.add_user(ada, "hash", NOW, "setup")
        data = {"user": "ada", "role": "AGENT", "change": "signed_in"}
        await open_store.store.append([JournalEntry(EntryKind.USER_CHANGED, NOW, data={**data})])
        assert await open_store.store.user("ada") == (ada, "hash")
        assert open_store.silent()

    async def test_nothing_fails_by_itself(self, open_store: Running) -> None:
        await open_store.load(50)
        for index in range(1, 51):
            open_store.store.carry_out(Record(dial(index, index), index))
            open_store.store.carry_out(Record(ended(index, index)))
        said = [await open_store.next() for _ in range(50)]
        assert not any(isinstance(event, JournalFailed) for event in said)
        assert (await open_store.report()).dials == 50
