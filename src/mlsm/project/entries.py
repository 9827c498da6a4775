"""`[[model]]` and `[[summary]]`: models that the project file itself declares."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path
from typing import Any

from mlsm._model import Model, split_key
from mlsm._model.rules import RULES, read_options, summary_of
from mlsm.errors import DeclarationError, InputError, MissingExtraError, MlsmError
from mlsm.project.artefacts import declare_artefact
from mlsm.project.document import MANIFEST, Document
from mlsm.project.forms import shown
from mlsm.project.isolation import ISOLATION_KEYS, said_isolation
from mlsm.project.keys import ENTRIES
from mlsm.project.mistakes import Mistake, listed, nearest
from mlsm.runtimes import ARTEFACTS

__all__ = ["Entry", "make_models", "read_entries"]

_Is = Callable[[Any], bool]
_TYPES: dict[str, Any] = {
    "int": int,
    "float": float,
    "str": str,
    "bool": bool,
    "date": date,
    "datetime": datetime,
}


def _text(value: Any) -> bool:
    return isinstance(value, str) and bool(value)


def _number(value: Any) -> bool:
    return isinstance(value, (int, float)) and not isinstance(value, bool)


def _range(value: Any) -> bool:
    return isinstance(value, list) and len(value) == 2 and all(map(_number, value)) and value[0] <= value[1]


def _texts(value: Any) -> bool:
    return isinstance(value, list) and all(map(_text, value))


def _fields(value: Any) -> bool:
    return isinstance(value, dict) and all(_text(kind) and kind.removesuffix("?") in _TYPES for kind in value.values())


_MODEL: dict[str, tuple[_Is, str]] = {
    "name": (_text, 'name = "propensity"'),
    "version": (_text, 'version = "1.0"'),
    "path": (_text, 'path = "models/propensity.skops"'),
    "kind": (lambda value: value in ARTEFACTS, f"kind: one of {listed(ARTEFACTS)}"),
    "fields": (_fields, 'fields = { age = "int", job = "str?" }, with ? where a value may be missing'),
    "range": (_range, "range = [0, 100]"),
    "labels": (_texts, 'labels = ["A", "B"], best first'),
    "output": (lambda value: value in ("probability", "value"), 'output = "probability", or "value"'),
    "class": (lambda value: _text(value) or _number(value) or isinstance(value, bool), 'class = "yes"'),
    "classes": (_texts, 'classes = ["no", "yes"], in the order of the file'),
    "scale": (_number, "scale = 100"),
    "tensor": (_text, 'tensor = "probabilities"'),
    "trust": (lambda value: isinstance(value, bool) or _texts(value), "trust = true, or a list of names of types"),
    **ISOLATION_KEYS,
    "baseline": (lambda value: isinstance(value, dict), "baseline = { age = 40 }"),
}
_SUMMARY: dict[str, tuple[_Is, str]] = {
    "name": (_text, 'name = "best"'),
    "version": (_text, 'version = "1"'),
    "rule": (lambda value: value in RULES, f"rule: one of {listed(RULES)}"),
    "models": (lambda value: _texts(value) or isinstance(value, dict), 'models = ["fit", "propensity"]'),
}
_REQUIRED = {"model": ("name", "version", "path"), "summary": ("name", "version", "rule", "models")}
_OF_MODEL = frozenset({"name", "version", "path", "kind", "fields", "range", "labels", *ISOLATION_KEYS})
"""Keys that are said of a model itself; the others are options of its runtime."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """One declared model: which array it stands in, what is said, and where."""

    array: str
    said: Mapping[str, Any]
    place: str


def read_entries(document: Document) -> tuple[list[Entry], list[Mistake]]:
    """Read `[[model]]` and `[[summary]]`; one with a mistake is left out."""
    entries: list[Entry] = []
    mistakes: list[Mistake] = []
    for array in ENTRIES:
        inside = document.values.get(array, [])
        if not isinstance(inside, list):
            place = document.place((array,))
            mistakes.append(Mistake(place, f"{array!r} is {shown(inside)}; expected tables.", f"Write [[{array}]]."))
            continue
        for number, said in enumerate(inside):
            wrong = list(_mistakes(document, array, number, said))
            mistakes += wrong
            if not wrong:
                entries.append(Entry(array=array, said=said, place=document.place((array, number))))
    return entries, mistakes


def make_models(entries: Sequence[Entry], folder: Path) -> tuple[list[Model], list[Mistake]]:
    """Make the models that are declared; those that cannot be made are told of."""
    models: list[Model] = []
    mistakes = []
    for entry in entries:
        try:
            models.append(_artefact(entry, folder) if entry.array == "model" else _summary(entry))
        except (DeclarationError, InputError, MissingExtraError) as error:
            for told in _told(error):
                said, _, hint = told.partition("\n    Hint: ")  # a table's mistakes have hints of their own
                mistakes.append(Mistake(entry.place, said, hint or error.hint or "Mend it, or take the entry out."))
    return models, mistakes


def _told(error: MlsmError) -> list[str]:
    """Give an error's single mistakes; its message goes before each, unless it merely counts them."""
    if not error.problems:
        return [str(error).splitlines()[0]]
    if error.message.endswith(":"):
        return list(error.problems)
    return [f"{error.message} {problem}" for problem in error.problems]


