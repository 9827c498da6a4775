"""What is wrong with a points table, at which line, and the way out."""

from __future__ import annotations

import difflib
from collections.abc import Iterable
from dataclasses import dataclass

from mlsm.errors import DeclarationError

__all__ = ["Mistake", "nearest", "refusal"]


@dataclass(frozen=True, slots=True, order=True)
class Mistake:
    """What is wrong at one line, or worth a warning there.

    Args:
        line: counted from 1.
        message: a sentence: what failed, which thing, what was expected.
        hint: the way out.

    Example:
        >>> print(Mistake(7, "The rule has no points.", "Write points = 10."))
        line 7: The rule has no points.
            Hint: Write points = 10.
    """

    line: int
    message: str
    hint: str

    def __str__(self) -> str:
        return self.at("line ")

    def at(self, place: str) -> str:
        """Write it with what stands before the line's number."""
        return f"{place}{self.line}: {self.message}\n    Hint: {self.hint}"


def nearest(word: str, known: Iterable[str], otherwise: str) -> str:
    """Ask whether a known word was meant, or give another hint."""
    found = difflib.get_close_matches(word.lower(), list(known), n=1)
    return f"Did you mean {found[0]!r}?" if found else otherwise


def refusal(source: str, mistakes: Iterable[Mistake]) -> DeclarationError:
    """Make the error that tells every mistake of a table at once, by line."""
    told = [mistake.at(f"{source}:") for mistake in sorted(set(mistakes))]
    noun = "mistake" if len(told) == 1 else "mistakes"
    return DeclarationError(f"The scorecard {source!r} has {len(told)} {noun}:", problems=told)
