"""What a run does to the store's size, and what goes after it."""

from __future__ import annotations

from datetime import UTC, datetime

import msgspec

from mlsm.contracts import Store
from mlsm.service.report import Report
from mlsm.service.request import Job

__all__ = ["grown", "pruned_after"]


def grown(store: Store, before: int) -> dict[str, int]:
    """Tell, for a run's report, what the store takes after it and by how much it grew."""
    after = store.size()
    return {"store_bytes": after, "store_grew": after - before}


def pruned_after(report: Report, job: Job, store: Store | None) -> Report:
    """Remove what is older than the job keeps results, counted from now by the time of day."""
    if store is None or job.keep_results is None:
        return report
    pruned = store.prune(before=datetime.now(UTC) - job.keep_results)
    return msgspec.structs.replace(report, pruned=pruned.results + pruned.rejects)
