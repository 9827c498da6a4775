"""A run as worker processes see it: what is sent of it, and what comes back."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Any

import msgspec
import polars as pl

from mlsm._batch import FACETS, GIVEN, Batch, facet, given_column
from mlsm._fields import Reading
from mlsm._result import Failure, Outcome
from mlsm._typing import Shape
from mlsm.contracts import Column
from mlsm.engine.batch import score_part
from mlsm.engine.order import Prepared, Step
from mlsm.engine.substitutes import with_substitutes
from mlsm.service.inputs import Cut
from mlsm.service.last_good import FoundScores, wanting_last_good
from mlsm.service.preparing import prepared
from mlsm.service.request import Job
from mlsm.service.scoring import Scoring, with_kept_inputs
from mlsm.service.specification import Specification

_REST_FACTOR = 20.0
"""A model whose culprits were not found is left alone for so many times the seconds that the search took."""
_PIECES = 16
"""Each death tells which of so many pieces kills: 25,000 rows need four, and a new worker for each."""

__all__ = ["Answered", "Opened", "Order", "Sent", "Sharing", "order_of", "score_sent"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Sent:
    """A part on its way to a worker, with what was known of the batch models when it left."""

    cut: Cut
    verdicts: dict[str, Failure | None]
    last_good: Mapping[str, pl.DataFrame]
    run_id: str | None
    as_of: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Answered:
    """A part's results without ids and kept columns, which the parent has, and what was found of the models."""

    batch: Batch
    verdicts: dict[str, Failure | None]


@dataclass(frozen=True, slots=True, kw_only=True)
class Order:
    """What a worker is told once."""

    catalog: Specification
    reading: Reading
    shape: Shape
    reasons: int

    def open(self, note: Callable[[int], None] | None = None) -> Opened:
        """Load the models; `note` is told of each before it is called."""
        ready = prepared(self.catalog.build(), reading=self.reading, shape=self.shape)
        return Opened(prepared=ready, order=self, note=note)


@dataclass(frozen=True, slots=True, kw_only=True)
class Opened:
    """An order, and the models that it needs."""

    prepared: Prepared
    order: Order
    note: Callable[[int], None] | None = None


def order_of(job: Job, catalog: Specification) -> Order:
    """Give what each worker of a job is told once; nothing of it depends on the inputs."""
    return Order(catalog=catalog, reading=job.reading, shape=job.shape, reasons=job.reasons)


