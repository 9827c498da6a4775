"""What is told of faults in a store of tables, whichever database holds them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

from mlsm.errors import StoreError
from mlsm.stores._blocks import unblocked

__all__ = ["block_faults", "counting_faults", "orphan_faults", "returned_faults"]

_Rows = Iterable[tuple[Any, ...]]


def counting_faults(runs: _Rows, tallies: _Rows, records: _Rows) -> Iterator[str]:
    """Tell where the counts of runs and what they hold differ.

    Args:
        runs: of each run its id, what was pruned, its rejects and results as counted, both as held,
            its parts as counted and as held.
        tallies: ids of runs, and how many counts by model and outcome differ.
        records: ids of runs whose records differ, as counted and as held.

    Example:
        >>> list(counting_faults([("r", 0, 0, 4, 3, 0, 1, 1)], [], []))
        ["Run 'r' counts 4 results and 0 rejects; it holds 3 and 0, and 0 were pruned."]
    """
    for run_id, pruned, rejects, results, held, held_rejects, parts, held_parts in runs:
        if results + rejects != held + held_rejects + pruned:
            yield (
                f"Run {run_id!r} counts {results} results and {rejects} rejects; it holds {held} and {held_rejects},"
                f" and {pruned} were pruned."
            )
        if parts != held_parts:
            yield f"Run {run_id!r} counts {parts} parts; it holds {held_parts}."
    for run_id, count in tallies:
        yield f"Run {run_id!r} has {count} counts by model and outcome that differ from what it holds."
    for run_id, counted, held in records:
        yield f"Run {run_id!r} counts {counted} records; it holds {held}."


def block_faults(run_id: str, part: int, stored: bytes) -> Iterator[str]:
    """Tell where the kept inputs of a part cannot be read."""
    try:
        unblocked(stored)
    except StoreError:
        yield f"The kept inputs of part {part} of run {run_id!r} are damaged."


def orphan_faults(counted: Iterable[tuple[str, int]]) -> Iterator[str]:
    """Tell of what should not be there at all: what it is, and how often it is there."""
    for what, count in counted:
        if count:
            yield f"There are {count} {what}."


def returned_faults(found: int) -> Iterator[str]:
    """Tell how many ids are there of people who were forgotten."""
    yield from orphan_faults([("ids of people who were forgotten", found)])
