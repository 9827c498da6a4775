"""Facts about Parquet files: the same parts whatever the row groups, types untouched."""

import gzip
import hashlib
import io
import random
from datetime import UTC, date, datetime, time
from decimal import Decimal
from pathlib import Path

import polars as pl
import pytest

from mlsm.contracts import Reader
from mlsm.errors import InputError
from mlsm.readers import open_reader
from mlsm.readers import parquet as parquet_module


def written(path: Path, frame: pl.DataFrame, row_group_size: int | None = None) -> Reader:
    frame.write_parquet(path, row_group_size=row_group_size)
    return open_reader(str(path))


def frame_of(reader: Reader, size: int = 1000) -> pl.DataFrame:
    return pl.concat([pl.DataFrame(dict(part.columns)) for part in reader.parts(size)])


NUMBERS = pl.DataFrame({"id": [f"{i:05}" for i in range(25)], "n": range(25)})


@pytest.mark.parametrize("row_group_size", [1, 4, 7, 1000])
@pytest.mark.parametrize("size", [1, 5, 10, 1000])
def test_parts_do_not_follow_row_groups(tmp_path: Path, row_group_size: int, size: int) -> None:
    """Every part has exactly the rows asked for, the last one what is left."""
    reader = written(tmp_path / "leads.parquet", NUMBERS, row_group_size)
    sizes = [len(part) for part in reader.parts(size)]
    assert [min(size, 25 - start) for start in range(0, 25, size)] == sizes
    assert NUMBERS.equals(frame_of(reader, size))
    assert list(range(1, 26)) == [row for part in reader.parts(size) for row in part.rows]
    assert (25, ("id", "n"), 0) == (reader.facts().rows, reader.facts().names, reader.facts().broken)


def test_windows_change_nothing(tmp_path: Path) -> None:
    """A file of several windows gives the rows of one."""
    width = parquet_module._WINDOW_BYTES // 8
    frame = pl.DataFrame({"n": pl.int_range(2 * width + 17, eager=True)})
    reader = written(tmp_path / "leads.parquet", frame)
    numbers = [part.number for part in reader.parts(100_000)]
    assert list(range(len(numbers))) == numbers
    assert frame.equals(frame_of(reader, 100_000))


def test_types_are_untouched(tmp_path: Path) -> None:
    """Nested, categorical, decimal, temporal and binary columns come as they were written."""
    moment = datetime(2026, 1, 2, 3, 4, 5, 678901, tzinfo=UTC)
    frame = pl.DataFrame(
        {
            "list": [[1, None], None],
            "struct": [{"a": 1, "b": "x"}, None],
            "decimal": [Decimal("1.50"), None],
            "date": [date(2026, 1, 2), None],
            "time": [time(1, 2, 3), None],
            "binary": [b"\x00\xff", None],
            "bool": [True, None],
            "float": [float("nan"), None],
            "utc": pl.Series([moment, None], dtype=pl.Datetime("us", "UTC")),
            "ms": pl.Series([moment.replace(tzinfo=None), None], dtype=pl.Datetime("ms")),
            "ns": pl.Series([moment, None], dtype=pl.Datetime("ns", "Europe/Prague")),
            "categorical": pl.Series(["x", None], dtype=pl.Categorical),
            "enum": pl.Series(["x", None], dtype=pl.Enum(["x", "y"])),
            "unsigned": pl.Series([2**64 - 1, None], dtype=pl.UInt64),
        }
    )
    read = frame_of(written(tmp_path / "leads.pq", frame))
    assert frame.schema == read.schema
    assert frame.equals(read)


def test_only_wanted_columns_and_parts_are_read(tmp_path: Path) -> None:
    """A projection and skipped parts leave numbers and rows as they were."""
    reader = written(tmp_path / "leads.parquet", NUMBERS)
    parts = list(reader.parts(4, columns=["n", "absent"], skip=[0, 2, 3, 6]))
    assert [1, 4, 5] == [part.number for part in parts]
    assert [["n"]] * 3 == [list(part.columns) for part in parts]
    assert [list(range(4, 8)), list(range(16, 20)), list(range(20, 24))] == [list(part.columns["n"]) for part in parts]
    assert [10] * 2 + [5] == [len(part) for part in reader.parts(10, columns=[])]


def test_a_path_is_no_pattern(tmp_path: Path) -> None:
    """Brackets, stars and `key=value` folders in a path mean nothing."""
    folder = tmp_path / "year=2026"
    folder.mkdir()
    reader = written(folder / "leads[1]*.parquet", NUMBERS)
    assert NUMBERS.equals(frame_of(reader))
    assert "leads[1]*" == next(reader.parts(1)).stem


def test_an_empty_file_has_no_parts(tmp_path: Path) -> None:
    """A file without rows has its names and no parts."""
    reader = written(tmp_path / "leads.parquet", NUMBERS.clear())
    assert [] == list(reader.parts(10))
    assert (0, ("id", "n")) == (reader.facts().rows, reader.facts().names)


def test_damaged_files_are_refused(tmp_path: Path) -> None:
    """Whatever byte is cut or changed, the file is read or an `InputError` says what is wrong."""
    buffer = io.BytesIO()
    NUMBERS.write_parquet(buffer)
    good = buffer.getvalue()
    chance = random.Random(7)
    refused = 0
    for attempt in range(40):
        bad = bytearray(good)
        if attempt % 2:
            bad[chance.randrange(len(bad) - 200, len(bad))] ^= 0xFF
        else:
            del bad[chance.randrange(len(bad)) :]
        path = tmp_path / f"{attempt}.parquet"
        path.write_bytes(bad)
        try:
            frame_of(open_reader(str(path)))
        except InputError as error:
            refused += 1
            assert f"Input {str(path)!r} is damaged or no Parquet file" in str(error)  # noqa: PT017 - some survive
    assert refused > 20


def test_a_parquet_file_within_gzip_is_unpacked(tmp_path: Path) -> None:
    """It is read like a plain one, from a file and from a stream; its hash is that of the bytes as they lie there."""
    plain = tmp_path / "plain.parquet"
    NUMBERS.write_parquet(plain)
    path = tmp_path / "leads.parquet.gz"
    path.write_bytes(gzip.compress(plain.read_bytes()))
    reader = open_reader(str(path))
    assert reader.fingerprint() == f"sha256:{hashlib.sha256(path.read_bytes()).hexdigest()}"
    with path.open("rb") as stream:
        for other in (reader, open_reader("-", stdin=stream)):
            assert frame_of(open_reader(str(plain))).equals(frame_of(other))


@pytest.mark.parametrize("content", [b"\x1f\x8b rest", gzip.compress(b"PAR1")[:-9]], ids=["no gzip", "cut off"])
def test_a_damaged_gzip_of_parquet_is_told(tmp_path: Path, content: bytes) -> None:
    """What cannot be unpacked is refused as a gzip file, not as Parquet."""
    path = tmp_path / "leads.parquet.gz"
    path.write_bytes(content)
    with pytest.raises(InputError, match="a whole gzip file was expected"):
        open_reader(str(path)).facts()


def test_a_file_that_is_replaced_meanwhile_is_refused(tmp_path: Path) -> None:
    """Rows of two files never mix in one run."""
    path = tmp_path / "leads.parquet"
    reader = written(path, NUMBERS)
    parts = reader.parts(1)
    next(parts)
    NUMBERS.head(20).write_parquet(path)
    with pytest.raises(InputError, match="changed while it was in use"):
        list(parts)