class Sharing:
    """A run that is scored by other processes.

    Which batch models are row-wise is found on the first part that tells. Workers look for
    themselves while that is not known; a part that was answered without what an earlier one
    tells is asked for again, so that results never depend on the number of workers. So is a
    part in which a model failed whose last good scores stand in: workers have no store.

    Args:
        scoring: the run.
        catalog: its models, as other processes build them.
    """

    def __init__(self, scoring: Scoring, catalog: Specification) -> None:
        self._scoring = scoring
        self._catalog = catalog
        self._wanting = {} if scoring.last_good is None else wanting_last_good(scoring.job.catalog)
        self._last_good: dict[tuple[int, str], dict[str, pl.DataFrame]] = {}
        self._searched: dict[int, float] = {}
        self._resting: dict[str, tuple[float, str]] = {}

    def order(self) -> Order:
        """Give what each worker is told once."""
        return order_of(self._scoring.job, self._catalog)

    def sent(self, part: Cut) -> Sent:
        """Give what a worker needs of a part."""
        sources = self._scoring.prepared.sources
        columns = {name: column for name, column in part.columns.items() if name in sources}
        answered = self._left_alone(part)
        slim = replace(part, columns=columns, kept=(), rejects=(), traces=(), checked=None, answered=answered)
        return Sent(
            cut=slim,
            verdicts=dict(self._scoring.verdicts),
            last_good=self._last_good.get(_place(part), {}),
            run_id=self._scoring.run_id,
            as_of=self._scoring.as_of,
        )

    def takes(self, sent: Sent, answer: Answered) -> bool:
        """Take over what was found of the models; refuse an answer given without what was known by then."""
        known = self._scoring.verdicts
        for key, verdict in known.items():
            asked = sent.verdicts.get(key) if verdict is not None else answer.verdicts.get(key)
            if asked != verdict:
                return False
        for key, verdict in answer.verdicts.items():
            known.setdefault(key, verdict)
        return not self._look_up(sent.cut, answer.batch)

    def _look_up(self, cut: Cut, batch: Batch) -> bool:
        """Look up last good scores for what failed, once a part; tell whether there are any."""
        place = _place(cut)
        if not self._wanting or "active" not in cut.lanes or place in self._last_good:
            return False
        found = self._last_good[place] = {}
        for key, name in self._wanting.items():
            codes = None if key in cut.answered else batch.column(key, "outcome")
            failed = [] if codes is None else cut.ids.filter(codes >= Outcome.ERROR.code).to_list()
            if failed and (scores := self._scoring.last_good(name, failed)).height:
                found[name] = scores
        return bool(found)

    def cut(self, part: Cut) -> Sequence[Cut] | None:
        """Cut a part into smaller ones."""
        self._searched.setdefault(part.number, time.monotonic())
        size = len(part.ids)
        if size == 1:
            return None
        step = -(-size // _PIECES)
        return [_rows(part, start, min(start + step, size)) for start in range(0, size, step)]

    def alone(self, part: Cut, noted: int) -> Cut | None:
        """Narrow a part to the model at which its process died; None where no other is left, or nobody knows."""
        models = self._scoring.prepared.models
        left = [model.key for model in models if model.lane in part.lanes and model.key not in part.answered]
        key = models[noted - 1].key if 0 < noted <= len(models) else None
        return replace(part, alone=key) if key in left and len(left) > 1 else None

    def given_up(self, part: Cut) -> bool:
        """Tell whether the one model that is asked about a part is left alone, since culprits were sought in vain."""
        until, _ = self._resting.get(self._asked(part) or "", (0.0, ""))
        return time.monotonic() < until

    def settled(self, part: Cut, pieces: Sequence[tuple[Cut, Answered]]) -> Cut:
        """Give a part with what was found of one model; the others are scored as if it did not kill."""
        key = pieces[0][0].alone
        if key is None:
            raise AssertionError(part.number)
        batch = self._together(pieces)
        self._searched.pop(part.number, None)
        titles = {title: name for name, title in _titles(key).items() if title in batch.frame.columns}
        answers = batch.frame.select(titles.keys()).rename(titles)
        return replace(part, answered={**part.answered, key: answers}, traces=(*part.traces, *batch.traces))

    def lost(self, part: Cut, how: str) -> Answered:
        """Answer `crashed` for records that kill the process that scores them."""
        scoring = self._scoring
        wanted = [m for m in scoring.prepared.models if m.lane in part.lanes and part.alone in (None, m.key)]
        if len(part.ids) > 1 and (key := self._asked(part)) is not None and not self.given_up(part):
            now = time.monotonic()
            self._resting[key] = now + _REST_FACTOR * (now - self._searched.get(part.number, now)), how
        models = tuple(m.of_run(scoring.run_id) for m in wanted)
        size = len(part.ids)
        which = "it" if size == 1 else f"it, or of one of {size - 1:,} beside it"  # too many died to find out
        failure = Failure(type="Crashed", message=f"The process that scored this record died twice of {which}: {how}.")
        columns = []
        for step in sorted(scoring.prepared.steps, key=lambda step: step.place):
            if step.columns in wanted:
                answers = part.answered.get(step.model.key)
                if answers is None:
                    answers = self._crashed(step, part, failure)
                columns += answers.rename(_titles(step.model.key), strict=False).get_columns()
        batch = Batch(
            part=part.number, models=models, frame=pl.DataFrame(columns), as_of=scoring.as_of,
            scored_at=datetime.now(UTC), run_id=scoring.run_id,
        )  # fmt: skip
        return Answered(batch=batch, verdicts={})

    def joined(self, part: Cut, pieces: Sequence[tuple[Cut, Answered]]) -> Batch:
        """Put a part's results together, with the ids and the columns that stayed here."""
        batch = self._together(pieces)
        self._searched.pop(part.number, None)
        shown = [part.ids.alias("record_id"), *part.kept, *batch.frame.get_columns()]
        batch = replace(batch, frame=pl.DataFrame(shown), traces=(*part.traces, *batch.traces))
        return with_kept_inputs(batch, self._scoring, part)

    def _asked(self, part: Cut) -> str | None:
        """Give the one model that is asked about a part, None where there are others."""
        models = self._scoring.prepared.models
        asked = [m.key for m in models if m.lane in part.lanes and m.key not in part.answered]
        return part.alone or (asked[0] if len(asked) == 1 else None)

    def _left_alone(self, part: Cut) -> Mapping[str, pl.DataFrame]:
        """Give what is known of a part, and what is said of models that are left alone."""
        answered = dict(part.answered)
        for step in self._scoring.prepared.steps if self._resting and part.alone is None else ():
            key = step.model.key
            until, how = self._resting.get(key, (0.0, ""))
            if time.monotonic() < until and key not in answered and step.columns.lane in part.lanes:
                told = f"Not called: it ended one process after the other that scored it; {how}."
                answered[key] = self._crashed(step, part, Failure(type="Crashed", message=told))
        return answered

    def _crashed(self, step: Step, part: Cut, failure: Failure) -> pl.DataFrame:
        size, told = len(part.ids), msgspec.json.encode(failure, order="sorted").decode()
        crashed = pl.DataFrame(
            {
                "outcome": pl.repeat(Outcome.CRASHED.code, size, dtype=pl.UInt8, eager=True),
                "score": pl.repeat(None, size, dtype=pl.Float64, eager=True),
                "error": pl.repeat(told, size, dtype=pl.String, eager=True),
            }
        )
        return with_substitutes(step, crashed, part.ids, self._scoring.as_of, self._scoring.last_good)

    def _together(self, pieces: Sequence[tuple[Cut, Answered]]) -> Batch:
        for cut, _ in pieces:
            self._last_good.pop(_place(cut), None)
        batches = [answer.batch for _, answer in pieces]
        batch = batches[0]
        if len(batches) == 1:
            return batch
        frame = pl.concat([one.frame for one in batches], how="diagonal")
        wanted = [title for model in batch.models for title in _titles(model.key).values()]
        traces = {(trace.model, trace.type, trace.message): trace for one in batches for trace in one.traces}
        return replace(
            batch, frame=frame.select(name for name in wanted if name in frame.columns), traces=tuple(traces.values())
        )


def score_sent(opened: Opened, sent: Sent) -> Answered:
    """Score one part in a worker."""
    cut, order, verdicts = sent.cut, opened.order, dict(sent.verdicts)
    batch = score_part(
        opened.prepared,
        cut.ids,
        cut.columns,
        number=cut.number,
        as_of=sent.as_of,
        scored_at=datetime.now(UTC),
        run_id=sent.run_id,
        verdicts=verdicts,
        lanes=cut.lanes,
        answered=cut.answered,
        alone=cut.alone,
        note=opened.note,
        reasons=order.reasons,
        last_good=FoundScores(sent.last_good),
    )
    return Answered(batch=replace(batch, frame=batch.frame.drop("record_id")), verdicts=verdicts)


def _titles(key: str) -> dict[str, str]:
    """Name the columns of a model in a batch, by what they are called beside no other model's."""
    return {**{name: facet(key, name) for name in FACETS}, GIVEN: given_column(key)}


def _place(cut: Cut) -> tuple[int, str]:
    """Tell pieces of parts apart."""
    return cut.number, cut.ids[0] if len(cut.ids) else ""


def _rows(cut: Cut, start: int, stop: int) -> Cut:
    columns: dict[str, Column] = {name: column[start:stop] for name, column in cut.columns.items()}
    answered: Mapping[str, Any] = {key: frame[start:stop] for key, frame in cut.answered.items()}
    return replace(cut, ids=cut.ids[start:stop], columns=columns, kept=(), rejects=(), answered=answered)
