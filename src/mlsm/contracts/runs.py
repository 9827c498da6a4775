"""A run as it is planned, opened, stored and told of."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import msgspec

from mlsm._typing import Lane, Purpose

__all__ = [
    "InputEntry",
    "ModelEntry",
    "OpenRun",
    "RunEntry",
    "RunPlan",
    "Selection",
]


class ModelEntry(msgspec.Struct, frozen=True, kw_only=True):
    """A model version as a run records it; `columns` names those of fields that are called otherwise."""

    name: str
    version: str
    status: str
    kind: str
    digest: str
    source: str | None = None
    upstreams: tuple[str, ...] = ()
    columns: dict[str, str] = {}

    @property
    def key(self) -> str:
        """Give `name@version`."""
        return f"{self.name}@{self.version}"


class InputEntry(msgspec.Struct, frozen=True, kw_only=True):
    """An input as a run records it; `parts` holds the number of rows of each part."""

    source: str
    fingerprint: str
    options: dict[str, str]
    parts: tuple[int, ...]


class RunPlan(msgspec.Struct, frozen=True, kw_only=True):
    """All that decides the results of a run; a resume must bring the same plan.

    Args:
        purpose: `live` results count for `current`, those of a `trial` never do.
        as_of: the clock of the run, UTC. A resume takes over the stored one, unless it names another.
        models: the catalog, in its order; retired models are left out.
        inputs: what is read.
        id_column: the column of ids, None for row numbers.
        keep: columns that travel untouched.
        as_of_named: whether somebody asked for this clock, rather than took the time of day.
        reasons: the most reasons a score that were asked for.
        parent: the run that this one repeats or continues.
        provenance: versions, host, command; told, not compared.
    """

    purpose: Purpose
    as_of: datetime
    models: tuple[ModelEntry, ...]
    inputs: tuple[InputEntry, ...]
    id_column: str | None
    keep: tuple[str, ...] = ()
    as_of_named: bool = False
    reasons: int = 0
    parent: str | None = None
    provenance: dict[str, str] = {}

    @property
    def lanes(self) -> tuple[Lane, ...]:
        """Give the lanes that a part of this run has, the active one first."""
        active = any(model.status == "active" for model in self.models)
        drafts = any(model.status != "active" for model in self.models)
        return (("active",) if active else ()) + (("draft",) if drafts else ())  # type: ignore[return-value]  # literals


class OpenRun(msgspec.Struct, frozen=True, kw_only=True):
    """A run that is open for writing, and what it already holds."""

    run_id: str
    as_of: datetime
    resumed: bool
    done: frozenset[tuple[int, Lane]]


class RunEntry(msgspec.Struct, frozen=True, kw_only=True):
    """A run as the store tells of it.

    `state` is `open`, `finished` or `interrupted`; `counts` holds committed results by
    model version and outcome; `report` what the closing run said of itself. `forgotten`
    counts records that were left out or taken out because somebody asked to be forgotten,
    `pruned` the results and rejects that are counted here and no longer held.
    """

    run_id: str
    state: str
    plan: RunPlan
    started_at: datetime
    finished_at: datetime | None
    parts_done: int
    records: int
    rejects: int
    counts: dict[str, dict[str, int]]
    report: dict[str, Any] = {}
    forgotten: int = 0
    pruned: int = 0


class Selection(msgspec.Struct, frozen=True, kw_only=True):
    """Which results are wanted; None means no condition.

    `models` are names or keys; `record_ids` a handful of records; `score_at_least` and
    `score_at_most` are inclusive.
    """

    models: tuple[str, ...] | None = None
    labels: tuple[str, ...] | None = None
    statuses: tuple[str, ...] | None = None
    outcomes: tuple[str, ...] | None = None
    record_ids: tuple[str, ...] | None = None
    score_at_least: float | None = None
    score_at_most: float | None = None
