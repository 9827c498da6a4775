"""Summaries declared by a rule: what they are told, and which upstreams they refuse."""

from __future__ import annotations

import subprocess
import sys
from typing import Any

import pytest

import mlsm
from mlsm._model import RuleSummary, SummaryModel, read_options, rule_options
from mlsm._model.rules import RULES
from mlsm.errors import CatalogError, DeclarationError

SCALED = {"churn": {"from": [0, 1], "to": [0, 100]}}


def model(
    name: str, range: tuple[float, float] | None = None, labels: tuple[str, ...] | None = None, status: str = "active"
) -> mlsm.Model:
    return mlsm.Model(name, {"x": float}, "1", lambda data, results: data["x"], status, range=range, labels=labels)


def declared(rule: str, models: Any = ("fit", "churn"), status: str = "active", **options: Any) -> RuleSummary:
    options = {"weights": dict.fromkeys(models, 1), **options} if rule == "blend" else options
    return mlsm.summary_of(rule, name="top", version="1", models=models, status=status, options=options)


def refused(*models: mlsm.Model) -> CatalogError:
    with pytest.raises(CatalogError) as raised:
        mlsm.Catalog(models)
    return raised.value


OF_SCORES: list[tuple[str, dict[str, Any]]] = [("best", {}), ("blend", {}), ("first", {})]
OF_LABELS: list[tuple[str, dict[str, Any]]] = [("worst_grade", {}), ("majority", {}), ("first", {"take": "label"})]


@pytest.mark.parametrize(("rule", "options"), OF_SCORES, ids=[rule for rule, _ in OF_SCORES])
def test_scores_that_do_not_compare_are_refused(rule: str, options: dict[str, Any]) -> None:
    """Upstreams without a range or with another one are refused, all at once, with the way out."""
    models = [model("fit", (0, 100)), model("churn", (0, 1)), model("age")]
    error = refused(*models, declared(rule, ["fit", "churn", "age"], **options))
    expected = (
        "'top@1' compares scores, but 'churn@1' declares the range (0, 1); expected (0, 100), which 'fit@1' declares.",
        "'top@1' compares scores, but 'age@1' declares no range; expected (0, 100), which 'fit@1' declares.",
    )
    assert expected == error.problems
    assert "convert = { churn = { from = [0, 1], to = [0, 100] } }" in str(error.hint)


@pytest.mark.parametrize(("rule", "options"), OF_LABELS, ids=[rule for rule, _ in OF_LABELS])
def test_labels_that_do_not_compare_are_refused(rule: str, options: dict[str, Any]) -> None:
    """Upstreams without labels, or with others, or in another order are refused."""
    models = [model("fit", labels=("A", "B")), model("churn", labels=("B", "A")), model("age", (0, 1))]
    error = refused(*models, declared(rule, ["fit", "churn", "age"], **options))
    expected = (
        "'top@1' compares labels, but 'churn@1' declares B, A; expected A, B, best first, which 'fit@1' declares.",
        "'top@1' compares labels, but 'age@1' declares none; expected A, B, best first, which 'fit@1' declares.",
    )
    assert expected == error.problems
    assert 'convert = { churn = { gold = "A" } }' in str(error.hint)


@pytest.mark.parametrize("conversion", [SCALED["churn"], 100, {"from": [0, 1], "to": [100, 0]}], ids=repr)
@pytest.mark.parametrize("rule", ["best", "blend", "first"])
def test_a_stated_conversion_makes_scores_compare(rule: str, conversion: Any) -> None:
    """A range to a range, the other way round too, or a number to multiply with will do."""
    models = [model("fit", (0, 100)), model("churn", (0, 1))]
    summary = mlsm.Catalog([*models, declared(rule, convert={"churn": conversion})])["top"]
    assert (0.0, 100.0) == summary.range


