"""Facts about results as CSV and as NDJSON."""

import csv
import gzip
import io
import json
import math
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import msgspec
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mlsm._batch import long_schema, read_result
from mlsm.errors import InputError
from mlsm.writers import open_writer

MOMENT = datetime(2026, 11, 22, tzinfo=UTC)
REASONS = (
    '{"scale":"score","baseline":10.0,"items":[{"field":"é \\"x\\"","contribution":62.0,"text":null}],'
    '"other":0.0,"approximate":false}'
)
GIVEN = '[{"model":"fit@1","run_id":null,"stale_since":null}]'
ERROR = '{"type":"ValueError","message":"a, \\"b\\"\\n","problems":[],"culprits":[]}'
SUBSTITUTE = '{"score":1.5,"label":null,"stale_since":null,"from_version":"1"}'


def long_frame(**columns: Any) -> pl.DataFrame:
    """Give two results in long form, one with every facet, one with as few as possible."""
    rows = [
        ("42", "fit", "1.2.0", "active", "ok", 72.0, "B", '{"a":[1,null]}', REASONS, None, None, GIVEN, "r", MOMENT),
        ("0é", "fit", "1.2.0", "draft", "error", None, None, None, None, ERROR, SUBSTITUTE, None, None, None),
    ]
    scored = MOMENT + timedelta(microseconds=120_000)
    frame = pl.DataFrame([(*row, scored) for row in rows], schema=long_schema(), orient="row")
    return frame.with_columns(**columns)


def written(tmp_path: Path, name: str, *frames: pl.DataFrame) -> str:
    path = tmp_path / name
    writer = open_writer(str(path))
    for part, frame in enumerate(frames):
        writer.write(part, frame)
    assert not path.exists()
    writer.close()
    assert [name] == [path.name for path in tmp_path.iterdir()]
    content = path.read_bytes()
    return (gzip.decompress(content) if name.endswith(".gz") else content).decode()


def test_a_result_has_its_json_shape(tmp_path: Path) -> None:
    """A line is what a result is in JSON everywhere: JSON within stays JSON, `given` is a list."""
    first, second = map(json.loads, written(tmp_path, "out.ndjson", long_frame()).splitlines())
    assert {
        "record_id": "42",
        "model": "fit",
        "version": "1.2.0",
        "status": "active",
        "outcome": "ok",
        "score": 72.0,
        "label": "B",
        "output": {"a": [1, None]},
        "reasons": json.loads(REASONS),
        "error": None,
        "substitute": None,
        "given": json.loads(GIVEN),
        "run_id": "r",
        "as_of": "2026-11-22T00:00:00Z",
        "scored_at": "2026-11-22T00:00:00.120000Z",
    } == first
    assert list(long_schema()) == list(first)
    assert ([], 'a, "b"\n', 1.5) == (second["given"], second["error"]["message"], second["substitute"]["score"])


def test_a_line_is_what_msgspec_makes_of_a_result(tmp_path: Path) -> None:
    """The writer and the library spell one result with the same bytes."""
    lines = written(tmp_path, "out.jsonl", long_frame()).splitlines()
    assert [msgspec.json.encode(read_result(row)).decode() for row in long_frame().iter_rows()] == lines


@pytest.mark.parametrize("name", ["out.ndjson", "out.ndjson.gz"])
def test_parts_follow_each_other(tmp_path: Path, name: str) -> None:
    """Parts stand one behind the other; a column in another place is put back."""
    frame = pl.DataFrame({"a": [1, 2], "b": ["x", None]})
    text = written(tmp_path, name, frame, frame.select("b", "a"), frame.clear())
    assert '{"a":1,"b":"x"}\n{"a":2,"b":null}\n' * 2 == text


def test_text_that_only_looks_like_json_stays_text(tmp_path: Path) -> None:
    """In a frame that is not in long form, a column named `error` or `kept` is a text."""
    frame = pl.DataFrame({"record_id": ["1"], "output": ["{oops"], "error": ['{"a":1}'], "kept": ["yes"]})
    [line] = written(tmp_path, "out.ndjson", frame).splitlines()
    assert {"record_id": "1", "output": "{oops", "error": '{"a":1}', "kept": "yes"} == json.loads(line)


def test_kept_columns_are_json_where_they_are(tmp_path: Path) -> None:
    """The store's `kept` is an object; a column of people's own with that name stays their text."""
    (tmp_path / "a").mkdir()
    (tmp_path / "b").mkdir()
    stored = written(tmp_path / "a", "out.ndjson", long_frame(kept=pl.Series(['{"email":"a@b"}', None])))
    assert [{"email": "a@b"}, None] == [json.loads(line)["kept"] for line in stored.splitlines()]
    own = written(tmp_path / "b", "out.ndjson", long_frame(kept=pl.Series(["{no", "7"])))
    assert ["{no", "7"] == [json.loads(line)["kept"] for line in own.splitlines()]


