"""How a delivered file is laid out: a profile, read from TOML. Ours are in `profiles/`; an operator
writes one for anything else and names its file."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from importlib import resources
from pathlib import Path
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from dialer.dnc.index import SetKind
from dialer.dnc.lines import Layout
from dialer.model.errors import OperatorError, Problem
from dialer.model.toml_lines import TomlText, parse_toml


class HeaderLine(StrEnum):
    """NONE: the first line is data. ALWAYS: it names the columns and is passed over. MAYBE: it is
    passed over if it has a letter and no digit."""

    NONE = "none"
    ALWAYS = "always"
    MAYBE = "maybe"


@dataclass(frozen=True, slots=True)
class Part:
    """One set of numbers in a file. `name` "" if the file is one set."""

    name: str
    kind: SetKind | None = None
    state: str = ""


UNKNOWN_PART = Part("unknown", SetKind.UNKNOWN)
"""Numbers of which a vendor said something the profile does not know: calls to them are denied."""


class _Columns(BaseModel):
    """Column names of the header line, or places counted from 1."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    number: str | int | None = None
    npa: str | int | None = None
    code: str | int | None = None
    change: str | int | None = None


class Profile(BaseModel):
    """The keys of a profile file.

    `layouts`: forms a line may have; `columns` alone where fields are named. `content`: all of the
    list, or changes to the copy before. `bad_rows`: "refuse" the whole file for one line that
    cannot be read, or leave such lines out and "report" them: a number so lost may be called.
    `codes`: a vendor's code to what it says of the number: national, litigator, internal, wireless,
    reassigned, state:XX, or none. `adds`, `deletes`: the marks of a change.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    title: Annotated[str, Field(min_length=1)]
    layouts: Annotated[tuple[Layout, ...], Field(min_length=1)]
    content: Literal["full", "changes"] = "full"
    header: HeaderLine = HeaderLine.NONE
    bad_rows: Literal["refuse", "report"] = "refuse"
    delimiter: Annotated[str, Field(min_length=1, max_length=1)] = ","
    columns: _Columns = _Columns()
    codes: Mapping[str, str] = {}
    code_separator: str = ""
    adds: tuple[str, ...] = ()
    deletes: tuple[str, ...] = ()

    @model_validator(mode="after")
    def _fits_together(self) -> Profile:
        in_columns = Layout.COLUMNS in self.layouts
        if (in_columns or Layout.BLOCK in self.layouts) and len(self.layouts) > 1:
            raise ValueError("layouts: `columns` and `block` stand alone")
        if in_columns != (self.columns.number is not None):
            raise ValueError("columns: `number` is given with the layout `columns`, and only then")
        if bool(self.codes) != (self.columns.code is not None):
            raise ValueError("codes: given together with columns.code, or neither")
        changes = self.content == "changes"
        if not (changes == bool(self.adds) == bool(self.deletes)) or changes != (
            self.columns.change is not None
        ):
            raise ValueError("a list of changes has columns.change, adds and deletes; no other has")
        if changes and self.codes:
            raise ValueError("a list of changes has no codes")
        if {*map(str.casefold, self.adds)} & {*map(str.casefold, self.deletes)}:
            raise ValueError("a mark in both adds and deletes")
        named = [place for place in self._places() if isinstance(place, str)]
        if named and self.header is not HeaderLine.ALWAYS:
            raise ValueError('columns: names need header = "always"')
        if any(isinstance(place, int) and place < 1 for place in self._places()):
            raise ValueError("columns: places count from 1")
        for meaning in self.codes.values():
            part_of(meaning)
        return self

    def _places(self) -> tuple[str | int | None, ...]:
        columns = self.columns
        return (columns.number, columns.npa, columns.code, columns.change)

    @property
    def parts(self) -> tuple[Part, ...]:
        """Every set a file of several may fill, the unknown one last; empty if it is one set."""
        if not self.codes:
            return ()
        known = {part_of(meaning) for meaning in self.codes.values()}
        return (*sorted((p for p in known if p is not None), key=lambda p: p.name), UNKNOWN_PART)


_MEANINGS = {
    "national": SetKind.NATIONAL,
    "litigator": SetKind.LITIGATOR,
    "internal": SetKind.INTERNAL,
    "wireless": SetKind.WIRELESS_BLOCK,
    "reassigned": SetKind.REASSIGNED,
}


def part_of(meaning: str) -> Part | None:
    """The set a code's meaning puts a number in; None for `none`. Raises ValueError for a meaning
    there is not."""
    if meaning == "none":
        return None
    word, _, state = meaning.partition(":")
    if word == "state" and len(state) == 2 and state.isalpha() and state.isupper():
        return Part(meaning, SetKind.STATE, state)
    if meaning not in _MEANINGS:
        known = ", ".join(_MEANINGS)
        raise ValueError(f"codes: {meaning!r} is none of {known}, state:XX, none")
    return Part(meaning, _MEANINGS[meaning])


def profile_names() -> tuple[str, ...]:
    """The profiles that come with the dialer."""
    files = (resources.files(__package__) / "profiles").iterdir()
    return tuple(sorted(Path(file.name).stem for file in files if file.name.endswith(".toml")))


def find_profile(name: str, beside: Path | None = None) -> Profile:
    """A profile by name, or from the file of that name (under the folder `beside`) if it ends in
    `.toml`. Raises OperatorError."""
    if name.endswith(".toml"):
        own = Path(name) if beside is None else beside / name
        try:
            content = own.read_bytes()
        except OSError as error:
            raise OperatorError(
                Problem(
                    str(own),
                    None,
                    f"the profile cannot be read: {error.strerror or error}",
                    name,
                    "Put the file there, or correct its name.",
                )
            ) from error
        return _parsed(parse_toml(content, str(own)))
    if name not in profile_names():
        raise OperatorError(
            Problem(
                "profile",
                None,
                "no profile of this name comes with the dialer",
                name,
                f"Use {', '.join(profile_names())}, or a .toml file of your own.",
            )
        )
    file = resources.files(__package__) / "profiles" / f"{name}.toml"
    return _parsed(parse_toml(file.read_bytes(), f"{name}.toml"))


def _parsed(text: TomlText) -> Profile:
    try:
        return Profile.model_validate(text.data)
    except ValidationError as error:
        problems = []
        for each in error.errors():
            path = tuple(each["loc"])
            message = str(each["msg"]).removeprefix("Value error, ")
            key = ".".join(str(part) for part in path)
            value = str(each["input"])[:80] if path and each["type"] != "missing" else ""
            problems.append(
                Problem(
                    text.where,
                    text.line(path),
                    f"{key}: {message}" if key else message,
                    value,
                    "Correct the profile.",
                )
            )
        raise OperatorError(*problems) from error
