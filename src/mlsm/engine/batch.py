"""A part of a batch, by columns: one wide frame in the end."""

from __future__ import annotations

import os
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from functools import partial
from types import MappingProxyType
from typing import Any

import polars as pl

from mlsm._batch import FACETS, GIVEN, Batch, facet, given_column, outcome_names
from mlsm._guard import Raised, attempt, end_forked
from mlsm._result import OUTCOMES, Failure, Problem
from mlsm._typing import LANES, Lane
from mlsm.contracts import ROW_ID, Column, Isolated
from mlsm.engine.answers import ABSTAINED, ERROR, OK, Answer, failed
from mlsm.engine.bisect import bisect
from mlsm.engine.breaker import Window, opens_at
from mlsm.engine.broken_off import broken_off, but_for_spared, failed_at, filled
from mlsm.engine.columns import Checked, check_series
from mlsm.engine.frames import frame_of_answers, read_returned, read_values, together, types_of
from mlsm.engine.mapped import Calls, mapped
from mlsm.engine.order import Prepared, Step, foundation
from mlsm.engine.part import Part, taken
from mlsm.engine.record import condition_failure, invalid, skipped
from mlsm.engine.rowwise import check_rowwise
from mlsm.engine.substitutes import LastGood, as_seen, stale_given, with_substitutes

__all__ = ["REFUSED", "call_frame", "check_part", "score_part"]

REFUSED = ("NotRowWise",)
"""A model that was refused when it was loaded is not called; here its errors say so, and cost nothing."""
_NO_TEXT, _OK_NAMED = pl.Series([None], dtype=pl.String), pl.Series([OUTCOMES[OK]])
"""Repeated by `new_from_index`, which takes a fiftieth of the time of `pl.repeat`."""
_PIECE, _PIECES_GROW = 512, 64
"""Rows for which a function is called before its answers are read; so many times more after good ones."""


def score_part(
    prepared: Prepared,
    ids: pl.Series,
    columns: Mapping[str, Column],
    *,
    number: int,
    as_of: datetime,
    scored_at: datetime,
    run_id: str | None = None,
    kept: Sequence[pl.Series] = (),
    verdicts: dict[str, Failure | None] | None = None,
    lanes: Collection[Lane] = LANES,
    answered: Mapping[str, pl.DataFrame] = MappingProxyType({}),
    alone: str | None = None,
    note: Callable[[int], None] | None = None,
    checked: Mapping[int, Checked] | None = None,
    reasons: int = 0,
    last_good: LastGood | None = None,
) -> Batch:
    """Score the rows of a part with the models of the catalog.

    Args:
        prepared: the catalog, made ready.
        ids: the records' ids, text, none twice.
        columns: the raw columns, as they were read.
        number: the part's number in its run.
        as_of: the clock that the models see, UTC.
        scored_at: the time of day, UTC.
        run_id: the run, None where nothing is stored.
        kept: columns that travel along.
        verdicts: which batch models were found row-wise so far, and why not where not: each
            is asked on the first part that it meets; the caller keeps the answers for a run.
        lanes: the lanes whose models are called; the batch has no results of others.
        answered: facets, a row a record, of models that are not called: those of other lanes on
            which these stand, and what was found of others before.
        alone: the key of the one model that is asked, None for all; the batch has what it stands on as well.
        note: told the place of a model, counted from 1, before it is called.
        checked: what `check_part` found of these columns, where it was asked before.
        reasons: the most reasons a score, 0 to keep those that models give of themselves.
        last_good: looks up the last good scores of a model that failed; None where nothing is stored.
    """
    checked = check_part(prepared, columns) if checked is None else checked
    verdicts = {} if verdicts is None else verdicts
    part = Part(prepared, ids, columns, as_of, verdicts, reasons, checked=dict(checked))
    called = None if alone is None else foundation(prepared, alone, answered)
    for step in prepared.steps:
        if (known := answered.get(step.model.key)) is not None:
            part.answers[step.place] = known
            if GIVEN in known.columns:
                part.given[step.place] = known.get_column(GIVEN).to_list()
        elif step.columns.lane in lanes and (called is None or step.place in called):
            if note is not None:
                note(step.place + 1)
            scored = _score(part, step)
            part.answers[step.place] = with_substitutes(step, scored, ids, as_of, last_good)
            if step.upstreams and (stale := stale_given(prepared, step, part.answers, run_id)):
                part.given[step.place] = stale
    wanted = [
        place
        for place, model in enumerate(prepared.models)
        if model.lane in lanes and (called is None or place in called)
    ]
    return Batch(
        part=number,
        models=tuple(prepared.models[place].of_run(run_id) for place in wanted),
        frame=pl.DataFrame([ids.alias("record_id"), *kept, *_facets(part, wanted)]),
        as_of=as_of,
        scored_at=scored_at,
        run_id=run_id,
        traces=tuple(part.traces.values()),
    )


