"""A part without those who were forgotten."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import polars as pl

from mlsm._batch import Batch
from mlsm.contracts import Reject, Tombstones

__all__ = ["without_forgotten"]


def without_forgotten(
    batch: Batch, rejects: Sequence[Reject], tombstones: Tombstones
) -> tuple[Batch, Sequence[Reject], int]:
    """Leave out of a lane who has a tombstone; give also how many records were left out.

    Example:
        >>> from datetime import UTC, datetime
        >>> now = datetime.now(UTC)
        >>> stones = Tombstones.new()
        >>> stones = Tombstones(key=stones.key, marks=frozenset({stones.mark("7")}))
        >>> frame = pl.DataFrame({"record_id": ["7", "8"]})
        >>> batch = Batch(part=0, models=(), frame=frame, as_of=now, scored_at=now)
        >>> left, _, dropped = without_forgotten(batch, (), stones)
        >>> left.frame["record_id"].to_list(), dropped
        (['8'], 1)
    """
    if not tombstones.marks:
        return batch, rejects, 0
    left = pl.Series(tombstones.among(batch.frame.get_column("record_id")), dtype=pl.Boolean).not_()
    named = tombstones.among(reject.record_id for reject in rejects)
    inputs = batch.inputs
    if inputs is not None:
        inputs = inputs.filter(pl.Series(tombstones.among(inputs.get_column("record_id")), dtype=pl.Boolean).not_())
    kept_rejects = [reject for reject, gone in zip(rejects, named, strict=True) if not gone]
    return replace(batch, frame=batch.frame.filter(left), inputs=inputs), kept_rejects, len(batch) - int(left.sum())
