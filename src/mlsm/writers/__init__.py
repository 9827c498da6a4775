"""Results out: one file that appears whole, or a folder of them.

A writer satisfies `mlsm.contracts.Writer`. Each kind lives in one module, which is imported
when an output of that kind is opened.
"""

from __future__ import annotations

import importlib
import sys
from pathlib import Path, PurePath
from typing import BinaryIO, cast

from mlsm.contracts import Writer
from mlsm.errors import InputError
from mlsm.writers.place import Aside, Stream

__all__ = ["KINDS", "SUFFIXES", "open_writer"]

KINDS = {
    "csv": "mlsm.writers.csv",
    "folder": "mlsm.writers.folder",
    "ndjson": "mlsm.writers.ndjson",
    "parquet": "mlsm.writers.parquet",
}
"""Kinds of output, and the module whose `writer` writes them."""

SUFFIXES = {
    ".csv": "csv",
    ".csv.gz": "csv",
    ".ndjson": "ndjson",
    ".ndjson.gz": "ndjson",
    ".jsonl": "ndjson",
    ".jsonl.gz": "ndjson",
    ".parquet": "parquet",
    ".pq": "parquet",
}
"""Endings of file names, and the kind they mean."""


def open_writer(path: str, *, stdout: BinaryIO | None = None) -> Writer:
    """Open an output, its format known by its name; nothing is there until it is written to.

    Args:
        path: the file; with a slash at its end, or where a folder is, a folder that
            receives one Parquet file a part; `-` is standard output and receives CSV.
        stdout: the stream that `-` stands for, the process's own unless given.

    Raises:
        InputError: the format is unknown, or nothing can be written there.
    """
    if path == "-":
        stream = Stream(stdout or sys.stdout.buffer)
        return cast("Writer", importlib.import_module(KINDS["csv"]).writer(stream, gzipped=False))
    if path.endswith("/") or Path(path).is_dir():
        return cast("Writer", importlib.import_module(KINDS["folder"]).writer(Path(path)))
    suffixes = [suffix.lower() for suffix in PurePath(path).suffixes]
    gzipped = suffixes[-1:] == [".gz"]
    suffix = "".join(suffixes[-2:] if gzipped else suffixes[-1:])
    if suffix not in SUFFIXES:
        raise InputError(
            f"Output {path!r} has the unknown ending {suffix!r}; one of {', '.join(SUFFIXES)} was expected.",
            hint="Choose one of these, or end the path with / to get a folder of Parquet files.",
        )
    kind = SUFFIXES[suffix]
    aside = Aside(Path(path))
    if kind == "parquet":
        return cast("Writer", importlib.import_module(KINDS[kind]).writer(aside))
    return cast("Writer", importlib.import_module(KINDS[kind]).writer(aside, gzipped=gzipped))
