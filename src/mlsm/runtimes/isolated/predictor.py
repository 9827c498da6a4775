"""A model in a worker, as the engine asks it: by rows, by frames, for one record."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from itertools import pairwise
from typing import TYPE_CHECKING, Any, TypeAlias

import msgspec

from mlsm._result import Outcome
from mlsm.contracts import NoReasonsError, Reasoned, Settled, Told
from mlsm.errors import DeclarationError
from mlsm.runtimes.isolated.pieces import Pieces
from mlsm.runtimes.isolated.supervisor import Lost, Supervisor

if TYPE_CHECKING:
    import polars as pl

__all__ = ["IsolatedPredictor"]

_encode = msgspec.json.Encoder(order="sorted").encode
_Ask: TypeAlias = "Callable[[int, int, Pieces, float], None]"
"""Asks for rows from, to; it puts what comes back to the pieces, within so many seconds."""
_CUT = 32
"""A lost worker costs far more than a call: three of them find one frame's culprit among 32 ** 3 rows."""
_DEATHS_UNANSWERED = 8
"""The same as long as no record has an answer: so many it takes to find a frame's first record at fault."""
_HANGS_UNANSWERED = 3
"""The same for a function that hangs on one record after the other: it does so on all of them."""
_DEATHS_MAX = 16
"""Workers that a call may cost: what is left of it then is given up."""
_TRIES = 2
"""A record at which a worker dies is tried once more: it may have been killed from outside."""


