"""The one command; `cli_base` holds what its files share."""

from __future__ import annotations

import signal
import sys
from dataclasses import asdict
from functools import partial
from pathlib import Path
from typing import Any

import click
import trio
from rich.progress import Progress, SpinnerColumn, TextColumn, TimeElapsedColumn

from dialer import __version__, cli_audit, cli_audit_queries, cli_dnc, cli_dnc_requests
from dialer.cli_base import config_option, console, json_option, plain_errors, put, say, sound
from dialer.cli_records import records
from dialer.cli_rules import rules
from dialer.cli_screen import screen
from dialer.demo.run import run_demo
from dialer.demo.text import print_report
from dialer.intake.lead_csv import read_leads
from dialer.model.errors import OperatorError, Problem
from dialer.model.instant import rfc3339
from dialer.model.reports import ImportReport, Role, User
from dialer.service.checking import outlook
from dialer.service.clock import now_of
from dialer.service.loading import OperatorData, Shelf, load
from dialer.service.office import hash_password
from dialer.service.offline import reading, remembered_floor, writing
from dialer.service.questions import check_number, store_leads
from dialer.service.run import Running, Service
from dialer.settings import Settings, read_settings
from dialer.telemetry.logs import set_up_logging

ROWS_SHOWN = 20


@click.group(context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(__version__)
def main() -> None:
    """An outbound dialer: leads in, lawful calls out, live answers to agents."""


main.add_command(rules)
main.add_command(records)
main.add_command(screen)

# --- demo, serve, check ---------------------------------------------------------------------------


@main.command()
@click.option("--leads", type=click.IntRange(1), help="Only so many rows of the demo's list.")
@click.option("--agents", type=click.IntRange(1, 40), default=10, show_default=True)
@click.option("--seed", type=int, default=1, show_default=True, help="Of the robots' behaviour.")
@click.option(
    "--keep", type=click.Path(path_type=Path, file_okay=False), help="Work in this folder, keep it."
)
@click.option(
    "--recordings",
    type=click.Path(path_type=Path, file_okay=False),
    help="Leave WAV files of every bridge there: what each side was sent.",
)
@json_option
def demo(
    leads: int | None,
    agents: int,
    seed: int,
    keep: Path | None,
    recordings: Path | None,
    as_json: bool,
) -> None:
    """Run the main job on this machine: real SIP on loopback, robot agents, a report."""
    set_up_logging("WARNING")
    with plain_errors():
        report = trio.run(partial(run_demo, console, leads, agents, seed, keep, recordings))
        print_report(console, report)
        if as_json:
            put(report.figures)
        if not report.went_right:
            sys.exit(1)


@main.command()
@config_option
def serve(config: Path) -> None:
    """Run the service until TERM (calls finish) or a second TERM, or INT (hang up)."""
    set_up_logging("INFO")
    with plain_errors():
        settings = read_settings(config)
        service = Service(settings, load(settings, Shelf.KEPT))
        trio.run(partial(_serve, service))


async def _serve(service: Service) -> None:
    """Serve, and do as signals say, until the service has left."""

    async def run(*, task_status: trio.TaskStatus[Running]) -> None:
        await service.run(task_status=task_status)
        nursery.cancel_scope.cancel()

    async with trio.open_nursery() as nursery:
        running = await nursery.start(run)
        with trio.open_signal_receiver(signal.SIGTERM, signal.SIGINT) as signals:
            say(f"pages at {running.address}")
            draining = False
            async for number in signals:
                if number == signal.SIGTERM and not draining:
                    draining = True
                    say("draining: no new dials, calls finish; a second TERM or INT hangs up")
                    nursery.start_soon(service.drain, running.office)
                else:
                    say("hanging up and leaving")
                    service.leave()


@main.command()
@config_option
@json_option
def check(config: Path, as_json: bool) -> None:
    """Validate settings, campaigns and lists; say what would be called when."""
    with plain_errors():
        settings = read_settings(config)
        outlooks, problems = outlook(settings, load(settings, Shelf.ASIDE), now_of(settings))
        for each in outlooks:
            for line in each.words():
                say(line)
        for problem in problems:
            say(problem, "red")
        if not problems:
            say("everything is in order", "green")
        if as_json:
            put(
                {
                    "campaigns": {
                        each.campaign.name: [asdict(one) for one in each.lists] for each in outlooks
                    },
                    "problems": [asdict(problem) for problem in problems],
                }
            )
        if problems:
            sys.exit(1)


# --- leads, report, audit, dnc, user --------------------------------------------------------------


@main.group()
def leads() -> None:
    """Lead files."""


@leads.command("import")
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
        read = partial(read_leads, file.name, content, chosen.lists[0])
        parsed = await trio.to_thread.run_sync(read)
        progress.update(task, description=f"storing {len(parsed.leads)} leads")
        async with writing(settings) as store:
            return await store_leads(
                store, campaign, parsed, now_of(settings), "command", settings.data
            )


@main.command()
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


@main.group()
def audit() -> None:
    """The journal."""


for command in cli_audit.COMMANDS:
    audit.add_command(command)
cli_audit_queries.add_to(audit)


@main.group()
def dnc() -> None:
    """Numbers that may not be called."""


@dnc.command("check")
@click.argument("number")
@click.option("--campaign", default="", help="Whose hours and limits; the first one's without.")
@config_option
@json_option
def dnc_check(number: str, campaign: str, config: Path, as_json: bool) -> None:
    """May NUMBER be called now, by the gate that guards every dial? Status 1 if not."""
    with plain_errors():
        settings = read_settings(config)
        data = sound(load(settings))
        found = trio.run(partial(_check_number, settings, data, number, campaign))
        say(f"{found.e164 or found.raw}: {found.verdict} {' '.join(found.codes)}")
        say(found.explain)
        for zone, local in found.local_times:
            say(f"  it is {local} in {zone}")
        for name in found.lists:
            say(f"  on list {name}")
        if found.next_allowed_at is not None:
            say(f"  may be called from {rfc3339(found.next_allowed_at)} on")
        for line in found.history:
            say(f"  {line}")
        if as_json:
            put(asdict(found))
        if found.verdict != "ALLOW":
            sys.exit(1)


async def _check_number(settings: Settings, data: OperatorData, number: str, campaign: str) -> Any:
    store = reading(settings)
    now = now_of(settings)
    return await check_number(
        store, await remembered_floor(store, data, now), number, campaign, now
    )


for command in (cli_dnc_requests.add, cli_dnc_requests.remove, cli_dnc_requests.emergency):
    dnc.add_command(command)
for command in cli_dnc.COMMANDS:
    dnc.add_command(command)


@main.group()
def user() -> None:
    """People who can sign in."""


@user.command()
@click.argument("name")
@click.option("--role", type=click.Choice([str(role).lower() for role in Role]), required=True)
@click.option("--display-name", default="")
@click.password_option(help="Asked for when not given; better so, it stays out of your history.")
@config_option
def add(name: str, role: str, display_name: str, password: str, config: Path) -> None:
    """Add NAME, or replace their role and password."""
    with plain_errors():
        settings = read_settings(config)
        if len(password) < 8:
            raise OperatorError(
                Problem("password", None, "it is too short", "", "Use 8 characters or more.")
            )
        person = User(name, display_name or name, Role(role.upper()))
        trio.run(partial(_add_user, settings, person, password))
        say(f"{name} can sign in as {role}", "green")


async def _add_user(settings: Settings, person: User, password: str) -> None:
    async with writing(settings) as store:
        await store.add_user(person, hash_password(password), now_of(settings), "command")
