"""Whether a store keeps its promises: one check a behaviour, for stores of one's own too.

from mlsm.testing.stores import check_store

def test_our_store():
    check_store(lambda: OurStore(new_database()))
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import TypeAlias

from mlsm.contracts import Store
from mlsm.testing._stores.copying import COPYING
from mlsm.testing._stores.current import CURRENT
from mlsm.testing._stores.forgetting import FORGETTING
from mlsm.testing._stores.keeping import KEEPING
from mlsm.testing._stores.pruning import PRUNING
from mlsm.testing._stores.reading import READING
from mlsm.testing._stores.runs import RUNS
from mlsm.testing._stores.writers import WRITERS
from mlsm.testing._stores.writing import WRITING

__all__ = ["STORE_CHECKS", "StoreCheck", "check_store"]

StoreCheck: TypeAlias = Callable[[Store], None]
"""A check: it is handed an empty store, and raises where the store does not behave."""

STORE_CHECKS: Mapping[str, StoreCheck] = MappingProxyType(
    {
        check.__name__: check
        for check in (*WRITING, *CURRENT, *READING, *RUNS, *WRITERS, *KEEPING, *FORGETTING, *PRUNING, *COPYING)
    }
)
"""All checks by name, so that each can be a test of its own."""


def check_store(open_store: Callable[[], Store]) -> None:
    """Run every check on a store of its own.

    Args:
        open_store: opens a new, empty store each time.

    Raises:
        AssertionError: checks failed; all of them are named, each with what was expected.

    Example:
        >>> from mlsm.stores.memory import MemoryStore
        >>> check_store(MemoryStore)
    """
    failed = []
    for name, check in STORE_CHECKS.items():
        store = open_store()
        try:
            check(store)
        except Exception as error:  # noqa: BLE001 - a stranger's store may raise anything: that is a failure
            failed.append(f"{name}: {type(error).__name__}: {error}")
        finally:
            store.dispose()
    if failed:
        raise AssertionError("\n".join([f"{len(failed)} of {len(STORE_CHECKS)} checks failed:", *failed]))
