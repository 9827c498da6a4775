"""What a store tells of what it keeps of a person, lets go, and hands on to another store."""

from __future__ import annotations

import hashlib
import secrets
from collections.abc import Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import msgspec

from mlsm._batch import Batch
from mlsm._result import Result
from mlsm._typing import Lane
from mlsm.contracts.inputs import Reject

if TYPE_CHECKING:
    import polars as pl

__all__ = [
    "Forgotten",
    "HeldRow",
    "Holdings",
    "Pruned",
    "StoredLane",
    "Tombstones",
    "last_good_schema",
]

_KEY = 32
_MARK = 16


class Forgotten(msgspec.Struct, frozen=True, kw_only=True):
    """What was removed of a person; all is zero where nothing was held.

    Args:
        results: results, those of trials too.
        kept: parts from which kept columns were removed.
        inputs: parts from whose kept inputs a row was removed.
        rejects: rejects with the person's id.
    """

    results: int = 0
    kept: int = 0
    inputs: int = 0
    rejects: int = 0


class Pruned(msgspec.Struct, frozen=True, kw_only=True):
    """What a pruning removed: results and rejects, and the runs from which it took some."""

    runs: int = 0
    results: int = 0
    rejects: int = 0


class HeldRow(msgspec.Struct, frozen=True, kw_only=True):
    """Values of one person that came with a part of a run; all of them JSON values."""

    run_id: str
    part: int
    values: dict[str, Any]


class Holdings(msgspec.Struct, frozen=True, kw_only=True):
    """All that a store holds of one record; `msgspec.to_builtins` makes JSON of it.

    Args:
        record_id: whose.
        results: as `Store.history` gives them.
        kept: the kept columns, a row a part that has some, by the order of commits.
        inputs: the kept inputs (or their hash) likewise, without the column `record_id`.
        rejects: the rejects that name the record, likewise, with the fields of `Reject`.
    """

    record_id: str
    results: tuple[Result, ...] = ()
    kept: tuple[HeldRow, ...] = ()
    inputs: tuple[HeldRow, ...] = ()
    rejects: tuple[HeldRow, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredLane:
    """One committed lane, as `Store.write` takes it: `write(run_id, part, lane, batch, rejects)`.

    Args:
        run_id: its run.
        seq: the integer that its store gave to it.
        part: the part's number.
        lane: which half of the part.
        batch: what is left of its results, in the order of the input. Its frame has, where
            any record has kept columns, the text column `KEPT_OBJECT` in their place. `inputs`
            are there in the part's first lane alone.
        rejects: the part's rejects, in its first lane alone.
    """

    run_id: str
    seq: int
    part: int
    lane: Lane
    batch: Batch
    rejects: tuple[Reject, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Tombstones:
    """Who was forgotten, so that nobody comes back with a late part; no personal data.

    A tombstone is a keyed hash of an id (BLAKE2b, 16 bytes). The key is drawn once a store,
    so that the marks of one store say nothing about those of another.

    Args:
        key: 32 random bytes; empty where nobody was ever forgotten.
        marks: the hashes.

    Example:
        >>> stones = Tombstones.new()
        >>> stones = Tombstones(key=stones.key, marks=frozenset({stones.mark("42")}))
        >>> stones.among(["41", "42"])
        [False, True]
    """

    key: bytes = b""
    marks: frozenset[bytes] = frozenset()

    @classmethod
    def new(cls) -> Tombstones:
        """Draw a key; nobody is forgotten yet."""
        return cls(key=secrets.token_bytes(_KEY))

    def mark(self, record_id: str) -> bytes:
        """Give the hash that stands for an id."""
        text = record_id.encode("utf-8", "surrogatepass")
        return hashlib.blake2b(text, key=self.key, digest_size=_MARK).digest()

    def among(self, record_ids: Iterable[str | None]) -> list[bool]:
        """Tell for each id whether it was forgotten; where nobody was, no hash is made."""
        if not self.marks:
            return [False for _ in record_ids]
        return [one is not None and self.mark(one) in self.marks for one in record_ids]


def last_good_schema() -> dict[str, pl.DataType]:
    """Give the columns of `Store.last_good`, in order, with their polars types."""
    import polars as pl

    text = pl.String()
    return {
        "record_id": text,
        "model": text,
        "version": text,
        "score": pl.Float64(),
        "label": text,
        "run_id": text,
        "as_of": pl.Datetime("us", "UTC"),
    }
