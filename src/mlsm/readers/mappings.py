"""Python mappings as columns: what NDJSON lines and records in memory become."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from itertools import chain
from operator import itemgetter
from typing import Any

from mlsm.contracts import Column

__all__ = ["columns_of", "names_of"]


def names_of(mappings: Sequence[Mapping[Any, Any]]) -> list[str]:
    """Give every key that is text, in order of first appearance.

    Args:
        mappings: the mappings.

    Example:
        >>> names_of([{"id": 1}, {"age": 2, "id": 3}, {4: 5}])
        ['id', 'age']
    """
    return [name for name in dict.fromkeys(chain.from_iterable(mappings)) if isinstance(name, str)]


def columns_of(mappings: Sequence[Mapping[Any, Any]], names: Iterable[str]) -> dict[str, Column]:
    """Turn mappings into columns, None where one lacks the key.

    Args:
        mappings: the mappings.
        names: the columns to build.

    Example:
        >>> columns_of([{"id": 1}, {"age": 2, "id": 3}], ["id", "age"])
        {'id': [1, 3], 'age': [None, 2]}
    """
    wanted = tuple(names)
    try:
        rows = map(itemgetter(*wanted), mappings) if wanted else ()
        columns = zip(*rows, strict=True) if len(wanted) > 1 else iter([rows])
        return {name: list(column) for name, column in zip(wanted, columns, strict=True)}
    except (KeyError, ValueError):  # a key is absent somewhere, or there is no row at all
        return {name: [mapping.get(name) for mapping in mappings] for name in wanted}
