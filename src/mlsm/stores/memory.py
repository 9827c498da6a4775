"""The store that forgets all when the process ends: for tests, and to read the contract in."""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import msgspec
import polars as pl

from mlsm._batch import Batch, long_schema, read_result
from mlsm._result import Result
from mlsm._typing import Lane
from mlsm.contracts import OpenRun, Reject, RunEntry, RunPlan, Selection
from mlsm.errors import StoreError, UnknownNameError
from mlsm.stores._digests import refuse_changed_digests
from mlsm.stores._kept import kept_objects
from mlsm.stores._lookup import find_run_id
from mlsm.stores._resume import Begun, run_to_resume
from mlsm.stores._runid import new_run_id
from mlsm.stores._selection import selected

__all__ = ["MemoryStore", "open_store"]


def open_store(url: str, folder: Path) -> MemoryStore:  # noqa: ARG001 - every store is opened alike
    """Open an empty store.

    Example:
        >>> open_store("memory:", Path()).runs()
        []
    """
    if url.lower() != "memory:":
        raise StoreError(f"{url!r} names no store; expected 'memory:' with nothing behind it.")
    return MemoryStore()


@dataclass(frozen=True, slots=True, kw_only=True)
class _Committed:
    """One lane of a part; `first` tells whether it came before the other one."""

    seq: int
    run_id: str
    part: int
    lane: Lane
    frame: pl.DataFrame
    records: int
    first: bool
    rejects: tuple[Reject, ...]
    inputs: pl.DataFrame | None


@dataclass(slots=True, kw_only=True)
class _Run:
    plan: RunPlan
    started_at: datetime
    state: str = "open"
    finished_at: datetime | None = None
    report: dict[str, Any] = field(default_factory=dict)


