"""The demo's working folder: the committed campaign and lists, with this run's ports and sizes."""

from __future__ import annotations

import csv
import re
import shutil
import time
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from dialer.demo.sipp import HOST, scenarios_folder

CLOCK = datetime(2026, 12, 2, 17, 30, tzinfo=UTC)
"""A Wednesday, 12:30 in New York and 09:30 in Los Angeles; the demo's clock starts here at any hour
of any day, so that what may be called is the same every time."""

CAMPAIGN = "demo"
LINES_PER_AGENT = 2.6


@dataclass(frozen=True, slots=True)
class Ports:
    """Where the carrier and the agents' phones answer."""

    carrier: int
    phones: int


def build_world(
    folder: Path, leads: int | None, agents: int, ports: Ports, recordings: Path | None = None
) -> Path:
    """Write campaign, lists and settings into `folder`; the path of the settings file."""
    root = scenarios_folder().parents[1]
    source = root / "campaigns" / CAMPAIGN
    campaign = folder / "campaigns" / CAMPAIGN
    shutil.copytree(source, campaign)
    shutil.copytree(root / "dnc_lists", folder / "dnc_lists")
    if leads is not None:
        _cut(campaign / "leads.csv", leads)
    text = (campaign / "campaign.toml").read_text()
    head = text[: text.index("[[agents]]")]
    (campaign / "campaign.toml").write_text(head + _agents(text, agents, ports.phones))
    channels = round(agents * LINES_PER_AGENT)
    workers = -(-(agents + channels) // 4) + 1
    shift_s = int(CLOCK.timestamp() - time.time())
    recorded = f"recordings = {str(recordings.resolve())!r}\n" if recordings else ""
    settings = folder / "dialer.toml"
    settings.write_text(
        f"""clock_shift_s = {shift_s}

[clock]
check = "off"

[web]
port = 0

[carrier]
workers = {workers}
{recorded}
[[trunks]]
name = "demo"
address = "{HOST}:{ports.carrier}"
channels = {channels}
cps = 10
"""
    )
    return settings


def agent_names(count: int) -> list[str]:
    return [f"agent{number:02d}" for number in range(1, count + 1)]


def _agents(text: str, count: int, port: int) -> str:
    shown = dict(re.findall(r'name = "(agent\d+)"\ndisplay_name = "([^"]+)"', text))
    return "\n".join(
        f'[[agents]]\nname = "{name}"\n'
        f'display_name = "{shown.get(name, "Robot " + name)}"\n'
        f'phone = "sip:{name}@{HOST}:{port}"\n'
        for name in agent_names(count)
    )


def _cut(file: Path, rows: int) -> None:
    """Keep the header and the first `rows` rows."""
    with file.open(newline="", encoding="utf-8-sig") as source:
        kept = list(csv.reader(source))[: rows + 1]
    with file.open("w", newline="", encoding="utf-8-sig") as out:
        csv.writer(out).writerows(kept)
