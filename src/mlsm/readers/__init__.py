"""Records in: one input after the other, part by part, the same parts every time.

A reader satisfies `mlsm.contracts.Reader`. Each kind lives in one module, which is imported
when an input of that kind is met.
"""

from __future__ import annotations

import importlib
import sys
from collections.abc import Iterable, Mapping
from dataclasses import replace
from pathlib import PurePath
from typing import BinaryIO, cast

from mlsm.contracts import Reader
from mlsm.errors import InputError
from mlsm.readers.dialect import Dialect
from mlsm.readers.input_file import InputFile

__all__ = ["DATABASES", "KINDS", "SUFFIXES", "Dialect", "ask", "open_data", "open_reader"]

KINDS = {
    "csv": "mlsm.readers.csv",
    "frame": "mlsm.readers.frame",
    "ndjson": "mlsm.readers.ndjson",
    "parquet": "mlsm.readers.parquet",
    "records": "mlsm.readers.records",
}
"""Kinds of input, and the module whose `reader` reads them."""

DATABASES = {
    "mongodb": "mlsm.readers.mongo",
    "mongodb+srv": "mlsm.readers.mongo",
    "postgres": "mlsm.readers.sql",
    "postgresql": "mlsm.readers.sql",
    "sqlite": "mlsm.readers.sql",
}
"""Schemes of databases that can be asked, and the module whose `query_reader` does so."""

SUFFIXES = {
    ".csv": "csv",
    ".tsv": "csv",
    ".txt": "csv",
    ".parquet": "parquet",
    ".pq": "parquet",
    ".ndjson": "ndjson",
    ".jsonl": "ndjson",
    ".json": "ndjson",
}
"""Endings of file names (`.gz` may follow), and the kind they mean."""


_SHEETS = frozenset({".xlsx", ".xls", ".xlsm", ".ods", ".numbers"})


def open_reader(path: str, *, dialect: Dialect = Dialect(), stdin: BinaryIO | None = None) -> Reader:  # noqa: B008 - frozen
    """Open a file of records, its format known by its name.

    Args:
        path: the file; `-` is standard input, which is spooled to a temporary file and its
            format known by its content, as that of any other pipe.
        dialect: what is declared of a text file.
        stdin: the stream that `-` stands for, the process's own unless given.

    Raises:
        InputError: the file cannot be read, or its format is unknown.
    """
    if path == "-":
        file = InputFile.spooled(stdin or _stdin(), source="-", stem="stdin")
        return _reader(_kind_of_content(file), file, dialect)
    stem, suffix = _stem_and_suffix(path)
    file = InputFile.at(path, stem=stem)
    if file.spool is not None:
        return _reader(_kind_of_content(file), file, dialect)
    if suffix not in SUFFIXES:
        raise InputError(
            f"Input {path!r} has the unknown ending {suffix!r}; one of {', '.join(SUFFIXES)} was expected.",
            hint="Save the sheet as CSV."
            if suffix in _SHEETS
            else "Rename the file, or pass it on standard input: `-` finds the format out from the content.",
        )
    if suffix == ".tsv" and dialect.separator is None:
        dialect = replace(dialect, separator="\t")
    return _reader(SUFFIXES[suffix], file, dialect)


def _stdin() -> BinaryIO:
    if sys.stdin is None:  # as Python has it where a scheduler starts a process without one
        raise InputError("Standard input is closed; records were expected on it.", hint="Pipe a file into the command.")
    return sys.stdin.buffer


def open_data(data: object) -> Reader:
    """Open records that are in memory: a data frame that speaks Arrow, or Python mappings.

    Args:
        data: a frame (polars, pandas, pyarrow, anything with `__arrow_c_stream__`), or a
            sequence or other iterable of mappings.

    Raises:
        InputError: it is neither.

    Example:
        >>> reader = open_data([{"id": "1", "age": 41}, {"id": "2"}])
        >>> next(reader.parts(10)).columns
        {'id': ['1', '2'], 'age': [41, None]}
    """
    kind = "records"
    if hasattr(data, "__arrow_c_stream__") or type(data).__module__.startswith("polars."):
        kind = "frame"
    elif isinstance(data, str | bytes | Mapping) or not isinstance(data, Iterable):
        raise InputError(
            f"Records of type {type(data).__name__!r} cannot be read; a data frame or mappings were expected.",
            hint="Pass a list of dicts, or a polars, pandas or pyarrow frame; the command `mlsm score` reads files.",
        )
    return cast("Reader", importlib.import_module(KINDS[kind]).reader(data))


def ask(url: str, query: str) -> Reader:
    """Ask a database, and open its answer.

    Args:
        url: the database.
        query: what it is asked, in its own language.

    Raises:
        InputError: no database has this scheme, it cannot be reached, or refuses the query.
        MissingExtraError: its driver is not installed.
    """
    scheme = url.partition(":")[0].lower()
    if scheme not in DATABASES:
        # What follows the scheme may hold a password.
        raise InputError(
            f"No database is known by the scheme {scheme!r}; expected one of"
            f" {', '.join(map(repr, sorted(DATABASES)))}.",
            hint="Write postgresql://user@host/database, or sqlite:///leads.db.",
        )
    return cast("Reader", importlib.import_module(DATABASES[scheme]).query_reader(url, query))


def _reader(kind: str, file: InputFile, dialect: Dialect) -> Reader:
    return cast("Reader", importlib.import_module(KINDS[kind]).reader(file, dialect))


def _stem_and_suffix(path: str) -> tuple[str, str]:
    name = PurePath(path)
    if name.suffix.lower() == ".gz":
        name = name.with_suffix("")
    suffix = name.suffix.lower()
    return (name.stem if suffix in SUFFIXES else name.name), suffix


def _kind_of_content(file: InputFile) -> str:
    with file.reading() as stream:
        head = stream.read(4)
        if head == b"PAR1":
            return "parquet"
        head = head.removeprefix(b"\xef\xbb\xbf").lstrip()
        while not head and (more := stream.read(4096)):
            head = more.lstrip()
    return "ndjson" if head.startswith(b"{") else "csv"
