"""Folders with modules of the same names: each is loaded by itself, if all of its models run in other processes."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from pathlib import Path

from mlsm._guard import Raised, attempt
from mlsm._model import Model, home_of
from mlsm.project.finder import installed_finder
from mlsm.project.isolation import IsolationPlan, apply_isolation
from mlsm.project.manifest import SourceEntry
from mlsm.project.mistakes import Mistake
from mlsm.project.models import FoundModels, distinct, find_models
from mlsm.project.sources import resolve

__all__ = ["find_models_aside"]


def find_models_aside(entries: Sequence[SourceEntry], root: Path, plan: IsolationPlan) -> FoundModels:
    """Find models as `find_models` does, those of folders that share names with others aside.

    A folder can stand aside if all of its models are isolated, by their code or by the plan: their
    processes know the names of their own folder alone. What cannot, stays among the others, where two
    modules of one name are refused. Models that stand aside come after the others.
    """
    aside: dict[SourceEntry, list[Model]] = {}
    for entry in _sharing(entries, root.resolve()):
        with installed_finder().lent():
            found = find_models([entry], root)
            models, _ = apply_isolation(found.models, plan)
            if models and not found.mistakes and all(map(_stands_elsewhere, models)):
                # Where they are found, and what they are, shows only while their modules are there.
                aside[entry] = [model for model in found.models if not isinstance(attempt(_noted, model), Raised)]
    rest = find_models([entry for entry in entries if entry not in aside], root)
    if not aside:
        return rest
    models, doubles = distinct([*rest.models, *(model for models in aside.values() for model in models)])
    return FoundModels(models, [*rest.mistakes, *doubles], rest.complete, () if doubles else rest.unread)


def _sharing(entries: Sequence[SourceEntry], root: Path) -> list[SourceEntry]:
    """Give the entries that lay claim to a name to which another one does as well."""
    names = {}
    for entry in entries:
        found = resolve(entry, root)
        if not isinstance(found, Mistake):
            names[entry] = {(claim.name, claim.path) for claim in found[1]}
    files = Counter(name for name, _ in set().union(*names.values())) if names else Counter[str]()
    return [entry for entry, claims in names.items() if any(files[name] > 1 for name, _ in claims)]


def _stands_elsewhere(model: Model) -> bool:
    return model.isolation.isolated and not isinstance(attempt(home_of, model), Raised)


def _noted(model: Model) -> None:
    _ = home_of(model), model.digest
