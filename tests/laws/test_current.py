"""The score and what is current follow their rule under any order of runs, clocks, purposes and promotions."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Literal, TypeAlias

import polars as pl
import pytest
from hypothesis import event, given, settings
from hypothesis import strategies as st

from mlsm._batch import Batch, ModelColumns, facet
from mlsm._result import Result
from mlsm._typing import LANES, Lane
from mlsm.contracts import ModelEntry, RunPlan, Selection, Store
from mlsm.stores import open_store
from mlsm.testing._stores.samples import day, read

RECORDS = ("1", "01", "é")
NAMES = ("fit", "size")
VERSIONS = ("1", "2")

Key: TypeAlias = tuple[str, str, str]


@dataclass(frozen=True, slots=True)
class Run:
    """A run to open: its purpose, and which version of each name is active and which a draft."""

    purpose: Literal["live", "trial"]
    models: tuple[tuple[str, str, str], ...]


@dataclass(frozen=True, slots=True)
class Part:
    """A part to write into one of the runs, at a clock of its own, lane by lane."""

    run: int
    clock: int
    records: tuple[str, ...]
    lanes: tuple[Lane, ...]


@dataclass(frozen=True, slots=True)
class End:
    """A run to close."""

    run: int
    state: str


Step: TypeAlias = Run | Part | End


@dataclass(frozen=True, slots=True)
class Said:
    """A result as the oracle remembers it."""

    live: bool
    clock: int
    seq: int
    place: int
    record: str
    name: str
    version: str
    status: str
    score: float


@st.composite
def catalogs(draw: st.DrawFn) -> tuple[tuple[str, str, str], ...]:
    """Draw versions with statuses, at most one active a name, in any order."""
    chosen = []
    for name in draw(st.lists(st.sampled_from(NAMES), min_size=1, unique=True)):
        versions = draw(st.lists(st.sampled_from(VERSIONS), min_size=1, unique=True))
        active = draw(st.sampled_from([*versions, *versions, None]))
        chosen += [(name, version, "active" if version == active else "draft") for version in versions]
    return tuple(draw(st.permutations(chosen)))


def parts() -> st.SearchStrategy[Part]:
    """Draw parts of some records, at few clocks so that many are equal or go back."""
    return st.builds(
        Part,
        run=st.integers(0, 3),
        clock=st.integers(0, 3),
        records=st.lists(st.sampled_from(RECORDS), min_size=1, unique=True).map(tuple),
        lanes=st.sampled_from([LANES, LANES[::-1], ("active",), ("draft",)]),
    )


def runs() -> st.SearchStrategy[Run]:
    """Draw runs, most of them live."""
    return st.builds(Run, st.sampled_from(["live", "live", "trial"]), catalogs())


ENDS = st.builds(End, run=st.integers(0, 3), state=st.sampled_from(["finished", "interrupted"]))
STEPS = st.builds(
    lambda first, then: [*first, *then],
    st.lists(runs(), min_size=2, max_size=4),
    st.lists(st.one_of(parts(), parts(), parts(), parts(), runs(), ENDS), min_size=6, max_size=16),
)


@pytest.mark.parametrize("url", ["sqlite:///store.db", "memory:"], ids=["sqlite:", "memory:"])
@settings(max_examples=60, deadline=None)
@given(steps=STEPS)
def test_current_is_what_the_rule_says(url: str, steps: list[Step]) -> None:
    """By record, in bulk and in the views: the greatest (as_of, seq) among live results, active ones for the score."""
    with TemporaryDirectory() as folder:
        store = open_store(url, Path(folder))
        said = list(play(store, steps))
        scores = newest([one for one in said if one.status == "active"], lambda one: (one.record, one.name))
        current = newest(said, lambda one: (one.record, one.name, one.version))
        assert scores == told(one for record in RECORDS for one in store.score(record))
        assert scores == told(read(store.scores(Selection())))
        assert current == told(one for record in RECORDS for one in store.current(record))
        assert current == told(read(store.currents(Selection())))
        for record in RECORDS:
            of_record = sorted((one for one in said if one.record == record), key=lambda one: (-one.clock, -one.seq))
            assert [one.score for one in of_record] == [one.score for one in store.history(record)]
        live = {one.seq for one in said if one.live}
        assert sorted(live) == [seq for seq, frame in store.changes(0) if not frame.is_empty()]
        store.dispose()
        if url != "memory:":
            assert (scores, current) == viewed(Path(folder) / "store.db")
    event(f"{'several' if len(scores) > 2 else len(scores)} scores")
    event(f"{'more than two' if len(current) - len(scores) > 2 else 'at most two'} current results besides")


def play(store: Store, steps: Sequence[Step]) -> Iterator[Said]:
    """Do the steps, and tell what results they brought."""
    opened: list[tuple[str, Run]] = []
    number = 0
    for step in steps:
        if isinstance(step, Run):
            opened.append((store.open_run(plan_of(step)).run_id, step))
            continue
        run_id, run = opened[step.run % len(opened)]
        if isinstance(step, End):
            store.close_run(run_id, state=step.state, report={})
            continue
        number += 1
        for lane in step.lanes:
            batch = batch_of(run, step, number).lane(lane)
            if batch.models:
                assert store.write(run_id, number, lane, batch, [])
                yield from committed(run, step, batch, store.seq())


def plan_of(run: Run) -> RunPlan:
    """Make the plan of a run; every version has one digest for ever."""
    models = tuple(
        ModelEntry(name=name, version=version, status=status, kind="function", digest=name + version)
        for name, version, status in run.models
    )
    return RunPlan(purpose=run.purpose, as_of=day(0), models=models, inputs=(), id_column="id")


def batch_of(run: Run, part: Part, number: int) -> Batch:
    """Make a part whose every score is different from all others."""
    models = tuple(ModelColumns(name=name, version=version, status=status) for name, version, status in run.models)
    columns: dict[str, list[object]] = {"record_id": list(part.records)}
    for place, model in enumerate(models):
        columns[facet(model.key, "outcome")] = [0] * len(part.records)
        columns[facet(model.key, "score")] = [number * 100.0 + place * 10 + row for row in range(len(part.records))]
    as_of = day(part.clock)
    return Batch(part=number, models=models, frame=pl.DataFrame(columns), as_of=as_of, scored_at=as_of)


def committed(run: Run, part: Part, batch: Batch, seq: int) -> Iterator[Said]:
    """Tell the results of one lane."""
    for row, record in enumerate(part.records):
        for place, model in enumerate(batch.models):
            scores = batch.column(model.key, "score")
            assert scores is not None
            yield Said(
                run.purpose == "live",
                part.clock,
                seq,
                place,
                record,
                model.name,
                model.version,
                model.status,
                scores[row],
            )


def newest(among: Iterable[Said], each: Callable[[Said], object]) -> dict[Key, tuple[str, float]]:
    """Give the newest of each, by record, name and version, with status and score."""
    found: dict[object, Said] = {}
    for one in sorted(among, key=lambda one: (one.clock, one.seq, one.place)):
        if one.live:
            found[each(one)] = one
    return {(one.record, one.name, one.version): (one.status, one.score) for one in found.values()}


def told(results: Iterable[Result]) -> dict[Key, tuple[str, float | None]]:
    """Give results in the same form; none may come twice."""
    gathered: dict[Key, tuple[str, float | None]] = {}
    for one in results:
        key = (one.record_id, one.model, one.version)
        assert key not in gathered
        gathered[key] = (one.status, one.score)
    return gathered


def viewed(path: Path) -> tuple[dict[Key, tuple[str, float]], dict[Key, tuple[str, float]]]:
    """Ask the views for people with SQL tools."""
    found = []
    with closing(sqlite3.connect(path)) as db:
        for view in ("mlsm_scores", "mlsm_current"):
            rows = db.execute(f"SELECT record_id, model, version, status, score FROM {view}").fetchall()  # noqa: S608
            found.append({(record, name, version): (status, score) for record, name, version, status, score in rows})
            assert len(found[-1]) == len(rows)
    return found[0], found[1]
