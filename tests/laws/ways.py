"""Every way in: the same leads as Python objects, as files and as frames."""

from __future__ import annotations

import csv
import gzip
import io
import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path
from typing import Any

import polars as pl
from tests.laws.generators import AS_OF

from mlsm import Catalog, Scores, score
from mlsm.contracts import Reader
from mlsm.readers import open_data, open_reader
from mlsm.service import Job, run

__all__ = ["WAYS", "Leads", "scored"]


@dataclass(frozen=True)
class Leads:
    """Columns, each of one type, and the keys of the models that read them."""

    columns: dict[str, tuple[Any, list[Any]]]
    keys: tuple[str, ...]

    @property
    def rows(self) -> list[dict[str, Any]]:
        """Give a dict a lead."""
        columns = zip(*(values for _, values in self.columns.values()), strict=True)
        return [dict(zip(self.columns, row, strict=True)) for row in columns]

    @property
    def frame(self) -> pl.DataFrame:
        """Give a polars frame."""
        return pl.DataFrame([pl.Series(name, values, dtype) for name, (dtype, values) in self.columns.items()])

    @property
    def nested_rows(self) -> list[dict[str, Any]]:
        """Give a dict a lead, each model with its own copy of the data."""
        return [{"id": row["id"], "data": self._each_with(row)} for row in self.rows]

    def _each_with(self, row: dict[str, Any]) -> dict[str, Any]:
        data: dict[str, Any] = {}
        for key in self.keys:
            name, _, version = key.partition("@")
            data.setdefault(name, {})[version] = {column: value for column, value in row.items() if column != "id"}
        return data


def _text(value: Any) -> str:
    if value is None:
        return ""
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, (date, datetime)):
        return value.isoformat()
    return value if isinstance(value, str) else json.dumps(value, default=_text)


def _csv(leads: Leads, separator: str) -> bytes:
    text = io.StringIO()
    writer = csv.writer(text, delimiter=separator)
    writer.writerow(leads.columns)
    writer.writerows([_text(value) for value in row.values()] for row in leads.rows)
    return text.getvalue().encode()


def _json(rows: list[dict[str, Any]]) -> bytes:
    return "".join(json.dumps(row, default=_text) + "\n" for row in rows).encode()


def _written(folder: Path, name: str, content: bytes) -> Reader:
    (folder / name).write_bytes(content)
    return open_reader(str(folder / name))


def _parquet(leads: Leads, folder: Path) -> Reader:
    leads.frame.write_parquet(folder / "leads.parquet", row_group_size=3)
    return open_reader(str(folder / "leads.parquet"))


def _iterated(leads: Leads) -> Iterator[dict[str, Any]]:
    yield from leads.rows


def _sparse(leads: Leads) -> list[dict[str, Any]]:
    return [{name: value for name, value in row.items() if value is not None} for row in leads.rows]


WAYS: dict[str, Callable[[Leads, Path], Reader]] = {
    "dicts": lambda leads, _: open_data(leads.rows),
    "dicts without nulls": lambda leads, _: open_data(_sparse(leads)),
    "iterator": lambda leads, _: open_data(_iterated(leads)),
    "polars": lambda leads, _: open_data(leads.frame),
    "pandas": lambda leads, _: open_data(leads.frame.to_pandas(use_pyarrow_extension_array=True)),
    "pyarrow": lambda leads, _: open_data(leads.frame.to_arrow()),
    "csv": lambda leads, folder: _written(folder, "leads.csv", _csv(leads, ",")),
    "csv with semicolons": lambda leads, folder: _written(folder, "semicolons.csv", _csv(leads, ";")),
    "csv, compressed": lambda leads, folder: _written(folder, "leads.csv.gz", gzip.compress(_csv(leads, ","))),
    "ndjson": lambda leads, folder: _written(folder, "leads.ndjson", _json(leads.rows)),
    "parquet": _parquet,
    "nested dicts": lambda leads, _: open_data(leads.nested_rows),
    "nested ndjson": lambda leads, folder: _written(folder, "nested.ndjson", _json(leads.nested_rows)),
}


def scored(catalog: Catalog, leads: Leads, way: str, folder: Path, part_rows: int) -> Scores:
    """Score leads that come this way."""
    if way == "dicts":
        return score(catalog, leads.rows, as_of=AS_OF, part_rows=part_rows)
    batches: list[Any] = []
    job = Job(
        catalog=catalog,
        inputs=(WAYS[way](leads, folder),),
        id_column="id",
        as_of=AS_OF,
        shape="nested" if way.startswith("nested") else "flat",
        part_rows=part_rows,
        force=True,
    )
    return Scores(batches, run(job, on_batch=batches.append))
