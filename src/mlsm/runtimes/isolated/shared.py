"""A worker that one model has for itself, or the models of one source together: started, asked, ended."""

from __future__ import annotations

import contextlib
import pickle
import sys
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from typing import Any

from mlsm._model import Isolation
from mlsm._result import Failure, Outcome
from mlsm.errors import DeclarationError
from mlsm.runtimes.isolated import protocol
from mlsm.runtimes.isolated.process import WorkerProcess
from mlsm.runtimes.isolated.protocol import Closed, Late

__all__ = ["Lost", "SharedWorker"]

START_SECONDS = 120.0
"""For the interpreter and the models' libraries: some take half a minute to import on a cold disk."""
_FIRST_LOOK = 0.25


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


class SharedWorker:
    """Keeps one process for some models, which are asked one after the other.

    Args:
        name: the model's key, or what the models together are called.
        isolation: where it runs and what it may use.
        specifications: what the worker builds each model from.
        entry: `module:name` of what answers in the worker, made once a model.
    """

    def __init__(self, name: str, isolation: Isolation, specifications: Sequence[dict[str, Any]], entry: str) -> None:
        self.name = name
        self.isolation = isolation
        self.lock = threading.RLock()
        self.generation = 0
        self._ready: list[dict[str, Any]] = []
        self._body = pickle.dumps(list(specifications), protocol=4)
        self._count = len(specifications)
        self._entry = entry
        self._process: WorkerProcess | None = None

    def begin(self) -> None:
        """Start a worker if there is none; it imports what its models need while this process does other things.

        Raises:
            DeclarationError: no process can be started.
        """
        if self._process is not None:
            return
        try:
            self._process = WorkerProcess(self.name, self.isolation)
        except OSError as error:
            python = self.isolation.python
            hint = 'Name the interpreter of a virtual environment: python = ".venv-old/bin/python".'
            if python is None:
                hint = "The interpreter that runs mlsm has to be one that this user may execute, as often as needed."
            raise DeclarationError(
                f"No process can be started for {self.name!r}: {error.strerror}: {python or sys.executable!r}.",
                hint=hint,
            ) from error
        self.generation += 1
        self._ready = []
        head = {"protocol": protocol.VERSION, "entry": self._entry}
        with contextlib.suppress(Closed):  # who waits for its answer is told how it died
            protocol.send(self._process.request, head, self._body)

    def start(self) -> list[dict[str, Any]]:
        """Start a worker if there is none, and give what it says of each model.

        Raises:
            DeclarationError: no process can be started.
            Lost: it died, or was not ready in time.
        """
        self.begin()
        if self._ready:
            return self._ready
        until = time.monotonic() + START_SECONDS
        said = [self._exchange(None, START_SECONDS, START_SECONDS)[0]]
        while len(said) < self._count and "protocol" not in said[0]:
            said.append(self._exchange(None, until - time.monotonic(), START_SECONDS)[0])
        self._ready = said * self._count if "protocol" in said[0] else said
        return self._ready

    def end(self) -> None:
        """End the process; the next request starts another."""
        if self._process is not None:
            self._process.end()
            self._process = None

    @property
    def running(self) -> bool:
        """Tell whether there is a process, as far as we know."""
        return self._process is not None

    @property
    def pid(self) -> int | None:
        """Give the process id of the worker's keeper, None where there is none now."""
        return None if self._process is None else self._process.pid

    def replies(self, head: list[Any], value: Any, seconds: float, row_seconds: float) -> Iterator[tuple[Any, bytes]]:
        """Ask, and yield replies until the one that ends.

        Args:
            head: the request, the place of the model first.
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
