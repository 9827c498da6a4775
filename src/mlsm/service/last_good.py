"""The last good scores of a store, asked for when a model failed."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from mlsm.contracts import Store
from mlsm.engine.substitutes import LastGood

if TYPE_CHECKING:
    import polars as pl

    from mlsm._catalog import Catalog

__all__ = ["FoundScores", "last_good_of", "wanting_last_good", "without_store"]


def wanting_last_good(catalog: Catalog) -> dict[str, str]:
    """Give the active models for which a last good score may stand in: key to name."""
    return {
        model.key: model.name
        for model in catalog.running
        if model.status == "active" and model.failing.on_failure == "last_good"
    }


def without_store(catalog: Catalog) -> tuple[str, ...]:
    """Say that nothing stands in where no store keeps last good scores: those models skip."""
    wanting = ", ".join(repr(key) for key in wanting_last_good(catalog))
    if not wanting:
        return ()
    return (f"Without a store no last good score stands in for a failed one of {wanting}; they skip.",)


def last_good_of(catalog: Catalog, store: Store | None) -> LastGood | None:
    """Make what looks up last good scores, None where no model wants them or nothing is stored."""
    if store is None or not wanting_last_good(catalog):
        return None

    def look_up(name: str, record_ids: Sequence[str]) -> pl.DataFrame:
        return store.last_good([name], record_ids)

    return look_up


class FoundScores:
    """Last good scores that were looked up already, for a process that has no store.

    Args:
        found: by the name of the model; of others there is none.
    """

    def __init__(self, found: Mapping[str, pl.DataFrame]) -> None:
        self._found = found

    def __call__(self, name: str, record_ids: Sequence[str]) -> pl.DataFrame:
        """Give those of some records."""
        import polars as pl

        from mlsm.contracts import last_good_schema

        if name not in self._found:
            return pl.DataFrame(schema=last_good_schema())
        return self._found[name].filter(pl.col("record_id").is_in(list(record_ids)))
