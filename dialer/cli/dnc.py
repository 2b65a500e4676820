"""`dialer dnc import`, `dnc lists`, `dnc retire`: the lists of numbers that may not be called."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict
from pathlib import Path

import click
from rich.progress import BarColumn, Progress, TaskProgressColumn, TextColumn, TimeElapsedColumn
from rich.table import Table

from dialer.cli.base import config_option, console, json_option, plain_errors, put, say
from dialer.compliance.law_files import load_law
from dialer.dnc.index import SetKind
from dialer.dnc.manifest import Manifest
from dialer.dnc.profile import find_profile, profile_names
from dialer.dnc.reading import Progress as Told
from dialer.dnc.shelf import ListShelf
from dialer.intake.list_entries import (
    LIST_SOURCES,
    ListEntry,
    day_or_instant,
    read_list_entries,
)
from dialer.intake.overlay_files import read_overlays
from dialer.model.errors import OperatorError, Problem
from dialer.model.instant import Instant, rfc3339
from dialer.service.clock import now_of
from dialer.service.list_shelf import SHELF, freshness
from dialer.settings import Settings, read_settings

_USUAL_PROFILES = {
    SetKind.NATIONAL: "ftc_full",
    SetKind.STATE: "state_list",
    SetKind.LITIGATOR: "numbers",
    SetKind.INTERNAL: "numbers",
    SetKind.WIRELESS_BLOCK: "wireless_blocks",
    SetKind.PORTED_TO_WIRELESS: "intermodal_ports",
    SetKind.PORTED_TO_WIRELINE: "intermodal_ports",
}


@click.command("import")
@click.argument("name", metavar="LIST")
@click.argument("file", type=click.Path(path_type=Path, dir_okay=False, exists=True))
@click.option("--kind", type=click.Choice([*LIST_SOURCES]), help="What being on it means.")
@click.option("--state", default="", help="Whose list it is, with --kind state.")
@click.option("--country", default="", help="Whose list it is, with --kind national; US without.")
@click.option(
    "--profile", default="", help=f"{', '.join(profile_names())}, or a .toml file of your own."
)
@click.option("--obtained", metavar="TIME", help="When the copy was obtained; now without.")
@click.option("--issued", metavar="TIME", help="When the registry published it.")
@click.option("--base", help="Of a list of changes: the version it was made for.")
@click.option("--approve", metavar="NAME", help="Who lets a list pass that changed a lot.")
@click.option("--because", metavar="TEXT", help="Why.")
@config_option
@json_option
def import_list(
    name: str,
    file: Path,
    kind: str | None,
    state: str,
    country: str,
    profile: str,
    obtained: str | None,
    issued: str | None,
    base: str | None,
    approve: str | None,
    because: str | None,
    config: Path,
    as_json: bool,
) -> None:
    """Make FILE the active copy of LIST: whole, or not at all.

    Kind, state and profile are taken from lists.toml where it names LIST. A running service uses
    the new copy within a second.
    """
    with plain_errors():
        settings = read_settings(config)
        entry = _entry_of(settings, name)
        wanted = SetKind(LIST_SOURCES[kind]) if kind else SetKind(entry.kind) if entry else None
        if wanted is None:
            raise OperatorError(
                Problem(
                    "kind",
                    None,
                    "lists.toml does not name this list, so nobody knows what being on it means",
                    name,
                    f"Give --kind: {', '.join(LIST_SOURCES)}.",
                )
            )
        layout = profile or (entry.profile if entry else _USUAL_PROFILES.get(wanted, ""))
        own = not profile and entry is not None
        with _progress_bar() as told:
            manifest = _shelf(settings).import_file(
                name,
                wanted,
                state or country.replace("US", "") or (entry.state if entry else ""),
                file,
                find_profile(layout, settings.dnc_lists if own else None),
                _when("obtained", obtained) or now_of(settings),
                _when("issued", issued),
                base=base,
                approve=approve,
                because=because,
                progress=told,
            )
        _say_manifest(manifest)
        if as_json:
            put(manifest.as_json())


@click.command("lists")
@config_option
@json_option
def show_lists(config: Path, as_json: bool) -> None:
    """Every list in force, how old its copy is, and whether it is too old."""
    with plain_errors():
        settings = read_settings(config)
        law = load_law(read_overlays(settings.rules))
        found = freshness(_shelf(settings), law, now_of(settings))
        table = Table("list", "kind", "obtained", "age", "allowed", "numbers", "SHA-256", "")
        for each in found:
            table.add_row(
                each.name,
                f"{each.kind.lower()} {each.state}".rstrip(),
                rfc3339(each.obtained_at)[:10],
                f"{each.age_days} d",
                "" if each.max_age_days is None else f"{each.max_age_days} d",
                f"{each.entries:,}",
                each.sha256[:12],
                "[red]STALE[/red]" if each.stale else "fresh",
            )
        console.print(table if found else "no list is in force")
        if as_json:
            put(
                [
                    {
                        **asdict(each),
                        "obtained_at": rfc3339(each.obtained_at),
                        "issued_at": None if each.issued_at is None else rfc3339(each.issued_at),
                        "stale": each.stale,
                    }
                    for each in found
                ]
            )


@click.command("retire")
@click.argument("name", metavar="LIST")
@click.option("--approve", metavar="NAME", required=True, help="Who takes it out of use.")
@click.option("--because", metavar="TEXT", required=True, help="Why.")
@config_option
@json_option
def retire(name: str, approve: str, because: str, config: Path, as_json: bool) -> None:
    """Take LIST out of use; what is known of its versions is kept. Remove it from lists.toml first:
    a list that is named there comes back at the next start."""
    with plain_errors():
        settings = read_settings(config)
        manifest = _shelf(settings).retire(name, approve, because)
        say(f"{name} is out of use: {manifest.deleted:,} numbers")
        if as_json:
            put(manifest.as_json())


def _shelf(settings: Settings) -> ListShelf:
    return ListShelf(settings.data / SHELF, lambda: now_of(settings))


def _entry_of(settings: Settings, name: str) -> ListEntry | None:
    return next((e for e in read_list_entries(settings.dnc_lists) if e.name == name), None)


def _when(option: str, written: str | None) -> Instant | None:
    if written is None:
        return None
    try:
        return day_or_instant(written)
    except ValueError as error:
        raise OperatorError(
            Problem(
                f"--{option}",
                None,
                f"this is no time: {error}",
                written,
                "Write it like 2026-11-20 (its start, UTC) or 2026-11-20T17:30:00Z.",
            )
        ) from error


def _say_manifest(manifest: Manifest) -> None:
    say(
        f"{manifest.name} {manifest.version}: {manifest.count:,} numbers, "
        f"{manifest.added:,} added, {manifest.deleted:,} deleted; "
        f"{manifest.rows_read:,} rows read, {manifest.rows_repeated:,} of them repeated, "
        f"{manifest.rows_rejected:,} rejected",
        "green",
    )
    for each in manifest.rejected:
        say(f"  {each.where}:{each.line}: {each.text}")


@contextmanager
def _progress_bar() -> Iterator[Told]:
    columns = (TextColumn("{task.description}"), BarColumn(), TaskProgressColumn())
    with Progress(*columns, TimeElapsedColumn(), console=console) as bar:
        tasks = {stage: bar.add_task(stage, total=1.0) for stage in ("reading", "writing")}

        def told(stage: str, done: float) -> None:
            bar.update(tasks[stage], completed=done)

        yield told