def _facets(part: Part, places: Sequence[int]) -> Iterator[pl.Series]:
    """Yield the columns of these models' answers under the names that they have in a batch."""
    for place in places:
        key, answers = part.prepared.models[place].key, part.answers[place]
        yield from (answers.get_column(name).alias(facet(key, name)) for name in FACETS if name in answers.columns)
        if place in part.given:
            yield pl.Series(given_column(key), part.given[place], pl.String)


def check_part(prepared: Prepared, columns: Mapping[str, Column]) -> dict[int, Checked]:
    """Read the columns of a part that have a type, for all models at once.

    This needs no model and hardly the interpreter's lock: a thread may do it for the next
    part while this one is scored. The other columns are read when a model asks for them.
    """
    typed = {}
    for place, slot in enumerate(prepared.slots):
        raw = columns.get(slot.column) if slot.model is None else None
        if isinstance(raw, pl.Series) and not slot.field.kind.mutable:
            typed[place] = slot.field, slot.read, raw
    return check_series(typed, prepared.reading)


def _score(part: Part, step: Step) -> pl.DataFrame:
    excluded = _invalid(part, step)
    excluded |= _skipped(part, step, excluded)
    if step.when is not None:
        excluded |= _inapplicable(part, step, excluded)
    rows = [row for row in range(len(part)) if row not in excluded] if excluded else None
    if step.away is not None and step.away.by_row:
        called = _call_elsewhere(part, step, step.away, rows)
    else:
        called = _call_rows(part, step, rows) if step.predictor.by_row else _call_frame(part, step, rows)
    if part.reasons and called.height:
        called = _explained(part, step, rows, called)
    if rows is None:
        return called
    place = pl.Series("row", [*rows, *excluded], pl.UInt32)
    both = pl.concat([called, frame_of_answers(list(excluded.values()))], how="diagonal")
    return both.with_columns(place).sort("row").drop("row")


def _invalid(part: Part, step: Step) -> dict[int, Answer]:
    """Find the records that do not satisfy the fields; alike problems share one answer."""
    columns = [part.read(slot) for slot in step.slots]
    bad = {row for column in columns for row in column.bad}
    memory: dict[tuple[Problem, ...], Answer] = {}
    found = {}
    for row in sorted(bad):
        problems = tuple({problem: None for column in columns for problem in column.bad.get(row, ())})
        if problems not in memory:
            memory[problems] = invalid(problems)
        found[row] = memory[problems]
    return found


def _skipped(part: Part, step: Step, excluded: Mapping[int, Answer]) -> dict[int, Answer]:
    culprits: dict[int, tuple[str, ...]] = {}
    for place in step.required:
        key = part.prepared.models[place].key
        answers = part.answers[place]
        lacking = answers.get_column("outcome") != OK
        if "substitute" in answers.columns:
            lacking &= answers.get_column("substitute").is_null()
        for row in lacking.arg_true().to_list():
            if row not in excluded:
                culprits[row] = (*culprits.get(row, ()), key)
    memory = {keys: skipped(keys) for keys in set(culprits.values())}
    return {row: memory[keys] for row, keys in culprits.items()}


