"""Facts about finding an input and its format, and about inputs that cannot be read."""

import gzip
import hashlib
import io
import os
import stat
import subprocess
import sys
import threading
from pathlib import Path

import polars as pl
import pytest

from mlsm.contracts import Reader
from mlsm.errors import InputError
from mlsm.readers import Dialect, open_reader

CSV = b"id,n\n1,2\n"
NDJSON = b'\n {"id": 1, "n": 2}\n'


def parquet() -> bytes:
    buffer = io.BytesIO()
    pl.DataFrame({"id": ["1"], "n": [2]}).write_parquet(buffer)
    return buffer.getvalue()


def written(path: Path, content: bytes) -> str:
    path.write_bytes(content)
    return str(path)


@pytest.mark.parametrize(
    ("name", "content", "kind", "stem"),
    [
        ("bank-full.csv.gz", gzip.compress(CSV, mtime=0), "csv", "bank-full"),
        ("a.b.CSV", CSV, "csv", "a.b"),
        ("leads.txt", CSV, "csv", "leads"),
        ("leads.tsv.gz", gzip.compress(CSV, mtime=0), "csv", "leads"),
        ("leads.jsonl", NDJSON, "ndjson", "leads"),
        ("leads.ndjson.gz", gzip.compress(NDJSON, mtime=0), "ndjson", "leads"),
        ("leads.json", NDJSON, "ndjson", "leads"),
        ("leads.pq", parquet(), "parquet", "leads"),
        ("leads.parquet", parquet(), "parquet", "leads"),
    ],
)
def test_the_ending_tells_the_format(tmp_path: Path, name: str, content: bytes, kind: str, stem: str) -> None:
    """Format, source and stem come from the path."""
    path = written(tmp_path / name, content)
    reader = open_reader(path)
    [part] = reader.parts(10)
    assert (kind, stem, path) == (reader.options()["format"], part.stem, part.source)
    assert f"sha256:{hashlib.sha256(content).hexdigest()}" == reader.fingerprint()


@pytest.mark.parametrize(
    ("content", "kind"),
    [
        (CSV, "csv"),
        (gzip.compress(CSV, mtime=0), "csv"),
        (NDJSON, "ndjson"),
        (b"\n" * 10_000 + NDJSON, "ndjson"),
        (b"\xef\xbb\xbf" + NDJSON, "ndjson"),
        (gzip.compress(NDJSON, mtime=0), "ndjson"),
        (parquet(), "parquet"),
        (b"", "csv"),
    ],
    ids=["csv", "csv.gz", "ndjson", "ndjson behind blanks", "ndjson with mark", "ndjson.gz", "parquet", "empty"],
)
def test_the_content_tells_the_format_of_a_stream(content: bytes, kind: str) -> None:
    """Standard input is recognised by its first bytes and can be read several times."""
    reader = open_reader("-", stdin=io.BytesIO(content))
    if not content:
        with pytest.raises(InputError, match="'-' is empty"):
            reader.facts()
        return
    assert kind == reader.options()["format"]
    assert 1 == reader.facts().rows
    for _ in range(2):
        [part] = reader.parts(10)
        assert ("-", "stdin", ["1"]) == (part.source, part.stem, [str(value) for value in part.columns["id"]])


def test_standard_input_is_the_default() -> None:
    """`-` reads what is piped into the process."""
    code = "from mlsm.readers import open_reader; print(open_reader('-').facts())"
    done = subprocess.run([sys.executable, "-c", code], input=CSV, capture_output=True, check=True)
    assert "Facts(rows=1, names=('id', 'n'), broken=0)" == done.stdout.decode().strip()


def test_standard_input_may_be_closed(monkeypatch: pytest.MonkeyPatch) -> None:
    """`-` without any standard input, as a scheduler may start a process, is told in words."""
    monkeypatch.setattr(sys, "stdin", None)
    with pytest.raises(InputError, match="Standard input is closed"):
        open_reader("-")


def test_a_named_pipe_is_spooled(tmp_path: Path) -> None:
    """A pipe in the file system is copied like standard input, and keeps its name."""
    path = tmp_path / "leads"
    os.mkfifo(path)
    feeder = threading.Thread(target=path.write_bytes, args=(CSV,))
    feeder.start()
    reader = open_reader(str(path))
    feeder.join()
    assert [1, 1] == [sum(len(part) for part in reader.parts(10)) for _ in range(2)]
    assert (str(path), "leads") == (next(reader.parts(1)).source, next(reader.parts(1)).stem)


