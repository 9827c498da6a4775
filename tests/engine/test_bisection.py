"""A batch that raises is cut until the culprits stand alone, at a bounded cost."""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import polars as pl
import pytest

import mlsm
from mlsm import Model, Outcome
from mlsm._guard import Raised
from mlsm.engine.bisect import CULPRITS_MAX, FIRST_CUT, bisect
from mlsm.service.preparing import prepared

ROWS = 100_000
CULPRITS = (0, 1, 17_123, 40_000, 77_777, 77_779, 99_999)
POISON = [float(row) for row in CULPRITS]


@dataclass
class Counted:
    """A function over a range that raises where it meets a culprit."""

    culprits: frozenset[int]
    calls: list[tuple[int, int]] = field(default_factory=list)

    def __call__(self, start: int, stop: int) -> Any:
        self.calls.append((start, stop))
        found = sorted(self.culprits & set(range(start, stop)))
        return Raised(ValueError(found[0])) if found else (start, stop)


@dataclass
class Scorer:
    """A batch function that counts its calls and the rows that it is handed."""

    raises: Callable[[pl.DataFrame], bool]
    calls: int = 0
    rows: int = 0

    def model(self) -> Model:
        def doubled(leads: pl.DataFrame) -> pl.Series:
            self.calls += 1
            self.rows += leads.height
            if self.raises(leads):
                raise ValueError("poison")
            return leads["x"] * 2

        made = mlsm.model(name="doubled", version="1", fields={"x": float}, batch=True, status="active")(doubled)
        prepared(mlsm.Catalog([made]))  # the trial when it is loaded is not counted
        self.calls = self.rows = 0
        return made


def leads(rows: int) -> pl.DataFrame:
    return pl.DataFrame({"id": pl.int_range(rows, eager=True).cast(pl.String), "x": pl.int_range(rows, eager=True)})


@pytest.mark.parametrize("part_rows", [ROWS, 20_000])
def test_seven_culprits_of_a_hundred_thousand_cost_little(part_rows: int) -> None:
    """Exactly the seven rows that raise are errors; at most 30 calls each more, and five times the rows."""
    scorer = Scorer(lambda frame: frame["x"].is_in(POISON).any())
    catalog = mlsm.Catalog([scorer.model()])
    scorer.calls = scorer.rows = 0
    results = mlsm.score(catalog, leads(ROWS), part_rows=part_rows)
    table = results.frame().select("record_id", "outcome", "score")
    failed = table.filter(pl.col("outcome") == "error")
    assert [str(row) for row in CULPRITS] == failed.get_column("record_id").to_list()
    good = table.filter(pl.col("outcome") == "ok")
    assert (good.get_column("record_id").cast(pl.Float64) * 2).to_list() == good.get_column("score").to_list()
    assert ROWS - len(CULPRITS) == good.height
    assert scorer.calls - ROWS // part_rows <= 30 * len(CULPRITS)
    assert scorer.rows <= 5 * ROWS


@pytest.mark.parametrize("rows", [2_000, 4_000])
def test_beyond_64_culprits_the_cost_stays_linear(rows: int) -> None:
    """Where every other row raises, there is about one call a row, not a tree of them."""
    scorer = Scorer(lambda frame: (frame["x"] % 2 == 0).any())
    catalog = mlsm.Catalog([scorer.model()])
    scorer.calls = scorer.rows = 0
    results = mlsm.score(catalog, leads(rows), part_rows=rows)
    assert {"doubled@1": {Outcome.OK: rows // 2, Outcome.ERROR: rows // 2}} == results.counts()
    assert scorer.calls <= rows + 30 * CULPRITS_MAX
    assert scorer.rows <= 5 * rows


@pytest.mark.parametrize(
    "culprits",
    [(), (0,), (999,), (0, 999), (5, 6, 7), tuple(range(64)), tuple(range(0, 1000, 7)), tuple(range(1000))],
    ids=len,
)
@pytest.mark.parametrize("size", [1, 2, 31, 32, 33, 1000])
def test_every_row_is_answered_once_in_order(size: int, culprits: tuple[int, ...]) -> None:
    """The answers cover all rows in order; what raised is of one row, and is a culprit."""
    wanted = frozenset(row for row in culprits if row < size)
    call = Counted(wanted)
    found = bisect(call, size)
    assert [row for start, stop, _ in found for row in range(start, stop)] == list(range(size))
    assert wanted == {start for start, _, answer in found if isinstance(answer, Raised)}
    assert [] == [(start, stop) for start, stop, answer in found if isinstance(answer, Raised) and stop - start > 1]
    assert [] == [one for one in found if not isinstance(one[2], Raised) and (one[0], one[1]) != one[2]]
    if not wanted:
        assert [(0, size)] == call.calls


@pytest.mark.parametrize("count", [1, 2, 7, 20])
def test_the_number_of_calls_is_what_the_docstring_says(count: int) -> None:
    """For k culprits in n rows there are at most 32 + 2k log2(n/32) further calls, and n + 4kn/32 further rows."""
    size = 1 << 14
    culprits = frozenset((place * 7919) % size for place in range(count))
    call = Counted(culprits)
    bisect(call, size)
    assert len(call.calls) - 1 <= FIRST_CUT + 2 * count * (14 - 5)
    assert sum(stop - start for start, stop in call.calls) - size <= size + 4 * count * size // 32


def test_no_row_makes_no_call() -> None:
    """There is nothing to ask about nothing."""
    call = Counted(frozenset())
    assert ([], []) == (bisect(call, 0), call.calls)


def test_a_batch_that_raises_as_a_whole_only_is_still_scored() -> None:
    """A function that cannot take many rows at once is asked about fewer."""
    scorer = Scorer(lambda frame: frame.height > 100)
    catalog = mlsm.Catalog([scorer.model()])
    assert {"doubled@1": {Outcome.OK: 1_000}} == mlsm.score(catalog, leads(1_000)).counts()
