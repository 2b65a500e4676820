"""`dialer screen`: what would the gate that guards every dial say?"""

from __future__ import annotations

import json
import sys
from dataclasses import asdict
from datetime import datetime
from functools import partial
from pathlib import Path

import click
import trio
from rich.progress import BarColumn, Progress, TaskProgressColumn, TextColumn, TimeElapsedColumn

from dialer.cli_base import config_option, console, json_option, plain_errors, put, say, sound
from dialer.intake.case_lines import screen_line
from dialer.model.campaigns import Campaign
from dialer.model.errors import OperatorError, Problem
from dialer.model.instant import Instant, instant_of, rfc3339
from dialer.service.clock import now_of
from dialer.service.loading import OperatorData, load
from dialer.service.offline import reading
from dialer.service.scrub import ScrubReport, lasting_lists, new_report, scrub
from dialer.service.scrubbing import known_of
from dialer.settings import Settings, read_settings
from dialer.store.record_reader import RecordReader


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
    with plain_errors():
        settings = read_settings(config)
        report = _screen_leads(settings, leads, campaign, at or now_of(settings), out)
        for line in report.words():
            say(line)
        if as_json:
            put(_summary(report))


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


def _screen_leads(
    settings: Settings, leads: Path, name: str, at: Instant, out: Path
) -> ScrubReport:
    data = sound(load(settings))
    campaign = _campaign(data, name)
    try:
        content = leads.read_bytes()
    except OSError as error:
        reason = f"the file cannot be read: {error.strerror or error}"
        raise OperatorError(Problem(str(leads), None, reason, "", "Check its name.")) from error
    remembered = records = None
    if settings.database.exists():
        remembered = trio.run(partial(reading(settings).restore, at))
        records = RecordReader(settings.database)
    columns = (TextColumn("{task.description}"), BarColumn(), TaskProgressColumn())
    with (
        lasting_lists(settings, data, at) as lasting,
        Progress(
            *columns, TimeElapsedColumn(), console=console, disable=not console.is_terminal
        ) as progress,
    ):
        task = progress.add_task(f"screening {leads.name}", total=1.0)
        known = known_of(lasting, campaign, at, remembered, records)
        report = new_report(leads.name, known, lasting, out)
        scrub(known, content, report, lambda done: progress.update(task, completed=done))
    return report


def _campaign(data: OperatorData, name: str) -> Campaign:
    campaign = data.campaigns.get(name)
    if campaign is None or not campaign.lists:
        names = ", ".join(data.campaigns) or "none"
        raise OperatorError(
            Problem(name, None, "no such campaign with a list", "", f"There are: {names}.")
        )
    return campaign


def _summary(report: ScrubReport) -> dict[str, object]:
    """For machines; instants as RFC 3339 writes them."""
    said = asdict(report)
    said["next_at"] = None if report.next_at is None else rfc3339(report.next_at)
    said["duplicates"] = report.duplicates
    for counted in ("later", "never", "rejected"):
        said[counted] = dict(getattr(report, counted))
    for each, version in zip(said["lists"], report.lists, strict=True):
        each["stale"] = version.stale
        for key in ("obtained_at", "issued_at"):
            each[key] = None if each[key] is None else rfc3339(each[key])
    return said
