"""`dialer screen LEADS.csv`: what the gate would say to every row of a lead file, before a load.

The file is read once, in order; chunks of its rows are screened by processes of their own and come
back in order, so memory does not grow with the report.
"""

from __future__ import annotations

import gc
import os
from collections import Counter, deque
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from itertools import islice
from multiprocessing import get_context
from pathlib import Path
from tempfile import TemporaryDirectory

from dialer.compliance.calling_window import TZDATA_VERSION
from dialer.compliance.location import tables_version
from dialer.intake.csv_rows import Row
from dialer.intake.lead_csv import LeadHeader, LeadText, no_rows, open_leads, repeated
from dialer.intake.scrub_rows import (
    ALLOW,
    COLUMNS,
    DUPLICATE,
    REJECTED,
    ScrubRow,
    csv_line,
    rejected_row,
)
from dialer.model.audit_reports import ListFreshness
from dialer.model.errors import OperatorError, Problem
from dialer.model.instant import Instant, rfc3339
from dialer.service.list_shelf import SHELF, freshness, shelve
from dialer.service.loading import OperatorData
from dialer.service.scrubbing import Known, Scrubber
from dialer.settings import Settings

CHUNK = 2_000
"""Rows screened at a time."""

ALONE = 20_000
"""A file of fewer lines is screened in this process: starting others takes longer."""

_IN_FLIGHT = 3
"""Chunks handed out for each process: enough that none waits, few enough for the memory."""


@dataclass(slots=True)
class ScrubReport:
    """What a whole file comes to. `later` and `never` count refused leads by primary reason, and
    tell whether waiting frees them; `rejected` counts rows that are no leads, `duplicates` among
    them. `next_at`: the earliest instant at which one of `later` may be called. `lists`: the copies
    asked. `database`: whether consents, requests and earlier calls were known."""

    file: str
    campaign: str
    at: str
    out: str
    ruleset: str
    tzdata: str
    tables: str
    database: bool
    lists: tuple[ListFreshness, ...]
    rows: int = 0
    allowed: int = 0
    later: Counter[str] = field(default_factory=Counter)
    never: Counter[str] = field(default_factory=Counter)
    rejected: Counter[str] = field(default_factory=Counter)
    next_at: Instant | None = None

    @property
    def duplicates(self) -> int:
        """Rows whose number stands on an earlier line."""
        return self.rejected[DUPLICATE]

    def count(self, row: ScrubRow) -> None:
        """Take a row in."""
        self.rows += 1
        if row.verdict == ALLOW:
            self.allowed += 1
        elif row.verdict == REJECTED:
            self.rejected[row.primary] += 1
        elif row.next_at is None:
            self.never[row.primary] += 1
        else:
            self.later[row.primary] += 1
            self.next_at = row.next_at if self.next_at is None else min(self.next_at, row.next_at)

    def words(self) -> Iterator[str]:
        """The report for people."""
        refused, waiting = sum(self.never.values()), sum(self.later.values())
        yield (
            f"{self.file} for {self.campaign} at {self.at}: {self.rows} rows, {self.allowed} may "
            f"be called now, {waiting} later, {refused} never, {sum(self.rejected.values())} are "
            f"no leads ({self.duplicates} of them repeat a number)"
        )
        if self.next_at is not None:
            yield f"  later, the first at {rfc3339(self.next_at)}: {_tally(self.later)}"
        if refused:
            yield f"  never by waiting alone: {_tally(self.never)}"
        if self.rejected:
            yield f"  no leads: {_tally(self.rejected)}"
        for each in self.lists:
            stale = ", TOO OLD" if each.stale else ""
            yield (
                f"  list {each.name}: {each.entries} numbers, copy of "
                f"{rfc3339(each.obtained_at)[:10]} ({each.age_days} days old{stale}), version "
                f"{each.version or 'none'}"
            )
        if not self.database:
            yield (
                "  there is no database yet: no consents, relationships, requests not to be called "
                "or earlier calls are known"
            )
        yield f"  rules {self.ruleset}, zone data {self.tzdata}, {self.tables}"
        yield f"  every row with its reason: {self.out}"


def _tally(counted: Counter[str]) -> str:
    return ", ".join(f"{reason} {count}" for reason, count in counted.most_common())


@contextmanager
def lasting_lists(settings: Settings, data: OperatorData, now: Instant) -> Iterator[OperatorData]:
    """The same data with lists whose files other processes can open, as long as it lasts: where the
    data folder has no shelf yet, one is made and taken away again."""
    if (settings.data / SHELF).is_dir():
        yield data
        return
    with TemporaryDirectory(prefix="dialer-lists-") as folder:
        yield replace(data, shelf=shelve(settings.dnc_lists, Path(folder), now))


