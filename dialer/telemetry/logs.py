"""The log: plain lines on standard error, one wide line for every ended attempt.

Lines are `key=value` pairs after time, level and logger. Telephone numbers are shown by their last
four digits only: who was called is in the journal, which not everybody may read.
"""

from __future__ import annotations

import json
import logging
import sys
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import TextIO

from dialer.model.errors import OperatorError, Problem
from dialer.model.journal import JournalEntry, JsonValue

LEVELS = ("DEBUG", "INFO", "WARNING", "ERROR")
SHOWN_DIGITS = 4

_PLAIN = frozenset("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-+.:/@*,")
_FIRST = ("disposition", "cause", "blame", "status", "q850", "reason")
_LAST = ("answered", "live", "dropped", "talk_ms")


class _Lines(logging.Formatter):
    """`2026-11-21T17:30:00.000Z INFO dialer.service message`, time in UTC (RFC 3339)."""

    def __init__(self) -> None:
        super().__init__("%(asctime)s %(levelname)s %(name)s %(message)s")

    def formatTime(self, record: logging.LogRecord, datefmt: str | None = None) -> str:
        moment = datetime.fromtimestamp(record.created, UTC)
        return moment.isoformat(timespec="milliseconds").replace("+00:00", "Z")


def set_up_logging(level: str, stream: TextIO = sys.stderr) -> None:
    """Send what is logged from `level` on to `stream`; calling it again replaces what was set up.

    Raises OperatorError for a level that is none of `LEVELS`.
    """
    name = level.upper()
    if name not in LEVELS:
        raise OperatorError(
            Problem("log level", None, "there is no such level", level, f"Use {', '.join(LEVELS)}.")
        )
    handler = logging.StreamHandler(stream)
    handler.setFormatter(_Lines())
    logging.basicConfig(level=name, handlers=[handler], force=True)
    # It tells of every step of every migration it looks at: news only when something is wrong.
    logging.getLogger("alembic").setLevel(logging.WARNING)


def attempt_line(entry: JournalEntry) -> str:
    """The wide line of an ended attempt, from its ATTEMPT_ENDED entry: who (masked), how it ended,
    what was heard, and when each state was entered, in ms after the first."""
    data = entry.data
    pairs: dict[str, JsonValue] = {
        "attempt": entry.attempt_id,
        "campaign": entry.campaign,
        "lead": entry.lead_id,
        "number": masked(entry.number),
        "agent": entry.agent,
    }
    pairs |= {key: data.get(key) for key in _FIRST}
    verdict = data.get("verdict")
    if isinstance(verdict, Mapping):
        pairs["verdict"] = verdict.get("kind")
        pairs |= {
            f"verdict_{key}": verdict.get(key) for key in ("confidence", "elapsed_ms", "rule")
        }
    pairs |= {key: data.get(key) for key in _LAST}
    times = data.get("times")
    if isinstance(times, Mapping):
        entered = sorted((at, state) for state, at in times.items() if isinstance(at, int))
        pairs |= {f"{state.lower()}_at_ms": at - entered[0][0] for at, state in entered}
    shown = (f"{key}={_spelled(value)}" for key, value in pairs.items() if value not in (None, ""))
    return " ".join(shown)


def masked(number: str) -> str:
    """The last four digits of a number, the rest as stars."""
    hidden = max(len(number) - SHOWN_DIGITS, 0)
    return "*" * hidden + number[hidden:]


def _spelled(value: JsonValue) -> str:
    """A value as it stands in a line: quoted where it could be mistaken for anything else."""
    if isinstance(value, str):
        return value if _PLAIN.issuperset(value) else json.dumps(value)
    return json.dumps(value, separators=(",", ":"))
