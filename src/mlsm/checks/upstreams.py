"""What a summary may be handed: every upstream ok, failed or abstained, with and without a score.

A summary is checked over stand-ins for the models that it names. Each answers what a column
of the record asks it for, so that the engine and the summary see true results.
"""

from __future__ import annotations

import random
from collections.abc import Mapping
from typing import Annotated, Any

from mlsm._fields import Alias
from mlsm._model import Model, SummaryModel
from mlsm._result import Outcome
from mlsm.checks.records import Probe

__all__ = ["normal_plan", "stand_ins", "upstream_probes"]

_MIXED_ROWS = 64
_MIXED = "several upstreams of different kinds"
_NORMAL = "ok with score"
_ABSTAINED, _FAILED, _INVALID = "abstained", "failed", "invalid"
_UNUSABLE = (_ABSTAINED, _FAILED, _INVALID)


class StandInError(Exception):
    """Raised by a stand-in that is to fail."""


def stand_ins(upstreams: Mapping[str, Model]) -> list[Model]:
    """Make for each upstream a model of the same name, version and status that answers as asked."""
    return [_stand_in(upstream) for upstream in {upstream.key: upstream for upstream in upstreams.values()}.values()]


def normal_plan(upstreams: Mapping[str, Model]) -> dict[str, str]:
    """Give the columns by which every stand-in gives a score."""
    return {_column(upstream): _NORMAL for upstream in upstreams.values()}


def upstream_probes(
    summary: SummaryModel,
    upstreams: Mapping[str, Model],
    base: Mapping[str, Any],
    expected: tuple[Outcome, ...],
    *,
    seed: int = 0,
) -> list[Probe]:
    """Make records that have the stand-ins answer in every way, one by one, all alike and mixed.

    Args:
        summary: the model under check.
        upstreams: the models it stands on, by parameter.
        base: a record that satisfies the summary's own fields.
        expected: the outcomes that are right where no required upstream lacks a usable result.
        seed: another one mixes in another way.
    """
    normal = normal_plan(upstreams)
    plans: list[tuple[str, dict[str, str]]] = []
    for name, upstream in upstreams.items():
        plans += [(f"{name!r} {way}", {**normal, _column(upstream): way}) for way in _answers(upstream)]
    plans += [(f"every upstream {way}", dict.fromkeys(normal, way)) for way in _answers(None)]
    chance = random.Random(seed)  # noqa: S311 - a seed is wanted
    ways = {_column(upstream): list(_answers(upstream)) for upstream in upstreams.values()}
    for _ in range(_MIXED_ROWS):
        plans.append((_MIXED, {column: chance.choice(choices) for column, choices in ways.items()}))
    required = {_column(upstreams[name]) for name in summary.require}
    return [
        Probe(
            record={**base, **{column: way for column, way in plan.items() if way != _INVALID}},
            what=what,
            single=what != _MIXED,
            expected=(Outcome.SKIPPED,) if any(plan[column] in _UNUSABLE for column in required) else expected,
        )
        for what, plan in plans
    ]


def _column(upstream: Model) -> str:
    return f"answer of {upstream.key}"


def _answers(upstream: Model | None) -> dict[str, Any]:
    """Give the ways to answer, within the range and the labels that the upstream declares."""
    low, high = (-1e308, 1e308) if upstream is None or upstream.range is None else upstream.range
    labels = ("A", "株式会社") if upstream is None or not upstream.labels else upstream.labels
    middle = 50.0 if low <= 50.0 <= high else low + (high - low) / 2
    return {
        _NORMAL: middle,
        "ok with score and label": {"score": middle, "label": labels[0]},
        "ok with the last label": {"score": middle, "label": labels[-1]},
        "ok with the least score": low,
        "ok with the greatest score": high,
        "ok with a label and no score": {"label": labels[0]},
        "ok with output and neither": {"note": "only this"},
        _ABSTAINED: None,
        _FAILED: None,
        _INVALID: None,
    }


def _stand_in(upstream: Model) -> Model:
    answers = _answers(upstream)

    def answer(data: Mapping[str, Any], results: Mapping[str, Any]) -> Any:  # noqa: ARG001 - the original's call
        if data["way"] == _FAILED:
            raise StandInError("It was asked to fail.")
        return answers[data["way"]]

    fields = {"way": Annotated[str, Alias(_column(upstream))]}
    return Model(
        upstream.name, fields, upstream.version, answer, upstream.status, range=upstream.range, labels=upstream.labels
    )
