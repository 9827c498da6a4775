"""The last good scores of a store, asked for when a model failed."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from mlsm.contracts import Store

if TYPE_CHECKING:
    import polars as pl

    from mlsm._catalog import Catalog

__all__ = ["StoredScores", "last_good_of"]


def last_good_of(catalog: Catalog, store: Store | None) -> StoredScores | None:
    """Make what looks up last good scores, None where no model wants them or nothing is stored."""
    wanted = any(model.status == "active" and model.failing.on_failure == "last_good" for model in catalog.running)
    return StoredScores(store.url, store) if wanted and store is not None else None


class StoredScores:
    """Looks up last good scores in a store; in another process it opens the store when it is first asked.

    Args:
        url: the store.
        store: the store, where it is open already.
    """

    def __init__(self, url: str, store: Store | None = None) -> None:
        self._url = url
        self._store = store

    def __reduce__(self) -> tuple[Any, ...]:
        return StoredScores, (self._url,)

    def __call__(self, name: str, record_ids: Sequence[str]) -> pl.DataFrame:
        """Give the last good scores of a model.

        Raises:
            StoreError: the store cannot be asked.
        """
        if self._store is None:
            from mlsm.stores import open_store

            self._store = open_store(self._url, Path.cwd())
        return self._store.last_good([name], record_ids)
