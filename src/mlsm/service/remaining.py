"""What is left of a query's answer where a run is taken up: rows whose ids are not stored.

A query may answer with other rows, or in another order, than it did when the run began. So
what is left is found by id: numbers of parts go on behind those that are stored, and the
rows of a part of which one lane is missing come under its old number.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterator, Mapping
from dataclasses import replace

import polars as pl

from mlsm.contracts import Column, Facts, OpenRun, RawPart, Reader, Reject, Selection, Store
from mlsm.service.ids import read_ids
from mlsm.service.request import Job

__all__ = ["Remaining", "is_query", "remaining_of"]

_TWICE = "The id came earlier, in a row that is stored."


def is_query(reader: Reader) -> bool:
    """Tell whether an input is the answer of a query, which is taken up by ids."""
    return reader.options().get("format") == "query"


class Remaining:
    """The rows of an answer that a resumed run has not stored.

    Args:
        reader: the answer.
        id_column: the column of ids.
        size: rows a part.
        stored: the part of each id that is stored.
        whole: the parts of which nothing is missing.
        rejects: the rows that were rejected, by number.
    """

    def __init__(
        self,
        reader: Reader,
        id_column: str,
        size: int,
        stored: Mapping[str, int],
        whole: Collection[int],
        rejects: Mapping[int, str | None],
    ) -> None:
        self.source = reader.source
        self.skipped = 0
        self._reader = reader
        self._first = max(stored.values(), default=-1) + 1
        self._size = size
        self._left: dict[int, list[int]] = {}
        self._twice: dict[int, list[int]] = {}
        self._halves: dict[int, dict[int, list[int]]] = defaultdict(dict)
        met: set[str] = set()
        for part in reader.parts(size, columns={id_column}):
            left, twice = [], []
            for row, record_id in enumerate(read_ids(part, id_column)[0]):
                number = part.rows[row]
                # The same row by number and id: never one that has come there since.
                known = number in rejects and rejects[number] == record_id
                if known and (record_id is None or record_id in stored):
                    continue
                if record_id is None or record_id not in stored:
                    left.append(row)
                elif record_id in met:
                    twice.append(row)
                else:
                    met.add(record_id)
                    self._place(stored[record_id], whole, part.number, row)
            self._left[part.number], self._twice[part.number] = left, twice

    def _place(self, number: int, whole: Collection[int], part: int, row: int) -> None:
        if number in whole:
            self.skipped += 1
        else:
            self._halves[number].setdefault(part, []).append(row)

    def facts(self) -> Facts:
        """Tell the columns, and as many rows as all parts can have."""
        facts = self._reader.facts()
        return replace(facts, rows=self._first * self._size + facts.rows)

    def fingerprint(self) -> str:
        """Give that of the whole answer."""
        return self._reader.fingerprint()

    def options(self) -> dict[str, str]:
        """Give those of the whole answer."""
        return self._reader.options()

    def parts(
        self, size: int, *, columns: Collection[str] | None = None, skip: Collection[int] = ()
    ) -> Iterator[RawPart]:
        """Yield the parts that lack a lane, then those of what is not stored; none without rows."""
        for number in sorted(self._halves):
            if number not in skip:
                own = self._halves[number]
                needless = self._left.keys() - own.keys()
                pieces = [_rows(p, own[p.number]) for p in self._reader.parts(size, columns=columns, skip=needless)]
                yield _joined(number, pieces)
        behind = {number - self._first for number in skip}
        for part in self._reader.parts(size, columns=columns, skip=behind):
            left, twice = self._left[part.number], self._twice[part.number]
            if left or twice or part.broken:
                rejects = [Reject(source=part.source, row=part.rows[row], reason=_TWICE) for row in twice]
                rest = _rows(part, left)
                yield replace(rest, number=self._first + part.number, broken=(*part.broken, *rejects))


def remaining_of(job: Job, store: Store, opened: OpenRun, whole: Collection[int]) -> tuple[Job, int]:
    """Give the job with what is left of its query, and how many records are skipped."""
    (reader,) = job.inputs
    assert job.id_column is not None  # noqa: S101 - a query without ids is refused where it is asked for
    stored: dict[str, int] = {}
    for number in sorted({part for part, _ in opened.done}):
        for frame in store.results(opened.run_id, Selection(), part=number):
            stored |= dict.fromkeys(frame.get_column("record_id").unique(), number)
    rejects = {reject.row: reject.record_id for reject in store.rejects(opened.run_id)}
    left = Remaining(reader, job.id_column, job.part_rows, stored, whole, rejects)
    return replace(job, inputs=(left,)), left.skipped


def _rows(part: RawPart, rows: list[int]) -> RawPart:
    columns = {name: _gathered(column, rows) for name, column in part.columns.items()}
    return replace(part, rows=[part.rows[row] for row in rows], lines=None, columns=columns, broken=())


def _gathered(column: Column, rows: list[int]) -> Column:
    return column.gather(rows) if isinstance(column, pl.Series) else [column[row] for row in rows]


def _joined(number: int, pieces: list[RawPart]) -> RawPart:
    first = pieces[0]
    columns: dict[str, Column] = {}
    for name, column in first.columns.items():
        if isinstance(column, pl.Series):
            columns[name] = pl.concat([pl.Series(piece.columns[name]) for piece in pieces])
        else:
            columns[name] = [value for piece in pieces for value in piece.columns[name]]
    return replace(first, number=number, rows=[row for piece in pieces for row in piece.rows], columns=columns)
