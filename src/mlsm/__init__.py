"""Run many scoring models, in many versions, over the same leads, and keep every result."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from mlsm._catalog import Catalog
    from mlsm._fields import Alias, Default, Field, Fields, Meta, Reading, json_schema
    from mlsm._model import Breaker, Failing, Model, SummaryModel, model, summary_model, summary_of
    from mlsm._result import Failure, Given, Outcome, Problem, Reason, Reasons, Result, Substitute, Upstream
    from mlsm.errors import (
        CatalogError,
        DeclarationError,
        DigestChangedError,
        InputError,
        MissingExtraError,
        MlsmError,
        PlanChangedError,
        ProjectError,
        StoreAwayError,
        StoreError,
        StoreVersionError,
        SummaryModelListException,
        UnknownNameError,
        WorkerError,
    )
    from mlsm.original import RunModels, RunModelsAll, RunSummaryModels
    from mlsm.service import Scores, load, score, score_one

_HOMES = {
    "mlsm._catalog": ("Catalog",),
    "mlsm._fields": ("Alias", "Default", "Field", "Fields", "Meta", "Reading", "json_schema"),
    "mlsm._model": ("Breaker", "Failing", "Model", "SummaryModel", "model", "summary_model", "summary_of"),
    "mlsm._result": (
        "Failure",
        "Given",
        "Outcome",
        "Problem",
        "Reason",
        "Reasons",
        "Result",
        "Substitute",
        "Upstream",
    ),
    "mlsm.errors": (
        "CatalogError",
        "DeclarationError",
        "DigestChangedError",
        "InputError",
        "MissingExtraError",
        "MlsmError",
        "PlanChangedError",
        "ProjectError",
        "StoreAwayError",
        "StoreError",
        "StoreVersionError",
        "SummaryModelListException",
        "UnknownNameError",
        "WorkerError",
    ),
    "mlsm.original": ("RunModels", "RunModelsAll", "RunSummaryModels"),
    "mlsm.service": ("Scores", "load", "score", "score_one"),
}
_HOME_OF = {name: home for home, names in _HOMES.items() for name in names}

__all__ = [
    "Alias",
    "Breaker",
    "Catalog",
    "CatalogError",
    "DeclarationError",
    "Default",
    "DigestChangedError",
    "Failing",
    "Failure",
    "Field",
    "Fields",
    "Given",
    "InputError",
    "Meta",
    "MissingExtraError",
    "MlsmError",
    "Model",
    "Outcome",
    "PlanChangedError",
    "Problem",
    "ProjectError",
    "Reading",
    "Reason",
    "Reasons",
    "Result",
    "RunModels",
    "RunModelsAll",
    "RunSummaryModels",
    "Scores",
    "StoreAwayError",
    "StoreError",
    "StoreVersionError",
    "Substitute",
    "SummaryModel",
    "SummaryModelListException",
    "UnknownNameError",
    "Upstream",
    "WorkerError",
    "__version__",
    "json_schema",
    "load",
    "model",
    "score",
    "score_one",
    "summary_model",
    "summary_of",
]


def __getattr__(name: str) -> Any:
    """Load a name when it is first used, so that `import mlsm` is light."""
    if name == "__version__":
        return import_module("importlib.metadata").version("mlsm")
    if name not in _HOME_OF:
        raise AttributeError(f"module 'mlsm' has no attribute {name!r}")
    found = getattr(import_module(_HOME_OF[name]), name)
    globals()[name] = found
    return found


def __dir__() -> list[str]:
    return __all__
