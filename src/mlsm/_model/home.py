"""Where another process finds a function model: the module, its file, the folders beside it."""

from __future__ import annotations

import sys
from collections.abc import Iterator, Mapping
from functools import partial
from pathlib import Path
from types import ModuleType
from typing import Any

from mlsm._model.abroad import Abroad, Home
from mlsm._model.model import Model
from mlsm._model.rules import RuleSummary
from mlsm.errors import DeclarationError

__all__ = ["MAIN", "home_of"]

MAIN = "__mlsm_main__"
"""What a script is called where it is imported by another process, so that it does not start over."""


def home_of(model: Model) -> Home | None:
    """Find a model's module, and remember it; None for a model that is a file of its own.

    Raises:
        DeclarationError: there is none that another process could import.
    """
    if isinstance(model, RuleSummary):
        raise DeclarationError(
            f"{model.key!r} is a declared summary, which is code of ours and runs inline; it cannot be isolated.",
            hint="Isolate what it stands on.",
        )
    if model.kind not in ("function", "summary"):
        return None
    if isinstance(model.fcn, Abroad):
        return model.fcn.home
    if "home" not in model._cache:  # noqa: SLF001 - of one floor
        found = next(_homes(model), None)
        if found is None:
            raise DeclarationError(
                f"{model.key!r} can only run inline: no module with a file holds it at its top level, so that no "
                "other process can import it.",
                hint="Put it at the top level of a .py file, or leave its isolation out.",
            )
        model._cache["home"] = found  # noqa: SLF001 - as above
    home: Home = model._cache["home"]  # noqa: SLF001 - as above
    return home


def _homes(model: Model) -> Iterator[Home]:
    function: Any = model.fcn
    while isinstance(function, partial):
        function = function.func
    first = sys.modules.get(str(getattr(function, "__module__", None)))
    for module in [first, *list(sys.modules.values())]:
        if isinstance(module, ModuleType) and getattr(module, "__file__", None) and _holds(module, model):
            yield _home(module, model.key)


def _holds(module: ModuleType, model: Model) -> bool:
    # By its type: to ask a stranger's object for its class may run a stranger's code.
    held = [value for value in list(vars(module).values()) if issubclass(type(value), Model)]
    return any(value.key == model.key and value.fcn is model.fcn for value in held)


def _home(module: ModuleType, key: str) -> Home:
    file = Path(str(module.__file__)).resolve()
    name = MAIN if module.__name__ == "__main__" else module.__name__
    root = file.parents[name.count(".") + (file.name == "__init__.py")]
    top = name.partition(".")[0]
    folders: Mapping[str, Path] = {}
    for finder in sys.meta_path:  # the one for model folders knows what is found beside a file
        beside = getattr(finder, "folders_beside", None)
        folders = folders or (beside(top) if beside is not None else {})
    beside_it = {n: str(f) for n, f in folders.items()}
    return Home(module=name, file=str(file), root=str(root), folders=beside_it, key=key)
