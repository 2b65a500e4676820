"""`dialer audit verify`, `export`, `key`, `erase`, `retain`: the journal checked, handed over, and
made to forget. Checking a bundle needs neither settings nor a database."""

from __future__ import annotations

import os
from dataclasses import asdict
from functools import partial
from pathlib import Path

import click
import trio

from dialer.audit.bundle import BundleReport, verify_bundle
from dialer.audit.checkpoints import NoCheckpoint, Witness, notes_in
from dialer.cli.base import config_option, instant_given, json_option, plain_errors, put, say
from dialer.model.errors import OperatorError, Problem
from dialer.model.instant import Instant, rfc3339
from dialer.model.journal import Verification
from dialer.service.clock import now_of
from dialer.service.control import ExportJournaled, ask_service, exported_entry, user_name
from dialer.service.offline import reading, writing
from dialer.settings import Settings, read_settings
from dialer.store.bundles import Made, Wanted
from dialer.store.retention import FLOOR_YEARS, Retained, years_before

_file = click.Path(path_type=Path, exists=True, dir_okay=False)


@click.command()
@click.option("--bundle", type=_file, help="Check this exported bundle, not the live journal.")
@click.option(
    "--checkpoint",
    "checkpoints",
    type=_file,
    multiple=True,
    help="A file of checkpoints kept outside: finds cut tails and rewritten journals.",
)
@click.option("--key", type=_file, help="The journal's public key, as you know it from elsewhere.")
@config_option
@json_option
def verify(
    bundle: Path | None,
    checkpoints: tuple[Path, ...],
    key: Path | None,
    config: Path,
    as_json: bool,
) -> None:
    """Prove that no entry of the journal was changed, taken out, put in or moved. Status 1 where
    one was, and the first bad one is named."""
    with plain_errors():
        outside = {str(file): list(notes_in(_text(file))) for file in checkpoints}
        witness = _witness(key)
        if bundle is not None:
            with bundle.open("rb") as stream:
                report = verify_bundle(stream, outside, witness)
            found = report.verification
            _say_bundle(bundle, report)
        else:
            settings = read_settings(config)
            store = reading(settings)
            if witness is not None and witness != trio.run(store.witness):
                raise OperatorError(
                    Problem(
                        str(key),
                        None,
                        "the journal is signed with another key than this one",
                        "",
                        "`dialer audit key` shows the journal's. If it was replaced, trust nothing "
                        "that only the new one signed.",
                    )
                )
            found = trio.run(partial(store.verify, outside))
        _say_found(found, bool(checkpoints))
        if as_json:
            put(asdict(found))
        if not found.verified:
            raise SystemExit(1)


def _say_bundle(file: Path, report: BundleReport) -> None:
    manifest = report.manifest
    if manifest is not None:
        say(
            f"{file}: entries {manifest.first_seq} to {manifest.last_seq} of {report.origin}, made "
            f"{rfc3339(Instant(manifest.made_at))} by {manifest.made_by}"
        )
    if report.origin and not report.named:
        say(
            f"the public key is the bundle's own: see that {report.origin} is the journal you mean,"
            " or give --key",
            "yellow",
        )


def _say_found(found: Verification, asked: bool) -> None:
    if not found.verified:
        bad = "it" if found.first_bad_seq is None else f"entry {found.first_bad_seq}"
        say(f"{bad} does not verify: {found.why}", "red")
        return
    say(
        f"{found.entries} entries, every one as it was written; {found.checkpoints} checkpoints "
        "agree",
        "green",
    )
    if found.anchored:
        say(f"entries up to {found.anchored} are vouched for by a checkpoint kept outside", "green")
    elif asked:
        say("no checkpoint kept outside lies within these entries", "yellow")
    else:
        say("none of them kept outside was given (--checkpoint)")


@click.command()
@click.option("--from", "since", default="", help="The first instant (RFC 3339 with zone).")
@click.option("--to", "until", default="", help="The instant to stop before (RFC 3339 with zone).")
@click.option(
    "--out",
    type=click.Path(path_type=Path, dir_okay=False),
    required=True,
    help="The file to write; it must not exist.",
)
@click.option("--numbers", is_flag=True, help="With numbers and notes, not only their keys.")
@config_option
@json_option
def export(since: str, until: str, out: Path, numbers: bool, config: Path, as_json: bool) -> None:
    """Write a bundle of the journal that anybody can verify offline. That it was written is itself
    journaled, by the running service if there is one: if that fails there is no bundle."""
    with plain_errors():
        settings = read_settings(config)
        me = user_name(os.getuid())
        wanted = Wanted(instant_given("--from", since), instant_given("--to", until), numbers, me)
        if out.exists():
            raise OperatorError(
                Problem(str(out), None, "the file exists", "", "Choose another name.")
            )
        made = _export(settings, wanted, out)
        manifest = made.manifest
        say(
            f"{out}: entries {manifest.first_seq} to {manifest.last_seq} of {manifest.origin}",
            "green",
        )
        say(f"check it anywhere: dialer audit verify --bundle {out}")
        if as_json:
            put({"file": str(out), **made.data})