CONVERSIONS: dict[str, tuple[str, dict[str, Any], list[mlsm.Model], str]] = {
    "from another range": (
        "best",
        {"convert": {"churn": {"from": [0, 10], "to": [0, 100]}}},
        [model("fit", (0, 100)), model("churn", (0, 1))],
        "converts 'churn' from (0, 10), but 'churn@1' declares the range (0, 1); expected to convert from that.",
    ),
    "to another range": (
        "best",
        {"convert": {"churn": 10}},
        [model("fit", (0, 100)), model("churn", (0, 1))],
        "'churn@1' is converted to the range (0, 10); expected (0, 100), which 'fit@1' declares.",
    ),
    "a stated range": (
        "best",
        {"range": [0, 10], "convert": {"churn": 10}},
        [model("fit", (0, 100)), model("churn", (0, 1))],
        "'fit@1' declares the range (0, 100); expected (0, 10), as the summary states.",
    ),
    "a label without a label": (
        "worst_grade",
        {"convert": {"churn": {"gold": "A"}}},
        [model("fit", labels=("A", "B")), model("churn", labels=("gold", "silver"))],
        "has no label for silver of 'churn'; 'churn@1' declares gold, silver.",
    ),
    "a label that is not there": (
        "majority",
        {"convert": {"churn": {"gold": "A", "tin": "B"}}},
        [model("fit", labels=("A", "B")), model("churn", labels=("gold",))],
        "converts tin of 'churn', but 'churn@1' declares gold.",
    ),
    "to another label": (
        "worst_grade",
        {"convert": {"churn": {"gold": "Z"}}},
        [model("fit", labels=("A", "B")), model("churn", labels=("gold",))],
        "converts 'churn' to Z; expected A, B, best first, which 'fit@1' declares.",
    ),
    "scores without a label": (
        "worst_grade",
        {"convert": {"churn": {"A": 50, "B": 10}}},
        [model("fit", labels=("A", "B")), model("churn", (0, 100))],
        "has no label for 'churn' below 10, but 'churn@1' declares the range from 0; expected a label from there on.",
    ),
    "scores in another order than the labels": (
        "worst_grade",
        {"convert": {"churn": {"B": 50, "A": 0}}},
        [model("fit", labels=("A", "B")), model("churn", (0, 100))],
        "converts the scores of 'churn' to B, A as they fall; expected A, B, best first, which 'fit@1' declares.",
    ),
    "no order": (
        "worst_grade",
        {"convert": {"fit": {"a": "A"}, "churn": {"b": "B"}}},
        [model("fit"), model("churn")],
        'does not know which label is better; expected labels = ["A", "B", "C"], best first.',
    ),
    "a grid without labels": (
        "grid",
        {},
        [model("fit", labels=("A", "B")), model("churn", (0, 1))],
        "puts labels together, but 'churn@1' declares none; expected all of them, best first.",
    ),
    "two cells of a name": (
        "grid",
        {},
        [model("fit", labels=("A", "A1")), model("churn", labels=("1", "11"))],
        "has two cells 'A11'; expected something between the labels, such as join = \"-\".",
    ),
    "a cell without a name": (
        "grid",
        {"cells": {"A1": "hot"}},
        [model("fit", labels=("A",)), model("churn", labels=("1", "2"))],
        "does not say in `cells` what A2 is; expected every cell there.",
    ),
    "a name without a cell": (
        "grid",
        {"cells": {"A1": "hot", "B1": "cold"}},
        [model("fit", labels=("A",)), model("churn", labels=("1",))],
        "names in `cells` B1; expected some of A1.",
    ),
    "other labels than cells": (
        "grid",
        {"labels": ["A2"]},
        [model("fit", labels=("A",)), model("churn", labels=("1",))],
        "states the labels A2, but its cells are A1.",
    ),
}


