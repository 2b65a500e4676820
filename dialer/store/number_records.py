"""What is known of numbers, as rows of table `number_record`: pure, and the same for every store.

A record's identity is what tells it apart from others of its kind about the same number. A later
file that holds it again takes its place, but never so that less stands against a call: a consent
once revoked stays revoked, an answer "reassigned" stays one, a line's facts go back to no older
port file, the last contact moves forward only.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from pydantic import TypeAdapter

from dialer.audit.chain import canonical_json
from dialer.compliance.business_days import honour_by
from dialer.floor.requests import entry_of, list_of
from dialer.model.events import NumbersSuppressed, RecordsChanged, StoreEvent
from dialer.model.instant import EPOCH, Instant
from dialer.model.journal import EntryKind, JournalEntry, JsonValue
from dialer.model.record_files import (
    SELLER_ONLY,
    DncRequest,
    Fact,
    NumberRecord,
    RecordFile,
    RecordKind,
    RecordsReport,
    VerifiedContact,
)
from dialer.model.records import (
    NO_RECORDS,
    Consent,
    Line,
    NumberRecords,
    Relationship,
    Revocation,
    RndAnswer,
    RndStatus,
)
from dialer.model.suppression import Suppression, SuppressionSource

Key = tuple[str, str]
"""An E.164 number and a record's identity, of one kind."""

_ADAPTERS: Mapping[RecordKind, TypeAdapter[Any]] = {
    RecordKind.CONSENTS: TypeAdapter(Consent),
    RecordKind.RELATIONSHIPS: TypeAdapter(Relationship),
    RecordKind.REVOCATIONS: TypeAdapter(Revocation),
    RecordKind.RND: TypeAdapter(RndAnswer),
    RecordKind.LINES: TypeAdapter(Line),
    RecordKind.CONTACTS: TypeAdapter(VerifiedContact),
}
PIECE = 1_000
"""Records stored in one transaction, and told in one event."""

_AGAINST_A_CALL = (RndStatus.NO, RndStatus.NO_DATA, RndStatus.YES)
"""Answers to one question, the one that forbids most last."""


@dataclass(frozen=True, slots=True)
class TakenIn:
    """What storing some records comes to: rows of `number_record` to put (in the place of those
    with their key), entries to write, and what is said afterwards. `known` records said nothing
    new. `may_free`: a call that was refused may be lawful on what they say."""

    loaded: int
    known: int
    rows: tuple[dict[str, Any], ...] = ()
    suppressions: tuple[Suppression, ...] = ()
    may_free: bool = False

    @property
    def entries(self) -> Iterator[JournalEntry]:
        """What the journal says of it: each request by itself."""
        return map(entry_of, self.suppressions)

    @property
    def numbers(self) -> tuple[str, ...]:
        """The numbers of which something changed, each once."""
        return tuple(dict.fromkeys(row["e164"] for row in self.rows))

    def events(self, records: Mapping[str, NumberRecords]) -> Iterator[StoreEvent]:
        """What a running floor is told; `records` of every one of `numbers`, as they are now."""
        if records:
            yield RecordsChanged(records)
        if self.suppressions:
            yield NumbersSuppressed(self.suppressions)


def pieces(file: RecordFile) -> Iterator[RecordFile]:
    """The file in parts small enough that nobody waits long for one to be stored."""
    for start in range(0, len(file.records), PIECE):
        yield replace(file, records=file.records[start : start + PIECE])


def taken_in(piece: RecordFile, there: Mapping[Key, str], now: Instant, by: str) -> TakenIn:
    """What storing a part of a file comes to. `there`: the values of its kind its numbers have
    already (of requests not to be called the store keeps the first by itself)."""
    if piece.kind is RecordKind.DNC:
        requests = _requests_in(piece, now, by)
        return TakenIn(len(requests), len(piece.records) - len(requests), (), requests)
    rows, known = _rows(piece, there, now)
    may_free = piece.kind is not RecordKind.REVOCATIONS
    return TakenIn(len(piece.records) - known, known, rows, may_free=may_free)


def report_of(file: RecordFile, parts: Sequence[TakenIn]) -> RecordsReport:
    """What the person who imported the whole file is told."""
    loaded, known = sum(part.loaded for part in parts), sum(part.known for part in parts)
    return RecordsReport(file.kind, file.name, file.rows, loaded, known, file.rejected)


def imported_entry(report: RecordsReport, sha256: str, now: Instant, by: str) -> JournalEntry:
    """What the journal says of the whole file."""
    data: dict[str, JsonValue] = {
        "kind": report.kind,
        "file": report.file,
        "sha256": sha256,
        "rows": report.rows,
        "loaded": report.loaded,
        "known": report.known,
        "rejected": len(report.rejected),
        "by": by,
    }
    return JournalEntry(EntryKind.RECORDS_IMPORTED, now, data=data)


