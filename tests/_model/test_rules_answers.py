"""What declared summaries answer: each rule against a naive definition, on every path."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime
from fractions import Fraction
from typing import Annotated, Any

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.laws.effort import effort

import mlsm
from mlsm import Alias, Outcome, Upstream
from mlsm._guard import attempt
from mlsm._model import RuleSummary
from mlsm._model.rules import RULES
from mlsm.engine.answers import Limits
from mlsm.engine.frames import read_returned, read_values
from mlsm.errors import DeclarationError
from mlsm.runtimes._rules import load_rule
from mlsm.testing import assert_same

CLOCK = datetime(2026, 1, 1, tzinfo=UTC)
LABELS = ("A", "B", "C")
NAMES = ("fit", "churn", "b-side", "Größe")
RANGE = (-100.0, 100.0)
WEIGHTS = dict(zip(NAMES, (0.1, 0.7, 3, 1e-3), strict=True))
SCALE = {"from": RANGE, "to": [7.3, 0.1]}
RELABEL = {"A": "C", "B": "A", "C": "C"}
BANDS = {"A": 33.3, "B": 0, "C": -100}

SCORES = st.none() | st.sampled_from([0.0, -0.0, 50.0, 0.1, -7.5]) | st.floats(*RANGE)
ANSWERS = st.builds(Upstream, score=SCORES, label=st.none() | st.sampled_from(LABELS))
LACKING = st.sampled_from([Upstream(outcome=Outcome(name)) for name in ("error", "abstained", "invalid")])
SEEN = st.lists(ANSWERS | ANSWERS | LACKING, min_size=4, max_size=4)


def model(name: str) -> mlsm.Model:
    """Make a model that answers as columns of the record say, and fails or abstains where they say so."""

    def answer(data: Mapping[str, Any], results: object) -> Any:
        if data["way"] == "error":
            raise ValueError("It was asked to.")
        return None if data["way"] == "abstained" else {"score": data["score"], "label": data["label"], "by": name}

    fields = {what: Annotated[kind, Alias(f"{what} of {name}")] for what, kind in KINDS.items()}
    return mlsm.Model(name, fields, "1", answer, "active", range=RANGE, labels=LABELS)


KINDS: dict[str, Any] = {"way": str, "score": float | None, "label": str | None}
MODELS = [model(name) for name in NAMES]


def record_of(number: int, seen: Sequence[Upstream]) -> dict[str, Any]:
    """Make the record for which the models answer so."""
    record: dict[str, Any] = {"id": str(number)}
    for name, one in zip(NAMES, seen, strict=False):
        way = None if one.outcome is Outcome.INVALID else one.outcome.value
        record |= {f"way of {name}": way, f"score of {name}": one.score, f"label of {name}": one.label}
    return record


def declared(rule: str, name: str = "top", **options: Any) -> RuleSummary:
    models = NAMES[:2] if rule == "grid" else NAMES
    options = {"weights": WEIGHTS, **options} if rule == "blend" else options
    return mlsm.summary_of(rule, name=name, version="1", models=models, status="active", options=options)


def variants() -> dict[str, RuleSummary]:
    """Declare every rule in every way."""
    made: dict[str, RuleSummary] = {}
    for rule, described in RULES.items():
        scored = rule in ("best", "blend", "first")
        ways: dict[str, dict[str, Any]] = {"plain": {}, "require": {"require": ["churn"]}}
        if any(option.name == "missing" for option in described):
            ways["strict"] = {"missing": "abstain"}
        if scored:
            ways["scaled"] = {"convert": dict.fromkeys(NAMES, SCALE)}
            ways["times"] = {"convert": {"churn": -1.0}}
        else:
            sides = NAMES[:2] if rule == "grid" else NAMES
            ways["converted"] = {"labels": LABELS, "convert": {"fit": BANDS, "churn": RELABEL}}
            ways["banded"] = {"convert": dict.fromkeys(sides, BANDS)}
        if rule == "first":
            ways["label"] = {"take": "label"}
            ways["converted label"] = {"take": "label", "convert": {"fit": RELABEL, "b-side": BANDS}}
        if rule == "grid":
            ways["converted"] = {"convert": {"fit": BANDS, "churn": RELABEL}, "join": " | "}
            cells = {f"{one}/{other}": "hot" if "A" in (one, other) else "cölder" for one in LABELS for other in LABELS}
            ways["cells"] = {"join": "/", "cells": cells}
        made |= {
            f"{rule}: {way}": declared(rule, f"{rule}-{way}".replace(" ", "-"), **told) for way, told in ways.items()
        }
    return made


CATALOG = mlsm.Catalog([*MODELS, *variants().values()])
SUMMARIES: dict[str, Any] = {way: CATALOG[summary.key] for way, summary in variants().items()}


def test_best_is_the_greatest_score_there_is() -> None:
    """The greatest score wins, of equal ones that of the upstream named first; its label goes along."""

    def naive(seen: Sequence[Upstream]) -> Any:
        there = [one for one in seen if one.score is not None]
        if not there:
            return None
        top = next(one for one in there if all(one.score >= other.score for other in there))  # type: ignore[operator]  # none is None
        return {"score": top.score, "label": top.label, "winner": NAMES[list(map(id, seen)).index(id(top))]}

    hold("best", naive)


def test_first_is_the_first_answer_there_is() -> None:
    """The first upstream with a score wins; what came before it is named."""

    def naive(seen: Sequence[Upstream]) -> Any:
        for place, one in enumerate(seen):
            if one.score is not None:
                return {"score": one.score, "label": one.label, "winner": NAMES[place]}
        return None

    hold("first", naive, missing=lambda seen: [one.score is None for one in seen].index(False))


def test_the_worst_grade_is_the_last_of_the_labels() -> None:
    """The label that is declared last wins."""

    def naive(seen: Sequence[Upstream]) -> Any:
        for label in reversed(LABELS):
            for place, one in enumerate(seen):
                if one.label == label:
                    return {"label": label, "winner": NAMES[place]}
        return None

    hold("worst_grade", naive, facet="label")


def test_the_majority_is_the_most_frequent_label() -> None:
    """The most frequent label wins, of equally frequent ones that of the upstream named first."""

    def naive(seen: Sequence[Upstream]) -> Any:
        counted = Counter(one.label for one in seen if one.label is not None)
        if not counted:
            return None
        ((label, votes),) = counted.most_common(1)  # of equals the one met first
        return {"label": label, "votes": votes, "winner": NAMES[[one.label for one in seen].index(label)]}

    hold("majority", naive, facet="label")


def test_a_grid_puts_two_labels_together() -> None:
    """Without one of the two there is no cell."""

    def naive(seen: Sequence[Upstream]) -> Any:
        one, other = seen[:2]
        return None if one.label is None or other.label is None else {"label": one.label + other.label}

    hold("grid", naive, missing=lambda seen: 0)


def hold(
    rule: str,
    naive: Callable[[Sequence[Upstream]], Any],
    *,
    facet: str = "score",
    missing: Callable[[Sequence[Upstream]], int] = len,
) -> None:
    """Hold a rule against a naive definition; what is missing among so many is named with its outcome."""
    summary = SUMMARIES[f"{rule}: plain"]

    @effort(200)
    @given(SEEN)
    def agree(seen: list[Upstream]) -> None:
        expected = naive(seen)
        if expected is not None:
            named = list(zip(NAMES, seen, strict=True))[: missing(seen)]
            lacking = {name: one.outcome.value for name, one in named if getattr(one, facet) is None}
            expected |= {"missing": lacking} if lacking else {}
        assert expected == summary(*seen[: len(summary.upstreams)])

    agree()


@effort(200)
@given(SEEN)
def test_a_blend_is_the_weighted_mean_of_the_scores_there_are(seen: list[Upstream]) -> None:
    """Weights count by proportion; one who added most wins; what is missing has no part in it."""
    there = [(name, one.score) for name, one in zip(NAMES, seen, strict=True) if one.score is not None]
    answer = SUMMARIES["blend: plain"](*seen)
    if not there:
        assert answer is None
        return
    parts = {name: Fraction(WEIGHTS[name]) * Fraction(score) for name, score in there}
    total = sum(Fraction(WEIGHTS[name]) for name in parts)
    assert float(sum(parts.values()) / total) == pytest.approx(answer["score"], rel=1e-9, abs=1e-9)
    assert float(max(parts.values())) == pytest.approx(float(parts[answer["winner"]]), rel=1e-9, abs=1e-9)
    assert set(NAMES) - set(parts) == answer.get("missing", {}).keys()


@effort(8)
@given(st.lists(SEEN, min_size=1, max_size=8))
def test_record_path_and_batch_path_agree(rows: list[list[Upstream]]) -> None:
    """Every rule, told anything, answers a record alone as it answers it among others, bit for bit."""
    records = [record_of(number, seen) for number, seen in enumerate(rows)]
    alone = [result for record in records for result in mlsm.score_one(CATALOG, record, as_of=CLOCK)]
    assert_same(alone, mlsm.score(CATALOG, records, as_of=CLOCK), exact=True)


@pytest.mark.parametrize("way", SUMMARIES)
def test_a_rule_answers_columns_as_it_answers_rows(way: str) -> None:
    """Score, label and output are those of the function, for every row of a frame."""
    summary = SUMMARIES[way]
    predictor, limits, size = load_rule(summary), Limits.of(summary), len(summary.upstreams)

    @effort(15)
    @given(st.lists(SEEN, min_size=1, max_size=30))
    def agree(rows: list[list[Upstream]]) -> None:
        columns: dict[str, pl.Series] = {}
        for place, name in enumerate(summary.upstreams):
            seen = [row[place] for row in rows]
            columns[f"{name}.score"] = pl.Series([one.score for one in seen], dtype=pl.Float64)
            columns[f"{name}.label"] = pl.Series([one.label for one in seen], dtype=pl.String)
            columns[f"{name}.outcome"] = pl.Series([one.outcome.value for one in seen], dtype=pl.String)
        ids = pl.Series([str(place) for place in range(len(rows))])
        returned = predictor.columns(pl.DataFrame(columns), None)
        by_columns = read_returned(returned, len(rows), ids, limits)
        by_rows = read_values([attempt(predictor.record, *row[:size]) for row in rows], limits)
        shown = by_columns.select(name for name in by_rows.columns if name in by_columns.columns)
        assert repr(by_rows.rows(named=True)) == repr(shown.rows(named=True))

    agree()


def test_a_failed_upstream_is_no_zero() -> None:
    """A score below zero beats a failure; where all failed the summary abstains, required ones make it skipped."""
    low, failed = Upstream(-5.0), Upstream(outcome=Outcome.ERROR)
    assert {
        "score": -5.0,
        "label": None,
        "winner": "churn",
        "missing": dict.fromkeys(("fit", "b-side", "Größe"), "error"),
    } == (SUMMARIES["best: plain"](failed, low, failed, failed))
    records = [record_of(1, [failed, low, low, low]), record_of(2, [failed] * 4), record_of(3, [low, failed, low, low])]
    catalog = CATALOG.only(["best-plain", "best-strict", "best-require"])
    told = [
        {result.key: result.outcome.value for result in mlsm.score_one(catalog, record)[len(NAMES) :]}
        for record in records
    ]
    assert [
        {"best-plain@1": "ok", "best-require@1": "ok", "best-strict@1": "abstained"},
        {"best-plain@1": "abstained", "best-require@1": "skipped", "best-strict@1": "abstained"},
        {"best-plain@1": "ok", "best-require@1": "skipped", "best-strict@1": "abstained"},
    ] == told


def test_the_winner_stands_in_the_output() -> None:
    """A result names the winner beside its score and label, those without an answer with their outcome."""
    seen = [
        Upstream(1.0, "B"),
        Upstream(2.0, "A"),
        Upstream(outcome=Outcome.ABSTAINED),
        Upstream(outcome=Outcome.ERROR),
    ]
    result = mlsm.score_one(CATALOG.only(["best-plain"]), record_of(7, seen))[-1]
    missing = {"b-side": "abstained", "Größe": "error"}
    assert (2.0, "A", {"winner": "churn", "missing": missing}) == (result.score, result.label, result.output)


@pytest.mark.parametrize("way", ["record", "columns"])
@pytest.mark.parametrize(
    ("rule", "missing"),
    [
        ("best-strict", {"Größe": "error", "churn": "abstained"}),
        ("grid-plain", {"churn": "abstained"}),
        ("worst_grade-strict", {"Größe": "error", "b-side": "ok", "churn": "abstained"}),
    ],
)
def test_who_had_no_answer_stands_in_the_output_where_a_summary_abstains(
    rule: str, missing: dict[str, str], way: str
) -> None:
    """Nobody has to look up what else the lead got to know whom the summary waited for."""
    low, mute = Upstream(1.0, "B"), Upstream(1.0, None)
    seen = [low, Upstream(outcome=Outcome.ABSTAINED), mute, Upstream(outcome=Outcome.ERROR)]
    catalog, record = CATALOG.only([rule]), record_of(7, seen)
    result = list(mlsm.score_one(catalog, record) if way == "record" else mlsm.score(catalog, [record]))[-1]
    assert (Outcome.ABSTAINED, {"missing": missing}) == (result.outcome, result.output)


@pytest.mark.parametrize("way", ["record", "columns"])
def test_what_a_conversion_does_not_cover_is_an_error(way: str) -> None:
    """An upstream that declares no labels may give one for which none is stated: that is told, and is no answer."""
    bare = mlsm.Model("fit", {"x": str}, "1", lambda data, results: {"label": data["x"]}, "active")
    options = {"labels": LABELS, "convert": {"fit": {"gold": "A"}}}
    summary = mlsm.summary_of("majority", name="top", version="1", models=["fit"], status="active", options=options)
    catalog = mlsm.Catalog([bare, summary])
    records = [{"id": "1", "x": "gold"}, {"id": "2", "x": "tin"}]
    if way == "record":
        results = [mlsm.score_one(catalog, record)[-1] for record in records]
    else:
        results = list(mlsm.score(catalog, records))[1::2]
    assert ["A", None] == [result.label for result in results]
    told = results[1].error
    assert told is not None
    assert ("ValueError", "No label is stated for 'tin' of 'fit'; expected one of gold.") == (told.type, told.message)


def test_a_summary_is_called_by_position_or_by_name() -> None:
    """As a function it takes each upstream once, whatever its name."""
    summary = declared("best")
    seen = [Upstream(float(place)) for place in range(4)]
    by_name = dict(zip(NAMES, seen, strict=True))
    expected = {"score": 3.0, "winner": "Größe"}
    assert [expected] * 3 == [summary(*seen), summary(**by_name), summary(seen[0], **dict(list(by_name.items())[1:]))]
    for wrong in ([], seen[:3], [*seen, seen[0]]):
        with pytest.raises(TypeError, match="expected each of them once"):
            summary(*wrong)
    with pytest.raises(TypeError, match="'top@1' takes fit, churn"):
        summary(*seen, fit=seen[0])


def test_worse_is_not_known_outside_of_a_catalog() -> None:
    """The order of labels comes from the upstreams, unless it is stated."""
    with pytest.raises(DeclarationError, match="Which label is worse is not known"):
        declared("worst_grade")(*[Upstream(None, "A")] * 4)
    stated = declared("worst_grade", labels=["A", "B"])
    assert {"label": "B", "winner": "churn"} == stated(*(Upstream(None, label) for label in "ABAB"))
