"""Volumes: the index on records in pieces, of which the newest alone is written to.

An index on ids that come in no order slows down as it grows: each document goes to another page
of it, and all of them are written anew again and again. So each document bears the number of a
volume, and the index begins with that: what is written to is as large as a volume, and the rest
lies still. The number follows from how many documents were begun when a write took its own, and
from nothing else: writers need not agree on it, and no answer depends on it.

Who looks for a record looks in every volume; the server leaps from one to the next in the index.
"""

from __future__ import annotations

from dataclasses import dataclass

from bson.min_key import MinKey

from mlsm.stores.mongo.schema import SPLIT, Document

__all__ = ["ANY", "Volumes", "volume_at", "volumes_of"]

_DOCUMENTS = 250_000
"""Documents of a volume. Of half a million the last 100,000 took the server 1.4 times as long as the first."""
_ALIKE = 32
"""Volumes of one size; the next ones are twice as large, so that a look-up has few to leap through."""
ANY: Document = {"volume": {"$gte": MinKey()}}
"""The condition that every document meets, also one without a volume; the index needs it."""


@dataclass(frozen=True, slots=True)
class Volumes:
    """The volumes of a store.

    Args:
        index: the name of the index on records.
        whole: the condition on the volume that all documents meet.
        each: the condition of each volume.
    """

    index: str
    whole: Document
    each: tuple[Document, ...]


def volume_at(documents: int) -> int:
    """Number the volume for what is written after so many documents; 0 has those of older programs.

    Example:
        >>> [volume_at(documents) for documents in (0, 249_999, 250_000, 8_000_000, 8_499_999, 8_500_000)]
        [1, 1, 2, 33, 33, 34]
    """
    first, size = 1, _DOCUMENTS
    while documents >= _ALIKE * size:
        documents -= _ALIKE * size
        first, size = first + _ALIKE, 2 * size
    return first + documents // size


def volumes_of(store: Document) -> Volumes:
    """Tell the volumes of a store by its document in `mlsm_store`."""
    if store.get("version", 0) < SPLIT:
        return Volumes("record", {}, ({},))
    # The last are of a program of an older version that wrote while the store was brought up to date.
    numbers = [*range(volume_at(store.get("documents", 0)) + 1), None]
    return Volumes("volume", ANY, tuple({"volume": number} for number in numbers))