def _rows(
    file: RecordFile, there: Mapping[Key, str], now: Instant
) -> tuple[tuple[dict[str, Any], ...], int]:
    """The rows that are new or say more, and how many records of the file do not."""
    fresh: dict[Key, dict[str, Any]] = {}
    values = dict(there)
    known = 0
    for record in file.records:
        key = (record.e164, identity(record.fact))
        before = values.get(key)
        value = _value(file.kind, record, before)
        if value == before:
            known += 1
            continue
        known += key in fresh
        values[key] = value
        fresh[key] = {
            "e164": record.e164,
            "kind": str(file.kind),
            "identity": key[1],
            "at": _instant(record.fact),
            "value_json": value,
            "file_sha256": file.sha256,
            "line": record.line,
            "imported_at": now,
        }
    return tuple(fresh.values()), known


def identity(fact: Fact) -> str:
    """What tells this record apart from others of its kind about the same number."""
    parts: list[JsonValue]
    match fact:
        case Consent():
            parts = [fact.seller, fact.type, fact.granted_at, fact.scope]
        case Relationship():
            parts = [fact.seller, fact.type, fact.at]
        case Revocation():
            parts = [fact.seller, fact.channel, fact.at, fact.text]
        case RndAnswer():
            asked = fact.asked_date.isoformat() if fact.asked_date else None
            parts = [asked, fact.queried_at]
        case Line() | VerifiedContact():
            parts = []
        case DncRequest():
            raise TypeError("requests not to be called are suppressions, not records")
    return canonical_json(parts)


def _requests_in(file: RecordFile, now: Instant, by: str) -> tuple[Suppression, ...]:
    """The suppressions a file of requests stands for, in force from the import on, each once.

    Where a row does not say to whom the request was made, or for whom alone, it binds everyone."""
    found: dict[tuple[str, str, str], Suppression] = {}
    for record in file.records:
        fact = record.fact
        assert isinstance(fact, DncRequest), "a file of one kind"
        asked_at = fact.requested_at if fact.requested_at is not None else now
        suppression = Suppression(
            e164=record.e164,
            source=SuppressionSource.REQUEST,
            list_name=list_of(fact.source),
            since=now,
            seller=fact.seller,
            affiliates=fact.scope != SELLER_ONLY,
            channel=fact.source,
            received_at=fact.requested_at,
            deadline_at=honour_by(asked_at),
            asked_by=record.proof.get("actor", ""),
            evidence=record.proof.get("evidence_ref", "") or f"{file.name} line {record.line}",
            by=by,
        )
        found.setdefault((record.e164, suppression.list_name, fact.seller), suppression)
    return tuple(found.values())


def records_from(rows: Iterable[tuple[str, str]]) -> NumberRecords:
    """What rows of one number (kind and value, ordered by kind, instant and
    identity) say together."""
    facts: dict[RecordKind, list[Any]] = {}
    for kind, value in rows:
        known = RecordKind(kind)
        facts.setdefault(known, []).append(_fact(known, value))
    if not facts:
        return NO_RECORDS
    lines: list[Line] = facts.get(RecordKind.LINES, [])
    contacts: list[VerifiedContact] = facts.get(RecordKind.CONTACTS, [])
    return NumberRecords(
        consents=tuple(facts.get(RecordKind.CONSENTS, ())),
        relationships=tuple(facts.get(RecordKind.RELATIONSHIPS, ())),
        revocations=tuple(facts.get(RecordKind.REVOCATIONS, ())),
        rnd=tuple(facts.get(RecordKind.RND, ())),
        line=lines[0] if lines else NO_RECORDS.line,
        last_verified_contact=contacts[0].at if contacts else None,
    )


def _fact(kind: RecordKind, value: str) -> Any:
    return _ADAPTERS[kind].validate_json(value)


def _value(kind: RecordKind, record: NumberRecord, before: str | None) -> str:
    """The record as it is kept: the fact, with the proof where pydantic passes it over."""
    fact, proof = record.fact, dict(record.proof)
    if before is not None:
        fact = _together(_fact(kind, before), fact)
        proof = {**_proof(before), **proof}
    data: dict[str, JsonValue] = _ADAPTERS[kind].dump_python(
        fact, mode="json", exclude_defaults=True
    )
    if proof:
        data[PROOF] = dict(proof)
    return canonical_json(data)


PROOF = "proof"
"""Where a record's other columns stand beside its own."""


def _proof(value: str) -> dict[str, str]:
    found = _JSON.validate_json(value).get(PROOF, {})
    return dict(found)


_JSON: TypeAdapter[dict[str, Any]] = TypeAdapter(dict[str, Any])


def _together(old: Fact, new: Fact) -> Fact:
    """The same record, said again."""
    match old, new:
        case Consent(), Consent():
            revoked = [at for at in (old.revoked_at, new.revoked_at) if at is not None]
            return replace(
                new,
                revoked_at=min(revoked, default=None),
                evidence=new.evidence or old.evidence,
            )
        case RndAnswer(), RndAnswer():
            return max(old, new, key=lambda fact: _AGAINST_A_CALL.index(fact.answer))
        case Line(), Line():
            dates = (old.port_file_date, new.port_file_date)
            return old if dates[0] and dates[1] and dates[1] < dates[0] else new
        case VerifiedContact(), VerifiedContact():
            return max(old, new, key=lambda fact: fact.at)
    return new


def _instant(fact: Fact) -> Instant:
    match fact:
        case Consent():
            return fact.granted_at
        case RndAnswer():
            return fact.queried_at or EPOCH
        case Relationship() | Revocation() | VerifiedContact():
            return fact.at
        case _:
            return EPOCH
