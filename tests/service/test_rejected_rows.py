"""Rows that are not scored: no usable id, an id met before, or no record at all; each with its place and reason."""

import math
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import polars as pl
import pytest

import mlsm
from mlsm import Catalog, Scores
from mlsm.contracts import RawPart, Reader, Reject
from mlsm.errors import InputError
from mlsm.readers import open_data, open_reader
from mlsm.service import Job, examine, run
from mlsm.service.ids import find_duplicates

CATALOG = Catalog([mlsm.model(name="fit", version="1", fields={"x": float}, status="active")(lambda x: x)])


def scored(inputs: Sequence[Reader], *, id_column: str | None = "id", part_rows: int = 100) -> Scores:
    batches: list[Any] = []
    options: dict[str, Any] = {
        "id_column": id_column,
        "as_of": datetime(2026, 1, 1, tzinfo=UTC),
        "part_rows": part_rows,
    }
    return Scores(batches, run(Job(catalog=CATALOG, inputs=tuple(inputs), **options), on_batch=batches.append))


def told(scores: Scores) -> list[tuple[str, int, int | None, str | None, str]]:
    return [(found.source, found.row, found.line, found.record_id, found.reason) for found in scores.rejects]


def test_a_row_without_a_usable_id_is_a_reject() -> None:
    """No id, or what cannot be one, is told with its row and why; the rest is scored."""
    ids: list[Any] = ["a", None, "", True, 1.5, math.nan, "x" * 600, "n\x00", "\ud800", 7, "a"]
    scores = mlsm.score(CATALOG, [{"id": one, "x": 1.0} for one in ids])
    assert ["a", "7"] == [result.record_id for result in scores]
    assert [
        ("records", 2, None, None, "There is no id."),
        ("records", 3, None, None, "The id is empty."),
        ("records", 4, None, None, "The id True is a bool; expected text or a whole number."),
        ("records", 5, None, None, "The id 1.5 is a float; expected text or a whole number."),
        ("records", 6, None, None, "There is no id."),
        ("records", 7, None, None, "The id has 600 bytes; expected at most 512."),
        ("records", 8, None, None, "The id holds a NUL character."),
        ("records", 9, None, None, "The id is not valid Unicode."),
        ("records", 11, None, "a", "The id came earlier, in row 1."),
    ] == told(scores)


def test_what_is_no_record_is_a_reject() -> None:
    """An element that is no mapping, and a row that lacks the id, are told in the order of the input."""
    records: list[Any] = [{"id": 1, "x": 1.0}, None, {"x": 2.0}, "id", {"id": 2, "x": 3.0}]
    scores = mlsm.score(CATALOG, records, part_rows=2)
    assert ["1", "2"] == [result.record_id for result in scores]
    assert [2, 3, 4] == [row for _, row, *_ in told(scores)]


@pytest.mark.parametrize("part_rows", [1, 2, 3, 100])
def test_the_first_of_two_rows_with_an_id_wins(part_rows: int) -> None:
    """Whichever parts they fall into, the earlier row is scored; the later ones tell where the first was."""
    records = [{"id": one, "x": float(row)} for row, one in enumerate(["a", "b", "a", 7, "7", 7.0, "b", "c"])]
    scores = mlsm.score(CATALOG, records, part_rows=part_rows)
    assert [("a", 0.0), ("b", 1.0), ("7", 3.0), ("c", 7.0)] == [(r.record_id, r.score) for r in scores]
    assert [
        (3, "a", "The id came earlier, in row 1."),
        (5, "7", "The id came earlier, in row 4."),
        (6, "7", "The id came earlier, in row 4."),
        (7, "b", "The id came earlier, in row 2."),
    ] == [(row, record_id, reason) for _, row, _, record_id, reason in told(scores)]


@pytest.mark.parametrize("part_rows", [1, 3, 100])
def test_an_id_is_met_once_over_all_inputs(tmp_path: Path, part_rows: int) -> None:
    """Over several files, of several kinds, the first row wins; its file is named where it is another."""
    (tmp_path / "one.csv").write_text("id,x\n007,1\n8,2\n007,3\n")
    (tmp_path / "two.ndjson").write_text('{"id": "9", "x": 4}\n{"id": 8, "x": 5}\nbroken\n')
    pl.DataFrame({"id": [10, 8, 9], "x": [6.0, 7.0, 8.0]}).write_parquet(tmp_path / "three.parquet")
    one, two, three = (str(tmp_path / name) for name in ("one.csv", "two.ndjson", "three.parquet"))
    scores = scored([open_reader(path) for path in (one, two, three)], part_rows=part_rows)
    assert [("007", 1.0), ("8", 2.0), ("9", 4.0), ("10", 6.0)] == [(r.record_id, r.score) for r in scores]
    assert [
        (one, 3, 4, "007", "The id came earlier, in line 2."),
        (two, 2, 2, "8", f"The id came earlier, in line 3 of {one!r}."),
        (two, 3, 3, None, "The line is no JSON: expected value."),
        (three, 2, None, "8", f"The id came earlier, in line 3 of {one!r}."),
        (three, 3, None, "9", f"The id came earlier, in line 1 of {two!r}."),
    ] == [(*found[:4], found[4].replace("invalid character (byte 0)", "expected value")) for found in told(scores)]


