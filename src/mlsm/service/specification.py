"""A model as a specification: what another process needs to build the same one again."""

from __future__ import annotations

import importlib
import sys
from importlib import util
from pathlib import Path
from types import ModuleType
from typing import Any

from mlsm._model import MAIN, ArtefactModel, Model, home_of
from mlsm.errors import DeclarationError

__all__ = ["ENTRY", "Unbuildable", "rebuilt", "specification_of"]

ENTRY = "mlsm.service.elsewhere:Elsewhere"


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
        return _script(name, said["file"])
    if said["folders"]:
        from mlsm.project.finder import installed_finder

        installed_finder().claim({each: Path(folder) for each, folder in said["folders"].items()})
    elif said["root"] not in sys.path:
        sys.path.insert(0, said["root"])
    module = importlib.import_module(name)
    if Path(str(module.__file__)).resolve() != Path(said["file"]):
        raise Unbuildable(
            f"the name {name!r} means {module.__file__!r} there; expected {said['file']!r}.", "Rename its file."
        )
    return module


def _script(name: str, file: str) -> ModuleType:
    specification = util.spec_from_file_location(name, file)
    if specification is None or specification.loader is None:
        raise Unbuildable(f"the script {file!r} cannot be imported.")
    if str(Path(file).parent) not in sys.path:
        sys.path.insert(0, str(Path(file).parent))
    module = sys.modules[name] = util.module_from_spec(specification)
    specification.loader.exec_module(module)
    return module
