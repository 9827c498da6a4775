"""What is held of a person, what is let go, and whether all adds up, in memory."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any

import msgspec
import polars as pl

from mlsm._batch import read_result
from mlsm.contracts import Forgotten, HeldRow, Holdings, Pruned, Tombstones
from mlsm.stores._held import input_values
from mlsm.stores.memory.lanes import LONG, Committed, Run, counted, gather

__all__ = ["faults", "forget", "held", "last_good", "newest", "prune"]


def newest(results: pl.DataFrame, each: Sequence[str], *, active: bool) -> pl.DataFrame:
    """Give of each (a name, or a version) a record's result with the greatest (as_of, seq)."""
    found = results.filter(pl.col("status") == "active") if active else results
    return found.sort("as_of", "seq", "place").unique(["record_id", *each], keep="last", maintain_order=True)


def last_good(live: pl.DataFrame) -> pl.DataFrame:
    """Give of each record and name the newest good score."""
    return newest(live.filter(pl.col("outcome") == "ok"), ["model"], active=True)


def held(lanes: Sequence[Committed], record_id: str) -> Holdings:
    """Gather all that is held of a record."""
    results = gather(lanes).filter(pl.col("record_id") == record_id)
    newest_first = results.sort("as_of", "seq", "place", descending=[True, True, False])
    kept: list[HeldRow] = []
    inputs: list[HeldRow] = []
    rejects: list[HeldRow] = []
    for lane in lanes:
        own = lane.frame.filter(pl.col("record_id") == record_id).get_column("kept").drop_nulls()
        if lane.first and len(own):
            kept.append(_row(lane, msgspec.json.decode(own[0])))
        if lane.inputs is not None:
            inputs += [_row(lane, values) for values in input_values(lane.inputs, record_id)]
        named = [reject for reject in lane.rejects if reject.record_id == record_id]
        rejects += [_row(lane, msgspec.to_builtins(reject)) for reject in named]
    return Holdings(
        record_id=record_id,
        results=tuple(read_result(row) for row in newest_first.select(LONG.keys()).drop("kept").iter_rows()),
        kept=tuple(kept),
        inputs=tuple(inputs),
        rejects=tuple(rejects),
    )


def forget(lanes: list[Committed], runs: Mapping[str, Run], record_id: str) -> Forgotten:
    """Take a record out of every lane, and out of the counts of their runs."""
    gone = {"results": 0, "kept": 0, "inputs": 0, "rejects": 0}
    for place, lane in enumerate(lanes):
        run = runs[lane.run_id]
        own = lane.frame.filter(pl.col("record_id") == record_id)
        left = tuple(reject for reject in lane.rejects if reject.record_id != record_id)
        inputs = lane.inputs
        if inputs is not None and (inputs.get_column("record_id") == record_id).any():
            inputs = inputs.filter(pl.col("record_id") != record_id)
            gone["inputs"] += 1
        gone["results"] += own.height
        gone["rejects"] += len(lane.rejects) - len(left)
        run.counts -= counted(own)
        run.rejects -= len(lane.rejects) - len(left)
        if lane.first and own.height:
            run.records -= 1
            run.forgotten += 1
            gone["kept"] += int(own.get_column("kept").null_count() < own.height)
        frame = lane.frame.filter(pl.col("record_id") != record_id)
        lanes[place] = replace(lane, frame=frame, rejects=left, inputs=inputs)
    return Forgotten(**gone)


def prune(lanes: list[Committed], runs: Mapping[str, Run], *, keep_runs: int | None, before: datetime | None) -> Pruned:
    """Take out of old parts what no answer of now needs."""
    young = set([*runs][-keep_runs:]) if keep_runs is not None else set()
    spared = young | {run_id for run_id, run in runs.items() if run.state != "finished" and run.plan.inputs}
    first = {(lane.run_id, lane.part): lane for lane in lanes if lane.first}
    needed = _needed(lanes, runs)
    results = rejects = 0
    touched = set()
    for place, lane in enumerate(lanes):
        scored_at = first[lane.run_id, lane.part].scored_at
        if lane.run_id in spared or (before is not None and scored_at >= before):
            continue
        own = needed.filter((pl.col("run_id") == lane.run_id) & (pl.col("part") == lane.part))
        frame = lane.frame.filter(pl.col("record_id").is_in(own.get_column("record_id").to_list()))
        removed = lane.frame.height - frame.height, len(lane.rejects)
        if lane.inputs is not None:
            inputs = lane.inputs.filter(pl.col("record_id").is_in(own.get_column("record_id").to_list()))
            lane = replace(lane, inputs=inputs if inputs.height else None)  # noqa: PLW2901 - the same lane
        lanes[place] = replace(lane, frame=frame, rejects=())
        runs[lane.run_id].pruned += sum(removed)
        results, rejects = results + removed[0], rejects + removed[1]
        if any(removed):
            touched.add(lane.run_id)
    return Pruned(runs=len(touched), results=results, rejects=rejects)


def faults(lanes: Sequence[Committed], runs: Mapping[str, Run], tombstones: Tombstones) -> Iterator[str]:
    """Tell what does not add up."""
    for run_id, run in runs.items():
        own = [lane for lane in lanes if lane.run_id == run_id]
        results, rejects = gather(own), sum(len(lane.rejects) for lane in own)
        if run.counts.total() + run.rejects != results.height + rejects + run.pruned:
            yield (
                f"Run {run_id!r} counts {run.counts.total()} results and {run.rejects} rejects; it holds"
                f" {results.height} and {rejects}, and {run.pruned} were pruned."
            )
        if not run.pruned and +run.counts != counted(results):
            yield f"Run {run_id!r} counts results by model and outcome otherwise than it holds them."
        if results.select("part", "record_id", "model", "version").is_duplicated().any():
            yield f"Run {run_id!r} holds two results of one record and model version in one part."
    for lane in lanes:
        if lane.run_id not in runs:
            yield f"Lane {lane.seq} belongs to no run."
        if any(tombstones.among(lane.frame.get_column("record_id").unique())):
            yield f"Lane {lane.seq} holds results of somebody who was forgotten."


def _row(lane: Committed, values: dict[str, Any]) -> HeldRow:
    return HeldRow(run_id=lane.run_id, part=lane.part, values=values)


def _needed(lanes: Sequence[Committed], runs: Mapping[str, Run]) -> pl.DataFrame:
    """Name the parts and records of which the answers of now need a result."""
    live = gather(lane for lane in lanes if runs[lane.run_id].plan.purpose == "live")
    needed = [
        newest(live, ["model"], active=True),
        newest(live, ["model", "version"], active=False),
        last_good(live),
    ]
    return pl.concat([frame.select("run_id", "part", "record_id") for frame in needed]).unique()
