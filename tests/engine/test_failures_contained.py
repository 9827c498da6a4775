"""What a model does costs its own result and nothing else; an interrupt is the person's, and passes."""

from datetime import UTC, datetime
from typing import Any

import numpy as np
import polars as pl
import pytest

import mlsm
from mlsm import Model, Outcome, Result
from mlsm.errors import DeclarationError
from mlsm.testing import assert_same

AS_OF = datetime(2026, 11, 22, tzinfo=UTC)


class UnspeakableError(Exception):
    """An exception that cannot be shown."""

    def __str__(self) -> str:
        raise RuntimeError


class Truthless:
    """A value that is neither true nor false."""

    def __bool__(self) -> bool:
        raise ValueError("ambiguous")

    def __repr__(self) -> str:
        return "Truthless()"


def raising(error: BaseException | type[BaseException]) -> Any:
    raise error


def results_of(*models: Model, **record: Any) -> list[Result]:
    """Score a record alone, and between two others, where it gets the same results."""
    catalog = mlsm.Catalog(models)
    alone = mlsm.score_one(catalog, {"id": "2", **record}, as_of=AS_OF)
    records = [{"id": "1", "x": 1}, {"id": "2", **record}, {"id": "3", "x": 3}]
    assert_same(alone, mlsm.score(catalog, records, as_of=AS_OF).record("2"), exact=True)
    return list(alone)


def row_model(function: Any, **options: Any) -> Model:
    options = {"name": "m", "fields": {"x": int}, "status": "active", **options}
    return mlsm.model(version="1", **options)(function)


ERRORS: list[tuple[Any, str, str]] = [
    (ValueError("odd"), "ValueError", "odd"),
    (KeyError("k"), "KeyError", "'k'"),
    (SystemExit(3), "SystemExit", "3"),
    (StopIteration(), "StopIteration", ""),
    (GeneratorExit(), "GeneratorExit", ""),
    (RecursionError("deep"), "RecursionError", "deep"),
    (MemoryError(), "MemoryError", ""),
    (AssertionError(), "AssertionError", ""),
    (BaseException("b"), "BaseException", "b"),
    (UnspeakableError(), "UnspeakableError", "(the exception cannot be shown)"),
    (UnicodeError("\ud800"), "UnicodeError", r"\ud800"),
    (ValueError("x" * 9_999), "ValueError", "x" * 2_000 + "…"),
    (ExceptionGroup("g", [ValueError()]), "ExceptionGroup", "g (1 sub-exception)"),
]


@pytest.mark.parametrize(("error", "kind", "message"), ERRORS, ids=lambda value: repr(value)[:30])
def test_what_a_row_function_raises_is_its_result(error: BaseException, kind: str, message: str) -> None:
    """Whatever a function of one record raises is an error of that record, told by type and message."""
    (found,) = results_of(row_model(lambda x: raising(error) if x == 2 else x), x=2)
    assert found.error is not None
    assert (Outcome.ERROR, kind, message) == (found.outcome, found.error.type, found.error.message)


@pytest.mark.parametrize(("error", "kind", "message"), ERRORS, ids=lambda value: repr(value)[:30])
def test_what_a_batch_function_raises_is_the_result_of_its_row(error: BaseException, kind: str, message: str) -> None:
    """Whatever a function of a frame raises is an error of the row that makes it raise."""

    def score(leads: pl.DataFrame) -> pl.Series:
        return raising(error) if (leads["x"] == 2).any() else leads["x"]

    (found,) = results_of(row_model(score, batch=True), x=2)
    assert found.error is not None
    assert (Outcome.ERROR, kind, message) == (found.outcome, found.error.type, found.error.message)


@pytest.mark.parametrize("batch", [False, True])
def test_an_interrupt_passes(batch: bool) -> None:
    """Ctrl-C while a model runs ends the scoring, one record's and many's."""
    catalog = mlsm.Catalog([row_model(lambda x: raising(KeyboardInterrupt), batch=batch)])
    with pytest.raises(KeyboardInterrupt):
        mlsm.score_one(catalog, {"id": 1, "x": 1})
    with pytest.raises(KeyboardInterrupt):
        mlsm.score(catalog, [{"id": 1, "x": 1}])


@pytest.mark.parametrize(
    ("returned", "outcome"),
    [
        (True, "ok"),
        (1, "ok"),
        ("yes", "ok"),
        (False, "abstained"),
        (0, "abstained"),
        (None, "abstained"),
        ("", "abstained"),
        (np.False_, "abstained"),
        (np.array([]), "error"),
        (np.array([1, 2]), "error"),
        (Truthless(), "error"),
        (pl.Series([1]), "error"),
    ],
    ids=repr,
)
def test_a_condition_decides_whether_a_model_applies(returned: Any, outcome: str) -> None:
    """Where `when` is false the model abstains; where it has no truth, that is an error."""
    (found,) = results_of(row_model(lambda x: 5.0, when=lambda x: returned), x=2)
    assert (outcome, 5.0 if outcome == "ok" else None) == (found.outcome, found.score)


