"""What a CSV file does not say of itself: its encoding and its separator."""

from __future__ import annotations

import codecs
import csv
import io
from collections.abc import Sequence
from dataclasses import dataclass
from typing import BinaryIO

from mlsm.errors import InputError
from mlsm.readers.dialect import Dialect
from mlsm.readers.input_file import InputFile

__all__ = ["NO_SEPARATOR", "CsvFormat", "find_format"]

NO_SEPARATOR = "\x1f"
"""Stands for the separator of a file with one column; the unit separator is in no text."""
# In the order in which a tie is decided: a comma is in decimal numbers and prose as well.
_SEPARATORS = ("\t", ";", "|", ",")
# The longer marks first: that of UTF-32 begins with that of UTF-16.
_MARKS = (
    (codecs.BOM_UTF32_LE, "utf-32"),
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
_CHUNK = 1 << 20
_SAMPLE_LINES = 100


@dataclass(frozen=True, slots=True, kw_only=True)
class CsvFormat:
    """How a CSV file is read; `holds_nul` tells that a NUL is somewhere in its text."""

    separator: str
    encoding: str
    holds_nul: bool


def find_format(file: InputFile, dialect: Dialect) -> CsvFormat:
    """Take what is declared and find out the rest.

    The encoding is decided over the whole file, since a byte that is no UTF-8 may come late.

    Raises:
        InputError: the file is in no encoding that was tried, or not in the declared one.
    """
    encoding, holds_nul = _find_encoding(file, dialect.encoding)
    separator = dialect.separator
    if separator is None:
        with file.reading() as stream:
            separator = _find_separator(_sample(stream, encoding))
    return CsvFormat(separator=separator, encoding=encoding, holds_nul=holds_nul)


def _find_encoding(file: InputFile, declared: str | None) -> tuple[str, bool]:
    with file.reading() as stream:
        head = stream.read(4)
    marked = next((name for mark, name in _MARKS if head.startswith(mark)), None)
    if declared is not None:
        tried = ["utf-8-sig" if declared == "utf-8" and marked == "utf-8-sig" else declared]
    else:
        tried = [marked] if marked else ["utf-8", "cp1252"]
    for name in tried:
        holds_nul = _decodes(file, name)
        if holds_nul is not None:
            return name, holds_nul
    raise InputError(
        f"Input {file.source!r} is not text in {' or '.join(tried)}; one encoding throughout was expected.",
        hint="Declare its encoding, or save it as UTF-8.",
    )


def _decodes(file: InputFile, encoding: str) -> bool | None:
    """Tell whether a NUL is in the text, None where the bytes are no such text."""
    decoder = codecs.getincrementaldecoder(encoding)()
    holds_nul = False
    with file.reading() as stream:
        try:
            while chunk := stream.read(_CHUNK):
                holds_nul |= "\0" in decoder.decode(chunk)
            decoder.decode(b"", final=True)
        except UnicodeError:
            return None
    return holds_nul


def _sample(stream: BinaryIO, encoding: str) -> list[str]:
    text = io.TextIOWrapper(stream, encoding=encoding, newline="")
    try:
        lines = [text.readline(csv.field_size_limit()) for _ in range(_SAMPLE_LINES)]
    finally:
        # Else the wrapper would close a stream that is not its own.
        text.detach()
    return [line for line in lines if line]


def _find_separator(lines: Sequence[str]) -> str:
    """Choose the separator that splits the header and, the same way, the rows below it."""
    best, most = NO_SEPARATOR, 0.0
    for separator in _SEPARATORS:
        widths = _widths(lines, separator)
        if not widths or widths[0] == 1:
            continue
        rows = widths[1:]
        fitting = sum(width == widths[0] for width in rows) / len(rows) if rows else 1.0
        weight = (widths[0] - 1) * fitting
        if weight > most:
            best, most = separator, weight
    return best


def _widths(lines: Sequence[str], separator: str) -> list[int]:
    widths: list[int] = []
    try:
        widths.extend(len(row) for row in csv.reader(lines, delimiter=separator) if "".join(row).strip())
    except csv.Error:
        # A quote that swallows the sample: the rows above it have voted.
        return widths
    unclosed = sum(line.count('"') for line in lines) % 2 == 1
    if (unclosed or len(lines) == _SAMPLE_LINES) and len(widths) > 1:
        # The sample may end within a quoted cell, and a quote that is never closed takes all rows below it along.
        widths.pop()
    return widths
