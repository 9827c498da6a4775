"""Scorecards: points tables in TOML, which people read and git compares."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from mlsm._model import ArtefactModel
from mlsm.contracts import Description, Predictor
from mlsm.errors import DeclarationError
from mlsm.runtimes._options import output_of
from mlsm.runtimes.scorecard.bounds import range_of_plan
from mlsm.runtimes.scorecard.function import record_function
from mlsm.runtimes.scorecard.plan import Plan, plan_of
from mlsm.runtimes.scorecard.predictor import ScorecardPredictor
from mlsm.runtimes.scorecard.reading import read_file
from mlsm.runtimes.scorecard.samples import samples_of
from mlsm.runtimes.scorecard.warnings import warnings_of

__all__ = ["describe", "load"]


def describe(path: Path, options: Mapping[str, Any]) -> Description:
    """Read a points table and tell its fields, its range, its labels, and what looks wrong.

    Raises:
        DeclarationError: the table has mistakes, all of which are told, or an option is none of a scorecard's.
        InputError: there is no such file.
    """
    table = read_file(path)
    plan, fields = plan_of(table, factor=_factor(options))
    return Description(
        fields=fields,
        range=range_of_plan(plan),
        labels=_labels(plan),
        wants_as_of=plan.wants_as_of,
        notes=tuple(warning.at(f"{table.source}:") for warning in warnings_of(table, plan)),
    )


def load(model: ArtefactModel) -> Predictor:
    """Compile a points table; raises as `describe` does."""
    plan, fields = plan_of(read_file(model.path), model.inputs, _factor(model.options))
    return ScorecardPredictor(plan=plan, record=record_function(plan, fields.names), samples=samples_of(plan, fields))


def _factor(options: Mapping[str, Any]) -> float:
    """Read the one option that a scorecard has."""
    output = output_of(options)
    if output.of == "probability" or output.target is not None or output.tensor is not None:
        raise DeclarationError(
            "A scorecard has no class and no probability; expected no option but scale.",
            hint="Remove output, class and tensor; scale = 0.01 makes shares of points.",
        )
    return output.scale


def _labels(plan: Plan) -> tuple[str, ...] | None:
    if plan.cells is not None:
        return tuple(dict.fromkeys(label for row in plan.cells.labels for label in row))
    return tuple(label for label, _ in plan.labels) or None
