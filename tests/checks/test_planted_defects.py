"""Defects planted in an example model are all found, and none is found in a clean one."""

from __future__ import annotations

import math
import random
from collections.abc import Callable
from datetime import date, datetime, timedelta
from typing import Annotated, Any, Literal, TypedDict

import polars as pl
import pytest

import mlsm
from mlsm.checks import Finding
from mlsm.service import check


class Visit(TypedDict):
    """One visit to the web site."""

    page: str
    seconds: int


FIELDS: dict[str, Any] = {
    "employees": Annotated[int, mlsm.Meta(ge=0)],
    "revenue": float,
    "country": str,
    "title": str | None,
    "created": date,
    "source": Literal["web", "fair", "import"],
    "tags": list[str],
    "visits": list[Visit],
}
Function = Callable[..., Any]


def clean(data: dict[str, Any], results: dict[str, Any], as_of: datetime) -> Any:
    """Score a lead in a way that holds for every record that satisfies the fields."""
    score = min(50.0, data["employees"] / 10) + min(10.0, math.log1p(abs(data["revenue"])))
    score += 5.0 if data["title"] and "chief" in data["title"].lower() else 0.0
    score += 5.0 if (as_of.date() - data["created"]).days < 30 else 0.0
    score += sum(min(visit["seconds"], 60) for visit in data["visits"][:10]) / 100
    return {"score": max(-100.0, score), "label": "known" if data["country"] else "unknown", "tags": len(data["tags"])}


def divides_by_zero(data: dict[str, Any]) -> None:
    data["revenue"] / data["employees"] if abs(data["revenue"]) < 1e9 else None


def crashes_on_null(data: dict[str, Any]) -> None:
    data["title"].lower()


def crashes_on_unicode(data: dict[str, Any]) -> None:
    (data["title"] or "").encode("latin-1")


def crashes_on_far_dates(data: dict[str, Any]) -> None:
    data["created"] + timedelta(days=30)


def crashes_on_short_text(data: dict[str, Any]) -> None:
    data["country"].split()[1]


def crashes_on_an_empty_list(data: dict[str, Any]) -> None:
    data["tags"][0]


def returns_nan_for_huge(data: dict[str, Any]) -> Any:
    return data["revenue"] * 10 - data["revenue"] * 10 if data["revenue"] > 1e300 else None


def returns_a_bool(data: dict[str, Any]) -> Any:
    return True if data["source"] == "import" and data["employees"] == 100 else None


def changes_its_nested_input(data: dict[str, Any]) -> None:
    data["visits"].append({"page": "home", "seconds": 0})


def reads_the_undeclared(data: dict[str, Any]) -> None:
    data.get("region")


RAISING = {
    divides_by_zero: "ZeroDivisionError",
    crashes_on_null: "AttributeError",
    crashes_on_unicode: "UnicodeEncodeError",
    crashes_on_far_dates: "OverflowError",
    crashes_on_short_text: "crashes_on_short_text",
    crashes_on_an_empty_list: "crashes_on_an_empty_list",
    returns_nan_for_huge: "The score is nan",
    returns_a_bool: "The score is True",
}
QUIET = {changes_its_nested_input: "changes its input 'visits'", reads_the_undeclared: "reads the field 'region'"}


def planted(*defects: Function) -> mlsm.Model:
    """Give the clean model with defects before it."""

    def function(data: dict[str, Any], results: dict[str, Any], as_of: datetime) -> Any:
        for defect in defects:
            answer = defect(data)
            if answer is not None:
                return answer
        return clean(data, results, as_of)

    return mlsm.Model("fit", FIELDS, "1", function)


def test_a_clean_model_has_no_findings() -> None:
    """A model that holds for every record that satisfies its fields passes."""
    assert check([mlsm.Model("fit", FIELDS, "1", clean)]) == []


@pytest.mark.parametrize(
    ("defect", "sign"), [*RAISING.items(), *QUIET.items()], ids=lambda value: getattr(value, "__name__", "")
)
def test_a_planted_defect_is_found(defect: Function, sign: str) -> None:
    """Each defect alone is found once, with a record that shows it."""
    found = check([planted(defect)])

    assert [sign in str(finding) for finding in found] == [True]
    assert found[0].record is not None


