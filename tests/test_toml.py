"""Every key of a TOML text is found on its line."""

from __future__ import annotations

import tomllib
from collections.abc import Iterator
from typing import Any

import pytest
import tomlkit
from hypothesis import given
from hypothesis import strategies as st

from mlsm._toml import Lines, TomlPath, toml_text

TEXT = '''\
# a comment with [brackets] and = signs
title = "a # no comment" # one

[input]   # the section
null = [
  "unknown", # first
  "n/a",
  ["nested",
   "deep"],
]
note = """
[not.a.table]
x = 1
"""
raw = \'\'\'
[nor.this]\'\'\'
  indented = 1979-05-27 07:32:00
[columns."fit@1.2.0"]
"Lead Source" = "a"
'odd.name' = "b"
dotted.inner."last one" = 1.5
inline = { a = 1, b.c = [1,
  2] }
[ spaced . table ]
x = -0.1e+5
[[many]]
y = "\\"]"
[[many]]
y = ""
z = 1
[many.below]
x = 2
'''


@pytest.mark.parametrize(
    ("path", "line"),
    [
        ((), 1),
        (("title",), 2),
        (("input",), 4),
        (("input", "null"), 5),
        (("input", "null", 0), 6),
        (("input", "null", 1), 7),
        (("input", "null", 2, 1), 9),
        (("input", "note"), 11),
        (("input", "raw"), 15),
        (("input", "indented"), 17),
        (("columns",), 18),
        (("columns", "fit@1.2.0"), 18),
        (("columns", "fit@1.2.0", "Lead Source"), 19),
        (("columns", "fit@1.2.0", "odd.name"), 20),
        (("columns", "fit@1.2.0", "dotted", "inner", "last one"), 21),
        (("columns", "fit@1.2.0", "inline", "b", "c"), 22),
        (("columns", "fit@1.2.0", "inline", "b", "c", 1), 23),
        (("spaced", "table", "x"), 25),
        (("many",), 26),
        (("many", 0, "y"), 27),
        (("many", 1), 28),
        (("many", 1, "y"), 29),
        (("many", 1, "z"), 30),
        (("many", 1, "below", "x"), 32),
    ],
    ids=str,
)
def test_key_is_on_its_line(path: TomlPath, line: int) -> None:
    """A key, a table or an item of an array is found on the line where it begins."""
    tomllib.loads(TEXT)
    assert line == Lines(TEXT).of(path)


def test_absent_key_is_on_the_line_of_what_is_around_it() -> None:
    """A key that is not there has the line of its section, or the first one."""
    lines = Lines("\n[project]\n")
    assert (2, 1) == (lines.of(("project", "name")), lines.of(("store", "url")))


@pytest.mark.parametrize("text", ["", "\n\n", "# only a comment", 'a = ""', "a = []", "a = {}", "[a]"], ids=repr)
def test_small_texts_end(text: str) -> None:
    """The scanner ends on texts with nothing inside."""
    tomllib.loads(text)
    assert 1 == Lines(text).of(())


def _keys(values: Any, path: TomlPath = ()) -> Iterator[TomlPath]:
    if isinstance(values, dict):
        for key, inside in values.items():
            yield (*path, key)
            yield from _keys(inside, (*path, key))


_NAMES = st.text(st.characters(codec="utf-8", exclude_categories=["Cs", "Cc"]), min_size=1, max_size=6)
_VALUES = st.recursive(
    st.text(st.characters(codec="utf-8", exclude_categories=["Cs", "Cc"]), max_size=8)
    | st.integers(-9, 9)
    | st.booleans()
    | st.floats(allow_nan=False, allow_infinity=False),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(_NAMES, inner, max_size=3),
    max_leaves=8,
)


@given(st.dictionaries(_NAMES, _VALUES, max_size=4))
def test_every_key_of_any_text_is_found(values: dict[str, Any]) -> None:
    """The line found for a key of any written text is one that shows the key."""
    text = tomlkit.dumps(values)
    lines, rows = Lines(text), text.split("\n")
    for path in _keys(tomllib.loads(text)):
        shown = tomlkit.key(str(path[-1])).as_string()
        assert shown in rows[lines.of(path) - 1] or str(path[-1]) in rows[lines.of(path) - 1]


@given(st.text(st.characters(codec="utf-8")))
def test_any_text_is_read_as_it_was_written(text: str) -> None:
    """Whatever a model or a folder is called, a file that tells of it can be read again."""
    assert tomllib.loads(f"key = {toml_text(text)}") == {"key": text}
