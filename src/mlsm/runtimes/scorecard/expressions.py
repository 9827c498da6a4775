"""Many records: the whole table as expressions over columns, in the order of `function`."""

from __future__ import annotations

import re
from collections.abc import Iterable
from datetime import datetime, timedelta
from functools import reduce
from operator import and_, or_
from typing import Any

import polars as pl

from mlsm.runtimes.scorecard.criteria import Among, Elapsed, Empty, Events, Matching, Past, Test, Within, Words
from mlsm.runtimes.scorecard.known import Known
from mlsm.runtimes.scorecard.plan import Ask, Fading, Term

__all__ = ["Expressions"]

_MICROSECONDS_A_DAY = 86_400_000_000.0
_ZERO = timedelta()
_FOLDED = "mlsm:folded:"


class Expressions:
    """The terms of a table for one frame at one time.

    What Python alone can say of a text (its regular expressions, its folding of case beyond
    ASCII) is asked once for each distinct value of the frame.

    Args:
        terms: all terms that will be asked for.
        frame: the records.
        as_of: the clock, None where it does not count.
        known: what was written of terms for other frames at that time.

    Attributes:
        frame: the frame that the expressions are of.
    """

    def __init__(
        self, terms: Iterable[Term], frame: pl.DataFrame, as_of: datetime | None, known: Known | None = None
    ) -> None:
        self.frame = frame
        self._known = {} if known is None else known.at(as_of)
        self._as_of = as_of
        self._distinct: dict[str, list[str]] = {}
        asked = [one for term in terms for one in term.asks]
        folded = {one.field: None for one in asked if getattr(one.test, "folded", False)}
        self.frame = frame.with_columns(map(self._fold, folded))

    def amount(self, term: Term) -> pl.Expr:
        """Give what a term adds, never null."""
        found: pl.Expr | None = self._known.get(id(term))
        if found is None:
            found = self._amount(term)
            if not any(isinstance(one.test, Matching) for one in term.asks):  # it is written by a frame's own texts
                self._known[id(term)] = found
        return found

    def _amount(self, term: Term) -> pl.Expr:
        if isinstance(term.test, Events) and term.test.each:
            each = self._each(term, term.test)
            return pl.when(self._beside(term)).then(each).otherwise(0.0) if term.beside else each
        condition, points = self.condition(term), pl.lit(term.points)
        if term.fading is not None:
            points = pl.lit(term.points) * _faded(self._age_of(term.fading.field, term.fading.type), term.fading)
        return pl.when(condition).then(points).otherwise(pl.lit(0.0))

    def condition(self, term: Term) -> pl.Expr:
        """Tell where a term adds its points; null counts as no."""
        condition = self._own(term)
        if term.either:
            return reduce(or_, [condition, *map(self._condition, term.beside)])
        return condition & self._beside(term) if term.beside else condition

    def _beside(self, term: Term) -> pl.Expr:
        return reduce(and_, map(self._condition, term.beside))

    def _own(self, term: Term) -> pl.Expr:
        condition = self._condition(term.asks[0])
        if term.fading is None:
            return condition
        age = self._age_of(term.fading.field, term.fading.type)
        condition &= age >= _ZERO
        return condition & (_faded(age, term.fading) > 0.0) if term.fading.linear else condition

    def _condition(self, term: Ask) -> pl.Expr:  # noqa: PLR0911 - one a kind of test
        column, test = pl.col(term.field), term.test
        match test:
            case Among(values, negated, folded):
                found = _among(_column_of(term.field, folded=folded), values)
                return ~found if negated else found
            case Words(words, place, folded):
                return _words(_column_of(term.field, folded=folded), words, place)
            case Matching(pattern):
                search = re.compile(pattern).search
                return _among(column, tuple(value for value in self._values(term.field) if search(value)))
            case Within():
                return _within(column, test)
            case Elapsed(low, high):
                return _elapsed(self._age_of(term.field, term.type), low, high)
            case Past():
                return self._age_of(term.field, term.type) >= _ZERO
            case Events():
                return self._happened(term, test)
            case _:
                return _emptiness(column, term.type, test)

    def _age_of(self, name: str, kind: str) -> pl.Expr:
        if self._as_of is None:
            raise AssertionError(name)
        return self._age(pl.col(name), kind)

    def _age(self, column: pl.Expr, kind: str) -> pl.Expr:
        if self._as_of is None:
            raise AssertionError(kind)
        if kind == "date":
            return (pl.lit(self._as_of.date()) - column).cast(pl.Duration("us"))
        return pl.lit(self._as_of, dtype=pl.Datetime("us", "UTC")) - column

    def _counted(self, date: str, test: Events) -> pl.Expr:
        """Tell of each element of a list whether it counts."""
        age = self._age(pl.element().struct.field(date), "datetime")
        conditions = [_elapsed(age, 0, test.within)]
        for name, values in test.where:
            member = pl.element().struct.field(name)
            number = isinstance(values[0], float)
            conditions.append(_among(member.cast(pl.Float64) if number else member, values))
        return reduce(and_, conditions)

    def _happened(self, term: Ask, test: Events) -> pl.Expr:
        number = pl.col(term.field).list.eval(self._counted(term.date, test)).list.sum().fill_null(0)
        least = number >= (test.low or 0)
        return least if test.high is None else least & (number <= test.high)

    def _each(self, term: Term, test: Events) -> pl.Expr:
        counted = self._counted(term.date, test)
        if term.fading is not None:
            faded = _faded(self._age(pl.element().struct.field(term.date), "datetime"), term.fading)
            counted &= faded > 0.0
            counted = pl.when(counted).then(faded).otherwise(pl.lit(0.0))
        number = pl.col(term.field).list.eval(counted).list.sum().fill_null(0).cast(pl.Float64)
        amount = number * term.points + 0.0
        if term.limit is None:
            return amount
        return amount.clip(upper_bound=term.limit) if term.points > 0 else amount.clip(lower_bound=term.limit)

    def _values(self, name: str) -> list[str]:
        if name not in self._distinct:
            self._distinct[name] = self.frame.get_column(name).drop_nulls().unique().to_list()
        return self._distinct[name]

    def _fold(self, name: str) -> pl.Expr:
        """Fold case: polars' lower case is Python's folding in ASCII, elsewhere Python is asked."""
        lower = pl.col(name).str.to_lowercase()
        others = [value for value in self._values(name) if not value.isascii()]
        if others:
            folded = [value.casefold() for value in others]
            lower = pl.coalesce(
                pl.col(name).replace_strict(others, folded, default=None, return_dtype=pl.String), lower
            )
        return lower.alias(_FOLDED + name)


