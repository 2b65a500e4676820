"""Rows handed out as files that spreadsheets may open."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Iterator, Sequence
from itertools import islice

from starlette.responses import StreamingResponse

_FORMULA_STARTS = frozenset("=+-@＝＋－＠")
_ROWS_PER_CHUNK = 500


def safe_cell(value: str) -> str:
    """The value as a spreadsheet may open it. Text from strangers that would be run as a formula
    (its first visible character is `=`, `+`, `-` or `@`, or it starts with a tab or a line break)
    gets a quote mark in front, which spreadsheets read as "this is text"."""
    if value[:1] in ("\t", "\r", "\n") or value.lstrip()[:1] in _FORMULA_STARTS:
        return f"'{value}"
    return value


def csv_download(
    filename: str, header: Sequence[str], rows: Iterable[Sequence[str]]
) -> StreamingResponse:
    """The rows as a CSV file (RFC 4180) in UTF-8; its byte order mark tells spreadsheets so.
    `filename` is ASCII without quotes. Written in a thread, some rows at a time."""

    def chunks() -> Iterator[bytes]:
        yield "\ufeff".encode()
        remaining = iter([header, *rows])
        while batch := list(islice(remaining, _ROWS_PER_CHUNK)):
            text = io.StringIO()
            csv.writer(text).writerows([safe_cell(cell) for cell in row] for row in batch)
            yield text.getvalue().encode()

    return StreamingResponse(
        chunks(),
        media_type="text/csv; charset=utf-8",
        headers={"Content-Disposition": f'attachment; filename="{filename}"'},
    )
