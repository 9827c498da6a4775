"""Any kind of model behind a process: started, asked, watched, ended and replaced.

`protocol` is what passes between the two; `worker` and `keeper` run on the other side, the one
with the model, the other around it; `process` and `supervisor` on ours.
"""

from __future__ import annotations

from typing import Any

from mlsm._model import Model
from mlsm.contracts import Predictor

__all__ = ["load"]


def load(model: Model, specification: dict[str, Any], entry: str) -> Predictor:
    """Start a worker for a model and give what asks it.

    Args:
        model: the model, whose `isolation` says where it runs.
        specification: what the worker builds it from.
        entry: `module:name` of what answers in the worker.

    Raises:
        DeclarationError: it cannot be built there, or is another model there.
    """
    from mlsm.runtimes.isolated.predictor import IsolatedPredictor
    from mlsm.runtimes.isolated.supervisor import Supervisor

    return IsolatedPredictor(Supervisor(model.key, model.isolation, specification, entry), model.loaded_digest)
