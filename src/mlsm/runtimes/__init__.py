"""How each kind of model is loaded and called: one short file a kind."""

from __future__ import annotations

__all__ = ["ARTEFACTS", "OPTIONS", "RUNTIMES"]

ARTEFACTS = {
    "lightgbm": "mlsm.runtimes.lightgbm",
    "mlflow": "mlsm.runtimes.mlflow",
    "onnx": "mlsm.runtimes.onnx",
    "scorecard": "mlsm.runtimes.scorecard",
    "sklearn": "mlsm.runtimes.sklearn",
    "xgboost": "mlsm.runtimes.xgboost",
}
"""The module of each kind of file; it offers `describe(path, options)` and `load(model)`."""

_BOOSTER = ("output", "class", "classes", "scale", "baseline")

OPTIONS = {
    "lightgbm": _BOOSTER,
    "mlflow": (*_BOOSTER, "tensor", "trust"),  # those of the runtime within count
    "onnx": ("output", "class", "tensor", "scale", "baseline"),
    "scorecard": ("scale",),
    "sklearn": ("output", "class", "scale", "trust", "baseline"),
    "xgboost": _BOOSTER,
}
"""What each kind of file may be told besides."""

RUNTIMES = {"function": "mlsm.runtimes.function", "summary": "mlsm.runtimes.function", **ARTEFACTS}
"""The module of each kind; it offers `load(model) -> Predictor`."""