@pytest.mark.parametrize("case", CONVERSIONS)
def test_a_conversion_that_does_not_fit_is_refused(case: str) -> None:
    """A conversion must start from what the upstream declares, cover it, and lead to what compares."""
    rule, options, models, expected = CONVERSIONS[case]
    (problem,) = refused(*models, declared(rule, **options)).problems
    assert problem.startswith("'top@1' ")
    assert problem.endswith(expected)


def test_a_summary_takes_its_range_and_labels_from_its_upstreams() -> None:
    """Range and labels follow from the rule; another summary may stand on them."""
    graded = [model("fit", (0, 100), ("A", "B")), model("churn", (0, 100), ("A", "B"))]
    facets = {}
    for rule in RULES:
        summary = mlsm.Catalog([*graded, declared(rule)])["top"]
        facets[rule] = summary.range, summary.labels
    assert {
        "best": ((0.0, 100.0), ("A", "B")),
        "blend": ((0.0, 100.0), None),
        "first": ((0.0, 100.0), ("A", "B")),
        "grid": (None, ("AA", "AB", "BA", "BB")),
        "majority": (None, ("A", "B")),
        "worst_grade": (None, ("A", "B")),
    } == facets
    above = mlsm.summary_of("best", name="above", version="1", models=["top", "fit"], status="active")
    assert (0.0, 100.0) == mlsm.Catalog([above, declared("best"), *graded])["above"].range


def test_labels_by_score_have_the_order_of_the_scores() -> None:
    """The greater the score from which on a label is given, the better it is, whichever is named first."""
    bands = {"C": 0, "B": 50, "A": 75}
    models = [model("fit", (0, 100)), model("churn", (0, 100))]
    summary = declared("worst_grade", convert={"fit": bands, "churn": bands})
    assert ("A", "B", "C") == mlsm.Catalog([*models, summary])["top"].labels


def test_what_stands_on_a_refused_summary_is_not_blamed() -> None:
    """Only the summary whose upstreams do not compare is told of; unknown upstreams come with it."""
    above = mlsm.summary_of("best", name="above", version="1", models=["top", "fit"])
    lost = mlsm.summary_of("best", name="lost", version="1", models=["nobody", "age"])
    error = refused(model("fit", (0, 100)), model("churn"), model("age"), declared("best"), above, lost)
    assert ["'lost@1' stands on 'nobody'", "'top@1' compares scores"] == [
        problem.partition(",")[0] for problem in error.problems
    ]


def test_a_retired_summary_is_not_asked() -> None:
    """What does not run may stand on anything."""
    assert 2 == len(mlsm.Catalog([model("fit"), declared("best", status="retired")]))


def test_activation_takes_over_what_the_new_version_declares() -> None:
    """A summary's range follows the active version that it stands on; its digest stays."""
    newer = mlsm.Model("fit", {"x": float}, "2", lambda data, results: 1, range=(0, 10))
    catalog = mlsm.Catalog([model("fit", (0, 100)), newer, declared("best", ["fit"])])
    changed = catalog.with_active("fit@2")
    assert ((0.0, 100.0), (0.0, 10.0)) == (catalog["top"].range, changed["top"].range)
    assert catalog["top"] == changed["top"] == declared("best", ["fit"])


def test_it_is_a_summary_like_any_other() -> None:
    """Kind, status, upstreams, required upstreams, equality and copies are those of a summary."""
    summary = declared("best", require=["fit"], status="draft")
    active = summary.with_status("active")
    assert isinstance(summary, SummaryModel)
    assert ("summary", ("fit",), {"fit": "fit", "churn": "churn"}) == (
        summary.kind,
        summary.required,
        summary.upstreams,
    )
    assert ("active", "best", summary.options) == (active.status, active.rule, active.options)
    assert (True, False) == (summary.digest == active.digest, summary == active)
    assert summary == declared("best", require=["fit"], status="draft")
    assert "here" == summary.with_source("here").source
    assert summary == summary.with_columns({})
    with pytest.raises(AttributeError, match="immutable"):
        summary.rule = "first"


