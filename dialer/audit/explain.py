"""One attempt explained: from its journal entries to everything they prove, in plain words."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence

from dialer.audit.words import (
    Json,
    channel_words,
    duration,
    evidence_words,
    flag,
    instant,
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
    Decided,
    Explanation,
    ListUsed,
    Moment,
    Outcome,
    Proof,
    RuleLine,
    RuleOutcome,
)
from dialer.model.calls import AttemptId, AttemptState
from dialer.model.instant import Instant
from dialer.model.journal import EntryKind, StoredEntry
from dialer.model.screening import CallMode

LocalTime = Callable[[str, Instant], str]
"""What the clocks of a zone show at an instant, in words; "" for an unknown zone."""

Cited = Callable[[str, str, Instant], str]
"""The citation of a rule (its name, as in `RuleCheck`) in a ruleset (its label) at an instant; ""
where that ruleset is not archived."""

OFFERED = "when the lead was offered"
INTENDED = "before the dial was written down"
AT_THE_DIAL = "at the instant of the dial"

_STATES = {
    AttemptState.PLANNED: "dial intended and written down",
    AttemptState.DIALLING: "dialled",
    AttemptState.RINGING: "ringing",
    AttemptState.DETECTING: "answered",
    AttemptState.WAITING: "a person found, waiting for an agent",
    AttemptState.BRIDGED: "connected to the agent",
    AttemptState.MESSAGE: "message of the drop began",
    AttemptState.ENDED: "ended",
}


def explain(entries: Sequence[StoredEntry], local: LocalTime, cited: Cited) -> Explanation | None:
    """The explanation of the attempt that all these entries (oldest first) are about, None where
    there is none: an attempt is known from the entry of its dial on, or from its end where there
    never was one. Refusals among them belong to it though they carry no attempt."""
    of_attempt = [stored for stored in entries if stored.entry.attempt_id is not None]
    if not of_attempt:
        return None
    attempt_id = of_attempt[0].entry.attempt_id
    assert attempt_id is not None
    intended = _first(entries, EntryKind.DIAL_INTENDED)
    ended = _first(entries, EntryKind.ATTEMPT_ENDED)
    disposed = _last(entries, EntryKind.DISPOSED)
    decisions = decisions_in(entries, local, cited)
    facts = _facts(entries)
    said: Json = intended.entry.data if intended is not None else {}
    end: Json = ended.entry.data if ended is not None else {}
    zones = decisions[-1].zones if decisions else ()
    names = [zone for zone, _ in zones]
    mode = text(said, "mode") or text(facts, "mode")
    told = {
        "purpose": text(said, "purpose") or text(facts, "purpose") or ("SALES" if facts else ""),
        "caller_name": text(said, "caller_name"),
        "raw_number": text(said, "raw_number"),
        "script": text(said, "script"),
        "message": text(end, "message") or text(said, "message"),
    }
    number = next((stored.entry.number for stored in of_attempt if stored.entry.number), "")
    return Explanation(
        attempt_id=AttemptId(attempt_id),
        number=number or ERASED,
        campaign=next((s.entry.campaign for s in of_attempt if s.entry.campaign), ""),
        seller=text(said, "seller") or text(facts, "seller"),
        subject=text(said, "subject") or text(facts, "subject"),
        mode=mode,
        recorded_voice=mode == CallMode.RECORDED,
        caller_id=text(said, "caller_id") or text(facts, "caller_id"),
        trunk=text(said, "trunk"),
        agent=next((s.entry.agent for s in reversed(of_attempt) if s.entry.agent), ""),
        moments=tuple(_moments(entries, intended, end, names, local)),
        outcome=_outcome(end, disposed) if ended is not None else None,
        decisions=decisions,
        requests=tuple(_requests(of_attempt)),
        proof=tuple(Proof(s.seq, str(s.entry.kind), s.entry.at, s.hash) for s in entries),
        clock_shift_ms=next((s.clock_shift_ms for s in entries if s.clock_shift_ms), 0),
        missing=tuple(_missing(told, intended, ended, decisions)),
        **told,
    )


def _first(entries: Sequence[StoredEntry], kind: EntryKind) -> StoredEntry | None:
    return next((stored for stored in entries if stored.entry.kind is kind), None)


def _last(entries: Sequence[StoredEntry], kind: EntryKind) -> StoredEntry | None:
    return _first(list(reversed(entries)), kind)


# --- decisions ------------------------------------------------------------------------------------


def screening_of(stored: StoredEntry) -> Json:
    """The screening an entry holds, {} where it holds none."""
    key = "dial_screening" if stored.entry.kind is EntryKind.ATTEMPT_ENDED else "screening"
    return table(stored.entry.data, key)


def decisions_in(
    entries: Sequence[StoredEntry], local: LocalTime, cited: Cited
) -> tuple[Decided, ...]:
    """Every decision that entries (of one lead, oldest first) hold."""
    return tuple(_decisions(entries, local, cited))


def _facts(entries: Sequence[StoredEntry]) -> Json:
    """The first facts any of the entries holds."""
    found = (table(screening_of(stored), "facts") for stored in entries)
    return next((facts for facts in found if facts), {})


def _decisions(entries: Sequence[StoredEntry], local: LocalTime, cited: Cited) -> Iterator[Decided]:
    before: Json = {}
    for stored in entries:
        entry = stored.entry
        screening = screening_of(stored)
        facts = table(screening, "facts") or (
            before if entry.kind is EntryKind.ATTEMPT_ENDED else {}
        )
        before = facts or before
        if entry.kind is EntryKind.DIAL_INTENDED:
            moment = INTENDED
        elif entry.kind is EntryKind.REFUSED:
            moment = AT_THE_DIAL if text(entry.data, "stage") == "dial" else OFFERED
        elif screening:
            moment = AT_THE_DIAL
        else:
            continue
        yield decided(moment, stored, screening, facts, local, cited)


def decided(
    moment: str,
    stored: StoredEntry,
    screening: Json,
    facts: Json,
    local: LocalTime,
    cited: Cited,
) -> Decided:
    """A stored decision in words. An entry without one still says how it came out."""
    entry = stored.entry
    short = {**entry.data, "verdict": _verdict_of(stored)}
    return decision_words(moment, stored.seq, entry.at, screening, facts, short, local, cited)


def decision_words(
    moment: str,
    seq: int,
    at: Instant,
    screening: Json,
    facts: Json,
    short: Json,
    local: LocalTime,
    cited: Cited,
) -> Decided:
    """A decision (`screening`, as the journal keeps it) in words; `short` says how it came out
    where it says nothing, `at` when. `seq` 0: no entry holds it."""
    said = table(screening, "decision")
    short = said or short
    at = instant(screening, "at") or at
    ruleset = text(short, "ruleset")
    place = table(facts, "place")
    zones = texts(said, "zones") or texts(place, "zones")
    return Decided(
        moment=moment,
        at=at,
        seq=seq,
        verdict=text(short, "verdict"),
        codes=texts(short, "codes"),
        exemptions=texts(said, "exemptions"),
        explain=text(short, "explain"),
        next_allowed_at=instant(short, "next_allowed_at"),
        ruleset=ruleset,
        tzdata=text(short, "tzdata"),
        jurisdictions=texts(said, "jurisdictions"),
        zones=tuple((zone, local(zone, at)) for zone in zones),
        place=_place_words(place),
        rules=tuple(_rule(check, ruleset, at, cited) for check in tables(said, "checks")),
        lists=tuple(_lists(facts)),
        evidence=tuple(evidence_words(facts)),
        approvals=texts(said, "approvals"),
        recorded=bool(said) and bool(facts),
    )


def _verdict_of(stored: StoredEntry) -> str:
    return "DENY" if stored.entry.kind is EntryKind.REFUSED else "ALLOW"


def _rule(check: Json, ruleset: str, at: Instant, cited: Cited) -> RuleLine:
    rule, lifted_by = text(check, "rule"), texts(check, "lifted_by")
    if not flag(check, "passed"):
        outcome, words = RuleOutcome.FAILED, text(check, "explain")
    elif lifted_by:
        outcome = RuleOutcome.LIFTED
        words = f"It would stand in the way, and {', '.join(lifted_by)} lifts it."
    else:
        outcome, words = RuleOutcome.PASSED, "It does not stand in the way."
    citation = cited(ruleset, rule, at)
    inputs = values_words(table(check, "inputs"))
    return RuleLine(rule, text(check, "code"), outcome, citation, words, inputs, lifted_by)


def _lists(facts: Json) -> Iterator[ListUsed]:
    listed = set(texts(facts, "on_lists"))
    for version in tables(facts, "lists"):
        name = text(version, "name")
        yield ListUsed(
            name=name,
            kind=text(version, "kind"),
            state=text(version, "state"),
            obtained_at=instant(version, "obtained_at") or Instant(0),
            issued_at=instant(version, "issued_at"),
            sha256=text(version, "sha256"),
            listed=name in listed,
        )


def _place_words(place: Json) -> str:
    if not place:
        return ""
    parts = [f"country {text(place, 'country') or 'unknown'}"]
    if text(place, "area_code"):
        parts.append(f"area code {text(place, 'area_code')}")
    if texts(place, "states"):
        parts.append(f"states {', '.join(texts(place, 'states'))}")
    if text(place, "address_state") or text(place, "postcode"):
        address = f"{text(place, 'address_state')} {text(place, 'postcode')}".strip()
        parts.append(f"address {address}")
    if text(place, "ladder"):
        parts.append(f"zones by {text(place, 'ladder')}")
    return "; ".join(parts)


# --- what happened --------------------------------------------------------------------------------


def _moments(
    entries: Sequence[StoredEntry],
    intended: StoredEntry | None,
    end: Json,
    zones: Sequence[str],
    local: LocalTime,
) -> Iterator[Moment]:
    found: list[tuple[int, str]] = []
    times = table(end, "times")
    verdict = table(end, "verdict")
    if intended is not None:
        screened = instant(intended.entry.data, "screened_at")
        if screened is not None:
            found.append((screened, "screened when the lead was offered"))
        if str(AttemptState.PLANNED) not in times:
            found.append((intended.entry.at, _STATES[AttemptState.PLANNED]))
    for state, what in _STATES.items():
        at = instant(times, str(state))
        if at is not None:
            found.append((at, what))
    for key, what in (("greeting_ended_at", "greeting ended"), ("at", "verdict of the detector")):
        at = instant(verdict, key)
        if at is not None:
            found.append((at, what))
    for stored in entries:
        what = {
            EntryKind.BRIDGED: "connected to the agent",
            EntryKind.DISPOSED: "disposition chosen by the agent",
            EntryKind.SUPPRESSED: "asked not to be called, in force",
            EntryKind.REFUSED: "refused by screening",
        }.get(stored.entry.kind, "")
        if what and (stored.entry.at, what) not in found:
            found.append((stored.entry.at, what))
    for at_ms, what in sorted(found, key=lambda each: each[0]):
        at = Instant(at_ms)
        yield Moment(what, at, tuple((zone, local(zone, at)) for zone in zones))


def _outcome(end: Json, disposed: StoredEntry | None) -> Outcome:
    verdict = table(end, "verdict")
    confidence = verdict.get("confidence")
    return Outcome(
        disposition=text(end, "disposition"),
        chosen=text(disposed.entry.data, "disposition") if disposed is not None else "",
        cause=text(end, "cause"),
        blame=text(end, "blame"),
        status=whole(end, "status"),
        q850=whole(end, "q850"),
        reason=text(end, "reason"),
        answered=flag(end, "answered"),
        live=flag(end, "live"),
        dropped=flag(end, "dropped"),
        verdict=text(verdict, "kind"),
        verdict_confidence=float(confidence) if isinstance(confidence, int | float) else None,
        verdict_rule=text(verdict, "rule"),
        ring_ms=_ring_ms(table(end, "times")),
        talk_ms=whole(end, "talk_ms") or 0,
    )


def _ring_ms(times: Json) -> int | None:
    began = instant(times, AttemptState.RINGING) or instant(times, AttemptState.DIALLING)
    over = instant(times, AttemptState.DETECTING) or instant(times, AttemptState.ENDED)
    return None if began is None or over is None else max(0, over - began)


def _requests(entries: Sequence[StoredEntry]) -> Iterator[str]:
    """Requests not to be called that were made in this call."""
    for stored in entries:
        if stored.entry.kind is not EntryKind.SUPPRESSED:
            continue
        data = stored.entry.data
        deadline = instant(data, "deadline_at")
        yield (
            f"The person asked, by {channel_words(text(data, 'channel'))}, not to be called; in "
            f"force since {stamp(stored.entry.at)}"
            f"{f', legal deadline {stamp(deadline)}' if deadline is not None else ''} "
            f"(entry {stored.seq})."
        )


def _missing(
    told: Mapping[str, str],
    intended: StoredEntry | None,
    ended: StoredEntry | None,
    decisions: Sequence[Decided],
) -> Iterator[str]:
    """What such a record should hold and this one does not."""
    if intended is None:
        yield "the entry of the dial: it was never written, so nothing was placed"
    if ended is None:
        yield "the end of the attempt: it has not ended"
    if not any(decision.recorded for decision in decisions):
        yield "what the screening read: only how it came out was written down"
    names = {"caller_name": "a name shown", "script": "a script's version"}
    yield from (name for key, name in names.items() if not told[key])
    if ended is not None:
        status = whole(ended.entry.data, "status")
        if status is None:
            yield "a SIP status: the network's answer is not known"
    yield "the attestation of the caller id: carriers do not report it back"


def ring_words(ring_ms: int | None) -> str:
    """`14.2 seconds`, or that nothing rang."""
    return "no ringing known" if ring_ms is None else duration(ring_ms)
