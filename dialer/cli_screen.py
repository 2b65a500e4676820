"""`dialer screen`: what would the gate that guards every dial say?"""

from __future__ import annotations

import json
import sys
from pathlib import Path

import click

from dialer.intake.case_lines import screen_line


@click.command()
@click.option(
    "--cases",
    type=click.Path(path_type=Path, exists=True, dir_okay=False, allow_dash=True),
    required=True,
    help="JSON lines, one case each; - reads standard input.",
)
def screen(cases: Path) -> None:
    """Decide about each case of a file: one JSON line a decision on stdout, in the same order.
    A bad line gives its error in its place and status 1 at the end."""
    folder = Path() if str(cases) == "-" else cases.parent
    failed = False
    with click.open_file(str(cases), encoding="utf-8-sig", errors="surrogateescape") as lines:
        for line in lines:
            if not line.strip():
                continue
            answer = screen_line(line, folder)
            failed = failed or "error" in answer
            click.echo(json.dumps(answer, ensure_ascii=True))
    if failed:
        sys.exit(1)
