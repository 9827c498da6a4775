"""Reasons on request: a runtime's own, or what the score loses without each field.

They are made by columns and cut to the greatest: what is left out goes into `other`, so
that link(baseline + items + other) stays the score.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any, TypeAlias

import msgspec
import numpy as np
import polars as pl

from mlsm._fields import Field
from mlsm._fields.dtypes import dtype_of
from mlsm._fields.scalars import plain_range
from mlsm._guard import Raised, attempt
from mlsm._result import Reason, Reasons
from mlsm.contracts import NoReasonsError, Reasoned
from mlsm.engine.answers import OK
from mlsm.engine.order import Step

__all__ = ["Ask", "give_reasons"]

Ask: TypeAlias = "Callable[[pl.DataFrame], pl.DataFrame | Raised]"
"""Asks a model about a frame of its fields; gives its answers, a row a record."""

_encode = msgspec.json.Encoder(order="sorted").encode
_ZERO: dict[str, Any] = {"int": 0, "float": 0.0, "bool": False, "str": "", "list": [], "object": {}}


def give_reasons(
    step: Step, handed: pl.DataFrame, as_of: datetime, answers: pl.DataFrame, most: int, ask: Ask
) -> pl.DataFrame | Raised:
    """Add reasons to the scores that have none, and cut all reasons to the greatest.

    Args:
        step: the model.
        handed: what it was handed, a row a record.
        as_of: the clock.
        answers: what it answered.
        most: the most items a score.
        ask: asks it again.

    Returns:
        The answers with reasons, or what was raised while they were looked for.
    """
    size = answers.height
    own = answers.get_column("reasons").to_list() if "reasons" in answers.columns else [None] * size
    texts = [None if text is None else _cut(text, most) for text in own]
    scored = (answers.get_column("outcome") == OK) & answers.get_column("score").is_not_null()
    rows = [row for row in scored.arg_true().to_list() if texts[row] is None]
    if rows and step.slots and not step.upstreams:
        found = attempt(_reasoned, step, handed[rows], as_of, answers.get_column("score")[rows], ask)
        if isinstance(found, Raised):
            return found
        for row, text in zip(rows, _texts(found, answers.get_column("score")[rows], most), strict=True):
            texts[row] = text
    return answers.with_columns(pl.Series("reasons", texts, pl.String)) if any(texts) else answers


def _cut(text: str, most: int) -> str:
    reasons = msgspec.json.decode(text, type=Reasons)
    if len(reasons.items) <= most:
        return text
    ranked = sorted(reasons.items, key=lambda item: -abs(item.contribution))
    rest = math.fsum([reasons.other, *(item.contribution for item in ranked[most:])])
    return _encode(msgspec.structs.replace(reasons, items=tuple(ranked[:most]), other=rest)).decode()


def _reasoned(step: Step, handed: pl.DataFrame, as_of: datetime, scores: pl.Series, ask: Ask) -> Reasoned:
    try:
        return step.predictor.explain(handed, as_of if step.wants_as_of else None)
    except NoReasonsError:
        return _ablated(step, handed, scores, ask)


def _ablated(step: Step, handed: pl.DataFrame, scores: pl.Series, ask: Ask) -> Reasoned:
    """Put the baseline into one field after the other, and see what becomes of the score."""
    declared = getattr(step.model, "options", {}).get("baseline", {})
    baselines = {field.name: _baseline(field, declared) for field in step.model.inputs}
    total = scores.to_numpy()
    columns, texts = [], []
    for field in step.model.inputs:
        value = pl.repeat(baselines[field.name], handed.height, dtype=_dtype(field), eager=True)
        without = _scores(ask(handed.with_columns(value.alias(field.name))))
        columns.append(np.nan_to_num(total - without))
        texts.append(f"compared with {_spelled(baselines[field.name])}")
    every = [pl.repeat(baselines[f.name], 1, dtype=_dtype(f), eager=True).alias(f.name) for f in step.model.inputs]
    ids = [handed.get_column(name)[:1] for name in handed.columns if name not in step.model.inputs.names]
    baseline = float(np.nan_to_num(_scores(ask(pl.DataFrame([*every, *ids])))[0]))
    return Reasoned(
        fields=step.model.inputs.names,
        contributions=np.column_stack(columns),
        baseline=baseline,
        texts=tuple(texts),
        approximate=True,
    )


def _scores(answers: pl.DataFrame | Raised) -> Any:
    if isinstance(answers, Raised):
        raise answers.error
    return answers.get_column("score").fill_null(np.nan).to_numpy()


def _dtype(field: Field) -> Any:
    dtype = dtype_of(field.kind)
    return pl.Object() if dtype is None else dtype


def _spelled(baseline: Any) -> str:
    return "nothing" if baseline in (None, "") else str(baseline)


def _baseline(field: Field, declared: Mapping[str, Any]) -> Any:
    """Give what stands for a field that says nothing: what is declared, its default, no value, or zero."""
    if field.name in declared:
        return declared[field.name]
    if field.nullable:
        return field.default
    kind = field.kind
    if kind.name == "literal":
        return (kind.values or ("",))[0]
    zero = _ZERO.get(kind.name)
    if kind.name in ("int", "float"):
        whole, low, high = plain_range(kind)
        return (int if whole is int else float)(min(max(0, low), high))
    return zero


def _texts(found: Reasoned, scores: pl.Series, most: int) -> list[str]:
    """Write the reasons of each row, those of the greatest contribution first."""
    factor = found.factor if found.scale == "score" else 1.0  # of log odds, the factor comes after the link
    matrix = found.contributions * factor
    ranked = np.argsort(-np.abs(matrix), axis=1, kind="stable")[:, :most]
    kept = np.take_along_axis(matrix, ranked, axis=1)
    baselines = np.broadcast_to(np.asarray(found.baseline, dtype=np.float64) * factor, (len(matrix),))
    sums = scores.to_numpy() - baselines if found.approximate else matrix.sum(axis=1)
    others = sums - kept.sum(axis=1)
    words = found.texts or (None,) * len(found.fields)
    written = []
    for places, values, baseline, other in zip(
        ranked.tolist(), kept.tolist(), baselines.tolist(), others.tolist(), strict=True
    ):
        items = tuple(
            Reason(field=found.fields[place], contribution=value, text=words[place])
            for place, value in zip(places, values, strict=True)
            if value
        )
        reasons = Reasons(
            scale=found.scale,
            baseline=baseline,
            items=items,
            other=other if abs(other) > _slack(baseline, values) else 0.0,
            approximate=found.approximate,
        )
        written.append(_encode(reasons).decode())
    return written


def _slack(baseline: float, values: list[float]) -> float:
    return 1e-12 * max(1.0, abs(baseline), *(abs(value) for value in values))