TYPED = pl.DataFrame(
    {
        "text": ['a,"b"\r\n;', ""],
        "int": [2**63 - 1, None],
        "float": [0.1 + 0.2, None],
        "bool": [True, None],
        "date": [date(2026, 1, 2), None],
        "time": [time(1, 2, 3), None],
        "list": [[1, None], None],
        "struct": [{"x": "é", "y": 1.5}, None],
        "binary": [b"\x00\xff", None],
        "decimal": [Decimal("1.50"), None],
        "category": pl.Series(["x,y", None], dtype=pl.Categorical),
        "local": pl.Series(["2026-01-02T03:04:05.600", None]).str.to_datetime(time_unit="ms"),
        "zoned": pl.Series([MOMENT, None], dtype=pl.Datetime("ns", "Europe/Prague")),
        "null": [None, None],
    }
)


def test_csv_writes_every_type(tmp_path: Path) -> None:
    """Every type has a text in CSV; null is nothing and an empty text is not null."""
    text = written(tmp_path, "out.csv", TYPED)
    header, first, second = csv.reader(io.StringIO(text, newline=""))
    assert TYPED.columns == header
    assert [
        'a,"b"\r\n;',
        "9223372036854775807",
        "0.30000000000000004",
        "true",
        "2026-01-02",
        "01:02:03.000000000",
        "[1,null]",
        '{"x":"é","y":1.5}',
        "AP8=",
        "1.50",
        "x,y",
        "2026-01-02T03:04:05.600",
        "2026-11-22T00:00:00Z",
        "",
    ] == first
    assert [""] * 14 == second
    assert text.endswith('\n""' + "," * 13 + "\n")


def test_ndjson_writes_every_type(tmp_path: Path) -> None:
    """Every type has a value in JSON."""
    first, second = map(json.loads, written(tmp_path, "out.ndjson", TYPED).splitlines())
    assert {
        "text": 'a,"b"\r\n;',
        "int": 2**63 - 1,
        "float": 0.30000000000000004,
        "bool": True,
        "date": "2026-01-02",
        "time": "01:02:03",
        "list": [1, None],
        "struct": {"x": "é", "y": 1.5},
        "binary": "AP8=",
        "decimal": "1.50",
        "category": "x,y",
        "local": "2026-01-02T03:04:05.600",
        "zoned": "2026-11-22T00:00:00Z",
        "null": None,
    } == first
    assert dict.fromkeys(TYPED.columns) | {"text": ""} == second


def test_the_header_comes_once(tmp_path: Path) -> None:
    """However many parts there are, and if the first is empty, CSV has one header."""
    frame = pl.DataFrame({"a": [1], "b": ["x"]})
    assert "a,b\n1,x\n1,x\n" == written(tmp_path, "out.csv.gz", frame.clear(), frame, frame.select("b", "a"))


@settings(max_examples=50, deadline=None)
@given(st.lists(st.tuples(st.text(), st.floats()), min_size=1))
def test_texts_and_floats_are_read_back(rows: list[tuple[str, float]]) -> None:
    """Any text and any float comes back bit for bit; NaN and infinity are null in JSON."""
    frame = pl.DataFrame(rows, schema={'t,"': pl.String, "f": pl.Float64}, orient="row")
    out = io.BytesIO()
    writer = open_writer("-", stdout=out)
    writer.write(0, frame)
    writer.close()
    _, *back = csv.reader(io.StringIO(out.getvalue().decode(), newline=""))
    assert [repr(row) for row in rows] == [repr((text, float(number))) for text, number in back]
    from mlsm.writers.ndjson import _render

    lines = [json.loads(line) for line in _render(frame, True).decode().removesuffix("\n").split("\n")]
    assert [(text, number if math.isfinite(number) else None) for text, number in rows] == [
        tuple(line.values()) for line in lines
    ]


def test_the_same_results_give_the_same_bytes(tmp_path: Path) -> None:
    """A compressed file holds neither its name nor the time."""
    for name in ("a.csv.gz", "b.csv.gz"):
        (tmp_path / name[0]).mkdir()
        written(tmp_path / name[0], name, TYPED)
    assert (tmp_path / "a" / "a.csv.gz").read_bytes() == (tmp_path / "b" / "b.csv.gz").read_bytes()


def test_other_columns_are_refused(tmp_path: Path) -> None:
    """A part with other columns than the first ends the output, and nothing of it is left."""
    writer = open_writer(str(tmp_path / "out.csv"))
    writer.write(0, pl.DataFrame({"a": [1], "b": [2]}))
    with pytest.raises(InputError, match=r"Columns \['b', 'c'\] are in some parts of an output only"):
        writer.write(1, pl.DataFrame({"a": [1], "c": [2]}))
    writer.abort()
    assert [] == list(tmp_path.iterdir())
