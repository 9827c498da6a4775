"""What stands in for a failed result of an active model: its last good score, or a declared value.

The outcome stays what it was; what stands in is kept beside it, and summaries see it as such.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Any, TypeAlias

import msgspec
import polars as pl

from mlsm._result import Given, Substitute
from mlsm.engine.answers import ERROR
from mlsm.engine.order import Prepared, Step

__all__ = ["LastGood", "as_seen", "read_substitutes", "stale_given", "with_substitutes"]

LastGood: TypeAlias = Callable[[str, Sequence[str]], pl.DataFrame]
"""Gives the last good scores of a model, by its name and the ids of records: the rows of `last_good_schema`."""

_encode = msgspec.json.Encoder(order="sorted").encode


def with_substitutes(
    step: Step, answers: pl.DataFrame, ids: pl.Series, as_of: datetime, last_good: LastGood | None
) -> pl.DataFrame:
    """Put beside the failed answers of a model what stands in for them, if anything may.

    Args:
        step: the model.
        answers: its answers, a row a record.
        ids: the records' ids.
        as_of: the clock of the part: what is newer than that stands in for nothing.
        last_good: looks up last good scores; it is asked for failed records alone.
    """
    if step.on_failure == "skip" or not answers.height:
        return answers
    failed = answers.get_column("outcome") >= ERROR
    if not failed.any():
        return answers
    if step.stand_in is not None:
        text = pl.lit(_encode(step.stand_in).decode())
        return answers.with_columns(pl.when(failed).then(text).alias("substitute"))
    if last_good is None:
        return answers
    found = last_good(step.model.name, ids.filter(failed).to_list())
    texts = {
        record_id: _encode(Substitute(score=score, label=label, stale_since=since, from_version=version)).decode()
        for record_id, version, score, label, since in found.filter(pl.col("as_of") <= as_of)
        .select("record_id", "version", "score", "label", "as_of")
        .iter_rows()
    }
    if not texts:
        return answers
    rows = zip(ids.to_list(), failed.to_list(), strict=True)
    return answers.with_columns(
        pl.Series("substitute", [texts.get(record_id) if bad else None for record_id, bad in rows], pl.String)
    )


def read_substitutes(answers: pl.DataFrame) -> list[Substitute | None] | None:
    """Read what stands in, row by row; None where nothing does."""
    if "substitute" not in answers.columns:
        return None
    column = answers.get_column("substitute")
    if column.null_count() == len(column):
        return None
    known: dict[str | None, Any] = {None: None}
    known |= {text: msgspec.json.decode(text, type=Substitute) for text in column.drop_nulls().unique()}
    return [known[text] for text in column.to_list()]


def as_seen(answers: pl.DataFrame) -> pl.DataFrame:
    """Give answers as summaries see them: with the scores and labels that stand in."""
    found = read_substitutes(answers)
    if found is None:
        return answers
    score = pl.Series("stands in", [None if one is None else one.score for one in found], pl.Float64)
    label = pl.Series("label in", [None if one is None else one.label for one in found], pl.String)
    own = pl.col("label") if "label" in answers.columns else pl.lit(None, pl.String)
    return answers.with_columns(pl.coalesce("score", score).alias("score"), pl.coalesce(own, label).alias("label"))


def stale_given(prepared: Prepared, step: Step, seen: dict[int, pl.DataFrame], run_id: str | None) -> list[str | None]:
    """Tell for each record what a summary was handed, where a last good score was among it; else None."""
    models = prepared.models
    columns = {place: read_substitutes(seen[place]) for place in step.upstreams.values()}
    stale = {
        place: [None if one is None else one.stale_since for one in column]
        for place, column in columns.items()
        if column is not None and any(one is not None and one.stale_since is not None for one in column)
    }
    if not stale:
        return []
    memory: dict[tuple[datetime | None, ...], str | None] = {(None,) * len(stale): None}

    def told(since: tuple[datetime | None, ...]) -> str | None:
        if since not in memory:
            at = dict(zip(stale, since, strict=True))
            given = [
                Given(model=models[place].key, run_id=run_id, stale_since=at.get(place))
                for place in step.upstreams.values()
            ]
            memory[since] = msgspec.json.encode(given).decode()
        return memory[since]

    return [told(since) for since in zip(*stale.values(), strict=True)]
