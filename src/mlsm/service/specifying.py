"""A catalog as a specification that another process builds again: names of functions, never their code."""

from __future__ import annotations

import importlib.util
import io
import pickle
import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from importlib import import_module
from importlib.machinery import SourceFileLoader
from pathlib import Path
from types import FunctionType, ModuleType
from typing import Any

from mlsm._catalog import Catalog
from mlsm._guard import Raised, attempt
from mlsm._model import Model, RuleSummary
from mlsm.errors import CatalogError, DeclarationError
from mlsm.project.finder import installed_finder

__all__ = ["SCRIPT", "Specification", "specified"]

SCRIPT = "__mlsm_main__"
"""What a script is called in the processes that import it: not `__main__`, so that it does not run again."""
_FUNCTIONS = ("fcn", "when")


@dataclass(frozen=True, slots=True, kw_only=True)
class Specification:
    """All that another process needs to build a catalog again.

    Args:
        models: each model, functions as the names under which they are found.
        digests: what they answer as, by key.
        folders: names of modules and the folders that hold them, loading by loading.
        script: the file of the program itself, where a model is defined there.
    """

    models: tuple[bytes, ...]
    digests: Mapping[str, str]
    folders: tuple[Mapping[str, Path], ...]
    script: str | None

    def build(self) -> Catalog:
        """Build the catalog, and make sure that it is the same.

        Raises:
            CatalogError: a model answers as something else here.
        """
        finder = installed_finder()
        for names in self.folders:
            finder.claim(names)
        if self.script is not None and SCRIPT not in sys.modules:
            _run_script(self.script)
        catalog = Catalog(pickle.loads(model) for model in self.models)  # noqa: S301 - made by our own parent
        if changed := [key for key, digest in self.digests.items() if catalog[key].digest != digest]:
            raise CatalogError(
                f"In a process of its own {', '.join(map(repr, changed))} would answer as another model; "
                "expected the digest that it has here.",
                hint="Has a file changed since? Else keep what the model reads in constants, or score with workers=0.",
            )
        return catalog


def specified(catalog: Catalog) -> Specification:
    """Describe a catalog for other processes.

    Raises:
        DeclarationError: a model's function has no name under which another process finds it.
    """
    models, problems = [], []
    for model in catalog.values():
        found = attempt(_described, model)
        if isinstance(found, Raised):
            problems.append(f"{model.key!r}: {found.failure.message}")
        else:
            models.append(found)
    if problems:
        raise DeclarationError(
            "Several processes cannot score with these models, which exist in this one only:",
            problems=problems,
            hint="Define their functions at the top level of a module, or score in this process (workers=0).",
        )
    return Specification(
        models=tuple(models),
        digests={model.key: model.digest for model in catalog.values()},
        folders=tuple(names.folders for names in installed_finder().loaded),
        script=_script() if any(SCRIPT.encode() in model for model in models) else None,
    )


def _described(model: Model) -> bytes:
    stream = io.BytesIO()
    _Describer(stream, protocol=5).dump(model)
    return stream.getvalue()


class _Describer(pickle.Pickler):
    def reducer_override(self, value: Any) -> Any:
        if isinstance(value, Model):
            return _model, (type(value), _state(value))
        if isinstance(value, FunctionType) and not _plain(value):
            return _function, _reference(value)
        return NotImplemented


def _state(model: Model) -> dict[str, Any]:
    slots = [slot for kind in type(model).__mro__ for slot in getattr(kind, "__slots__", ())]
    made = {"_cache", "fcn"} if isinstance(model, RuleSummary) else {"_cache"}
    return {slot: getattr(model, slot) for slot in slots if slot not in made}


def _model(kind: type[Model], state: dict[str, Any]) -> Model:
    model = object.__new__(kind)
    for slot, value in {"fcn": None, **state, "_cache": {}}.items():
        object.__setattr__(model, slot, value)
    return model.remade() if isinstance(model, RuleSummary) else model


def _plain(function: FunctionType) -> bool:
    """Tell whether a function is found everywhere under its own name."""
    module = sys.modules.get(function.__module__)
    return module is not None and module.__name__ != "__main__" and _at(module, function.__qualname__, None) is function


def _reference(function: FunctionType) -> tuple[str, str, str | None]:
    """Name a function: its module, a name there, and what of a model of this name it is.

    Raises:
        DeclarationError: nothing in its module is called so.
    """
    module = sys.modules.get(function.__module__)
    if module is not None and (module.__name__ != "__main__" or _main_name(module) is not None):
        for name, of in _names(function, module):
            if _at(module, name, of) is function:
                return _main_name(module) or module.__name__, name, of
    raise DeclarationError(f"its function {function.__qualname__!r} has no name in module {function.__module__!r}.")


def _names(function: FunctionType, module: ModuleType) -> Iterator[tuple[str, str | None]]:
    for of in (None, *_FUNCTIONS):
        yield function.__qualname__, of
    for name, value in list(vars(module).items()):
        if value is function:
            yield name, None
        elif issubclass(type(value), Model):
            yield from ((name, of) for of in _FUNCTIONS)


def _at(module: ModuleType, name: str, of: str | None) -> Any:
    found: Any = module
    for step in name.split("."):
        found = getattr(found, step, None)
    return found if of is None else getattr(found, of, None)


def _function(module: str, name: str, of: str | None) -> Any:
    found = _at(sys.modules[SCRIPT] if module == SCRIPT else import_module(module), name, of)
    # What stands there may be the model that a decorator made of it.
    if found is None:
        raise DeclarationError(f"There is no {name!r} in module {module!r} in this process.")
    return found


def _main_name(module: ModuleType) -> str | None:
    """Give the name under which the program's own module can be imported, None where it cannot be."""
    if module.__name__ != "__main__":
        return module.__name__
    spec = getattr(module, "__spec__", None)
    if spec is not None:
        return str(spec.name)
    return SCRIPT if getattr(module, "__file__", None) else None


def _script() -> str | None:
    main = sys.modules.get("__main__")
    return None if main is None or _main_name(main) != SCRIPT else str(Path(str(main.__file__)).resolve())


def _run_script(path: str) -> None:
    loader = SourceFileLoader(SCRIPT, path)
    spec = importlib.util.spec_from_loader(SCRIPT, loader)
    assert spec is not None  # noqa: S101 - a loader of files always has one
    module = importlib.util.module_from_spec(spec)
    sys.modules[SCRIPT] = module
    loader.exec_module(module)
