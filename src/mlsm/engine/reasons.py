"""Reasons on request: a runtime's own, or what the score loses without each field.

They are made by columns and cut to the greatest: what is left out goes into `other`, so
that link(baseline + items + other) stays the score.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import datetime
from typing import Any, TypeAlias

import msgspec
import numpy as np
import polars as pl
from numpy.typing import NDArray

from mlsm._fields import Field
from mlsm._fields.dtypes import dtype_of
from mlsm._fields.scalars import plain_range
from mlsm._guard import Raised, attempt
from mlsm._result import Reasons
from mlsm.contracts import NoReasonsError, Reasoned
from mlsm.engine.answers import OK
from mlsm.engine.inherited import adds_up
from mlsm.engine.order import Step
from mlsm.engine.points import texts_of_points

__all__ = ["Ask", "give_reasons"]

Ask: TypeAlias = "Callable[[pl.DataFrame], pl.DataFrame | Raised]"
"""Asks a model about a frame of its fields; gives its answers, a row a record."""

_encode = msgspec.json.Encoder(order="sorted").encode
_SLACK = 1e-12
"""What is left over below this share is the rounding of a sum."""
_ZERO: dict[str, Any] = {"int": 0, "float": 0.0, "bool": False, "str": "", "list": [], "object": {}}


def give_reasons(
    step: Step,
    handed: pl.DataFrame,
    as_of: datetime,
    answers: pl.DataFrame,
    most: int,
    ask: Ask,
    *,
    inherited: pl.Series | None = None,
) -> pl.DataFrame | Raised:
    """Add reasons to the scores that have none, and cut all reasons to the greatest.

    Args:
        step: the model.
        handed: what it was handed, a row a record.
        as_of: the clock.
        answers: what it answered.
        most: the most items a score.
        ask: asks it again.
        inherited: the reasons that a summary has from what it stands on, cut already.

    Returns:
        The answers with reasons, or what was raised while they were looked for.
    """
    own = pl.repeat(None, answers.height, dtype=pl.String, eager=True)
    if "reasons" in answers.columns:
        texts = answers.get_column("reasons").to_list()
        own = pl.Series([None if text is None else _cut(text, most) for text in texts], dtype=pl.String)
    if inherited is not None:
        own = own.zip_with(own.is_not_null(), inherited)
    wanting = (answers.get_column("outcome") == OK) & answers.get_column("score").is_not_null() & own.is_null()
    if wanting.any() and ((step.slots and not step.upstreams) or adds_up(step)):
        scores = answers.get_column("score").filter(wanting)
        found = attempt(_reasoned, step, handed.filter(wanting), as_of, scores, ask)
        if isinstance(found, Raised):
            return found
        made = _texts(found, scores, most)
        places = (wanting.cast(pl.Int64).cum_sum() - 1).clip(0)
        own = made if wanting.all() else made.gather(places).zip_with(wanting, own)
    return answers.with_columns(own.alias("reasons")) if own.null_count() < len(own) else answers


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
    every = [pl.repeat(baselines[f.name], 1, dtype=_dtype(f), eager=True).alias(f.name) for f in step.model.inputs]
    ids = [handed.get_column(name)[:1] for name in handed.columns if name not in step.model.inputs.names]
    baseline = float(np.nan_to_num(_scores(ask(pl.DataFrame([*every, *ids])))[0]))
    total = scores.to_numpy()
    columns, texts = [], []
    for field in step.model.inputs:
        value = pl.repeat(baselines[field.name], handed.height, dtype=_dtype(field), eager=True)
        without = _scores(ask(handed.with_columns(value.alias(field.name))))
        columns.append(total - np.where(np.isnan(without), baseline, without))  # all hangs on what it cannot lack
        texts.append(f"compared with {_spelled(baselines[field.name])}")
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


def _texts(found: Reasoned, scores: pl.Series, most: int) -> pl.Series:
    """Write the reasons of each row, those of the greatest contribution first, by columns."""
    words = found.texts or (None,) * len(found.fields)
    if found.points is not None and found.scale == "score" and isinstance(found.baseline, float):
        varying = np.isnan(found.points)
        if not varying.any():
            return texts_of_points(found, found.points, most, lambda place: _tail(found.fields[place], words[place]))
        moved = (found.contributions[:, varying] != 0.0).any(axis=1)
        if not moved.all():
            return _texts_of_both(found, scores, most, moved)
    factor = found.factor if found.scale == "score" else 1.0  # of log odds, the factor comes after the link
    matrix = found.contributions * factor
    baselines = np.broadcast_to(np.asarray(found.baseline, dtype=np.float64) * factor, (len(matrix),))
    ranked = _ranked(np.abs(matrix), most)
    kept = np.take_along_axis(matrix, ranked, axis=1)
    sums = scores.to_numpy() - baselines if found.approximate else matrix.sum(axis=1)
    others = sums - kept.sum(axis=1)
    slack = _SLACK * np.maximum(1.0, np.maximum(np.abs(baselines), np.abs(kept).max(axis=1, initial=0.0)))
    others = np.where(np.abs(others) > slack, others, 0.0)
    tails = pl.Series([_tail(field, text) for field, text in zip(found.fields, words, strict=True)], dtype=pl.String)
    columns: dict[str, Any] = {f"v{place}": kept[:, place] for place in range(kept.shape[1])}
    columns |= {f"t{place}": tails.gather(ranked[:, place]) for place in range(kept.shape[1])}
    frame = pl.DataFrame({"baseline": baselines, "other": others, **columns})
    items = [
        pl.when(pl.col(f"v{place}") != 0.0)
        .then(pl.concat_str(pl.lit(',{"contribution":'), pl.col(f"v{place}").cast(pl.String), pl.col(f"t{place}")))
        .otherwise(pl.lit(""))
        for place in range(kept.shape[1])
    ]
    written = pl.concat_str(
        pl.lit(f'{{"approximate":{str(found.approximate).lower()},"baseline":'),
        pl.col("baseline").cast(pl.String),
        pl.lit(',"items":['),
        pl.concat_str(items).str.strip_prefix(",") if items else pl.lit(""),
        pl.lit('],"other":'),
        pl.col("other").cast(pl.String),
        pl.lit(f',"scale":"{found.scale}"}}'),
    )
    return frame.select(written).to_series()


def _texts_of_both(found: Reasoned, scores: pl.Series, most: int, moved: NDArray[np.bool_]) -> pl.Series:
    """Write the rows in which only plain points count as such, and the others one by one."""
    points = tuple(0.0 if math.isnan(number) else number for number in found.points or ())
    plain = replace(found, contributions=found.contributions[~moved], points=points)
    texts = _texts(plain, scores.filter(pl.Series(~moved)), most)
    if not moved.any():
        return texts
    others = replace(found, contributions=found.contributions[moved], points=None)
    both = pl.concat([texts, _texts(others, scores.filter(pl.Series(moved)), most)])
    places = np.empty(len(moved), dtype=np.uint32)
    places[~moved] = np.arange(len(texts), dtype=np.uint32)
    places[moved] = np.arange(len(texts), len(moved), dtype=np.uint32)
    return both.gather(pl.Series(places))


def _ranked(sizes: NDArray[np.float64], most: int) -> NDArray[np.intp]:
    """Give the places of each row's greatest values, the greatest first; of equals, the first first.

    What differs in its last bits is equal, since those depend on how many rows were asked about at once.
    """
    with np.errstate(over="ignore"):
        rough = -sizes.astype(np.float32)
    if most >= rough.shape[1]:
        return np.argsort(rough, axis=1, kind="stable")
    chosen = np.sort(np.argpartition(rough, most - 1, axis=1)[:, :most], axis=1)
    found = np.take_along_axis(rough, chosen, axis=1)
    ranked = np.take_along_axis(chosen, np.argsort(found, axis=1, kind="stable"), axis=1)
    least = found.max(axis=1, keepdims=True)  # of what was chosen; others as great may come before it
    torn = np.flatnonzero(((rough <= least).sum(axis=1) > most) & (least[:, 0] < 0.0))
    if len(torn):
        ranked[torn] = np.argsort(rough[torn], axis=1, kind="stable")[:, :most]
    return ranked


def _tail(field: str, text: str | None) -> str:
    """Write an item of JSON behind its contribution."""
    return f',"field":{_encode(field).decode()},"text":{_encode(text).decode()}}}'
