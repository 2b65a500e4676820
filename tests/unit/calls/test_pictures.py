"""The machines' pictures are drawn from their tables."""

from __future__ import annotations

import re

import pytest

from dialer.calls import agent, attempt
from dialer.calls.machine import picture
from dialer.calls.pictures import PICTURES, redrawn

LINE = re.compile(r"    (\w+) --> (\w+): (.+)")


@pytest.mark.parametrize("machine", ["CallAttempt", "AgentSession"])
def test_a_picture_shows_every_edge_of_its_table_and_no_other(machine: str) -> None:
    table: dict[tuple[str, str], str] = {
        (str(state), str(given)): str(after)
        for (state, given), after in (
            attempt.TABLE.items() if machine == "CallAttempt" else agent.TABLE.items()
        )
    }
    drawn = {
        (before, word.upper().replace(" ", "_")): after
        for before, after, words in LINE.findall(PICTURES[machine])
        for word in words.split(" / ")
    }
    assert drawn == table


def test_a_picture_begins_where_the_machine_does() -> None:
    assert picture(attempt.TABLE, attempt.START).startswith(
        "stateDiagram-v2\n    [*] --> PLANNED\n"
    )


def test_redrawing_replaces_only_what_is_between_the_markers() -> None:
    text = "before\n"
    for name in PICTURES:
        text += f"<!-- {name} -->\nold\n<!-- end of {name} -->\nbetween\n"
    new = redrawn(text)
    assert "old" not in new and new.count("between") == len(PICTURES)
    assert all(drawing in new for drawing in PICTURES.values())
    assert redrawn(new) == new


def test_a_readme_without_a_place_for_a_picture_is_refused_by_name() -> None:
    with pytest.raises(ValueError, match="CallAttempt"):
        redrawn("no markers here")
