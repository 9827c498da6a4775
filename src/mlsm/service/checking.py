"""Checking models: the checks are handed an engine to ask."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from mlsm._catalog import Catalog, CatalogLike
from mlsm._fields import Reading
from mlsm._model import Model
from mlsm._result import Result
from mlsm.checks import CLOCK, Finding, Subject, check_model, stand_ins
from mlsm.errors import UnknownNameError
from mlsm.service.one import score_one
from mlsm.service.preparing import load_predictor
from mlsm.service.scores import Scores, score

__all__ = ["check"]


def check(
    catalog: CatalogLike, names: Iterable[str] = (), *, reading: Reading | None = None, seed: int = 0
) -> list[Finding]:
    """Ask models about typical and hostile records made from their fields, and tell what is wrong.

    A record that satisfies the fields must get `ok` or `abstained`, any other `invalid`; the
    answers must be the same when asked again, in another order, in halves and singly; inputs
    must come back unchanged. A summary is checked over stand-ins for what it stands on.

    Args:
        catalog: a catalog, or models that make one; retired models are not checked.
        names: names or keys of the models to check, all of them unless given.
        reading: how the data spells values.
        seed: another one mixes hostile values in other ways; the same one finds the same.

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
    named = {model.key for name in names for model in _named(catalog, name)}
    models = [model for model in catalog.running if not named or model.key in named]
    reading = Reading() if reading is None else reading
    return [finding for model in models for finding in check_model(_subject(catalog, model, reading), seed=seed)]


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
    alone = Catalog([*stand_ins(upstreams), model])
    place = len(alone) - 1

    def scored(records: Sequence[Mapping[str, Any]]) -> Scores:
        return score(alone, list(records), id=None, as_of=CLOCK, reading=reading)

    def last(records: Sequence[Mapping[str, Any]]) -> list[Result]:
        return list(scored(records))[place :: len(alone)]

    def traced(record: Mapping[str, Any]) -> str | None:
        notes = scored([record]).report.errors
        return next((note.trace for note in notes if note.model == model.key and note.trace is not None), None)

    return Subject(
        model=model,
        predictor=load_predictor(model),
        score=last,
        score_one=lambda record: score_one(alone, record, id=None, as_of=CLOCK, reading=reading)[place],
        trace=traced,
        upstreams=upstreams,
        reading=reading,
    )
