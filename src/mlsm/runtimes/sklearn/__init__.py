"""Fitted classifiers, regressors and pipelines of scikit-learn's, saved with skops, joblib or pickle."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from types import ModuleType
from typing import Any

from mlsm._model import ArtefactModel
from mlsm.contracts import Description, Predictor
from mlsm.errors import MissingExtraError
from mlsm.runtimes._resting import resting_threads

__all__ = ["describe", "load"]


def describe(path: Path, options: Mapping[str, Any]) -> Description:
    """Tell the fields and the range of a fitted estimator, and which version fitted it.

    Args:
        path: a file of `skops.io.dump`, `joblib.dump` or `pickle.dump`.
        options: `output`, `class` and `scale`; `trust` is true for a pickle, which runs code when
            it is loaded, or a list of types that a skops file may hold beside scikit-learn's own;
            `baseline` names values of fields that reasons compare with.

    Raises:
        DeclarationError: the options do not fit it.
        InputError: it is not there, is no estimator, or may not be loaded.
        MissingExtraError: scikit-learn, or what reads the file, is not installed.
    """
    description: Description = _fitted().describe(path, options)
    return description


def load(model: ArtefactModel) -> Predictor:
    """Make a fitted estimator callable; raises as `describe` does."""
    predictor: Predictor = _fitted().load(model)
    return predictor


def _fitted() -> ModuleType:
    try:
        with resting_threads():
            from mlsm.runtimes.sklearn import fitted
    except ModuleNotFoundError as error:
        raise MissingExtraError(
            f"A model is a scikit-learn estimator, but {error.name} is not installed.",
            hint="Install the extra mlsm[sklearn].",
        ) from error
    return fitted
