"""Is the service able to do its work? For a `/healthz` page and whoever watches it."""

from __future__ import annotations

from dataclasses import dataclass

from dialer.model.snapshot import FloorSnapshot


@dataclass(frozen=True, slots=True)
class Health:
    """`reasons` says in words what is broken; empty where `ok`."""

    ok: bool
    reasons: tuple[str, ...]


def health(snapshot: FloorSnapshot) -> Health:
    """What is broken about the floor. A service that drains, or whose campaigns are paused, is not
    broken: restarting it would help nobody."""
    reasons: list[str] = []
    if not snapshot.journal_ok:
        reasons.append("The journal cannot be written, so nothing is dialled: see the log.")
    if snapshot.capacity == 0:
        reasons.append("No SIP worker is up, so no call can be placed: see the log.")
    return Health(not reasons, tuple(reasons))
