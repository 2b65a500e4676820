"""`dialer records import`, `dialer records show`: what is known of numbers besides the lists."""

from __future__ import annotations

import os
import sys
from dataclasses import asdict
from functools import partial
from pathlib import Path

import click
import trio

from dialer.cli.base import config_option, json_option, plain_errors, put, say, sound
from dialer.compliance.numbering import Unreadable, read_number
from dialer.model.errors import OperatorError, Problem
from dialer.model.instant import rfc3339
from dialer.model.record_files import RecordKind, RecordsReport
from dialer.model.records import NO_RECORDS, LineType, NumberRecords
from dialer.service.clock import now_of
from dialer.service.control import RecordsImport, ask_to_import, user_name
from dialer.service.loading import load
from dialer.service.offline import reading, writing
from dialer.service.records import read_record_file, store_records
from dialer.settings import Settings, read_settings

ROWS_SHOWN = 20


@click.command("import")
@click.argument("kind", type=click.Choice([kind.lower() for kind in RecordKind]))
@click.argument("file", type=click.Path(path_type=Path, exists=True, dir_okay=False))
@click.option("--seller", default="", help="Whose records they are, where a row does not say.")
@click.option(
    "--profile",
    type=click.Path(path_type=Path, exists=True, dir_okay=False),
    help="A TOML file that maps other headers and words.",
)
@config_option
@json_option
def import_(
    kind: str, file: Path, seller: str, profile: Path | None, config: Path, as_json: bool
) -> None:
    """Store what FILE says of numbers; refused rows are listed and written to a file. Status 1 if
    any was refused. Through the running service where one runs."""
    with plain_errors():
        settings = read_settings(config)
        ask = RecordsImport(
            kind=RecordKind(kind.upper()),
            file=str(file.resolve()),
            seller=seller,
            profile=None if profile is None else str(profile.resolve()),
        )
        report = ask_to_import(settings.data, ask) if settings.data.is_dir() else None
        if report is None:
            report = trio.run(partial(_import, settings, ask))
        _tell(report)
        if as_json:
            put(asdict(report))
        if report.rejected:
            sys.exit(1)


async def _import(settings: Settings, ask: RecordsImport) -> RecordsReport:
    sellers = [campaign.seller for campaign in sound(load(settings)).campaigns.values()]
    now = now_of(settings)
    profile = None if ask.profile is None else Path(ask.profile)
    file = read_record_file(Path(ask.file), ask.kind, now, ask.seller, profile)
    async with writing(settings) as store:
        by = f"{user_name(os.getuid())} (command)"
        return await store_records(store, file, sellers, now, by, settings.data)


def _tell(report: RecordsReport) -> None:
    say(
        f"{report.file}: {report.rows} rows of {report.kind.lower()}, {report.loaded} loaded, "
        f"{report.known} known before, {len(report.rejected)} refused or in doubt"
    )
    for row in report.rejected[:ROWS_SHOWN]:
        say(f"  line {row.line}: {row.reason} (found: {row.value!r}) {row.remedy}")
    if len(report.rejected) > ROWS_SHOWN:
        say(f"  and {len(report.rejected) - ROWS_SHOWN} more")
    if report.refusals_file:
        say(f"refused rows written to {report.refusals_file}")


@click.command()
@click.argument("number")
@config_option
@json_option
def show(number: str, config: Path, as_json: bool) -> None:
    """What is known of NUMBER."""
    with plain_errors():
        settings = read_settings(config)
        read = read_number(number, enabled=None)
        if isinstance(read, Unreadable):
            raise OperatorError(Problem("number", None, read.explain, number, read.remedy))
        known = trio.run(partial(reading(settings).records_of, read.e164))
        for line in _words(known) or ["nothing is known of this number"]:
            say(line)
        if as_json:
            put({"number": read.e164, **asdict(known)})


def _words(known: NumberRecords) -> list[str]:
    if known == NO_RECORDS:
        return []
    lines = []
    for consent in known.consents:
        revoked = f", revoked {rfc3339(consent.revoked_at)}" if consent.revoked_at else ""
        lines.append(
            f"{consent.type} to {consent.seller} for {consent.scope.lower()}, granted "
            f"{rfc3339(consent.granted_at)}{revoked} {consent.evidence}".rstrip()
        )
    lines += [f"{r.type.lower()} with {r.seller} at {rfc3339(r.at)}" for r in known.relationships]
    lines += [
        f"revocation by {r.channel.lower()} at {rfc3339(r.at)}"
        f" to {r.seller or 'everyone'}: {r.text!r}"
        for r in known.revocations
    ]
    lines += [f"reassigned since {r.asked_date}: {r.answer.lower()}" for r in known.rnd]
    if known.line.type is not LineType.UNKNOWN or known.line.ported_to is not None:
        ported = f", ported to {known.line.ported_to.lower()}" if known.line.ported_to else ""
        lines.append(f"line: {known.line.type.lower()}{ported}")
    if known.last_verified_contact is not None:
        lines.append(f"last verified contact {rfc3339(known.last_verified_contact)}")
    return lines
