"""Lead files: every row is loaded or refused with its line, and one bad row costs no good one."""

from __future__ import annotations

import csv
import hashlib
import io
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dialer.intake.csv_rows import LONGEST_CELL, write_refusals
from dialer.intake.lead_csv import read_leads
from dialer.model.campaigns import ListSource
from dialer.model.errors import OperatorError, Problem
from dialer.model.leads import LeadFile, RejectedRow

SOURCE = ListSource("leads.csv", "Phone", {"first_name": "First Name", "city": "City"})
HEADER = "First Name,Phone,City\n"


def read(text: str | bytes, source: ListSource = SOURCE) -> LeadFile:
    return read_leads("leads.csv", text.encode() if isinstance(text, str) else text, source)


def refusal(text: str | bytes, source: ListSource = SOURCE) -> Problem:
    with pytest.raises(OperatorError) as caught:
        read(text, source)
    return caught.value.problems[0]


def numbers(file: LeadFile) -> list[str]:
    return [lead.number.e164 for lead in file.leads]


def test_a_good_file() -> None:
    content = (HEADER + 'Ann,(212) 555-0123,"New York, NY"\nBo,312-555-0124,Chicago\n').encode()
    file = read(content)
    assert numbers(file) == ["+12125550123", "+13125550124"]
    assert file.leads[0].fields == {"first_name": "Ann", "city": "New York, NY"}
    assert file.leads[0].raw_number == "(212) 555-0123"
    assert [lead.line for lead in file.leads] == [2, 3]
    assert (file.rows, file.rejected, file.name) == (2, (), "leads.csv")
    assert file.sha256 == hashlib.sha256(content).hexdigest()


@pytest.mark.parametrize("delimiter", [",", ";", "\t"])
@pytest.mark.parametrize("ending", ["\n", "\r\n", "\r"])
@pytest.mark.parametrize("mark", ["", "\ufeff"])
def test_delimiters_line_endings_and_byte_order_marks(
    delimiter: str, ending: str, mark: str
) -> None:
    rows = [["First Name", "Phone", "City"], ["Ann, B; C", "2125550123", "X"], ["D", "1", "Y"]]
    stream = io.StringIO()
    csv.writer(stream, delimiter=delimiter, lineterminator=ending).writerows(rows)
    for encoding in ("utf-8-sig", "utf-8"):
        source = ListSource("leads.csv", "Phone", {"name": "First Name"}, encoding)
        file = read(mark + stream.getvalue(), source)
        assert numbers(file) == ["+12125550123"]
        assert file.leads[0].fields == {"name": "Ann, B; C"}
        assert [row.line for row in file.rejected] == [3]


def test_the_delimiter_is_the_one_that_makes_the_phone_column_appear() -> None:
    file = read("a,b,c,d;Phone;First Name;City\nx,y;2125550123;Ann;Y\n")
    assert numbers(file) == ["+12125550123"]


def test_lines_are_physical_lines_though_cells_span_several() -> None:
    file = read(HEADER + '"Ann\n\nMaria",2125550123,X\nBad,1,Y\n\n"Bo\r\nBo",3125550124,Z\nC,2,W\n')
    assert [lead.line for lead in file.leads] == [2, 7]
    assert [row.line for row in file.rejected] == [5, 9]
    assert file.leads[0].fields["first_name"] == "Ann\n\nMaria"


def test_a_header_that_spans_lines_and_starts_late() -> None:
    file = read('\n\n"First\nName",Phone,City\nAnn,2125550123,X\n', ListSource("x", "Phone", {}))
    assert [lead.line for lead in file.leads] == [5]


def test_ragged_rows() -> None:
    file = read(HEADER + "Ann,2125550123\nBo,3125550124,X,Y\nC,2125550125,Z\n")
    assert numbers(file) == ["+12125550125"]
    assert [(row.line, row.reason) for row in file.rejected] == [
        (2, "the row has 2 cells, the header 3"),
        (3, "the row has 4 cells, the header 3"),
    ]


def test_a_bad_number_is_refused_with_its_reason_and_a_remedy() -> None:
    file = read(HEADER + "Ann,212-555-TALK,X\n")
    (row,) = file.rejected
    assert (row.line, row.value) == (2, "212-555-TALK")
    assert row.reason == "INVALID_NUMBER: it has letters in it"
    assert row.remedy


def test_a_number_twice_keeps_the_first() -> None:
    file = read(HEADER + "Ann,2125550123,X\nBo,3125550124,Y\nC,+1 (212) 555-0123,Z\n")
    assert len(file.leads) == 2
    (row,) = file.rejected
    assert row.line == 4
    assert "line 2" in row.reason


