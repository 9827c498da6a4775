"""ONNX models, run by onnxruntime.

A model whose inputs are a tensor a column (as skl2onnx makes them of a pipeline over a data
frame) names its fields. One that takes a matrix names them in its metadata, under
`feature_names`, or they are declared, in the order of the matrix.
"""

from __future__ import annotations

from collections.abc import Mapping
from importlib import import_module
from pathlib import Path
from typing import Any

from mlsm._model import ArtefactModel
from mlsm.contracts import Description, Predictor
from mlsm.errors import MissingExtraError

__all__ = ["describe", "load"]


def describe(path: Path, options: Mapping[str, Any]) -> Description:
    """Tell what an ONNX file says of itself.

    A number's field may be empty where the file has an operator made for missing values
    (an imputer, a tree that tracks them) on its way.

    Raises:
        DeclarationError: the options do not fit it, or its inputs are no tables.
        InputError: it is not there, or is no ONNX file.
        MissingExtraError: onnxruntime is not installed.
    """
    _require()
    from mlsm.runtimes.onnx.describing import describe_file

    return describe_file(path, options)


def load(model: ArtefactModel) -> Predictor:
    """Make an ONNX model callable; raises as `describe` does."""
    _require()
    from mlsm.runtimes.onnx.predictor import load_predictor

    return load_predictor(model)


def _require() -> None:
    for library in ("numpy", "onnxruntime"):
        try:
            import_module(library)
        except ImportError as error:
            raise MissingExtraError(
                f"{library} is not installed, which ONNX models need.", hint="Install the extra mlsm[onnx]."
            ) from error
