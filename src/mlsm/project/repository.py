"""What a model repository lists: its `mlsm.toml`, or `[tool.mlsm]` in its `pyproject.toml`.

It is read as a project's file is, so that whoever writes models can score and check in their
own repository. Of what it says, its models count elsewhere: `[models] paths`, `[[model]]`
(a fitted model by its path, or a function by `module:name`) and `[[summary]]`. Statuses,
inputs and stores are the business of the project that names it as a source.
"""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from mlsm._model import Model
from mlsm._toml import Lines
from mlsm.errors import ProjectError
from mlsm.project.document import MANIFEST, Document, read_document
from mlsm.project.entries import make_models
from mlsm.project.manifest import Manifest, SourceEntry, read_manifest
from mlsm.project.mistakes import Mistake
from mlsm.project.models import distinct, find_models
from mlsm.project.values import MODULE

__all__ = ["PYPROJECT", "check_repository", "load_repository"]

PYPROJECT = "pyproject.toml"


@dataclass(frozen=True, slots=True, kw_only=True)
class _Function:
    """A function that is listed by its module and its name there."""

    module: str
    name: str
    place: str


def load_repository(folder: Path, called: str) -> list[Model]:
    """Load the models that a repository lists, each with the version that it gives itself.

    Args:
        folder: its folder on this machine.
        called: what the source is called, for messages.

    Raises:
        ProjectError: there are mistakes, all of which it tells.
    """
    document, functions, mistakes = _functions(_document(folder, called))
    manifest, wrong = read_manifest(folder, {}, document)
    mistakes += wrong
    root = folder / "src" if (folder / "src").is_dir() and not _beside(folder, functions) else folder
    found = find_models(_listed(manifest, document, functions), folder)
    mistakes += found.mistakes
    asked = find_models([SourceEntry(f"{MODULE}{one.module}", one.place) for one in functions], root)
    mistakes += [*asked.mistakes, *_unknown(asked.models, functions)]
    declared, wrong = make_models(manifest.entries, folder)
    mistakes += wrong
    named = [model for model in asked.models if _variable(model) in {one.name for one in functions}]
    placed = [_placed(model, folder) for model in [*found.models, *declared]]
    models, doubles = distinct([*placed, *(_placed(model, root) for model in named)])
    mistakes += doubles
    _refuse(mistakes, called)
    if not models:
        raise ProjectError(
            f"The repository {called!r} lists no model.",
            hint=f'List its files in {MANIFEST}: [models] paths = ["models"], or [[model]] with a path or a function.',
        )
    return models


def check_repository(folder: Path, called: str) -> None:
    """Read what a repository lists, but none of its models: whoever builds an environment for them does so first.

    Raises:
        ProjectError: there are mistakes, all of which it tells.
    """
    document, _, mistakes = _functions(_document(folder, called))
    _refuse([*mistakes, *read_manifest(folder, {}, document)[1]], called)


def _refuse(mistakes: list[Mistake], called: str) -> None:
    if mistakes:
        count = "1 mistake" if len(mistakes) == 1 else f"{len(mistakes)} mistakes"
        raise ProjectError(f"The repository {called!r} has {count}:", problems=[str(mistake) for mistake in mistakes])


def _document(folder: Path, called: str) -> Document:
    document = read_document(folder) if (folder / MANIFEST).is_file() else _pyproject(folder, called)
    said = document.values.get("project", {})
    # Its dependencies may be all that it says of itself there.
    project = {"name": called, **said} if isinstance(said, Mapping) else said
    return replace(document, values={**document.values, "project": project})


def _pyproject(folder: Path, called: str) -> Document:
    hint = "`mlsm init --model-repo DIR` makes a repository with one."
    try:
        text = (folder / PYPROJECT).read_text("utf-8")
        said = tomllib.loads(text)
    except FileNotFoundError as error:
        message = f"The repository {called!r} has neither {MANIFEST} nor {PYPROJECT}, which would list its models."
        raise ProjectError(message, hint=hint) from error
    except (UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise ProjectError(f"{PYPROJECT} of {called!r} is no TOML: {error}.", hint="Mend it there.") from error
    values = said.get("tool", {}).get("mlsm")
    if not isinstance(values, dict):
        message = f"The repository {called!r} has no {MANIFEST}, and no [tool.mlsm] in its {PYPROJECT}."
        raise ProjectError(message, hint=hint)
    return Document(values=values, lines=Lines(text), variables={}, file=PYPROJECT, above=("tool", "mlsm"))


def _functions(document: Document) -> tuple[Document, list[_Function], list[Mistake]]:
    """Take the functions out of `[[model]]`."""
    said = document.values.get("model")
    functions, mistakes, left = [], [], []
    for number, entry in enumerate(said if isinstance(said, list) else []):
        if not isinstance(entry, dict) or "function" not in entry:
            left.append(entry)
            continue
        place = document.place(("model", number, "function"))
        module, _, name = str(entry["function"]).partition(":")
        surplus = sorted(entry.keys() - {"function"})
        if not all(part.isidentifier() for part in (*module.split("."), name)):
            message = f"[[model]] function is {entry['function']!r}; expected 'module:name'."
            mistakes.append(Mistake(place, message, 'Write function = "acme.scoring:fit".'))
        elif surplus:
            message = f"[[model]] with a function has {', '.join(surplus)} too; expected no other key."
            mistakes.append(Mistake(place, message, "Say name, version and fields where the function is declared."))
        else:
            functions.append(_Function(module=module, name=name, place=place))
    values = {key: value for key, value in document.values.items() if key != "model"} | (
        {"model": left} if left else {}
    )
    return replace(document, values=values), functions, mistakes


def _listed(manifest: Manifest, document: Document, functions: list[_Function]) -> tuple[SourceEntry, ...]:
    """Give the folders that are listed; where functions are, the usual folder need not be there."""
    said: Any = document.values.get("models")
    if functions and "paths" not in (said if isinstance(said, Mapping) else {}):
        return ()
    return manifest.sources


def _beside(folder: Path, functions: list[_Function]) -> bool:
    tops = {one.module.partition(".")[0] for one in functions}
    return any((folder / f"{top}.py").is_file() or (folder / top).is_dir() for top in tops)


def _unknown(models: list[Model], functions: list[_Function]) -> list[Mistake]:
    names = {_variable(model) for model in models}
    return [
        Mistake(
            one.place, f"there is no model {one.name!r} in module {one.module!r}.", "Decorate it: @mlsm.model(...)."
        )
        for one in functions
        if one.name not in names and models
    ]


def _variable(model: Model) -> str:
    return (model.source or "").rpartition(":")[2]


def _placed(model: Model, root: Path) -> Model:
    """Say a model's file by its whole path: its source lies outside of the project."""
    return (
        model
        if model.source is None or model.source.startswith(MANIFEST)
        else model.with_source(f"{root / model.source}")
    )
