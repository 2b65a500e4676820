"""When a list must not become active: approval, base of changes, sudden growth."""

from __future__ import annotations

import re
from pathlib import Path

from dialer.compliance.law_files import load_law
from dialer.dnc.index import SetKind
from dialer.dnc.manifest import Manifest
from dialer.dnc.profile import Profile
from dialer.model.errors import OperatorError, Problem
from dialer.model.instant import Instant, rfc3339

TOLERATED_PERCENT = 5
"""By how many percent of itself a full list may shrink or grow without somebody's name to it."""

_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.-]{0,63}")
_STATE = re.compile(r"[A-Z]{2}")


def check_name(name: str, kind: SetKind, state: str) -> None:
    """Raises OperatorError for what cannot name a list."""
    if not _NAME.fullmatch(name):
        raise OperatorError(
            Problem(
                "list",
                None,
                "a list's name is letters, digits and . _ -, at most 64",
                name,
                "Rename it.",
            )
        )
    if kind is SetKind.NATIONAL and state != "US" and state in load_law().jurisdictions:
        return
    if (kind is SetKind.STATE) != bool(_STATE.fullmatch(state)):
        raise OperatorError(
            Problem(
                "list",
                None,
                "a state list has a state like FL, a national list of another country that country "
                "like GB, and no other list has either",
                state,
                "Correct kind, state or country.",
            )
        )


def check_kind(kind: SetKind, profile: Profile) -> None:
    """Raises OperatorError if a scrub result is taken for a list, or a list for a scrub result."""
    if (kind is SetKind.UNKNOWN) != bool(profile.codes):
        raise OperatorError(
            Problem(
                "list",
                None,
                "a scrub result, and nothing else, is read by a profile with codes",
                f"{kind} with {profile.title}",
                "Correct kind or profile.",
            )
        )


def check_dates(
    obtained_at: Instant,
    issued_at: Instant | None,
    now: Instant,
    before: Manifest | None,
    approve: str | None,
) -> None:
    """Raises OperatorError for a copy obtained in the future or before it was issued: it would
    count as fresh for too long; and for one older than the active copy, without approval."""
    wrong = ""
    if obtained_at > now:
        wrong = "a list cannot have been obtained in the future"
    elif issued_at is not None and issued_at > obtained_at:
        wrong = "a list cannot have been issued after it was obtained"
    elif before is not None and obtained_at < before.obtained_at and not approve:
        wrong = f"the active copy is newer, of {rfc3339(before.obtained_at)}"
    if wrong:
        raise OperatorError(
            Problem("list", None, wrong, rfc3339(obtained_at), "Correct the time it was obtained.")
        )


def check_approval(approve: str | None, because: str | None) -> None:
    """Raises OperatorError if only one of name and reason is there."""
    if bool(approve and approve.strip()) != bool(because and because.strip()):
        raise OperatorError(
            Problem(
                "approval",
                None,
                "an approval is a name and a reason",
                approve or because or "",
                "Give both --approve NAME and --because TEXT.",
            )
        )


def check_base(
    name: str,
    file: Path,
    kind: SetKind,
    state: str,
    profile: Profile,
    base: str | None,
    before: Manifest | None,
) -> None:
    """Raises OperatorError if the list is another than before, or a list of changes does not say
    that it changes the active version."""
    active = before.version if before is not None and not before.retired else ""
    if before is not None and (before.kind, before.state) != (kind, state):
        raise OperatorError(
            Problem(
                str(file),
                None,
                f"list {name!r} is of kind {before.kind} {before.state}".rstrip(),
                f"{kind} {state}".rstrip(),
                "Import it under another name.",
            )
        )
    if profile.content == "full":
        if base:
            raise OperatorError(
                Problem(str(file), None, "a full list changes no version", base, "Drop --base.")
            )
        return
    if not active:
        raise OperatorError(
            Problem(
                str(file),
                None,
                "there is no copy of this list that could be changed",
                name,
                "Import the full list first.",
            )
        )
    if base != active:
        raise OperatorError(
            Problem(
                str(file),
                None,
                f"a list of changes must be made for the active version, {active}",
                base or "",
                f"Give --base {active} if it is, else import the full list.",
            )
        )


def check_growth(manifest: Manifest, before: Manifest | None) -> None:
    """Raises OperatorError for a full list that is empty, or shrank or grew by more than
    `TOLERATED_PERCENT` without approval. Our own list may grow as it likes, but not shrink so."""
    if manifest.content != "full":
        return
    if not manifest.count and manifest.kind in (SetKind.NATIONAL, SetKind.STATE):
        raise OperatorError(
            Problem(manifest.source, None, "the list has no number in it", "", "Download it again.")
        )
    if before is None or not before.count or manifest.approved_by:
        return
    change = manifest.count - before.count
    free_to_grow = manifest.kind is SetKind.INTERNAL and change > 0
    if abs(change) * 100 > before.count * TOLERATED_PERCENT and not free_to_grow:
        raise OperatorError(
            Problem(
                manifest.source,
                None,
                f"list {manifest.name!r} went from {before.count:,} numbers to "
                f"{manifest.count:,}, by more than {TOLERATED_PERCENT}%",
                f"{change / before.count:+.1%}",
                "If that is right, import it with --approve NAME --because TEXT.",
            )
        )