@pytest.mark.parametrize(
    "bad",
    ['Ann,"2125550123,X', 'Ann,"212"5550123,X', '"' + "x\n" * 5 + "never closed"],
)
def test_a_stray_quote_costs_one_row(bad: str) -> None:
    file = read(HEADER + f'Bo,3125550124,Y\n{bad}\nC,"2125550125",Z\nD,2125550126,Z\n')
    assert numbers(file) == ["+13125550124", "+12125550125", "+12125550126"]
    assert file.rejected[0].line == 3
    assert "quote" in file.rejected[0].reason


def test_a_cell_of_ten_megabytes_is_refused_alone() -> None:
    huge = "x" * 10_000_000
    file = read(HEADER + f"Ann,2125550123,X\nBo,3125550124,{huge}\nC,2125550125,Z\n")
    assert numbers(file) == ["+12125550123", "+12125550125"]
    (row,) = file.rejected
    assert row.line == 3
    assert f"{LONGEST_CELL:,}" in row.reason
    assert len(row.value) < 200


def test_a_long_cell_below_the_limit_is_fine() -> None:
    file = read(HEADER + f"Ann,2125550123,{'x' * 900_000}\n")
    assert numbers(file) == ["+12125550123"]


def test_nul_characters() -> None:
    file = read(HEADER + "A\0nn,2125550123,X\nBo,3125550124,Y\n")
    assert numbers(file) == ["+13125550124"]
    assert "NUL" in file.rejected[0].reason


def test_missing_columns_name_those_found() -> None:
    problem = refusal("Name,Telephone\nAnn,2125550123\n")
    assert problem.line == 1
    assert "'Phone' is missing" in problem.message
    assert problem.value == "Name, Telephone"
    with pytest.raises(OperatorError) as caught:
        read("Phone\n2125550123\n")
    assert len(caught.value.problems) == 2, "First Name and City"


def test_a_wanted_column_twice() -> None:
    assert "2 times" in refusal("Phone,First Name,City,Phone\n1,2,3,4\n").message


@pytest.mark.parametrize("text", ["", "\n\n", "\ufeff"])
def test_an_empty_file(text: str) -> None:
    assert "empty" in refusal(text).message


def test_a_header_without_rows() -> None:
    assert "no rows" in refusal(HEADER + "\n\n").message


def test_a_header_that_cannot_be_split() -> None:
    assert "header cannot be read" in refusal('"First Name,Phone').message


def test_windows_text_read_as_utf8_names_the_line_and_the_way_out() -> None:
    content = (HEADER + "Ann,2125550123,X\nJosé,3125550124,Y\n").encode("cp1252")
    problem = refusal(content)
    assert problem.line == 3
    assert "cp1252" in problem.remedy
    told = ListSource("leads.csv", "Phone", {"first_name": "First Name"}, "cp1252")
    assert read(content, told).leads[1].fields == {"first_name": "José"}


def test_utf16_text_is_named_as_such() -> None:
    content = (HEADER + "Ann,2125550123,X\n").encode("utf-16")
    problem = refusal(content)
    assert "UTF-16" in problem.message
    assert "utf-16" in problem.remedy
    told = ListSource("leads.csv", "Phone", {}, "utf-16")
    assert numbers(read(content, told)) == ["+12125550123"]


@pytest.mark.parametrize("encoding", ["no-such", "base64", "idna"])
def test_an_encoding_that_cannot_be_used(encoding: str) -> None:
    refusal(HEADER + "Ä" * 80, ListSource("leads.csv", "Phone", {}, encoding))


def test_twenty_thousand_rows_all_load() -> None:
    rows = "".join(f"Ann,(212) {200 + n // 10_000}-{n % 10_000:04d},X\n" for n in range(20_000))
    file = read(HEADER + rows)
    assert (file.rows, len(file.leads)) == (20_000, 20_000)


def test_refusals_are_written_so_that_no_cell_is_a_formula(tmp_path: Path) -> None:
    path = tmp_path / "refused.csv"
    write_refusals(
        path,
        [
            RejectedRow(2, "=HYPERLINK(1)", "it's\nbad", "Mend, please."),
            RejectedRow(3, "+1 212", "@x", "-y"),
            RejectedRow(4, "ümlaut", "plain", ""),
        ],
    )
    with path.open(encoding="utf-8-sig", newline="") as stream:
        rows = list(csv.reader(stream))
    assert rows == [
        ["line", "value", "reason", "remedy"],
        ["2", "'=HYPERLINK(1)", "it's\nbad", "Mend, please."],
        ["3", "'+1 212", "'@x", "'-y"],
        ["4", "ümlaut", "plain", ""],
    ]


