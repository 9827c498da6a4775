"""Golden records: what a model must answer, compared with what it does answer, in every way it is asked."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Annotated, Any

import msgspec

from mlsm._equality import alike, near
from mlsm._fields import Alias
from mlsm._model import Model
from mlsm._result import Outcome, Result
from mlsm.checks.finding import Finding, shown_value
from mlsm.checks.golden_file import Golden

__all__ = ["Ways", "ask_batch", "asked", "check_golden", "given_stand_ins"]

_TRACES_MAX = 3
_REASONS_ALL = 1_000_000
_MISSING = object()


@dataclass(frozen=True, slots=True, kw_only=True)
class Ways:
    """The ways in which a model is asked about golden records.

    Args:
        batch: scores records as one part of a batch, by a clock and with so many reasons a
            score (0 for those that a model gives of itself); a result a record, in order.
        one: scores one record without any frame.
        trace: gives the traceback of what the model raises for a record, None where it does not.
        upstreams: the models that a summary stands on, by parameter.
    """

    batch: Callable[[Sequence[Mapping[str, Any]], datetime, int], list[Result]]
    one: Callable[[Mapping[str, Any], datetime], Result]
    trace: Callable[[Mapping[str, Any], datetime], str | None]
    upstreams: Mapping[str, Model]


class GivenError(Exception):
    """Raised by a stand-in for an upstream that is said to have failed."""


def check_golden(model: Model, ways: Ways, records: Sequence[Golden]) -> list[Finding]:
    """Ask a model about golden records, in a batch and one by one, and tell every difference.

    Args:
        model: the model.
        ways: how to ask it; for a summary, over the stand-ins that `given_stand_ins` makes.
        records: those meant for this version.

    Returns:
        One finding a record.
    """
    findings: dict[str, Finding] = {}
    sound = []
    for golden in records:
        wrong = _wrongly_given(golden, ways.upstreams)
        if wrong:
            what = f"{golden.place}: {' '.join(wrong)}"
            findings[golden.place] = Finding(model=model.key, check="golden", what=what)
        else:
            sound.append(golden)
    traces: dict[tuple[str, str], str | None] = {}
    for golden, batch in zip(sound, ask_batch(ways, sound), strict=True):
        record = asked(golden, ways.upstreams)
        # On request, reasons are made by columns only.
        one = msgspec.structs.replace(ways.one(record, golden.as_of), reasons=batch.reasons)
        told = _told(_differences(golden, batch), _differences(golden, one))
        if told is None:
            continue
        why = "" if golden.note is None else f" It is there for this: {golden.note}"
        trace = _trace(ways, golden, record, batch, traces)
        findings[golden.place] = Finding(
            model=model.key,
            check="golden",
            what=f"{golden.place}: {told}.{why}",
            record=_shown(golden),
            trace=trace,
        )
    return [findings[golden.place] for golden in records if golden.place in findings]


def asked(golden: Golden, upstreams: Mapping[str, Model]) -> dict[str, Any]:
    """Give the record to ask about: for a summary, with what tells the stand-ins their answers."""
    told = {_column(upstreams[name]): _plan(result) for name, result in golden.given.items()}
    return {**golden.record, **{column: plan for column, plan in told.items() if plan is not None}}


def ask_batch(ways: Ways, records: Sequence[Golden]) -> list[Result]:
    """Score the records of each clock as one batch; give the results in the order of the records."""
    places: dict[tuple[datetime, int], list[int]] = {}
    for place, golden in enumerate(records):
        places.setdefault((golden.as_of, _reasons_wanted(golden)), []).append(place)
    results: dict[int, Result] = {}
    for (as_of, reasons), those in places.items():
        answers = ways.batch([asked(records[place], ways.upstreams) for place in those], as_of, reasons)
        results |= zip(those, answers, strict=True)
    return [results[place] for place in range(len(records))]


def _reasons_wanted(golden: Golden) -> int:
    """Tell how many reasons to ask for: as many as are told, the rest being in `other`."""
    expected = golden.expect.get("reasons")
    if expected is None:
        return 0
    return max(1, len(expected["items"])) if "items" in expected else _REASONS_ALL


def given_stand_ins(upstreams: Mapping[str, Model]) -> list[Model]:
    """Make for each upstream a model of the same name, version and status that answers as a record says."""
    return [_stand_in(upstream) for upstream in {upstream.key: upstream for upstream in upstreams.values()}.values()]


def _stand_in(upstream: Model) -> Model:
    def answer(data: Mapping[str, Any], results: Mapping[str, Any]) -> Any:  # noqa: ARG001 - the original's call
        said = json.loads(data["said"])
        if said["outcome"] == Outcome.ERROR:
            raise GivenError("The golden record says that it failed.")
        return said["answer"]

    fields = {"said": Annotated[str, Alias(_column(upstream))]}
    return Model(
        upstream.name, fields, upstream.version, answer, upstream.status, range=upstream.range, labels=upstream.labels
    )


def _column(upstream: Model) -> str:
    return f"golden result of {upstream.key}"


def _plan(result: Mapping[str, Any]) -> str | None:
    """Write what a stand-in is to do; without anything to read it is `invalid`."""
    outcome = result.get("outcome", "ok")
    if outcome == Outcome.INVALID:
        return None
    held = {facet: result[facet] for facet in ("score", "label") if result.get(facet) is not None}
    answer = {**(result.get("output") or {}), **held} if outcome == Outcome.OK else None
    return json.dumps({"outcome": outcome, "answer": answer})


def _wrongly_given(golden: Golden, upstreams: Mapping[str, Model]) -> list[str]:
    """Say what a line gives too much or too little of upstreams."""
    if not upstreams:
        return [] if not golden.given else ["'given' is for summaries; this model stands on no other."]
    expected = f"expected the results of {', '.join(map(repr, upstreams))}."
    wrong = [f"'given' lacks {name!r}; {expected}" for name in upstreams if name not in golden.given]
    wrong += [f"'given' holds the unknown {name!r}; {expected}" for name in golden.given if name not in upstreams]
    wrong += [
        problem for name in golden.given if name in upstreams for problem in _beyond(golden, name, upstreams[name])
    ]
    return wrong or [
        f"'given' has two results of {upstreams[name].key!r}, {first!r} and {name!r}, which differ; expected one."
        for name in golden.given
        if golden.given[name] != golden.given[first := _first(upstreams, name)]
    ]


def _beyond(golden: Golden, name: str, upstream: Model) -> list[str]:
    """Say what an upstream is said to have answered and never could."""
    score, label = (golden.given[name].get(facet) for facet in ("score", "label"))
    wrong = []
    if score is not None and upstream.range is not None:
        low, high = upstream.range
        if not low <= score <= high and not near(score, min(max(score, low), high)):
            wrong.append(f"'given.{name}.score' is {score}; expected one from {low} to {high}.")
    if label is not None and upstream.labels is not None and label not in upstream.labels:
        wrong.append(f"'given.{name}.label' is {label!r}; expected one of {', '.join(map(repr, upstream.labels))}.")
    return wrong


def _first(upstreams: Mapping[str, Model], name: str) -> str:
    return next(other for other in upstreams if upstreams[other].key == upstreams[name].key)


def _told(in_batch: Sequence[str], alone: Sequence[str]) -> str | None:
    """Put the differences of both ways into one sentence, None where there is none."""
    if in_batch == alone:
        return "; ".join(in_batch) or None
    ways = (("in a batch", in_batch), ("scored one by one", alone))
    return "; ".join(f"{way}: {'; '.join(found) if found else 'as expected'}" for way, found in ways)


def _differences(golden: Golden, result: Result) -> list[str]:
    expect = golden.expect
    outcome = expect.get("outcome", "ok")
    if result.outcome != outcome:
        told = str(result.outcome)
        if result.error is not None:
            told = f"{told}, {result.error.type}: {result.error.message}".rstrip(".")
        return [f"outcome {told}, expected {outcome}"]
    found = []
    if "score" in expect and not _same_score(expect["score"], result.score, golden.tolerance):
        found.append(f"score {result.score!r}, expected {expect['score']!r}{_off(result.score, golden)}")
    if "label" in expect and expect["label"] != result.label:
        found.append(f"label {result.label!r}, expected {expect['label']!r}")
    if "output" in expect and not alike(expect["output"], result.output, tolerance=golden.tolerance):
        found += _inside("output", expect["output"], result.output, golden.tolerance)
    if expect.get("reasons", _MISSING) is not _MISSING:
        found += _reasons(expect["reasons"], result, golden.tolerance)
    return found


def _same_score(expected: float | None, score: float | None, tolerance: float) -> bool:
    if expected is None or score is None:
        return expected is score
    return near(expected, score, tolerance=tolerance)


def _off(score: float | None, golden: Golden) -> str:
    expected = golden.expect["score"]
    if score is None or expected is None:
        return ""
    return f" ({score - expected:+.3g}, tolerance {golden.tolerance:g})"


def _reasons(expected: Mapping[str, Any] | None, result: Result, tolerance: float) -> list[str]:
    """Compare what is said of reasons; what is not said may be anything."""
    if expected is None:
        return [] if result.reasons is None else ["reasons are there, expected none"]
    if result.reasons is None:
        return ["reasons are not there, expected some"]
    reasons = result.reasons
    said: dict[str, Any] = {name: getattr(reasons, name) for name in expected if name != "items"}
    if "items" in expected:
        keys = [tuple(item) for item in expected["items"]]
        keys += [("field", "contribution")] * (len(reasons.items) - len(keys))
        said["items"] = [
            {key: getattr(item, key) for key in those} for item, those in zip(reasons.items, keys, strict=False)
        ]
    return _inside("reasons", dict(expected), said, tolerance)


def _inside(what: str, expected: Any, got: Any, tolerance: float) -> list[str]:
    """Name the keys of an object under which something differs."""
    if not isinstance(expected, dict) or not isinstance(got, dict):
        return [f"{what} {shown_value(got)}, expected {shown_value(expected)}"]
    keys = [*expected, *(key for key in got if key not in expected)]
    return [
        f"{what} {key!r} {_value(got, key)}, expected {_value(expected, key)}"
        for key in keys
        if (key in expected) != (key in got) or not alike(expected[key], got[key], tolerance=tolerance)
    ]


def _value(values: Mapping[str, Any], key: str) -> str:
    return shown_value(values[key]) if key in values else "missing"


def _trace(
    ways: Ways,
    golden: Golden,
    record: Mapping[str, Any],
    result: Result,
    known: dict[tuple[str, str], str | None],
) -> str | None:
    """Give the traceback of an error, once for all that have the same words."""
    if result.outcome is not Outcome.ERROR or result.error is None or golden.expect.get("outcome") == Outcome.ERROR:
        return None
    kind = result.error.type, result.error.message
    if kind in known or len(known) >= _TRACES_MAX:
        return None
    known[kind] = ways.trace(record, golden.as_of)
    return known[kind]


def _shown(golden: Golden) -> dict[str, Any]:
    return {**golden.record, **{f"given {name}": result for name, result in golden.given.items()}}
