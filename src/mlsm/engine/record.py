"""One record, without any data frame."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from functools import partial
from typing import Any

import msgspec

from mlsm._fields import UNSET
from mlsm._guard import Raised, attempt
from mlsm._result import OUTCOMES, Failure, Outcome, Problem, Reasons, Result
from mlsm.engine.answers import ABSTAINED, Answer, failed, read_answer
from mlsm.engine.breaker import FAILURES, Circuits, broken
from mlsm.engine.compiled import compile_record, plain_parts
from mlsm.engine.order import Prepared, Step

__all__ = ["condition_failure", "invalid", "score_record", "settled", "skipped"]

_INVALID = Outcome.INVALID.code
_SKIPPED = Outcome.SKIPPED.code
_OK = Outcome.OK
_APPLIES_NOT = Answer(ABSTAINED)
_encode = msgspec.json.Encoder(order="sorted").encode


def score_record(
    prepared: Prepared,
    record_id: str,
    record: Mapping[str, Any],
    *,
    as_of: datetime,
    scored_at: datetime,
    run_id: str | None = None,
) -> tuple[Result, ...]:
    """Score one record with every model of the catalog, in the catalog's order.

    Args:
        prepared: the catalog, made ready.
        record_id: the record's id.
        record: its data; it is not changed.
        as_of: the clock that the models see, UTC.
        scored_at: the time of day, UTC.
        run_id: the run, None where nothing is stored.
    """
    prepared.circuits.records += 1
    if prepared.shape == "flat" and not prepared.circuits.opened:
        made = prepared.compiled.get("record")
        if made is None:
            otherwise = partial(_otherwise, prepared.circuits)
            made = compile_record(prepared, otherwise=otherwise, barred=_barred, given=_given)
            prepared.compiled["record"] = made
        results: tuple[Result, ...] | None = made(record, record_id, as_of, scored_at, run_id)
        if results is not None:
            return results
    return _step_by_step(prepared, record_id, record, as_of, scored_at, run_id)


def _step_by_step(
    prepared: Prepared,
    record_id: str,
    record: Mapping[str, Any],
    as_of: datetime,
    scored_at: datetime,
    run_id: str | None,
) -> tuple[Result, ...]:
    """Score a record that is nested, or has problems, or meets open breakers: some models are not asked."""
    circuits = prepared.circuits
    values, wrong = read_values(prepared, record)
    seen: list[Any] = [None] * len(prepared.steps)
    results: list[Any] = [None] * len(prepared.steps)
    for step in prepared.steps:
        answer = _barred(step, values, wrong, seen, as_of)
        if answer is None and step.breaker is not None and circuits.bars(step.place, step.breaker, scored_at):
            answer = broken(step.breaker, step.model.status, "among the last ones")
        returned = _asked(step, values, seen, as_of) if answer is None else answer
        made = _otherwise(circuits, step, returned, record_id, as_of, scored_at, run_id)
        results[step.place], seen[step.place] = made
        if answer is None and step.place in circuits.opened and not made[0].outcome.failed:
            circuits.well(step.place)
    return tuple(results)


def _otherwise(
    circuits: Circuits,
    step: Step,
    returned: Any,
    record_id: str,
    as_of: datetime,
    scored_at: datetime,
    run_id: str | None,
) -> tuple[Result, Any]:
    """Make a result of what a model returned or of why it was not called, and what summaries see of it."""
    if step.away is not None and type(returned) is tuple:  # it was read already, where the model runs
        returned = Answer(*returned)
    elif type(returned) is dict and step.predictor.single:
        limits = step.limits
        parts = plain_parts(returned, limits.low, limits.high, limits.labels)
        if parts is not None and not (step.watched and parts[2]):
            return _plain_result(step, parts, record_id, as_of, scored_at, run_id)
    answer = returned if type(returned) is Answer else settled(step, returned, record_id)
    if answer.code in FAILURES and step.breaker is not None:
        circuits.failed(step.place, step.breaker, step.model.status, scored_at)
    result = _result(step, answer, record_id, as_of, scored_at, run_id)
    return result, step.view(*_seen(result, answer)) if step.watched else None


def _seen(result: Result, answer: Answer) -> tuple[Any, ...]:
    """Give what a summary sees of a result: where something stands in for it, that."""
    stands_in = result.substitute
    if stands_in is None:
        return answer.score, answer.label, answer.output, result.outcome
    return stands_in.score, stands_in.label, None, result.outcome, stands_in


def _plain_result(
    step: Step, parts: tuple[Any, ...], record_id: str, as_of: datetime, scored_at: datetime, run_id: str | None
) -> tuple[Result, Any]:
    name, version, status = step.source
    score, label, output = parts
    result = Result(
        record_id=record_id,
        model=name,
        version=version,
        status=status,
        outcome=_OK,
        score=score,
        label=label,
        output=output,
        given=_given(step, _OK.code, run_id) if step.upstreams else (),
        run_id=run_id,
        as_of=as_of,
        scored_at=scored_at,
    )
    return result, step.view(score, label) if step.watched else None


def _result(
    step: Step, answer: Answer, record_id: str, as_of: datetime, scored_at: datetime, run_id: str | None
) -> Result:
    name, version, status = step.source
    return Result(
        record_id=record_id,
        model=name,
        version=version,
        status=status,
        outcome=OUTCOMES[answer.code],
        score=answer.score,
        label=answer.label,
        output=None if answer.output is None else msgspec.json.decode(answer.output),
        reasons=None if answer.reasons is None else msgspec.json.decode(answer.reasons, type=Reasons),
        error=None if answer.error is None else msgspec.json.decode(answer.error, type=Failure),
        substitute=step.stand_in if OUTCOMES[answer.code].failed else None,
        given=_given(step, answer.code, run_id) if step.upstreams else (),
        run_id=run_id,
        as_of=as_of,
        scored_at=scored_at,
    )


def read_values(prepared: Prepared, record: Mapping[str, Any]) -> tuple[list[Any], dict[int, tuple[Problem, ...]]]:
    """Read every slot of a record: values, and problems by slot."""
    problems: list[Problem] = []
    if prepared.shape == "flat":
        get = record.get
        values = [read(get(column, UNSET), problems) for column, read in prepared.readers]
        if not problems:
            return values, {}
    values, wrong = [], {}
    for place, slot in enumerate(prepared.slots):
        source = record if slot.model is None else data_of(record, *slot.model)
        found: list[Problem] = []
        if source is None:
            found.append(no_data(*(slot.model or ("", ""))))
        values.append(None if source is None else slot.read(source.get(slot.column, UNSET), found))
        if found:
            wrong[place] = tuple(found)
    return values, wrong


def data_of(record: Any, name: str, version: str) -> Mapping[str, Any] | None:
    """Give a model's own data in a nested record, None where it has none."""
    found = record
    for key in ("data", name, version):
        found = found.get(key) if isinstance(found, Mapping) else None
    return found if isinstance(found, Mapping) else None


