"""Facts about records and frames in memory."""

from collections import UserDict, defaultdict
from typing import Any

import pandas as pd
import polars as pl
import pyarrow as pa
import pytest

from mlsm.contracts import Reader
from mlsm.errors import InputError
from mlsm.readers import open_data

FRAME = pl.DataFrame({"id": ["a", "b", "c"], "n": [1, None, 3]})


class Streams:
    """A frame of some library of which nothing is known but that it speaks Arrow."""

    def __init__(self, frame: pl.DataFrame) -> None:
        self._frame = frame

    def __arrow_c_stream__(self, requested_schema: object = None) -> object:
        return self._frame.__arrow_c_stream__(requested_schema)


def frame_of(reader: Reader, size: int = 1000) -> pl.DataFrame:
    return pl.concat([pl.DataFrame(dict(part.columns)) for part in reader.parts(size)])


@pytest.mark.parametrize(
    "data",
    [FRAME, FRAME.lazy(), FRAME.to_arrow(), FRAME.to_arrow().to_reader(), Streams(FRAME)],
    ids=["polars", "polars lazy", "pyarrow table", "pyarrow reader", "unknown"],
)
def test_whatever_speaks_arrow_is_a_frame(data: object) -> None:
    """Frames of any library give the same columns."""
    reader = open_data(data)
    assert FRAME.equals(frame_of(reader, 2))
    assert {"format": "frame"} == reader.options()
    assert (3, ("id", "n"), 0) == (reader.facts().rows, reader.facts().names, reader.facts().broken)


def test_a_pandas_index_comes_along_if_it_has_a_name() -> None:
    """A named index is a column, one without a name is not."""
    table = pd.DataFrame({"id": ["a", "b"], "n": [1.5, float("nan")]})
    assert ["id", "n"] == frame_of(open_data(table[table["id"] == "b"])).columns
    assert ["n", "id"] == frame_of(open_data(table.set_index("id"))).columns


def test_a_pandas_column_of_mixed_types_is_refused() -> None:
    """What Arrow cannot hold is told with the way out."""
    with pytest.raises(InputError, match="Frame of type 'DataFrame' cannot be read"):
        open_data(pd.DataFrame({"x": [1, "a", object()]}))


def test_a_frame_is_cut_and_projected() -> None:
    """Parts, projection and skipping work on frames as on files."""
    [part] = open_data(FRAME).parts(2, columns=["n", "absent"], skip=[0])
    assert (1, [3], None, "frame") == (part.number, list(part.rows), part.lines, part.stem)
    assert ["n"] == list(part.columns)


def test_the_fingerprint_of_a_frame_is_that_of_its_values() -> None:
    """Chunks, slices and what lies under a null do not count; values, names and types do."""
    under_null = FRAME.with_columns(n=pl.when(pl.col("id") != "b").then(pl.Series([1, 99, 3])))
    slices = pl.concat([FRAME.head(1), pl.concat([FRAME, FRAME])[1:3]], rechunk=False)
    same = {open_data(frame).fingerprint() for frame in (FRAME, under_null, slices, Streams(FRAME))}
    assert 1 == len(same)
    others = [
        FRAME.reverse(),
        FRAME.rename({"n": "m"}),
        FRAME.cast({"n": pl.Float64}),
        FRAME.head(2),
        FRAME.with_columns(n=pl.Series([1, None, 4])),
        FRAME.clear(),
        pl.DataFrame(),
    ]
    assert len(others) == len({open_data(frame).fingerprint() for frame in others} - same)


def test_any_mapping_is_a_record_and_all_else_is_broken() -> None:
    """Mappings are read, other elements told with their row."""
    data: list[Any] = [{"id": 1, 7: "no text"}, "text", UserDict({"id": 2, "x": [1]}), None]
    reader = open_data(data)
    parts = list(reader.parts(3))
    assert {"id": [1, 2], "x": [None, [1]]} == parts[0].columns
    assert ([1, 3], None, "records") == (list(parts[0].rows), parts[0].lines, parts[0].stem)
    assert [
        (2, "The record is of type 'str', expected a mapping."),
        (4, "The record is of type 'NoneType', expected a mapping."),
    ] == [(reject.row, reject.reason) for part in parts for reject in part.broken]
    assert (4, ("id", "x"), 2) == (reader.facts().rows, reader.facts().names, reader.facts().broken)


def test_records_may_come_from_an_iterator() -> None:
    """An iterator is read once and can be cut into parts as often as asked."""
    reader = open_data({"id": number} for number in range(5))
    assert [[0, 1], [2, 3], [4]] == [part.columns["id"] for part in reader.parts(2)]
    assert [[2, 3]] == [part.columns["id"] for part in reader.parts(2, columns=["id"], skip=[0, 2])]


def test_records_are_not_changed() -> None:
    """Reading asks a mapping for what it has and adds nothing to it."""
    data = [{"a": 1}, {"b": 2}, defaultdict(int, c=3)]
    for size in (1, 3):
        list(open_data(data).parts(size, columns=["a", "b"]))
    list(open_data(data[2:]).parts(1, columns=["a", "c"]))
    assert [{"a": 1}, {"b": 2}, {"c": 3}] == data


def test_the_fingerprint_of_records_is_that_of_their_content() -> None:
    """The order of keys does not count; values, their types and the order of records do."""
    first = open_data([{"a": 1, "b": "x"}, {"c": None}]).fingerprint()
    assert first == open_data(iter([{"b": "x", "a": 1}, {"c": None}])).fingerprint()
    others: list[list[object]] = [
        [{"c": None}, {"a": 1, "b": "x"}],
        [{"a": 1.0, "b": "x"}, {"c": None}],
        [{"a": True, "b": "x"}, {"c": None}],
        [{"a": 1, "b": "\ud800"}, {"c": None}],
        [{"a": 1, "b": 1j}, {"c": None}],
        [{"a": 1, "b": "x"}],
    ]
    assert len(others) == len({open_data(other).fingerprint() for other in others} - {first})


@pytest.mark.parametrize("data", ["text", b"bytes", 7, None, {"id": 1}], ids=repr)
def test_what_holds_no_records_is_refused(data: object) -> None:
    """A text, a number or one mapping is no list of records."""
    with pytest.raises(InputError, match="cannot be read; a data frame or mappings were expected"):
        open_data(data)


def test_a_stream_of_no_rows_is_refused() -> None:
    """An Arrow stream of single values is no frame."""
    with pytest.raises(InputError, match="cannot be read as Arrow columns"):
        open_data(pa.chunked_array([[1, 2]]))
