"""`dialer screen`: what would the gate that guards every dial say?"""

from __future__ import annotations

import json
import sys
from datetime import datetime
from pathlib import Path

import click

from dialer.cli.base import config_option, json_option, plain_errors, put, say
from dialer.intake.case_lines import screen_line
from dialer.model.instant import Instant, instant_of
from dialer.service.clock import now_of
from dialer.settings import read_settings


def _moment(context: click.Context, param: click.Parameter, value: str | None) -> Instant | None:
    """An instant as RFC 3339 writes it; the zone is not optional."""
    if value is None:
        return None
    try:
        return instant_of(datetime.fromisoformat(value))
    except ValueError as error:
        raise click.BadParameter(
            f"{error}: write 2026-12-02T17:00:00Z or ...-05:00", context, param
        ) from error


@click.command()
@click.argument(
    "leads",
    required=False,
    metavar="[LEADS.csv]",
    type=click.Path(path_type=Path, exists=True, dir_okay=False),
)
@click.option("--campaign", metavar="NAME", help="The campaign the leads are for.")
@click.option("--at", callback=_moment, metavar="TIME", help="As of this time instead of now.")
@click.option(
    "--out",
    type=click.Path(path_type=Path, dir_okay=False),
    help="The report to write, one row for each row of LEADS.csv.",
)
@click.option(
    "--cases",
    type=click.Path(path_type=Path, exists=True, dir_okay=False, allow_dash=True),
    help="Instead of leads: JSON lines, one case each; - reads standard input.",
)
@config_option
@json_option
def screen(
    leads: Path | None,
    campaign: str | None,
    at: Instant | None,
    out: Path | None,
    cases: Path | None,
    config: Path,
    as_json: bool,
) -> None:
    """Ask what the gate that guards every dial would say. Nothing is loaded and nobody is called.

    \b
    Before you load a list:
      dialer screen LEADS.csv --campaign NAME --out decisions.csv
    The report has a row for every row of your file, in the same order: may it be called now, and
    if not why, by which law, and from when on (UTC and on the callee's clock). Rows that no import
    would take are in it too, marked REJECTED with what to mend, and so are numbers that stand
    twice. Your campaign's hours, purpose, mode and caller id, the do-not-call lists in force and
    everything known of each number (consents, relationships, requests, earlier calls) are used, as
    they will be when it is dialled. Below it a summary says how many may be called now, later and
    never, and how old each list is. Status 0 if the file could be read, whoever may be called.

    \b
    What-if questions, for officers:
      dialer screen --cases FILE.jsonl
    One JSON line a decision on stdout, in the same order. A bad line gives its error in its place
    and status 1 at the end.
    """
    if cases is not None:
        if leads is not None or campaign is not None or out is not None or at is not None:
            raise click.UsageError(
                "--cases asks about cases, and each says its own campaign and time: leave out "
                "LEADS.csv, --campaign, --at and --out, or leave out --cases."
            )
        _screen_cases(cases)
        return
    if leads is None:
        raise click.UsageError("Name a lead file to screen, or --cases FILE.")
    if campaign is None or out is None:
        missing = " and ".join(
            name for name, given in (("--campaign", campaign), ("--out", out)) if given is None
        )
        raise click.UsageError(f"Screening a lead file needs {missing} as well.")
    if out.resolve() == leads.resolve():
        raise click.UsageError("--out would overwrite the lead file: name another one.")
    # Cases need neither database nor lists: what a lead file needs is loaded for one only.
    from dialer.cli.scrub import screen_leads, summary

    with plain_errors():
        settings = read_settings(config)
        report = screen_leads(settings, leads, campaign, at or now_of(settings), out)
        for line in report.words():
            say(line)
        if as_json:
            put(summary(report))


def _screen_cases(cases: Path) -> None:
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
