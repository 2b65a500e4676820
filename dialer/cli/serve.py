"""`dialer serve` and `dialer check`: the service, and whether it would start."""

from __future__ import annotations

import signal
import sys
from dataclasses import asdict
from functools import partial
from itertools import chain
from pathlib import Path

import click
import trio

from dialer.cli.base import config_option, json_option, plain_errors, put, say
from dialer.service.bearings import bearings
from dialer.service.checking import outlook
from dialer.service.clock import now_of
from dialer.service.loading import Shelf, load
from dialer.service.run import Running, Service
from dialer.settings import read_settings
from dialer.telemetry.logs import set_up_logging


@click.command()
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


@click.command()
@config_option
@json_option
def check(config: Path, as_json: bool) -> None:
    """Validate settings, campaigns and lists; say what would be called when."""
    with plain_errors():
        settings = read_settings(config)
        data, now = load(settings, Shelf.ASIDE), now_of(settings)
        standing = bearings(settings, data, now)
        outlooks, problems = outlook(settings, data, now)
        for line in chain(standing.words(), *(each.words() for each in outlooks)):
            say(line)
        for warning in standing.warnings:
            say(f"warning: {warning}", "yellow")
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
                    "standing": asdict(standing),
                    "problems": [asdict(problem) for problem in problems],
                }
            )
        if problems:
            sys.exit(1)
