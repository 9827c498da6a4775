"""All checks of one model."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from mlsm._model import SummaryModel
from mlsm.checks.finding import Finding
from mlsm.checks.inputs import check_inputs, check_undeclared
from mlsm.checks.outcomes import check_outcomes
from mlsm.checks.records import USABLE, Reader, probes, satisfying, typical_records
from mlsm.checks.rowwise import check_answers
from mlsm.checks.subject import Subject
from mlsm.checks.upstreams import normal_plan, upstream_probes

__all__ = ["check_model"]


def check_model(subject: Subject, *, seed: int = 0) -> list[Finding]:
    """Ask a model about typical and hostile records in several ways, and tell what is wrong.

    Args:
        subject: the model, and the ways to ask it.
        seed: another one mixes values in other ways; the same one finds the same.

    Returns:
        The findings, [] for a model that is well.
    """
    base = _base(subject)
    if base is None:
        return [_nothing_fits(subject)]
    normal = normal_plan(subject.upstreams)
    made = [
        replace(probe, record={**probe.record, **normal})
        for probe in probes(subject.model.inputs, subject.reading, base=base, seed=seed)
    ]
    if isinstance(subject.model, SummaryModel):
        made += upstream_probes(subject.model, subject.upstreams, base, USABLE, seed=seed)
    fitting = [probe.record for probe in made if probe.fits]
    return [
        *check_outcomes(subject, made),
        *check_inputs(subject, fitting),
        *check_undeclared(subject, fitting),
        *check_answers(subject, fitting, seed=seed),
    ]


def _base(subject: Subject) -> dict[str, Any] | None:
    """Give a record with which the model can deal, where there is one.

    In a record with which it cannot, what hostile values do would not be seen.
    """
    fields = subject.model.inputs
    reader = Reader(fields, subject.reading)
    typical = [record for record in typical_records(fields) if reader.read(record) is not None]
    normal = normal_plan(subject.upstreams)
    results = subject.score([{**record, **normal} for record in typical]) if typical else []
    answered = [record for record, result in zip(typical, results, strict=True) if result.outcome in USABLE]
    return satisfying(answered or typical, reader)


def _nothing_fits(subject: Subject) -> Finding:
    """Say which field it is that no generated value satisfies; a check that asks nothing proves nothing."""
    at_fault = [
        f"{field.name!r} ({field.kind})"
        for field in subject.model.inputs
        if not any(probe.fits for probe in probes([field], subject.reading))
    ]
    what = f"No record could be generated that satisfies {' and '.join(at_fault) or 'the fields'}"
    return Finding(model=subject.model.key, check="records", what=f"{what}; expected one, so nothing was checked.")