def _mistakes(document: Document, array: str, number: int, said: Any) -> Iterator[Mistake]:
    """Hold one table against the keys that may stand in it."""
    place = document.place((array, number))
    if not isinstance(said, dict):
        yield Mistake(place, f"{array!r} holds {shown(said)}; expected a table.", f"Write [[{array}]].")
        return
    keys = _MODEL if array == "model" else _SUMMARY
    for name in _REQUIRED[array]:
        if name not in said:
            yield Mistake(place, f"[[{array}]] has no {name}.", f"Write {keys[name][1]}.")
    if array == "summary":
        yield from _misruled(document, number, said)
    for name, value in said.items():
        here = document.place((array, number, name))
        if name in keys:
            holds, example = keys[name]
            if not holds(value):
                yield Mistake(
                    here, f"[[{array}]] {name} is {shown(value)}, which cannot be meant.", f"Write {example}."
                )
        elif array == "model":
            near = nearest(name, keys)
            message = f"[[{array}]] has no key {name!r}; expected one of {listed(keys, 20)}."
            yield Mistake(here, message, f"Did you mean {near!r}?" if near else "Remove it.")


def _misruled(document: Document, number: int, said: Mapping[str, Any]) -> Iterator[Mistake]:
    """Hold the options of a summary against its rule; whether there is such a rule is told when it is made."""
    options = {key: value for key, value in said.items() if key not in _SUMMARY}
    upstreams = said.get("models", [])
    if said.get("rule") not in RULES or not _SUMMARY["models"][0](upstreams):
        return
    for problem in read_options(said["rule"], options, [split_key(one)[0] for one in upstreams])[1]:
        place = document.place(("summary", number, *problem.path))
        what = ".".join(map(str, problem.path)) or str(said.get("name", "it"))
        yield Mistake(place, f"[[summary]] {what} {problem.what}", problem.hint)


def _artefact(entry: Entry, folder: Path) -> Model:
    said = entry.said
    path = folder / said["path"]
    if not path.exists():
        raise InputError(f"The file {said['path']!r} is not there.", hint=f"Paths start from {str(folder)!r}.")
    fields = {field: _annotation(kind) for field, kind in said["fields"].items()} if "fields" in said else None
    return declare_artefact(
        path,
        name=said["name"],
        version=said["version"],
        kind=said.get("kind"),
        fields=fields,
        range=said.get("range"),
        labels=said.get("labels"),
        options={key: value for key, value in said.items() if key not in _OF_MODEL},
        source=said["path"],
    ).with_isolation(said_isolation(said, folder))


def _annotation(kind: str) -> Any:
    plain = _TYPES[kind.removesuffix("?")]
    return plain | None if kind.endswith("?") else plain


def _summary(entry: Entry) -> Model:
    said = entry.said
    options = {key: value for key, value in said.items() if key not in _SUMMARY}
    model = summary_of(said["rule"], name=said["name"], version=said["version"], models=said["models"], options=options)
    return model.with_source(f"{MANIFEST}:{said['name']}")
