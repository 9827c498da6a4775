"""The function of one record and the columns' expressions are two forms of one table."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import msgspec
import numpy as np
import polars as pl
from hypothesis import given
from hypothesis import strategies as st
from tests.laws.effort import effort
from tests.runtimes.scorecard.generators import records, tables

from mlsm._fields import Fields
from mlsm._fields.dtypes import dtype_of
from mlsm.runtimes.scorecard.bounds import range_of_plan
from mlsm.runtimes.scorecard.columns import explain, score_columns
from mlsm.runtimes.scorecard.csv import rules_to_csv, table_from_csv
from mlsm.runtimes.scorecard.edges import CLOCK
from mlsm.runtimes.scorecard.function import record_function
from mlsm.runtimes.scorecard.plan import plan_of
from mlsm.runtimes.scorecard.reading import read_table
from mlsm.runtimes.scorecard.samples import samples_of
from mlsm.runtimes.scorecard.table import Rule, Table
from mlsm.runtimes.scorecard.toml import table_to_toml


def _frame(fields: Fields, rows: list[tuple[Any, ...]]) -> pl.DataFrame:
    columns = zip(*rows, strict=True)
    return pl.DataFrame(
        [pl.Series(field.name, list(c), dtype_of(field.kind)) for field, c in zip(fields, columns, strict=True)]
    )


def _by_record(answer: Any) -> dict[str, Any]:
    """Give one record's answer as the columns show it."""
    parts = answer if isinstance(answer, dict) else {"score": answer}
    output = {k: v for k, v in parts.items() if k not in ("score", "label") and v is not None}
    text = msgspec.json.Encoder(order="sorted").encode(output).decode() if output else None
    return {"score": parts["score"], "label": parts.get("label"), "output": text}


def _by_columns(frame: pl.DataFrame) -> list[dict[str, Any]]:
    return [{"label": None, "output": None, **row} for row in frame.iter_rows(named=True)]


@effort(60)
@given(st.data(), tables(fading=False))
def test_plain_points_agree_bit_for_bit(data: st.DataObject, table: Table) -> None:
    """Without fading, both forms give the same bits, labels and grades."""
    plan, fields = plan_of(table)
    rows = data.draw(records(plan))
    record = record_function(plan, fields.names)
    clock = (CLOCK,) if plan.wants_as_of else ()
    expected = [_by_record(record(*row, *clock)) for row in rows]
    actual = _by_columns(score_columns(plan, _frame(fields, rows), CLOCK).frame)
    assert repr([sorted(one.items()) for one in expected]) == repr([sorted(one.items()) for one in actual])


@effort(40)
@given(st.data(), tables(fading=True), st.timedeltas(timedelta(), timedelta(days=60)))
def test_fading_points_agree_nearly(data: st.DataObject, table: Table, later: timedelta) -> None:
    """With fading, at whatever time, the scores differ by no more than 1e-9 of their terms."""
    plan, fields = plan_of(table)
    rows = data.draw(records(plan))
    record = record_function(plan, fields.names)
    clock = CLOCK + later
    expected = [_by_record(record(*row, *((clock,) if plan.wants_as_of else ())))["score"] for row in rows]
    actual = score_columns(plan, _frame(fields, rows), clock).frame["score"].to_list()
    largest = 1.0 + sum(abs(term.points) for term in plan.terms)
    assert all(abs(one - other) <= 1e-9 * largest for one, other in zip(expected, actual, strict=True))


@effort(40)
@given(st.data(), tables(fading=True))
def test_reasons_add_up(data: st.DataObject, table: Table) -> None:
    """Baseline and contributions, with those of the bounds, are the score."""
    plan, fields = plan_of(table, factor=0.5)
    frame = _frame(fields, data.draw(records(plan)))
    reasoned = explain(plan, frame, CLOCK)
    total = (reasoned.baseline + reasoned.contributions.sum(axis=1)) * reasoned.factor
    scores = score_columns(plan, frame, CLOCK).frame["score"].to_numpy()
    largest = 1.0 + sum(abs(term.points) for term in plan.terms)
    assert np.abs(total - scores).max() <= 1e-9 * largest
    assert len(reasoned.fields) == len(reasoned.texts or ()) == reasoned.contributions.shape[1]


@effort(25)
@given(st.data(), tables(fading=True))
def test_scores_stay_in_the_range_that_is_told(data: st.DataObject, table: Table) -> None:
    """No score leaves the range of the description."""
    plan, fields = plan_of(table)
    low, high = range_of_plan(plan) or (-np.inf, np.inf)
    scores = score_columns(plan, _frame(fields, data.draw(records(plan))), CLOCK).frame["score"]
    slack = 1e-9 * (1.0 + sum(abs(term.points) for term in plan.terms))
    assert [] == [score for score in scores if not low - slack <= score <= high + slack]


@effort(15)
@given(tables(fading=True))
def test_samples_are_records(table: Table) -> None:
    """The samples of a table are values that both forms take, and agree on."""
    plan, fields = plan_of(table)
    rows = list(samples_of(plan, fields))
    record = record_function(plan, fields.names)
    clock = (CLOCK,) if plan.wants_as_of else ()
    expected = np.array([_by_record(record(*row, *clock))["score"] for row in rows])
    actual = score_columns(plan, _frame(fields, rows), CLOCK).frame["score"].to_numpy()
    assert np.abs(expected - actual).max() <= 1e-9 * (1.0 + sum(abs(term.points) for term in plan.terms))
    assert 1 <= len(rows) <= 200


def _without_line(rule: Rule) -> Rule:
    several = {
        name: value and tuple(map(_without_line, value)) for name in ("all", "any") for value in [getattr(rule, name)]
    }
    return msgspec.structs.replace(rule, line=0, **several)


def _bare(table: Table) -> Table:
    """Forget the lines."""
    document = msgspec.structs.replace
    return document(
        table,
        source="",
        label_lines={},
        rules=tuple(map(_without_line, table.rules)),
        fields=tuple(document(field, line=0) for field in table.fields),
        groups=tuple(document(group, line=0, label_lines={}) for group in table.groups),
        grid=None if table.grid is None else document(table.grid, line=0),
    )


@effort(60)
@given(tables(fading=True))
def test_tables_survive_toml_and_csv(table: Table) -> None:
    """A table written as TOML, or as CSV and turned into TOML, reads as the same table."""
    assert _bare(table) == _bare(read_table(table_to_toml(table)))
    assert _bare(table) == _bare(read_table(table_from_csv(rules_to_csv(table))))
