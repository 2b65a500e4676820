"""Reading one TOML table of rules: every key asked for, every fault noted where it stands."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum
from typing import Any, TypeVar

from dialer.compliance.calling_window import DayWindow, read_day_window
from dialer.model.errors import OperatorError, Problem
from dialer.model.instant import EPOCH, Instant, instant_of
from dialer.model.toml_lines import KeyPath, parse_toml

Word = TypeVar("Word", bound=StrEnum)
_NEEDED: Any = object()
NO_CALLS = "none"


@dataclass(frozen=True, slots=True)
class Fault:
    """Something wrong at a key path; its line is found only once somebody must be told."""

    path: KeyPath
    message: str
    value: str = ""
    remedy: str = "Correct it."


class Table:
    """One TOML table being read: each getter checks its key and notes that somebody asked for it.

    Faults go to `faults`, and a harmless value comes back, so that one pass finds them all.
    """

    def __init__(self, data: Mapping[str, Any], path: KeyPath, faults: list[Fault]) -> None:
        self.data = data
        self.path = path
        self.faults = faults
        self._asked: set[str] = set()

    def fault(self, key: str, message: str, remedy: str = "Correct it.") -> None:
        found = str(self.data[key])[:80] if key in self.data else ""
        self.faults.append(Fault((*self.path, key), f"{key}: {message}", found, remedy))

    def done(self) -> None:
        """Every key left over is one nobody knows."""
        for key in self.data:
            if key not in self._asked:
                self.fault(key, "there is no such key here", "Remove it, or correct its spelling.")

    def text(self, key: str, default: str = _NEEDED) -> str:
        value = self._get(key, str, "a text", default, "")
        if default is _NEEDED and key in self.data and isinstance(value, str) and not value.strip():
            self.fault(key, "it is empty")
        return str(value)

    def flag(self, key: str, default: bool = _NEEDED) -> bool:
        return bool(self._get(key, bool, "true or false", default, False))

    def whole(self, key: str, default: int = _NEEDED, most: int = 1_000_000) -> int:
        value = self._get(key, int, "a whole number, 0 or more", default, 0)
        if value > most:
            self.fault(key, f"must be at most {most}")
            return 0
        return int(value)

    def share(self, key: str) -> float:
        value = self._get(key, (int, float), "a share between 0 and 1", _NEEDED, 0.0)
        if not 0 <= value <= 1:
            self.fault(key, "must be a share between 0 and 1")
            return 0.0
        return float(value)

    def day(self, key: str, default: date | None = _NEEDED) -> date:
        value: date = self._get(key, date, "a date such as 2026-01-01", default, date.min)
        return value

    def optional_day(self, key: str) -> date | None:
        return self.day(key) if key in self.data else None

    def moment(self, key: str) -> Instant:
        """A date and time with its zone, as RFC 3339 writes it."""
        self._asked.add(key)
        value = self.data.get(key)
        if not isinstance(value, datetime) or value.tzinfo is None:
            self.fault(key, "must be a time with its zone, such as 2026-11-20T15:00:00Z")
            return EPOCH
        return instant_of(value)

    def texts(self, key: str, default: tuple[str, ...] = _NEEDED) -> tuple[str, ...]:
        value = self._get(key, list, "a list of texts", default, ())
        if not all(isinstance(each, str) for each in value):
            self.fault(key, "must be a list of texts")
            return ()
        return tuple(value)

    def days(self, key: str) -> tuple[date, ...]:
        value = self._get(key, list, "a list of dates", _NEEDED, ())
        if not value or not all(_is(each, date) for each in value):
            self.fault(key, "must be a list of dates such as [2026-01-01, 2027-01-01]")
            return ()
        return tuple(value)

    def word(self, key: str, words: Mapping[str, Word], default: Word = _NEEDED) -> Word:
        found = self.text(key) if default is _NEEDED or key in self.data else None
        if found is None:
            self._asked.add(key)
            return default
        if found in words:
            return words[found]
        if key in self.data:
            self.fault(key, f"must be one of {', '.join(words)}")
        return next(iter(words.values()))

    def words(
        self, key: str, words: Mapping[str, Word], default: frozenset[Word]
    ) -> frozenset[Word]:
        if key not in self.data:
            self._asked.add(key)
            return default
        found = self.texts(key)
        if any(each not in words for each in found):
            self.fault(key, f"must be of {', '.join(words)}")
        return frozenset(words[each] for each in found if each in words)

    def window(self, key: str) -> DayWindow | None:
        """`none` or `08:00-21:00`."""
        found = self.text(key)
        if found == NO_CALLS or key not in self.data:
            return None
        try:
            return read_day_window(found)
        except ValueError as error:
            self.fault(key, f"{error}, or {NO_CALLS!r} where no call is lawful")
            return None

    def _get(self, key: str, kind: Any, meaning: str, default: Any, harmless: Any) -> Any:
        self._asked.add(key)
        if key not in self.data:
            if default is _NEEDED:
                self.faults.append(
                    Fault(self.path, f"{key} is missing", "", f"Add {key}: {meaning}.")
                )
                return harmless
            return default
        value = self.data[key]
        if not _is(value, kind) or (kind is int and value < 0):
            self.fault(key, f"must be {meaning}")
            return harmless
        return value


def _is(value: object, kind: Any) -> bool:
    """isinstance, with true no number and a date-time no date."""
    if isinstance(value, bool):
        return kind is bool
    return isinstance(value, kind) and not isinstance(value, datetime)


def tables(data: Mapping[str, Any], key: str, path: KeyPath, faults: list[Fault]) -> list[Table]:
    """The tables under `[[key]]`."""
    found = data.get(key, [])
    if not isinstance(found, list) or not all(isinstance(each, dict) for each in found):
        faults.append(Fault((*path, key), f"write [[{key}]] above each such row"))
        return []
    return [Table(each, (*path, key, place), faults) for place, each in enumerate(found)]


def refuse(faults: list[Fault], content: bytes, where: str) -> None:
    """Raise OperatorError with every fault at its line, if there is one."""
    if not faults:
        return
    text = parse_toml(content, where)
    raise OperatorError(
        *(
            Problem(where, text.line(fault.path), fault.message, fault.value, fault.remedy)
            for fault in faults
        )
    )
