"""A state machine is a table: (state, input) to state. Nothing else moves a state.

Both machines of the house (`attempt`, `agent`) are such tables; README's pictures are drawn from
them by `picture`, and a test holds the two together.
"""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum
from typing import TypeVar

from dialer.model.errors import IllegalTransition

State = TypeVar("State", bound=StrEnum)
Input = TypeVar("Input", bound=StrEnum)


def step(table: Mapping[tuple[State, Input], State], state: State, given: Input) -> State:
    """The state after `given`. Raises IllegalTransition where the table has no such edge."""
    try:
        return table[state, given]
    except KeyError:
        raise IllegalTransition(f"{type(state).__name__} {state} has no edge {given}") from None


def picture(table: Mapping[tuple[State, Input], State], start: State) -> str:
    """The table as a Mermaid state diagram; edges between the same two states share a line."""
    edges: dict[tuple[State, State], list[str]] = {}
    for (state, given), after in table.items():
        edges.setdefault((state, after), []).append(given.lower().replace("_", " "))
    lines = ["stateDiagram-v2", f"    [*] --> {start}"]
    lines += [f"    {a} --> {b}: {' / '.join(words)}" for (a, b), words in edges.items()]
    return "\n".join(lines) + "\n"
