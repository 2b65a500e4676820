"""Rows and entries behind auditors' questions: pure, and the same for every store."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Mapping
from typing import Any

from dialer.model.audit_reports import (
    Listing,
    RecordLine,
    RefusalBucket,
    RulesetArchive,
    RulesetFile,
)
from dialer.model.calls import AttemptId, AttemptState
from dialer.model.drop_reports import AttemptOutcome
from dialer.model.errors import JournalFault
from dialer.model.instant import Instant
from dialer.model.journal import EntryKind, JournalEntry, JsonValue

ALLOWED = "ALLOW"
"""What stands for a reason code where a screening said yes and a dial was intended."""


def ruleset_entry(archive: RulesetArchive, now: Instant, by: str) -> JournalEntry:
    """The entry that says which rules are in force from now on."""
    files: list[JsonValue] = [{"name": f.name, "sha256": f.sha256} for f in archive.files]
    data: dict[str, JsonValue] = {
        "label": archive.label,
        "sha256": archive.sha256,
        "files": files,
        "overlays": list(archive.overlays),
        "by": by,
    }
    return JournalEntry(EntryKind.RULESET_IN_FORCE, now, data=data)


def wanted_files(data: Mapping[str, Any]) -> list[str]:
    """The SHA-256 of each file a RULESET_IN_FORCE entry names."""
    return [file["sha256"] for file in data["files"]]


def archive_of(data: Mapping[str, Any], contents: Mapping[str, bytes]) -> RulesetArchive:
    """The archive an entry names, with what is kept under each SHA-256.

    Raises JournalFault where a file is missing or no longer what it was."""
    files = []
    for file in data["files"]:
        name, sha256 = file["name"], file["sha256"]
        content = contents.get(sha256)
        if content is None or hashlib.sha256(content).hexdigest() != sha256:
            lost = "is missing" if content is None else "was changed"
            raise JournalFault(f"the file {name} of ruleset {data['label']} {lost} in the archive")
        files.append(RulesetFile(name, sha256, content))
    return RulesetArchive(data["label"], data["sha256"], tuple(files), tuple(data["overlays"]))


def outcome_of(row: Mapping[str, Any]) -> AttemptOutcome:
    """An ended row of table `call_attempt`."""
    times = json.loads(row["times_json"])
    verdict = json.loads(row["verdict_json"]) or {}
    return AttemptOutcome(
        attempt_id=AttemptId(row["attempt_id"]),
        dialled_at=Instant(row["dialled_at"]),
        ringing_at=times.get(AttemptState.RINGING),
        answered_at=row["answered_at"],
        greeting_ended_at=verdict.get("greeting_ended_at"),
        verdict_at=verdict.get("at") or times.get(AttemptState.WAITING),
        bridged_at=row["bridged_at"],
        message_at=times.get(AttemptState.MESSAGE),
        ended_at=Instant(row["ended_at"]),
        live=bool(row["live"]),
        dropped=bool(row["dropped"]),
        placed=bool(row["placed"]),
        cause=row["cause"],
        status=row["status"],
    )


def listing_of(row: Mapping[str, Any], imported_at: Mapping[str, int]) -> Listing:
    """A row of table `lead`; `imported_at`: of the campaign's files, by name."""
    at = imported_at.get(row["list_name"])
    return Listing(
        row["campaign"],
        row["list_name"],
        row["line"],
        row["raw_number"],
        row["address_state"],
        None if at is None else Instant(at),
    )


def record_line_of(row: Mapping[str, Any]) -> RecordLine:
    """A row of table `number_record`."""
    return RecordLine(
        row["kind"],
        Instant(row["at"]),
        json.loads(row["value_json"]),
        row["file_sha256"],
        row["line"],
        Instant(row["imported_at"]),
    )


def buckets_of(
    rows: Iterable[tuple[int, str, int]], since: Instant, bucket_ms: int
) -> tuple[RefusalBucket, ...]:
    """Hours (hour, code, how many), drawn together; buckets are counted from `since`."""
    found: dict[int, dict[str, int]] = {}
    for hour_at, code, count in rows:
        start = since + (hour_at - since) // bucket_ms * bucket_ms
        codes = found.setdefault(start, {})
        codes[code] = codes.get(code, 0) + count
    return tuple(
        RefusalBucket(
            Instant(start),
            codes.get(ALLOWED, 0),
            {code: codes[code] for code in sorted(codes) if code != ALLOWED},
        )
        for start, codes in sorted(found.items())
    )
