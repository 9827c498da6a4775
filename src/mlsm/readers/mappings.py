"""Python mappings as columns: what NDJSON lines and records in memory become."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from itertools import chain
from operator import itemgetter
from typing import Any

from mlsm.contracts import Column

__all__ = ["all_dicts", "columns_of", "names_of"]


def all_dicts(values: Sequence[object]) -> bool:
    """Tell so by counting types, without asking each whether it is some kind of mapping, which takes its time."""
    return list(map(type, values)).count(dict) == len(values)


def names_of(mappings: Sequence[Mapping[Any, Any]]) -> list[str]:
    """Give every key that is text, in order of first appearance.

    Args:
        mappings: the mappings.

    Example:
        >>> names_of([{"id": 1}, {"age": 2, "id": 3}, {4: 5}])
        ['id', 'age']
    """
    # Most often the first has all the keys there are, which a set tells in a quarter of the time.
    names: Iterable[Any] = mappings[0] if mappings else ()
    if set().union(*mappings) != set(names):
        names = dict.fromkeys(chain.from_iterable(mappings))
    return [name for name in names if isinstance(name, str)]


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
    # Plain dicts only: others, such as a defaultdict, may grow by being asked this way.
    if all_dicts(mappings):
        try:
            return {name: list(map(itemgetter(name), mappings)) for name in wanted}
        except KeyError:  # a key is absent somewhere
            pass
    return {name: [mapping.get(name) for mapping in mappings] for name in wanted}
