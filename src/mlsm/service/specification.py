"""Models as specifications, from which another process builds the same again: names of functions, not their code.

A model that is isolated is told to its worker as the place where it is found, in plain values. A catalog
is told to the workers of a run with all that its models declare, since they run all of it.
"""

from __future__ import annotations

import io
import pickle
import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from importlib import import_module, util
from importlib.machinery import SourceFileLoader
from pathlib import Path
from types import FunctionType, ModuleType
from typing import TYPE_CHECKING, Any

from mlsm._guard import Raised, attempt
from mlsm._model import MAIN, Abroad, ArtefactModel, Model, RuleSummary, home_of
from mlsm.errors import CatalogError, DeclarationError

if TYPE_CHECKING:
    from mlsm._catalog import Catalog

__all__ = ["ENTRY", "Specification", "Unbuildable", "rebuilt", "specification_of", "specified"]

ENTRY = "mlsm.service.elsewhere:Elsewhere"
_FUNCTIONS = ("fcn", "when")


class Unbuildable(Exception):  # noqa: N818 - told by a worker, raised by its parent as a mistake
    """The model is not where its specification says.

    Args:
        message: what is missing.
        hint: the way out.
    """

    def __init__(self, message: str, hint: str | None = None) -> None:
        super().__init__(message)
        self.hint = hint


def specification_of(model: Model, upstreams: dict[str, tuple[str, str, str]]) -> dict[str, Any]:
    """Say what a model is built from; plain values only.

    Args:
        model: the model.
        upstreams: name, version and status of what a summary stands on, by parameter.

    Raises:
        DeclarationError: no other process can import it.
    """
    home = home_of(model)
    said: dict[str, Any] = {"key": model.key, "upstreams": upstreams, "path": None}
    # What its parent cannot hold, a condition and classes of its own, is dealt with there.
    said["abroad"] = isinstance(model.fcn, Abroad)
    if model.isolation.rung == "process":
        said["path"] = list(sys.path)
    if home is not None:
        return said | {
            "module": home.module,
            "file": home.file,
            "root": home.root,
            "folders": dict(home.folders),
            "key": home.key,
        }
    if not isinstance(model, ArtefactModel):
        raise DeclarationError(f"{model.key!r} is of the kind {model.kind!r}, which cannot be isolated.")
    return said | {
        "module": None,
        "name": model.name,
        "version": model.version,
        "fields": model.inputs,
        "kind": model.kind,
        "file": str(model.path),
        "options": dict(model.options),
        "wants_as_of": model.wants_as_of,
        "range": model.range,
        "labels": model.labels,
    }


def rebuilt(said: dict[str, Any]) -> Model:
    """Build the model that a specification means.

    Raises:
        Unbuildable: it is not where it should be.
    """
    if said["path"] is not None:
        sys.path[:] = said["path"]
    if said["module"] is None:
        return ArtefactModel(
            said["name"], said["fields"], said["version"], kind=said["kind"], path=Path(said["file"]),
            options=said["options"], wants_as_of=said["wants_as_of"], range=said["range"], labels=said["labels"],
        )  # fmt: skip
    module = _imported(said)
    for value in list(vars(module).values()):
        if issubclass(type(value), Model) and value.key == said["key"]:
            found: Model = value
            return found
    raise Unbuildable(
        f"there is no model {said['key']!r} among the globals of {said['file']!r} when another process imports it.",
        "Declare it at the top level, not under a condition.",
    )


def _imported(said: dict[str, Any]) -> ModuleType:
    name = said["module"]
    if name == MAIN:
        return _script(said["file"])
    if said["folders"]:
        _claim({each: Path(folder) for each, folder in said["folders"].items()})
    elif said["root"] not in sys.path:
        sys.path.insert(0, said["root"])
    module = import_module(name)
    if Path(str(module.__file__)).resolve() != Path(said["file"]):
        raise Unbuildable(
            f"the name {name!r} means {module.__file__!r} there; expected {said['file']!r}.", "Rename its file."
        )
    return module


def _claim(folders: Mapping[str, Path]) -> None:
    from mlsm.project.finder import installed_finder

    installed_finder().claim(folders)


def _script(file: str) -> ModuleType:
    """Import the program itself under a name of its own, so that it does not run again."""
    loader = SourceFileLoader(MAIN, file)
    spec = util.spec_from_loader(MAIN, loader)
    assert spec is not None  # noqa: S101 - a loader of files always has one
    if str(Path(file).parent) not in sys.path:
        sys.path.insert(0, str(Path(file).parent))
    module = sys.modules[MAIN] = util.module_from_spec(spec)
    loader.exec_module(module)
    return module


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
        from mlsm._catalog import Catalog

        for names in self.folders:
            _claim(names)
        if self.script is not None and MAIN not in sys.modules:
            _script(self.script)
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
        folders=_folders(),
        script=_program() if any(MAIN.encode() in model for model in models) else None,
    )


def _folders() -> tuple[Mapping[str, Path], ...]:
    """Name the folders from which projects have loaded models; where none did, there is nothing to import for it."""
    finder: Any = sys.modules.get("mlsm.project.finder")
    return () if finder is None else tuple(names.folders for names in finder.installed_finder().loaded)


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
    found = _at(sys.modules[MAIN] if module == MAIN else import_module(module), name, of)
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
    return MAIN if getattr(module, "__file__", None) else None


def _program() -> str | None:
    main = sys.modules.get("__main__")
    return None if main is None or _main_name(main) != MAIN else str(Path(str(main.__file__)).resolve())
