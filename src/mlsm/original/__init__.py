"""The call style of mlsm 0.0.4: models over records that carry a model's data by name and version.

A record is a dict that holds, beside whatever else, the data of each model::

    {"data": {"fit": {"1.2.0": {"employees": 50}}}}

It receives `results`, by name and version as well; nothing else in it changes. Fields are
checked for presence only, any text is a status, several versions of a name may be active.

Put right since 0.0.4: two versions of one name both keep their results; `_status` is there
on failures too; an interrupt passes; a model that changes what it is handed changes neither
the record nor the results of others; a record without data does not end `RunModelsAll`.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sized
from copy import deepcopy
from datetime import date, datetime
from operator import eq
from typing import Any

from mlsm._guard import Raised, attempt
from mlsm._model import Model, SummaryModel, split_key
from mlsm.errors import MlsmError, SummaryModelListException
from mlsm.original.documents import Documents

__all__ = ["RunModels", "RunModelsAll", "RunSummaryModels"]

_IMMUTABLE = frozenset({type(None), bool, int, float, str, bytes, date, datetime})


def RunModelsAll(  # noqa: N802 - the name is the original's
    models: Iterable[Model],
    records: Iterable[dict[str, Any]],
    summaryModels: Iterable[SummaryModel] = (),  # noqa: N803 - the name is the original's
    verbose: bool = False,
    db: Any = None,
    collection: str | None = None,
    dbIdentifier: str | None = None,  # noqa: N803 - the name is the original's
) -> list[dict[str, Any]]:
    """Run models, then summaries, over many records; give the records, with `results`.

    A record without the data of a model holds for it
    `{"_error": "Expected 'data' of model 'fit' version '1.2.0' not found", "_status": …}`
    as its result, which the later models and the summaries see; the others run.

    Args:
        models: each sees the results of those before it.
        records: any number of them; all are kept in memory.
        summaryModels: run after all models, in this order.
        verbose: show the progress on stderr.
        db: a pymongo database, or what behaves like one, to store results in: one document a
            record and run. Records that were scored are stored, too, where a later one raises.
        collection: the name of the collection in it; an index on `dbIdentifier` is made if absent.
        dbIdentifier: the field that identifies a record.

    Raises:
        MlsmError: a `db` is given without a collection or identifier.
        KeyError: a record is to be stored and lacks the identifier.
        SummaryModelListException: a summary names a model or version that did not run.

    Example:
        >>> fit = Model("fit", {"employees": int}, "1", lambda data, results: {"score": data["employees"] / 10})
        >>> records = [{"data": {"fit": {"1": {"employees": 50}}}}, {"data": {}}]
        >>> for record in RunModelsAll([fit], records):
        ...     print(record["results"]["fit"]["1"])
        {'score': 5.0, '_status': 'draft'}
        {'_error': "Expected 'data' of model 'fit' version '1' not found", '_status': 'draft'}
    """
    documents = _documents(db, collection, dbIdentifier)
    models, summaries = list(models), list(summaryModels)
    scored = []
    try:
        for record in _with_progress(records) if verbose else records:
            results = record["results"] = {}
            seen: dict[str, Any] = {}
            for model in models:
                seen = _run_if_data(model, record, results, seen)
            for summary in summaries:
                _check_upstreams(summary, results)
                seen = _run_if_data(summary, record, results, seen)
            scored.append(record)
            if documents is not None:
                documents.add(record)
    finally:
        if documents is not None:
            documents.flush()
    return scored


def RunModels(models: Iterable[Model], record: dict[str, Any]) -> dict[str, Any]:  # noqa: N802 - the original's name
    """Run models over one record; give the record, with new `results`.

    Raises:
        KeyError: the record holds no data for one of the models.

    Example:
        >>> fit = Model("fit", {"employees": int}, "1", lambda data, results: {"score": data["employees"] / 10})
        >>> RunModels([fit], {"data": {"fit": {"1": {"employees": 50}}}})["results"]
        {'fit': {'1': {'score': 5.0, '_status': 'draft'}}}
    """
    results = record["results"] = {}
    seen: dict[str, Any] = {}
    for model in models:
        seen = _run(model, record["data"][model.name][model.version], results, seen)
    return record


def RunSummaryModels(  # noqa: N802 - the name is the original's
    summaryModels: Iterable[SummaryModel],  # noqa: N803 - the name is the original's
    record: dict[str, Any],
) -> dict[str, Any]:
    """Run summaries over one record that holds `results`; give the record.

    Raises:
        KeyError: the record holds no data for one of the summaries.
        SummaryModelListException: a summary names a model or version without a result.

    Example:
        >>> half = SummaryModel("half", [{"name": "fit", "version": "1"}], "1",
        ...                     lambda data, results: {"score": results["fit"]["1"]["score"] / 2})
        >>> record = {"data": {"half": {"1": {}}}, "results": {"fit": {"1": {"score": 5.0}}}}
        >>> RunSummaryModels([half], record)["results"]["half"]
        {'1': {'score': 2.5, '_status': 'draft'}}
    """
    results = record["results"]
    seen = _own_copy(results)
    for summary in summaryModels:
        data = record["data"][summary.name][summary.version]
        _check_upstreams(summary, results)
        seen = _run(summary, data, results, seen)
    return record


def _documents(db: Any, collection: str | None, identifier: str | None) -> Documents | None:
    # A pymongo database cannot be asked whether it is true.
    if db is None:
        return None
    if not (collection and identifier):
        raise MlsmError(
            f"RunModelsAll cannot store: with `db` a collection and an identifier are expected;"
            f" got {collection!r} and {identifier!r}.",
            hint="Name both, such as collection='results', dbIdentifier='email'; or leave `db` out.",
        )
    return Documents(db, collection, identifier)


def _run(model: Model, data: Any, results: dict[str, Any], seen: dict[str, Any]) -> dict[str, Any]:
    """Add a model's result to `results`, of which it is handed the twin `seen`; give the next one's twin.

    Comparing the two costs a fraction of a new twin for every model, and tells as well
    whether the model changed results that are not its own.
    """
    answered = model.execute(data=_own_copy(data), results=seen)
    results.setdefault(model.name, {})[model.version] = _own_copy(answered[model.name][model.version])
    return seen if attempt(eq, seen, results) is True else _own_copy(results)


def _run_if_data(model: Model, record: dict[str, Any], results: dict[str, Any], seen: dict[str, Any]) -> dict[str, Any]:
    try:
        data = record["data"][model.name][model.version]
        found = not model.fields or hasattr(data, "keys")
    except (LookupError, TypeError):
        found = False
    if found:
        return _run(model, data, results, seen)
    error = f"Expected 'data' of model '{model.name}' version '{model.version}' not found"
    for told in (results, seen):
        told.setdefault(model.name, {})[model.version] = {"_error": error, "_status": model.status}
    return seen


def _check_upstreams(summary: SummaryModel, results: Mapping[str, Any]) -> None:
    named = summary.models.values() if isinstance(summary.models, dict) else summary.models
    for entry in named:
        name, version = split_key(entry) if isinstance(entry, str) else (entry["name"], entry["version"])
        if name not in results:
            raise SummaryModelListException(f"Expected model '{name}' results not found")
        if version is not None and version not in results[name]:
            raise SummaryModelListException(f"Expected model version '{name}' '{version}' results not found")


def _own_copy(value: Any) -> Any:
    """Copy to the depth at which there is something to change; what cannot be copied is shared."""
    if type(value) is dict and _IMMUTABLE.issuperset(map(type, value.values())):
        return value.copy()
    copied = attempt(deepcopy, value)
    if not isinstance(copied, Raised):
        return copied
    if type(value) is not dict:
        return value
    members = {key: attempt(deepcopy, inner) for key, inner in value.items()}
    return {key: value[key] if isinstance(member, Raised) else member for key, member in members.items()}


def _with_progress(records: Iterable[dict[str, Any]]) -> Iterator[dict[str, Any]]:
    from rich.console import Console
    from rich.progress import track

    total = len(records) if isinstance(records, Sized) else None
    yield from track(records, description="Scoring", total=total, console=Console(stderr=True))
