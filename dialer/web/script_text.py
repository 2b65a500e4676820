"""The campaign's script with its merge fields filled in."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass

_MERGE_FIELD = re.compile(r"\{(\w+)\}")


@dataclass(frozen=True, slots=True)
class ScriptPart:
    """A stretch of script. `field` names the merge field it came from, "" for plain text; `missing`
    where the lead has no value for it and `text` is its name in brackets."""

    text: str
    field: str = ""
    missing: bool = False


def fill(script: str, values: Mapping[str, str]) -> tuple[ScriptPart, ...]:
    """Cut the script at its `{merge_field}`s and put each value in; nothing here can fail. A field
    that is unknown or empty is shown as `[its name]`, so that the agent sees what to leave out."""
    parts: list[ScriptPart] = []
    position = 0
    for match in _MERGE_FIELD.finditer(script):
        if match.start() > position:
            parts.append(ScriptPart(script[position : match.start()]))
        name = match[1]
        value = values.get(name, "")
        if value:
            parts.append(ScriptPart(value, field=name))
        else:
            parts.append(ScriptPart(f"[{name}]", field=name, missing=True))
        position = match.end()
    if position < len(script):
        parts.append(ScriptPart(script[position:]))
    return tuple(parts)
