"""A model's answers in a worker: the same steps as in this process, over what is handed over.

For functions of one record this needs Python and msgspec alone; frames need polars.
"""

from __future__ import annotations

import pickle
from array import array
from collections.abc import Iterable, Iterator
from importlib import util
from math import isfinite
from typing import Any, TypeAlias

import msgspec

from mlsm._batch import ModelColumns
from mlsm._guard import Raised, attempt
from mlsm._result import Outcome, Upstream
from mlsm.engine.answers import Answer, Limits, failed, read_answer
from mlsm.engine.order import Step
from mlsm.engine.record import settled
from mlsm.service.at_home import Spared, at_home
from mlsm.service.breaking import BARRED, Breaking, Breaks
from mlsm.service.preparing import load_predictor, tried
from mlsm.service.specification import Unbuildable, rebuilt

__all__ = ["Elsewhere"]

_Traces: TypeAlias = dict[tuple[str, str], str]
_TRACES_MAX = 3
_SKIPPED = Answer(Outcome.SKIPPED.code)
"""Whoever asked says why: the breaker is open there as well."""


class Elsewhere:
    """Answers for one model in its worker.

    Args:
        specification: what the model is built from.
        channel: where replies go, and where the row that it is at is noted.
    """

    def __init__(self, specification: dict[str, Any], channel: Any) -> None:
        self._channel = channel
        built = attempt(_load, specification)
        if isinstance(built, Raised):
            unbuildable = isinstance(built.error, Unbuildable)
            message = str(built.error) if unbuildable else f"{built.failure.type}: {built.failure.message}"
            channel.tell({"refused": message, "hint": getattr(built.error, "hint", None)})
            return
        if not built.predictor.by_row and util.find_spec("polars") is None:
            message = f"It is asked with frames, and there is no polars in its environment. {built.predictor.path}"
            channel.tell({"refused": message, "hint": "Install polars there, or make it a function of one record."})
            return
        self._step: Step = built
        self._views = [Upstream.of(source) for source in specification["upstreams"].values()]
        predictor = self._step.predictor
        told = {"by_row": predictor.by_row, "single": predictor.single, "path": predictor.path}
        channel.tell({**told, "digest": self._step.model.digest})

    def on_try(self, _: bytes) -> None:
        """Try a batch model on typical records, as it is done inline when a catalog is made ready."""
        found = _contained(tried, self._step)
        if not isinstance(found, Raised):
            self._step = found
        predictor = self._step.predictor
        self._channel.tell({"by_row": predictor.by_row, "single": predictor.single, "path": predictor.path})

    def on_one(self, body: bytes) -> None:
        """Answer for one record."""
        values = pickle.loads(body)  # noqa: S301 - from the parent
        predictor, limits = self._step.predictor, self._step.limits
        returned = _contained(predictor.record, *values)
        if type(returned) is float and limits.low <= returned <= limits.high and predictor.single:
            self._channel.tell(returned)
            return
        if type(returned) is Spared:
            self._channel.tell(msgspec.structs.astuple(returned.answer))
            return
        answer = _contained(settled, self._step, returned, "record:1")
        if isinstance(answer, Raised):
            answer = failed(answer.failure)
        self._channel.tell(msgspec.structs.astuple(answer))

    def on_rows(self, size: int, breaks: Breaks | None, body: bytes) -> None:
        """Answer for many records, a chunk of them a reply; the last reply holds the traces."""
        upstreams, fields, as_of = pickle.loads(body)  # noqa: S301 - from the parent
        traces: _Traces = {}
        breaking, start = Breaking(breaks), 0
        while start < size:
            stop = min(size, start + breaking.rows)
            columns: list[Iterable[Any]] = [
                map(view, *(column[start:stop] for column in columns))
                for view, columns in zip(self._views, upstreams, strict=True)
            ]
            columns += [v[start:stop].tolist() if isinstance(v, array) else v[start:stop] for v in fields]
            if self._step.wants_as_of:
                columns.append([as_of] * (stop - start))
            start += self._chunk(columns, start, stop, breaking, traces)
        self._channel.tell(["done", [[*name, text] for name, text in traces.items()]])

    def _chunk(
        self,
        columns: list[Iterable[Any]],
        start: int,
        stop: int,
        breaking: Breaking,
        traces: _Traces,
    ) -> int:
        """Answer for some of the records; tell for how many."""
        cell, limits = self._channel.cell, self._step.limits
        cell[1] = 0
        if columns:
            columns[0] = _noted(columns[0], start, cell)
        else:
            cell[0] = start + 1
        answers = breaking.answers(self._step.predictor, columns, stop - start)
        if set(map(type, answers)) == {float} and limits.low <= min(answers) and max(answers) <= limits.high:
            scores = array("d", answers)
            if isfinite(sum(scores)):  # NaN spoils the sum; it is unlike itself, so that no bound finds it
                breaking.count_good(len(answers))
                self._channel.tell(["scores", len(answers)], memoryview(scores).cast("B"))
                return len(answers)
        read, spared = [], []
        for place, answer in enumerate(answers):
            cell[0], cell[1] = start + place + 1, 1
            if type(answer) is Raised:  # by its type: to ask a stranger's object for its class may run its code
                read.append(failed(answer.failure))
                name = (answer.failure.type, answer.failure.message)
                if name not in traces and len(traces) < _TRACES_MAX:
                    traces[name] = answer.trace()
            elif type(answer) is Spared:
                read.append(answer.answer)
                spared.append(place)
            elif answer is BARRED:
                read.append(_SKIPPED)
            else:
                found = _contained(read_answer, answer, limits)
                read.append(failed(found.failure) if isinstance(found, Raised) else found)
        breaking.count([answer.code for answer in read], spared)
        columns_ = zip(*map(msgspec.structs.astuple, read), strict=True)
        told = [list(column) if any(value is not None for value in column) else None for column in columns_]
        self._channel.tell(["answers", len(answers), spared], msgspec.msgpack.encode(told))
        return len(answers)

    def on_frame(self, breaks: Breaks | None, body: bytes) -> None:
        """Answer for a frame."""
        from mlsm.service.elsewhere_frames import answered_frame

        self._channel.tell(*_contained(answered_frame, self._step, body, breaks))

    def on_unknown(self, body: bytes) -> None:
        """Name what a function of `data` and `results` asks for and does not have."""
        from mlsm.checks.watched import unknown_names

        data, results, as_of = pickle.loads(body)  # noqa: S301 - from the parent
        found = _contained(unknown_names, self._step.model, data, results, as_of)
        self._channel.tell([[], []] if isinstance(found, Raised) else found)

    def on_explain(self, body: bytes) -> None:
        """Give a frame's reasons."""
        from mlsm.service.elsewhere_frames import explained_frame

        found = _contained(explained_frame, self._step, body)
        if isinstance(found, Raised):
            found = ["raised", f"{found.failure.type}: {found.failure.message}"], b""
        self._channel.tell(*found)


