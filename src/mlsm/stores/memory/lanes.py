"""What the store in memory holds: runs, and lanes with their results as frames."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

import polars as pl

from mlsm._batch import Batch, long_schema
from mlsm._typing import Lane
from mlsm.contracts import Reject, RunPlan
from mlsm.stores._kept import kept_objects

__all__ = ["LONG", "Committed", "Run", "counted", "gather", "long_with_kept"]

LONG: dict[str, Any] = {**long_schema(), "kept": pl.String()}
_STORED: dict[str, Any] = {**LONG, "row": pl.Int64(), "place": pl.Int64()}


@dataclass(frozen=True, slots=True, kw_only=True)
class Committed:
    """One lane of a part; `first` tells whether it came before the other one."""

    seq: int
    run_id: str
    part: int
    lane: Lane
    as_of: datetime
    scored_at: datetime
    frame: pl.DataFrame
    first: bool
    rejects: tuple[Reject, ...]
    inputs: pl.DataFrame | None


@dataclass(slots=True, kw_only=True)
class Run:
    """A run, and what was ever committed of it."""

    plan: RunPlan
    started_at: datetime
    state: str = "open"
    finished_at: datetime | None = None
    report: dict[str, Any] = field(default_factory=dict)
    counts: Counter[tuple[str, str]] = field(default_factory=Counter)
    records: int = 0
    rejects: int = 0
    forgotten: int = 0
    pruned: int = 0


def gather(lanes: Iterable[Committed]) -> pl.DataFrame:
    """Gather the results of some lanes, with the seq and part of each."""
    nothing = pl.DataFrame(schema={**_STORED, "seq": pl.Int64, "part": pl.Int64})
    frames = (
        lane.frame.with_columns(seq=pl.lit(lane.seq, pl.Int64), part=pl.lit(lane.part, pl.Int64)) for lane in lanes
    )
    return pl.concat([nothing, *frames])


def counted(frame: pl.DataFrame) -> Counter[tuple[str, str]]:
    """Count results by model version and outcome."""
    counts: Counter[tuple[str, str]] = Counter()
    for name, version, outcome, count in frame.group_by("model", "version", "outcome").len().iter_rows():
        counts[f"{name}@{version}", outcome] += count
    return counts


def long_with_kept(batch: Batch) -> pl.DataFrame:
    """Give a lane's results in long form with the kept columns, the row and the model's place."""
    index = pl.int_range(pl.len(), dtype=pl.Int64)
    models = max(1, len(batch.models))
    long = batch.long().with_columns((index // models).alias("row"), (index % models).alias("place"))
    kept = kept_objects(batch.frame)
    objects = pl.lit(None, pl.String) if kept is None else pl.lit(kept).gather("row")
    return long.with_columns(objects.alias("kept")).select(_STORED.keys())
