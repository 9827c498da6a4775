"""Where parts are scored."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import Any, Protocol

from mlsm._batch import Batch
from mlsm.contracts.inputs import RawPart

__all__ = ["Executor", "Shared"]


class Executor(Protocol):
    """Where parts are scored; it never sees the store."""

    def run(self, plan: object, parts: Iterable[RawPart], entry: str) -> Iterator[Batch]:
        """Score every part with the function that `entry` (`module:name`) names, in order."""


class Shared(Protocol):
    """What an executor of other processes must be able to ask of a plan.

    What is sent can be pickled; it never holds a function, but the names of functions.
    """

    def order(self) -> Any:
        """Give what is sent to a process once; its `open(note)` gives there what the entry is called with.

        `note` takes a number, from 1, for what is done next: it is known even if the process dies of that.
        """

    def sent(self, part: Any) -> Any:
        """Give what is sent of a part: what the entry is called with besides."""

    def takes(self, sent: Any, answer: Any) -> bool:
        """Take an answer, in the order of the parts; False where it must be given anew from what is known now."""

    def cut(self, part: Any) -> Sequence[Any] | None:
        """Cut a part into smaller ones, None where it is a single record."""

    def alone(self, part: Any, noted: int) -> Any | None:
        """Give a part narrowed to what was noted when its process died, None where that is all of it, or not known."""

    def given_up(self, part: Any) -> bool:
        """Tell whether no worker is to be lost any more over finding out which rows of a part kill."""

    def settled(self, part: Any, pieces: Sequence[tuple[Any, Any]]) -> Any:
        """Give a part with the answers of its narrowed pieces: the rest of it is scored without asking for these."""

    def lost(self, part: Any, how: str) -> Any:
        """Give the answer for records that kill whoever scores them."""

    def joined(self, part: Any, pieces: Sequence[tuple[Any, Any]]) -> Batch:
        """Make the results of a part from its pieces, each with its answer."""