def test_the_digest_depends_on_rule_options_and_upstreams() -> None:
    """Whatever changes the answers changes the digest; how numbers are spelt does not."""
    different = [
        declared("best"),
        declared("first"),
        declared("best", ["churn", "fit"]),
        declared("best", {"fit": "fit@1", "churn": "churn"}),
        declared("best", missing="abstain"),
        declared("best", require=["fit"]),
        declared("best", convert=SCALED),
        declared("best", range=[0, 100]),
        declared("blend"),
        declared("blend", weights={"fit": 1, "churn": 2}),
        declared("blend", weights={"fit": 2, "churn": 1}),
    ]
    assert len(different) == len({summary.digest for summary in different})
    alike = [declared("blend", weights=weights) for weights in ({"fit": 1, "churn": 2}, {"churn": 2.0, "fit": 1.0})]
    assert alike[0].digest == alike[1].digest
    models = [model("fit", (0, 100)), model("churn", (0, 1))]
    bare = declared("best", convert=SCALED)
    assert bare.digest == mlsm.Catalog([*models, bare])["top"].digest


def test_the_digest_is_the_same_in_every_process() -> None:
    """A worker that builds the summary again finds the same digest."""
    code = (
        "import mlsm; options = {'weights': {'fit': 0.7, 'churn': 0.3}, 'require': ['fit'], 'convert': {'churn': 100}};"
        "print(mlsm.summary_of('blend', name='top', version='1', models=['fit', 'churn'], options=options).digest)"
    )
    told = {
        subprocess.run(
            [sys.executable, "-c", code], check=True, capture_output=True, text=True, env={"PYTHONHASHSEED": seed}
        ).stdout
        for seed in ("1", "2")
    }
    here = declared("blend", weights={"fit": 0.7, "churn": 0.3}, require=["fit"], convert={"churn": 100})
    assert {here.digest + "\n"} == told


def test_all_that_is_wrong_with_the_options_is_told_at_once() -> None:
    """Unknown options, absent ones and values of another kind are found together, each with its path."""
    options = {"weights": {"fit": -1, "nobody": 2}, "mising": "abstain", "convert": {"fit": "x"}, "require": ["z"]}
    with pytest.raises(DeclarationError, match="Summary 'top@1' of the rule 'blend' is declared wrongly:") as raised:
        mlsm.summary_of("blend", name="top", version="1", models=["fit", "churn"], options=options)
    assert [problem.partition(";")[0] for problem in raised.value.problems] == [
        "mising is no option of the rule 'blend'",
        "weights.nobody is no upstream",
        "weights has no weight of 'churn'. Such as churn = 0.5.",
        "weights.fit is -1",
        "require names 'z'",
        "convert.fit is 'x'",
    ]
    assert raised.value.problems[0].endswith("Did you mean 'missing'?")


