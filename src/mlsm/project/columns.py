"""From which columns fields are read, by the project file."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from mlsm._model import Model, split_key
from mlsm._toml import TomlPath
from mlsm.project.document import Document
from mlsm.project.forms import shown
from mlsm.project.keys import COLUMNS
from mlsm.project.mistakes import Mistake, listed, nearest
from mlsm.project.statuses import unknown_model

__all__ = ["Column", "apply_columns", "read_columns"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Column:
    """One field's column, and where the project says so.

    `model` is a name, a key, or None for every model that has the field.
    """

    model: str | None
    field: str
    column: str
    place: str

    @property
    def section(self) -> str:
        """Give the section in which this is said, as one writes it."""
        if self.model is None:
            return COLUMNS
        bare = self.model.replace("_", "").replace("-", "").isalnum()
        return f"{COLUMNS}.{self.model}" if bare else f'{COLUMNS}."{self.model}"'

    def concerns(self, model: Model) -> bool:
        """Tell whether this is said of a model."""
        return self.model is None or self.model in (model.name, model.key)


def read_columns(document: Document) -> tuple[list[Column], list[Mistake]]:
    """Read `[columns]` and the sections below it."""
    found: list[Column] = []
    mistakes: list[Mistake] = []

    def take(model: str | None, field: str, column: Any, path: TomlPath) -> None:
        said = Column(model=model, field=field, column=column, place=document.place(path))
        if isinstance(column, str) and column:
            found.append(said)
        else:
            value = repr(column) if column == "" else shown(column)
            message = f"[{said.section}] {field} is {value}; expected the name of a column."
            mistakes.append(Mistake(said.place, message, f'Write {field} = "Name of the column".'))

    section = document.values.get(COLUMNS)
    for name, inside in (section if isinstance(section, dict) else {}).items():
        if not isinstance(inside, dict):
            take(None, name, inside, (COLUMNS, name))
            continue
        for field, column in inside.items():
            take(name, field, column, (COLUMNS, name, field))
    return found, mistakes


def apply_columns(models: Sequence[Model], said: Sequence[Column]) -> tuple[list[Model], list[Mistake]]:
    """Let models read their fields from the columns that the project says.

    What is said of a version goes before what is said of a name, and that before what is
    said of all models.
    """
    mistakes = [wrong for column in said if (wrong := _misplaced(column, models)) is not None]
    ranked = sorted(said, key=lambda column: column.model is not None and 1 + ("@" in column.model))
    changed = []
    for model in models:
        names = model.inputs.names
        columns = {c.field: c.column for c in ranked if c.concerns(model) and c.field in names}
        changed.append(model.with_columns(columns) if columns else model)
    return changed, mistakes


def _misplaced(said: Column, models: Sequence[Model]) -> Mistake | None:
    concerned = [model for model in models if said.concerns(model)]
    if said.model is not None and not concerned:
        return _no_model(said, models)
    fields = list(dict.fromkeys(name for model in concerned for name in model.inputs.names))
    if said.field in fields:
        return None
    whose = "no model has" if said.model is None else f"{said.model!r} does not have"
    near = nearest(said.field, fields)
    return Mistake(
        said.place,
        f"[{said.section}] names the field {said.field!r}, which {whose}; expected one of {listed(fields)}.",
        f"Did you mean {near!r}?" if near else "Remove it: fields are the parameters of models, left of the sign.",
    )


def _no_model(said: Column, models: Sequence[Model]) -> Mistake:
    name, version = split_key(said.model or "")
    versions = [model.key for model in models if model.name == name]
    if version is None or not versions:
        return unknown_model(said.place, said.section, name, models)
    return Mistake(
        said.place,
        f"[{said.section}] names version {version!r} of {name!r}, which is in no file; there is {listed(versions)}.",
        f"Name one of these, or {name!r} for all of them.",
    )
