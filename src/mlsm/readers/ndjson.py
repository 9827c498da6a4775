"""NDJSON files: one JSON object a line, values as they come."""

from __future__ import annotations

import json
from collections.abc import Collection, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from itertools import islice
from typing import Any, BinaryIO

import msgspec

from mlsm.contracts import Facts, RawPart, Reject
from mlsm.errors import InputError
from mlsm.readers.dialect import Dialect
from mlsm.readers.input_file import InputFile
from mlsm.readers.mappings import columns_of, names_of

__all__ = ["NdjsonReader", "reader"]

_UTF8_MARK = b"\xef\xbb\xbf"
_UTF16_MARKS = (b"\xff\xfe", b"\xfe\xff")
_FACTS_ROWS = 10_000
_decode = msgspec.json.Decoder().decode


class NdjsonReader:
    """Read a file with one JSON object a line.

    A line that is no JSON object is a broken row; a blank line is no row, but counts as a
    line. A column is a list of Python values, None where a row lacks the key.

    Args:
        file: the file.
    """

    def __init__(self, file: InputFile) -> None:
        self.source = file.source
        self._file = file
        self._facts: Facts | None = None

    def facts(self) -> Facts:
        """Count rows and collect keys, at once if the file was read to its end before."""
        if self._facts is None:
            seen = _Seen()
            for _ in self._read(_FACTS_ROWS, (), (), seen):
                pass
            self._facts = seen.facts()
        return self._facts

    def fingerprint(self) -> str:
        """Hash the bytes of the file."""
        return self._file.fingerprint()

    def options(self) -> dict[str, str]:
        """Tell that there is nothing to choose."""
        return {"format": "ndjson"}

    def parts(
        self, size: int, *, columns: Collection[str] | None = None, skip: Collection[int] = ()
    ) -> Iterator[RawPart]:
        """Yield parts of `size` rows; the lines of those to skip are counted, not decoded."""
        seen = _Seen()
        yield from self._read(size, columns, skip, seen)
        if seen.whole:
            self._facts = seen.facts()

    def _read(
        self, size: int, columns: Collection[str] | None, skip: Collection[int], seen: _Seen
    ) -> Iterator[RawPart]:
        number = 0
        with self._opened() as stream:
            while lines := _take(stream, size, seen):
                if number in skip:
                    seen.whole = False
                else:
                    yield self._part(number, lines, columns, seen)
                seen.rows += len(lines.content)
                number += 1

    def _part(self, number: int, lines: _Lines, columns: Collection[str] | None, seen: _Seen) -> RawPart:
        objects, places, broken = self._objects(lines, seen.rows + 1)
        names = names_of(objects)
        seen.names.update(dict.fromkeys(names))
        seen.broken += len(broken)
        whole = len(places) == len(lines.numbers)
        return RawPart(
            number=number,
            source=self.source,
            stem=self._file.stem,
            rows=[seen.rows + 1 + place for place in places],
            lines=lines.numbers if whole else [lines.numbers[place] for place in places],
            columns=columns_of(objects, [name for name in names if columns is None or name in columns]),
            broken=tuple(broken),
        )

    def _objects(self, lines: _Lines, first: int) -> tuple[list[dict[str, Any]], Sequence[int], list[Reject]]:
        """Decode lines, all at once if all are sound; `first` is the number of the first row."""
        try:
            values = list(map(_decode, lines.content))
        except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
            pass
        else:
            if set(map(type, values)) == {dict}:
                return values, range(len(values)), []
        objects, places, broken = [], [], []
        for place, (number, line) in enumerate(zip(lines.numbers, lines.content, strict=True)):
            try:
                objects.append(_read_object(line))
                places.append(place)
            except _NoRecordError as error:
                broken.append(Reject(source=self.source, row=first + place, line=number, reason=str(error)))
        return objects, places, broken

    @contextmanager
    def _opened(self) -> Iterator[BinaryIO]:
        with self._file.reading() as stream:
            head = stream.read(1024)
        if head.startswith(_UTF16_MARKS):
            raise InputError(
                f"Input {self.source!r} is text in UTF-16; JSON in UTF-8 was expected.",
                hint="Convert it: `iconv -f utf-16 -t utf-8`.",
            )
        if head.removeprefix(_UTF8_MARK).lstrip().startswith(b"["):
            raise InputError(
                f"Input {self.source!r} begins with a JSON array; one JSON object a line was expected.",
                hint="Convert it: `jq -c '.[]' FILE.json > FILE.ndjson`.",
            )
        with self._file.reading() as stream:
            if head.startswith(_UTF8_MARK):
                stream.read(len(_UTF8_MARK))
            yield stream


@dataclass(slots=True)
class _Seen:
    """What a pass has met so far; `whole` tells that nothing was skipped."""

    lines: int = 0
    rows: int = 0
    broken: int = 0
    names: dict[str, None] = field(default_factory=dict)
    whole: bool = True

    def facts(self) -> Facts:
        """Tell what a whole pass met."""
        return Facts(rows=self.rows, names=tuple(self.names), broken=self.broken)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Lines:
    """Lines that are not blank, and their numbers in the file."""

    numbers: Sequence[int]
    content: Sequence[bytes]


def _take(stream: BinaryIO, count: int, seen: _Seen) -> _Lines | None:
    """Give the next lines that are not blank, None at the end."""
    numbers: list[int] = []
    content: list[bytes] = []
    while len(content) < count:
        lines = list(islice(stream, count - len(content)))
        if not lines:
            break
        numbered = enumerate(lines, start=seen.lines + 1)
        numbers += [number for number, line in numbered if not line.isspace()]
        content += [line for line in lines if not line.isspace()]
        seen.lines += len(lines)
    return _Lines(numbers=numbers, content=content) if content else None


class _NoRecordError(ValueError):
    """Say in one sentence why a line is no record."""


def _read_object(line: bytes) -> dict[str, Any]:
    try:
        value = _decode(line)
    except msgspec.ValidationError as error:
        value = _read_as_python_writes(line, "a number in it has too many digits", error)
    except msgspec.DecodeError as error:
        message = str(error).removeprefix("JSON is malformed: ")
        value = _read_as_python_writes(line, "it ends too early" if "truncated" in message else message, error)
    except UnicodeDecodeError as error:
        raise _NoRecordError("The line is not text in UTF-8.") from error
    except RecursionError as error:
        raise _NoRecordError("The line is nested too deeply.") from error
    if not isinstance(value, dict):
        raise _NoRecordError("The line is no JSON object.")
    return value


def _read_as_python_writes(line: bytes, refused: str, error: msgspec.DecodeError) -> object:
    """Read what msgspec refuses but Python's json writes: NaN, Infinity, numbers of any size.

    They are a matter of their field, not of the whole record.
    """
    try:
        return json.loads(line.decode())
    except (ValueError, RecursionError):
        raise _NoRecordError(f"The line is no JSON: {refused}.") from error


def reader(file: InputFile, dialect: Dialect) -> NdjsonReader:  # noqa: ARG001 - every file kind is opened alike
    """Open an NDJSON file.

    Args:
        file: the file.
        dialect: says nothing about JSON.
    """
    return NdjsonReader(file)
