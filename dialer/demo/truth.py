"""What SIPp did to each number against what the dialer wrote down about it."""

from __future__ import annotations

import tomllib
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

from dialer.demo.sipp import scenarios_folder
from dialer.model.dispositions import SystemDisposition
from dialer.model.journal import EntryKind, StoredEntry

AGENT = "AGENT"
"""In behaviours.toml: the call reached an agent, whatever the agent chose."""


@dataclass(frozen=True, slots=True)
class Written:
    """What the journal says of one attempt in the end."""

    number: str
    disposition: str
    bridged: bool


def read_truth(log: Path) -> list[tuple[str, str]]:
    """(number, behaviour) of every call SIPp got, in the order they ended."""
    if not log.exists():
        return []
    words = [line.split() for line in log.read_text().splitlines()]
    return [(each[3], each[4]) for each in words if len(each) == 7]


def read_written(entries: Iterable[StoredEntry]) -> dict[int, Written]:
    """The journal's last word on each attempt, from entries in any order."""
    found: dict[int, Written] = {}
    for stored in sorted(entries, key=lambda each: each.seq):
        entry = stored.entry
        if entry.attempt_id is None:
            continue
        before = found.get(entry.attempt_id, Written(entry.number, "", False))
        match entry.kind:
            case EntryKind.BRIDGED:
                found[entry.attempt_id] = Written(before.number, before.disposition, True)
            case EntryKind.ATTEMPT_ENDED | EntryKind.DISPOSED:
                disposition = str(entry.data["disposition"])
                found[entry.attempt_id] = Written(before.number, disposition, before.bridged)
            case EntryKind.DIAL_INTENDED:
                found[entry.attempt_id] = before
            case _:
                pass
    return found


def mismatches(
    truth: Iterable[tuple[str, str]], written: Mapping[int, Written], right: Mapping[str, set[str]]
) -> list[str]:
    """Everything that does not fit, in words: a wrong disposition, a call SIPp never got, a call
    nobody wrote down."""
    found: list[str] = []
    got: dict[str, list[str]] = defaultdict(list)
    for number, behaviour in truth:
        got[number].append(behaviour)
    unplaced = {SystemDisposition.REFUSED, SystemDisposition.CANCELLED}
    placed = [each for each in written.values() if each.disposition not in unplaced]
    counts = Counter(each.number for each in placed)
    for number, behaviours in got.items():
        if counts[number] != len(behaviours):
            found.append(f"{number}: {len(behaviours)} calls came, {counts[number]} were written")
    for each in placed:
        behaviours = got.get(each.number, [])
        behaviour = behaviours[0] if behaviours else ""
        if not behaviour:
            found.append(f"{each.number}: {each.disposition} was written, but no call ever came")
        elif (AGENT if each.bridged else each.disposition) not in right.get(behaviour, set()):
            found.append(f"{each.number}: it did {behaviour}, written was {each.disposition}")
    return found


def right_dispositions() -> dict[str, set[str]]:
    """From behaviours.toml: behaviour to the dispositions that are right for it."""
    text = (scenarios_folder() / "behaviours.toml").read_text()
    return {name: set(each["right"]) for name, each in tomllib.loads(text)["behaviours"].items()}
