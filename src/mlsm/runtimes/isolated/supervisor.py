"""The supervisor of one model's worker: it starts, asks, waits, ends and replaces it."""

from __future__ import annotations

import pickle
import threading
import time
from collections.abc import Callable, Iterator
from typing import Any

from mlsm._model import Isolation
from mlsm._result import Failure, Outcome
from mlsm.errors import DeclarationError
from mlsm.runtimes.isolated import protocol
from mlsm.runtimes.isolated.process import WorkerProcess
from mlsm.runtimes.isolated.protocol import Closed, Late

__all__ = ["Lost", "Supervisor"]

START_SECONDS = 120.0
"""For the interpreter and the model's libraries: some take half a minute to import on a cold disk."""
PAUSE_FACTOR = 20.0
"""A model that cost seconds without any answer is left alone for so many times as long."""
_PAUSE_MAX = 600.0
_FIRST_LOOK = 0.25
_LOSSES_MIN = 3
_FIRST_REST = 0.5


class Lost(Exception):  # noqa: N818 - what became of a worker, for its own callers
    """The worker was lost over a request.

    Args:
        outcome: `timeout` or `crashed`.
        why: the rest of a sentence.
        row: the row that it was at, from 0; None where it had not begun, or nobody knows.
    """

    def __init__(self, outcome: Outcome, why: str, row: int | None = None) -> None:
        super().__init__(why)
        self.outcome = outcome
        self.why = why
        self.row = row

    @property
    def failure(self) -> Failure:
        """Give what the rows' results say."""
        return Failure(type="Timeout" if self.outcome is Outcome.TIMEOUT else "Crashed", message=self.why)


class Supervisor:
    """Keeps one worker for one model.

    Args:
        name: the model's key.
        isolation: where it runs and what it may use.
        specification: what the worker builds the model from.
        entry: `module:name` of what answers in the worker.
    """

    def __init__(self, name: str, isolation: Isolation, specification: dict[str, Any], entry: str) -> None:
        self.name = name
        self.isolation = isolation
        self.record_seconds, self.part_seconds, self.memory = isolation.limits
        self.lock = threading.RLock()
        self.ready: dict[str, Any] = {}
        self._body = pickle.dumps(specification, protocol=4)
        self._entry = entry
        self._process: WorkerProcess | None = None
        self._resting_until = 0.0
        self._rest: Lost | None = None
        self._losses = 0

    def start(self) -> dict[str, Any]:
        """Start a worker if there is none, and give what it says of the model.

        Raises:
            DeclarationError: the model cannot be built there.
            Lost: it died, or was not ready in time.
        """
        if self._process is not None:
            return self.ready
        try:
            self._process = WorkerProcess(self.name, self.isolation)
        except OSError as error:
            raise DeclarationError(
                f"No process can be started for {self.name!r}: {error.strerror}: {error.filename!r}.",
                hint='Name the interpreter of a virtual environment: python = ".venv-old/bin/python".',
            ) from error
        head = {"protocol": protocol.VERSION, "entry": self._entry}
        said, _ = self._exchange(lambda fd: protocol.send(fd, head, self._body), START_SECONDS, START_SECONDS)
        if "refused" in said:
            self.end()
            raise DeclarationError(f"{self.name!r} cannot be isolated: {said['refused']}", hint=said.get("hint"))
        self.ready = said
        return self.ready

    def end(self) -> None:
        """End the worker; the next request starts another."""
        if self._process is not None:
            self._process.end()
            self._process = None

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
    def running(self) -> bool:
        """Tell whether there is a worker, as far as we know."""
        return self._process is not None

    @property
    def pid(self) -> int | None:
        """Give the process id of the worker's keeper, None where there is none now."""
        return None if self._process is None else self._process.pid

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
        """Ask, and yield replies until the one that ends.

        Args:
            head: the request.
            value: pickled as its body, unless bytes.
            seconds: for all replies.
            row_seconds: for the worker to get from one row to the next, 0 where it does not tell.

        Raises:
            Lost: the worker is gone.
        """
        self.start()
        body = value if isinstance(value, (bytes, memoryview)) else pickle.dumps(value, protocol=4)
        until = time.monotonic() + seconds
        cell = self._cell
        cell[0] = cell[1] = 0
        yield self._exchange(lambda fd: protocol.send(fd, head, body), seconds, row_seconds)
        while True:
            yield self._exchange(None, until - time.monotonic(), row_seconds)

    @property
    def _cell(self) -> memoryview:
        if self._process is None:
            raise AssertionError(self.name)
        return self._process.cell

    def _exchange(self, write: Callable[[int], None] | None, seconds: float, row_seconds: float) -> tuple[Any, bytes]:
        process = self._process
        if process is None:
            raise AssertionError(self.name)
        try:
            if write is not None:
                write(process.request)
            return protocol.receive(process.reply, _Patience(process, seconds, row_seconds))
        except Closed:
            row = int(process.cell[0]) - 1
            why = process.death()
            self.end()
            raise Lost(Outcome.CRASHED, f"The model's process is gone: {why}.", row if row >= 0 else None) from None
        except Late as late:
            row = int(process.cell[0]) - 1
            self.end()
            told = f"The model did not answer within {late.args[0]:g} seconds; its process was ended."
            raise Lost(Outcome.TIMEOUT, told, row if row >= 0 else None) from None
        except BaseException:  # an interrupt in the middle of a message: what comes next could not be read
            self.end()
            raise


class _Patience:
    """Waits for a reply: not beyond a time, nor beyond another one without a step forward."""

    def __init__(self, process: WorkerProcess, seconds: float, row_seconds: float) -> None:
        self._process = process
        self._seconds = seconds
        self._row_seconds = row_seconds
        self._until = time.monotonic() + seconds

    def __call__(self) -> None:
        """Wait until there is something to read.

        Raises:
            Late: it took too long.
        """
        fd, cell, row_seconds = self._process.reply, self._process.cell, self._row_seconds
        look = min(self._seconds, row_seconds * _FIRST_LOOK) if row_seconds else self._seconds
        if protocol.readable(fd, look):
            return
        seen, since = (cell[0], cell[1]), time.monotonic()
        while not protocol.readable(fd, min(look, self._until - time.monotonic())):
            now, place = time.monotonic(), (cell[0], cell[1])
            if now >= self._until:
                raise Late(self._seconds)
            if place != seen:
                seen, since = place, now
            elif row_seconds and now - since >= row_seconds:
                raise Late(row_seconds)
