"""Find the line of every key of a TOML file.

The standard library's parser gives values without lines. This scanner gives lines without
values: it follows the text that the parser has already accepted, so it never judges.
"""

from __future__ import annotations

import json
import re
import tomllib
from collections.abc import Iterator
from typing import NamedTuple, Protocol, TypeAlias

__all__ = ["Lines", "Places", "Section", "TomlPath", "toml_text"]

TomlPath: TypeAlias = tuple[str | int, ...]
"""The way to a value: keys, and places in arrays counted from 0."""


def toml_text(value: str) -> str:
    r"""Write a text for TOML, in quotes.

    JSON's escapes are among TOML's own, but for the two halves in which it may write one character.

    Example:
        >>> print(toml_text('size "😀"'))
        "size \"😀\""
    """
    return json.dumps(value, ensure_ascii=False).replace("\x7f", "\\u007f")


class Places(Protocol):
    """Tells where a value was written, in TOML or in a table's rows."""

    def of(self, path: TomlPath) -> int:
        """Give the line of a key, or of the nearest thing around it that is there."""


_TOKEN = re.compile(
    r'''(?P<text>"""(?:\\.|[^\\])*?"{3,5}|\'\'\'.*?\'{3,5}|"(?:\\.|[^"\\\n])*"|'[^'\n]*')'''
    r"""|(?P<skip>[ \t\r]+|\#[^\n]*)|(?P<end>\n)|(?P<mark>[\[\]{},=.])|(?P<bare>[^\s\[\]{},=."'#]+)""",
    re.DOTALL,
)


class _Token(NamedTuple):
    kind: str
    text: str
    line: int


class Section(NamedTuple):
    """A header and the keys below it, by their first and last line; the keys above all headers have the path ()."""

    path: TomlPath
    first: int
    last: int


class Lines:
    r"""The line of every key and array item of a TOML text.

    Args:
        text: TOML that a parser has accepted.

    Example:
        >>> lines = Lines('[input]\nnull = [\n  "unknown",\n  "n/a",\n]')
        >>> lines.of(("input", "null")), lines.of(("input", "null", 1)), lines.of(("store",))
        (2, 4, 1)
        >>> lines = Lines('[[model]]\nname = "a"\n[[model]]\nname = "b"')
        >>> lines.of(("model", 1, "name"))
        4
        >>> lines.sections[-1]
        Section(path=('model', 1), first=3, last=4)
    """

    __slots__ = ("_lines", "_next", "_tables", "_tokens", "sections")

    def __init__(self, text: str) -> None:
        self.sections = [Section((), 1, 0)]
        self._lines: dict[TomlPath, int] = {(): 1}
        self._tables: dict[TomlPath, int] = {}
        self._tokens = [*_tokens(text), _Token("end", "", text.count("\n") + 1)]
        self._next = 0
        self._statements()

    def of(self, path: TomlPath) -> int:
        """Give the line of a key, or of the nearest thing around it that is there."""
        while path not in self._lines:
            path = path[:-1]
        return self._lines[path]

    def _peek(self) -> _Token:
        return self._tokens[min(self._next, len(self._tokens) - 1)]

    def _take(self) -> _Token:
        token = self._peek()
        self._next += 1
        return token

    def _skip_ends(self) -> None:
        while self._next < len(self._tokens) and self._peek().kind == "end":
            self._next += 1

    def _statements(self) -> None:
        self._skip_ends()
        while self._next < len(self._tokens):
            line, section = self._peek().line, self.sections[-1]
            if self._peek().text == "[":
                self.sections.append(Section(self._header(), line, line))
            else:
                self._pair(section.path)
                ended = self._tokens[self._next - 1]
                self.sections[-1] = section._replace(last=ended.line + ended.text.count("\n"))
            self._skip_ends()

    def _header(self) -> TomlPath:
        """Read `[table]` or `[[table]]`; below an array of tables its last one is meant."""
        line, several = self._take().line, self._peek().text == "["
        if several:
            self._take()
        path: TomlPath = ()
        while self._peek().text != "]":
            path = self._last((*path, _unquoted(self._take())))
            self._lines.setdefault(path, line)
            if self._peek().text == ".":
                self._take()
        while self._peek().text == "]":
            self._take()
        if several:
            array = path[:-1] if path and isinstance(path[-1], int) else path
            self._tables[array] = self._tables.get(array, -1) + 1
            path = (*array, self._tables[array])
            self._lines[path] = line
        return path

    def _last(self, path: TomlPath) -> TomlPath:
        return (*path, self._tables[path]) if path in self._tables else path

    def _key(self, table: TomlPath) -> TomlPath:
        path = table
        while True:
            token = self._take()
            path = (*path, _unquoted(token))
            self._lines.setdefault(path, token.line)
            if self._peek().text != ".":
                return path
            self._take()

    def _pair(self, table: TomlPath) -> None:
        path = self._key(table)
        self._take()  # the sign of equality
        self._value(path)

    def _value(self, path: TomlPath) -> None:
        opening = self._peek().text
        if opening == "[":
            self._take()
            self._items(path)
        elif opening == "{":
            self._take()
            self._members(path)
        else:
            while self._peek().kind != "end" and self._peek().text not in (",", "]", "}"):
                self._take()

    def _items(self, path: TomlPath) -> None:
        place = 0
        self._skip_ends()
        while self._next < len(self._tokens) and self._peek().text != "]":
            self._lines[*path, place] = self._peek().line
            self._value((*path, place))
            place += 1
            self._skip_separator()
        self._take()

    def _members(self, path: TomlPath) -> None:
        self._skip_ends()
        while self._next < len(self._tokens) and self._peek().text != "}":
            self._pair(path)
            self._skip_separator()
        self._take()

    def _skip_separator(self) -> None:
        self._skip_ends()
        if self._peek().text == ",":
            self._take()
        self._skip_ends()


def _tokens(text: str) -> Iterator[_Token]:
    line = 1
    for match in _TOKEN.finditer(text):
        kind = match.lastgroup or ""
        if kind != "skip":
            yield _Token(kind, match.group(), line)
        line += match.group().count("\n")


def _unquoted(token: _Token) -> str:
    return str(tomllib.loads(f"key = {token.text}")["key"]) if token.kind == "text" else token.text