def test_the_spooled_copy_goes_with_its_reader(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Nothing is left of standard input once its reader is gone."""
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    reader: Reader | None = open_reader("-", stdin=io.BytesIO(CSV))
    assert 1 == len(list(tmp_path.iterdir()))
    assert reader is not None
    del reader
    assert [] == list(tmp_path.iterdir())


def test_a_missing_file_is_told(tmp_path: Path) -> None:
    """A path to nothing is refused with the folder that relative paths start from."""
    with pytest.raises(InputError, match=r"Input 'no/leads\.csv' does not exist") as caught:
        open_reader("no/leads.csv")
    assert str(Path.cwd()) in str(caught.value.hint)


def test_a_folder_is_told(tmp_path: Path) -> None:
    """A folder is no file of records."""
    with pytest.raises(InputError, match="is a folder"):
        open_reader(str(tmp_path))


def test_a_file_without_permission_is_told(tmp_path: Path) -> None:
    """A file that may not be read is refused."""
    path = tmp_path / "leads.csv"
    path.write_bytes(CSV)
    path.chmod(stat.S_IWUSR)
    if os.access(path, os.R_OK):
        pytest.skip("this user may read everything")
    with pytest.raises(InputError, match="may not be read"):
        open_reader(str(path))


def test_an_unknown_ending_is_told(tmp_path: Path) -> None:
    """An ending that means no format is refused, with those that do."""
    with pytest.raises(InputError, match=r"unknown ending '\.xlsx'; one of \.csv, \.tsv") as raised:
        open_reader(written(tmp_path / "leads.xlsx", b"PK"))
    assert raised.value.hint == "Save the sheet as CSV."


@pytest.mark.parametrize("kind", ["csv", "ndjson"])
@pytest.mark.parametrize("cut", [0.2, 0.9, 0.999])
def test_a_truncated_gzip_file_is_told(tmp_path: Path, kind: str, cut: float) -> None:
    """A gzip file that breaks off is refused, never read as if it ended there."""
    line = '{{"id": {0}, "n": {0}}}\n' if kind == "ndjson" else "{0},{0}\n"
    content = gzip.compress(("id,n\n" * (kind == "csv") + "".join(line.format(i) for i in range(50_000))).encode())
    path = written(tmp_path / f"leads.{kind}.gz", content[: int(len(content) * cut)])
    with pytest.raises(InputError, match="breaks off or is damaged"):
        list(open_reader(path).parts(1000))


@pytest.mark.parametrize("kind", ["csv", "ndjson"])
def test_a_damaged_gzip_file_is_told(tmp_path: Path, kind: str) -> None:
    """A gzip file with changed bytes is refused."""
    content = bytearray(gzip.compress(b'{"id": 1}\n' * 10_000))
    content[len(content) // 2] ^= 0xFF
    path = written(tmp_path / f"leads.{kind}.gz", bytes(content))
    with pytest.raises(InputError, match="breaks off or is damaged"):
        open_reader(path).facts()


@pytest.mark.parametrize(
    "content", [b"PK\x03\x04" + bytes(range(256)), b"\x28\xb5\x2f\xfd\x04\x00id,n\n"], ids=["zip", "zstd"]
)
@pytest.mark.parametrize("name", ["leads.csv.gz", "leads.ndjson.GZ"])
def test_what_is_no_gzip_file_is_told(tmp_path: Path, name: str, content: bytes) -> None:
    """Another format under the name of gzip is no matter of encoding."""
    with pytest.raises(InputError, match=r"is no gzip file, though its name ends in \.gz") as raised:
        open_reader(written(tmp_path / name, content))
    assert raised.value.hint is not None


@pytest.mark.parametrize(("name", "content"), [("a.csv", CSV), ("a.ndjson", NDJSON), ("a.parquet", parquet())])
def test_a_file_that_changes_is_refused(tmp_path: Path, name: str, content: bytes) -> None:
    """Once met, a file must stay as it is: facts, fingerprint and parts tell of the same content."""
    path = tmp_path / name
    reader = open_reader(written(path, content))
    reader.facts()
    path.write_bytes(content + b"\n")
    for use in (reader.fingerprint, lambda: list(reader.parts(10))):
        with pytest.raises(InputError, match="changed while it was in use"):
            use()


def test_a_file_that_grows_while_it_is_read_is_refused(tmp_path: Path) -> None:
    """A pass over a file that something writes to ends in an error, not in half its rows."""
    path = tmp_path / "leads.csv"
    reader = open_reader(written(path, CSV * 3))
    parts = reader.parts(1)
    next(parts)
    with path.open("ab") as file:
        file.write(b"9,9\n")
    with pytest.raises(InputError, match="changed while it was in use"):
        list(parts)


@pytest.mark.parametrize("separator", ["", ",,", '"', "\n", "\0"], ids=repr)
def test_a_separator_is_one_character(separator: str) -> None:
    """What cannot stand between cells is refused where it is declared."""
    with pytest.raises(InputError, match="one character was expected"):
        Dialect(separator=separator)


@pytest.mark.parametrize("encoding", ["utf-9", "base64"])
def test_an_encoding_is_one_that_gives_text(encoding: str) -> None:
    """A name that is no text encoding is refused where it is declared."""
    with pytest.raises(InputError, match="is unknown; the name of a text encoding was expected"):
        Dialect(encoding=encoding)


def test_readers_are_light_until_used() -> None:
    """Importing the package loads no polars."""
    code = "import sys, mlsm.readers; print('polars' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, check=True)
    assert "False" == done.stdout.decode().strip()
