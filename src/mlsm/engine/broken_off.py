"""A model's answers up to where its breaker opens; behind that, each row says that it was not called."""

from __future__ import annotations

from collections.abc import Sequence

import polars as pl

from mlsm._result import Outcome
from mlsm.engine.breaker import FAILURES, Window, broken, opens_at
from mlsm.engine.frames import frame_of_answers
from mlsm.engine.order import Step

__all__ = ["broken_off", "but_for_spared", "failed_at", "filled"]


def failed_at(answers: pl.DataFrame) -> list[int]:
    """Tell which rows failed."""
    codes = answers.get_column("outcome")
    return codes.is_in(FAILURES).arg_true().to_list() if codes.max() else []


def broken_off(step: Step, answers: pl.DataFrame, size: int, *, free: Sequence[str] = ()) -> pl.DataFrame:
    """Leave off what comes after the breaker opened, and say so in its place.

    Args:
        step: the model.
        answers: its answers up to the row at which it was broken off, if it was.
        size: how many there should be.
        free: types of errors that cost no call of their own, and do not count.
    """
    if step.breaks is None:
        return answers
    codes = answers.get_column("outcome")
    if codes.max() == Outcome.SKIPPED.code:
        barred = codes == Outcome.SKIPPED.code
        if "error" in answers.columns:  # a model that is not there says so
            barred &= answers.get_column("error").is_null()
        if barred.any():  # in a process of its own it was called up to there
            answers = answers.head(barred.arg_max() or 0)
            codes = answers.get_column("outcome")
    if codes.max():  # what cannot be a result counts as much as what was raised
        counted = codes.is_in(FAILURES)
        if free and "error" in answers.columns:
            told = answers.get_column("error").str.json_path_match("$.type")
            counted &= ~told.is_in(free).fill_null(value=False)
        at = opens_at(Window(*step.breaks), counted.arg_true().to_list())
        answers = answers if at is None else answers.head(at + 1)
    return filled(step, answers, size)


def but_for_spared(step: Step, answers: pl.DataFrame, free: Sequence[str]) -> pl.DataFrame:
    """Do the same for answers of another process, which tells for which records a condition spared the model."""
    if "spared" not in answers.columns:
        return broken_off(step, answers, answers.height, free=free)
    place = pl.int_range(pl.len(), dtype=pl.UInt32).alias("place")
    spared = pl.col("spared").fill_null(value=False)
    placed = answers.with_columns(place)
    called, others = placed.filter(~spared), placed.filter(spared)
    kept = broken_off(step, called.drop("place", "spared"), called.height, free=free)
    both = [kept.with_columns(called.get_column("place")), others.drop("spared")]
    return pl.concat(both, how="diagonal").sort("place").drop("place")


def filled(step: Step, answers: pl.DataFrame, size: int) -> pl.DataFrame:
    """Say for the rows behind the last answer that the breaker was open."""
    if step.breaker is None or answers.height == size:
        return answers
    spared = frame_of_answers([broken(step.breaker, step.model.status)])
    rows = pl.repeat(0, size - answers.height, dtype=pl.UInt32, eager=True)
    return pl.concat([answers, spared[rows]], how="diagonal")
