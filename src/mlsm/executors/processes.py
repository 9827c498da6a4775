"""Scores parts in worker processes; what kills one costs its part a second try.

The parent alone reads, hands out and puts in order; it may score as well while all workers
have enough to do. Every worker opens the plan once and holds two parts at most, one in work
and one waiting, so that memory is bounded whatever the length of the input. A part whose
worker died twice is narrowed to what the worker was at, and that is cut until what kills
stands alone; the rest of the part is then scored whole, as if nothing had happened.
"""

from __future__ import annotations

import os
import select
import time
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from typing import Any, Self

from mlsm.contracts import Shared
from mlsm.errors import WorkerError
from mlsm.executors.process import Worker
from mlsm.executors.wire import Kind, receive

__all__ = ["Crew", "run"]

_QUEUE_MAX = 2
_HELP_MAX = 2
"""Parts that the parent may have scored before an earlier one has come back from a worker."""
_DEATHS_BEFORE_CUTTING = 2
"""Deaths of a whole part, and of a single record, before it is blamed: the first may have been a stranger's doing."""
_DEATHS_MAX = 256
"""Deaths that may be spent on finding culprits in a run; beyond, what killed twice is given up whole."""
_DEATHS_UNANSWERED = 10
"""The same for a part of which no row has an answer: so many it takes to find a first record or two at fault."""
_DEATHS_PART_MAX = 32
"""The same for a part: who kills that often is given up in it, since each death costs a worker's start."""
_STARTS_MAX = 6
"""Deaths in a row of workers that never came to score anything."""
_LOOK_SECONDS = 0.5


@dataclass(slots=True, eq=False)
class _Piece:
    """A part, or some of its rows, that one worker scores in one go."""

    part: Any
    deaths: int = 0
    whole: bool = True
    fresh: bool = False
    sent: Any = None
    answer: Any = None
    answered: bool = False


@dataclass(slots=True, eq=False)
class _Place:
    """A part in the order of the input, and the pieces that it is scored in."""

    part: Any
    pieces: list[_Piece] = field(default_factory=list)
    narrowed: bool = False
    deaths: int = 0

    @property
    def answered(self) -> bool:
        return all(piece.answered for piece in self.pieces)

    @property
    def hopeless(self) -> bool:
        told = any(piece.answered and piece.sent is not None for piece in self.pieces)
        return self.deaths >= (_DEATHS_PART_MAX if told else _DEATHS_UNANSWERED)


def run(plan: Shared, parts: Iterable[Any], entry: str, *, workers: int = 1) -> Iterator[Any]:
    """Score every part in one of several processes; give the results in the order of the parts.

    Args:
        plan: what the parts have in common, in a form that can be sent.
        parts: what is scored; a bounded number is taken ahead.
        entry: `module:name` of the function that a worker calls with the opened plan and a part.
        workers: how many processes.

    Raises:
        WorkerError: workers die before they score anything.
    """
    with Crew(plan.order(), entry, workers) as crew:
        yield from crew.run(plan, parts)


