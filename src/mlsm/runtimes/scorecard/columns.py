"""Scores, labels and reasons of a whole frame."""

from __future__ import annotations

import math
from datetime import datetime
from typing import TypeAlias

import msgspec
import numpy as np
import polars as pl
from numpy.typing import NDArray

from mlsm.contracts import Facets, Reasoned
from mlsm.runtimes.scorecard.criteria import Events
from mlsm.runtimes.scorecard.expressions import Expressions
from mlsm.runtimes.scorecard.known import Known
from mlsm.runtimes.scorecard.plan import Part, Plan, Term
from mlsm.runtimes.scorecard.table import Labels

__all__ = ["explain", "score_columns"]

_AT_ONCE = 16
"""Terms in one expression: the cost of a chain of additions grows with the square of its length."""
_SUM = "mlsm:sum:"
_Numbers: TypeAlias = "NDArray[np.float64]"
_encode = msgspec.json.Encoder(order="sorted").encode


def score_columns(plan: Plan, frame: pl.DataFrame, as_of: datetime | None, known: Known | None = None) -> Facets:
    """Score a frame: the sums of the parts side by side, then the total, then the labels."""
    sums = _sums(plan, frame, as_of, known)
    total = pl.col(f"{_SUM}0")
    for place in range(1, len(plan.parts)):
        total = total + pl.col(f"{_SUM}{place}")
    sums = sums.with_columns(_bounded(total, plan.floor, plan.cap).alias("total"))
    score = pl.col("total") if plan.factor == 1.0 else pl.col("total") * plan.factor
    answer = [score.alias("score")]
    if plan.labels:
        answer.append(_labelled(pl.col("total"), plan.labels).alias("label"))
    return Facets(sums.select(answer).with_columns(_grades(plan, sums)))


def _sums(plan: Plan, frame: pl.DataFrame, as_of: datetime | None, known: Known | None) -> pl.DataFrame:
    """Add up each part, in rounds of some terms, and bound it."""
    expressions = Expressions(plan.terms, frame, as_of, known)
    frame = expressions.frame
    names = [f"{_SUM}{place}" for place in range(len(plan.parts))]
    longest = max(len(part.terms) for part in plan.parts)
    sums = [pl.lit(plan.baseline if place == 0 else 0.0) for place in range(len(plan.parts))]
    for start in range(0, max(longest, 1), _AT_ONCE):
        for place, part in enumerate(plan.parts):
            for term in part.terms[start : start + _AT_ONCE]:
                sums[place] = sums[place] + expressions.amount(term)
        if start + _AT_ONCE < longest:
            frame = frame.with_columns(sums[place].alias(name) for place, name in enumerate(names))
            sums = [pl.col(name) for name in names]
    bounded = [_bounded(total, part.floor, part.cap) for total, part in zip(sums, plan.parts, strict=True)]
    # A part without terms is a single number, which only a frame makes a column of.
    return frame.with_columns(total.alias(name) for total, name in zip(bounded, names, strict=True)).select(names)


def _bounded(total: pl.Expr, floor: float | None, cap: float | None) -> pl.Expr:
    return total if floor is None and cap is None else total.clip(floor, cap)


def _labelled(total: pl.Expr, labels: Labels) -> pl.Expr:
    """Label by thresholds, from the least to the greatest."""
    found = pl.lit(None, pl.String)
    for label, least in reversed(labels):
        here = pl.lit(label, pl.String)
        found = here if least is None else pl.when(total >= least).then(here).otherwise(found)
    return found


def _grades(plan: Plan, sums: pl.DataFrame) -> list[pl.Series]:
    """Give the grid's label and the groups' own grades as output, once for each combination that occurs."""
    if not plan.graded:
        return []
    code = pl.lit(0, pl.Int64)
    for place in plan.graded:
        labels = plan.parts[place].labels
        code = code * (len(labels) + 1) + _grade(pl.col(f"{_SUM}{place}"), labels)
    codes = sums.select(code.alias("code")).to_series()
    known = codes.unique().to_list()
    told = [_told(plan, combination) for combination in known]
    made = [codes.replace_strict(known, [output for _, output in told], return_dtype=pl.String).alias("output")]
    if plan.cells is not None:
        made.append(codes.replace_strict(known, [label for label, _ in told], return_dtype=pl.String).alias("label"))
    return made


