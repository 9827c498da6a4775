"""A model that keeps failing is no longer called in that part; what that comes to depends on the records alone."""

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

import polars as pl
import pytest

import mlsm
from mlsm import Breaker, Failing, Model, Outcome

ROWS = 5_000
AS_OF = datetime(2026, 11, 22, tzinfo=UTC)


@dataclass
class Counting:
    """A function that raises on some records and counts how often it is called."""

    fails: Callable[[int], bool]
    calls: list[int] = field(default_factory=list)
    answer: Any = None

    def model(self, status: str = "active", breaker: Breaker | None = None) -> Model:
        def counted(x: int) -> Any:
            self.calls.append(x)
            if self.fails(x):
                if self.answer is not None:
                    return self.answer
                raise ValueError("again")
            return float(x)

        failing = Failing() if breaker is None else Failing(breaker=breaker)
        return mlsm.model(name="counted", version="1", status=status, failing=failing)(counted)


def leads(rows: int = ROWS) -> pl.DataFrame:
    return pl.DataFrame({"id": pl.int_range(rows, eager=True).cast(pl.String), "x": pl.int_range(rows, eager=True)})


def counts(scores: mlsm.Scores) -> dict[str, int]:
    return {outcome.value: count for outcome, count in scores.counts()["counted@1"].items()}


@pytest.mark.parametrize(("status", "called"), [("active", 501), ("draft", 101)])
def test_a_model_that_always_fails_is_called_no_longer(status: str, called: int) -> None:
    """More than half of 1,000 calls open an active model's breaker, of 200 a draft's."""
    counting = Counting(lambda _: True)
    scores = mlsm.score([counting.model(status)], leads())
    assert len(counting.calls) == called
    assert counts(scores) == {"error": called, "skipped": ROWS - called}


def test_what_is_skipped_says_why() -> None:
    """The error of a result that was spared names the share and the window."""
    scores = mlsm.score([Counting(lambda _: True).model("draft")], leads())
    error = scores.record(str(ROWS - 1))[0].error
    assert error is not None
    assert (error.type, error.message) == (
        "BreakerOpen",
        "Not called: more than 50% of 200 calls failed in this part of the input, so the breaker is open.",
    )


@pytest.mark.parametrize("answer", [float("nan"), "junk", True, {}])
def test_answers_that_cannot_be_results_count(answer: Any) -> None:
    """A model that returns junk opens its breaker as one that raises does."""
    counting = Counting(lambda _: True, answer=answer)
    assert counts(mlsm.score([counting.model("draft")], leads())) == {"error": 101, "skipped": ROWS - 101}


def test_raised_and_junk_count_together() -> None:
    """Failures of both kinds fill one window."""

    def model(x: int) -> float:
        if x % 2:
            raise ValueError
        return float("nan")

    scores = mlsm.score([mlsm.model(name="counted", version="1")(model)], leads())
    assert counts(scores) == {"error": 101, "skipped": ROWS - 101}


