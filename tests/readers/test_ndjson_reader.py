"""Facts about NDJSON files: what is a row, and what its values become."""

import gzip
from pathlib import Path

import pytest

from mlsm.contracts import RawPart, Reader
from mlsm.errors import InputError
from mlsm.readers import open_reader


def opened(tmp_path: Path, content: str | bytes, name: str = "leads.ndjson") -> Reader:
    path = tmp_path / name
    path.write_bytes(content.encode() if isinstance(content, str) else content)
    return open_reader(str(path))


def only_part(reader: Reader) -> RawPart:
    [part] = reader.parts(1000)
    return part


def test_values_come_as_they_are(tmp_path: Path) -> None:
    """Every JSON value becomes its Python value, integers of any size among them."""
    big = 123456789012345678901234567890
    line = f'{{"id": "007", "n": {big}, "f": 1.0, "t": true, "z": null, "l": [1, "a"], "o": {{"k": [0]}}}}\n'
    part = only_part(opened(tmp_path, line))
    expected = {"id": ["007"], "n": [big], "f": [1.0], "t": [True], "z": [None], "l": [[1, "a"]], "o": [{"k": [0]}]}
    assert expected == part.columns
    assert bool is type(part.columns["t"][0])
    assert float is type(part.columns["f"][0])


def test_missing_keys_are_none_and_the_last_of_a_double_wins(tmp_path: Path) -> None:
    """A row without a key has None there; of two equal keys in one object the last counts."""
    part = only_part(opened(tmp_path, '{"a": 1}\n{"b": 2, "b": 3}\n'))
    assert {"a": [1, None], "b": [None, 3]} == part.columns


@pytest.mark.parametrize("size", [1, 2, 100])
def test_bad_lines_are_broken_rows(tmp_path: Path, size: int) -> None:
    """A line that is no JSON object is told with its line; blank lines are no rows, but lines."""
    lines = [
        b'{"id": 1}',
        b"",
        b"{'id': 2}",
        b"[1, 2]",
        b"   ",
        b'"text"',
        b'{"id": "\xff"}',
        b'{"id": ?}',
        b'{"id": 3}\r',
        b'{"id": 4} {"id": 5}',
        b"[" * 100_000,
        b'{"id": 6',
    ]
    reader = opened(tmp_path, b"\n".join(lines))
    parts = list(reader.parts(size))
    expected = [
        (2, 3, "The line is no JSON: object keys must be strings (byte 1)."),
        (3, 4, "The line is no JSON object."),
        (4, 6, "The line is no JSON object."),
        (5, 7, "The line is not text in UTF-8."),
        (6, 8, "The line is no JSON: invalid character (byte 7)."),
        (8, 10, "The line is no JSON: trailing characters (byte 11)."),
        (9, 11, "The line is nested too deeply."),
        (10, 12, "The line is no JSON: it ends too early."),
    ]
    assert expected == [(reject.row, reject.line, reject.reason) for part in parts for reject in part.broken]
    assert [(1, 1), (7, 9)] == [pair for part in parts for pair in zip(part.rows, part.lines or (), strict=True)]
    assert (10, 8, ("id",)) == (reader.facts().rows, reader.facts().broken, reader.facts().names)


def test_a_number_out_of_range_breaks_no_row(tmp_path: Path) -> None:
    """A number beyond float64 is infinite, and what Python writes for NaN is read: their fields' matter."""
    part = only_part(opened(tmp_path, '{"id": 1, "x": 1e400, "n": 2}\n{"id": 2, "x": NaN}\n'))
    assert () == part.broken
    assert ([1, 2], [2, None]) == (part.columns["id"], part.columns["n"])
    assert ["inf", "nan"] == [str(value) for value in part.columns["x"]]


def test_an_integer_without_end_breaks_its_row(tmp_path: Path) -> None:
    """An integer of more digits than Python reads is told, and nothing of it repeated."""
    part = only_part(opened(tmp_path, f'{{"id": {"9" * 5000}}}\n{{"id": 1}}\n'))
    assert ["The line is no JSON: a number in it has too many digits."] == [reject.reason for reject in part.broken]


def test_names_are_the_union_of_keys(tmp_path: Path) -> None:
    """The names of a file are its keys in order of first appearance, wherever they occur."""
    content = '{"b": 1}\n' * 20 + '{"a": 1, "b": 2}\n'
    assert ("b", "a") == opened(tmp_path, content).facts().names


def test_only_wanted_columns_are_built(tmp_path: Path) -> None:
    """A projection leaves out what is not wanted and what no row of the part has."""
    reader = opened(tmp_path, '{"a": 1, "b": 2, "c": 3}\n{"a": 4}\n')
    [part] = reader.parts(10, columns=["c", "a", "absent"])
    assert {"a": [1, 4], "c": [3, None]} == part.columns
    assert ("a", "b", "c") == reader.facts().names


def test_skipped_parts_are_counted(tmp_path: Path) -> None:
    """Skipping parts changes neither the rows nor the lines of the others."""
    reader = opened(tmp_path, "".join(f'{{"id": {i}}}\n\n' for i in range(1, 8)))
    [second] = reader.parts(3, skip=[0, 2])
    assert (1, [4, 5, 6], [7, 9, 11]) == (second.number, list(second.rows), list(second.lines or ()))
    assert 7 == reader.facts().rows


def test_marks_and_gzip_are_no_obstacle(tmp_path: Path) -> None:
    """A byte order mark is passed over, and gzip known by its content."""
    content = b'\xef\xbb\xbf{"id": 1}\n'
    assert {"id": [1]} == only_part(opened(tmp_path, content)).columns
    assert {"id": [1]} == only_part(opened(tmp_path, gzip.compress(content), "b.jsonl")).columns


@pytest.mark.parametrize(
    ("content", "said"),
    [(b'[{"id": 1},\n{"id": 2}]', "begins with a JSON array"), ('{"id": 1}'.encode("utf-16"), "is text in UTF-16")],
    ids=["array", "utf-16"],
)
def test_what_is_no_ndjson_throughout_is_refused(tmp_path: Path, content: bytes, said: str) -> None:
    """A JSON array or another encoding is told once, with the way out, not row by row."""
    with pytest.raises(InputError, match=said):
        list(opened(tmp_path, content, "leads.json").parts(10))


def test_an_empty_file_has_no_rows(tmp_path: Path) -> None:
    """Nothing in, nothing out."""
    reader = opened(tmp_path, "")
    assert (0, ()) == (reader.facts().rows, reader.facts().names)
    assert [] == list(reader.parts(10))
