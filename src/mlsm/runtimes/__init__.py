"""How each kind of model is loaded and called: one short file a kind."""

from __future__ import annotations

__all__ = ["ARTEFACTS", "RUNTIMES"]

ARTEFACTS = {
    "lightgbm": "mlsm.runtimes.lightgbm",
    "mlflow": "mlsm.runtimes.mlflow",
    "onnx": "mlsm.runtimes.onnx",
    "scorecard": "mlsm.runtimes.scorecard",
    "sklearn": "mlsm.runtimes.sklearn",
    "xgboost": "mlsm.runtimes.xgboost",
}
"""The module of each kind of file; it offers `describe(path, options)` and `load(model)`."""

RUNTIMES = {"function": "mlsm.runtimes.function", "summary": "mlsm.runtimes.function", **ARTEFACTS}
"""The module of each kind; it offers `load(model) -> Predictor`."""