def _inapplicable(part: Part, step: Step, excluded: Mapping[int, Answer]) -> dict[int, Answer]:
    when = step.when
    if when is None:
        return {}
    rows = [row for row in range(len(part)) if row not in excluded]
    columns: list[Iterable[Any]] = [taken(part.read(slot).as_list(), rows) for slot in when.slots]
    if when.wants_as_of:
        columns.append([part.as_of] * len(rows))
    found = {}
    for row, applies in zip(rows, mapped(when.function, columns, len(rows)), strict=True):
        if isinstance(applies, Raised):
            found[row] = condition_failure(applies)
        elif not applies:
            found[row] = Answer(ABSTAINED)
    return found


def _call_rows(part: Part, step: Step, rows: list[int] | None) -> pl.DataFrame:
    columns: list[Iterable[Any]] = [part.upstream(place, rows) for place in step.upstreams.values()]
    columns += [taken(part.read(slot).as_list(), rows) for slot in step.slots]
    size = len(part) if rows is None else len(rows)
    if step.wants_as_of:
        columns.append([part.as_of] * size)
    calls = Calls(step.predictor.record, columns, size, None if step.breaks is None else Window(*step.breaks).failed)
    pieces, kinds = _called_in_pieces(step, calls, size)
    if Raised in kinds:
        part.note(step, calls.answers)
    if step.watched and rows is None and kinds == {float}:
        part.scores[step.place] = calls.answers
    return broken_off(step, together(pieces), size)


def _called_in_pieces(step: Step, calls: Calls, size: int) -> tuple[list[pl.DataFrame], set[type]]:
    """Call for some rows and read the answers before the next: what cannot be a result opens the breaker as well.

    Give what was read, and the types of what was returned.
    """
    pieces: list[pl.DataFrame] = []
    kinds: set[type] = set()
    window = None if step.breaks is None else Window(*step.breaks)
    start, rows = 0, size if window is None else _PIECE
    while start < size or not pieces:
        going = calls.ask(min(size, start + rows))
        if len(calls.answers) == size and start <= _PIECE:  # to read all at once is less work than to join pieces
            pieces, base, own = [], 0, calls.answers
        else:
            base, own = start, calls.answers[start:]
        found = types_of(own)
        kinds |= found
        pieces.append(read_values(own, step.limits, found))
        failures = [base + row for row in failed_at(pieces[-1]) if base + row >= start]
        if not going or (window is not None and opens_at(window, failures) is not None):
            break
        start, rows = len(calls.answers), _PIECE if failures else rows * _PIECES_GROW
    return pieces, kinds


def _call_elsewhere(part: Part, step: Step, predictor: Isolated, rows: list[int] | None) -> pl.DataFrame:
    size = len(part) if rows is None else len(rows)
    upstreams = [part.facets(place, rows) for place in step.upstreams.values()]
    fields = [_handed_over(part.read(slot), rows) for slot in step.slots]
    settled = predictor.rows(upstreams, fields, part.as_of, size, step.breaks)
    part.note_told(step, settled)
    return but_for_spared(step, settled.frame, REFUSED)


def _handed_over(column: Checked, rows: list[int] | None) -> Sequence[Any] | pl.Series:
    """Give numbers as they are in the column, and other values as a function is handed them."""
    series = column.series
    if series is not None and series.dtype in (pl.Float64, pl.Int64):
        return series if rows is None else series[rows]
    return taken(column.as_list(), rows)


def _explained(part: Part, step: Step, rows: list[int] | None, answers: pl.DataFrame) -> pl.DataFrame:
    from mlsm.engine.inherited import inherited_reasons, inherits
    from mlsm.engine.reasons import give_reasons  # needs numpy, and only on request

    handed = _handed(part, step)
    by_row = step.predictor.by_row
    ask = partial(_call_over, step, part.as_of) if by_row else partial(call_frame, step, part.as_of)
    handed = handed if rows is None else handed[rows]
    inherited = None
    if inherits(step):
        given = {place: part.answers[place] for place in step.upstreams.values()}
        taken = given if rows is None else {place: one[rows] for place, one in given.items()}
        inherited = inherited_reasons(step, answers, taken)
    found = give_reasons(step, handed, part.as_of, answers, part.reasons, ask, inherited=inherited)
    if isinstance(found, Raised):  # the score stands, though nobody can tell why
        part.note(step, [found])
        return answers
    return found


