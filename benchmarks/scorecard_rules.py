"""A scorecard of 40 rules over a million leads, beside hand-written polars expressions for them.

Both sides are handed the same columns in memory and give scores; the third asks for exact
reasons as well. Each runs turn about. Targets: under 3 times the expressions, and with
reasons under 3 times that.
"""

from __future__ import annotations

import random
import tempfile
import time
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import polars as pl
from benchmarks._fitted import CHUNK, TODAY, leads

import mlsm
from mlsm._guard import Raised
from mlsm.contracts import ROW_ID, Predictor
from mlsm.engine.batch import call_frame
from mlsm.engine.order import Step
from mlsm.engine.reasons import give_reasons
from mlsm.service import prepared

CLOCK = datetime.combine(TODAY, datetime.min.time(), UTC)
ROUNDS = 5
ROWS = 4 * CHUNK
FIELDS = ("employees", "revenue", "opens", "visits", "days")
STEPS = {"employees": 10_000, "revenue": 1_000_000, "opens": 50, "visits": 200, "days": 400}
RULES = 40


def rules() -> list[tuple[str, float, float, float]]:
    """Draw rules: a field, its least, what it stays below, the points."""
    draw = random.Random(5)
    made = []
    for number in range(RULES):
        field = FIELDS[number % len(FIELDS)]
        low = draw.random() * 0.8 * STEPS[field]
        made.append((field, round(low, 1), round(low + 0.2 * STEPS[field], 1), float(draw.randint(-5, 10))))
    return made


def main() -> None:
    """Print the table."""
    table = "".join(
        f'[[rule]]\nfield = "{field}"\nat_least = {low}\nbelow = {high}\npoints = {points}\non_top = true\n\n'
        for field, low, high, points in rules()
    )
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "points.toml"
        path.write_text(table)
        model = mlsm.load(path, name="points", version="1", status="active")
        (step,) = prepared(mlsm.Catalog([model])).steps
        predictor = step.predictor
        frame = pl.concat([leads(CHUNK, seed=start) for start in range(0, ROWS, CHUNK)]).select(FIELDS)
        ways: dict[str, Callable[[], object]] = {
            "hand-written expressions": lambda: by_hand(frame),
            "scorecard": lambda: predictor.columns(frame, None),
            "scorecard with reasons": lambda: reasoned(predictor, frame),
            "and three of them as text": lambda: written(step, frame),
        }
        found: dict[str, list[float]] = {way: [] for way in ways}
        for _ in range(ROUNDS):
            for way, work in ways.items():
                begin = time.perf_counter()
                work()
                found[way].append(time.perf_counter() - begin)
    seconds = {way: min(times) for way, times in found.items()}
    print(f"{ROWS:,} leads, {RULES} rules, least of {ROUNDS}")
    for way, second in seconds.items():
        print(f"{way:26}{second:8.3f} s")
    scores = seconds["scorecard"] / seconds["hand-written expressions"]
    reasons = seconds["scorecard with reasons"] / seconds["scorecard"]
    print(f"scores {scores:.2f} of the expressions (under 3: {'kept' if scores < 3 else 'MISSED'})")
    print(f"reasons {reasons:.2f} of the scores (under 3: {'kept' if reasons < 3 else 'MISSED'})")
    limit = seconds["scorecard with reasons"] / seconds["hand-written expressions"]
    print(f"reasons {limit:.2f} of the expressions (under 9, three times what scores may take)")


def by_hand(frame: pl.DataFrame) -> pl.Series:
    """Add up the points by expressions."""
    return frame.select(
        pl.sum_horizontal(
            pl.when((pl.col(field) >= low) & (pl.col(field) < high)).then(points).otherwise(0.0)
            for field, low, high, points in rules()
        )
    ).to_series()


def reasoned(predictor: Predictor, frame: pl.DataFrame) -> None:
    """Give the reasons of parts, as a run does."""
    for start in range(0, frame.height, 25_000):
        predictor.explain(frame[start : start + 25_000], None)


def written(step: Step, frame: pl.DataFrame) -> None:
    """Give score and JSON of the three greatest reasons, as a run stores them."""
    leads = frame.with_columns(pl.lit("1").alias(ROW_ID))
    for start in range(0, frame.height, 25_000):
        part = leads[start : start + 25_000]
        answers = call_frame(step, CLOCK, part)
        if isinstance(answers, Raised):
            raise answers.error
        give_reasons(step, part, CLOCK, answers, 3, lambda asked: call_frame(step, CLOCK, asked))


if __name__ == "__main__":
    main()
