"""Find the line of every key of a TOML text, those of `[[rule]]` by their number."""

from __future__ import annotations

import tomllib
from typing import Any, Protocol, TypeAlias

__all__ = ["Lines", "Places", "TomlPath"]

TomlPath: TypeAlias = tuple[str | int, ...]
"""The way to a value: keys, and places in arrays of tables counted from 0."""


class Places(Protocol):
    """Tells where a value of a table was written."""

    def of(self, path: TomlPath) -> int:
        """Give the line of a key, or of the nearest thing around it that is there."""


class Lines:
    r"""The line of every key of a TOML text that the parser has accepted.

    A statement ends where the parser takes what was gathered so far, so that no second
    reading of TOML's syntax is needed.

    Example:
        >>> lines = Lines('cap = 100\n[[rule]]\nfield = "age"\n[[rule]]\nfield = "job"\none_of = [\n  "cook"]')
        >>> lines.of(("rule", 1)), lines.of(("rule", 1, "one_of")), lines.of(("rule", 1, "points"))
        (4, 6, 4)
    """

    __slots__ = ("_lines",)

    def __init__(self, text: str) -> None:
        self._lines: dict[TomlPath, int] = {(): 1}
        counts: dict[TomlPath, int] = {}
        table: TomlPath = ()
        gathered, start = "", 1
        for number, line in enumerate(text.split("\n"), 1):
            start = start if gathered else number
            gathered += line + "\n"
            keys = _keys(gathered)
            if keys is None:
                continue
            if gathered.lstrip().startswith("["):
                table = _numbered(keys, counts, is_array=gathered.lstrip().startswith("[["))
                keys = ()
            if keys or gathered.lstrip().startswith("["):
                self._note((*table, *keys), start)
            gathered = ""

    def of(self, path: TomlPath) -> int:
        """Give the line of a key, or of the nearest thing around it that is there."""
        while path not in self._lines:
            path = path[:-1]
        return self._lines[path]

    def _note(self, path: TomlPath, line: int) -> None:
        for end in range(1, len(path) + 1):
            self._lines.setdefault(path[:end], line)


def _keys(statement: str) -> TomlPath | None:
    """Give the keys that one statement or heading names; None where it is not at its end."""
    try:
        found: Any = tomllib.loads(statement)
    except tomllib.TOMLDecodeError:
        return None
    keys: list[str] = []
    heading = statement.lstrip().startswith("[")
    while isinstance(found, (dict, list)) and found:
        if isinstance(found, list):
            if not heading:
                break
            found = found[0]
            continue
        if len(found) > 1:  # the members of an inline table
            break
        key, found = next(iter(found.items()))
        keys.append(key)
    return tuple(keys)


def _numbered(keys: TomlPath, counts: dict[TomlPath, int], *, is_array: bool) -> TomlPath:
    """Put the number of each array's present item behind its name."""
    path: TomlPath = ()
    for place, key in enumerate(keys):
        path = (*path, key)
        if is_array and place == len(keys) - 1:
            counts[path] = counts.get(path, -1) + 1
        if path in counts:
            path = (*path, counts[path])
    return path