def test_leading_zeros_make_two_people() -> None:
    """Ids are text: `7`, `07` and `007` are three leads."""
    scores = mlsm.score(CATALOG, [{"id": one, "x": 1.0} for one in ("7", "07", "007", 7)])
    assert (["7", "07", "007"], 1) == ([result.record_id for result in scores], len(scores.rejects))


@pytest.mark.parametrize("hashes_max", [1, 10, 99, 1_000])
def test_too_many_ids_are_looked_at_in_classes(hashes_max: int) -> None:
    """Where the ids are too many to be held at once, the input is gone through several times, with the same result."""
    reader = open_data([{"id": str(row * 7 % 70), "x": 1.0} for row in range(100)])

    def parts() -> Iterator[tuple[int, RawPart]]:
        return ((part.number, part) for part in reader.parts(9))

    rows: list[int] = []
    seen = find_duplicates(parts, "id", rows.append, hashes_max=hashes_max)
    later = [number * 9 + row for number, wrong in seen.duplicates.items() for row in wrong]
    assert (list(range(10, 100)), {*range(12)}, 10, 100) == (later, seen.sound, seen.usable, sum(rows))
    assert "The id came earlier, in row 1." == seen.duplicates[1][1]


def test_rows_are_numbered_on_request(tmp_path: Path) -> None:
    """Without an id column, records are called by file and row; broken rows keep their number."""
    (tmp_path / "leads.csv").write_text("x,y\n1,1\n2,3,4\n3,3\n")
    scores = scored([open_reader(str(tmp_path / "leads.csv")), open_data([{"x": 5}])], id_column=None, part_rows=2)
    assert [("leads:1", 1.0), ("leads:3", 3.0), ("records:1", 5.0)] == [(r.record_id, r.score) for r in scores]
    assert [2] == [found.row for found in scores.rejects]
    assert ["records:1", "records:2"] == [r.record_id for r in mlsm.score(CATALOG, [{"x": 1}, {"x": 2}], id=None)]


def test_two_inputs_of_one_name_cannot_be_numbered(tmp_path: Path) -> None:
    """Row 7 of one `leads.csv` and row 7 of another are two people."""
    for folder in ("january", "february"):
        (tmp_path / folder).mkdir()
        (tmp_path / folder / "leads.csv").write_text("id,x\n1,1\n")
    inputs = [open_reader(str(tmp_path / folder / "leads.csv")) for folder in ("january", "february")]
    with pytest.raises(
        InputError, match="Several inputs are called 'leads', so that their rows would have the same ids"
    ):
        scored(inputs, id_column=None)
    assert 1 == len(scored(inputs).rejects)


def test_a_thousand_rejects_are_kept_and_all_are_counted() -> None:
    """A report tells the first thousand rejects and the number of all of them."""
    scores = mlsm.score(CATALOG, [{"id": None, "x": 1.0}] * 1_500 + [{"id": 1, "x": 1.0}], part_rows=400)
    assert (1_000, 1_500, 1) == (len(scores.rejects), scores.report.rejected, scores.report.records)
    assert Reject(source="records", row=1_000, reason="There is no id.") == scores.rejects[-1]


def test_examining_finds_the_same_rejects(tmp_path: Path) -> None:
    """A dry run tells rows, columns and rejects, and scores nothing."""
    (tmp_path / "leads.csv").write_text("id,x,y\n1,1,1\n,2,2\n1,3,3\n4\n5,5,5\n")
    inputs = (open_reader(str(tmp_path / "leads.csv")),)
    found = examine(Job(catalog=CATALOG, inputs=inputs, id_column="id", as_of=datetime.now(UTC), part_rows=2))
    assert (5, ("id", "x", "y"), ((2, 2, 1),), {}, 3) == (
        found.rows,
        found.names,
        found.parts,
        found.missing,
        found.rejected,
    )
    assert list(found.rejects) == list(scored(inputs, part_rows=2).rejects)
