"""Python mappings in memory: what `mlsm.score` is handed as a list of dicts."""

from __future__ import annotations

import hashlib
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from typing import Any

import msgspec

from mlsm.contracts import Facts, RawPart, Reject
from mlsm.readers.mappings import all_dicts, columns_of, names_of

__all__ = ["RecordsReader", "reader"]


class RecordsReader:
    """Read Python mappings, in their order; they are looked at, never changed.

    An element that is no mapping is a broken row. Keys that are no text are no fields.

    Args:
        records: the mappings; an iterator is read to its end first.
    """

    def __init__(self, records: Iterable[object]) -> None:
        self.source = "records"
        self._records = records if isinstance(records, Sequence) else list(records)
        self._facts: Facts | None = None

    def facts(self) -> Facts:
        """Count the records and collect their keys."""
        if self._facts is None:
            sound: Sequence[Any] = self._records
            if not all_dicts(sound):
                sound = [record for record in self._records if isinstance(record, Mapping)]
            broken = len(self._records) - len(sound)
            self._facts = Facts(rows=len(self._records), names=tuple(names_of(sound)), broken=broken)
        return self._facts

    def fingerprint(self) -> str:
        """Hash the records as JSON lines with sorted keys, whatever their order in a record."""
        digest = hashlib.sha256()
        for record in self._records:
            digest.update(_canonical(record))
            digest.update(b"\n")
        return f"sha256:{digest.hexdigest()}"

    def options(self) -> dict[str, str]:
        """Tell that there is nothing to choose."""
        return {"format": "records"}

    def parts(
        self, size: int, *, columns: Collection[str] | None = None, skip: Collection[int] = ()
    ) -> Iterator[RawPart]:
        """Yield parts of `size` records."""
        for number in range(-(-len(self._records) // size)):
            if number not in skip:
                yield self._part(number, size, columns)

    def _part(self, number: int, size: int, columns: Collection[str] | None) -> RawPart:
        first = number * size + 1
        records = self._records[first - 1 : first - 1 + size]
        rows: Sequence[int] = range(first, first + len(records))
        sound: Sequence[Any] = records
        broken: list[Reject] = []
        facts = self.facts()
        if facts.broken:
            rows, sound, broken = self._sound(first, records)
        names = [name for name in facts.names if columns is None or name in columns]
        return RawPart(
            number=number,
            source=self.source,
            stem=self.source,
            rows=rows,
            lines=None,
            columns=columns_of(sound, names),
            broken=tuple(broken),
        )

    def _sound(self, first: int, records: Sequence[object]) -> tuple[list[int], list[Any], list[Reject]]:
        rows, sound, broken = [], [], []
        for row, record in enumerate(records, start=first):
            if isinstance(record, Mapping):
                rows.append(row)
                sound.append(record)
            else:
                reason = f"The record is of type {type(record).__name__!r}, expected a mapping."
                broken.append(Reject(source=self.source, row=row, reason=reason))
        return rows, sound, broken


def _canonical(record: object) -> bytes:
    try:
        return msgspec.json.encode(record, order="sorted", enc_hook=_as_text)
    except (TypeError, ValueError, RecursionError, msgspec.MsgspecError):
        # Such as lone surrogates, or keys that JSON cannot hold.
        return repr(record).encode(errors="backslashreplace")


def _as_text(value: object) -> str:
    return f"{type(value).__qualname__}:{value!r}"


def reader(records: Iterable[object]) -> RecordsReader:
    """Open Python mappings.

    Args:
        records: the mappings.
    """
    return RecordsReader(records)
