"""How each kind of model is loaded and called: one short file a kind."""

from __future__ import annotations

__all__ = ["RUNTIMES"]

RUNTIMES = {"function": "mlsm.runtimes.function", "summary": "mlsm.runtimes.function"}
"""The module of each kind; it offers `load(model) -> Predictor`."""
