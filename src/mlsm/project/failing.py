"""What is done about models that fail, by the project file: `[breaker]`, `[failing]`, `[failing.models]`."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from mlsm._model import ON_FAILURE, Breaker, Failing, Model
from mlsm.errors import DeclarationError
from mlsm.project.document import Document
from mlsm.project.forms import shown
from mlsm.project.mistakes import Mistake, listed, nearest
from mlsm.project.statuses import unknown_model

__all__ = ["FailingPlan", "apply_failing", "read_failing"]

_BREAKER = ("share", "window", "draft_share", "draft_window", "cooldown")


def _number(value: Any) -> bool:
    return isinstance(value, (int, float)) and not isinstance(value, bool)


def _share(value: Any) -> bool:
    return _number(value) and 0 <= value <= 1


def _calls(value: Any) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and value >= 1


_KEYS: Mapping[str, tuple[Any, str]] = {
    "on_failure": (lambda value: value in ON_FAILURE, f"on_failure: one of {listed(ON_FAILURE)}"),
    "score": (_number, "score = 0.0"),
    "label": (lambda value: isinstance(value, str) and bool(value), 'label = "unknown"'),
    "max_failed": (_share, "max_failed = 0.05, a share from 0 to 1"),
    "max_invalid": (_share, "max_invalid = 0.2, a share from 0 to 1"),
    "share": (_share, "share = 0.5, from 0 to 1"),
    "window": (_calls, "window = 1000, a number of calls"),
    "draft_share": (_share, "draft_share = 0.5, from 0 to 1"),
    "draft_window": (_calls, "draft_window = 200, a number of calls"),
    "cooldown": (lambda value: _number(value) and value >= 0, "cooldown = 30, in seconds"),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Said:
    """What is said of one model, and where."""

    name: str
    told: Mapping[str, Any]
    place: str


@dataclass(frozen=True, slots=True, kw_only=True)
class FailingPlan:
    """What is done about failures.

    Args:
        breaker: when a model is no longer called, where its code does not say so.
        on_failure: what stands in, where neither code nor project say so of a model.
        models: what is said of some, by name or `name@version`.
    """

    breaker: Breaker
    on_failure: Any
    models: tuple[Said, ...] = ()


def read_failing(document: Document, values: Mapping[tuple[str, str], Any]) -> tuple[FailingPlan, list[Mistake]]:
    """Read the three sections; what is wrong with a model's entry is told, and it is left out."""
    said: list[Said] = []
    mistakes: list[Mistake] = []
    for name, entry in values["failing", "models"].items():
        path = ("failing", "models", name)
        inside = {"on_failure": entry} if isinstance(entry, str) else entry
        if not isinstance(inside, dict):
            message = f"[failing.models] {name} is {shown(entry)}; expected a word or a table."
            mistakes.append(Mistake(document.place(path), message, f'Write "{name}" = "last_good".'))
            continue
        wrong = list(_mistakes(document, path, inside, whole=isinstance(entry, str)))
        mistakes += wrong
        if not wrong:
            said.append(Said(name=name, told=inside, place=document.place(path)))
    breaker = Breaker(**{name: values["breaker", name] for name in _BREAKER})
    return FailingPlan(breaker=breaker, on_failure=values["failing", "on_failure"], models=tuple(said)), mistakes


def apply_failing(models: Sequence[Model], plan: FailingPlan) -> tuple[list[Model], list[Mistake]]:
    """Have failures dealt with as the project says; a version goes before a name, both before the code."""
    mistakes = [
        unknown_model(said.place, "failing.models", said.name, models)
        for said in plan.models
        if not any(said.name in (model.name, model.key) for model in models)
    ]
    changed = []
    for model in models:
        failing = model.failing
        if failing.breaker == Breaker():
            failing = replace(failing, breaker=plan.breaker)
        if failing.on_failure == "skip":
            failing = replace(failing, on_failure=plan.on_failure)
        for said in sorted(plan.models, key=lambda said: "@" in said.name):
            if said.name in (model.name, model.key):
                found = _over(said, failing)
                if isinstance(found, Mistake):
                    mistakes.append(found)
                else:
                    failing = found
        changed.append(model if failing == model.failing else model.with_failing(failing))
    return changed, mistakes


def _over(said: Said, failing: Failing) -> Failing | Mistake:
    """Let what the project says go before what the code says."""
    told = dict(said.told)
    breaker = {name: told.pop(name) for name in _BREAKER if name in told}
    if told.get("on_failure", "default") != "default":
        told = {"score": None, "label": None} | told
    try:
        return replace(failing, breaker=replace(failing.breaker, **breaker), **told)
    except DeclarationError as error:
        message = f"[failing.models] {said.name}: {' '.join(error.problems)}"
        return Mistake(said.place, message, 'Such as { on_failure = "default", score = 0.0 }, or "last_good".')


def _mistakes(
    document: Document, path: tuple[str, ...], inside: Mapping[str, Any], *, whole: bool
) -> Iterator[Mistake]:
    for key, value in inside.items():
        here = document.place(path if whole else (*path, key))
        if key not in _KEYS:
            near = nearest(key, _KEYS)
            message = f"[failing.models] {path[-1]} has no key {key!r}; expected one of {listed(_KEYS)}."
            yield Mistake(here, message, f"Did you mean {near!r}?" if near else "Remove it.")
        elif not _KEYS[key][0](value):
            message = f"[failing.models] {path[-1]}: {key} is {shown(value)}, which cannot be meant."
            yield Mistake(here, message, f"Write {_KEYS[key][1]}.")
