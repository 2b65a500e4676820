"""`dialer dnc add`, `dnc remove`, `dnc emergency`.

Through the running service where one runs on the settings' data, in force there before the command
returns; else written down for its next start.

A service with a database of its own is a node of its own: run the command for each.
"""

from __future__ import annotations

import os
from collections.abc import Awaitable, Callable
from dataclasses import asdict
from datetime import datetime
from functools import partial
from pathlib import Path

import click
import trio

from dialer.cli.base import config_option, json_option, plain_errors, put, say
from dialer.intake.campaign_files import load_campaigns
from dialer.model.errors import OperatorError, Problem
from dialer.model.instant import Instant, instant_of, rfc3339
from dialer.model.records import RequestChannel
from dialer.model.suppression import InForce
from dialer.service.clock import now_of
from dialer.service.control import Ask, DncAdd, DncRemove, Emergency, ask_service, user_name
from dialer.service.offline import writing
from dialer.service.requests import (
    add_offline,
    emergency_of,
    emergency_offline,
    request_of,
    withdraw_offline,
    withdrawal_of,
)
from dialer.settings import Settings, read_settings
from dialer.store.port import Store

_CHANNELS = [channel.lower().replace("_", "-") for channel in RequestChannel]
_seller_option = click.option(
    "--seller", default="", help="The seller who was asked; without it, everyone who calls."
)


@click.command("add")
@click.argument("number")
@_seller_option
@click.option("--affiliates", is_flag=True, help="The seller's affiliates are meant too.")
@click.option("--channel", type=click.Choice(_CHANNELS), required=True, help="How it came in.")
@click.option("--evidence", required=True, help="Where the proof is: letter, ticket, recording.")
@click.option("--asked-by", required=True, help="Who asked: the person called, or who for them.")
@click.option("--received", default="", help="When it came in (RFC 3339 with zone); now without.")
@config_option
@json_option
def add(
    number: str,
    seller: str,
    affiliates: bool,
    channel: str,
    evidence: str,
    asked_by: str,
    received: str,
    config: Path,
    as_json: bool,
) -> None:
    """Put NUMBER on the list of people who asked not to be called: in force at once."""
    with plain_errors():
        settings = read_settings(config)
        ask = DncAdd(
            number=number,
            seller=seller,
            affiliates=affiliates,
            channel=RequestChannel(channel.upper().replace("-", "_")),
            asked_by=asked_by,
            evidence=evidence,
            received_at=_instant(received) if received else None,
        )
        _report(settings, ask, partial(_add, settings, ask), as_json)


async def _add(settings: Settings, ask: DncAdd, store: Store) -> InForce:
    request = request_of(
        ask.number,
        seller=ask.seller,
        affiliates=ask.affiliates,
        channel=ask.channel,
        asked_by=ask.asked_by,
        evidence=ask.evidence,
        received_at=None if ask.received_at is None else Instant(ask.received_at),
        by=_me(),
        sellers=_sellers(settings),
        now=now_of(settings),
    )
    return await add_offline(store, request)


def _sellers(settings: Settings) -> list[str]:
    """Raises OperatorError where a campaign's file is wrong: its seller would be missing."""
    campaigns, problems = load_campaigns(settings.campaigns)
    if problems:
        raise OperatorError(*problems)
    return [campaign.seller for campaign in campaigns.values()]


@click.command("remove")
@click.argument("number")
@_seller_option
@click.option("--because", required=True, help="Why: a number mistyped, the person's own wish.")
@click.option("--evidence", required=True, help="What shows that it may be taken out.")
@config_option
@json_option
def remove(
    number: str, seller: str, because: str, evidence: str, config: Path, as_json: bool
) -> None:
    """Take out the requests of NUMBER that were made to the seller. The journal keeps them."""
    with plain_errors():
        settings = read_settings(config)
        ask = DncRemove(number=number, seller=seller, because=because, evidence=evidence)
        _report(settings, ask, partial(_remove, settings, ask), as_json)


async def _remove(settings: Settings, ask: DncRemove, store: Store) -> InForce:
    now = now_of(settings)
    found = (await store.restore(now)).suppressions
    event = withdrawal_of(
        ask.number,
        seller=ask.seller,
        because=ask.because,
        evidence=ask.evidence,
        by=_me(),
        there=lambda e164: [each for each in found if each.e164 == e164],
    )
    return await withdraw_offline(store, event, now)


@click.command("emergency")
@click.argument("state")
@click.option("--on/--off", "on", required=True, help="Stop calls into STATE, or let them go on.")
@click.option("--because", required=True, help="Who declared it, or that it is over.")
@config_option
@json_option
def emergency(state: str, on: bool, because: str, config: Path, as_json: bool) -> None:
    """Stop all calls into STATE (as LA) while an emergency is declared there."""
    with plain_errors():
        settings = read_settings(config)
        do = "emergency_set" if on else "emergency_clear"
        ask = Emergency.model_validate({"do": do, "state": state, "because": because})
        _report(settings, ask, partial(_emergency, settings, ask, on), as_json)


async def _emergency(settings: Settings, ask: Emergency, on: bool, store: Store) -> InForce:
    event = emergency_of(ask.state, on=on, because=ask.because, by=_me())
    return await emergency_offline(store, event, now_of(settings))


# --- how ------------------------------------------------------------------------------------------


def _report(
    settings: Settings, ask: Ask, offline: Callable[[Store], Awaitable[InForce]], as_json: bool
) -> None:
    """Have it done, by the service or in its absence, and say what came of it."""
    answer = ask_service(settings.data, ask) if settings.data.is_dir() else None
    running = answer is not None
    if answer is None:
        answer = trio.run(_offline, settings, offline)
    for line in _words(answer, running):
        say(line, "green" if answer.durable else "yellow")
    if as_json:
        put({**asdict(answer), "running": running})


async def _offline(settings: Settings, do: Callable[[Store], Awaitable[InForce]]) -> InForce:
    async with writing(settings) as store:
        return await do(store)


def _words(answer: InForce, running: bool) -> list[str]:
    if not answer.durable:
        return [
            f"{answer.what}: taken, but the journal cannot be written now. What forbids calls "
            "holds already; look at the alarms, and check again once the journal can be written."
        ]
    where = "in force in the running service" if running else "written down; no service runs"
    lines = [f"{answer.what}: {where}, since {rfc3339(answer.since)}"]
    if answer.deadline_at is not None:
        lines.append(f"the law's deadline for it is {rfc3339(answer.deadline_at)}")
    return lines


def _instant(text: str) -> int:
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        moment = None
    if moment is None or moment.tzinfo is None:
        raise OperatorError(
            Problem(
                "--received",
                None,
                "this is no time with its zone",
                text,
                "Write it like 2026-11-21T14:05:00-05:00.",
            )
        )
    return instant_of(moment)


def _me() -> str:
    return f"{user_name(os.getuid())} (command)"
