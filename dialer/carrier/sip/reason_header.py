"""Why the network says a call ended: the Reason header (RFC 3326)."""

from __future__ import annotations

import re

_Q850 = re.compile(
    r"^Reason[ \t]*:(?:[^\r\n]*,)?[ \t]*Q\.850[ \t]*(?:;[^,\r\n]*?)?;[ \t]*cause[ \t]*=[ \t]*(\d{1,3})\b",
    re.MULTILINE | re.IGNORECASE,
)


def q850_cause(message: str) -> int | None:
    """The Q.850 cause a SIP message's Reason header gives, None where it gives none. The body is
    not looked at, nor a cause of another protocol (`Reason: SIP ;cause=200`)."""
    found = _Q850.search(message.partition("\r\n\r\n")[0])
    return int(found.group(1)) if found else None
