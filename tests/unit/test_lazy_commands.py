"""The commands are found where the table says, and it says of them what they say of themselves."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator

import click
import pytest

from dialer.cli import main
from dialer.cli.lazy import Later, LazyGroup

TOLD_WHOLE = 1000
"""Characters: longer than any first sentence."""


def _groups(group: click.Group) -> Iterator[LazyGroup]:
    assert isinstance(group, LazyGroup)
    yield group
    for each in group.commands.values():
        if isinstance(each, click.Group):
            yield from _groups(each)


EVERY = [
    pytest.param(group, name, later, id=f"{group.name} {name}")
    for group in _groups(main)
    for name, later in group.later.items()
]


@pytest.mark.parametrize(("group", "name", "later"), EVERY)
def test_the_table_says_what_the_command_says(group: LazyGroup, name: str, later: Later) -> None:
    fresh = LazyGroup(group.name, later=group.later)
    command = fresh.get_command(click.Context(fresh), name)
    assert command is not None
    assert command.get_short_help_str(TOLD_WHOLE) == later.help


def test_a_group_lists_its_commands_in_order_with_their_help() -> None:
    group = LazyGroup(
        "g", later={"b": Later("nowhere:b", "Does b."), "a": Later("no:a", "Does a.")}
    )
    group.add_command(click.Command("c", help="Does c."))
    text = group.get_help(click.Context(group))
    assert text.index("a  Does a.") < text.index("b  Does b.") < text.index("c  Does c.")


def test_an_unknown_command_is_unknown() -> None:
    group = LazyGroup("g", later={})
    assert group.get_command(click.Context(group), "x") is None


@pytest.mark.parametrize("arguments", [["--help"], ["dnc", "--help"], ["rules", "show", "FL"]])
def test_what_needs_neither_calls_nor_pages_nor_database_loads_none(arguments: list[str]) -> None:
    heavy = ("pjsua2", "sqlalchemy", "alembic", "hypercorn", "starlette", "numpy")
    code = (
        "import sys\nfrom dialer.cli import main\n"
        f"main({arguments!r}, standalone_mode=False)\n"
        f"sys.exit(' '.join(each for each in {heavy!r} if each in sys.modules) or 0)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
