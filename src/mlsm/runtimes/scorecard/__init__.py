"""Scorecards: points tables in TOML, which people read and git compares.

    baseline = 10                       # what everybody has
    cap = 100                           # bounds of the score; floor likewise
    ignore_case = true                  # for all comparisons of text

    [fields]                            # types, where the rules do not tell them
    employees = "int"                   # int, float, bool, str, date, datetime, events
    country = "str, required"           # a record without it is invalid
    visits = { type = "events", date = "at" }  # the member with each event's time

    [labels]                            # a score of at least so much; or [grid]
    hot = 60
    cold = "rest"

    [group.behaviour]                   # rules that are weighted and bounded together
    weight = 0.5                        # what their points are multiplied with
    cap = 40                            # of what they add; floor likewise
    half_life = 30                      # how points of its rules with a date fade
    labels = { 1 = 30, 2 = "rest" }     # grades, which are output

    [grid]                              # the label is a grade beside a grade: A1
    of = ["profile", "behaviour"]
    names = { A1 = "call today" }

    [[rule]]                            # one criterion on one field, and its points
    field = "employees"
    at_least = 500
    points = 20
    group = "profile"
    text = "500 employees and more"     # for the reasons

Criteria (a missing value meets none but `is_empty = true`):

- `equals`, `one_of`, `none_of`; of text `contains`, `starts_with`, `ends_with` (one word or a
  list), with `ignore_case`, and `matches` (a regular expression as Python writes them)
- `at_least`, `at_most`, `above`, `below` (two of them make a range), `between` (both ends
  belong to it): of numbers, and of dates
- `is_empty = true`, or `false`
- `days_since_at_least`, `days_since_at_most`, `days_since_between`: whole days from a date to
  the clock; a date to come is below 0
- of lists of events: `times_at_least`, `times_at_most`, `times_between` give points once,
  `each = true` for every event, to `max_points`; both only of events `within_days`, and `where`
  their members have some values. Events after the clock have not happened.

`all = [{ field = "country", equals = "DE" }, …]` asks several fields: the rule's own criterion
and these must hold, or with `any` one of them; a rule without a field of its own has the first
for its own. A further criterion on events counts them (`times_at_least` and its like).

Points fade by `half_life` (days until half is left) or `fades_over` (days until nothing is):
with the age of the field itself, of each event, or `since` another field, against the run's
clock. Two rules of a group on one field whose ranges overlap are warned of, unless one says
`on_top = true`.

The sum is taken in one order in both forms: the baseline, rules without a group, then each
group's sum within its bounds; then the bounds of the score.
"""

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
