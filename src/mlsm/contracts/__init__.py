"""What the workers promise each other: Protocols, and the values that pass between them.

None of the workers (engine, executors, runtimes, stores, readers, writers, checks) knows
another; each knows these pages.
"""

from __future__ import annotations

from mlsm.contracts.executors import Executor, Shared
from mlsm.contracts.inputs import Column, Facts, RawPart, Reader, Reject
from mlsm.contracts.keeping import (
    Forgotten,
    HeldRow,
    Holdings,
    Pruned,
    StoredLane,
    Tombstones,
    last_good_schema,
)
from mlsm.contracts.models import (
    ROW_ID,
    ArtefactRuntime,
    Description,
    Facets,
    Isolated,
    NoReasonsError,
    Predictor,
    Reasoned,
    Runtime,
    Settled,
    Told,
)
from mlsm.contracts.runs import InputEntry, ModelEntry, OpenRun, RunEntry, RunPlan, Selection
from mlsm.contracts.stores import PATIENCE_SECONDS, Opener, Store
from mlsm.contracts.writers import Writer

__all__ = [
    "PATIENCE_SECONDS",
    "ROW_ID",
    "ArtefactRuntime",
    "Column",
    "Description",
    "Executor",
    "Facets",
    "Facts",
    "Forgotten",
    "HeldRow",
    "Holdings",
    "InputEntry",
    "Isolated",
    "ModelEntry",
    "NoReasonsError",
    "OpenRun",
    "Opener",
    "Predictor",
    "Pruned",
    "RawPart",
    "Reader",
    "Reasoned",
    "Reject",
    "RunEntry",
    "RunPlan",
    "Runtime",
    "Selection",
    "Settled",
    "Shared",
    "Store",
    "StoredLane",
    "Told",
    "Tombstones",
    "Writer",
    "last_good_schema",
]
