"""Puts catalog, engine, executors and store together: what every door calls."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from mlsm.service.checking import check
    from mlsm.service.copying import Copied, copy_store
    from mlsm.service.loading import load
    from mlsm.service.one import score_one
    from mlsm.service.original_documents import Imported, import_original
    from mlsm.service.preparing import prepared
    from mlsm.service.report import Degraded, ErrorNote, Progress, Report
    from mlsm.service.request import Examination, Job, Output
    from mlsm.service.running import examine, run
    from mlsm.service.scores import Scores, score

__all__ = [
    "Copied",
    "Degraded",
    "ErrorNote",
    "Examination",
    "Imported",
    "Job",
    "Output",
    "Progress",
    "Report",
    "Scores",
    "check",
    "copy_store",
    "examine",
    "import_original",
    "load",
    "prepared",
    "run",
    "score",
    "score_one",
]

_HOMES = {
    "Copied": "copying",
    "Degraded": "report",
    "ErrorNote": "report",
    "Examination": "request",
    "Imported": "original_documents",
    "Job": "request",
    "Output": "request",
    "Progress": "report",
    "Report": "report",
    "Scores": "scores",
    "check": "checking",
    "copy_store": "copying",
    "examine": "running",
    "import_original": "original_documents",
    "load": "loading",
    "prepared": "preparing",
    "run": "running",
    "score": "scores",
    "score_one": "one",
}


def __getattr__(name: str) -> Any:
    """Load a name when it is first used: scoring one record needs no data frames."""
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f"{__name__}.{_HOMES[name]}"), name)
