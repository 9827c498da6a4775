"""Collect models from folders of files, single files and modules."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import ModuleType

from mlsm._guard import Raised, attempt
from mlsm._model import Model, SummaryModel, check_key
from mlsm.project.finder import installed_finder
from mlsm.project.imports import declared_wrongly, import_module, shown_path
from mlsm.project.manifest import SourceEntry
from mlsm.project.mistakes import Mistake
from mlsm.project.sources import Claim, Unit, free_names, kept_names, resolve

__all__ = ["FoundModels", "distinct", "find_models"]


@dataclass(frozen=True, slots=True)
class FoundModels:
    """The models of all sources, in order, and what is wrong with their files.

    `complete` is false where a file could not be imported, so that what it would have
    declared is unknown; `unread` tells which, if nothing but that is wrong.
    """

    models: list[Model]
    mistakes: list[Mistake]
    complete: bool
    unread: tuple[tuple[Path, Mistake], ...] = ()


def find_models(entries: Sequence[SourceEntry], root: Path) -> FoundModels:
    """Import every source and collect the models among the globals of its modules.

    Files come in the order of their names, models in the order of their definition. Each
    model's `source` is its file, from the root, and its name there: `models/fit.py:fit`.

    Args:
        entries: folders and files, relative to the root, and `module:name`.
        root: the project's folder.
    """
    root = root.resolve()
    units, claims, mistakes = _resolved(entries, root)
    free, wrong, refused = free_names(claims, root)
    kept = kept_names(installed_finder().claim(free), claims, root)
    mistakes += [*wrong, *kept]
    if kept:  # the files stand for nothing yet, and importing them would accuse them of what is not theirs
        return FoundModels([], mistakes, complete=False)
    modules: dict[str, ModuleType] = {}
    unread: list[tuple[Path, Mistake]] = []
    before = len(mistakes)
    for unit in units:
        if unit.file not in refused:
            imported = import_module(unit.name, unit.file, root, unit.place)
            if isinstance(imported, ModuleType):
                modules[unit.name] = imported
            else:
                mistakes.append(imported)
                if unit.file is not None:
                    unread.append((unit.file, imported))
    alone = not before and len(unread) == len(mistakes)
    complete = not mistakes
    readable, unreadable = _readable(_collect(modules, root))
    models, doubles = distinct(readable)
    mistakes += [*unreadable, *doubles]
    if complete and entries and not models and not mistakes:
        mistakes.append(_none(entries))
    alone = alone and len(unread) == len(mistakes)
    return FoundModels(models, mistakes, complete, tuple(unread) if alone else ())


def _resolved(entries: Sequence[SourceEntry], root: Path) -> tuple[list[Unit], list[Claim], list[Mistake]]:
    units: dict[tuple[str, Path | None], Unit] = {}
    claims: list[Claim] = []
    mistakes: list[Mistake] = []
    for entry in entries:
        found = resolve(entry, root)
        if isinstance(found, Mistake):
            mistakes.append(found)
            continue
        for unit in found[0]:
            units.setdefault((unit.name, unit.file), unit)
        claims += found[1]
    return list(units.values()), claims, mistakes


def _collect(modules: Mapping[str, ModuleType], root: Path) -> Iterator[Model]:
    """Yield each model once, with its source: one that is imported elsewhere too counts at home."""
    seen: set[int] = set()
    for name, module in modules.items():
        for variable, value in vars(module).items():
            # By its type: to ask a stranger's object for its class may run a stranger's code.
            if not issubclass(type(value), Model) or id(value) in seen:
                continue
            home = modules.get(str(getattr(value.fcn, "__module__", name)), module)
            if home is module or all(value is not other for other in vars(home).values()):
                seen.add(id(value))
                yield value.with_source(f"{_origin(name, module, root)}:{variable}")


def _origin(name: str, module: ModuleType, root: Path) -> str:
    file = getattr(module, "__file__", None)
    return shown_path(Path(file), root) if file is not None and Path(file).is_relative_to(root) else name


def _readable(models: Iterator[Model]) -> tuple[list[Model], list[Mistake]]:
    """Sort out models that are declared wrongly, which only shows when they are read."""
    readable, mistakes = [], []
    for model in models:
        read = attempt(_read, model)
        if isinstance(read, Raised):
            mistakes.append(declared_wrongly(read, f"model {model.key!r}", _file(model)))
        else:
            readable.append(model)
    return readable, mistakes


def _read(model: Model) -> None:
    check_key(model.name, model.version)
    _ = model.inputs
    if isinstance(model, SummaryModel):
        _ = model.upstreams


def distinct(models: Sequence[Model]) -> tuple[list[Model], list[Mistake]]:
    """Keep the first model of each key."""
    first: dict[str, Model] = {}
    mistakes = []
    for model in models:
        former = first.setdefault(model.key, model)
        if former is not model:
            message = f"{model.key!r} is {model.source} here and {former.source} as well; expected one model a version."
            hint = "Give one of them another version; a version is any text."
            mistakes.append(Mistake(_file(model), message, hint))
    return list(first.values()), mistakes


def _file(model: Model) -> str:
    return (model.source or model.key).rpartition(":")[0] or model.key


def _none(entries: Sequence[SourceEntry]) -> Mistake:
    shown = " or ".join(repr(entry.text) for entry in entries)
    hint = "Decorate a function with @mlsm.model(version=...), at the top level of a file."
    return Mistake(entries[0].place, f"no model is defined in {shown}; expected one or more.", hint)
