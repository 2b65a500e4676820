"""The three ways things go wrong, split by whose fault it is.

A call that fails is not here: call failures are values (`Cause`, `Disposition`).
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Problem:
    """One thing wrong in an operator's file, said so that its reader can mend it.

    `where` is a file or setting, `line` counts from 1 (None where the file as a whole is meant),
    `value` is what was found, `remedy` what to do about it.
    """

    where: str
    line: int | None
    message: str
    value: str = ""
    remedy: str = ""

    def __str__(self) -> str:
        place = self.where if self.line is None else f"{self.where}:{self.line}"
        found = f" (found: {self.value!r})" if self.value else ""
        todo = f" {self.remedy}" if self.remedy else ""
        return f"{place}: {self.message}{found}.{todo}"


class OperatorError(Exception):
    """Something the operator gave us is wrong; every problem found is listed."""

    def __init__(self, *problems: Problem) -> None:
        super().__init__("\n".join(str(problem) for problem in problems))
        self.problems = problems


class IllegalTransition(Exception):
    """A state machine was driven along an edge its table does not have: a bug of ours."""


class CarrierFault(Exception):
    """A SIP worker or a trunk failed in a way no single call explains."""


class JournalFault(Exception):
    """The journal could not be written or does not verify; nothing may be dialled."""
