"""`dialer user add`: people who can sign in."""

from __future__ import annotations

from functools import partial
from pathlib import Path

import click
import trio

from dialer.cli.base import config_option, plain_errors, say
from dialer.model.errors import OperatorError, Problem
from dialer.model.reports import Role, User
from dialer.service.clock import now_of
from dialer.service.office import hash_password
from dialer.service.offline import writing
from dialer.settings import Settings, read_settings


@click.command()
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
