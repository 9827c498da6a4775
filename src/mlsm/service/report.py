"""What a run says of itself: while it goes on, and at the end."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from itertools import islice
from typing import Any

import msgspec

from mlsm._batch import Batch
from mlsm._result import OUTCOMES, Failure, Outcome
from mlsm.contracts import Reject, RunEntry

__all__ = ["Degraded", "ErrorNote", "Progress", "Report", "Tally", "with_history"]

_FAILED = tuple(outcome for outcome in OUTCOMES if outcome.failed)
_FIRST_ERRORS = 3
_FIRST_IDS = 5
_REJECTS_SHOWN = 1_000
_DISTINCT_MAX = 200
"""Distinct errors kept a model; a model that words each one anew must not fill the memory."""


class Progress(msgspec.Struct, frozen=True, kw_only=True):
    """How far a run is, in rows; `stage` is `reading` or `scoring`."""

    stage: str
    done: int
    total: int


class ErrorNote(msgspec.Struct, frozen=True, kw_only=True):
    """One distinct error of a model: how often, on which records first, and where in the code."""

    model: str
    outcome: Outcome
    type: str
    message: str
    count: int
    first_ids: tuple[str, ...]
    trace: str | None = None


class Degraded(msgspec.Struct, frozen=True, kw_only=True):
    """An active model that failed more often than it may.

    Args:
        model: its key.
        failed_share: the share of its results that failed.
        max_failed: the share that may.
        invalid_share: the share of `invalid` results.
        max_invalid: the share that may be, None where they do not count.
        since: when the first run began of those in a row in which it was degraded, UTC.
        since_run: that run, None where nothing is stored.
        errors: its first three distinct errors.
    """

    model: str
    failed_share: float
    max_failed: float
    invalid_share: float
    max_invalid: float | None
    since: datetime
    since_run: str | None
    errors: tuple[ErrorNote, ...]


class Report(msgspec.Struct, frozen=True, kw_only=True):
    """The outcome of a run.

    Args:
        run_id: the run, None where nothing was stored.
        state: `finished` or `interrupted`.
        resumed: whether it took up an unfinished run.
        records: records with results, in this call and before it.
        rejected: rows that were not scored.
        parts: parts of the run.
        skipped_parts: parts that were committed before.
        counts: results by model version and outcome.
        errors: distinct errors of this call, the most frequent first.
        rejects: the first thousand rejects.
        started_at: when it began, UTC.
        seconds: how long it took.
        failed_share: by active model, the share of its results that failed.
        degraded: active models whose share passed the limit.
        degradations: the same, with since when and by which errors.
        pruned: older results and rejects that were removed after it.
        notices: what was asked for and could not be, a sentence each.
        skipped_records: records of a query that a resumed run found stored.
        absent: columns that no input has and models can do without, each with those models.
    """

    run_id: str | None
    state: str
    resumed: bool
    records: int
    rejected: int
    parts: int
    skipped_parts: int
    counts: dict[str, dict[Outcome, int]]
    errors: tuple[ErrorNote, ...]
    rejects: tuple[Reject, ...]
    started_at: datetime
    seconds: float
    failed_share: dict[str, float]
    degraded: tuple[str, ...]
    degradations: tuple[Degraded, ...] = ()
    pruned: int = 0
    skipped_records: int = 0
    notices: tuple[str, ...] = ()
    absent: dict[str, tuple[str, ...]] = {}


class Tally:
    """Counts results, errors and rejects, part by part, in bounded memory.

    Args:
        on_rejects: handed all the rejects of each part, of which only the first are kept here.
    """

    def __init__(self, on_rejects: Callable[[Sequence[Reject]], None] | None = None) -> None:
        self._on_rejects = on_rejects
        self.records = 0
        self.rejected = 0
        self.counts: dict[str, Counter[Outcome]] = {}
        self.rejects: list[Reject] = []
        self._errors: dict[tuple[str, Outcome, str, str], list[Any]] = {}
        self._traces: dict[tuple[str, str, str], str] = {}

    def add(self, batch: Batch, rejects: tuple[Reject, ...]) -> None:
        """Count a part's results and rejects."""
        self.records += len(batch)
        self.add_rejects(rejects)
        for key, counted in batch.counts().items():
            self.counts.setdefault(key, Counter()).update(counted)
            if any(outcome.failed or outcome is Outcome.INVALID for outcome in counted):
                self._add_errors(key, batch)
        for trace in batch.traces:
            self._traces.setdefault((trace.model, trace.type, trace.message), trace.text)

    def add_rejects(self, rejects: tuple[Reject, ...]) -> None:
        """Count rejects, keep the first and hand all on."""
        if self._on_rejects is not None:
            self._on_rejects(rejects)
        self.rejected += len(rejects)
        self.rejects += rejects[: max(0, _REJECTS_SHOWN - len(self.rejects))]

    def take(self, entry: RunEntry, rejects: Iterable[Reject]) -> None:
        """Take over the totals of a resumed run, in which others than this call had a part.

        The distinct errors stay those of this call: the store has them all, but not at hand.
        """
        self.records, self.rejected = entry.records, entry.rejects
        self.rejects = list(islice(rejects, _REJECTS_SHOWN))
        self.counts = {
            key: Counter({Outcome(name): results for name, results in counted.items()})
            for key, counted in entry.counts.items()
        }

    def _add_errors(self, key: str, batch: Batch) -> None:
        import polars as pl

        errors, outcomes = batch.column(key, "error"), batch.column(key, "outcome")
        if errors is None or outcomes is None:
            return
        ids = batch.frame.get_column("record_id")
        table = pl.DataFrame([errors.alias("error"), outcomes.alias("outcome"), ids.alias("id")])
        grouped = (
            table.filter(pl.col("error").is_not_null())
            .group_by("error", "outcome", maintain_order=True)
            .agg(pl.len(), pl.col("id").head(_FIRST_IDS))
        )
        for text, code, count, first in grouped.iter_rows():
            self._note(key, OUTCOMES[code], msgspec.json.decode(text, type=Failure), count, first)

    def _note(self, key: str, outcome: Outcome, failure: Failure, count: int, first: list[str]) -> None:
        message = failure.message
        if failure.problems:  # what was got differs from record to record; the problem is the same
            message = "; ".join(f"{p.path}: {p.problem}, expected {p.expected}" for p in failure.problems)
        name = (key, outcome, failure.type, message)
        if name not in self._errors and sum(found[0] == key for found in self._errors) >= _DISTINCT_MAX:
            name = (key, outcome, "…", "further distinct errors")
        entry = self._errors.setdefault(name, [0, []])
        entry[0] += count
        entry[1] += first[: _FIRST_IDS - len(entry[1])]

    def errors(self) -> tuple[ErrorNote, ...]:
        """Give the distinct errors, the most frequent first."""
        return tuple(sorted(self._notes(), key=lambda note: -note.count))

    def _notes(self) -> Iterator[ErrorNote]:
        """Yield the distinct errors in the order in which they were met."""
        return (
            ErrorNote(
                model=key,
                outcome=outcome,
                type=kind,
                message=message,
                count=count,
                first_ids=tuple(first),
                trace=self._traces.get((key, kind, message)),
            )
            for (key, outcome, kind, message), (count, first) in self._errors.items()
        )

    def failed_share(self, keys: tuple[str, ...]) -> dict[str, float]:
        """Give for each model the share of its results that failed."""
        return {key: self._share(key, _FAILED) for key in keys}

    def degradations(
        self, limits: Mapping[str, tuple[float, float | None]], started: datetime, run_id: str | None
    ) -> tuple[Degraded, ...]:
        """Tell which models failed more often than they may, as of this run.

        Args:
            limits: by model the share that may fail, and that which may be `invalid`, if they count.
            started: when this run began.
            run_id: this run.
        """
        found = []
        for key, (max_failed, max_invalid) in limits.items():
            failed, invalid = self._share(key, _FAILED), self._share(key, (Outcome.INVALID,))
            counted = (*(_FAILED if failed > max_failed else ()),)
            if max_invalid is not None and invalid > max_invalid:
                counted += (Outcome.INVALID,)
            if not counted:
                continue
            errors = (note for note in self._notes() if note.model == key and note.outcome in counted)
            found.append(
                Degraded(
                    model=key,
                    failed_share=failed,
                    max_failed=max_failed,
                    invalid_share=invalid,
                    max_invalid=max_invalid,
                    since=started,
                    since_run=run_id,
                    errors=tuple(islice(errors, _FIRST_ERRORS)),
                )
            )
        return tuple(found)

    def _share(self, key: str, outcomes: Collection[Outcome]) -> float:
        counted = self.counts.get(key, Counter())
        total = sum(counted.values())
        return sum(counted[outcome] for outcome in outcomes) / total if total else 0.0


def with_history(degradations: Iterable[Degraded], runs: Iterable[RunEntry]) -> tuple[Degraded, ...]:
    """Tell since when models are degraded: the first of the latest live runs in a row that say so.

    Args:
        degradations: what this run came to.
        runs: other runs, newest first; those that did not finish, or without the model, tell nothing.
    """
    since = {one.model: one for one in degradations}
    asking = set(since)
    for run in runs:
        if not asking:
            break
        if run.state != "finished" or run.plan.purpose != "live":
            continue
        degraded = run.report.get("degraded", ())
        for key in [model.key for model in run.plan.models if model.status == "active" and model.key in asking]:
            if key in degraded:
                since[key] = msgspec.structs.replace(since[key], since=run.started_at, since_run=run.run_id)
            else:
                asking.discard(key)
    return tuple(since.values())
