"""Any kind of model behind a process: started, asked, watched, ended and replaced.

`protocol` is what passes between the two; `worker` and `keeper` run on the other side, the one
with the model, the other around it; `process`, `shared` and `supervisor` on ours.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from mlsm._model import Model
from mlsm.contracts import Predictor

if TYPE_CHECKING:
    from mlsm.runtimes.isolated.shared import SharedWorker

__all__ = ["begin", "load"]


def begin(models: Sequence[Model], specifications: Sequence[dict[str, Any]], entry: str) -> SharedWorker:
    """Start a worker for a model, or for models of one group, and do not wait for it.

    Args:
        models: the models, whose `isolation`, the same for all, says where they run.
        specifications: what the worker builds each from.
        entry: `module:name` of what answers in the worker.

    Raises:
        DeclarationError: no process can be started.
    """
    from mlsm.runtimes.isolated.shared import SharedWorker

    isolation = models[0].isolation
    worker = SharedWorker(models[0].key if len(models) == 1 else str(isolation.group), isolation, specifications, entry)
    worker.begin()
    return worker


def load(models: Sequence[Model], worker: SharedWorker) -> list[Predictor]:
    """Wait for the worker that was begun for some models, and give what asks it for each.

    Raises:
        DeclarationError: one cannot be built there, or is another model there.
    """
    from mlsm.runtimes.isolated.predictor import IsolatedPredictor
    from mlsm.runtimes.isolated.supervisor import Supervisor

    try:
        return [
            IsolatedPredictor(Supervisor(model.key, worker, place), model.loaded_digest)
            for place, model in enumerate(models)
        ]
    except BaseException:
        worker.end()
        raise