@pytest.mark.parametrize("error", [ValueError("odd"), SystemExit(1), StopIteration()], ids=repr)
def test_a_condition_that_raises_is_an_error(error: BaseException) -> None:
    """What a condition raises is told as such, and the model is not called."""
    (found,) = results_of(row_model(lambda x: 5.0, when=lambda x: raising(error)), x=2)
    assert found.error is not None
    assert (Outcome.ERROR, type(error).__name__) == (found.outcome, found.error.type)
    assert found.error.message.startswith("The condition `when` raised: ")


def test_a_condition_may_read_the_clock_and_some_fields() -> None:
    """A condition is handed the fields that it names, and `as_of` last."""
    fields = {"x": int, "y": str | None}
    applies = row_model(lambda x, y: 1.0, fields=fields, when=lambda y, as_of: y is None and as_of == AS_OF)
    assert ["ok"] == [found.outcome for found in results_of(applies, x=2)]
    assert ["abstained"] == [found.outcome for found in results_of(applies, x=2, y="z")]


class Condition:
    """A callable object as a condition."""

    def __call__(self, x: int) -> bool:
        return x > 1


def test_a_condition_may_be_any_callable() -> None:
    """An object that can be called serves as well."""
    assert ["ok"] == [found.outcome for found in results_of(row_model(lambda x: 1.0, when=Condition()), x=2)]


@pytest.mark.parametrize(
    ("when", "message"),
    [
        (lambda y: y, r"reads \['y'\], which are no fields; expected some of \['x'\]"),
        (lambda as_of, x: x, "takes 'as_of' before a field; expected it last"),
        (lambda *, x: x, r"takes \['x'\] by name only; expected by position"),
        (lambda *xs: xs, r"reads \['xs'\], which are no fields"),
    ],
    ids=["unknown", "clock first", "by name", "any number"],
)
def test_a_condition_that_cannot_be_called_is_refused(when: Any, message: str) -> None:
    """A condition's parameters are fields of its model, found out before any record is read."""
    with pytest.raises(DeclarationError, match=message):
        mlsm.score_one([row_model(lambda x: 1.0, when=when)], {"id": 1, "x": 1})


def test_a_record_that_does_not_fit_is_invalid_for_that_model_alone() -> None:
    """The model is not called; all problems are listed; others score."""
    called: list[Any] = []
    strict = mlsm.model(name="strict", version="1", fields={"x": int, "y": str, "z": bool}, status="active")(
        lambda x, y, z: called.append(x)
    )
    other = row_model(lambda x: 1.0, name="other", fields={"x": str})
    first, second = results_of(strict, other, x="many", z=2)
    assert first.error is not None
    assert ("InvalidRecord", ["x", "y", "z"]) == (first.error.type, [problem.path for problem in first.error.problems])
    assert (
        "3 problems: x: wrong type, expected int, got 'many'; y: missing, expected str, got nothing; "
        "z: wrong type, expected bool, got 2"
    ) == first.error.message
    assert (Outcome.INVALID, Outcome.OK, []) == (first.outcome, second.outcome, called)


def summary_of(*, batch: bool = False, require: Any = (), **upstreams: str) -> Model:
    def fields(**seen: Any) -> Any:
        return {"seen": {name: [one.outcome, one.score, one.usable] for name, one in seen.items()}}

    def frame(leads: pl.DataFrame) -> pl.DataFrame:
        names = [f"{name}.{facet}" for name in upstreams for facet in ("outcome", "score", "label")]
        return leads.select(score=pl.lit(1.0), seen=pl.struct(names))

    options: Any = {"name": "top", "version": "1", "models": upstreams, "status": "active", "require": require}
    return mlsm.summary_model(batch=batch, **options)(frame if batch else fields)


BROKEN = [
    ("ok", row_model(lambda x: 1.5)),
    ("abstained", row_model(lambda x: None)),
    ("invalid", row_model(lambda x: 1.0, fields={"x": bool})),
    ("error", row_model(lambda x: raising(ValueError))),
]


