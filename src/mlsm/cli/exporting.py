"""From results as the store yields them to the rows of an export."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import Any

import msgspec
import polars as pl

from mlsm._batch import kept_titles, long_schema, read_result, wide_titles
from mlsm._result import Result

__all__ = ["changed", "narrow", "no_results", "results_of", "shown_label", "stand_ins", "usable", "widen"]

_SHOWN = ("model", "version", "status", "outcome", "score", "label", "as_of", "run_id")
_STOOD_IN = pl.col("substitute").is_not_null()


def usable() -> pl.Expr:
    """Tell which results can be used: those that are ok, and those that a value stands in for."""
    return (pl.col("outcome") == "ok") | _STOOD_IN


def narrow(frame: pl.DataFrame, keep: Sequence[str]) -> pl.DataFrame:
    """Give one row a score: the id, the kept columns, what was said, and whether that stands in.

    `substitute` is `last_good` or `default` where a value stands in for a failed result, and
    `stale_since` the time of the last good one.

    Args:
        frame: results in long form with their `kept` column.
        keep: the kept columns wanted; where one has the name of another column, `keep:`
            stands before it.

    Example:
        >>> narrow(no_results(), ["email"]).columns[:4]
        ['record_id', 'email', 'model', 'version']
    """
    taken = {"record_id", *_SHOWN, "substitute", "stale_since"}
    return _stood_in(frame).select("record_id", *_kept(frame, keep, taken), *_SHOWN, _kind(), _since())


def widen(
    frames: Iterable[pl.DataFrame], keep: Sequence[str], expected: Sequence[str], *, with_outcome: bool
) -> pl.DataFrame:
    """Give one row a lead: the id, the kept columns, and a score and a label a model.

    A model's columns bear its name where the version is active, else `name@version`. Where a
    value stands in for some lead, the model has a column `<name>.substitute` too.

    Args:
        frames: results in long form with their `kept` column.
        keep: the kept columns wanted.
        expected: the models' columns that are there, in this order, even if all are empty.
        with_outcome: whether each model has a column for its outcome too.
    """
    rows = pl.concat([_stood_in(frame) for frame in frames] or [no_results()])
    shown = pl.when(pl.col("status") == "active").then("model").otherwise(pl.format("{}@{}", "model", "version"))
    rows = rows.with_columns(shown.alias("shown"))
    columns = list(dict.fromkeys([*expected, *rows.get_column("shown").unique(maintain_order=True)]))
    facets = ("score", "label", "outcome") if with_outcome else ("score", "label")
    titles = wide_titles(columns, facets)
    marks = {name: f"{name}.substitute" for name in rows.filter(_STOOD_IN).get_column("shown").unique()}
    wide = rows.unique("record_id", keep="first", maintain_order=True).select("record_id", "kept")
    wide = wide.select("record_id", *_kept(wide, keep, {"record_id", *titles.values(), *marks.values()}))
    for name in columns:
        own = rows.filter(pl.col("shown") == name)
        marked = [_kind().alias(marks[name])] if name in marks else []
        renamed = [pl.col(facet).alias(titles[name, facet]) for facet in facets]
        of_model = own.unique("record_id", keep="last").select("record_id", *renamed, *marked)
        wide = wide.join(of_model, on="record_id", how="left", maintain_order="left")
    return wide


def changed(frames: Iterable[pl.DataFrame], before: Iterable[pl.DataFrame]) -> Iterator[pl.DataFrame]:
    """Yield the scores that differ from what was said before, new ones included."""
    key = ["record_id", "model"]
    old = pl.concat(
        [frame.filter(pl.col("status") == "active").select(*key, "score", "label", "outcome") for frame in before]
        or [no_results().select(*key, "score", "label", "outcome")]
    )
    old = old.with_columns(pl.lit(value=True).alias("was_there"))
    same = pl.col("was_there").fill_null(value=False)
    for name in ("score", "label", "outcome"):
        same = same & pl.col(name).eq_missing(pl.col(f"{name}_before"))
    for frame in frames:
        yield (
            frame.join(old, on=key, how="left", suffix="_before", maintain_order="left")
            .filter(~same)
            .select(frame.columns)
        )


def results_of(frame: pl.DataFrame) -> Iterator[Result]:
    """Yield the results of a frame in long form."""
    for row in frame.select(*long_schema()).iter_rows():
        yield read_result(row)


def no_results() -> pl.DataFrame:
    """Give results in long form with their `kept` column, but none of them."""
    return pl.DataFrame(schema={**long_schema(), "kept": pl.String()})


def _since() -> pl.Expr:
    return pl.col("substitute").str.json_path_match("$.stale_since").alias("stale_since")


def _kind() -> pl.Expr:
    """Name what stands in: a last good score has a date."""
    stale = pl.col("substitute").str.json_path_match("$.stale_since").is_not_null()
    kind = pl.when(stale).then(pl.lit("last_good")).otherwise(pl.lit("default"))
    return pl.when(_STOOD_IN).then(kind).alias("substitute")


def shown_label() -> pl.Expr:
    """Give the label of each result, or of the value that stands in for it."""
    label = pl.col("substitute").str.json_path_match("$.label")
    return pl.when(_STOOD_IN).then(label).otherwise("label").alias("label")


def stand_ins(frame: pl.DataFrame) -> int:
    """Count the results for which a value stands in."""
    column = frame.get_column("substitute")
    return len(column) - column.null_count()


def _stood_in(frame: pl.DataFrame) -> pl.DataFrame:
    """Put the value that stands in for a failed result in its place."""
    if frame.get_column("substitute").null_count() == frame.height:
        return frame
    score = pl.col("substitute").str.json_path_match("$.score").cast(pl.Float64)
    return frame.with_columns(pl.when(_STOOD_IN).then(score).otherwise("score").alias("score"), shown_label())


def _kept(frame: pl.DataFrame, keep: Sequence[str], taken: set[str]) -> list[pl.Series]:
    if not keep:
        return []
    objects = [{} if text is None else msgspec.json.decode(text) for text in frame.get_column("kept")]
    return [
        pl.Series(title, [_text(each.get(name)) for each in objects], pl.String)
        for name, title in kept_titles(keep, taken).items()
    ]


def _text(value: Any) -> str | None:
    return value if value is None or isinstance(value, str) else msgspec.json.encode(value).decode()
