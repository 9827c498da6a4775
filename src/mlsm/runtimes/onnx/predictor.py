"""An ONNX model, ready to be called."""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any

import numpy as np
import onnxruntime

from mlsm._model import ArtefactModel
from mlsm.contracts import NoReasonsError, Predictor, Reasoned
from mlsm.runtimes._options import output_of
from mlsm.runtimes.onnx.answer import Answer, choose_answer
from mlsm.runtimes.onnx.samples import samples_of, try_one
from mlsm.runtimes.onnx.session import open_file
from mlsm.runtimes.onnx.tensors import Tray, tray_of

if TYPE_CHECKING:
    import polars as pl

__all__ = ["load_predictor"]

_BOUND = "onnxruntime is asked about one record through tensors bound to one stretch of memory."
_FED = "onnxruntime is asked about one record through tensors kept for that; texts cannot be bound to memory."
_LISTED = "onnxruntime is asked about one record through tensors kept for that; its answer is a dict."


def load_predictor(model: ArtefactModel) -> Predictor:
    """Make an ONNX model callable.

    Raises:
        DeclarationError: its options or its fields do not fit it.
        InputError: it is not there, or is no ONNX file.
    """
    opened = open_file(model.path)
    tray = tray_of(opened.blocks, model.inputs, opened.path)
    answer = choose_answer(opened, output_of(model.options), try_one(opened, tray))
    bound = tray.numeric and answer.shape is not None
    return OnnxPredictor(
        session=opened.session,
        tray=tray,
        answer=answer,
        record=_record(opened.session, tray, answer, bound=bound),
        path=_BOUND if bound else _FED if answer.key is None else _LISTED,
        samples=samples_of(opened, tray),
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class OnnxPredictor:
    """A session, the tensors that it takes and the number that is the score."""

    session: Any
    tray: Tray
    answer: Answer
    record: Callable[..., Any]
    path: str
    samples: Sequence[tuple[Any, ...]]
    by_row: bool = False
    single: bool = True

    def columns(self, frame: pl.DataFrame, as_of: datetime | None) -> object:  # noqa: ARG002 - the Protocol's
        """Ask about all rows at once, or one by one where the model takes no more."""
        if not frame.height:
            return np.empty(0)
        names, feed = [self.answer.tensor], self.tray.columns(frame)
        if not self.tray.one_by_one:
            return self.answer.of_all(self.session.run(names, feed)[0])
        rows = range(frame.height)
        pieces = [self.session.run(names, {name: cells[row : row + 1] for name, cells in feed.items()}) for row in rows]
        return np.concatenate([self.answer.of_all(piece[0]) for piece in pieces])

    def explain(self, frame: pl.DataFrame, as_of: datetime | None) -> Reasoned:  # noqa: ARG002 - the Protocol's
        """Refuse: a graph of operators does not tell what each field added."""
        raise NoReasonsError


def _record(session: Any, tray: Tray, answer: Answer, *, bound: bool) -> Callable[..., float]:
    """Make what scores one record; each thread has tensors of its own, which the next call writes over."""
    make, local = _bound if bound else _fed, threading.local()

    def record(*values: Any) -> float:
        try:
            write, ask = local.lane
        except AttributeError:
            write, ask = local.lane = make(session, tray, answer)
        write(values)
        return ask()  # type: ignore[no-any-return]  # a float, of either maker

    return record


_Lane = tuple[Callable[[tuple[Any, ...]], None], Callable[[], float]]


def _fed(session: Any, tray: Tray, answer: Answer) -> _Lane:
    """Hand the tensors over with each call."""
    feed, write = tray.lane()
    names, run, take = [answer.tensor], session.run, answer.of_one
    return write, lambda: take(run(names, feed)[0])


def _bound(session: Any, tray: Tray, answer: Answer) -> _Lane:
    """Bind inputs and output to memory once; onnxruntime then reads and writes in place."""
    feed, write = tray.lane()
    wrap = onnxruntime.OrtValue.ortvalue_from_numpy  # on a processor it shares the array's memory
    out = np.zeros(answer.shape or (), answer.dtype)
    binding, kept = session.io_binding(), [wrap(out), *(wrap(cells) for cells in feed.values())]
    binding.bind_ortvalue_output(answer.tensor, kept[0])
    for name, value in zip(feed, kept[1:], strict=True):
        binding.bind_ortvalue_input(name, value)
    run, item, column, scaled = session.run_with_iobinding, out.item, answer.column, answer.scaled

    def ask(kept: Sequence[Any] = tuple(kept)) -> float:  # noqa: ARG001 - lives as long as the binding
        run(binding)
        return scaled(item(column))

    return write, ask
