"""README's pictures of the two machines, drawn from their tables: `python -m dialer.calls.pictures
README.md` rewrites what stands between the markers."""

from __future__ import annotations

import sys
from pathlib import Path

from dialer.calls import agent, attempt
from dialer.calls.machine import picture

PICTURES = {
    "CallAttempt": picture(attempt.TABLE, attempt.START),
    "AgentSession": picture(agent.TABLE, agent.START),
}


def redrawn(text: str) -> str:
    """The text with every picture as its table has it now. Raises ValueError where a marker is
    missing."""
    for name, drawing in PICTURES.items():
        begin, end = f"<!-- {name} -->\n", f"<!-- end of {name} -->"
        before, _, rest = text.partition(begin)
        _, found, after = rest.partition(end)
        if not found:
            raise ValueError(f"no place for the picture of {name}: {begin.strip()} ... {end}")
        text = f"{before}{begin}```mermaid\n{drawing}```\n{end}{after}"
    return text


if __name__ == "__main__":
    readme = Path(sys.argv[1])
    readme.write_text(redrawn(readme.read_text()))