WRONG: dict[str, tuple[str, dict[str, Any], tuple[str | int, ...]]] = {
    "no weights": ("blend", {}, ()),
    "weights as a list": ("blend", {"weights": [1, 2]}, ("weights",)),
    "a weight of zero": ("blend", {"weights": {"fit": 0, "churn": 1}}, ("weights", "fit")),
    "a weight that is a flag": ("blend", {"weights": {"fit": True, "churn": 1}}, ("weights", "fit")),
    "an infinite weight": ("blend", {"weights": {"fit": float("inf"), "churn": 1}}, ("weights", "fit")),
    "missing": ("best", {"missing": "zero"}, ("missing",)),
    "take": ("first", {"take": ["score"]}, ("take",)),
    "a range of one": ("best", {"range": [1]}, ("range",)),
    "a falling range": ("best", {"range": [1, 0]}, ("range",)),
    "labels as text": ("majority", {"labels": "ABC"}, ("labels",)),
    "no label": ("majority", {"labels": []}, ("labels",)),
    "a label twice": ("majority", {"labels": ["A", "A"]}, ("labels",)),
    "a range beside labels": ("first", {"take": "label", "range": [0, 1]}, ("range",)),
    "labels beside a score": ("first", {"labels": ["A"]}, ("labels",)),
    "require as text": ("best", {"require": "fit"}, ("require",)),
    "join": ("grid", {"join": 1}, ("join",)),
    "cells": ("grid", {"cells": ["A1"]}, ("cells",)),
    "a cell": ("grid", {"cells": {"A1": ""}}, ("cells", "A1")),
    "a stranger": ("best", {"convert": {"age": 2}}, ("convert", "age")),
    "times zero": ("best", {"convert": {"fit": 0}}, ("convert", "fit")),
    "only from": ("best", {"convert": {"fit": {"from": [0, 1]}}}, ("convert", "fit")),
    "from nothing": ("best", {"convert": {"fit": {"from": [1, 1], "to": [0, 1]}}}, ("convert", "fit", "from")),
    "to nothing": ("best", {"convert": {"fit": {"from": [0, 1], "to": [1, 1]}}}, ("convert", "fit", "to")),
    "labels for scores": ("best", {"convert": {"fit": {"gold": "A"}}}, ("convert", "fit")),
    "a mixture": ("majority", {"convert": {"fit": {"gold": "A", "B": 2}}}, ("convert", "fit")),
    "two labels from one score": ("majority", {"convert": {"fit": {"A": 2, "B": 2}}}, ("convert", "fit")),
    "another rule's option": ("best", {"weights": {}}, ("weights",)),
}


@pytest.mark.parametrize("case", WRONG)
def test_a_wrong_option_is_told_with_its_place(case: str) -> None:
    """What is wrong comes with the path to it, what was expected, and a hint."""
    rule, options, path = WRONG[case]
    ((found, what, hint),) = read_options(rule, options, ["fit", "churn"])[1]
    assert path == found
    assert "; expected" in what or "twice" in what or not path or case == "two labels from one score"
    assert hint


def test_rules_are_described() -> None:
    """Every option of every rule says what it is, with an example that can be read."""
    for rule in RULES:
        for option in rule_options(rule):
            assert option.what.endswith(".")
            assert option.example.startswith(f"{option.name} = ")
            assert option.form in ("text", "texts", "numbers", "table")
    assert ["weights"] == [option.name for rule in RULES for option in rule_options(rule) if option.required]


@pytest.mark.parametrize(("rule", "hint"), [("bst", "Did you mean 'best'?"), ("xyz", "@mlsm.summary_model")])
def test_an_unknown_rule_is_told(rule: str, hint: str) -> None:
    """A rule that is not there is told with those that are."""
    with pytest.raises(DeclarationError, match="expected one of best, blend, first, grid, majority") as raised:
        declared(rule)
    assert hint in str(raised.value.hint)


@pytest.mark.parametrize(
    ("rule", "models", "told"),
    [
        ("best", [], "It stands on 0 models; expected one or more."),
        ("grid", ["fit"], "It stands on 1 model; expected two."),
        ("grid", ["a", "b", "c"], "It stands on 3 models; expected two."),
    ],
)
def test_a_rule_wants_so_many_upstreams(rule: str, models: list[str], told: str) -> None:
    """A grid has two sides, any other rule something to stand on."""
    with pytest.raises(DeclarationError, match="is declared wrongly:") as raised:
        declared(rule, models)
    assert (told,) == raised.value.problems


def test_two_versions_of_a_model_need_names() -> None:
    """A mapping gives each its own name, which weights and winners use."""
    with pytest.raises(DeclarationError, match="names 'fit' twice"):
        declared("best", ["fit@1", "fit@2"])
    summary = declared("best", {"old": "fit@1", "new": "fit@2"})
    assert {"old": "fit@1", "new": "fit@2"} == summary.upstreams
