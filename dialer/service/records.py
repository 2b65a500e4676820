"""Files of what is known of numbers, stored: by a running service, or by a command without one."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from functools import partial
from pathlib import Path

import trio

from dialer.intake.csv_rows import write_refusals
from dialer.intake.record_files import read_records
from dialer.intake.record_profile import NO_PROFILE, read_profile
from dialer.model.errors import OperatorError, Problem
from dialer.model.instant import Instant
from dialer.model.leads import RejectedRow
from dialer.model.record_files import (
    SELLER_ONLY,
    DncRequest,
    NumberRecord,
    RecordFile,
    RecordKind,
    RecordsReport,
)
from dialer.model.suppression import plain_name
from dialer.store.port import Store


def read_record_file(
    path: Path, kind: RecordKind, now: Instant, seller: str, profile: Path | None
) -> RecordFile:
    """Read a file from disk. Raises OperatorError where it, or the profile, cannot be read."""
    layout = NO_PROFILE if profile is None else read_profile(profile)
    try:
        content = path.read_bytes()
    except OSError as error:
        reason = f"the file cannot be read: {error.strerror or error}"
        raise OperatorError(Problem(str(path), None, reason, "", "Check its name.")) from error
    return read_records(path.name, content, kind, now, seller, layout)


async def store_records(
    store: Store, file: RecordFile, sellers: Iterable[str], now: Instant, by: str, data: Path
) -> RecordsReport:
    """Store a parsed file's good rows; its refused ones also go to a CSV file under `data`.
    `sellers`: those the campaigns call for."""
    report = await store.import_records(_binding(file, sellers), now, by)
    if not report.rejected:
        return report
    name = f"{file.kind.lower()}-{Path(file.name).stem}-{file.sha256[:8]}.csv"
    refusals = data / "refusals" / name
    await trio.Path(refusals.parent).mkdir(parents=True, exist_ok=True)
    await trio.to_thread.run_sync(partial(write_refusals, refusals, report.rejected))
    return replace(report, refusals_file=str(refusals))


def _binding(file: RecordFile, sellers: Iterable[str]) -> RecordFile:
    """A request made to a seller nobody calls for would bind nobody, by a slip of the pen perhaps:
    it is taken to bind everyone, and listed."""
    if file.kind is not RecordKind.DNC:
        return file
    known = {plain_name(seller) for seller in sellers}
    records: list[NumberRecord] = []
    doubts: list[RejectedRow] = []
    for record in file.records:
        fact = record.fact
        assert isinstance(fact, DncRequest), "a file of one kind"
        unknown = fact.seller and plain_name(fact.seller) not in known
        if fact.scope == SELLER_ONLY and unknown:
            record = replace(record, fact=replace(fact, scope=""))
            doubts.append(
                RejectedRow(
                    record.line,
                    fact.seller,
                    "no campaign calls for this seller; the row was taken to bind everyone",
                    "Correct the seller's name, or leave it so.",
                )
            )
        records.append(record)
    rejected = sorted((*file.rejected, *doubts), key=lambda row: row.line)
    return replace(file, records=tuple(records), rejected=tuple(rejected))
