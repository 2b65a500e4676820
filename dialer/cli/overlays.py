"""`dialer rules overlay` and `rules withdraw`: an officer's changes to the law as data."""

from __future__ import annotations

import hashlib
from dataclasses import asdict
from functools import partial
from pathlib import Path

import click
import trio

from dialer.cli.base import json_option, plain_errors, put, say
from dialer.cli.rules import DEFAULT_CONFIG, config_option
from dialer.compliance.law import Approval, Ruleset
from dialer.compliance.law_files import NamedFile, load_law
from dialer.compliance.overlay import Overlay, approve, preview
from dialer.intake.overlay_files import read_overlays
from dialer.model.errors import OperatorError, Problem
from dialer.model.instant import Instant, rfc3339
from dialer.model.journal import EntryKind, JournalEntry, JsonValue
from dialer.service.clock import now_of
from dialer.service.offline import writing
from dialer.settings import Settings, read_settings


@click.command()
@click.argument("file", type=click.Path(path_type=Path, exists=True, dir_okay=False))
@click.option("--approve", "approver", help="Who approves what the overlay loosens.")
@click.option("--because", help="Why; it stands in every decision made under it.")
@click.option("--dry-run", is_flag=True, help="Only say what it would do.")
@config_option
@json_option
def overlay(
    file: Path,
    approver: str | None,
    because: str | None,
    dry_run: bool,
    config: Path | None,
    as_json: bool,
) -> None:
    """Put an overlay FILE into force: checked, journaled, and copied to the rules folder. One that
    loosens a row needs --approve NAME --because TEXT. The service takes it in at its next start."""
    with plain_errors():
        if bool(approver and approver.strip()) != bool(because and because.strip()):
            raise OperatorError(
                Problem("--approve", None, "an approval has a name and a reason", "", "Give both.")
            )
        if file.suffix != ".toml":
            raise OperatorError(
                Problem(file.name, None, "an overlay is a .toml file", "", "Rename it.")
            )
        settings = read_settings(config or DEFAULT_CONFIG)
        now = now_of(settings)
        content = file.read_bytes()
        if approver and because:
            content = approve(content, Approval(approver.strip(), because.strip(), rfc3339(now)))
        others = tuple(each for each in read_overlays(settings.rules) if each[0] != file.name)
        before = tuple(each for each in others if each[0] < file.name)
        found = preview(load_law(before).jurisdictions, content, file.name)
        for changed in found.changes:
            say(f"{changed.jurisdiction} {changed.what}")
            for each in changed.loosens:
                say(f"  loosens: {each}", "yellow")
        ruleset = load_law(sorted((*others, (file.name, content))))
        if not dry_run:
            data = _journaled(found, content, ruleset)
            trio.run(partial(_place, settings, now, (file.name, content), data))
        say(f"{'would be' if dry_run else 'in force as'} ruleset {ruleset.label}", "green")
        if as_json:
            put({"ruleset": ruleset.label, "overlay": asdict(found)})


@click.command()
@click.argument("name")
@click.option("--because", required=True, help="Why it is taken out.")
@config_option
def withdraw(name: str, because: str, config: Path | None) -> None:
    """Take the overlay NAME out of force: journaled, then removed from the rules folder."""
    with plain_errors():
        settings = read_settings(config or DEFAULT_CONFIG)
        overlays = read_overlays(settings.rules)
        content = dict(overlays).get(name)
        if content is None:
            names = ", ".join(each for each, _ in overlays) or "none"
            raise OperatorError(Problem(name, None, "no such overlay", "", f"There are: {names}."))
        ruleset = load_law(tuple(each for each in overlays if each[0] != name))
        data: dict[str, JsonValue] = {
            "change": "overlay_withdrawn",
            "file": name,
            "sha256": hashlib.sha256(content).hexdigest(),
            "because": because,
            "ruleset": ruleset.label,
        }
        trio.run(partial(_place, settings, now_of(settings), (name, None), data))
        say(f"without it: ruleset {ruleset.label}", "green")


def _journaled(overlay: Overlay, content: bytes, ruleset: Ruleset) -> dict[str, JsonValue]:
    approval = overlay.approval
    return {
        "change": "overlay",
        "file": overlay.file,
        "sha256": hashlib.sha256(content).hexdigest(),
        "name": overlay.name,
        "by": overlay.by,
        "note": overlay.note,
        "changes": [f"{each.jurisdiction} {each.what}" for each in overlay.changes],
        "loosens": [
            f"{each.jurisdiction} {each.what}: {'; '.join(each.loosens)}"
            for each in overlay.changes
            if each.loosens
        ],
        "approved_by": approval.by if approval else None,
        "because": approval.because if approval else None,
        "ruleset": ruleset.label,
    }


async def _place(
    settings: Settings,
    now: Instant,
    file: NamedFile | tuple[str, None],
    data: dict[str, JsonValue],
) -> None:
    """Journal the change, then make it: what is not written down does not come into force."""
    assert settings.rules is not None
    name, content = file
    async with writing(settings) as store:
        await store.append([JournalEntry(EntryKind.SERVICE_CHANGED, now, data=data)])
    folder = trio.Path(settings.rules)
    if content is None:
        await (folder / name).unlink()
        return
    await folder.mkdir(parents=True, exist_ok=True)
    new = folder / f"{name}.new"
    await new.write_bytes(content)
    await new.replace(folder / name)
