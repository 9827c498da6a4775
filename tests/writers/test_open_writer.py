"""Facts about outputs that cannot be written, and about those that appear only whole."""

import io
import os
import subprocess
import sys
import textwrap
from pathlib import Path

import polars as pl
import pytest

from mlsm.errors import InputError
from mlsm.writers import open_writer

FRAME = pl.DataFrame({"id": ["1"], "n": [2]})
NAMES = ["out.csv", "out.csv.gz", "out.ndjson", "out.parquet"]


def test_standard_output_receives_csv() -> None:
    """`-` writes CSV to the stream that was handed in, and leaves it open."""
    out = io.BytesIO()
    writer = open_writer("-", stdout=out)
    writer.write(0, FRAME)
    writer.write(1, FRAME)
    writer.close()
    assert b"id,n\n1,2\n1,2\n" == out.getvalue()


def test_an_unknown_ending_is_refused() -> None:
    """An ending that means no format is refused, with those that do."""
    for name in ("out.xlsx", "out", "out.parquet.gz", "out.gz"):
        with pytest.raises(InputError, match=rf"Output '{name}' has the unknown ending .*one of \.csv, \.csv\.gz"):
            open_writer(name)


@pytest.mark.parametrize("name", [*NAMES, "out/"])
def test_a_missing_folder_is_told_at_once(tmp_path: Path, name: str) -> None:
    """Where the folder of an output is missing, opening fails, not the end of the run."""
    with pytest.raises(InputError, match=r"/missing' does not exist") as caught:
        open_writer(f"{tmp_path}/missing/{name}")
    assert "mkdir -p" in str(caught.value.hint)


@pytest.mark.parametrize("name", [*NAMES, "out/"])
def test_a_closed_folder_is_told_at_once(tmp_path: Path, name: str) -> None:
    """Where nothing may be written, opening fails."""
    tmp_path.chmod(0o500)
    if os.access(tmp_path, os.W_OK):
        pytest.skip("this user may write everywhere")
    with pytest.raises(InputError, match="may not be written to"):
        open_writer(f"{tmp_path}/{name}")


def test_what_is_no_file_is_not_replaced(tmp_path: Path) -> None:
    """A pipe or a device is never replaced by a file, nor a file by a folder."""
    os.mkfifo(tmp_path / "out.csv")
    with pytest.raises(InputError, match="is there and no regular file"):
        open_writer(str(tmp_path / "out.csv"))
    (tmp_path / "file").touch()
    with pytest.raises(InputError, match="is a file; a folder was expected"):
        open_writer(f"{tmp_path}/file/")


@pytest.mark.parametrize("name", NAMES)
def test_nothing_is_there_until_it_is_whole(tmp_path: Path, name: str) -> None:
    """An earlier output stays until the new one is whole, and stays if that is given up."""
    path = tmp_path / name
    path.write_bytes(b"old")
    writer = open_writer(str(path))
    assert [name] == [entry.name for entry in tmp_path.iterdir()]
    writer.write(0, FRAME)
    assert b"old" == path.read_bytes()
    writer.abort()
    assert [(name, b"old")] == [(entry.name, entry.read_bytes()) for entry in tmp_path.iterdir()]
    writer = open_writer(str(path))
    writer.write(0, FRAME)
    writer.close()
    assert b"old" != path.read_bytes()
    new = path.read_bytes()
    writer.abort()
    assert new == path.read_bytes()


@pytest.mark.parametrize("name", NAMES)
def test_a_link_is_followed(tmp_path: Path, name: str) -> None:
    """What a link points to is replaced; the link stays."""
    (tmp_path / "link").mkdir()
    link = tmp_path / "link" / name
    link.symlink_to(tmp_path / name)
    writer = open_writer(str(link))
    writer.write(0, FRAME)
    writer.close()
    assert link.is_symlink()
    assert (tmp_path / name).stat().st_size


@pytest.mark.parametrize("name", NAMES)
def test_two_writers_do_not_mix(tmp_path: Path, name: str) -> None:
    """While one writer is at an output, a second one is refused; later it may."""
    path = str(tmp_path / name)
    first, second = open_writer(path), open_writer(path)
    first.write(0, FRAME)
    with pytest.raises(InputError, match="is being written by another process"):
        second.write(0, FRAME)
    second.abort()
    first.close()
    third = open_writer(path)
    third.write(0, FRAME)
    third.close()


def ended(code: str, *args: str) -> str:
    done = subprocess.run(
        [sys.executable, "-c", textwrap.dedent(code), *args], capture_output=True, check=False, text=True, timeout=60
    )
    return done.stdout + done.stderr


FULL = """
    import resource, sys
    import polars as pl
    from mlsm.errors import InputError
    from mlsm.writers import open_writer

    resource.setrlimit(resource.RLIMIT_FSIZE, (300_000, 300_000))
    writer = open_writer(sys.argv[1])
    frame = pl.DataFrame({"n": range(100_000)}).with_columns(h=pl.col("n").hash())
    try:
        for part in range(100):
            writer.write(part, frame)
        writer.close()
    except InputError as error:
        print(error)
        writer.abort()
    """


@pytest.mark.parametrize("name", [*NAMES, "out/"])
def test_a_full_disk_leaves_nothing_half_written(tmp_path: Path, name: str) -> None:
    """Where a file cannot grow on, the error says so and no half file is left."""
    said = ended(FULL, f"{tmp_path}/{name}")
    assert "cannot be written" in said
    assert "Make room on the disk" in said
    assert "Traceback" not in said
    assert [] == [path for path in tmp_path.rglob("*") if path.is_file()]


KILLED = """
    import os, signal, sys
    import polars as pl
    from mlsm.writers import open_writer

    writer = open_writer(sys.argv[1])
    for part in range(10):
        writer.write(part, pl.DataFrame({"id": ["old"] * 1000, "n": range(1000)}))
    os.kill(os.getpid(), signal.SIGKILL)
    """


@pytest.mark.parametrize("name", NAMES)
def test_what_a_killed_process_left_is_swept_by_the_next(tmp_path: Path, name: str) -> None:
    """After a kill there is no output; the next writer of the same output leaves nothing else."""
    path = tmp_path / name
    ended(KILLED, str(path))
    assert not path.exists()
    writer = open_writer(str(path))
    writer.write(0, FRAME)
    writer.close()
    assert [name] == [entry.name for entry in tmp_path.iterdir()]
    content = path.read_bytes()
    assert b"old" not in content


LEFT = """
    import sys
    import polars as pl
    from mlsm.writers import open_writer

    writer = open_writer(sys.argv[1])
    writer.write(0, pl.DataFrame({"id": ["1"]}))
    """


@pytest.mark.parametrize("name", NAMES)
def test_a_process_that_forgets_its_writer_ends(tmp_path: Path, name: str) -> None:
    """A writer that is neither closed nor aborted holds no process up and leaves no output."""
    assert "" == ended(LEFT, f"{tmp_path}/{name}")
    assert not (tmp_path / name).exists()


def test_writers_are_light_until_used() -> None:
    """Importing the package loads no polars."""
    assert "False" == ended("import sys, mlsm.writers; print('polars' in sys.modules)").strip()
