"""The store that forgets all when the process ends: for tests, and to read the contract in."""

from __future__ import annotations

import threading
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import msgspec
import polars as pl

from mlsm._batch import Batch, read_result
from mlsm._result import Result
from mlsm._typing import Lane
from mlsm.contracts import (
    PATIENCE_SECONDS,
    Forgotten,
    Holdings,
    OpenRun,
    Pruned,
    Reject,
    RunEntry,
    RunPlan,
    Selection,
    StoredLane,
    Tombstones,
    last_good_schema,
)
from mlsm.errors import StoreError, UnknownNameError
from mlsm.stores._digests import refuse_changed_digests
from mlsm.stores._keeping import refuse_other_key, refuse_other_plan, refuse_unbounded
from mlsm.stores._lanes import lane_batch
from mlsm.stores._lookup import find_run_id
from mlsm.stores._resume import Begun, run_to_resume
from mlsm.stores._runid import new_run_id
from mlsm.stores._selection import selected
from mlsm.stores._tombstones import without_forgotten
from mlsm.stores.memory import keeping
from mlsm.stores.memory.lanes import LONG, Committed, Run, counted, gather, long_with_kept

__all__ = ["MemoryStore", "open_store"]


def open_store(url: str, folder: Path, *, patience: float = PATIENCE_SECONDS) -> MemoryStore:  # noqa: ARG001 - every store is opened alike
    """Open an empty store.

    Example:
        >>> open_store("memory:", Path()).runs()
        []
    """
    if url.lower() != "memory:":
        raise StoreError(f"{url!r} names no store; expected 'memory:' with nothing behind it.")
    return MemoryStore()


