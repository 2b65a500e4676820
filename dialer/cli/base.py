"""What every command file uses: how people and machines are answered, and how errors end.

Machine output (`--json`) goes to stdout, everything for people to stderr; the exit status is 0 only
if all went right.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click
from rich.console import Console

from dialer.model.errors import CarrierFault, JournalFault, OperatorError, Problem
from dialer.model.instant import Instant, instant_of

if TYPE_CHECKING:
    from dialer.service.loading import OperatorData

console = Console(stderr=True)

config_option = click.option(
    "--config",
    type=click.Path(path_type=Path, dir_okay=False),
    default=Path("dialer.toml"),
    show_default=True,
    help="The settings file.",
)
json_option = click.option("--json", "as_json", is_flag=True, help="Machine output on stdout.")


def say(text: object, style: str | None = None) -> None:
    """Print for people."""
    console.print(str(text), style=style, highlight=False, markup=False, soft_wrap=True)


@contextmanager
def plain_errors(*more: type[Exception]) -> Iterator[None]:
    """Errors written for people, and `more`, are printed without a traceback; the status is 1."""
    told: tuple[type[Exception], ...] = (OperatorError, JournalFault, CarrierFault, *more)
    failed = False
    try:
        yield
    except* told as group:
        for error in _leaves(group):
            say(error, "red")
        failed = True
    if failed:
        sys.exit(1)


def _leaves(group: BaseExceptionGroup[Any]) -> Iterator[BaseException]:
    for error in group.exceptions:
        if isinstance(error, BaseExceptionGroup):
            yield from _leaves(error)
        else:
            yield error


def instant_given(option: str, text: str) -> Instant | None:
    """The instant an option names (RFC 3339 with zone), None without one. Raises OperatorError."""
    if not text:
        return None
    try:
        return instant_of(datetime.fromisoformat(text))
    except ValueError as error:
        raise OperatorError(
            Problem(
                option,
                None,
                f"not an instant: {error}",
                text,
                "Write it like 2026-11-21T08:00:00Z or 2026-11-21T08:00:00-05:00.",
            )
        ) from error


def put(value: object) -> None:
    """Print one JSON value on stdout, for machines."""
    click.echo(json.dumps(value, default=str))


def sound(data: OperatorData) -> OperatorData:
    """The operator's data. Raises OperatorError with every problem in it."""
    if data.problems:
        raise OperatorError(*data.problems)
    return data