def _load(specification: dict[str, Any]) -> Step:
    model = rebuilt(specification)
    predictor = load_predictor(model)
    if specification["module"] is not None:
        predictor = at_home(model, predictor, builds=specification["abroad"])
    upstreams = {name: place for place, name in enumerate(specification["upstreams"])}
    return Step(
        model=model,
        place=0,
        predictor=predictor,
        slots=tuple(range(len(model.inputs))),
        upstreams=upstreams,
        required=(),
        limits=Limits.of(model),
        when=None,
        columns=ModelColumns(name=model.name, version=model.version, status=model.status),
        source=(model.name, model.version, model.status),
        view=Upstream,
        wants_as_of=model.wants_clock if specification["module"] is not None else model.wants_as_of,
        tolerance=model.tolerance,
        watched=False,
        conditional=False,
    )


def _noted(values: Iterable[Any], start: int, cell: Any) -> Iterator[Any]:
    """Yield values and note the row, so that whoever waits knows which one ended us."""
    for place, value in enumerate(values, start + 1):
        cell[0] = place
        yield value


def _contained(function: Any, *args: Any) -> Any:
    """Call; an interrupt is here no person's, since a worker is out of the keyboard's reach."""
    try:
        return attempt(function, *args)
    except KeyboardInterrupt as error:
        return Raised(error)
