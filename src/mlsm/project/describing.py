"""In the process of a source: its models loaded, and told of in plain values.

This runs where the source's code runs, in its environment too; what it tells goes to a
process that never imports that code, so that it holds nothing that would have to be.
"""

from __future__ import annotations

import dataclasses
import json
import sys
from datetime import date, datetime
from pathlib import Path
from typing import Any

from mlsm._fields import Field, Kind
from mlsm._guard import Raised, attempt
from mlsm._model import ArtefactModel, Model, RuleSummary, SummaryModel, home_of
from mlsm.errors import MlsmError, ProjectError
from mlsm.project.repository import load_repository

__all__ = ["Describing"]

_BOUNDS = ("ge", "gt", "le", "lt", "pattern", "min_length", "max_length")
_PLAIN = (type(None), bool, int, float, str)


class Describing:
    """Tells of the models of a folder, once.

    Args:
        specification: the folder, None for no models; what the source is called; where modules are looked for.
        channel: where it is told.
    """

    def __init__(self, specification: dict[str, Any], channel: Any) -> None:
        if specification["path"] is not None:
            sys.path[:] = specification["path"]
        found = attempt(_described, specification["folder"], specification["called"])
        channel.tell(_failed(found) if isinstance(found, Raised) else {"models": found})


def _described(folder: str | None, called: str) -> list[dict[str, Any]]:
    return [] if folder is None else [_told(model) for model in load_repository(Path(folder), called)]


def _failed(raised: Raised) -> dict[str, Any]:
    error = raised.error
    if isinstance(error, MlsmError):
        return {"failed": error.message, "problems": list(error.problems), "hint": error.hint}
    return {"failed": f"{raised.failure.type}: {raised.failure.message}.", "problems": [], "hint": None}


def _told(model: Model) -> dict[str, Any]:
    told: dict[str, Any] = {"name": model.name, "version": model.version, "source": model.source}
    told |= {"range": model.range, "labels": model.labels, "digest": model.digest}
    told["failing"] = dataclasses.asdict(model.failing)
    if isinstance(model, SummaryModel):
        told |= {"models": list(model.upstreams.items()), "require": list(model.require)}
    if isinstance(model, RuleSummary):
        return told | {"what": "rule", "rule": model.rule, "options": json.dumps(model.options)}
    told["fields"] = [_field(field) for field in model.inputs]
    if isinstance(model, ArtefactModel):
        if model.when is not None:
            raise ProjectError(
                f"{model.key!r} is a file with a condition `when`, which only runs inline.",
                hint='Take the condition out, or say isolation = "inline" of the source.',
            )
        told |= {"kind": model.kind, "path": str(model.path), "options": json.dumps(dict(model.options))}
        return told | {"what": "artefact", "wants_as_of": model.wants_as_of, "notes": list(model.notes)}
    home = home_of(model)
    assert home is not None  # noqa: S101 - of a function there is one, or it raises
    where = {"module": home.module, "file": home.file, "root": home.root, "folders": dict(home.folders)}
    told |= {"what": model.kind, "call": model.call, "home": where | {"key": home.key}}
    return told | {"wants_as_of": model.wants_clock, "conditional": model.when is not None}


def _field(field: Field) -> dict[str, Any]:
    told = {"name": field.name, "column": field.column, "nullable": field.nullable, "kind": _kind(field.kind)}
    return told | {"default": _default(field.default)}


def _kind(kind: Kind) -> dict[str, Any]:
    """Tell of a kind; the class of an object is left out, since it is built where the class is."""
    told: dict[str, Any] = {"name": kind.name, "values": list(kind.values), "item_nullable": kind.item_nullable}
    told["item"] = None if kind.item is None else _kind(kind.item)
    told["members"] = None if kind.members is None else [_field(member) for member in kind.members]
    return told | {name: getattr(kind, name) for name in _BOUNDS}


def _default(value: Any) -> list[Any]:
    """Tell of a default; one that is no plain value stays where it is, and None stands for it here."""
    if isinstance(value, datetime):
        return ["datetime", value.isoformat()]
    if isinstance(value, date):
        return ["date", value.isoformat()]
    return ["plain", value if type(value) in _PLAIN else None]