@given(
    st.one_of(st.binary(max_size=300), st.text(max_size=200).map(lambda t: (HEADER + t).encode()))
)
def test_any_bytes_are_read_or_refused(content: bytes) -> None:
    try:
        file = read(content)
    except OperatorError as error:
        assert error.problems
    else:
        assert file.rows == len(file.leads) + len(file.rejected) > 0


CELLS = st.text(
    st.one_of(st.sampled_from('",;\n\r\t =+\0é'), st.characters(codec="utf-8")), max_size=12
)
PHONES = st.one_of(
    st.integers(100, 199).map(lambda last: f"(212) 555-0{last}"), CELLS, st.just("8005550123")
)


@settings(max_examples=150)
@given(
    st.lists(st.tuples(CELLS, PHONES, CELLS), min_size=1, max_size=20),
    st.sampled_from([",", ";", "\t"]),
    st.sampled_from(["\n", "\r\n"]),
)
def test_every_row_is_loaded_or_refused_exactly_once_at_its_own_line(
    rows: list[tuple[str, str, str]], delimiter: str, ending: str
) -> None:
    stream = io.StringIO(newline="")
    # csv writes a lone carriage return without quotes where rows end in a line feed
    quote_all = any("\r" in cell for row in rows for cell in row)
    writer = csv.writer(
        stream,
        delimiter=delimiter,
        lineterminator=ending,
        quoting=csv.QUOTE_ALL if quote_all else csv.QUOTE_MINIMAL,
    )
    writer.writerow(("First Name", "Phone", "City"))
    lines = []
    for row in rows:
        lines.append(_line_number(stream.getvalue()))
        writer.writerow(row)
    file = read(stream.getvalue())
    told = sorted([lead.line for lead in file.leads] + [row.line for row in file.rejected])
    assert told == lines
    assert file.rows == len(rows)
    assert len(set(numbers(file))) == len(file.leads)
    by_line = dict(zip(lines, rows, strict=True))
    for lead in file.leads:
        name, phone, city = by_line[lead.line]
        assert lead.raw_number == phone
        assert lead.fields == {"first_name": name.strip(), "city": city.strip()}


def _line_number(text: str) -> int:
    """The number an editor would give the next line: CR, LF and CR LF each end one."""
    return text.replace("\r\n", "\n").replace("\r", "\n").count("\n") + 1


@given(st.lists(st.sampled_from(['"', ",", "\n", "2125550123", "x", '""', '","']), max_size=60))
def test_stray_quotes_never_lose_or_repeat_a_row(parts: list[str]) -> None:
    try:
        file = read(HEADER + "".join(parts))
    except OperatorError:
        return
    told = [lead.line for lead in file.leads] + [row.line for row in file.rejected]
    assert len(set(told)) == len(told) == file.rows


def test_the_address_is_read_where_the_list_says_so() -> None:
    source = ListSource("leads.csv", "Phone", {}, state_column="State", zip_column="ZIP")
    file = read_leads(
        "leads.csv", b"Phone,State,ZIP\n2125550123, ny ,10001-0001\n2125550124,,\n", source
    )
    assert [(lead.state, lead.postcode) for lead in file.leads] == [("NY", "10001-0001"), ("", "")]


def test_the_mark_of_the_person_is_read_where_the_list_says_so() -> None:
    source = ListSource("leads.csv", "Phone", {}, contact_column="Customer")
    content = b"Phone,Customer\n2125550123, K-17 \n2125550124,K-17\n2125550125,\n"
    file = read_leads("leads.csv", content, source)
    assert [lead.contact for lead in file.leads] == ["K-17", "K-17", ""]


def test_only_numbers_of_enabled_countries_make_leads() -> None:
    """Puerto Rico is under US rules; Guam and Canada are countries of their own in the plan."""
    source = ListSource("leads.csv", "Phone", {})
    content = b"Phone\n787 555 0123\n671 555 0123\n416 555 0123\n+44 20 7946 0123\n"
    file = read_leads("leads.csv", content, source)
    assert [lead.number.region for lead in file.leads] == ["US"]
    assert all(row.reason.startswith("JURISDICTION_NOT_ENABLED") for row in file.rejected)
    assert [row.line for row in file.rejected] == [3, 4, 5]
    file = read_leads("leads.csv", content, source, frozenset({"GU", "GB"}))
    assert [lead.number.region for lead in file.leads] == ["GU", "GB"]


def test_an_address_column_that_is_not_there_is_said() -> None:
    source = ListSource("leads.csv", "Phone", {}, state_column="State", zip_column="ZIP")
    with pytest.raises(OperatorError) as caught:
        read_leads("leads.csv", b"Phone,State\n2125550123,NY\n", source)
    (problem,) = caught.value.problems
    assert (problem.line, problem.message) == (1, "the column 'ZIP' is missing")