class MemoryStore:
    """Results in lists and frames; every question looks at all of them."""

    url = "memory:"

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._runs: dict[str, _Run] = {}
        self._lanes: list[_Committed] = []
        self._digests: dict[str, str] = {}

    def open_run(self, plan: RunPlan, *, resume: bool = False) -> OpenRun:
        """Begin a run, or take up an unfinished one."""
        with self._lock:
            begun = [
                Begun(run_id=run_id, finished=run.state == "finished", plan=run.plan)
                for run_id, run in reversed(self._runs.items())
            ]
            run_id = run_to_resume(plan, begun) if resume else None
            refuse_changed_digests(self._digests, plan.models)
            resumed = run_id is not None
            if run_id is None:
                run_id = new_run_id()
                self._runs[run_id] = _Run(plan=plan, started_at=datetime.now(UTC))
            self._runs[run_id].state = "open"
            done = frozenset((lane.part, lane.lane) for lane in self._of_run(run_id))
            return OpenRun(run_id=run_id, as_of=self._runs[run_id].plan.as_of, resumed=resumed, done=done)

    def write(self, run_id: str, part: int, lane: Lane, batch: Batch, rejects: Sequence[Reject]) -> bool:
        """Commit one lane of a part, or change nothing and return False if it is there."""
        batch = replace(batch.lane(lane), run_id=run_id)
        with self._lock:
            plan = self._opened(run_id).plan
            there = [committed.lane for committed in self._of_run(run_id) if committed.part == part]
            if lane in there:
                return False
            if batch.frame.get_column("record_id").is_duplicated().any():
                raise StoreError(f"Part {part} of run {run_id!r} has a record twice; each may come once in a part.")
            active = {model.key for model in batch.models if model.lane == "active"}
            entries = [model for model in plan.models if model.key in active]
            refuse_changed_digests(self._digests, entries)
            self._digests |= {model.key: model.digest for model in entries}
            committed = _Committed(
                seq=len(self._lanes) + 1,
                run_id=run_id,
                part=part,
                lane=lane,
                frame=_long_with_kept(batch),
                records=len(batch),
                first=not there,
                rejects=() if there else tuple(rejects),
                inputs=None if there else batch.inputs,
            )
            self._lanes.append(committed)
            return True

    def close_run(self, run_id: str, *, state: str, report: Mapping[str, Any]) -> None:
        """Note how the run ended: `finished` or `interrupted`."""
        if state not in {"finished", "interrupted"}:
            raise StoreError(f"A run cannot be closed as {state!r}; expected 'finished' or 'interrupted'.")
        with self._lock:
            run = self._opened(run_id)
            if run.state == "finished":
                return
            run.state = state
            run.finished_at = datetime.now(UTC) if state == "finished" else None
            # As a store that writes it down would give it back.
            run.report = msgspec.json.decode(msgspec.json.encode(report, enc_hook=str))

    def runs(self) -> list[RunEntry]:
        """List the runs, newest first."""
        return [self._entry(run_id) for run_id in reversed(self._runs)]

    def run(self, run_id: str) -> RunEntry:
        """Give one run, by its id or the beginning of it."""
        return self._entry(self._resolved(run_id))

    def score(self, record_id: str) -> list[Result]:
        """Give the score of a record: one result a model name, by name."""
        return _values(self._newest(["model"], pl.col("record_id") == record_id, active=True))

    def current(self, record_id: str) -> list[Result]:
        """Give the current result of each model version: by name, the newest of a name first."""
        return _values(self._newest(["model", "version"], pl.col("record_id") == record_id, active=False))

    def history(self, record_id: str) -> list[Result]:
        """Give every committed result of a record, newest first, those of trials too."""
        found = self._results(self._lanes).filter(pl.col("record_id") == record_id)
        return _values(found.sort("as_of", "seq", "place", descending=[True, True, False]))

    def kept(self, record_id: str) -> dict[str, Any]:
        """Give the kept columns of a record as they came with the newest live part that has some."""
        own = (pl.col("record_id") == record_id) & pl.col("kept").is_not_null()
        found = self._results(self._live()).filter(own).sort("as_of", "seq")
        kept = found.get_column("kept").to_list()
        return msgspec.json.decode(kept[-1], type=dict[str, Any]) if kept else {}

    def scores(self, selection: Selection) -> Iterator[pl.DataFrame]:
        """Yield the score of every record, as of one moment."""
        yield _shown(self._newest(["model"], pl.lit(value=True), active=True), selection)

    def currents(self, selection: Selection) -> Iterator[pl.DataFrame]:
        """Yield the current result of every record and model version, as of one moment."""
        yield _shown(self._newest(["model", "version"], pl.lit(value=True), active=False), selection)

    def results(self, run_id: str, selection: Selection, *, part: int | None = None) -> Iterator[pl.DataFrame]:
        """Yield the results of one run, a frame a part; of one part alone where it is named."""
        run_id = self._resolved(run_id)
        order = {model.key: place for place, model in enumerate(self._runs[run_id].plan.models)}
        key = pl.format("{}@{}", "model", "version").replace_strict(order, default=len(order), return_dtype=pl.Int64)
        lanes = self._of_run(run_id)
        for number in sorted({lane.part for lane in lanes if part in {None, lane.part}}):
            found = self._results([lane for lane in lanes if lane.part == number])
            yield _shown(found.with_columns(key.alias("key")).sort("row", "key", maintain_order=True), selection)

    def changes(self, after: int) -> Iterator[tuple[int, pl.DataFrame]]:
        """Yield (seq, results) of every live lane committed after `after`, by seq."""
        for lane in self._live():
            if lane.seq > after:
                yield lane.seq, _shown(self._results([lane]), Selection())

    def seq(self, run_id: str | None = None) -> int:
        """Give the greatest seq (of a run), 0 where nothing is committed."""
        lanes = self._lanes if run_id is None else self._of_run(self._resolved(run_id))
        return max((lane.seq for lane in lanes), default=0)

    def rejects(self, run_id: str) -> Iterator[Reject]:
        """Yield the rejects of a run, in the order of its input."""
        for lane in sorted(self._of_run(self._resolved(run_id)), key=lambda lane: lane.part):
            yield from lane.rejects

    def inputs(self, run_id: str) -> Iterator[pl.DataFrame]:
        """Yield the kept inputs of a run, part by part."""
        for lane in sorted(self._of_run(self._resolved(run_id)), key=lambda lane: lane.part):
            if lane.inputs is not None:
                yield lane.inputs

    def dispose(self) -> None:
        """Do nothing: there is no connection to let go of."""

    def _opened(self, run_id: str) -> _Run:
        if run_id not in self._runs:
            raise UnknownNameError(f"No run {run_id!r} in the store; expected one that was opened in it.")
        return self._runs[run_id]

    def _resolved(self, beginning: str) -> str:
        return find_run_id(beginning, [*reversed(self._runs)])

    def _of_run(self, run_id: str) -> list[_Committed]:
        return [lane for lane in self._lanes if lane.run_id == run_id]

    def _live(self) -> list[_Committed]:
        return [lane for lane in self._lanes if self._runs[lane.run_id].plan.purpose == "live"]

    def _results(self, lanes: Sequence[_Committed]) -> pl.DataFrame:
        """Gather the results of some lanes, with the seq of each."""
        nothing = pl.DataFrame(schema={**_STORED, "seq": pl.Int64})
        return pl.concat([nothing, *(lane.frame.with_columns(seq=pl.lit(lane.seq, pl.Int64)) for lane in lanes)])

    def _newest(self, each: list[str], records: pl.Expr, *, active: bool) -> pl.DataFrame:
        """Give the result of each (a name, or a version) with the greatest (as_of, seq)."""
        found = self._results(self._live()).filter(records)
        if active:
            found = found.filter(pl.col("status") == "active")
        newest = found.sort("as_of", "seq", "place").unique(["record_id", *each], keep="last", maintain_order=True)
        return newest.sort("model", "as_of", "seq", "place", descending=[False, True, True, False])

    def _entry(self, run_id: str) -> RunEntry:
        run, lanes = self._runs[run_id], self._of_run(run_id)
        counts: dict[str, dict[str, int]] = {}
        results = self._results(lanes)
        for model in run.plan.models:
            own = results.filter((pl.col("model") == model.name) & (pl.col("version") == model.version))
            if not own.is_empty():
                counts[model.key] = dict(Counter(own.get_column("outcome")))
        first = [lane for lane in lanes if lane.first]
        return RunEntry(
            run_id=run_id,
            state=run.state,
            plan=run.plan,
            started_at=run.started_at,
            finished_at=run.finished_at,
            parts_done=len(first),
            records=sum(lane.records for lane in first),
            rejects=sum(len(lane.rejects) for lane in first),
            counts=counts,
            report=run.report,
        )


_LONG: dict[str, Any] = {**long_schema(), "kept": pl.String()}
_STORED: dict[str, Any] = {**_LONG, "row": pl.Int64(), "place": pl.Int64()}


def _long_with_kept(batch: Batch) -> pl.DataFrame:
    """Give a lane's results in long form with the kept columns, the row and the model's place."""
    index = pl.int_range(pl.len(), dtype=pl.Int64)
    models = max(1, len(batch.models))
    long = batch.long().with_columns((index // models).alias("row"), (index % models).alias("place"))
    kept = kept_objects(batch.frame)
    objects = pl.lit(None, pl.String) if kept is None else pl.lit(kept).gather("row")
    return long.with_columns(objects.alias("kept")).select(_STORED.keys())


def _values(frame: pl.DataFrame) -> list[Result]:
    return [read_result(row) for row in frame.select(_LONG.keys()).drop("kept").iter_rows()]


def _shown(frame: pl.DataFrame, selection: Selection) -> pl.DataFrame:
    return selected(frame.select(_LONG.keys()), selection)
