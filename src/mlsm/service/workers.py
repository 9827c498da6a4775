"""The workers of isolated models: while one is waited for, the next ones import their libraries on other cores."""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from mlsm._catalog import Catalog
from mlsm._model import AbsentModel, Model
from mlsm.contracts import Predictor
from mlsm.errors import DeclarationError

if TYPE_CHECKING:
    from mlsm.runtimes.isolated.shared import SharedWorker

__all__ = ["asked_elsewhere", "cores"]

_WORKER = "mlsm_worker"
"""What the program of a worker's process is told by: a name in its main module."""


def asked_elsewhere(catalog: Catalog, model: Model) -> Predictor:
    """Give what asks an isolated model in its process, which is started once, however records are read.

    Raises:
        DeclarationError: no process can be started, or the model cannot be built there.
    """
    if hasattr(sys.modules["__main__"], _WORKER):
        raise DeclarationError(
            f"{model.key!r} is to be isolated while its own process imports its file; a file of models must not score.",
            hint='Score below `if __name__ == "__main__":`, or in another file.',
        )
    asked: dict[str, Predictor] = catalog.ready.setdefault("workers", {})
    if model.key not in asked:
        from mlsm.runtimes.isolated import load

        sharing = [members for members in _sharing(catalog) if members[0].key not in asked]
        place = next(place for place, members in enumerate(sharing) if model in members)
        begun = [_begun(catalog, members) for members in sharing[place : place + cores()]]
        members = sharing[place]
        asked.update(zip((member.key for member in members), load(members, begun[0]), strict=True))
    return asked[model.key]


def cores() -> int:
    """Count the cores that this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def _sharing(catalog: Catalog) -> list[list[Model]]:
    """List the isolated models as they share processes: those of a group, with the same limits; each other one alone.

    The processes are in the order in which they are asked for first.
    """
    processes: dict[Any, list[Model]] = {}
    for model in catalog.order:
        if model.isolation.isolated and not isinstance(model, AbsentModel):
            processes.setdefault(model.key if model.isolation.group is None else model.isolation, []).append(model)
    return list(processes.values())


def _begun(catalog: Catalog, members: Sequence[Model]) -> SharedWorker:
    from mlsm.runtimes.isolated import begin
    from mlsm.service.specification import ENTRY

    begun: dict[str, SharedWorker] = catalog.ready.setdefault("begun", {})
    if members[0].key not in begun:
        begun[members[0].key] = begin(members, [_specification(catalog, member) for member in members], ENTRY)
    return begun[members[0].key]


def _specification(catalog: Catalog, model: Model) -> dict[str, Any]:
    from mlsm.service.specification import specification_of

    upstreams = {name: catalog[key] for name, key in catalog.upstreams(model.key).items()}
    return specification_of(model, {name: (each.name, each.version, each.status) for name, each in upstreams.items()})
