"""Where parts are scored."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Protocol

from mlsm._batch import Batch
from mlsm.contracts.inputs import RawPart

__all__ = [
    "Executor",
]


class Executor(Protocol):
    """Where parts are scored; it never sees the store."""

    def run(self, plan: object, parts: Iterable[RawPart], entry: str) -> Iterator[Batch]:
        """Score every part with the function that `entry` (`module:name`) names, in order."""