def _call_over(step: Step, as_of: datetime, frame: pl.DataFrame) -> pl.DataFrame:
    fields = [Checked(field.kind, {}, series=frame.get_column(field.name)).as_list() for field in step.model.inputs]
    if step.away is not None:
        return step.away.rows([], fields, as_of, frame.height).frame.drop("spared", strict=False)
    columns: list[Iterable[Any]] = [*fields]
    if step.wants_as_of:
        columns.append([as_of] * frame.height)
    return read_values(mapped(step.predictor.record, columns, frame.height), step.limits)


def _call_frame(part: Part, step: Step, rows: list[int] | None) -> pl.DataFrame:
    handed = attempt(_handed, part, step)
    if isinstance(handed, Raised):  # such as a default in a list that the list's type does not take
        return frame_of_answers([failed(handed.failure)] * (len(part) if rows is None else len(rows)))
    if rows is not None:
        handed = handed[rows]
    if not handed.height:
        return frame_of_answers([])
    key = step.model.key
    if (known := part.verdicts.get(key)) is not None:
        return frame_of_answers([failed(known)] * handed.height)
    call = partial(call_frame, step, part.as_of)
    if step.away is not None:
        settled = step.away.columns(handed, part.as_of, step.breaks)
        part.note_told(step, settled)
        answered = but_for_spared(step, settled.frame, (*REFUSED, "AnswerError"))
        return _told_rowwise(part, step, handed, answered)
    opens = None if step.breaks is None else Window(*step.breaks).failed
    ranges = bisect(lambda start, stop: call(handed.slice(start, stop - start)), handed.height, opens)
    part.note(step, [found for *_, found in ranges])
    pieces = [frame_of_answers([failed(f.failure)]) if isinstance(f, Raised) else f for *_, f in ranges]
    answered = filled(step, pieces[0] if len(pieces) == 1 else pl.concat(pieces, how="diagonal"), handed.height)
    return _told_rowwise(part, step, handed, answered)


def _told_rowwise(part: Part, step: Step, handed: pl.DataFrame, answered: pl.DataFrame) -> pl.DataFrame:
    """Give the answers of a model that is asked for the first time, unless they depend on neighbours."""
    key, call = step.model.key, partial(call_frame, step, part.as_of)
    if key in part.verdicts or (answered.get_column("outcome") < ERROR).sum() < 2:
        return answered  # found row-wise before, or too little to tell
    failure = part.verdicts[key] = check_rowwise(call, handed, answered, step.tolerance)
    return answered if failure is None else frame_of_answers([failed(failure)] * handed.height)


def call_frame(step: Step, as_of: datetime, frame: pl.DataFrame) -> pl.DataFrame | Raised:
    """Call a batch model with a frame and read its answer, or give what was raised."""
    if step.away is not None:
        return step.away.columns(frame, as_of).frame.drop("spared", strict=False)

    def call() -> pl.DataFrame:
        returned = step.predictor.columns(frame, as_of)
        return read_returned(returned, frame.height, frame.get_column(ROW_ID), step.limits)

    process = os.getpid()
    found: pl.DataFrame | Raised = attempt(call)
    end_forked(process)
    return found


def _handed(part: Part, step: Step) -> pl.DataFrame:
    """Build the frame that a model is handed: upstreams' facets, fields, ids."""
    columns = []
    for name, place in step.upstreams.items():
        answers = as_seen(part.answers[place])
        outcomes = _outcomes(answers)
        absent = _NO_TEXT.new_from_index(0, len(part))
        columns.append(answers.get_column("score").alias(f"{name}.score"))
        columns.append((answers.get_column("label") if "label" in answers.columns else absent).alias(f"{name}.label"))
        columns.append(outcomes.alias(f"{name}.outcome"))
    for declared, slot in zip(step.model.inputs, step.slots, strict=True):
        columns.append(part.read(slot).as_series().alias(declared.name))
    return pl.DataFrame([*columns, part.ids.alias(ROW_ID)])


def _outcomes(answers: pl.DataFrame) -> pl.Series:
    """Name the outcomes; where all are well, one name is repeated."""
    if not answers.get_column("outcome").max():
        return _OK_NAMED.new_from_index(0, answers.height)
    return answers.select(outcome_names(pl.col("outcome"))).to_series()
