"""`dialer screen LEADS.csv`: a whole lead file screened before it is loaded."""

from __future__ import annotations

from dataclasses import asdict
from functools import partial
from pathlib import Path

import trio
from rich.progress import BarColumn, Progress, TaskProgressColumn, TextColumn, TimeElapsedColumn

from dialer.cli.base import console, sound
from dialer.model.campaigns import Campaign
from dialer.model.errors import OperatorError, Problem
from dialer.model.instant import Instant, rfc3339
from dialer.service.loading import OperatorData, load
from dialer.service.offline import reading
from dialer.service.scrub import ScrubReport, lasting_lists, new_report, scrub
from dialer.service.scrubbing import known_of
from dialer.settings import Settings
from dialer.store.record_reader import RecordReader


def screen_leads(settings: Settings, leads: Path, name: str, at: Instant, out: Path) -> ScrubReport:
    """Screen a lead file for the campaign `name` into the report `out`, telling how far it is.
    Raises OperatorError where the file cannot be read or there is no such campaign."""
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


def summary(report: ScrubReport) -> dict[str, object]:
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