class IsolatedPredictor:
    """A model that is asked through a supervisor.

    Args:
        supervisor: keeps its worker.
        digest: the model's, which the worker's must be.
    """

    samples: Sequence[tuple[Any, ...]] = ()
    single = True
    isolated = True

    def __init__(self, supervisor: Supervisor, digest: str) -> None:
        self._supervisor = supervisor
        try:
            said = supervisor.start()
        except Lost as lost:
            raise DeclarationError(
                f"{supervisor.name!r} cannot be isolated. {lost.why}",
                hint="What its process printed stands above; its file is imported there once more.",
            ) from None
        if said["digest"] != digest:
            supervisor.end()
            raise DeclarationError(
                f"{supervisor.name!r} is another model in its process: its digest there is {said['digest']}; "
                f"expected {digest}.",
                hint="Declare it at the top level of its file, of what that file itself holds or imports.",
            )
        self.by_row: bool = said["by_row"]
        self._inner_path: str = said["path"]
        self._tried_in = supervisor.generation
        if not self.by_row:
            self._try()

    @property
    def path(self) -> str:
        """Tell how one record is scored."""
        return f"It is asked in a process of its own. {self._inner_path}"

    @property
    def pid(self) -> int | None:
        """Give the process id of its worker's keeper, None where there is none now."""
        return self._supervisor.pid

    def end(self) -> None:
        """End its worker."""
        self._supervisor.end()

    def record(self, *values: Any) -> float | Told:
        """Score one record: a float for a plain score, else all of an answer."""
        supervisor = self._supervisor
        with supervisor.lock:
            if (resting := supervisor.resting) is not None:
                return _told(resting)
            for left in reversed(range(_TRIES)):
                try:
                    self._started()
                    answer, _ = supervisor.ask(["one"], values)
                except Lost as lost:
                    if left and lost.outcome is Outcome.CRASHED:
                        continue
                    supervisor.rest_after_one(lost)
                    return _told(lost)
                supervisor.well()
                return answer if isinstance(answer, float) else tuple(answer)
        raise AssertionError(self)

    def rows(
        self,
        upstreams: Sequence[Sequence[Sequence[Any]]],
        fields: Sequence[Sequence[Any] | pl.Series],
        as_of: datetime,
        size: int,
        breaks: tuple[float, int] | None = None,
    ) -> Settled:
        """Score many records, a column an argument."""
        from mlsm.runtimes.isolated.frames import plain_column

        columns_ = [plain_column(column) for column in fields]

        def ask(start: int, stop: int, pieces: Pieces, seconds: float) -> None:
            cut = [[column[start:stop] for column in columns] for columns in upstreams]
            value = cut, [column[start:stop] for column in columns_], as_of
            told = None if breaks is None else (*breaks, pieces.failed_before(start, breaks[1]))
            request = ["rows", stop - start, told]
            replies = self._supervisor.replies(request, value, seconds, self._supervisor.record_seconds)
            for head, body in replies:
                if head[0] == "done":
                    pieces.traces += [tuple(trace) for trace in head[1]]
                    return
                if head[0] == "scores":
                    pieces.add_scores(start, head[1], body)
                else:
                    pieces.add_answers(start, msgspec.msgpack.decode(body), head[2])
                start += head[1]

        return self._settled(ask, size, by_row=True)

    def columns(self, frame: pl.DataFrame, as_of: datetime | None, breaks: tuple[float, int] | None = None) -> Settled:
        """Score a frame."""
        from mlsm.runtimes.isolated.frames import packed, unpacked

        def ask(start: int, stop: int, pieces: Pieces, seconds: float) -> None:
            # Which calls failed before is left out: some of a frame's failures do not count.
            request: list[Any] = ["frame", None if breaks is None else (*breaks, [])]
            head, body = self._supervisor.ask(request, packed(frame.slice(start, stop - start), as_of), seconds)
            pieces.traces += [tuple(trace) for trace in head[1]]
            pieces.add_frame(start, unpacked(body))

        return self._settled(ask, frame.height, by_row=False)

    def explain(self, frame: pl.DataFrame, as_of: datetime | None) -> Reasoned:
        """Give the reasons of its runtime.

        Raises:
            NoReasonsError: it has none.
            RuntimeError: the model raised something when it was asked for them.
        """
        from mlsm.runtimes.isolated.frames import packed, reasons_of

        supervisor = self._supervisor
        with supervisor.lock:
            try:
                self._started()
                head, body = supervisor.ask(["explain"], packed(frame, as_of), supervisor.part_seconds)
            except Lost as lost:
                raise NoReasonsError from lost
        if head[0] == "none":
            raise NoReasonsError
        if head[0] == "raised":
            raise RuntimeError(head[1])
        return reasons_of(head[1], body)

    def unknown_names(
        self, data: Mapping[str, Any], results: Mapping[str, Any], as_of: datetime
    ) -> tuple[list[str], list[str]]:
        """Call a function of `data` and `results`, and name the fields and upstreams that it asks for in vain."""
        with self._supervisor.lock:
            try:
                self._started()
                (fields, upstreams), _ = self._supervisor.ask(["unknown"], (dict(data), dict(results), as_of))
            except Lost:  # the other checks tell of a model that dies or hangs
                return [], []
        return fields, upstreams

    def _started(self) -> None:
        """Have a worker; a new one of a batch model is tried as the first one was."""
        self._supervisor.start()
        if self._supervisor.generation != self._tried_in:
            self._tried_in = self._supervisor.generation
            if not self.by_row:
                self._try()

    def _try(self) -> None:
        try:
            said, _ = self._supervisor.ask(["try"], b"", self._supervisor.part_seconds)
            self._inner_path = said["path"]
        except Lost as lost:  # on records of our own making: it will show on those of the input
            self._inner_path = f"It could not be tried: {lost.why}"

    def _settled(self, ask: _Ask, size: int, *, by_row: bool) -> Settled:
        supervisor = self._supervisor
        pieces = Pieces(size)
        with supervisor.lock:
            if (resting := supervisor.resting) is not None:
                pieces.lose(0, size, resting)
            elif size:
                _Search(self, ask, pieces, by_row=by_row).through(size)
        return pieces.settled()


