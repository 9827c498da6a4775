"""One mistake of a project: where it is, what is wrong, the way out."""

from __future__ import annotations

import difflib
from collections.abc import Iterable
from dataclasses import dataclass

__all__ = ["Mistake", "listed", "nearest"]


@dataclass(frozen=True, slots=True)
class Mistake:
    """What is wrong at one place of a project's files, or in a variable.

    Args:
        place: `file:line`, a file, or the name of a variable.
        message: one sentence: what failed, which thing, what was expected.
        hint: the way out.

    Example:
        >>> print(Mistake("mlsm.toml:7", "[input] has no key 'nul'.", "Did you mean 'null'?"))
        mlsm.toml:7: [input] has no key 'nul'.
            Hint: Did you mean 'null'?
    """

    place: str
    message: str
    hint: str

    def __str__(self) -> str:
        return f"{self.place}: {self.message}\n    Hint: {self.hint}"


def nearest(word: str, known: Iterable[str]) -> str | None:
    """Find the known word that looks most like this one, None where none does.

    Example:
        >>> nearest("encodng", ["shape", "encoding"])
        'encoding'
    """
    by_lower = {name.lower(): name for name in known}
    found = difflib.get_close_matches(word.lower(), by_lower, n=1)
    return by_lower[found[0]] if found else None


def listed(words: Iterable[object], most: int = 12) -> str:
    """List words for a message, cut after a dozen."""
    shown = [str(word) for word in words]
    rest = len(shown) - most
    return ", ".join(shown[:most]) + (f" and {rest} more" if rest > 0 else "")
