"""Commands loaded when asked for: reading a rule must not wait for SIP, pages and databases."""

from __future__ import annotations

from collections.abc import Mapping
from importlib import import_module
from typing import Any, NamedTuple

import click


class Later(NamedTuple):
    """A command by the place it is written at, and the first sentence of its help."""

    place: str
    """`module:name`, the module within `dialer.cli`."""
    help: str
    """Said in its group's help, for which nothing is loaded."""


class LazyGroup(click.Group):
    """A group whose commands `later` are imported when they are run or asked for their own help."""

    def __init__(self, *args: Any, later: Mapping[str, Later], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.later = later

    def list_commands(self, ctx: click.Context) -> list[str]:
        return sorted({*self.commands, *self.later})

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        later = self.later.get(cmd_name)
        if later is not None and cmd_name not in self.commands:
            module, _, name = later.place.partition(":")
            command: click.Command = getattr(import_module(f"dialer.cli.{module}"), name)
            self.add_command(command, cmd_name)
        return super().get_command(ctx, cmd_name)

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        names = self.list_commands(ctx)
        limit = formatter.width - 6 - max(map(len, names), default=0)
        with formatter.section("Commands"):
            formatter.write_dl([(name, self._short(name, limit)) for name in names])

    def _short(self, name: str, limit: int) -> str:
        known = self.commands.get(name) or click.Command(name, help=self.later[name].help)
        return known.get_short_help_str(limit)
