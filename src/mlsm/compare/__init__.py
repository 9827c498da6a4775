"""Two versions of a model, held against each other by the results stored for both."""

from __future__ import annotations

from mlsm.compare.gates import Gate, GateAnswer, read_gate
from mlsm.compare.measures import Comparison, Cut, compare
from mlsm.compare.pairs import Pairs, pair

__all__ = ["Comparison", "Cut", "Gate", "GateAnswer", "Pairs", "compare", "pair", "read_gate"]
