"""Files of consents, relationships, revocations, answers, lines, contacts and requests."""

from __future__ import annotations

from datetime import UTC, date, datetime
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dialer.intake.record_files import REQUIRED, read_records
from dialer.intake.record_profile import NO_PROFILE, RecordProfile, read_profile
from dialer.model.errors import OperatorError
from dialer.model.instant import Instant, instant_of
from dialer.model.record_files import DncRequest, RecordFile, RecordKind, VerifiedContact
from dialer.model.records import (
    Consent,
    ConsentScope,
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

NOW = Instant(1_795_000_000_000)
SELLER = "Sample Windows"


def at(text: str) -> Instant:
    return instant_of(datetime.fromisoformat(text).replace(tzinfo=UTC))


def read(
    kind: RecordKind, text: str, seller: str = SELLER, profile: RecordProfile = NO_PROFILE
) -> RecordFile:
    return read_records("records.csv", text.encode(), kind, NOW, seller, profile)


def refused(kind: RecordKind, text: str, seller: str = SELLER) -> tuple[int, str, str]:
    """Line, value and reason of the only refusal; nothing was read."""
    file = read(kind, text, seller)
    assert not file.records
    (row,) = file.rejected
    assert row.remedy
    return row.line, row.value, row.reason


def test_consents() -> None:
    file = read(
        RecordKind.CONSENTS,
        "number,seller,type,granted_at_utc,text_sha256,url,ip,signer,evidence_ref,revoked_at_utc,"
        "revocation_scope\r\n"
        "(212) 555-0100,Other Sample,pewc,2026-03-01T10:00:00Z,ab,https://x.example/f,192.0.2.1,"
        '"Sample, Ann",cert-1,,\r\n'
        "+12125550101,,ORAL,2026-03-01 10:00,,,,,,2026-04-01,calls\r\n",
    )
    assert not file.rejected
    first, second = file.records
    assert (first.line, first.e164) == (2, "+12125550100")
    assert first.fact == Consent(
        ConsentType.PEWC, "Other Sample", at("2026-03-01T10:00"), evidence="cert-1"
    )
    assert first.proof == {
        "text_sha256": "ab",
        "url": "https://x.example/f",
        "ip": "192.0.2.1",
        "signer": "Sample, Ann",
    }
    assert second.fact == Consent(
        ConsentType.ORAL, SELLER, at("2026-03-01T10:00"), at("2026-04-01T00:00")
    )
    assert second.proof == {"revocation_scope": "calls"}


def test_a_scope_may_be_said() -> None:
    file = read(
        RecordKind.CONSENTS,
        "number;type;granted_at_utc;Scope\n2125550100;pec;2026-03-01;Recorded\n",
    )
    (record,) = file.records
    assert isinstance(record.fact, Consent)
    assert record.fact.scope is ConsentScope.RECORDED


@pytest.mark.parametrize("cells", ["soon,", ",texts", ",all"])
def test_consent_taken_back_at_no_readable_time_never_held(cells: str) -> None:
    file = read(
        RecordKind.CONSENTS,
        "number,type,granted_at_utc,revoked_at_utc,revocation_scope\n"
        f"2125550100,pewc,2026-03-01,{cells}\n",
    )
    (record,) = file.records
    assert isinstance(record.fact, Consent)
    assert record.fact.revoked_at == record.fact.granted_at
    (doubt,) = file.rejected
    assert doubt.reason.startswith("revoked_at_utc: ")
    assert doubt.reason.endswith("the row was taken at its strictest")


def test_relationships() -> None:
    file = read(
        RecordKind.RELATIONSHIPS,
        "number,seller,type,at_utc,evidence_ref\n"
        "2125550100,,transaction,2026-05-04T03:02:01+02:00,order 7\n"
        "2125550101,,Inquiry,2026-05-04,\n",
    )
    assert [record.fact for record in file.records] == [
        Relationship(RelationshipType.TRANSACTION, SELLER, at("2026-05-04T01:02:01"), "order 7"),
        Relationship(RelationshipType.INQUIRY, SELLER, at("2026-05-04T00:00")),
    ]


def test_revocations_are_never_lost_for_a_time_or_a_channel() -> None:
    file = read(
        RecordKind.REVOCATIONS,
        "number,seller,channel,at_utc,text\n"
        "2125550100,,text,2026-05-04T10:00Z,STOP\n"
        "2125550101,,call-key,last week,\n"
        "2125550102,,carrier pigeon,2026-05-04,leave me alone\n",
        seller="",
    )
    assert [record.fact for record in file.records] == [
        Revocation(RequestChannel.TEXT, at("2026-05-04T10:00"), "STOP"),
        Revocation(RequestChannel.CALL_KEY, NOW),
        Revocation(RequestChannel.IMPORT, at("2026-05-04T00:00"), "leave me alone"),
    ]
    assert [(row.line, row.value) for row in file.rejected] == [
        (3, "last week"),
        (4, "carrier pigeon"),
    ]
    assert file.records[2].proof == {"channel": "carrier pigeon"}


@pytest.mark.parametrize(
    ("text", "day"),
    [
        ("2026-11-02", date(2026, 11, 2)),
        ("11/02/26", date(2026, 11, 2)),
        ("11/02/2026", date(2026, 11, 2)),
        ("1/2/26", date(2026, 1, 2)),
        ("1/2/2026", date(2026, 1, 2)),
        ("", None),
    ],
)
def test_dates_in_every_form_the_database_takes(text: str, day: date | None) -> None:
    file = read(
        RecordKind.RND,
        f"number,asked_date,answer,queried_at_utc\n2125550100,{text},no,2026-11-20T00:00Z\n",
    )
    assert file.records[0].fact == RndAnswer(RndStatus.NO, day, at("2026-11-20T00:00"))


@pytest.mark.parametrize(
    ("word", "status"),
    [
        ("yes", RndStatus.YES),
        ("NO", RndStatus.NO),
        ("no_data", RndStatus.NO_DATA),
        ("No Data", RndStatus.NO_DATA),
        ("undetermined", RndStatus.NO_DATA),
    ],
)
def test_vendors_spellings_of_an_answer(word: str, status: RndStatus) -> None:
    file = read(RecordKind.RND, f"number,answer\n2125550100,{word}\n")
    assert file.records[0].fact == RndAnswer(status)


def test_an_unknown_answer_is_refused() -> None:
    assert refused(RecordKind.RND, "number,answer\n2125550100,maybe\n") == (
        2,
        "maybe",
        "answer: this answer is not known",
    )


def test_lines() -> None:
    file = read(
        RecordKind.LINES,
        "number,type,ported_to,ported_at_utc,port_file_date\n"
        "2125550100,landline,wireless,2026-11-01,2026-11-20\n"
        "2125550101,landline,,2026-11-01,\n"
        "2125550102,wireless,landline,,\n"
        "2125550103,unknown,,,11/20/2026\n",
    )
    ported_at = at("2026-11-01T00:00")
    assert [record.fact for record in file.records] == [
        Line(LineType.LANDLINE, LineType.WIRELESS, ported_at, date(2026, 11, 20)),
        Line(LineType.LANDLINE, LineType.WIRELESS, ported_at),
        Line(LineType.WIRELESS, LineType.LANDLINE),
        Line(LineType.UNKNOWN, port_file_date=date(2026, 11, 20)),
    ]


def test_contacts() -> None:
    file = read(RecordKind.CONTACTS, "number,at_utc,evidence_ref\n2125550100,2026-11-01,call 9\n")
    assert file.records[0].fact == VerifiedContact(at("2026-11-01T00:00"))
    assert file.records[0].proof == {"evidence_ref": "call 9"}


def test_requests_not_to_be_called() -> None:
    file = read(
        RecordKind.DNC,
        "number,seller,scope,requested_at_utc,source,evidence_ref,actor,batch_sha256\n"
        "2125550100,Other Sample,seller,2026-05-04T10:00Z,call_key,rec-1,agent ada,cd\n"
        "2125550101,,,yesterday,smoke signal,,,\n",
        seller="",
    )
    first, second = file.records
    assert first.fact == DncRequest(
        RequestChannel.CALL_KEY, at("2026-05-04T10:00"), "Other Sample", "seller"
    )
    assert first.proof == {
        "source": "call_key",
        "evidence_ref": "rec-1",
        "actor": "agent ada",
        "batch_sha256": "cd",
    }
    assert second.fact == DncRequest(RequestChannel.IMPORT)
    assert len(file.rejected) == 2, "taken, and said"


@pytest.mark.parametrize("first", ["(212) 555-0100", "\ufeff2125550100", "+1 212 555 0100"])
def test_one_number_a_line_is_a_file_of_requests(first: str) -> None:
    file = read(RecordKind.DNC, f"{first}\r\n2125550101\r\n\r\nnobody\r\n2125550102")
    assert [record.e164 for record in file.records] == [
        "+12125550100",
        "+12125550101",
        "+12125550102",
    ]
    assert file.records[0].fact == DncRequest(RequestChannel.IMPORT, seller=SELLER)
    assert [(row.line, row.value) for row in file.rejected] == [(4, "nobody")]
    assert file.rows == 4


def test_other_countries_numbers_can_be_known() -> None:
    file = read(RecordKind.DNC, "number\n+44 20 7946 0100\n")
    assert file.records[0].e164 == "+442079460100"


@pytest.mark.parametrize(
    ("kind", "text", "told"),
    [
        (
            RecordKind.CONSENTS,
            "number,type,granted_at_utc\n555-01,pec,2026-01-01\n",
            (2, "555-01", "number: INVALID_NUMBER: "),
        ),
        (
            RecordKind.CONSENTS,
            "number,type,granted_at_utc\n2125550100,maybe,2026-01-01\n",
            (2, "maybe", "type: this word is not known"),
        ),
        (
            RecordKind.CONSENTS,
            "number,type,granted_at_utc\n2125550100,pec,\n",
            (2, "", "granted_at_utc: there is no time"),
        ),
        (
            RecordKind.CONSENTS,
            "number,type,granted_at_utc\n2125550100,pec\n",
            (2, "2125550100,pec", "the row has 2 cells, the header 3"),
        ),
        (
            RecordKind.LINES,
            "number,type,port_file_date\n2125550100,landline,13/13/2026\n",
            (2, "13/13/2026", "port_file_date: this is no date"),
        ),
        (
            RecordKind.RELATIONSHIPS,
            'number,type,at_utc\n2125550100,inquiry,"2026\n',
            (2, '2125550100,inquiry,"2026', "a quote is opened and never closed"),
        ),
        (
            RecordKind.RELATIONSHIPS,
            "number,type,at_utc\n2125550100,inqui\0ry,2026\n",
            (2, "2125550100,inquiry,2026", "the row has a NUL character"),
        ),
    ],
)
def test_a_row_that_cannot_be_read_is_refused_with_its_line(
    kind: RecordKind, text: str, told: tuple[int, str, str]
) -> None:
    line, value, reason = refused(kind, text)
    assert (line, value) == told[:2]
    assert reason.startswith(told[2])


def test_consent_names_its_seller() -> None:
    text = "number,type,granted_at_utc\n2125550100,pec,2026-01-01\n"
    line, _, reason = refused(RecordKind.CONSENTS, text, seller="")
    assert (line, reason) == (2, "seller: no seller is named")


@pytest.mark.parametrize("kind", RecordKind)
def test_a_missing_column_is_said(kind: RecordKind) -> None:
    with pytest.raises(OperatorError) as caught:
        read(kind, "phone,when\n2125550100,2026-01-01\n")
    assert len(caught.value.problems) == len(REQUIRED[kind])
    assert {problem.line for problem in caught.value.problems} == {1}
    assert all(problem.remedy for problem in caught.value.problems)


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("", "the file is empty"),
        ("number,answer\n\n", "a header but no rows"),
        ("number,answer,answer\n2125550100,no,yes\n", "is there 2 times"),
    ],
)
def test_a_file_nothing_can_be_read_of(text: str, told: str) -> None:
    with pytest.raises(OperatorError) as caught:
        read(RecordKind.RND, text)
    assert told in str(caught.value)


