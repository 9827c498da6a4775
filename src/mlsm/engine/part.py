"""A part while it is scored: its columns are read once, answers come model by model."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from itertools import repeat
from typing import Any

import polars as pl

from mlsm._batch import Trace
from mlsm._guard import Raised
from mlsm._result import OUTCOMES, Failure, Problem, Upstream
from mlsm.contracts import Column, Settled
from mlsm.engine.columns import Checked, check_column
from mlsm.engine.objects import objects_of
from mlsm.engine.order import Prepared, Slot, Step
from mlsm.engine.record import data_of, no_data
from mlsm.engine.substitutes import as_seen, read_substitutes

__all__ = ["Part", "taken"]

_TRACES_MAX = 3


@dataclass(slots=True)
class Part:
    """A part while it is scored: its columns are read once, answers come model by model."""

    prepared: Prepared
    ids: pl.Series
    columns: Mapping[str, Column]
    as_of: datetime
    verdicts: dict[str, Failure | None]
    reasons: int = 0
    answers: dict[int, pl.DataFrame] = field(default_factory=dict)
    checked: dict[int, Checked] = field(default_factory=dict)
    scores: dict[int, list[Any]] = field(default_factory=dict)
    seen: dict[int, list[list[Any] | None]] = field(default_factory=dict)
    traces: dict[tuple[str, str, str], Trace] = field(default_factory=dict)
    given: dict[int, list[str | None]] = field(default_factory=dict)

    def __len__(self) -> int:
        return len(self.ids)

    def note(self, step: Step, answers: Sequence[Any]) -> None:
        """Keep the tracebacks of the first distinct errors: formatting one costs as much as 100 rows."""
        key, found = step.model.key, 0
        for raised in answers:
            if not isinstance(raised, Raised):
                continue
            failure = raised.failure
            name = (key, failure.type, failure.message)
            if name not in self.traces:
                self.traces[name] = Trace(model=key, type=failure.type, message=failure.message, text=raised.trace())
                found += 1
            if found == _TRACES_MAX:
                return

    def note_told(self, step: Step, settled: Settled) -> None:
        """Keep the tracebacks that came with answers from another process."""
        key = step.model.key
        for name, message, text in settled.traces:
            self.traces.setdefault((key, name, message), Trace(model=key, type=name, message=message, text=text))

    def read(self, place: int) -> Checked:
        """Give a slot's column, read and checked."""
        if place not in self.checked:
            slot = self.prepared.slots[place]
            raw, lacking = self._raw(slot)
            found = check_column(slot.field, slot.read, raw, len(self), self.prepared.reading)
            if lacking:
                found = Checked(found.kind, {**found.bad, **lacking}, values=found.as_list())
            self.checked[place] = found
        return self.checked[place]

    def _raw(self, slot: Slot) -> tuple[Column | None, dict[int, tuple[Problem, ...]]]:
        if slot.model is None:
            return self.columns.get(slot.field.column), {}
        data = self.columns.get("data", [None] * len(self))
        own = [data_of({"data": one}, *slot.model) for one in (data if isinstance(data, list) else objects_of(data))]
        problem = no_data(*slot.model)
        lacking: dict[int, tuple[Problem, ...]] = {row: (problem,) for row, one in enumerate(own) if one is None}
        return [None if one is None else one.get(slot.field.column) for one in own], lacking

    def upstream(self, place: int, rows: list[int] | None) -> Iterator[Upstream]:
        """Yield what a summary sees of a model's answers; each is made as it is handed over."""
        columns = self._seen(place, rows)
        return map(self.prepared.views[place], *(repeat(None) if column is None else column for column in columns))

    def facets(self, place: int, rows: list[int] | None) -> list[Sequence[Any]]:
        """List the same by columns."""
        size = len(self) if rows is None else len(rows)
        return [[None] * size if column is None else column for column in self._seen(place, rows)]

    def _seen(self, place: int, rows: list[int] | None) -> list[Sequence[Any] | None]:
        if place not in self.seen:
            self.seen[place] = _facets_seen(self.answers[place], self.scores.get(place))
        return [None if column is None else taken(column, rows) for column in self.seen[place]]


def _facets_seen(answers: pl.DataFrame, scores: list[Any] | None) -> list[list[Any] | None]:
    """List score, label, output and outcome as summaries see them, without those at the end that say nothing.

    Args:
        answers: a model's answers.
        scores: what its function returned, where that is nothing but floats.
    """
    codes = answers.get_column("outcome")
    good = not codes.max()
    answers = as_seen(answers)
    columns: list[list[Any] | None] = [scores if good and scores is not None else answers.get_column("score").to_list()]
    columns += [answers.get_column(n).to_list() if n in answers.columns else None for n in ("label", "output")]
    columns.append(None if good else [OUTCOMES[code] for code in codes.to_list()])
    columns.append(read_substitutes(answers))
    while columns[-1] is None:
        columns.pop()
    return columns


def taken(values: Sequence[Any], rows: list[int] | None) -> Sequence[Any]:
    """Take some of the rows, all where none are named."""
    return values if rows is None else [values[row] for row in rows]
