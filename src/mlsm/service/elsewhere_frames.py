"""Frames answered in a worker: cut where they fail, as inline."""

from __future__ import annotations

from typing import Any

import polars as pl

from mlsm._guard import Raised
from mlsm.contracts import NoReasonsError
from mlsm.engine.answers import failed
from mlsm.engine.batch import call_frame
from mlsm.engine.bisect import bisect
from mlsm.engine.frames import frame_of_answers
from mlsm.engine.order import Step
from mlsm.runtimes.isolated.frames import pack_reasons, packed_answers, unpacked_frame

__all__ = ["answered_frame", "explained_frame"]

_TRACES_MAX = 3


def answered_frame(step: Step, body: bytes) -> tuple[list[Any], bytes]:
    """Answer for a frame; rows at fault carry what was raised."""
    handed, as_of = unpacked_frame(body)
    traces: dict[tuple[str, str], str] = {}

    def call(start: int, stop: int) -> pl.DataFrame | Raised:
        try:
            return call_frame(step, as_of, handed.slice(start, stop - start))
        except KeyboardInterrupt as error:  # no person's: a worker is out of the keyboard's reach
            return Raised(error)

    pieces = []
    for *_, found in bisect(call, handed.height):
        if isinstance(found, Raised):
            name = found.failure.type, found.failure.message
            if name not in traces and len(traces) < _TRACES_MAX:
                traces[name] = found.trace()
            found = frame_of_answers([failed(found.failure)])  # noqa: PLW2901 - it is read from here on
        pieces.append(found)
    answered = pieces[0] if len(pieces) == 1 else pl.concat(pieces, how="diagonal")
    return ["frame", [[*name, text] for name, text in traces.items()]], packed_answers(answered)


def explained_frame(step: Step, body: bytes) -> tuple[list[Any], bytes]:
    """Give the reasons of a frame, if its runtime has any."""
    handed, as_of = unpacked_frame(body)
    try:
        head, packed = pack_reasons(step.predictor.explain(handed, as_of))
    except NoReasonsError:
        return ["none"], b""
    return ["reasons", head], packed
