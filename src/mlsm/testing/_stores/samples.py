"""What the checks of a store write into it: plans, and parts made of single results."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any, TypeAlias

import msgspec
import polars as pl

from mlsm._batch import FACETS, KEPT, Batch, ModelColumns, facet, given_column, read_result
from mlsm._result import Outcome, Result
from mlsm._typing import LANES, Lane
from mlsm.contracts import InputEntry, ModelEntry, Reject, RunPlan, Store

__all__ = [
    "Values",
    "begun",
    "commit",
    "day",
    "entry",
    "expect",
    "expect_raised",
    "expect_same",
    "framed",
    "input_entry",
    "plan_of",
    "read",
    "result",
    "results_of",
    "scored_run",
    "values",
]

Values: TypeAlias = dict[tuple[str, str], float | None]
"""Scores by record and `name@version`: the shortest form in which results can be compared."""

_TYPES = {
    "outcome": pl.UInt8(),
    "score": pl.Float64(),
    **dict.fromkeys(("label", "output", "reasons", "error", "substitute"), pl.String()),
}


def day(number: int) -> datetime:
    """Give a clock: a day of January 2026, with microseconds that must not be lost."""
    return datetime(2026, 1, 1, 6, 30, 15, 123_457, tzinfo=UTC) + timedelta(days=number)


def entry(key: str, status: str = "active", *, digest: str = "one", upstreams: tuple[str, ...] = ()) -> ModelEntry:
    """Describe a model version as a plan has it."""
    name, _, version = key.partition("@")
    return ModelEntry(name=name, version=version, status=status, kind="function", digest=digest, upstreams=upstreams)


def input_entry(source: str = "leads.csv", *, fingerprint: str = "sha256:00") -> InputEntry:
    """Describe an input as a plan has it."""
    return InputEntry(source=source, fingerprint=fingerprint, options={"separator": ","}, parts=(10, 10, 3))


def plan_of(*models: ModelEntry, as_of: datetime | None = None, **changed: Any) -> RunPlan:
    """Make a plan over one input; by default with one active model."""
    whole: dict[str, Any] = {
        "purpose": "live",
        "as_of": day(1) if as_of is None else as_of,
        "models": models or (entry("fit@1"),),
        "inputs": (input_entry(),),
        "id_column": "id",
    }
    return RunPlan(**{**whole, **changed})


def result(record_id: str, key: str, score: float | None = 1.0, *, status: str = "active", **said: Any) -> Result:
    """Make a result; without a run and times."""
    name, _, version = key.partition("@")
    outcome = said.pop("outcome", Outcome.OK)
    return Result(record_id=record_id, model=name, version=version, status=status, outcome=outcome, score=score, **said)


def results_of(plan: RunPlan, record_ids: Iterable[str], score: float = 1.0) -> list[Result]:
    """Make a result of every record and model of a plan, all with the same score."""
    return [
        result(record_id, model.key, score, status=model.status) for record_id in record_ids for model in plan.models
    ]


def begun(store: Store, plan: RunPlan, *, resume: bool = False) -> str:
    """Open a run and give its id."""
    return store.open_run(plan, resume=resume).run_id


def commit(
    store: Store,
    run_id: str,
    part: int,
    results: Sequence[Result],
    *,
    as_of: datetime | None = None,
    lanes: Sequence[Lane] = LANES,
    rejects: Sequence[Reject] = (),
    kept: Mapping[str, Sequence[Any]] | None = None,
    inputs: pl.DataFrame | None = None,
) -> list[Result]:
    """Write the lanes of a part; give its results as the store has to give them back.

    Args:
        store: the store.
        run_id: the run.
        part: the part's number.
        results: record by record, each with the same models in the same order.
        as_of: the part's clock.
        lanes: the lanes to write, where the part has results for them.
        rejects: the part's rejects.
        kept: the kept columns, by name.
        inputs: the part's inputs.
    """
    clock = day(1) if as_of is None else as_of
    batch = _batch(results, part, clock, kept or {}, inputs)
    for lane in lanes:
        if any(model.lane == lane for model in batch.models):
            store.write(run_id, part, lane, batch.lane(lane), rejects)
    times = {"run_id": run_id, "as_of": batch.as_of, "scored_at": batch.scored_at}
    return [msgspec.structs.replace(result, **times) for result in results]


def framed(frame: pl.DataFrame) -> Batch:
    """Make a part of `fit@1` from a frame."""
    models = (ModelColumns(name="fit", version="1", status="active"),)
    return Batch(part=0, models=models, frame=frame, as_of=day(1), scored_at=day(1))


def scored_run(store: Store, plan: RunPlan, results: Sequence[Result], *, state: str | None = "finished") -> str:
    """Store a run of one part, its clock the plan's; leave it open where `state` is None."""
    run_id = begun(store, plan)
    commit(store, run_id, 0, results, as_of=plan.as_of)
    if state is not None:
        store.close_run(run_id, state=state, report={})
    return run_id


