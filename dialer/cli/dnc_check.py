"""`dialer dnc check`: may a number be called now?"""

from __future__ import annotations

import sys
from dataclasses import asdict
from functools import partial
from pathlib import Path
from typing import Any

import click
import trio

from dialer.cli.base import config_option, json_option, plain_errors, put, say, sound
from dialer.model.instant import rfc3339
from dialer.service.clock import now_of
from dialer.service.loading import OperatorData, load
from dialer.service.offline import reading, remembered_floor
from dialer.service.questions import check_number
from dialer.settings import Settings, read_settings


@click.command("check")
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