def _export(settings: Settings, wanted: Wanted, out: Path) -> Made:
    unfinished = out.with_name(f"{out.name}.unfinished")
    now = now_of(settings)
    try:
        with unfinished.open("xb+") as stream:
            unfinished.chmod(0o600)
            made = trio.run(partial(reading(settings).export, wanted, now, stream))
            stream.flush()
            os.fsync(stream.fileno())
        if ask_service(settings.data, ExportJournaled(data=made.data)) is None:
            trio.run(partial(_journal_export, settings, made, wanted.by))
        unfinished.rename(out)
    except OSError as error:
        raise OperatorError(
            Problem(str(out), None, f"it cannot be written: {error.strerror}", "", "See why.")
        ) from error
    finally:
        unfinished.unlink(missing_ok=True)
    return made


async def _journal_export(settings: Settings, made: Made, by: str) -> None:
    async with writing(settings) as store:
        entry = exported_entry(made.data, now_of(settings), f"{by} (command)")
        await store.append([entry])


@click.command()
@config_option
def key(config: Path) -> None:
    """Show the public key that checkpoints and bundles of this journal are signed with."""
    with plain_errors():
        click.echo(str(trio.run(reading(read_settings(config)).witness)))


@click.command()
@click.argument("number")
@click.option("--because", required=True, help="Why: the person's request, a court's order.")
@click.option("--evidence-too", is_flag=True, help="Also what proves a request not to be called.")
@config_option
def erase(number: str, because: str, evidence_too: bool, config: Path) -> None:
    """Make the journal forget NUMBER (E.164) and the words about it; its entries stay and verify.
    Only while no service runs. Leads, attempts and requests not to be called are not touched."""
    with plain_errors():
        settings = read_settings(config)
        values = trio.run(partial(_erase, settings, number, because, evidence_too))
        if not values:
            say(f"the journal knows nothing of {number}")
        else:
            say(f"{values} values erased", "green")


async def _erase(settings: Settings, number: str, because: str, evidence_too: bool) -> int:
    async with writing(settings) as store:
        by = f"{user_name(os.getuid())} (command)"
        now = now_of(settings)
        return await store.erase(number, now, by, because, evidence_too=evidence_too)


@click.command()
@click.option(
    "--older-than",
    "years",
    type=click.IntRange(FLOOR_YEARS, 100),
    help="Years since the last use; the settings' keep_years without it.",
)
@click.option("--dry-run", is_flag=True, help="Only say what would go.")
@config_option
@json_option
def retain(years: int | None, dry_run: bool, config: Path, as_json: bool) -> None:
    """Remove working data whose time is over, and prove in the journal what went. The service does
    the same every day; the command works only while none runs, a dry run always."""
    with plain_errors():
        settings = read_settings(config)
        kept = settings.audit.keep_years if years is None else years
        older_than = years_before(now_of(settings), kept)
        if dry_run:
            found = trio.run(partial(reading(settings).would_retain, older_than, kept))
        else:
            found = trio.run(partial(_retain, settings, older_than, kept))
        say(f"last used before {rfc3339(older_than)}, {'to go' if dry_run else 'gone'}:")
        for name, removed in found.tables.items():
            say(f"  {name.replace('_', ' '):15} {removed.rows:9} rows  root {removed.root}")
        say(f"  {'look-up table':15} {found.personal:9} values")
        if as_json:
            put(asdict(found))


async def _retain(settings: Settings, older_than: Instant, years: int) -> Retained:
    async with writing(settings) as store:
        by = f"{user_name(os.getuid())} (command)"
        return await store.retain(older_than, years, now_of(settings), by)


def _text(file: Path) -> str:
    try:
        return file.read_text()
    except (OSError, UnicodeDecodeError) as error:
        raise OperatorError(
            Problem(str(file), None, f"it cannot be read: {error}", "", "Give a text file.")
        ) from error


def _witness(file: Path | None) -> Witness | None:
    if file is None:
        return None
    try:
        return Witness.parse(_text(file))
    except NoCheckpoint as error:
        raise OperatorError(
            Problem(str(file), None, str(error), "", "`dialer audit key` prints one.")
        ) from error
