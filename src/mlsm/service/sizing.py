"""How many processes score a run."""

from __future__ import annotations

import os

from mlsm._guard import Raised, attempt
from mlsm.service.request import Job
from mlsm.service.specifying import specified

__all__ = ["cores", "workers_of"]

_ROWS_EACH = 100_000
"""Rows that a worker should have before its start, about half a second, pays."""


def workers_of(job: Job, rows: int) -> int:
    """Tell how many worker processes score the rows of a job; 0 to score them in this process.

    Args:
        job: what is asked for.
        rows: rows that are left to score.
    """
    if job.workers != "auto":
        return job.workers if rows else 0
    if rows < 2 * _ROWS_EACH or isinstance(attempt(specified, job.catalog), Raised):
        return 0  # what cannot be described to other processes is scored in this one
    return min(cores(), rows // _ROWS_EACH)


def cores() -> int:
    """Count the cores that this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
