"""What holds for every CSV file, well formed or not."""

import csv
import io
import tempfile
from pathlib import Path

from hypothesis import given, settings
from hypothesis import strategies as st

from mlsm.contracts import Facts, Reader
from mlsm.readers import Dialect, open_reader

CELLS = st.text(st.sampled_from('ab ,;"\n\r\té'), max_size=6)
WIDTH = 3


def opened(content: str, separator: str = ",") -> Reader:
    with tempfile.NamedTemporaryFile("wb", suffix=".csv", delete=False) as file:
        file.write(content.encode())
    return open_reader(file.name, dialect=Dialect(separator=separator))


def told(reader: Reader, size: int) -> tuple[list[object], list[object]]:
    """Give every sound row with its number and line, and every broken one."""
    sound: list[object] = []
    broken: list[object] = []
    for part in reader.parts(size):
        cells = zip(*part.columns.values(), strict=True)
        assert part.lines is not None
        sound += zip(part.rows, part.lines, cells, strict=True)
        broken += part.broken
    return sound, broken


@settings(max_examples=60, deadline=None)
@given(st.lists(st.tuples(CELLS, CELLS, CELLS)), st.sampled_from(",;\t"), st.integers(1, 5), st.booleans())
def test_what_csv_wrote_is_read_back(
    rows: list[tuple[str, str, str]], separator: str, size: int, quote_all: bool
) -> None:
    """Whatever the csv module writes comes back cell by cell, in parts of any size, on its own lines."""
    text = io.StringIO(newline="")
    writer = csv.writer(text, delimiter=separator, quoting=csv.QUOTE_ALL if quote_all else csv.QUOTE_MINIMAL)
    writer.writerow(["a", "b", "c"])
    lines = []
    for row in rows:
        lines.append(len(io.StringIO(text.getvalue(), newline="").readlines()) + 1)
        writer.writerow(row)
    reader = opened(text.getvalue(), separator)
    sound, broken = told(reader, size)
    Path(reader.source).unlink()
    assert [] == broken
    assert list(zip(range(1, len(rows) + 1), lines, rows, strict=True)) == sound


@settings(max_examples=150, deadline=None)
@given(st.text(st.sampled_from('ab,,"\n\n\r\0 '), max_size=60), st.integers(1, 4))
def test_the_size_of_parts_changes_nothing(content: str, size: int) -> None:
    """Any text gives the same rows, numbers, lines and broken rows, however it is cut into parts."""
    reader = opened("a,b,c\n" + content)
    sound, broken = told(reader, size)
    assert told(reader, 1000) == (sound, broken)
    assert [*reader.parts(size)] or not (sound or broken)
    assert Facts(rows=len(sound) + len(broken), names=("a", "b", "c"), broken=len(broken)) == reader.facts()
    fresh = open_reader(reader.source, dialect=Dialect(separator=",")).facts()
    Path(reader.source).unlink()
    assert reader.facts() == fresh