def read(frames: Iterable[pl.DataFrame]) -> list[Result]:
    """Gather the results that frames hold."""
    return [read_result(row) for frame in frames for row in frame.drop("kept").iter_rows()]


def values(results: Iterable[Result]) -> Values:
    """Give results as scores by record and key; two of the same are an error."""
    gathered: Values = {}
    for one in results:
        if (one.record_id, one.key) in gathered:
            raise AssertionError(f"There are two results of record {one.record_id!r} by {one.key!r}.")
        gathered[one.record_id, one.key] = one.score
    return gathered


def expect(expected: object, actual: object) -> None:
    """Assert that two values are equal."""
    if expected != actual:
        raise AssertionError(f"Expected {expected!r}; got {actual!r}.")


def expect_same(expected: Iterable[Result], actual: Iterable[Result]) -> None:
    """Assert that results are equal to the last bit and microsecond, in any order."""
    first, second = _by_key(expected), _by_key(actual)
    expect(sorted(first), sorted(second))
    for key, one in first.items():
        expect(_text(one), _text(second[key]))


def expect_raised(kind: type[Exception], call: Any, *told: str) -> None:
    """Assert that a call raises an error whose message has some texts."""
    try:
        call()
    except kind as error:
        missing = [text for text in told if text not in str(error)]
        expect([], missing)
    else:
        raise AssertionError(f"Expected a {kind.__name__}; nothing was raised.")


def _text(one: Result) -> str:
    return msgspec.json.encode(one, order="sorted").decode()


def _by_key(results: Iterable[Result]) -> dict[tuple[str, str, str], Result]:
    gathered = {}
    for one in results:
        key = (str(one.run_id), one.record_id, one.key)
        if key in gathered:
            raise AssertionError(f"There are two results of record {one.record_id!r} by {one.key!r} in one run.")
        gathered[key] = one
    return gathered


def _batch(
    results: Sequence[Result],
    part: int,
    as_of: datetime,
    kept: Mapping[str, Sequence[Any]],
    inputs: pl.DataFrame | None,
) -> Batch:
    by_record: dict[str, dict[str, Result]] = {}
    models: dict[str, ModelColumns] = {}
    for one in results:
        by_record.setdefault(one.record_id, {})[one.key] = one
        known = models.get(one.key)
        given = one.given if known is None or not known.given else known.given
        models[one.key] = ModelColumns(name=one.model, version=one.version, status=one.status, given=given)
    columns = [pl.Series("record_id", list(by_record), pl.String)]
    columns += [pl.Series(KEPT + name, column) for name, column in kept.items()]
    for key, model in models.items():
        own = [of_record[key] for of_record in by_record.values()]
        for name in FACETS:
            column = [_stored(one, name) for one in own]
            # As the engine does: a facet that is null throughout has no column.
            if name in {"outcome", "score"} or any(value is not None for value in column):
                columns.append(pl.Series(facet(key, name), column, _TYPES[name]))
        other = [_stored(one, "given") if one.given not in ((), model.given) else None for one in own]
        if any(other):
            columns.append(pl.Series(given_column(key), other, pl.String))
    frame = pl.DataFrame(columns)
    moment = as_of + timedelta(hours=2)
    return Batch(part=part, models=tuple(models.values()), frame=frame, as_of=as_of, scored_at=moment, inputs=inputs)


def _stored(one: Result, name: str) -> Any:
    value = getattr(one, name)
    if name == "outcome":
        return one.outcome.code
    if value is None or name in {"score", "label"}:
        return value
    return msgspec.json.encode(value, order="sorted").decode()