def _column_of(field: str, *, folded: bool) -> pl.Expr:
    return pl.col(_FOLDED + field if folded else field)


def _among(column: pl.Expr, values: tuple[Any, ...]) -> pl.Expr:
    if not values:
        return column.is_null() & column.is_not_null()
    if len(values) == 1:
        return column if values[0] is True else ~column if values[0] is False else column == pl.lit(values[0])
    return column.is_in(list(values))


def _words(column: pl.Expr, words: tuple[str, ...], place: str) -> pl.Expr:
    if place == "starts_with":
        return reduce(or_, [column.str.starts_with(word) for word in words])
    if place == "ends_with":
        return reduce(or_, [column.str.ends_with(word) for word in words])
    return reduce(or_, [column.str.contains(word, literal=True) for word in words])


def _within(column: pl.Expr, test: Within) -> pl.Expr:
    conditions = []
    if test.low is not None:
        conditions.append(column > pl.lit(test.low) if test.open_low else column >= pl.lit(test.low))
    if test.high is not None:
        conditions.append(column < pl.lit(test.high) if test.open_high else column <= pl.lit(test.high))
    return reduce(and_, conditions)


def _elapsed(age: pl.Expr, low: int | None, high: int | None) -> pl.Expr:
    conditions = []
    if low is not None:
        conditions.append(age >= timedelta(days=low))
    if high is not None:
        conditions.append(age < timedelta(days=high + 1))
    return reduce(and_, conditions)


def _emptiness(column: pl.Expr, kind: str, test: Test) -> pl.Expr:
    filled = column.list.len() > 0 if kind == "events" else column.is_not_null()
    empty = isinstance(test, Empty) and test.empty
    return ~filled.fill_null(value=False) if empty else filled


def _faded(age: pl.Expr, fading: Fading) -> pl.Expr:
    days = age.dt.total_microseconds().cast(pl.Float64) / _MICROSECONDS_A_DAY / fading.days
    return 1.0 - days if fading.linear else pl.lit(0.5).pow(days)
