"""Why the network says a call ended: the Reason header (RFC 3326)."""

from __future__ import annotations

import re

_HEADER = re.compile(r"^Reason[ \t]*:(.*)$", re.MULTILINE | re.IGNORECASE)
_CAUSE = re.compile(
    r'(?:^|,)[ \t]*Q\.850[ \t]*;(?:[^,"]|"[^"]*")*?\bcause[ \t]*=[ \t]*(\d{1,3})(?!\d)',
    re.IGNORECASE,
)


def q850_cause(message: str) -> int | None:
    """The Q.850 cause a SIP message's Reason header gives, None where it gives none. The body is
    not looked at, nor a cause of another protocol (`Reason: SIP ;cause=200`)."""
    for header in _HEADER.finditer(message.partition("\r\n\r\n")[0]):
        found = _CAUSE.search(header.group(1))
        if found:
            return int(found.group(1))
    return None
