"""Which run a resume takes up, and in what two plans differ."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from mlsm.contracts import InputEntry, ModelEntry, RunPlan
from mlsm.errors import PlanChangedError

__all__ = ["Begun", "differences", "run_to_resume"]

_SHOWN = 6
"""Parts of an input that a message lists."""
_FACTS = tuple((what, "is", "it was") for what in ("status", "kind")) + tuple(
    (what, "are", "they were") for what in ("upstreams", "columns")
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Begun:
    """A run of the store, as far as resuming goes."""

    run_id: str
    finished: bool
    plan: RunPlan


def run_to_resume(plan: RunPlan, begun: Iterable[Begun]) -> str | None:
    """Find the run that a resume with this plan takes up, None where a new one begins.

    It is the newest unfinished run with this plan. Where none has it, an unfinished run
    with another plan is refused, unless a later run of its purpose has finished: what that
    one left undone is then of the past, and a nightly job must not stumble over it for
    ever. A run that reads no input (one that stays open for single records) is never taken
    up by one that reads some, nor the other way round.

    Args:
        plan: what the new run would do.
        begun: the runs of the store, newest first.

    Raises:
        PlanChangedError: an unfinished run was opened with another plan.
    """
    overtaken = set()
    refused: tuple[Begun, list[str]] | None = None
    for run in begun:
        if bool(run.plan.inputs) != bool(plan.inputs):
            continue
        if run.finished:
            overtaken.add(run.plan.purpose)
            continue
        found = differences(run.plan, plan)
        if not found:
            return run.run_id
        if refused is None and run.plan.purpose not in overtaken:
            refused = run, found
    if refused is None:
        return None
    run, found = refused
    raise PlanChangedError(
        f"Run {run.run_id!r} cannot be resumed: {len(found)} {'thing differs' if len(found) == 1 else 'things differ'}"
        " from the plan it was opened with.",
        hint="Bring back what it was opened with, or begin a new run by leaving out --resume.",
        problems=found,
    )


def differences(stored: RunPlan, plan: RunPlan) -> list[str]:
    """Tell in what a plan differs from the stored one, one sentence a difference.

    Not compared are `provenance` and `parent`, which decide no result; an `as_of` that
    nobody named, since a resume takes over the stored one; and where a model's code lies,
    since its digest says what it is.
    """
    found = []
    for what, before, now in (
        ("The purpose", stored.purpose, plan.purpose),
        ("The id column", stored.id_column, plan.id_column),
        ("The list of kept columns", list(stored.keep), list(plan.keep)),
        ("The number of reasons a score", stored.reasons, plan.reasons),
    ):
        if before != now:
            found.append(f"{what} is {now!r}; it was {before!r}.")
    if plan.as_of_named and plan.as_of != stored.as_of:
        found.append(f"The clock (as of) is {plan.as_of.isoformat()}; it was {stored.as_of.isoformat()}.")
    return [*found, *_models(stored.models, plan.models), *_inputs(stored.inputs, plan.inputs)]


def _models(stored: tuple[ModelEntry, ...], models: tuple[ModelEntry, ...]) -> list[str]:
    before = {model.key: model for model in stored}
    now = {model.key: model for model in models}
    found = [f"Model {key!r} is gone." for key in before if key not in now]
    found += [f"Model {key!r} is new." for key in now if key not in before]
    for key, model in now.items():
        if key not in before:
            continue
        was = before[key]
        if model.digest != was.digest:
            found.append(f"Model {key!r} answers differently: its digest is {model.digest!r}; it was {was.digest!r}.")
        for what, is_now, was_then in _FACTS:
            if getattr(model, what) != getattr(was, what):
                found.append(
                    f"The {what} of model {key!r} {is_now} {getattr(model, what)!r}; {was_then} {getattr(was, what)!r}."
                )
    if not found and list(before) != list(now):
        found.append(f"The order of the models is {list(now)!r}; it was {list(before)!r}.")
    return found


def _inputs(stored: tuple[InputEntry, ...], inputs: tuple[InputEntry, ...]) -> list[str]:
    if len(stored) != len(inputs):
        names = [entry.source for entry in inputs]
        return [f"The inputs are {names!r}; they were {[entry.source for entry in stored]!r}."]
    found = []
    for was, entry in zip(stored, inputs, strict=True):
        source = entry.source
        if source != was.source:
            found.append(f"Input {source!r} is read where {was.source!r} was.")
        if entry.fingerprint != was.fingerprint:
            found.append(
                f"The content of input {source!r} changed: its fingerprint is {entry.fingerprint!r};"
                f" it was {was.fingerprint!r}."
            )
        if entry.options != was.options:
            found.append(f"Input {source!r} is read with {entry.options!r}; it was read with {was.options!r}.")
        if entry.parts != was.parts:
            found.append(f"Input {source!r} is cut into {_cut(entry.parts)}; it was cut into {_cut(was.parts)}.")
    return found


def _cut(parts: tuple[int, ...]) -> str:
    shown = ", ".join(map(str, parts if len(parts) <= _SHOWN else (*parts[: _SHOWN - 2], "…", parts[-1])))
    return f"{len(parts)} parts of {shown} rows"