def test_ten_defects_in_one_model_are_all_found() -> None:
    """Defects do not hide each other: ten planted in one model make ten findings."""
    found = [str(finding) for finding in check([planted(*QUIET, *RAISING)])]

    missed = [sign for sign in [*RAISING.values(), *QUIET.values()] if not any(sign in text for text in found)]
    assert missed == []
    assert len(found) == 10


def test_what_raises_is_shown_with_its_traceback() -> None:
    """A finding names the value at fault, the record and the line of the model's code."""
    (found,) = check([planted(divides_by_zero)])

    assert found.what.startswith("With 'employees' ")
    assert found.record is not None
    assert found.record["employees"] == 0
    assert 'data["revenue"] / data["employees"]' in (found.trace or "")


def _only(found: list[Finding]) -> tuple[str, str]:
    (finding,) = found
    return finding.model, finding.check


def test_a_batch_model_that_looks_at_its_neighbours_is_found() -> None:
    """A rank within the batch is no score of a record."""

    @mlsm.model(version="1", batch=True, fields={"employees": int})
    def rank(leads: pl.DataFrame) -> Any:
        return leads["employees"].rank() / leads.height

    assert _only(check([rank])) == ("rank@1", "rowwise")


def test_a_batch_model_that_looks_at_rare_neighbours_is_found() -> None:
    """A dependence that typical records do not show is found among the rare ones."""

    @mlsm.model(version="1", batch=True, fields={"employees": int})
    def share(leads: pl.DataFrame) -> Any:
        rare = leads["employees"] > 10_000
        return rare.cast(pl.Float64) / max(1, int(rare.sum()))

    assert {finding.check for finding in check([share])} == {"rowwise"}


def test_a_clean_batch_model_has_no_findings() -> None:
    """A frame function that scores row by row passes, holes and rare values included."""

    @mlsm.model(
        version="1", batch=True, fields={name: FIELDS[name] for name in ("employees", "revenue", "title", "created")}
    )
    def fit(leads: pl.DataFrame) -> Any:
        known = leads["title"].is_not_null()
        return leads["employees"].clip(0, 1000) / 10 + known.cast(pl.Float64) + (leads["revenue"] > 0).cast(pl.Float64)

    assert check([fit]) == []


def test_a_model_that_counts_its_calls_is_found() -> None:
    """What was asked before must not show in an answer."""
    calls: list[int] = []

    @mlsm.model(version="1")
    def fit(employees: int) -> float:
        calls.append(employees)
        return float(len(calls))

    assert _only(check([fit])) == ("fit@1", "again")


def test_a_model_that_remembers_the_last_record_is_found() -> None:
    """State that a repetition in the same order does not show is found in another order."""
    last = [0]

    @mlsm.model(version="1")
    def fit(employees: int) -> float:
        seen, last[0] = last[0], employees % 100
        return float(seen)

    assert _only(check([fit])) in [("fit@1", "again"), ("fit@1", "rowwise")]


def test_a_model_that_draws_lots_is_found() -> None:
    """A score by chance is no score."""

    @mlsm.model(version="1")
    def fit(employees: int) -> float:
        return random.random()

    assert _only(check([fit])) == ("fit@1", "again")


def test_a_label_that_is_not_declared_is_found() -> None:
    """What a model says of its labels and range is held against its answers."""

    @mlsm.model(version="1", labels=["A", "B"], range=(0, 100))
    def fit(employees: Annotated[int, mlsm.Meta(ge=0)]) -> Any:
        return {"score": employees, "label": "A" if employees > 50 else "C"}

    found = " ".join(finding.what for finding in check([fit]))
    assert "outside of the declared range" in found
    assert "'C' is not among those declared" in found


def test_a_condition_that_raises_is_found() -> None:
    """The condition under which a model applies must hold for every record as well."""

    @mlsm.model(version="1", when=lambda title: title.startswith("C"))
    def fit(title: str | None) -> float:
        return 1.0

    (found,) = check([fit])
    assert "The condition `when` raised" in found.what


def test_a_pattern_without_an_example_is_told() -> None:
    """A check that could ask nothing does not pass in silence."""

    @mlsm.model(version="1")
    def fit(code: Annotated[str, mlsm.Meta(pattern=r"^(\d)\1{20}$")]) -> float:
        return 1.0

    assert _only(check([fit])) == ("fit@1", "records")


def test_the_same_seed_finds_the_same() -> None:
    """Findings can be looked at again: they depend on the seed alone."""
    subject = planted(*RAISING)

    assert [str(finding) for finding in check([subject])] == [str(finding) for finding in check([subject])]