def scrub(
    known: Known,
    content: bytes,
    report: ScrubReport,
    progress: Callable[[float], None],
    processes: int | None = None,
    chunk: int = CHUNK,
) -> None:
    """Screen every row of a lead file, and write what was said to `report.out`: whole, or not at
    all. `processes`: as many as there are processors, without a word; 0 is this one alone.

    Raises OperatorError where the file or a list cannot be read, or the report cannot be written;
    JournalFault where the database cannot be read.
    """
    text = open_leads(report.file, content, known.campaign.lists[0], known.enabled)
    if processes is None:
        few = len(text.lines) < ALONE
        processes = 0 if few else len(os.sched_getaffinity(0))
    out = Path(report.out)
    partial = out.with_name(f"{out.name}.partial")
    try:
        with partial.open("w", encoding="utf-8-sig", newline="") as file:
            file.write(csv_line(COLUMNS))
            first_lines: dict[str, int] = {}
            for rows, answers in _answers(known, text, processes, chunk):
                told = [
                    _told_once(row, answer, text.header, first_lines)
                    for row, answer in zip(rows, answers, strict=True)
                ]
                for each in told:
                    report.count(each)
                file.write("".join([each.text for each in told]))
                progress(rows[-1].last_line / len(text.lines))
        if not report.rows:
            raise no_rows(report.file)
        partial.replace(out)
    except OSError as error:
        raise OperatorError(
            Problem(
                str(out),
                None,
                f"the report cannot be written: {error.strerror or error}",
                "",
                "Name a file in a folder that exists and has room.",
            )
        ) from error
    finally:
        partial.unlink(missing_ok=True)


def new_report(name: str, known: Known, data: OperatorData, out: Path) -> ScrubReport:
    """The report of a file nothing of which is screened yet."""
    lists = freshness(data.shelf, known.ruleset, known.at) if data.shelf is not None else ()
    return ScrubReport(
        file=name,
        campaign=known.campaign.name,
        at=rfc3339(known.at),
        out=str(out),
        ruleset=known.ruleset.label,
        tzdata=TZDATA_VERSION,
        tables=tables_version(),
        database=known.records is not None,
        lists=lists,
    )


def _told_once(
    row: Row, answer: ScrubRow, header: LeadHeader, first_lines: dict[str, int]
) -> ScrubRow:
    """The answer; for a number that stood on an earlier line, that."""
    if not answer.e164:
        return answer
    first = first_lines.setdefault(answer.e164, answer.line)
    if first == answer.line:
        return answer
    raw = row.cells[header.phone]
    return rejected_row(repeated(answer.line, raw, answer.e164, first), DUPLICATE)


def _answers(
    known: Known, text: LeadText, processes: int, chunk: int
) -> Iterator[tuple[list[Row], list[ScrubRow]]]:
    """Chunks of the file's rows in order, each row with its answer."""
    rows = text.rows()
    chunks = iter(lambda: list(islice(rows, chunk)), [])
    if not processes:
        scrubber = Scrubber(known, text.header)
        for part in chunks:
            yield part, scrubber.rows(part)
        return
    # Started afresh and not forked: this process has threads.
    with ProcessPoolExecutor(processes, get_context("spawn"), _start, (known, text.header)) as pool:
        handed_out: deque[tuple[list[Row], Future[list[ScrubRow]]]] = deque()
        try:
            for part in chunks:
                handed_out.append((part, pool.submit(_scrub_part, part)))
                if len(handed_out) > _IN_FLIGHT * processes:
                    given, answer = handed_out.popleft()
                    yield given, answer.result()
            while handed_out:
                given, answer = handed_out.popleft()
                yield given, answer.result()
        except BrokenProcessPool as error:
            raise OperatorError(
                Problem(
                    "screen",
                    None,
                    "a process that screened leads was ended from outside, or could not start",
                    "",
                    "Look whether the machine ran out of memory, and run the command again.",
                )
            ) from error
        finally:
            pool.shutdown(cancel_futures=True)


_scrubber: Scrubber | None = None
"""Of a process started for a scrub, made once."""


def _start(known: Known, header: LeadHeader) -> None:
    global _scrubber
    _scrubber = Scrubber(known, header)
    # Nothing a decision makes refers back to itself: looking for that costs a fifth of the time.
    gc.disable()


def _scrub_part(rows: list[Row]) -> list[ScrubRow]:
    assert _scrubber is not None, "_start ran first"
    return _scrubber.rows(rows)
