"""Records beside leads in SQL: a thousand leads and what is known of them cost a few statements."""

from __future__ import annotations

from pathlib import Path

from sqlalchemy import event

from dialer.model.commands import RefillHopper
from dialer.model.instant import Instant
from dialer.model.record_files import NumberRecord, RecordFile, RecordKind
from dialer.model.records import Consent, ConsentType, Line, LineType
from dialer.store.database import migrate, writing_engine
from dialer.store.imports import sift
from dialer.store.lead_queue import offer, store_rows
from dialer.store.record_rows import store_piece
from tests.contracts.journal_entries import CAMPAIGN, NOW, lead_file, number

LEADS = 1_000


def test_a_thousand_leads_and_their_records_are_three_statements(tmp_path: Path) -> None:
    engine = writing_engine(tmp_path / "dialer.db")
    migrate(engine, tmp_path / "dialer.db")
    statements: list[str] = []
    with engine.begin() as connection:
        store_rows(connection, sift(CAMPAIGN, lead_file(range(LEADS)), range(LEADS), {}), NOW)
        for kind, fact in (
            (RecordKind.CONSENTS, Consent(ConsentType.PEWC, "Sample Windows", NOW)),
            (RecordKind.LINES, Line(LineType.WIRELESS)),
        ):
            records = tuple(NumberRecord(n, number(n), fact) for n in range(LEADS))
            file = RecordFile(kind, "records.csv", "ab", LEADS, records, ())
            store_piece(connection, lambda entry: None, file, NOW, "mia")
        event.listen(
            engine, "before_cursor_execute", lambda *given: statements.append(str(given[2]))
        )
        offered = offer(connection, RefillHopper(CAMPAIGN, LEADS, Instant(NOW), frozenset()))
    engine.dispose()
    assert len(statements) == 3
    assert len(offered.leads) == LEADS
    assert all(lead.records.consents for lead in offered.leads)
    assert {lead.records.line.type for lead in offered.leads} == {LineType.WIRELESS}