def _grade(total: pl.Expr, labels: Labels) -> pl.Expr:
    """Number the grades from the best; one more for none."""
    found = pl.lit(len(labels), pl.Int64)
    for number, (_, least) in reversed(list(enumerate(labels))):
        here = pl.lit(number, pl.Int64)
        found = here if least is None else pl.when(total >= least).then(here).otherwise(found)
    return found


def _told(plan: Plan, code: int) -> tuple[str | None, str | None]:
    """Give the label and the output of one combination of grades."""
    grades: dict[int, int | None] = {}
    for place in reversed(plan.graded):
        code, grade = divmod(code, len(plan.parts[place].labels) + 1)
        grades[place] = grade if grade < len(plan.parts[place].labels) else None
    output = {plan.parts[p].name: plan.parts[p].labels[g][0] for p, g in grades.items() if g is not None}
    label = None
    if plan.cells is not None:
        row, column = grades[plan.cells.rows], grades[plan.cells.columns]
        label = None if row is None or column is None else plan.cells.labels[row][column]
    return label, _encode(output).decode() if output else None


def explain(plan: Plan, frame: pl.DataFrame, as_of: datetime | None, known: Known | None = None) -> Reasoned:
    """Give the points of every rule for every record, and what the bounds took or gave."""
    columns = _Contributions(plan, frame, as_of, known)
    total = np.full(frame.height, plan.baseline)
    bounded = plan.floor is not None or plan.cap is not None
    for part in plan.parts:
        subtotal = total if part.name is None else np.zeros(frame.height)
        for term in part.terms:
            found = columns.add(term)
            if bounded or _is_bounded(part):  # else nobody asks for the sum
                subtotal += found
        if part.name is not None:
            total += columns.bound(subtotal, part.floor, part.cap, part.name)
    columns.bound(total, plan.floor, plan.cap, "score")
    return Reasoned(
        fields=tuple(columns.fields),
        contributions=columns.matrix,
        baseline=plan.baseline,
        factor=plan.factor,
        texts=tuple(columns.texts),
        points=_points(plan),
    )


def _points(plan: Plan) -> tuple[float, ...] | None:
    """Give what each column holds where it is not 0, if that is one number for every term; NaN for a bound's."""
    if not all(map(_is_plain, plan.terms)):
        return None
    found: list[float] = []
    for part in plan.parts:
        found += [term.points for term in part.terms]
        found += [math.nan] if part.name is not None and _is_bounded(part) else []
    return (*found, math.nan) if plan.floor is not None or plan.cap is not None else tuple(found)


class _Contributions:
    """The matrix on its way, a column a term and a bound."""

    def __init__(self, plan: Plan, frame: pl.DataFrame, as_of: datetime | None, known: Known | None) -> None:
        self.fields: list[str] = []
        self.texts: list[str | None] = []
        self._plan = plan
        bounds = sum(_is_bounded(part) for part in plan.parts) + (plan.floor is not None or plan.cap is not None)
        self.matrix = np.empty((frame.height, len(plan.terms) + bounds), order="F")
        expressions = Expressions(plan.terms, frame, as_of, known)
        names = [f"{_SUM}{place}" for place in range(len(plan.terms))]
        asked = [expressions.amount(term).alias(name) for name, term in zip(names, plan.terms, strict=True)]
        self._found = iter(expressions.frame.with_columns(asked).select(names).get_columns())

    def add(self, term: Term) -> _Numbers:
        column: _Numbers = self.matrix[:, len(self.fields)]
        found = next(self._found).to_numpy()
        column[:] = found
        self.fields.append(term.field)
        self.texts.append(term.text)
        return column

    def bound(self, total: _Numbers, floor: float | None, cap: float | None, name: str) -> _Numbers:
        if floor is None and cap is None:
            return total
        bounded = np.clip(total, floor, cap)
        np.subtract(bounded, total, out=self.matrix[:, len(self.fields)])
        self.fields.append(name)
        self.texts.append(_bounds_text(name, floor, cap))
        return bounded


def _is_plain(term: Term) -> bool:
    return term.fading is None and not (isinstance(term.test, Events) and term.test.each)


def _is_bounded(part: Part) -> bool:
    return part.floor is not None or part.cap is not None


def _bounds_text(name: str, floor: float | None, cap: float | None) -> str:
    told = [f"{cap:g} at most"] if cap is not None else []
    told += [f"{floor:g} at least"] if floor is not None else []
    return f"{name} is {' and '.join(told)}"
