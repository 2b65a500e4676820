"""The order of a campaign's leads as one integer, lowest first; the store only sorts by it."""

from __future__ import annotations

_PER_ATTEMPT = 10**12


def fresh_key(line: int) -> int:
    """Never dialled: the order of the file, so that a list's own ranking is respected."""
    return _PER_ATTEMPT + line


def recycled_key(lead_id: int, attempts: int) -> int:
    """Dialled `attempts` times: after the leads with fewer attempts."""
    return (1 + attempts) * _PER_ATTEMPT + lead_id


def callback_key(lead_id: int) -> int:
    """A promised callback comes before anything else once it is due."""
    return lead_id
