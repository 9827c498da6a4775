"""Everything of one store goes into another, and is compared with what it was."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from itertools import zip_longest
from typing import TYPE_CHECKING

import msgspec

from mlsm._batch import KEPT_OBJECT
from mlsm.contracts import Store, StoredLane
from mlsm.errors import StoreError

if TYPE_CHECKING:
    import polars as pl

__all__ = ["Copied", "copy_store"]


class Copied(msgspec.Struct, frozen=True, kw_only=True):
    """What a copy moved; all of it was read back and compared."""

    runs: int
    lanes: int
    results: int
    rejects: int
    forgotten: int


def copy_store(source: Store, target: Store, *, on_lane: Callable[[int, int], None] | None = None) -> Copied:
    """Copy runs, results, rejects, inputs and tombstones, in the order in which they came.

    A copy that was broken off is taken up: what is there already stays. What others write
    into the source meanwhile is not copied.

    Args:
        source: is only read.
        target: is empty, or holds a part of the same copy.
        on_lane: told the seq of each lane copied, and the last one's.

    Raises:
        StoreError: the target has runs of its own, or the copy differs from the source.
    """
    runs, last = source.runs(), source.seq()
    _refuse_others(target, {run.run_id for run in runs})
    stones = source.tombstones()
    target.bury(stones)
    for run in reversed(runs):
        target.adopt(run)
    lanes = results = rejects = 0
    for lane in _until(source.lanes(), last):
        target.write(lane.run_id, lane.part, lane.lane, lane.batch, lane.rejects)
        lanes, results, rejects = lanes + 1, results + _results(lane), rejects + len(lane.rejects)
        if on_lane is not None:
            on_lane(lane.seq, last)
    _verify(_until(source.lanes(), last), target.lanes())
    found = target.check()
    if found:
        raise StoreError("The copy is complete, but the new store has faults.", problems=found)
    return Copied(runs=len(runs), lanes=lanes, results=results, rejects=rejects, forgotten=len(stones.marks))


def _until(lanes: Iterator[StoredLane], last: int) -> Iterator[StoredLane]:
    for lane in lanes:
        if lane.seq > last:
            return
        yield lane


def _refuse_others(target: Store, run_ids: set[str]) -> None:
    others = [run.run_id for run in target.runs() if run.run_id not in run_ids]
    if others:
        raise StoreError(
            f"Could not copy into the store: it has {len(others)} runs that the other store does not have, such as"
            f" {others[0]!r}; expected an empty store.",
            hint="Name a store that is not there yet.",
        )


def _results(lane: StoredLane) -> int:
    return len(lane.batch) * len(lane.batch.models)


def _verify(lanes: Iterator[StoredLane], copies: Iterator[StoredLane]) -> None:
    """Hold each lane of the copy against the one that it was made of."""
    for lane, copied in zip_longest(lanes, copies):
        place = lane or copied
        if lane is None or copied is None or not _same(lane, copied):
            raise StoreError(
                f"The copy differs from the store: lane {place.lane!r} of part {place.part} of run {place.run_id!r}"
                f" is {'missing' if copied is None else 'different'}.",
                hint="Remove the copy and make it again; if it differs again, look at both with mlsm store check.",
            )


def _same(one: StoredLane, other: StoredLane) -> bool:
    told = [
        (lane.run_id, lane.part, lane.lane, lane.batch.as_of, lane.batch.scored_at, lane.rejects)
        for lane in (one, other)
    ]
    if told[0] != told[1] or not _long(one).equals(_long(other)):
        return False
    inputs = one.batch.inputs, other.batch.inputs
    if inputs[0] is None or inputs[1] is None:
        return inputs[0] is inputs[1]
    return inputs[0].equals(inputs[1])


def _long(lane: StoredLane) -> pl.DataFrame:
    """Give a lane's results with the kept columns, in an order that every store can give."""
    frame = lane.batch.frame
    long = lane.batch.long()
    if KEPT_OBJECT in frame.columns:
        long = long.join(frame.select("record_id", KEPT_OBJECT), on="record_id", how="left", maintain_order="left")
    return long
