"""What the workers promise each other: Protocols, and the values that pass between them.

None of the workers (engine, executors, runtimes, stores, readers, writers, checks) knows
another; each knows these pages.
"""

from __future__ import annotations

from mlsm.contracts.executors import Executor
from mlsm.contracts.inputs import Column, Facts, RawPart, Reader, Reject
from mlsm.contracts.models import (
    ROW_ID,
    ArtefactRuntime,
    Description,
    Facets,
    NoReasonsError,
    Predictor,
    Reasoned,
    Runtime,
)
from mlsm.contracts.runs import InputEntry, ModelEntry, OpenRun, RunEntry, RunPlan, Selection
from mlsm.contracts.stores import Opener, Store
from mlsm.contracts.writers import Writer

__all__ = [
    "ROW_ID",
    "ArtefactRuntime",
    "Column",
    "Description",
    "Executor",
    "Facets",
    "Facts",
    "InputEntry",
    "ModelEntry",
    "NoReasonsError",
    "OpenRun",
    "Opener",
    "Predictor",
    "RawPart",
    "Reader",
    "Reasoned",
    "Reject",
    "RunEntry",
    "RunPlan",
    "Runtime",
    "Selection",
    "Store",
    "Writer",
]
