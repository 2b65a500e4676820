"""Everything known of a number, in time order and plain words."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from dialer.audit.explain import screening_of
from dialer.audit.words import (
    Json,
    channel_words,
    consent_words,
    duration,
    flag,
    instant,
    line_words,
    relationship_words,
    revocation_words,
    rnd_words,
    stamp,
    table,
    tables,
    text,
    texts,
    values_words,
    whole,
)
from dialer.model.audit_reports import (
    ERASED,
    Listing,
    RecordLine,
    RequestTrace,
    Trace,
    TraceLine,
)
from dialer.model.calls import AttemptState
from dialer.model.instant import EPOCH
from dialer.model.journal import EntryKind, StoredEntry
from dialer.model.record_files import RecordKind
from dialer.model.screening import ReasonCode
from dialer.model.suppression import plain_name

LISTED = "LISTED"
"""The kind of a trace line that is a row of a lead file."""


def trace(
    number: str,
    entries: Sequence[StoredEntry],
    listings: Sequence[Listing] = (),
    records: Sequence[RecordLine] = (),
) -> Trace:
    """The trace of a number: its entries (oldest first), its rows of lead files and of records."""
    lines = [*map(_listing_line, listings), *map(_record_line, records)]
    lines += [line_of(stored) for stored in entries]
    # Rows of files have no place in the journal's order: they come first at their instant.
    lines.sort(key=lambda line: (line.at, -1 if line.seq is None else line.seq))
    attempts = dict.fromkeys(
        stored.entry.attempt_id for stored in entries if stored.entry.attempt_id is not None
    )
    erased = any(stored.erased for stored in entries)
    return Trace(
        number=number or ERASED,
        lines=tuple(lines),
        requests=tuple(_requests(entries)),
        attempts=tuple(attempts),
        erased=erased or any(stored.entry.kind is EntryKind.ERASED for stored in entries),
    )


def line_of(stored: StoredEntry) -> TraceLine:
    """One entry in plain words."""
    entry = stored.entry
    words = " ".join(part for part in _words(stored) if part)
    words = words.replace(" ;", ";").replace(" .", ".")
    if stored.clock_shift_ms:
        words += " (The clock was shifted.)"
    return TraceLine(entry.at, stored.seq, str(entry.kind), entry.campaign, entry.attempt_id, words)


# --- entries in words -----------------------------------------------------------------------------


def _words(stored: StoredEntry) -> Iterator[str]:
    entry = stored.entry
    data: Json = entry.data
    match entry.kind:
        case EntryKind.DIAL_INTENDED:
            yield f"Attempt {entry.attempt_id} is to be dialled for {text(data, 'seller')}"
            yield f"({text(data, 'mode').lower() or 'in no mode named'}), showing"
            yield f"{text(data, 'caller_id') or 'no number'}."
            yield from _allowed(screening_of(stored), data)
        case EntryKind.REFUSED:
            stage = (
                "at the instant of the dial" if text(data, "stage") == "dial" else "when offered"
            )
            yield f"Refused {stage}: {', '.join(texts(data, 'codes')) or 'no code'}."
            yield text(data, "explain")
        case EntryKind.BRIDGED:
            yield f"Attempt {entry.attempt_id}: connected to agent {entry.agent}."
        case EntryKind.ATTEMPT_ENDED:
            yield from _ended(stored)
        case EntryKind.DISPOSED:
            yield f"Agent {entry.agent} chose {text(data, 'disposition')}."
            callback = instant(data, "callback_at")
            yield f"Callback promised for {stamp(callback)}." if callback is not None else ""
        case EntryKind.SUPPRESSED:
            yield from _suppressed(stored)
        case EntryKind.SUPPRESSION_LIFTED:
            seller = text(data, "seller")
            yield f"The request not to be called{f' of {seller}' if seller else ''} was taken back"
            yield f"by {entry.agent or 'nobody named'}: {_personal(stored, 'because')}."
        case EntryKind.ERASED:
            yield f"{whole(data, 'values') or 0} personal values were erased by {text(data, 'by')}:"
            yield f"{text(data, 'because')}."
        case _:
            yield str(entry.kind).replace("_", " ").capitalize() + "."


def _allowed(screening: Json, data: Json) -> Iterator[str]:
    decision = table(screening, "decision")
    ruleset = text(decision, "ruleset") or text(data, "ruleset")
    yield f"Allowed under ruleset {ruleset}" if ruleset else "Allowed"
    exemptions = texts(decision, "exemptions")
    yield f"by {', '.join(exemptions)}." if exemptions else "by every rule."


def _ended(stored: StoredEntry) -> Iterator[str]:
    data: Json = stored.entry.data
    placed = str(AttemptState.DIALLING) in table(data, "times")
    yield f"Attempt {stored.entry.attempt_id} ended: {text(data, 'disposition')}"
    yield f"({text(data, 'cause')}, {text(data, 'blame').lower()})."
    if not placed:
        yield "Nothing was placed."
        return
    verdict = text(table(data, "verdict"), "kind")
    if flag(data, "dropped"):
        yield "A person answered and no agent was there in time."
    elif flag(data, "answered"):
        yield f"Answered{f' by what the detector took for {verdict}' if verdict else ''}."
    talk_ms = whole(data, "talk_ms") or 0
    yield f"Talked for {duration(talk_ms)}." if talk_ms else ""


def _suppressed(stored: StoredEntry) -> Iterator[str]:
    data: Json = stored.entry.data
    seller, by = text(data, "seller"), stored.entry.agent
    yield f"Asked not to be called, by {channel_words(text(data, 'channel'))}"
    yield f"({text(data, 'list')}), to {seller or 'everyone'}"
    yield "and whoever else calls from here;" if flag(data, "affiliates") else ";"
    yield f"asked by {_personal(stored, 'asked_by')}, proof: {_personal(stored, 'evidence')}"
    yield f"; entered by {by}." if by else "."
    received, deadline = instant(data, "received_at"), instant(data, "deadline_at")
    yield f"Received {stamp(received)}." if received is not None else ""
    yield "In force at once"
    yield f"(legal deadline {stamp(deadline)})." if deadline is not None else "."


def _personal(stored: StoredEntry, name: str) -> str:
    if name in stored.erased:
        return "erased"
    return stored.entry.personal.get(name, "") or "nothing noted"


# --- rows of files --------------------------------------------------------------------------------


def _listing_line(listing: Listing) -> TraceLine:
    words = (
        f"In the lead file {listing.list_name}, line {listing.line}, of campaign "
        f"{listing.campaign}, written {listing.raw_number!r}"
        f"{f', address in {listing.state}' if listing.state else ''}."
    )
    return TraceLine(listing.imported_at or EPOCH, None, LISTED, listing.campaign, None, words)


def _record_line(record: RecordLine) -> TraceLine:
    spell = {
        RecordKind.CONSENTS: consent_words,
        RecordKind.RELATIONSHIPS: relationship_words,
        RecordKind.REVOCATIONS: revocation_words,
        RecordKind.RND: rnd_words,
        RecordKind.LINES: line_words,
    }
    kind = next((each for each in spell if each == record.kind), None)
    words = (
        "Spoke with the person we meant to reach." if kind is None else spell[kind](record.value)
    )
    proof = values_words(table(record.value, "proof"))
    kept = f" Proof: {'; '.join(f'{name} {said}' for name, said in proof)}." if proof else ""
    source = f"Line {record.line} of the file {record.file_sha256[:12]}"
    return TraceLine(
        record.at if record.at > EPOCH else record.imported_at,
        None,
        record.kind,
        "",
        None,
        f"{words}{kept} {source}, imported {stamp(record.imported_at)}.",
    )


# --- requests and what came of them ---------------------------------------------------------------


def _requests(entries: Sequence[StoredEntry]) -> Iterator[RequestTrace]:
    placed = {
        stored.entry.attempt_id
        for stored in entries
        if stored.entry.kind is EntryKind.ATTEMPT_ENDED
        and str(AttemptState.DIALLING) in table(stored.entry.data, "times")
    }
    for place, stored in enumerate(entries):
        if stored.entry.kind is not EntryKind.SUPPRESSED:
            continue
        later = entries[place + 1 :]
        lifted = next((each for each in later if _lifts(each, stored)), None)
        in_force = [each for each in later if lifted is None or each.seq < lifted.seq]
        refused = next((each for each in in_force if _refused_for(each)), None)
        dialled = next(
            (
                each
                for each in in_force
                if each.entry.kind is EntryKind.DIAL_INTENDED
                and each.entry.attempt_id in placed
                and _binds(stored, text(each.entry.data, "seller"))
            ),
            None,
        )
        yield _request(stored, lifted, refused, dialled)


def _request(
    stored: StoredEntry,
    lifted: StoredEntry | None,
    refused: StoredEntry | None,
    dialled: StoredEntry | None,
) -> RequestTrace:
    entry = stored.entry
    data: Json = entry.data
    return RequestTrace(
        seq=stored.seq,
        entered_at=entry.at,
        received_at=instant(data, "received_at"),
        deadline_at=instant(data, "deadline_at"),
        channel=text(data, "channel"),
        list_name=text(data, "list"),
        seller=text(data, "seller"),
        affiliates=flag(data, "affiliates"),
        asked_by=_personal(stored, "asked_by"),
        evidence=_personal(stored, "evidence"),
        by=entry.agent,
        campaign=entry.campaign,
        attempt_id=entry.attempt_id,
        lifted_at=lifted.entry.at if lifted is not None else None,
        refused=line_of(refused) if refused is not None else None,
        dialled=line_of(dialled) if dialled is not None else None,
    )


def _refused_for(stored: StoredEntry) -> bool:
    codes = texts(stored.entry.data, "codes")
    return stored.entry.kind is EntryKind.REFUSED and ReasonCode.INTERNAL_DNC in codes


def _binds(request: StoredEntry, seller: str) -> bool:
    """As `Suppression.binds`."""
    data = request.entry.data
    asked = plain_name(text(data, "seller"))
    return flag(data, "affiliates") or asked in ("", plain_name(seller))


def _lifts(stored: StoredEntry, request: StoredEntry) -> bool:
    if stored.entry.kind is not EntryKind.SUPPRESSION_LIFTED:
        return False
    asked = request.entry.data
    return any(
        all(named.get(key) == asked.get(key) for key in ("source", "list", "seller"))
        and flag(named, "affiliates") == flag(asked, "affiliates")
        for named in tables(stored.entry.data, "requests")
    )
