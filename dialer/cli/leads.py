"""`dialer leads import` and `dialer report`: what goes into a campaign, and what came of it."""

from __future__ import annotations

import sys
from dataclasses import asdict
from functools import partial
from pathlib import Path

import click
import trio
from rich.progress import Progress, SpinnerColumn, TextColumn, TimeElapsedColumn

from dialer.cli.base import config_option, console, json_option, plain_errors, put, say, sound
from dialer.intake.lead_csv import read_leads
from dialer.model.errors import OperatorError, Problem
from dialer.model.reports import ImportReport
from dialer.service.clock import now_of
from dialer.service.loading import OperatorData, load
from dialer.service.offline import reading, writing
from dialer.service.questions import store_leads
from dialer.settings import Settings, read_settings

ROWS_SHOWN = 20


@click.command("import")
@click.argument("campaign")
@click.argument("file", type=click.Path(path_type=Path, exists=True, dir_okay=False))
@config_option
@json_option
def import_(campaign: str, file: Path, config: Path, as_json: bool) -> None:
    """Load a lead FILE into CAMPAIGN; refused rows are listed and written to a file. Status 1 if
    nothing was loaded."""
    with plain_errors():
        settings = read_settings(config)
        data = sound(load(settings))
        report = trio.run(partial(_import, settings, data, campaign, file))
        say(
            f"{report.file}: {report.rows} rows, {report.loaded} loaded, "
            f"{len(report.rejected)} refused ({report.duplicates} of them already in the campaign)"
        )
        for row in report.rejected[:ROWS_SHOWN]:
            place = f"line {row.line}" if row.line else "the file"
            say(f"  {place}: {row.reason} (found: {row.value!r}) {row.remedy}")
        if len(report.rejected) > ROWS_SHOWN:
            say(f"  and {len(report.rejected) - ROWS_SHOWN} more")
        if report.refusals_file:
            say(f"refused rows written to {report.refusals_file}")
        if as_json:
            put(asdict(report))
        if not report.loaded:
            sys.exit(1)


async def _import(
    settings: Settings, data: OperatorData, campaign: str, file: Path
) -> ImportReport:
    chosen = data.campaigns.get(campaign)
    if chosen is None or not chosen.lists:
        names = ", ".join(data.campaigns) or "none"
        raise OperatorError(
            Problem(campaign, None, "no such campaign with a list", "", f"There are: {names}.")
        )
    columns = (SpinnerColumn(), TextColumn("{task.description}"), TimeElapsedColumn())
    with Progress(*columns, console=console, disable=not console.is_terminal) as progress:
        task = progress.add_task(f"reading {file.name}", total=None)
        content = await trio.Path(file).read_bytes()
        read = partial(read_leads, file.name, content, chosen.lists[0], settings.enabled)
        parsed = await trio.to_thread.run_sync(read)
        progress.update(task, description=f"storing {len(parsed.leads)} leads")
        async with writing(settings) as store:
            return await store_leads(
                store, campaign, parsed, now_of(settings), "command", settings.data
            )


@click.command()
@click.argument("campaign")
@config_option
@json_option
def report(campaign: str, config: Path, as_json: bool) -> None:
    """Figures of a CAMPAIGN, from the journal."""
    with plain_errors():
        settings = read_settings(config)
        store = reading(settings)
        found = trio.run(partial(store.campaign_report, campaign, now_of(settings)))
        if not found.leads and not found.dials:
            raise OperatorError(
                Problem(campaign, None, "nothing is known of this campaign", "", "Check its name.")
            )
        figures = asdict(found) | {"drop_rate": found.drop_rate}
        waits = figures.pop("verdict_to_agent_ms")
        figures["verdict_to_agent_max_ms"] = max(waits, default=0)
        for name, value in figures.items():
            say(f"{name.replace('_', ' '):24} {value}")
        if as_json:
            put(figures)