@pytest.mark.parametrize(("outcome", "upstream"), BROKEN, ids=lambda value: str(value)[:10])
def test_a_summary_sees_how_an_upstream_fared(outcome: str, upstream: Model) -> None:
    """An upstream that failed is visible to a summary as a result; without a score where it has none."""
    score = 1.5 if outcome == "ok" else None
    _, found = results_of(upstream, summary_of(up="m"), x=2)
    assert {"seen": {"up": [outcome, score, outcome == "ok"]}} == found.output
    assert ["m@1"] == [given.model for given in found.given]
    _, found = results_of(upstream, summary_of(up="m", batch=True), x=2)
    assert {"up.outcome": outcome, "up.score": score, "up.label": None} == found.output["seen"]


@pytest.mark.parametrize(("outcome", "upstream"), BROKEN, ids=lambda value: str(value)[:10])
@pytest.mark.parametrize("batch", [False, True])
def test_a_summary_without_what_it_requires_is_skipped(outcome: str, upstream: Model, batch: bool) -> None:
    """Where a required upstream has no usable result, the summary is skipped, with the culprits named."""
    other = row_model(lambda x: raising(KeyError), name="other")
    _, _, found = results_of(upstream, other, summary_of(up="m", other="other", require=["up"], batch=batch), x=2)
    if outcome == "ok":
        assert Outcome.OK == found.outcome
        return
    assert found.error is not None
    assert (Outcome.SKIPPED, "Skipped", ("m@1",), ()) == (
        found.outcome,
        found.error.type,
        found.error.culprits,
        found.given,
    )
    _, _, both = results_of(upstream, other, summary_of(up="m", other="other", require=["other", "up"]), x=2)
    assert both.error is not None
    assert ("other@1", "m@1") == both.error.culprits
    assert "No usable result of other@1, m@1, which the summary requires." == both.error.message


def test_an_invalid_summary_is_invalid_before_it_is_skipped() -> None:
    """A summary's own fields are looked at first."""
    top = mlsm.summary_model(name="top", version="1", models=["m"], require=["m"], fields={"y": int}, status="active")
    _, found = results_of(row_model(lambda x: None), top(lambda m, y: 1.0), x=2)
    assert (Outcome.INVALID, ()) == (found.outcome, found.given)


def test_models_that_spoil_what_they_are_handed_spoil_nothing() -> None:
    """Lists, objects, upstreams' output and frames are a model's own."""
    fields = {"tags": list[str], "more": dict[str, int]}

    def spoil(tags: list[str], more: dict[str, int]) -> dict[str, Any]:
        tags.append("spoilt")
        more.clear()
        return {"seen": [1]}

    def look(tags: list[str], more: dict[str, int]) -> dict[str, Any]:
        return {"tags": tags, "more": more}

    def spoil_frame(leads: pl.DataFrame) -> pl.DataFrame:
        for value in leads["more"]:
            value.clear()
        return leads.select(score=pl.lit(1.0))

    def spoil_upstream(up: Any) -> Any:
        up.output["seen"].append(2)
        return {"seen": up.output["seen"]}

    models = [
        row_model(spoil, name="spoil", fields=fields),
        row_model(spoil_frame, name="frame", fields=fields, batch=True),
        row_model(look, name="look", fields=fields),
        mlsm.summary_model(name="first", version="1", models={"up": "spoil"}, status="active")(spoil_upstream),
        mlsm.summary_model(name="second", version="1", models={"up": "spoil"}, status="active")(spoil_upstream),
    ]
    found = {result.model: result for result in results_of(*models, tags=["a"], more={"b": 1})}
    assert {"tags": ["a"], "more": {"b": 1}} == found["look"].output
    assert {"seen": [1]} == found["first"].output == found["second"].output
    assert 1.0 == found["frame"].score


def test_the_clock_is_the_runs() -> None:
    """A model that names `as_of` is handed the run's clock, in UTC, alone, in a batch and in a frame."""
    row = row_model(lambda x, as_of: {"at": as_of}, name="row")
    frame = row_model(lambda leads, as_of: [{"at": as_of}] * len(leads), name="frame", batch=True)
    data = Model("data", {"x": int}, "1", lambda data, results, as_of: {"at": as_of}, "active")
    assert [{"at": "2026-11-22T00:00:00+00:00"}] * 3 == [found.output for found in results_of(row, frame, data, x=2)]


def test_the_first_distinct_errors_keep_their_tracebacks() -> None:
    """A run's report tells the lines of the model that raised."""
    scores = mlsm.score([row_model(lambda x: raising(ValueError(x % 2)))], [{"id": n, "x": n} for n in range(6)])
    notes = [(note.type, note.message, note.count, note.first_ids) for note in scores.report.errors]
    assert [("ValueError", "0", 3, ("0", "2", "4")), ("ValueError", "1", 3, ("1", "3", "5"))] == notes
    assert [] == [note for note in scores.report.errors if "raise error" not in (note.trace or "")]
