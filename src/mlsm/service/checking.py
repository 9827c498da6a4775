"""Checking models: the checks are handed an engine to ask."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeAlias

from mlsm._catalog import Catalog, CatalogLike
from mlsm._fields import Reading
from mlsm._model import Breaker, Failing, Model
from mlsm._result import Result
from mlsm.checks import CLOCK, Finding, Subject, check_model, stand_ins
from mlsm.checks.golden import Ways, check_golden, given_stand_ins
from mlsm.checks.golden_file import Golden
from mlsm.contracts import Predictor
from mlsm.errors import UnknownNameError
from mlsm.service.golden_files import find_golden
from mlsm.service.one import score_one
from mlsm.service.preparing import load_predictor, prepared

if TYPE_CHECKING:
    from mlsm.service.scores import Scores

__all__ = ["Away", "check", "check_one", "golden_ways", "named_models"]

Away: TypeAlias = Callable[[Model, Reading, int, Sequence[Golden]], list[Finding] | None]
"""Checks a model in another process; None for one that is to be checked here."""


def check(
    catalog: CatalogLike,
    names: Iterable[str] = (),
    *,
    reading: Reading | None = None,
    seed: int = 0,
    folder: Path | None = None,
    golden: bool = True,
    away: Away | None = None,
) -> list[Finding]:
    """Ask models about typical, hostile and golden records, and tell what is wrong.

    A record made from the fields that satisfies them must get `ok` or `abstained`, any other
    `invalid`; the answers must be the same when asked again, in another order, in halves and
    singly; inputs must come back unchanged. A golden record, from `<name>.golden.ndjson`
    beside the model's file, must get the result that stands there. A summary is checked over
    stand-ins for what it stands on.

    Args:
        catalog: a catalog, or models that make one; retired models are not checked.
        names: names or keys of the models to check, all of them unless given.
        reading: how the data spells values.
        seed: another one mixes hostile values in other ways; the same one finds the same.
        folder: where the paths of the models' files start from: the project's folder.
        golden: whether golden records are looked for.
        away: is offered each model first, to check it in another process.

    Returns:
        What was found, in the order of the catalog; [] where all is well.

    Raises:
        UnknownNameError: no model that runs has such a name.

    Example:
        >>> import mlsm
        >>> @mlsm.model(version="1")
        ... def share(won: int, all_leads: int):
        ...     return won / all_leads
        >>> [finding.what for finding in check([share])]
        ["With 'all_leads' zero the outcome is error, ZeroDivisionError: division by zero; expected ok or abstained."]
    """
    catalog = Catalog.of(catalog)
    reading = Reading() if reading is None else reading
    findings: list[Finding] = []
    for model in named_models(catalog, names):
        records: Sequence[Golden] = ()
        if golden:
            found = find_golden(catalog, model, folder)
            findings += [Finding(model=model.key, check="golden", what=mistake) for mistake in found.mistakes]
            records = found.records
        elsewhere = None if away is None else away(model, reading, seed, records)
        findings += check_one(catalog, model, reading, seed, records) if elsewhere is None else elsewhere
    return findings


def check_one(
    catalog: Catalog, model: Model, reading: Reading, seed: int, records: Sequence[Golden] = ()
) -> list[Finding]:
    """Ask one model of a catalog, here, about hostile records and these golden ones."""
    findings = check_model(_subject(catalog, model, reading), seed=seed)
    return findings + (check_golden(model, golden_ways(catalog, model, reading), records) if records else [])


def named_models(catalog: Catalog, names: Iterable[str]) -> list[Model]:
    """Give the models that run and have one of these names or keys, all of them unless some are given.

    Raises:
        UnknownNameError: no model that runs has such a name.
    """
    named = {model.key for name in names for model in _named(catalog, name)}
    return [model for model in catalog.running if not named or model.key in named]


def _always_called(models: Iterable[Model]) -> Catalog:
    """Make a catalog without breakers: who asks hostile questions wants every answer."""
    failing = Failing(breaker=Breaker(share=1, draft_share=1))
    return Catalog(model.with_failing(failing) for model in models)


def golden_ways(catalog: Catalog, model: Model, reading: Reading) -> Ways:
    """Give the ways to ask a model about golden records: a summary stands on what they say."""
    upstreams = {name: catalog[key] for name, key in catalog.upstreams(model.key).items()}
    alone = _always_called([*given_stand_ins(upstreams), model])
    place = len(alone) - 1

    def scored(records: Sequence[Mapping[str, Any]], as_of: datetime, reasons: int = 0) -> Scores:
        return _scored(alone, records, as_of, reading, reasons)

    return Ways(
        batch=lambda records, as_of, reasons: list(scored(records, as_of, reasons))[place :: len(alone)],
        one=lambda record, as_of: score_one(alone, record, id=None, as_of=as_of, reading=reading)[place],
        trace=lambda record, as_of: _trace(scored([record], as_of), model.key),
        upstreams=upstreams,
    )


def _scored(
    alone: Catalog, records: Sequence[Mapping[str, Any]], as_of: datetime, reading: Reading, reasons: int = 0
) -> Scores:
    from mlsm.service.scores import score  # it needs frames; a process that has models checked elsewhere does not

    return score(alone, list(records), id=None, as_of=as_of, reading=reading, reasons=reasons)


def _trace(scored: Scores, key: str) -> str | None:
    return next((note.trace for note in scored.report.errors if note.model == key and note.trace is not None), None)


def _named(catalog: Catalog, name: str) -> list[Model]:
    named = [model for model in catalog.running if name in (model.key, model.name)]
    if not named:
        raise UnknownNameError(
            f"Model {catalog[name].key!r} is retired and does not run; expected one that is active or a draft.",
            hint="Give it another status, or check the others.",
        )
    return named


def _subject(catalog: Catalog, model: Model, reading: Reading) -> Subject:
    upstreams = {name: catalog[key] for name, key in catalog.upstreams(model.key).items()}
    alone = _always_called([*stand_ins(upstreams), model])
    place = len(alone) - 1

    def scored(records: Sequence[Mapping[str, Any]]) -> Scores:
        return _scored(alone, records, CLOCK, reading)

    def last(records: Sequence[Mapping[str, Any]]) -> list[Result]:
        return list(scored(records))[place :: len(alone)]

    return Subject(
        model=model,
        predictor=_predictor(alone, model, reading),
        score=last,
        score_one=lambda record: score_one(alone, record, id=None, as_of=CLOCK, reading=reading)[place],
        trace=lambda record: _trace(scored([record]), model.key),
        upstreams=upstreams,
        reading=reading,
    )


def _predictor(alone: Catalog, model: Model, reading: Reading) -> Predictor:
    """Load a model to be called directly; one that is isolated is asked in its process, never here."""
    if not model.isolation.isolated:
        return load_predictor(model)
    steps = prepared(alone, reading=reading).steps
    return next(step.predictor for step in steps if step.model.key == model.key)
