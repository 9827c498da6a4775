"""What a model does with its inputs: it neither changes them nor reads what it does not declare."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import partial
from typing import Any

import msgspec

from mlsm._guard import attempt
from mlsm._model import Model
from mlsm._result import Upstream
from mlsm.checks.finding import Finding, shown_value
from mlsm.checks.records import Reader
from mlsm.checks.subject import CLOCK, Subject
from mlsm.checks.watched import unknown_names
from mlsm.contracts import Isolated

__all__ = ["check_inputs", "check_undeclared"]

_RECORDS_MAX = 200


def check_inputs(subject: Subject, records: Sequence[Mapping[str, Any]]) -> list[Finding]:
    """Call the model on lists and objects, and tell which of them it changes.

    Args:
        subject: the model under check.
        records: records that satisfy its fields.

    Returns:
        One finding a field.
    """
    model = subject.model
    mutable = [place for place, field in enumerate(model.inputs) if field.kind.mutable]
    if not mutable or model.isolation.isolated:  # a process of its own is handed copies
        return []
    reader = Reader(model.inputs, subject.reading)
    upstreams = [_seen(upstream) for upstream in subject.upstreams.values()]
    findings: dict[str, Finding] = {}
    for record in records[:_RECORDS_MAX]:
        values = reader.read(record)
        if values is None:
            continue
        before = {place: _encoded(values[place]) for place in mutable}
        attempt(subject.predictor.record, *upstreams, *values, *((CLOCK,) if model.wants_as_of else ()))
        for place in mutable:
            name = model.inputs[place].name
            if name not in findings and before[place] != (after := _encoded(values[place])):
                shown = [shown_value(msgspec.json.decode(text)) for text in (before[place], after)]
                what = f"The model changes its input {name!r}: {shown[0]} became {shown[1]}; expected it untouched."
                findings[name] = Finding(model=model.key, check="inputs", what=what, record=record)
    return list(findings.values())


def check_undeclared(subject: Subject, records: Sequence[Mapping[str, Any]]) -> list[Finding]:
    """Call a function of `data` and `results`, and tell which names it reads beside those declared.

    Returns:
        One finding a name. A function of its fields cannot read others.
    """
    model = subject.model
    if model.call != "data":
        return []
    # One that is isolated is never called here.
    predictor = subject.predictor
    ask = predictor.unknown_names if isinstance(predictor, Isolated) else partial(unknown_names, model)
    reader = Reader(model.inputs, subject.reading)
    findings: dict[str, Finding] = {}
    for record in records[:_RECORDS_MAX]:
        values = reader.read(record)
        if values is None:
            continue
        data = dict(zip(model.inputs.names, values, strict=True))
        fields, upstreams = ask(data, _results(subject.upstreams), CLOCK)
        for what, unknown in (("the field", fields), ("the results of", upstreams)):
            for name in unknown:
                text = f"The model reads {what} {name!r}, which it does not declare; expected only what is declared."
                finding = Finding(model=model.key, check="undeclared", what=text, record=record)
                findings.setdefault(text, finding)
    return list(findings.values())


def _seen(upstream: Model) -> Upstream:
    score = 0.0 if upstream.range is None else upstream.range[0]
    label = None if not upstream.labels else upstream.labels[0]
    return Upstream(score, label, source=(upstream.name, upstream.version, upstream.status))


def _results(upstreams: Mapping[str, Model]) -> dict[str, Any]:
    """Show upstreams as 0.0.4 did: by name and version."""
    results: dict[str, dict[str, Any]] = {}
    for upstream in upstreams.values():
        seen = _seen(upstream)
        answer = {"score": seen.score, "label": seen.label, "_status": seen.status}
        results.setdefault(seen.model, {})[seen.version] = answer
    return results


def _encoded(value: Any) -> bytes:
    return msgspec.json.encode(value, enc_hook=repr)
