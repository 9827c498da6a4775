"""Frames answered in a worker: cut where they fail, as inline."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import polars as pl

from mlsm._guard import Raised
from mlsm._result import Outcome
from mlsm.contracts import NoReasonsError
from mlsm.engine.answers import ABSTAINED, Answer, failed
from mlsm.engine.batch import REFUSED, call_frame
from mlsm.engine.bisect import bisect
from mlsm.engine.breaker import Window
from mlsm.engine.frames import frame_of_answers
from mlsm.engine.order import Step
from mlsm.engine.record import condition_failure
from mlsm.runtimes.isolated.frames import pack_reasons, packed_answers, unpacked_frame
from mlsm.service.breaking import Breaks

__all__ = ["answered_frame", "explained_frame"]

_TRACES_MAX = 3


def answered_frame(step: Step, body: bytes, breaks: Breaks | None) -> tuple[list[Any], bytes]:
    """Answer for a frame; rows at fault carry what was raised, those behind an open breaker are `skipped`."""
    handed, as_of = unpacked_frame(body)
    asked = getattr(step.predictor, "applies", None)  # of a model whose condition only this process has
    applies = None if asked is None else asked(handed, as_of)
    if applies is not None:
        handed = handed.filter(pl.Series([_holds(one) for one in applies], dtype=pl.Boolean))
    traces: dict[tuple[str, str], str] = {}
    pieces = []
    for found in _called(step, handed, as_of, breaks):
        if isinstance(found, Raised):
            name = found.failure.type, found.failure.message
            if name not in traces and len(traces) < _TRACES_MAX:
                traces[name] = found.trace()
            found = frame_of_answers([failed(found.failure)])  # noqa: PLW2901 - it is read from here on
        pieces.append(found)
    if not pieces:
        pieces.append(frame_of_answers([]))
    answered = pieces[0] if len(pieces) == 1 else pl.concat(pieces, how="diagonal")
    if barred := handed.height - answered.height:
        skipped = frame_of_answers([Answer(Outcome.SKIPPED.code)] * barred)
        answered = pl.concat([answered, skipped], how="diagonal")
    if applies is not None:
        answered = _with_inapplicable(answered, applies)
    return ["frame", [[*name, text] for name, text in traces.items()]], packed_answers(answered)


def _called(step: Step, handed: pl.DataFrame, as_of: Any, breaks: Breaks | None) -> Iterator[pl.DataFrame | Raised]:
    """Yield answers to all rows, or to those up to the one at which the breaker opens."""
    window, raised = None if breaks is None else Window(*breaks[:2]), None

    def call(start: int, stop: int) -> pl.DataFrame | Raised:
        nonlocal raised
        try:
            found = call_frame(step, as_of, handed.slice(start, stop - start))
        except KeyboardInterrupt as error:  # no person's: a worker is out of the keyboard's reach
            found = Raised(error)
        raised = found.failure.type if isinstance(found, Raised) else None
        return found

    def opens(row: int) -> bool:
        return window is not None and raised not in REFUSED and window.failed(row)

    for *_, found in bisect(call, handed.height, opens):
        yield found


def explained_frame(step: Step, body: bytes) -> tuple[list[Any], bytes]:
    """Give the reasons of a frame, if its runtime has any."""
    handed, as_of = unpacked_frame(body)
    try:
        head, packed = pack_reasons(step.predictor.explain(handed, as_of))
    except NoReasonsError:
        return ["none"], b""
    return ["reasons", head], packed


def _holds(applies: Any) -> bool:
    return not isinstance(applies, Raised) and bool(applies)


def _with_inapplicable(answered: pl.DataFrame, applies: list[Any]) -> pl.DataFrame:
    """Put the answers of rows to which the model does not apply between those of the others."""
    rest = [
        Answer(ABSTAINED) if not isinstance(one, Raised) else condition_failure(one)
        for one in applies
        if not _holds(one)
    ]
    if not rest:
        return answered
    order = [place for place, one in enumerate(applies) if _holds(one)]
    order += [place for place, one in enumerate(applies) if not _holds(one)]
    spared = [place >= answered.height for place in range(len(order))]
    both = [answered, frame_of_answers(rest)] if answered.height else [frame_of_answers(rest)]
    whole = pl.concat(both, how="diagonal").with_columns(pl.Series("place", order), pl.Series("spared", spared))
    return whole.sort("place").drop("place")
