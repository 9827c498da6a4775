"""The labels that an export asks for: which results bear them, and which are unknown."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING

from mlsm.cli.exporting import shown_label
from mlsm.errors import MlsmError, UnknownNameError

if TYPE_CHECKING:
    from pathlib import Path

    import polars as pl

    from mlsm.contracts import Store

__all__ = ["labelled"]


def labelled(
    frames: Iterable[pl.DataFrame],
    wanted: tuple[str, ...],
    store: Store,
    folder: Path,
    *,
    models: tuple[str, ...] | None,
    run: str | None,
) -> Iterator[pl.DataFrame]:
    """Yield of each frame the results with one of the labels, that of what stands in included.

    That no lead has a label tonight is no mistake where a model declares it, or once gave it.

    Args:
        frames: results in long form.
        wanted: the labels.
        store: where the results are.
        folder: the project's folder.
        models: the models asked for, None for all.
        run: the one run that is asked for, None for the scores of now.

    Raises:
        UnknownNameError: after the last frame, if a label is unknown.
    """
    met: set[str] = set()
    for frame in frames:
        labels = frame.select(shown_label()).to_series()
        met.update(labels.drop_nulls().unique())
        yield frame.filter(labels.is_in(wanted))
    unknown = [label for label in dict.fromkeys(wanted) if label not in met]
    if not unknown:
        return
    declared = _declared(folder, models)
    runs = [entry.run_id for entry in store.runs()] if run is None else []
    for run_id in runs:
        if met.union(declared).issuperset(unknown):
            return
        met |= _given(store, run_id, models)
    known = [*declared, *sorted(met.difference(declared))]
    if unknown := [label for label in unknown if label not in known]:
        whose = "The scores have" if models is None else f"The scores of {', '.join(models)} have"
        there = f"there is {', '.join(map(repr, known))}" if known else "they have no label at all"
        raise UnknownNameError(
            f"{whose} no label {', '.join(map(repr, unknown))}; {there}.",
            hint="Labels are taken byte for byte, with capital and small letters.",
        )


def _declared(folder: Path, models: tuple[str, ...] | None) -> tuple[str, ...]:
    """Name the labels that models declare, best first; none where the project cannot be loaded."""
    from mlsm.project import load_project

    try:
        running = load_project(folder, broken="drafts").catalog.running
    except MlsmError:
        return ()
    wanted = [model for model in running if models is None or {model.name, model.key}.intersection(models)]
    return tuple(dict.fromkeys(label for model in wanted for label in model.labels or ()))


def _given(store: Store, run_id: str, models: tuple[str, ...] | None) -> set[str]:
    from mlsm.contracts import Selection

    found: set[str] = set()
    for frame in store.results(run_id, Selection(models=models)):
        found.update(frame.get_column("label").drop_nulls().unique())
    return found