class Crew:
    """Worker processes that load models while the parent still looks at its inputs.

    Args:
        order: what each is told once.
        entry: `module:name` of the function that it calls for each part.
        count: how many there are.
    """

    def __init__(self, order: object, entry: str, count: int) -> None:
        self._order = order
        self._entry = entry
        self._count = count
        self._variables = _variables(count)
        self._waiting: deque[_Piece] = deque()
        self._homes: dict[int, _Place] = {}
        self._deaths = self._starts_lost = 0
        self._open: deque[_Place] = deque()
        self._workers: list[Worker[_Piece]] = []
        self._poll = select.poll()

    def __enter__(self) -> Self:
        for _ in range(self._count):
            self._start()
        return self

    def __exit__(self, kind: type[BaseException] | None, *_: object) -> None:
        self.end(at_once=kind is not None)

    def ready(self) -> bool:
        """Tell, without waiting, whether all workers have loaded the models."""
        self._listen(block=False)
        return all(worker.ready for worker in self._workers)

    def run(self, plan: Shared, parts: Iterable[Any], here: Callable[[Any], Any] | None = None) -> Iterator[Any]:
        """Score every part; see the module's `run`.

        Args:
            plan: what the parts have in common.
            parts: what is scored.
            here: answers in this process what would be sent to a worker; None where only workers score.
        """
        self._plan = plan
        yield from self._results(parts, here)
        for worker in self._workers:
            worker.let_go()

    def _results(self, parts: Iterable[Any], here: Callable[[Any], Any] | None) -> Iterator[Any]:
        source = iter(parts)
        more = True
        most = self._count * _QUEUE_MAX + (1 if here is None else 1 + _HELP_MAX)
        while more or self._open:
            while more and not self._waiting and len(self._open) < most:
                more = self._take(source)
            helps = here is not None and any(piece.fresh for piece in self._waiting)
            self._listen(block=bool(self._open) and not helps)
            if here is not None:
                self._help(here)
            while self._open and self._open[0].answered:
                if (joined := self._joined(self._open[0])) is None:
                    break
                self._open.popleft()
                yield joined
                self._listen(block=False)

    def _help(self, here: Callable[[Any], Any]) -> None:
        """Score one of the parts that still wait; none that killed a worker."""
        piece = next((piece for piece in self._waiting if piece.fresh), None)
        if piece is not None:
            self._waiting.remove(piece)
            piece.sent = self._plan.sent(piece.part)
            piece.answer, piece.answered = here(piece.sent), True

    def _take(self, source: Iterator[Any]) -> bool:
        """Take the next part into work; False where there is none."""
        for part in source:
            place = _Place(part, [_Piece(part, fresh=True)])
            self._homes[id(place.pieces[0])] = place
            self._open.append(place)
            self._waiting.append(place.pieces[0])
            self._hand_out()
            return True
        return False

    def _hand_out(self) -> None:
        while len(self._workers) < self._count:
            self._start()
        while self._waiting:
            worker = min(self._workers, key=lambda worker: len(worker.queue))
            if len(worker.queue) >= _QUEUE_MAX:
                return
            piece = self._waiting.popleft()
            piece.sent = self._plan.sent(piece.part)
            worker.ask(0, piece.sent, piece)

    def _start(self) -> None:
        worker: Worker[_Piece] = Worker(self._order, self._entry, self._variables)
        self._workers.append(worker)
        self._poll.register(worker, select.POLLIN)

    def _listen(self, *, block: bool) -> None:
        """Take what workers say; wait for it where there is nothing else to do."""
        self._hand_out()
        found = {descriptor for descriptor, _ in self._poll.poll(_LOOK_SECONDS * 1000 if block else 0)}
        for worker in list(self._workers):
            if worker.fileno() in found:
                self._hear(worker)
            elif block and not found and worker.gone():
                self._bury(worker)
        self._hand_out()

    def _hear(self, worker: Worker[_Piece]) -> None:
        message = receive(worker.socket)
        if message is None:
            self._bury(worker)
            return
        kind, _, read = message
        value = read()
        if kind is Kind.FAILED:
            error, text = value
            raise error if error is not None else RuntimeError(f"A worker failed:\n{text}")
        if kind is Kind.READY:
            worker.ready, self._starts_lost = True, 0
        else:
            piece = worker.queue.popleft()
            piece.answer, piece.answered = value, True

    def _bury(self, worker: Worker[_Piece]) -> None:
        """Put another one in the place of a worker that died; what it was at is tried again."""
        self._poll.unregister(worker)
        self._workers.remove(worker)
        how = worker.end(at_once=True)
        if worker.ready and worker.queue:
            self._blame(worker.queue[0], worker.noted, how)
        elif not worker.ready:
            self._starts_lost += 1
            if self._starts_lost >= _STARTS_MAX:
                raise WorkerError(
                    f"Worker processes die while they load the models: {how}.",
                    hint="Score with --workers 0 (in Python workers=0) to see which model it is.",
                )
            time.sleep(0.02 * 2**self._starts_lost)
        again = [piece for piece in worker.queue if not piece.answered and id(piece) in self._homes]
        self._waiting.extendleft(reversed(again))

    def _blame(self, piece: _Piece, noted: int, how: str) -> None:
        """Note that a worker died of a piece; narrow it, cut it, or give it up, where it did so before."""
        self._deaths += 1
        piece.deaths += 1
        piece.fresh = False
        home = self._homes[id(piece)]
        home.deaths += 1
        if not piece.whole and (home.hopeless or self._plan.given_up(piece.part)):
            self._give_up(home, how)
            return
        smaller = self._plan.cut(piece.part) if self._deaths <= _DEATHS_MAX else None
        if piece.deaths < _DEATHS_BEFORE_CUTTING and (piece.whole or smaller is None):
            return
        del self._homes[id(piece)]
        at = home.pieces.index(piece)
        part = piece.part
        if piece.whole and (alone := self._plan.alone(part, noted)) is not None:
            home.narrowed, home.deaths, part = True, 0, alone
            smaller = None if smaller is None or self._plan.given_up(part) else self._plan.cut(part)
        if smaller is None:
            home.pieces[at] = _Piece(part, answer=self._plan.lost(part, how), answered=True)
            return
        pieces = [_Piece(one, whole=False) for one in smaller]
        home.pieces[at : at + 1] = pieces
        self._homes.update({id(one): home for one in pieces})
        self._waiting.extendleft(reversed(pieces))

    def _give_up(self, home: _Place, how: str) -> None:
        """Look no further for culprits in a part, but for what workers are at."""
        busy = {id(piece) for worker in self._workers for piece in worker.queue}
        for piece in home.pieces:
            if not piece.answered and id(piece) not in busy:
                piece.sent, piece.answer, piece.answered = None, self._plan.lost(piece.part, how), True
                del self._homes[id(piece)]
        self._waiting = deque(piece for piece in self._waiting if not piece.answered)

    def _joined(self, place: _Place) -> Any:
        """Put a part together; None where some of it must still be scored."""
        again = []
        for piece in place.pieces:
            if piece.sent is not None and not self._plan.takes(piece.sent, piece.answer):
                piece.answered, piece.answer = False, None
                again.append(piece)
        if again:
            self._waiting.extendleft(reversed(again))
            return None
        for piece in place.pieces:
            self._homes.pop(id(piece), None)
        answers = [(piece.part, piece.answer) for piece in place.pieces]
        if not place.narrowed:
            return self._plan.joined(place.part, answers)
        place.narrowed, place.deaths = False, 0
        place.part = self._plan.settled(place.part, answers)
        place.pieces = [_Piece(place.part)]
        self._homes[id(place.pieces[0])] = place
        self._waiting.appendleft(place.pieces[0])
        return None

    def end(self, *, at_once: bool) -> None:
        """End all workers."""
        while self._workers:
            self._workers.pop().end(at_once=at_once)


def _variables(count: int) -> dict[str, str]:
    """Share the cores among the workers' data frames, unless somebody has decided that."""
    if count == 1 or "POLARS_MAX_THREADS" in os.environ:
        return {}
    return {"POLARS_MAX_THREADS": str(max(1, (os.cpu_count() or 1) // count))}
