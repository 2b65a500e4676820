"""The lists a simulated floor screens against: every one the rules ask for, with nobody on it."""

from __future__ import annotations

import numpy as np

from dialer.compliance.facts import ListKind, ListVersion
from dialer.compliance.law import ListRule, Ruleset
from dialer.compliance.suppression import NumberList
from dialer.model.instant import Instant

NATIONAL = "national"


def empty_lists(ruleset: Ruleset, obtained_at: Instant) -> tuple[NumberList, ...]:
    """An empty copy of each list some rule names, obtained at that instant."""
    keys = {
        rule.list_key
        for jurisdiction in ruleset.jurisdictions.values()
        for rule in jurisdiction.rules
        if isinstance(rule, ListRule)
    }
    nobody = np.array([], dtype=np.uint64)
    return tuple(NumberList(_version(key, obtained_at), nobody) for key in sorted(keys))


def _version(key: str, obtained_at: Instant) -> ListVersion:
    if key == NATIONAL:
        return ListVersion(key, ListKind.NATIONAL, obtained_at)
    return ListVersion(key, ListKind.STATE, obtained_at, state=key)
