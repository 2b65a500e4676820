"""Lines of keys, checked against texts whose lines are known, and against tomllib's own reading."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dialer.intake.toml_lines import KeyPath, parse_toml
from dialer.model.errors import OperatorError

TEXT = '''\
# comment with [brackets] and = signs
title = "a # no comment" # comment
"quoted key" = 'literal \\'
a.b."c.d" = 1

text = """
first = "not a key"
""" # after
when = 1979-05-27 07:32:00 # a date with a space
many = [
  "one", # ]
  [2, 3],
  { x = 1, y = [4] },
]

[table.sub]
x = 1
[[array]]
x = 1
[array.inner]
y = 2
[[array]]
  z = { deep.er = true }
[[array.leaves]]
n = 1
[[array.leaves]]
n = 2
'''


def test_lines_of_every_kind_of_key() -> None:
    lines = parse_toml(TEXT.encode(), "x.toml").lines
    expected: dict[KeyPath, int] = {
        ("title",): 2,
        ("quoted key",): 3,
        ("a", "b", "c.d"): 4,
        ("text",): 6,
        ("when",): 9,
        ("many",): 10,
        ("many", 0): 11,
        ("many", 1): 12,
        ("many", 1, 1): 12,
        ("many", 2, "x"): 13,
        ("many", 2, "y", 0): 13,
        ("table", "sub"): 16,
        ("table", "sub", "x"): 17,
        ("array",): 18,
        ("array", 0, "x"): 19,
        ("array", 0, "inner"): 20,
        ("array", 0, "inner", "y"): 21,
        ("array", 1): 22,
        ("array", 1, "z", "deep", "er"): 23,
        ("array", 1, "leaves", 0, "n"): 25,
        ("array", 1, "leaves", 1): 26,
        ("array", 1, "leaves", 1, "n"): 27,
    }
    assert {path: lines[path] for path in expected} == expected


def test_the_nearest_enclosing_line_stands_for_what_is_not_there() -> None:
    text = parse_toml(TEXT.encode(), "x.toml")
    assert text.line(("array", 1, "missing")) == 22
    assert text.line(("missing",)) is None


@pytest.mark.parametrize(
    ("content", "line"),
    [
        (b"a = 1\nb = \n", 2),
        (b"a = 1\nb = [1,\n\n", 2),
        (b"a = 1\r\nb == 2", 2),
        (b"a = 1\na = 2", 2),
        (b"a = 1\nb = \xff", 2),
        (b"\n\na", 3),
        (b"a = 1" + b"0" * 5000, 1),
        (b"a = " + b"[" * 100_000, None),
    ],
)
def test_syntax_errors_name_their_line(content: bytes, line: int | None) -> None:
    with pytest.raises(OperatorError) as caught:
        parse_toml(content, "x.toml")
    (problem,) = caught.value.problems
    assert problem.line == line
    assert problem.remedy


VALUES = st.recursive(
    st.sampled_from(
        ["1", "-1.5e3", "true", "nan", '"a#b"', "'it'", '"""x\n]y"""', "'''\n'q'\n'''",
         '"\\"\\\\"', "2026-11-21", "2026-11-21 10:00:00", "10:00:00", '""', '""""q"""']
    ),
    lambda inner: st.one_of(
        st.lists(inner, max_size=3).map(lambda parts: "[\n" + ", # x\n".join(parts) + "\n]"),
        st.lists(inner, max_size=3).map(lambda parts: "[" + ",".join(parts) + "]"),
    ),
    max_leaves=6,
)  # fmt: skip
NAMES = st.sampled_from(["a", "b", "c-1", "_", '"d.e"', "'f g'", '"h\\u0041"'])


@st.composite
def documents(draw: st.DrawFn) -> tuple[str, dict[str, int]]:
    """A text of tables, and the line of every header, by its number in the key."""
    text, lines = "", {}
    for number in range(draw(st.integers(0, 5))):
        text += draw(st.sampled_from(["", "\n", "# [x]\n", "  \n\t\n"]))
        lines[f"t{number}"] = text.count("\n") + 1
        text += draw(st.sampled_from(["[t{}]\n", "[[ t{} ]] # y\n", "[t{}.sub]\n"])).format(number)
        for name in draw(st.lists(NAMES, max_size=4, unique=True)):
            text += f"{name} = {draw(VALUES)}{draw(st.sampled_from(['', ' ', ' # z']))}\n"
    return text, lines


def paths(data: Any, above: KeyPath = ()) -> set[KeyPath]:
    found = {above} if above else set()
    if isinstance(data, dict):
        for key, value in data.items():
            found |= paths(value, (*above, key))
    if isinstance(data, list):
        for place, value in enumerate(data):
            found |= paths(value, (*above, place))
    return found


@given(documents())
def test_every_key_tomllib_reads_has_a_line(document: tuple[str, dict[str, int]]) -> None:
    content, lines = document
    text = parse_toml(content.encode(), "x.toml")
    without = paths(text.data) - set(text.lines)
    assert all(len(path) == 1 for path in without), "only a table that no header names itself"
    assert set(text.lines) <= paths(text.data)
    for key, line in lines.items():
        noted = {path: at for path, at in text.lines.items() if path[0] == key}
        assert min(noted.values()) == line


@given(st.binary(max_size=60))
def test_any_bytes_are_read_or_refused(content: bytes) -> None:
    try:
        parse_toml(content, "x.toml")
    except OperatorError as error:
        assert error.problems
