"""What every store refuses of pruning and of taking over another store's runs."""

from __future__ import annotations

from datetime import datetime

from mlsm.contracts import RunEntry, RunPlan, Tombstones
from mlsm.errors import StoreError

__all__ = ["refuse_other_key", "refuse_other_plan", "refuse_unbounded"]


def refuse_unbounded(keep_runs: int | None, before: datetime | None) -> None:
    """Refuse a pruning that says neither how many runs nor how long.

    Raises:
        StoreError: neither is given, or `keep_runs` is below 1.
    """
    if (keep_runs is None and before is None) or (keep_runs is not None and keep_runs < 1):
        raise StoreError(
            f"Cannot prune: expected a number of runs to keep, 1 or more, or a time; got {keep_runs!r} and {before!r}.",
            hint="Say how much to keep, such as 30 runs or 90 days.",
        )


def refuse_other_key(own: Tombstones, others: Tombstones) -> None:
    """Refuse tombstones whose hashes mean other records.

    Raises:
        StoreError: both have some, under different keys.
    """
    if own.key and others.key and own.key != others.key:
        raise StoreError(
            "Could not take over who was forgotten: this store has tombstones of its own, under another key.",
            hint="Copy into a store that is empty.",
        )


def refuse_other_plan(entry: RunEntry, plan: RunPlan) -> None:
    """Refuse a run of another store that is here already with another plan.

    Raises:
        StoreError: the plans differ.
    """
    if entry.plan != plan:
        raise StoreError(
            f"Could not take over run {entry.run_id!r}: it is in the store already, with another plan.",
            hint="Copy into a store that is empty.",
        )