def test_up_to_the_share_all_are_called() -> None:
    """Just half of the calls may fail, for as long as there are records."""
    counting = Counting(lambda x: x % 2 == 0)
    assert counts(mlsm.score([counting.model("draft")], leads())) == {"ok": ROWS // 2, "error": ROWS // 2}
    assert len(counting.calls) == ROWS


def test_the_window_slides() -> None:
    """It opens in the middle of a part, where the failures stand close enough together."""
    counting = Counting(lambda x: 2_100 <= x < 2_400)
    scores = mlsm.score([counting.model("draft")], leads())
    assert counts(scores) == {"ok": 2_100, "error": 101, "skipped": ROWS - 2_201}
    assert scores.record("2200")[0].outcome is Outcome.ERROR
    assert scores.record("2201")[0].outcome is Outcome.SKIPPED


def test_each_part_begins_anew() -> None:
    """A part's breaker knows nothing of the part before, so that parts may be scored in any order."""
    counting = Counting(lambda x: x < 1_000)
    scores = mlsm.score([counting.model("draft")], leads(), part_rows=1_000)
    assert counts(scores) == {"ok": ROWS - 1_000, "error": 101, "skipped": 899}


def test_records_that_were_not_called_do_not_count() -> None:
    """The window is one of calls: invalid records lie outside of it."""
    rows = [{"id": str(row), "x": "many" if row % 3 else row} for row in range(900)]
    scores = mlsm.score([Counting(lambda _: True).model("draft")], rows)
    assert counts(scores) == {"invalid": 600, "error": 101, "skipped": 199}


def test_thresholds_are_the_models_own() -> None:
    """Share and window can be said of a model; with a share of 1 it is always called."""
    small = Breaker(share=0.2, window=10)
    assert counts(mlsm.score([Counting(lambda _: True).model("active", small)], leads(50))) == {
        "error": 3,
        "skipped": 47,
    }
    never = Counting(lambda _: True)
    assert counts(mlsm.score([never.model("active", Breaker(share=1))], leads())) == {"error": ROWS}
    assert len(never.calls) == ROWS


def test_a_batch_model_is_called_no_longer_where_it_goes_row_by_row() -> None:
    """A frame function that raises for most rows is cut into rows until its breaker opens."""
    calls: Counter[int] = Counter()

    def counted(frame: pl.DataFrame) -> pl.Series:
        calls[frame.height] += 1
        if frame["x"].max() >= 100:  # type: ignore[operator]  # it is a number
            raise ValueError("again")
        return frame["x"] * 1.0

    model = mlsm.model(name="counted", version="1", fields={"x": int}, batch=True)(counted)
    scores = mlsm.score([model], leads(), part_rows=ROWS)
    assert counts(scores) == {"ok": 100, "error": 101, "skipped": ROWS - 201}
    assert calls.total() < 600


def test_a_batch_model_that_answers_as_a_whole_is_not_broken_off() -> None:
    """Where one call gives all answers nothing is saved by leaving some of them out."""

    def counted(frame: pl.DataFrame) -> pl.Series:
        return frame.select(pl.when(pl.col("x") < 4_000).then(float("nan")).otherwise(1.0)).to_series()

    model = mlsm.model(name="counted", version="1", fields={"x": int}, batch=True)(counted)
    assert counts(mlsm.score([model], leads())) == {"ok": 1_000, "error": 4_000}


def test_a_summary_over_one_that_was_broken_off_sees_that() -> None:
    """Its required upstream was skipped, so it is, and names it."""

    def best(counted: mlsm.Upstream) -> float:
        return counted.score or 0.0

    summary = mlsm.summary_model(version="1", models=["counted@1"], require=["counted"])(best)
    scores = mlsm.score([Counting(lambda _: True).model("draft"), summary], leads(300))
    assert {outcome.value: n for outcome, n in scores.counts()["best@1"].items()} == {"skipped": 300}
    error = scores.record("299")[1].error
    assert error is not None
    assert error.culprits == ("counted@1",)


@pytest.mark.parametrize(
    ("declared", "told"),
    [
        ({"share": 2}, "share is 2; expected a share from 0 to 1."),
        ({"draft_window": 0}, "draft_window is 0; expected a number of calls, 1 or more."),
        ({"cooldown": -1.0}, "cooldown is -1.0; expected seconds, 0 or more."),
    ],
)
def test_a_breaker_that_cannot_be_meant_is_refused(declared: dict[str, Any], told: str) -> None:
    """Every mistake is told, with an example."""
    with pytest.raises(mlsm.DeclarationError) as caught:
        Breaker(**declared)
    assert caught.value.problems == (told,)


def test_the_breaker_is_no_part_of_the_digest() -> None:
    """What is done about failures does not change what a model answers."""
    model = Counting(lambda _: False).model()
    assert model.with_failing(Failing(breaker=Breaker(share=0.1))).digest == model.digest


@mlsm.model(version="1", fields={"x": int}, batch=True)
def junk_as_a_whole(frame: pl.DataFrame) -> pl.Series:
    """Answer with something that is no score for most rows, in one call."""
    return frame.select(pl.when(pl.col("x") < 4_000).then(float("nan")).otherwise(1.0)).to_series()


@mlsm.model(version="1", fields={"x": int}, batch=True)
def raising_frames(frame: pl.DataFrame) -> pl.Series:
    if frame["x"].max() >= 100:  # type: ignore[operator]  # it is a number
        raise ValueError("again")
    return frame["x"] * 1.0


@mlsm.model(version="1", fields={"x": int}, batch=True)
def not_row_wise(frame: pl.DataFrame) -> pl.Series:
    return frame["x"] * 1.0 - (frame["x"].mean() or 0.0)


@mlsm.model(version="1")
def raising_rows(x: int) -> float:
    if x % 4:
        raise ValueError("again")
    return 1.0


@mlsm.model(version="1")
def junk_rows(x: int) -> Any:
    return "junk"


@pytest.mark.parametrize(
    "model", [junk_as_a_whole, raising_frames, not_row_wise, raising_rows, junk_rows], ids=lambda model: model.name
)
def test_a_process_of_its_own_changes_nothing(model: Model) -> None:
    """The breaker opens at the same record inline and in another process, with the same answers."""
    inline, process = (
        mlsm.score([made], leads(), as_of=AS_OF).frame().select("record_id", "outcome", "score", "error")
        for made in (model, model.with_isolation("process"))
    )
    assert process.equals(inline)
