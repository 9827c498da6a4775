"""Facts about results as one Parquet file and as a folder of them."""

from pathlib import Path

import polars as pl
import pytest

from mlsm.errors import InputError
from mlsm.writers import open_writer


def frames(count: int, rows: int = 100) -> list[pl.DataFrame]:
    return [
        pl.DataFrame({"id": [f"{part}-{row}" for row in range(rows)], "n": [part * 1.5] * rows, "l": [[part]] * rows})
        for part in range(count)
    ]


def write(path: Path, parts: list[pl.DataFrame]) -> None:
    writer = open_writer(str(path))
    for part, frame in enumerate(parts):
        writer.write(part, frame)
    assert not path.exists()
    writer.close()
    assert [path.name] == [path.name for path in path.parent.iterdir()]


@pytest.mark.parametrize("count", [1, 2, 60])
def test_parts_become_one_file(tmp_path: Path, count: int) -> None:
    """Parts stand in the file in the order in which they came."""
    path = tmp_path / "out.parquet"
    write(path, frames(count))
    assert pl.concat(frames(count)).equals(pl.read_parquet(path))


def test_no_rows_and_no_parts_give_a_file_too(tmp_path: Path) -> None:
    """An empty part leaves its columns, no part at all an empty file."""
    for name, parts in {"rows": [frames(1)[0].clear()], "parts": []}.items():
        (tmp_path / name).mkdir()
        path = tmp_path / name / "out.pq"
        write(path, parts)
        assert pl.concat(parts or [pl.DataFrame()]).equals(pl.read_parquet(path))


def test_types_that_fit_are_taken_over(tmp_path: Path) -> None:
    """A column that is null throughout a part, or numbers where texts were, join the first part's type."""
    parts = [
        pl.DataFrame({"a": [1.5], "b": ["x"]}),
        pl.DataFrame({"b": [7], "a": [None]}),
        pl.DataFrame({"a": [2.5], "b": [None]}),
    ]
    path = tmp_path / "out.parquet"
    write(path, parts)
    assert pl.DataFrame({"a": [1.5, None, 2.5], "b": ["x", "7", None]}).equals(pl.read_parquet(path))


def test_types_that_do_not_fit_meet_in_one_that_holds_both(tmp_path: Path) -> None:
    """Where a later part's type is wider than the first's, no value is lost."""
    parts = [
        pl.DataFrame({"a": [1], "b": [None], "c": [1]}),
        pl.DataFrame({"a": [2.5], "b": ["x"], "c": [2]}),
        pl.DataFrame({"a": [3], "b": ["y"], "c": ["z"]}),
        pl.DataFrame({"c": [None], "b": ["y"], "a": [4]}),
    ]
    path = tmp_path / "out.parquet"
    write(path, parts)
    expected = pl.DataFrame({"a": [1.0, 2.5, 3.0, 4.0], "b": [None, "x", "y", "y"], "c": ["1", "2", "z", None]})
    assert expected.equals(pl.read_parquet(path))


def test_types_that_nothing_holds_are_refused(tmp_path: Path) -> None:
    """Types without a common one are an error, and nothing is left behind."""
    writer = open_writer(str(tmp_path / "out.parquet"))
    writer.write(0, pl.DataFrame({"a": [[1]]}))
    writer.write(1, pl.DataFrame({"a": [True]}))
    with pytest.raises(InputError, match=r"out\.parquet' cannot be written"):
        writer.close()
    writer.abort()
    assert [] == list(tmp_path.iterdir())


@pytest.mark.parametrize("written", [0, 1, 50])
def test_abort_leaves_nothing(tmp_path: Path, written: int) -> None:
    """Whenever an output is given up, there is neither it nor a trace of it."""
    writer = open_writer(str(tmp_path / "out.parquet"))
    for part, frame in enumerate(frames(written)):
        writer.write(part, frame)
    writer.abort()
    writer.abort()
    assert [] == list(tmp_path.iterdir())


def test_a_folder_has_a_file_a_part(tmp_path: Path) -> None:
    """Each part is a file of its own, there as soon as it was written."""
    folder = tmp_path / "out"
    writer = open_writer(f"{folder}/")
    for part, frame in enumerate(frames(3)):
        writer.write(part, frame)
        assert frame.equals(pl.read_parquet(folder / f"part-{part:05}.parquet"))
    writer.close()
    assert pl.concat(frames(3)).equals(pl.read_parquet(folder / "*.parquet"))


def test_a_second_run_leaves_no_part_of_the_first(tmp_path: Path) -> None:
    """Parts are replaced with the same bytes; parts beyond the last one go, other files stay."""
    folder = tmp_path / "out"
    for count in (4, 2):
        writer = open_writer(f"{folder}/")
        for part, frame in enumerate(frames(count)):
            writer.write(part, frame)
        if count == 4:
            first = (folder / "part-00001.parquet").read_bytes()
            (folder / "part-of-me.parquet").touch()
        writer.close()
    names = ["part-00000.parquet", "part-00001.parquet", "part-of-me.parquet"]
    assert names == sorted(path.name for path in folder.iterdir())
    assert first == (folder / "part-00001.parquet").read_bytes()


def test_a_folder_that_is_there_needs_no_slash(tmp_path: Path) -> None:
    """The name of a folder means that folder; aborting keeps the parts that are whole."""
    writer = open_writer(str(tmp_path))
    writer.write(0, frames(1)[0])
    writer.abort()
    assert ["part-00000.parquet"] == [path.name for path in tmp_path.iterdir()]