def test_a_profile_maps_headers_and_words(tmp_path: Path) -> None:
    file = tmp_path / "vendor.toml"
    file.write_text(
        'encoding = "cp1252"\n[columns]\nnumber = "Téléphone"\nanswer = "Result"\n'
        '[values.answer]\n"D" = "yes"\n"A" = "no"\n',
        encoding="utf-8",
    )
    profile = read_profile(file)
    content = "TÉLÉPHONE,Result,Id\n2125550100,D,7\n2125550101,A,8\n".encode("cp1252")
    found = read_records("vendor.csv", content, RecordKind.RND, NOW, profile=profile)
    assert [record.fact for record in found.records] == [
        RndAnswer(RndStatus.YES),
        RndAnswer(RndStatus.NO),
    ]
    assert found.records[0].proof == {"id": "7"}


def test_a_broken_profile_is_told_with_lines(tmp_path: Path) -> None:
    file = tmp_path / "vendor.toml"
    file.write_text(
        'encoding = "morse"\ncolums = 1\n[columns]\nnumber = 3\n[values]\nanswer = "yes"\n'
    )
    with pytest.raises(OperatorError) as caught:
        read_profile(file)
    assert [problem.line for problem in caught.value.problems] == [2, 1, 4, 6]


CELLS = st.lists(
    st.tuples(
        st.sampled_from(["2125550100", "nobody", "", "+442079460100", "800 555 0100"]),
        st.sampled_from(["pec", "pewc", "x", ""]),
        st.sampled_from(["2026-01-01", "2026-01-01T00:00+05:30", "never", ""]),
        st.sampled_from(["", "2026-02-01", "later"]),
    ),
    min_size=1,
    max_size=8,
)


@given(rows=CELLS, ending=st.sampled_from(["\n", "\r\n"]), mark=st.booleans())
def test_every_row_is_read_or_refused_and_costs_no_other(
    rows: list[tuple[str, str, str, str]], ending: str, mark: bool
) -> None:
    header = "number,type,granted_at_utc,revoked_at_utc"
    text = ending.join([header, *map(",".join, rows)])
    if all(not "".join(row) for row in rows):
        return
    file = read(RecordKind.CONSENTS, ("\ufeff" if mark else "") + text)
    alone = [
        len(read(RecordKind.CONSENTS, f"{header}\n{','.join(row)}").records)
        for row in rows
        if "".join(row)
    ]
    assert len(file.records) == sum(alone)
    lines = {record.line for record in file.records} | {row.line for row in file.rejected}
    assert len(lines) == file.rows == len(alone)
