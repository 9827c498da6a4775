"""The supervisor of one model in a worker: it asks, and leaves the model alone where that is better."""

from __future__ import annotations

import time
from collections.abc import Iterator
from typing import Any

from mlsm._model import Isolation
from mlsm.errors import DeclarationError
from mlsm.runtimes.isolated.shared import Lost, SharedWorker

__all__ = ["Lost", "Supervisor"]

PAUSE_FACTOR = 20.0
"""A model that cost seconds without any answer is left alone for so many times as long."""
_PAUSE_MAX = 600.0
_LOSSES_MIN = 3
_FIRST_REST = 0.5


class Supervisor:
    """Asks one of the models of a worker.

    Args:
        name: the model's key.
        worker: its worker.
        place: which of the worker's models it is.
    """

    def __init__(self, name: str, worker: SharedWorker, place: int = 0) -> None:
        self.name = name
        self.worker = worker
        self.record_seconds, self.part_seconds, self.memory = worker.isolation.limits
        self.lock = worker.lock
        self._place = place
        self._resting_until = 0.0
        self._rest: Lost | None = None
        self._losses = 0

    @classmethod
    def alone(cls, name: str, isolation: Isolation, specification: dict[str, Any], entry: str) -> Supervisor:
        """Give a supervisor whose worker has this model only."""
        return cls(name, SharedWorker(name, isolation, [specification], entry))

    def begin(self) -> None:
        """Start the worker if there is none, and do not wait for it.

        Raises:
            DeclarationError: no process can be started.
        """
        self.worker.begin()

    def start(self) -> dict[str, Any]:
        """Start the worker if there is none, and give what it says of the model.

        Raises:
            DeclarationError: the model cannot be built there.
            Lost: it died, or was not ready in time.
        """
        said = self.worker.start()[self._place]
        if "refused" in said:
            self.end()
            raise DeclarationError(f"{self.name!r} cannot be isolated: {said['refused']}", hint=said.get("hint"))
        return said

    def end(self) -> None:
        """End the worker; the next request starts another."""
        self.worker.end()

    def rest(self, lost: Lost, seconds: float) -> None:
        """Leave the model alone for a while, since it cost so many seconds and gave no answer."""
        self._rest = lost
        self._resting_until = time.monotonic() + min(_PAUSE_MAX, PAUSE_FACTOR * seconds)

    def rest_after_one(self, lost: Lost) -> None:
        """Leave the model alone for longer and longer, if it fails one record after the other."""
        self._losses += 1
        if self._losses >= _LOSSES_MIN:
            self.rest(lost, _FIRST_REST / PAUSE_FACTOR * 2 ** min(10, self._losses - _LOSSES_MIN))

    def well(self) -> None:
        """Note that it answers."""
        self._losses = 0

    @property
    def generation(self) -> int:
        """Give the number of the worker: what was said to one, another does not know."""
        return self.worker.generation

    @property
    def pid(self) -> int | None:
        """Give the process id of the worker's keeper, None where there is none now."""
        return self.worker.pid

    @property
    def resting(self) -> Lost | None:
        """Give why the model is left alone, None where it is not."""
        return self._rest if time.monotonic() < self._resting_until else None

    def ask(self, head: list[Any], value: Any, seconds: float | None = None) -> tuple[Any, bytes]:
        """Ask for one reply.

        Raises:
            Lost: there was none; the worker is gone.
        """
        for reply in self.replies(head, value, self.record_seconds if seconds is None else seconds, 0.0):
            return reply
        raise AssertionError(head)

    def replies(self, head: list[Any], value: Any, seconds: float, row_seconds: float) -> Iterator[tuple[Any, bytes]]:
        """Ask, and yield replies until the one that ends; see `SharedWorker.replies`."""
        yield from self.worker.replies([self._place, *head], value, seconds, row_seconds)
