"""A record that satisfies the fields gets `ok` or `abstained`, any other `invalid`."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import replace
from typing import Any

from mlsm._result import Outcome, Result
from mlsm.checks.finding import Finding
from mlsm.checks.records import Probe
from mlsm.checks.subject import Subject

__all__ = ["check_outcomes"]

_TRACES_MAX = 40
"""Tracebacks asked for one wording of an error; places in the code tell its causes apart."""
_NUMBER = re.compile(r"[-+]?\d[\d.e+_-]*")
_QUOTED = re.compile(r"'(?:[^'\\]|\\.)*'|\"(?:[^\"\\]|\\.)*\"")
_NOT_ROW_WISE = "NotRowWise"


def check_outcomes(subject: Subject, probes: Sequence[Probe]) -> list[Finding]:
    """Score the probes and tell every outcome that is not right, alike ones once.

    Args:
        subject: the model under check.
        probes: records and the outcomes that are right for them.

    Returns:
        One finding a place in the model's code, or a kind of wrong answer.
    """
    results = subject.score([probe.record for probe in probes])
    wrong: dict[Any, list[tuple[Probe, Result]]] = {}
    for probe, result in zip(probes, results, strict=True):
        if result.outcome not in probe.expected:
            wrong.setdefault((probe.expected, *_kind_of(result)), []).append((probe, result))
    findings: dict[Any, Finding] = {}
    for kind, shown in wrong.items():
        key = kind
        if 2 * len(shown) < sum(probe.expected == kind[0] for probe in probes):
            # What fails seldom is best shown by the one thing that is special about a record.
            shown.sort(key=lambda one: not one[0].single)
        for place, (probe, result) in enumerate(shown):
            trace = None
            if result.outcome is Outcome.ERROR and place < _TRACES_MAX:
                trace = subject.trace(probe.record)
                key = kind if trace is None else (*kind[:-1], _place_of(trace))
            known = findings.get(key)
            findings[key] = (
                _finding(subject, probe, result, trace) if known is None else replace(known, count=known.count + 1)
            )
    return list(findings.values())


def _kind_of(result: Result) -> tuple[Any, ...]:
    """Tell errors apart by their words, not by the values in them."""
    if result.error is None:
        return result.outcome, None, None
    words = _NUMBER.sub("0", _QUOTED.sub("''", result.error.message))
    return result.outcome, result.error.type, words


def _place_of(trace: str) -> str:
    """Give the innermost line of the model's own code in a traceback."""
    places = [line.strip() for line in trace.splitlines() if line.lstrip().startswith("File ")]
    return places[-1] if places else trace


def _finding(subject: Subject, probe: Probe, result: Result, trace: str | None) -> Finding:
    told = str(result.outcome)
    if result.error is not None:
        told = f"{told}, {result.error.type}: {result.error.message}"
    rowwise = result.error is not None and result.error.type == _NOT_ROW_WISE
    what = f"With {probe.what} the outcome is {told.rstrip('.')}; expected {_either(probe.expected)}."
    return Finding(
        model=subject.model.key,
        check="rowwise" if rowwise else "outcome",
        what=what,
        record=probe.record,
        trace=trace,
    )


def _either(outcomes: Iterable[Outcome]) -> str:
    return " or ".join(outcomes)
