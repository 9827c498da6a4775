"""Declared summaries by columns: the same answers as their functions give, bit for bit.

To name the winner of every record costs ten times as much row by row.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import reduce
from operator import add, or_
from typing import TYPE_CHECKING, Any

import msgspec

from mlsm._model import RuleSummary
from mlsm._model.rules import is_banded, label_readers, line_of
from mlsm._result import Upstream
from mlsm.contracts import Facets, NoReasonsError, Reasoned

if TYPE_CHECKING:
    import polars as pl

__all__ = ["RulePredictor", "load_rule"]


def load_rule(model: RuleSummary) -> RulePredictor:
    """Make a declared summary callable."""
    carry = model.labels is not None if model.compares_scores else model.range is not None
    return RulePredictor(record=model.fcn, model=model, names=tuple(model.upstreams), carry=carry)


@dataclass(frozen=True, slots=True, kw_only=True)
class RulePredictor:
    """A rule over what upstreams say.

    Args:
        record: the rule as a function of the upstreams in their order.
        model: the summary.
        names: its upstreams.
        carry: whether the winner's other facet goes along.
    """

    record: Callable[..., Any]
    model: RuleSummary
    names: tuple[str, ...]
    carry: bool
    by_row: bool = False
    single: bool = True
    path: str = "It is a rule over the results of others, a function of one record."
    samples: Sequence[tuple[Any, ...]] = ()

    def columns(self, frame: pl.DataFrame, as_of: datetime | None) -> object:  # noqa: ARG002 - the Protocol's
        """Apply the rule to columns `<name>.score`, `<name>.label` and `<name>.outcome`.

        Raises:
            ValueError: a stated conversion does not cover a label or a score.
        """
        import polars as pl

        model = self.model
        told = _ANSWERS[model.rule](self, _read(self, frame))
        answered = pl.col("winner").is_not_null()
        if model.options.get("missing") == "abstain" or model.rule == "grid":
            answered &= pl.all_horizontal(value.is_not_null() for value in self.each("value"))
        facets = [pl.col(name) for name in ("score", "label") if name in told.columns]
        output = _output(self, told).alias("output")
        if not told.select(answered.all()).item():
            facets = [pl.when(answered).then(one) for one in facets]
            output = pl.when(answered).then(output).otherwise(_unanswered(self, told)).alias("output")
        return Facets(told.select(*facets, output))

    def each(self, what: str) -> list[pl.Expr]:
        """Give what is known of every upstream: its `score`, `label`, `outcome`, or the `value` that counts."""
        import polars as pl

        return [pl.col(f"{what} {place}") for place in range(len(self.names))]

    def explain(self, frame: pl.DataFrame, as_of: datetime | None) -> Reasoned:  # noqa: ARG002 - the Protocol's
        """Give what each upstream added to a blend.

        Raises:
            NoReasonsError: it is another rule: its reasons are those of what it stands on.
        """
        if self.model.rule != "blend":
            raise NoReasonsError
        told = _blend(self, _read(self, frame))
        weights = self.model.options["weights"]
        return Reasoned(
            fields=self.names,
            contributions=told.select(part.fill_null(0.0) for part in self.each("part")).to_numpy(),
            texts=tuple(f"its score, with the weight {weights[name]:g}" for name in self.names),
        )


def _read(rule: RulePredictor, frame: pl.DataFrame) -> pl.DataFrame:
    """Give score, label and outcome of every upstream, and the value that counts, converted."""
    import polars as pl

    model = rule.model
    shown = []
    for place, name in enumerate(rule.names):
        outcome = pl.col(f"{name}.outcome")
        # What failed has neither, unless something stands in for it.
        shown += [pl.col(f"{name}.{what}").alias(f"{what} {place}") for what in ("score", "label")]
        shown.append(outcome.alias(f"outcome {place}"))
    values = []
    for place, name in enumerate(rule.names):
        score, label = pl.col(f"score {place}"), pl.col(f"label {place}")
        conversion = model.options["convert"].get(name)
        if conversion is None:
            value = score if model.compares_scores else label
        elif model.compares_scores:
            start, factor, least = line_of(conversion)
            value = _without_sign((score - start) * factor + least)
        elif is_banded(conversion):
            bands = sorted(conversion.items(), key=lambda band: -band[1])
            value = pl.coalesce(pl.when(score >= least).then(pl.lit(given)) for given, least in bands)
        else:
            value = label.replace_strict(conversion, default=None, return_dtype=pl.String())
        values.append(value.alias(f"value {place}"))
    told = frame.select(shown).with_columns(values)
    if not model.compares_scores:
        _refuse_uncovered(rule, told)
    return told


def _without_sign(number: pl.Expr) -> pl.Expr:
    """Give 0.0 for -0.0, as `+ 0.0` does in Python; polars leaves that out as if it did nothing."""
    import polars as pl

    return pl.when(number == 0.0).then(0.0).otherwise(number)


def _refuse_uncovered(rule: RulePredictor, told: pl.DataFrame) -> None:
    """Raise what the function would, where a conversion does not cover a label or a score."""
    import polars as pl

    convert: Mapping[str, Any] = rule.model.options["convert"]
    readers = label_readers(rule.names, convert)
    asked = pl.lit(value=True)
    for place, name in enumerate(rule.names):
        value = pl.col(f"value {place}")
        if name in convert:
            source = f"{'score' if is_banded(convert[name]) else 'label'} {place}"
            wrong = told.filter(asked & pl.col(source).is_not_null() & value.is_null()).head(1)
            for score, label in wrong.select(f"score {place}", f"label {place}").iter_rows():
                readers[place](Upstream(score, label))
        if rule.model.rule == "first":  # the later ones are not asked
            asked &= value.is_null()


def _first_with(found: list[pl.Expr]) -> pl.Expr:
    """Give the place of the first upstream of which something is true, null where of none."""
    import polars as pl

    return pl.coalesce(pl.when(one).then(pl.lit(place, pl.Int16())) for place, one in enumerate(found)).alias("winner")


def _winners(what: list[pl.Expr]) -> pl.Expr:
    """Give what belongs to the winner."""
    import polars as pl

    return pl.coalesce(pl.when(pl.col("winner") == place).then(one) for place, one in enumerate(what))


def _best(rule: RulePredictor, told: pl.DataFrame) -> pl.DataFrame:
    import polars as pl

    values = rule.each("value")
    told = told.with_columns(top=pl.max_horizontal(values))
    told = told.with_columns(_first_with([value == pl.col("top") for value in values]))
    label = [_winners(rule.each("label")).alias("label")] if rule.carry else []
    return told.with_columns(_winners(values).alias("score"), *label)


def _blend(rule: RulePredictor, told: pl.DataFrame) -> pl.DataFrame:
    import polars as pl

    values = rule.each("value")
    weights = [rule.model.options["weights"][name] for name in rule.names]
    there = [
        pl.when(value.is_not_null()).then(weight).otherwise(0.0) for value, weight in zip(values, weights, strict=True)
    ]
    told = told.with_columns(rest=reduce(add, there))
    parts = [weight / pl.col("rest") * value for value, weight in zip(values, weights, strict=True)]
    told = told.with_columns(part.alias(f"part {place}") for place, part in enumerate(parts))
    parts = rule.each("part")
    told = told.with_columns(
        most=pl.max_horizontal(parts), score=reduce(add, [p.fill_null(0.0) for p in parts], pl.lit(0.0))
    )
    return told.with_columns(_first_with([part == pl.col("most") for part in parts]))


def _first(rule: RulePredictor, told: pl.DataFrame) -> pl.DataFrame:
    values = rule.each("value")
    taken, other = ("score", "label") if rule.model.compares_scores else ("label", "score")
    told = told.with_columns(_first_with([value.is_not_null() for value in values]))
    beside = [_winners(rule.each(other)).alias(other)] if rule.carry else []
    return told.with_columns(_winners(values).alias(taken), *beside)


def _worst_grade(rule: RulePredictor, told: pl.DataFrame) -> pl.DataFrame:
    import polars as pl

    values = rule.each("value")
    order = {label: place for place, label in enumerate(rule.model.labels or ())}
    ranks = [value.replace_strict(order, default=None, return_dtype=pl.Int32()) for value in values]
    told = told.with_columns(rank.alias(f"rank {place}") for place, rank in enumerate(ranks))
    told = told.with_columns(worst=pl.max_horizontal(rule.each("rank")))
    told = told.with_columns(_first_with([rank == pl.col("worst") for rank in rule.each("rank")]))
    return told.with_columns(_winners(values).alias("label"))


def _majority(rule: RulePredictor, told: pl.DataFrame) -> pl.DataFrame:
    import polars as pl

    values = rule.each("value")
    alike = [[(value == other).fill_null(value=False).cast(pl.Int32()) for other in values] for value in values]
    told = told.with_columns(reduce(add, same).alias(f"votes {place}") for place, same in enumerate(alike))
    told = told.with_columns(votes=pl.max_horizontal(rule.each("votes")))
    found = zip(values, rule.each("votes"), strict=True)
    told = told.with_columns(_first_with([value.is_not_null() & (votes == pl.col("votes")) for value, votes in found]))
    return told.with_columns(_winners(values).alias("label"))


def _grid(rule: RulePredictor, told: pl.DataFrame) -> pl.DataFrame:
    import polars as pl

    options = rule.model.options
    cell = pl.concat_str(rule.each("value"), separator=options["join"])
    told = told.with_columns(_first_with([cell.is_not_null()]), cell=cell)
    called = options["cells"]
    label = pl.col("cell")
    if called:
        label = label.replace_strict(called, default=None, return_dtype=pl.String())
    return told.with_columns(label=label)


_ANSWERS: Mapping[str, Callable[[RulePredictor, pl.DataFrame], pl.DataFrame]] = {
    "best": _best,
    "blend": _blend,
    "first": _first,
    "grid": _grid,
    "majority": _majority,
    "worst_grade": _worst_grade,
}
"""What adds to the values the columns `winner` (null where the summary abstains), `score` and `label`."""


def _output(rule: RulePredictor, told: pl.DataFrame) -> pl.Expr:
    """Write the output as the engine would: its keys sorted."""
    import polars as pl

    if rule.model.rule == "grid":
        cells = {cell: _encoded({"cell": cell}) for cell in rule.model.options["cells"]}
        if not cells:
            return pl.lit(None, pl.String())
        return pl.col("cell").replace_strict(cells, default=None, return_dtype=pl.String())
    missing = _missing(rule, told)
    pieces, start = ([], "{") if missing is None else ([missing], "")
    if rule.model.rule == "majority":
        pieces.append(pl.concat_str(pl.lit(f'{start}"votes":'), pl.col("votes").cast(pl.String())))
        start = ","
    if rule.model.rule == "blend":
        start += '"rule":"blend",'
    tails = pl.Series([f'{start}"winner":{_encoded(name)}}}' for name in rule.names])
    pieces.append(pl.lit(tails).gather(pl.col("winner")))  # to ask for each upstream in turn takes ten times as long
    return pieces[0] if len(pieces) == 1 else pl.concat_str(pieces)


def _missing(rule: RulePredictor, told: pl.DataFrame) -> pl.Expr | None:
    """Write the output up to `missing`; None where every record has an answer of every upstream."""
    import polars as pl

    lacking = _lacking(rule, told)
    if not lacking:
        return None
    if rule.model.rule == "first":  # those after the winner are not asked
        lacking = {place: absent & (pl.col("winner") > place) for place, absent in lacking.items()}
    listed = pl.concat_str(_listed(rule, lacking), pl.lit(","))
    return pl.when(reduce(or_, lacking.values())).then(listed).otherwise(pl.lit("{"))


def _unanswered(rule: RulePredictor, told: pl.DataFrame) -> pl.Expr:
    """Write the output of records of which the summary abstains."""
    import polars as pl

    return pl.concat_str(_listed(rule, _lacking(rule, told)), pl.lit("}"))


def _lacking(rule: RulePredictor, told: pl.DataFrame) -> dict[int, pl.Expr]:
    """Tell where each upstream has no answer, by place, of those that lack one anywhere."""
    import polars as pl

    places = range(len(rule.names))
    return {p: pl.col(f"value {p}").is_null() for p in places if told.get_column(f"value {p}").null_count()}


def _listed(rule: RulePredictor, lacking: Mapping[int, pl.Expr]) -> pl.Expr:
    """Write the upstreams without an answer, by name, each with its outcome."""
    import polars as pl

    said = []
    for place, absent in sorted(lacking.items(), key=lambda one: rule.names[one[0]]):
        text = pl.concat_str(pl.lit(f'{_encoded(rule.names[place])}:"'), pl.col(f"outcome {place}"), pl.lit('"'))
        said.append(pl.when(absent).then(text))
    return pl.concat_str(pl.lit('{"missing":{'), pl.concat_str(said, separator=",", ignore_nulls=True), pl.lit("}"))


def _encoded(value: Any) -> str:
    return msgspec.json.encode(value).decode()
