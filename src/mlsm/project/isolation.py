"""Where models run, by the project file: `[isolation]` for all, `[isolation.models]` for some."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from mlsm._model import RUNGS, Abroad, Isolation, Model, RuleSummary, read_memory, read_timeout
from mlsm.project.document import Document
from mlsm.project.forms import shown
from mlsm.project.mistakes import Mistake, listed, nearest
from mlsm.project.statuses import unknown_model

__all__ = [
    "ISOLATION_KEYS",
    "IsolationPlan",
    "apply_isolation",
    "read_isolation",
    "said_isolation",
]

ISOLATION_KEYS: Mapping[str, tuple[Any, str]] = {
    "isolation": (lambda value: value in RUNGS, f"isolation: one of {listed(RUNGS)}"),
    "timeout": (lambda value: read_timeout(value) is not None, "timeout = 2.5, or [2.5, 60] for a record and a part"),
    "memory": (lambda value: read_memory(value) is not None, 'memory = "512MB"'),
    "python": (lambda value: isinstance(value, str) and bool(value), 'python = ".venv-old/bin/python"'),
}
"""What may be said of one model; whether a value can be meant, and how it is written."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Said:
    """What is said of one model, and where."""

    name: str
    isolation: Isolation
    place: str


@dataclass(frozen=True, slots=True, kw_only=True)
class IsolationPlan:
    """Where models run.

    Args:
        default: for all of which nothing else is said.
        models: what is said of some, by name or `name@version`.
        place: where the default is said.
    """

    default: Isolation
    models: tuple[Said, ...] = ()
    place: str = ""


def _default(values: Mapping[tuple[str, str], Any], folder: Path) -> Isolation:
    """Make the default of what `[isolation]` says."""
    record, part = values["isolation", "timeout"], values["isolation", "part_timeout"]
    python = values["isolation", "python"]
    return Isolation(
        rung=values["isolation", "default"],
        timeout=record if part is None else (min(record or part, part), part),
        memory=values["isolation", "memory"],
        python=None if python is None else str(folder / python),
        variables=tuple(values["isolation", "variables"]),
    )


def read_isolation(
    document: Document, values: Mapping[tuple[str, str], Any], folder: Path
) -> tuple[IsolationPlan, list[Mistake]]:
    """Read `[isolation]` and `[isolation.models]`; what is wrong with a model's entry is told, and it is left out."""
    said: list[Said] = []
    mistakes: list[Mistake] = []
    for name, entry in values["isolation", "models"].items():
        path = ("isolation", "models", name)
        inside = {"isolation": entry} if isinstance(entry, str) else entry
        if not isinstance(inside, dict):
            message = f"[isolation.models] {name} is {shown(entry)}; expected a word or a table."
            mistakes.append(Mistake(document.place(path), message, f'Write "{name}" = "process".'))
            continue
        wrong = list(_mistakes(document, path, inside, whole=isinstance(entry, str)))
        mistakes += wrong
        if not wrong:
            said.append(Said(name=name, isolation=said_isolation(inside, folder), place=document.place(path)))
    plan = IsolationPlan(default=_default(values, folder), models=tuple(said), place=document.place(("isolation",)))
    default = plan.default
    if default.rung == "env" and default.python is None:
        message = "[isolation] default is 'env' but no python is named; expected its interpreter's path."
        mistakes.append(
            Mistake(document.place(("isolation", "default")), message, 'Write python = ".venv/bin/python".')
        )
    return plan, mistakes


def said_isolation(inside: Mapping[str, Any], folder: Path) -> Isolation:
    """Make a value of what is said of one model; paths start from the folder."""
    python = inside.get("python")
    return Isolation(
        rung=inside.get("isolation"),
        timeout=inside.get("timeout"),
        memory=inside.get("memory"),
        python=None if python is None else str(folder / python),
    )


def apply_isolation(models: Sequence[Model], plan: IsolationPlan) -> tuple[list[Model], list[Mistake]]:
    """Let models run where the project says; a version goes before a name, and both before the default.

    Declared summaries are code of ours and stay where they are.
    """
    mistakes = [
        unknown_model(said.place, "isolation.models", said.name, models)
        for said in plan.models
        if not any(said.name in (model.name, model.key) for model in models)
    ]
    changed: list[Model] = []
    for model in models:
        if isinstance(model, RuleSummary):
            changed.append(model)
            continue
        isolation, place = model.isolation, plan.place
        for said in sorted(plan.models, key=lambda said: "@" in said.name):
            if said.name in (model.name, model.key):
                isolation, place = _over(said.isolation, isolation), said.place
        isolation = isolation.over(plan.default)
        if isinstance(model.fcn, Abroad) and not isolation.isolated:
            message = f"{model.key!r} comes from a source whose code is not imported here; it cannot run inline."
            mistakes.append(Mistake(place, message, 'Say isolation = "inline" of the whole [[source]].'))
            isolation = model.isolation
        changed.append(model if isolation == model.isolation else model.with_isolation(isolation))
        if isolation != model.isolation:
            mistakes += [
                Mistake(place, f"{model.key!r} {problem}", "Say both, or neither, of a model.")
                for problem in isolation.problems()
            ]
    return changed, mistakes


def _over(said: Isolation, former: Isolation) -> Isolation:
    """Let what the project says go before what the code says."""
    told = {name: getattr(said, name) for name in ("rung", "timeout", "memory", "python")}
    merged = replace(former, **{name: value for name, value in told.items() if value is not None})
    # The environment of a source is left where the project says that its model runs elsewhere.
    left = former.rung == "env" and merged.rung != "env" and said.python is None
    return replace(merged, python=None) if left else merged


def _mistakes(
    document: Document, path: tuple[str, ...], inside: Mapping[str, Any], *, whole: bool
) -> Iterator[Mistake]:
    for key, value in inside.items():
        here = document.place(path if whole else (*path, key))
        if key not in ISOLATION_KEYS:
            near = nearest(key, ISOLATION_KEYS)
            message = f"[isolation.models] {path[-1]} has no key {key!r}; expected one of {listed(ISOLATION_KEYS)}."
            yield Mistake(here, message, f"Did you mean {near!r}?" if near else "Remove it.")
        elif not ISOLATION_KEYS[key][0](value):
            message = f"[isolation.models] {path[-1]}: {key} is {shown(value)}, which cannot be meant."
            yield Mistake(here, message, f"Write {ISOLATION_KEYS[key][1]}.")
