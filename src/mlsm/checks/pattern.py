"""An example of what a regular expression matches.

Reads the part of the language that people write for postcodes, e-mail addresses and codes:
literals, classes, groups, alternatives and repetition. Assertions are read over, so that
whoever asks has to see whether the example matches.
"""

from __future__ import annotations

import random
from collections.abc import Callable

__all__ = ["example_of"]

_DIGITS = "0123456789"
_LETTERS = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
_ANY = _LETTERS + _DIGITS + " -_.,;:!?@#%&+*/()"
_CLASSES = {
    "d": _DIGITS,
    "w": _LETTERS + _DIGITS + "_",
    "s": " ",
    "D": _LETTERS,
    "W": " -.,",
    "S": _LETTERS + _DIGITS,
}
_CONTROLS = {"n": "\n", "t": "\t", "r": "\r", "f": "\f", "v": "\v"}
_NOTHING = "bBAZ"
_FLAGS = "aimsux"
_REPEATS_MORE = 3
_REPEATS_MAX = 20


class _UnknownSyntaxError(Exception):
    """A part of the language that is not read here; never leaves this module."""


def example_of(pattern: str, seed: int = 0) -> str | None:
    r"""Make a text that the pattern probably matches.

    Args:
        pattern: a Python regular expression.
        seed: another one gives another example.

    Returns:
        The text, None where the pattern says what is not understood here.

    Example:
        >>> example_of("^[A-Z]{2}$")
        'BI'
        >>> example_of(r"(\w)\1") is None
        True
    """
    try:
        return _Example(pattern, random.Random(seed)).alternatives()  # noqa: S311 - examples are no secrets
    except (_UnknownSyntaxError, IndexError, ValueError):
        return None


class _Example:
    """Walks over a pattern once, from left to right, writing as it goes."""

    def __init__(self, pattern: str, chance: random.Random) -> None:
        self._pattern = pattern
        self._at = 0
        self._chance = chance

    def alternatives(self) -> str:
        """Write every alternative up to the end or a closing bracket; keep one."""
        written = [self._sequence()]
        while self._next() == "|":
            self._at += 1
            written.append(self._sequence())
        return self._chance.choice(written)

    def _next(self) -> str:
        return self._pattern[self._at : self._at + 1]

    def _take(self) -> str:
        self._at += 1
        return self._pattern[self._at - 1]

    def _sequence(self) -> str:
        written = []
        while self._next() not in ("", "|", ")"):
            start = self._at
            first = self._atom()
            least, most = self._repeats()
            if (least, most) == (1, 1):
                written.append(first)
                continue
            end = self._at
            written.append("".join(self._atom_at(start) for _ in range(self._chance.randint(least, most))))
            self._at = end
        return "".join(written)

    def _atom_at(self, start: int) -> str:
        self._at = start
        return self._atom()

    def _atom(self) -> str:
        readers: dict[str, Callable[[], str]] = {"(": self._group, "[": self._class, "\\": self._escape}
        char = self._take()
        if char in "^$":
            return ""
        if char == ".":
            return self._chance.choice(_ANY)
        return readers[char]() if char in readers else char

    def _group(self) -> str:
        silent = False
        if self._next() == "?":
            self._at += 1
            kind = self._take()
            if kind == "P" and self._next() == "<":
                self._at = self._pattern.index(">", self._at) + 1
            elif kind in "=!" or (kind == "<" and self._next() in "=!"):
                self._at += kind == "<"
                silent = True
            elif kind in _FLAGS:
                self._at = self._pattern.index(")", self._at) + 1
                return ""
            elif kind != ":":
                raise _UnknownSyntaxError
        written = self.alternatives()
        if self._take() != ")":
            raise _UnknownSyntaxError
        return "" if silent else written

    def _escape(self) -> str:
        char = self._take()
        if char in _NOTHING:
            return ""
        if char in _CLASSES:
            return self._chance.choice(_CLASSES[char])
        if char.isalnum() and char not in _CONTROLS:
            raise _UnknownSyntaxError
        return _CONTROLS.get(char, char)

    def _class(self) -> str:
        negated = self._next() == "^"
        self._at += negated
        members = ""
        while self._next() != "]" or not members:
            char = self._take()
            if char == "\\":
                char = self._take()
                members += _CLASSES.get(char, _CONTROLS.get(char, char))
            elif self._next() == "-" and self._pattern[self._at + 1] != "]":
                self._at += 1
                members += "".join(map(chr, range(ord(char), ord(self._take()) + 1)))
            else:
                members += char
        self._at += 1
        allowed = [char for char in _ANY if char not in members] if negated else list(members)
        if not allowed:
            raise _UnknownSyntaxError
        return self._chance.choice(allowed)

    def _repeats(self) -> tuple[int, int]:
        bounds = {"*": (0, _REPEATS_MORE), "+": (1, 1 + _REPEATS_MORE), "?": (0, 1)}.get(self._next())
        if bounds is not None:
            self._at += 1
        elif self._next() == "{" and (found := self._counted()):
            bounds = found
        else:
            return 1, 1
        if self._next() in ("?", "+"):  # lazy and possessive repetition match the same texts
            self._at += 1
        return bounds

    def _counted(self) -> tuple[int, int] | None:
        inside, closing, _ = self._pattern[self._at + 1 :].partition("}")
        least, comma, most = inside.partition(",")
        if not closing or not (least + most).isdigit():
            return None
        self._at += len(inside) + 2
        low = int(least or 0)
        high = int(most) if most else low + (_REPEATS_MORE if comma else 0)
        return low, min(high, low + _REPEATS_MAX)
