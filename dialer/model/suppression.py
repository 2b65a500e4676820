"""Numbers we may not call."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from dialer.model.instant import Instant


class SuppressionSource(StrEnum):
    """NATIONAL: a registry's list. INTERNAL: our own files. REQUEST: a person asked us."""

    NATIONAL = "NATIONAL"
    INTERNAL = "INTERNAL"
    REQUEST = "REQUEST"


@dataclass(frozen=True, slots=True)
class Suppression:
    """A number we may not call, where that comes from, since when; `seller` "" means everyone."""

    e164: str
    source: SuppressionSource
    list_name: str
    since: Instant
    seller: str = ""