class _Search:
    """Asks for all rows, and again for what is left where a worker was lost over some of them.

    A function of rows tells at which one it is, so that the culprit is known at once: asked for alone,
    it costs a worker again. Where it does not, an earlier row did the harm, and what comes before is cut
    into 32 pieces, as a frame is. For a function of rows all of it takes the seconds of a part at most,
    for one of frames twice that, and 16 workers.
    """

    def __init__(self, predictor: IsolatedPredictor, ask: _Ask, pieces: Pieces, *, by_row: bool) -> None:
        self._predictor = predictor
        self._supervisor = predictor._supervisor  # noqa: SLF001 - of this file
        self._ask = ask
        self._pieces = pieces
        self._by_row = by_row
        self._accused: tuple[int, int] | None = None
        self._began = time.monotonic()
        self._until = self._began + self._supervisor.part_seconds * (1 if by_row else 2)
        self._size = 0
        self._deaths = 0
        self._lost_seconds = 0.0
        self._last: Lost | None = None
        self._suspects: dict[tuple[int, int], int] = {}

    def through(self, size: int) -> None:
        """Ask for rows until all are answered or given up."""
        self._size = size
        waiting = [(0, size)]
        while waiting:
            start, stop = waiting.pop()
            began = time.monotonic()
            if self._last is not None and self._is_enough(self._last, began):
                self._give_up([(start, stop), *waiting])
                self._supervisor.rest(self._last, began - self._began)
                return
            try:
                self._predictor._started()  # noqa: SLF001 - of this file
                self._ask(start, stop, self._pieces, self._seconds(start, stop))
                self._supervisor.well()
                # It was killed from outside, or what the worker tells of its rows comes too late.
                self._by_row &= (start, stop) != self._accused
            except Lost as lost:
                self._last = lost
                self._deaths += 1
                self._lost_seconds += time.monotonic() - began
                waiting += self._again(start, stop, lost)
        if self._pieces.answered == 0 and self._last is not None:
            self._supervisor.rest(self._last, time.monotonic() - self._began)

    def _is_enough(self, last: Lost, now: float) -> bool:
        if self._pieces.answered or now >= self._until:
            return now >= self._until or self._deaths >= _DEATHS_MAX
        if self._by_row and last.outcome is Outcome.TIMEOUT:
            half = (self._began + self._until) / 2  # it takes its time to start, too
            return now >= half or self._deaths >= _HANGS_UNANSWERED
        return self._deaths >= _DEATHS_UNANSWERED

    def _seconds(self, start: int, stop: int) -> float:
        seconds = self._supervisor.part_seconds
        if self._last is None:
            return seconds
        if self._by_row:
            return max(0.001, self._until - time.monotonic())
        share = max(self._supervisor.record_seconds, seconds * (stop - start) / self._size)
        return max(0.001, min(share, self._until - time.monotonic()))

    def _again(self, start: int, stop: int, lost: Lost) -> list[tuple[int, int]]:
        """Settle the culprit where it is known, and give what is to be asked again, the last first."""
        noted = start + (lost.row or 0)
        start = self._pieces.reached(start)
        if start >= stop:
            return []
        place = (start, stop)
        if self._by_row:
            culprit = max(start, min(stop - 1, noted))
            place = (culprit, culprit + 1)
        tries = self._suspects[place] = self._suspects.get(place, 0) + 1
        if self._by_row and lost.outcome is Outcome.CRASHED and stop - start > 1:
            self._accused = place
            return [(low, high) for low, high in ((place[1], stop), (start, place[0]), place) if low < high]
        whole_or_single = stop - start in (1, self._size)
        if lost.outcome is Outcome.CRASHED and tries < _TRIES and whole_or_single:
            return [(start, stop)]
        if not self._by_row and stop - start > 1:
            count = min(_CUT, stop - start)
            edges = [start + (stop - start) * piece // count for piece in range(count + 1)]
            return list(pairwise(edges))[::-1]
        self._pieces.lose(*place, lost)
        left = [(place[1], stop), (start, place[0])]
        return [(low, high) for low, high in left if low < high]

    def _give_up(self, ranges: list[tuple[int, int]]) -> None:
        last = self._last
        if last is None:
            raise AssertionError(ranges)
        told = f"{last.why} Looking for the records at fault was given up after {self._deaths} lost processes."
        for start, stop in ranges:
            self._pieces.lose(start, stop, Lost(last.outcome, told))


def _told(lost: Lost) -> Told:
    return lost.outcome.code, None, None, None, None, _encode(lost.failure).decode()