class MemoryStore:
    """Results in lists and frames; every question looks at all of them."""

    url = "memory:"

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._runs: dict[str, Run] = {}
        self._lanes: list[Committed] = []
        self._digests: dict[str, str] = {}
        self._tombstones = Tombstones()

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
                self._runs[run_id] = Run(plan=plan, started_at=datetime.now(UTC))
            self._runs[run_id].state, self._runs[run_id].report = "open", {}
            done = frozenset((lane.part, lane.lane) for lane in self._of_run(run_id))
            return OpenRun(run_id=run_id, as_of=self._runs[run_id].plan.as_of, resumed=resumed, done=done)

    def write(self, run_id: str, part: int, lane: Lane, batch: Batch, rejects: Sequence[Reject]) -> bool:
        """Commit one lane of a part, or change nothing and return False if it is there."""
        batch = replace(batch.lane(lane), run_id=run_id)
        with self._lock:
            run = self._opened(run_id)
            there = [committed.lane for committed in self._of_run(run_id) if committed.part == part]
            if lane in there:
                return False
            if batch.frame.get_column("record_id").is_duplicated().any():
                raise StoreError(f"Part {part} of run {run_id!r} has a record twice; each may come once in a part.")
            active = {model.key for model in batch.models if model.lane == "active"}
            entries = [model for model in run.plan.models if model.key in active]
            refuse_changed_digests(self._digests, entries)
            self._digests |= {model.key: model.digest for model in entries}
            batch, rejects, dropped = without_forgotten(batch, rejects, self._tombstones)
            committed = Committed(
                seq=len(self._lanes) + 1,
                run_id=run_id,
                part=part,
                lane=lane,
                as_of=batch.as_of,
                scored_at=batch.scored_at,
                frame=long_with_kept(batch),
                first=not there,
                rejects=() if there else tuple(rejects),
                inputs=None if there else batch.inputs,
            )
            self._lanes.append(committed)
            run.counts += counted(committed.frame)
            if committed.first:
                run.records += len(batch)
                run.rejects += len(committed.rejects)
                run.forgotten += dropped
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
        found = gather(self._lanes).filter(pl.col("record_id") == record_id)
        return _values(found.sort("as_of", "seq", "place", descending=[True, True, False]))

    def kept(self, record_id: str) -> dict[str, Any]:
        """Give the kept columns of a record as they came with the newest live part that has some."""
        own = (pl.col("record_id") == record_id) & pl.col("kept").is_not_null()
        found = gather(self._live()).filter(own).sort("as_of", "seq")
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
            found = gather([lane for lane in lanes if lane.part == number])
            yield _shown(found.with_columns(key.alias("key")).sort("row", "key", maintain_order=True), selection)

    def changes(self, after: int) -> Iterator[tuple[int, pl.DataFrame]]:
        """Yield (seq, results) of every live lane committed after `after`, by seq."""
        for lane in self._live():
            if lane.seq > after:
                yield lane.seq, _shown(gather([lane]), Selection())

    def seq(self, run_id: str | None = None) -> int:
        """Give the greatest seq (of a run), 0 where nothing is committed."""
        lanes = self._lanes if run_id is None else self._of_run(self._resolved(run_id))
        return max((lane.seq for lane in lanes), default=0)

    def rejects(self, run_id: str) -> Iterator[Reject]:
        """Yield the rejects of a run, in the order of its input."""
        for lane in sorted(self._of_run(self._resolved(run_id)), key=lambda lane: lane.part):
            yield from lane.rejects

    def inputs(self, run_id: str, *, record_id: str | None = None) -> Iterator[pl.DataFrame]:
        """Yield the kept inputs of a run, part by part; of one record its rows alone."""
        for lane in sorted(self._of_run(self._resolved(run_id)), key=lambda lane: lane.part):
            if lane.inputs is not None:
                own = lane.inputs if record_id is None else lane.inputs.filter(pl.col("record_id") == record_id)
                if record_id is None or own.height:
                    yield own

    def top(self, model: str, n: int) -> list[Result]:
        """Give the n best results of a name (its scores) or key (what is current), the best first."""
        name, _, version = model.partition("@")
        own = pl.col("model") == name
        if version:
            found = self._newest(["model", "version"], own & (pl.col("version") == version), active=False)
        else:
            found = self._newest(["model"], own, active=True)
        usable = found.filter((pl.col("outcome") == "ok") & pl.col("score").is_not_null())
        return _values(usable.sort("score", "record_id", descending=[True, False]).head(n))

    def last_good(self, names: Sequence[str], record_ids: Sequence[str]) -> pl.DataFrame:
        """Give the last good score of each record and name."""
        own = pl.col("model").is_in(names) & pl.col("record_id").is_in(record_ids)
        found = keeping.last_good(gather(self._live()).filter(own))
        return found.select(last_good_schema().keys())

    def held(self, record_id: str) -> Holdings:
        """Give all that is held of a record."""
        return keeping.held(self._lanes, record_id)

    def forget(self, record_id: str) -> Forgotten:
        """Remove a record from everything, and leave a tombstone."""
        with self._lock:
            stones = self._tombstones if self._tombstones.key else Tombstones.new()
            self._tombstones = replace(stones, marks=stones.marks | {stones.mark(record_id)})
            return keeping.forget(self._lanes, self._runs, record_id)

    def lift(self, record_id: str) -> bool:
        """Remove a tombstone; tell whether there was one."""
        with self._lock:
            stones = self._tombstones
            (there,) = stones.among([record_id])
            if there:
                self._tombstones = replace(stones, marks=stones.marks - {stones.mark(record_id)})
            return there

    def tombstones(self) -> Tombstones:
        """Give the tombstones with their key."""
        return self._tombstones

    def bury(self, tombstones: Tombstones) -> None:
        """Take over the tombstones of another store."""
        with self._lock:
            refuse_other_key(self._tombstones, tombstones)
            if tombstones.key:
                self._tombstones = replace(tombstones, marks=tombstones.marks | self._tombstones.marks)

    def prune(self, *, keep_runs: int | None = None, before: datetime | None = None) -> Pruned:
        """Remove what is old and no longer needed."""
        refuse_unbounded(keep_runs, before)
        with self._lock:
            return keeping.prune(self._lanes, self._runs, keep_runs=keep_runs, before=before)

    def check(self) -> list[str]:
        """Look for faults in what is stored."""
        with self._lock:
            return list(keeping.faults(self._lanes, self._runs, self._tombstones))

    def size(self) -> int:
        """Give the bytes that the frames take."""
        frames = [frame for lane in self._lanes for frame in (lane.frame, lane.inputs) if frame is not None]
        return sum(int(frame.estimated_size()) for frame in frames)

    def lanes(self) -> Iterator[StoredLane]:
        """Yield every committed lane, by seq."""
        for lane in list(self._lanes):
            times = {"as_of": lane.as_of, "scored_at": lane.scored_at}
            batch = lane_batch(lane.frame, part=lane.part, inputs=lane.inputs, **times)
            yield StoredLane(
                run_id=lane.run_id, seq=lane.seq, part=lane.part, lane=lane.lane, batch=batch, rejects=lane.rejects
            )

    def adopt(self, entry: RunEntry) -> None:
        """Take over a run of another store, without its counts."""
        with self._lock:
            if entry.run_id in self._runs:
                refuse_other_plan(entry, self._runs[entry.run_id].plan)
                return
            state = "interrupted" if entry.state == "open" else entry.state
            self._runs[entry.run_id] = Run(
                plan=entry.plan,
                started_at=entry.started_at,
                state=state,
                finished_at=entry.finished_at,
                report=dict(entry.report),
            )

    def dispose(self) -> None:
        """Do nothing: there is no connection to let go of."""

    def _opened(self, run_id: str) -> Run:
        if run_id not in self._runs:
            raise UnknownNameError(f"No run {run_id!r} in the store; expected one that was opened in it.")
        return self._runs[run_id]

    def _resolved(self, beginning: str) -> str:
        return find_run_id(beginning, [*reversed(self._runs)])

    def _of_run(self, run_id: str) -> list[Committed]:
        return [lane for lane in self._lanes if lane.run_id == run_id]

    def _live(self) -> list[Committed]:
        return [lane for lane in self._lanes if self._runs[lane.run_id].plan.purpose == "live"]

    def _newest(self, each: list[str], records: pl.Expr, *, active: bool) -> pl.DataFrame:
        """Give the result of each (a name, or a version) with the greatest (as_of, seq)."""
        found = keeping.newest(gather(self._live()).filter(records), each, active=active)
        return found.sort("model", "as_of", "seq", "place", descending=[False, True, True, False])

    def _entry(self, run_id: str) -> RunEntry:
        run = self._runs[run_id]
        # In the catalog's order; an import has results of versions that no plan names.
        counts: dict[str, dict[str, int]] = {model.key: {} for model in run.plan.models}
        for (key, outcome), count in sorted(run.counts.items()):
            counts.setdefault(key, {})[outcome] = count
        return RunEntry(
            run_id=run_id,
            state=run.state,
            plan=run.plan,
            started_at=run.started_at,
            finished_at=run.finished_at,
            parts_done=len({lane.part for lane in self._of_run(run_id)}),
            records=run.records,
            rejects=run.rejects,
            counts={key: own for key, own in counts.items() if own},
            report=run.report,
            forgotten=run.forgotten,
            pruned=run.pruned,
        )


def _values(frame: pl.DataFrame) -> list[Result]:
    return [read_result(row) for row in frame.select(LONG.keys()).drop("kept").iter_rows()]


def _shown(frame: pl.DataFrame, selection: Selection) -> pl.DataFrame:
    return selected(frame.select(LONG.keys()), selection)