def no_data(name: str, version: str) -> Problem:
    """Say that a nested record lacks a model's data."""
    return Problem(path=f"data.{name}.{version}", problem="missing", expected="the model's data", got="nothing")


def _barred(
    step: Step, values: list[Any], wrong: dict[int, tuple[Problem, ...]], seen: list[Any], as_of: datetime
) -> Answer | None:
    """Give the answer where the model is not called: fields wrong, upstreams failed, `when` false."""
    if wrong:
        problems = {problem: None for slot in step.slots for problem in wrong.get(slot, ())}
        if problems:
            return invalid(tuple(problems))
    if step.required:
        culprits = tuple(f"{one.model}@{one.version}" for one in (seen[p] for p in step.required) if not one.usable)
        if culprits:
            return skipped(culprits)
    when = step.when
    if when is None:
        return None
    applies = attempt(when.function, *(values[slot] for slot in when.slots), *((as_of,) if when.wants_as_of else ()))
    if isinstance(applies, Raised):
        return condition_failure(applies)
    return None if applies else _APPLIES_NOT


def _asked(step: Step, values: list[Any], seen: list[Any], as_of: datetime) -> Any:
    """Ask one model; give what it returned, or what it raised."""
    handed = [seen[place] for place in step.upstreams.values()] + [values[slot] for slot in step.slots]
    return attempt(step.predictor.record, *handed, *((as_of,) if step.wants_as_of else ()))


def settled(step: Step, returned: Any, record_id: str) -> Answer:
    """Read what a model returned."""
    if isinstance(returned, Raised):
        return failed(returned.failure)
    return read_answer(returned, step.limits) if step.predictor.single else _read_single(returned, step, record_id)


def _read_single(returned: object, step: Step, record_id: str) -> Answer:
    """Read the answer of a frame function to a frame of one row."""
    from mlsm.engine.frames import read_single  # polars is loaded by now: the model was handed a frame

    answer = attempt(read_single, returned, record_id, step.limits)
    return failed(answer.failure) if isinstance(answer, Raised) else answer


def invalid(problems: tuple[Problem, ...]) -> Answer:
    """Make the answer for a record that does not satisfy the fields."""
    noun = "problem" if len(problems) == 1 else "problems"
    message = f"{len(problems)} {noun}: " + "; ".join(str(problem) for problem in problems)
    failure = Failure(type="InvalidRecord", message=message, problems=problems)
    return Answer(_INVALID, error=_encode(failure).decode())


def skipped(culprits: tuple[str, ...]) -> Answer:
    """Make the answer of a summary whose required upstreams have no usable result."""
    message = f"No usable result of {', '.join(culprits)}, which the summary requires."
    return failed(Failure(type="Skipped", message=message, culprits=culprits), _SKIPPED)


def condition_failure(raised: Raised) -> Answer:
    """Make the answer for a record on which the condition `when` raised."""
    failure = raised.failure
    return failed(Failure(type=failure.type, message=f"The condition `when` raised: {failure.message}"))


def _given(step: Step, code: int, run_id: str | None) -> Any:
    if code in (_INVALID, _SKIPPED):
        return ()
    given = step.columns.given
    return given if run_id is None else tuple(msgspec.structs.replace(one, run_id=run_id) for one in given)
