"""Stored JSON in plain words. Nothing here fails: an entry that says less is told with less."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from dialer.model.instant import DAY_MS, HOUR_MS, MINUTE_MS, SECOND_MS, Instant, rfc3339
from dialer.model.journal import JsonValue

Json = Mapping[str, JsonValue]

_UNITS = ((DAY_MS, "days"), (HOUR_MS, "hours"), (MINUTE_MS, "minutes"), (SECOND_MS, "seconds"))
_NEWEST = 4_102_444_800_000
"""2100: what is larger is no instant anybody meant."""


def text(data: Json, key: str) -> str:
    """The text under a key, or ""."""
    value = data.get(key)
    return value if isinstance(value, str) else ""


def texts(data: Json, key: str) -> tuple[str, ...]:
    """The texts of the list under a key."""
    value = data.get(key)
    return tuple(str(each) for each in value) if isinstance(value, list) else ()


def whole(data: Json, key: str) -> int | None:
    """The whole number under a key, or None."""
    value = data.get(key)
    return value if isinstance(value, int) and not isinstance(value, bool) else None


def instant(data: Json, key: str) -> Instant | None:
    """The instant under a key, or None."""
    value = whole(data, key)
    return None if value is None or not 0 <= value < _NEWEST else Instant(value)


def flag(data: Json, key: str) -> bool:
    """Whether true stands under a key."""
    return data.get(key) is True


def table(data: Json, key: str) -> Json:
    """The object under a key, or an empty one."""
    value = data.get(key)
    return value if isinstance(value, dict) else {}


def tables(data: Json, key: str) -> tuple[Json, ...]:
    """The objects of the list under a key."""
    value = data.get(key)
    return (
        tuple(each for each in value if isinstance(each, dict)) if isinstance(value, list) else ()
    )


def stamp(at: int | None) -> str:
    """`2026-11-21 17:30:00.000 UTC`, or "" for none."""
    if at is None or not 0 <= at < _NEWEST:
        return ""
    return f"{rfc3339(Instant(at)).replace('T', ' ').removesuffix('Z')} UTC"


def duration(ms: int) -> str:
    """`3 days`, `1 hour 30 minutes`, `1.5 seconds`."""
    parts = []
    for unit, name in _UNITS[:-1]:
        count, ms = divmod(ms, unit)
        if count:
            parts.append(counted(count, name))
    if ms or not parts:
        parts.append(f"{ms / SECOND_MS:g} second{'' if ms == SECOND_MS else 's'}")
    return " ".join(parts)


def counted(count: int, plural: str) -> str:
    """`3 days`, `1 day`."""
    return f"{count} {plural if count != 1 else plural[:-1]}"


def value_words(name: str, value: JsonValue) -> str:
    """What a rule read, in words."""
    if value is None:
        return "none"
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, int):
        if name.endswith("_ms"):
            return duration(value)
        is_time = name.endswith("_at") or name in ("last_verified_contact", "since", "until")
        return stamp(value) or str(value) if is_time else str(value)
    if isinstance(value, list):
        return ", ".join(value_words(name, each) for each in value) or "none"
    if isinstance(value, dict):
        return ", ".join(f"{key} {value_words(key, each)}" for key, each in value.items())
    return str(value)


def values_words(inputs: Json) -> tuple[tuple[str, str], ...]:
    """Everything a rule read: (name, words)."""
    return tuple((name.replace("_", " "), value_words(name, inputs[name])) for name in inputs)


def evidence_words(facts: Json) -> Iterator[str]:
    """Consents, relationships, requests, revocations, answers and the line, a sentence each."""
    for consent in tables(facts, "consents"):
        yield consent_words(consent)
    for relationship in tables(facts, "relationships"):
        yield relationship_words(relationship)
    for request in tables(facts, "internal"):
        seller = text(request, "seller")
        yield (
            f"Request not to be called of {stamp(whole(request, 'requested_at'))}"
            f"{' to ' + seller if seller else ''}"
            f"{', ' + text(request, 'where') if text(request, 'where') else ''}."
        )
    for revocation in tables(facts, "revocations"):
        yield revocation_words(revocation)
    for answer in tables(facts, "rnd"):
        yield rnd_words(answer)
    if whole(facts, "last_verified_contact") is not None:
        yield f"Last verified contact {stamp(whole(facts, 'last_verified_contact'))}."
    line = table(facts, "line")
    if line:
        yield line_words(line)


def consent_words(consent: Json) -> str:
    """A consent, as `dialer.model.records.Consent` is stored."""
    scope = text(consent, "scope") or "ALL"
    words = (
        f"Consent {text(consent, 'type')} to {text(consent, 'seller')} for "
        f"{scope.lower()}, given {stamp(whole(consent, 'granted_at'))}"
    )
    if whole(consent, "revoked_at") is not None:
        words += f", revoked {stamp(whole(consent, 'revoked_at'))}"
    return f"{words}{_kept(consent)}."


def relationship_words(relationship: Json) -> str:
    """A relationship, as `dialer.model.records.Relationship` is stored."""
    return (
        f"{text(relationship, 'type').capitalize()} with {text(relationship, 'seller')} of "
        f"{stamp(whole(relationship, 'at'))}{_kept(relationship)}."
    )


def revocation_words(revocation: Json) -> str:
    """A revocation, as `dialer.model.records.Revocation` is stored."""
    said = text(revocation, "text")
    return (
        f"Message by {channel_words(text(revocation, 'channel'))} of "
        f"{stamp(whole(revocation, 'at'))}{f': “{said}”' if said else ''}."
    )


def rnd_words(answer: Json) -> str:
    """An answer, as `dialer.model.records.RndAnswer` is stored."""
    asked = text(answer, "asked_date")
    queried = whole(answer, "queried_at")
    return (
        f"Reassigned Numbers Database: {text(answer, 'answer').replace('_', ' ').lower()}"
        f"{f', asked about {asked}' if asked else ''}"
        f"{f', received {stamp(queried)}' if queried is not None else ''}."
    )


def line_words(line: Json) -> str:
    """A line, as `dialer.model.records.Line` is stored."""
    words = f"Line: {(text(line, 'type') or 'UNKNOWN').lower()} by its block"
    if text(line, "ported_to") or whole(line, "ported_at") is not None:
        words += f", ported to {(text(line, 'ported_to') or 'WIRELESS').lower()}"
        if whole(line, "ported_at") is not None:
            words += f" {stamp(whole(line, 'ported_at'))}"
    file_date = text(line, "port_file_date")
    return f"{words}{f', port file of {file_date}' if file_date else ''}."


def channel_words(channel: str) -> str:
    """`a key pressed in the call` for CALL_KEY."""
    named = {"CALL_KEY": "a key pressed in the call", "AGENT": "an agent", "IMPORT": "a file"}
    return named.get(channel.upper(), channel.replace("_", " ").lower() or "an unnamed channel")


def _kept(record: Json) -> str:
    evidence = text(record, "evidence")
    return f", proof: {evidence}" if evidence else ""
