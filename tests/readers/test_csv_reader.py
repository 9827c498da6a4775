"""Facts about CSV files: what is found out, what is a row, and what is broken."""

import csv
import gzip
from collections.abc import Sequence
from pathlib import Path

import polars as pl
import pytest

from mlsm.contracts import RawPart, Reader
from mlsm.errors import InputError
from mlsm.readers import Dialect, open_reader


def write(path: Path, content: str | bytes) -> str:
    path.write_bytes(content.encode() if isinstance(content, str) else content)
    return str(path)


def rows(reader: Reader, size: int = 1000, columns: Sequence[str] | None = None) -> list[dict[str, str]]:
    return [row for part in reader.parts(size, columns=columns) for row in pl.DataFrame(dict(part.columns)).to_dicts()]


def only_part(reader: Reader) -> RawPart:
    [part] = reader.parts(1000)
    return part


def broken(reader: Reader, size: int = 1000) -> list[tuple[int, int | None, str]]:
    return [(reject.row, reject.line, reject.reason) for part in reader.parts(size) for reject in part.broken]


def test_cells_are_text(tmp_path: Path) -> None:
    """Leading zeros, numbers, dates and blanks come as the text that they are."""
    path = write(tmp_path / "leads.csv", "id,age,since,note\n007,41,2026-01-02, x \n008,,1e3,\n")
    expected = [
        {"id": "007", "age": "41", "since": "2026-01-02", "note": " x "},
        {"id": "008", "age": "", "since": "1e3", "note": ""},
    ]
    assert expected == rows(open_reader(path))
    assert {pl.String} == {column.dtype for column in only_part(open_reader(path)).columns.values()}  # type: ignore[union-attr]  # CSV columns are Series


@pytest.mark.parametrize("separator", [",", ";", "\t", "|"], ids=["comma", "semicolon", "tab", "pipe"])
def test_separator_is_found_out(tmp_path: Path, separator: str) -> None:
    """The separator is the one that splits header and rows alike, whatever else is in the cells."""
    header = separator.join(["id", '"a, b; c | d"', "amount"])
    content = f"{header}\n" + "".join(separator.join([str(i), '"x, y; z | w"', '"1,5"']) + "\n" for i in range(5))
    reader = open_reader(write(tmp_path / "leads.csv", content))
    assert separator == reader.options()["separator"]
    assert ("id", "a, b; c | d", "amount") == reader.facts().names
    assert "1,5" == rows(reader)[4]["amount"]


def test_a_quote_that_is_never_closed_leaves_the_separator(tmp_path: Path) -> None:
    """Where a quote takes along all rows, the header tells the separator, and the row is named."""
    reader = open_reader(write(tmp_path / "leads.csv", 'id;note;age\n1;"open;41\n2;closed;42\n'))
    assert ("id", "note", "age") == reader.facts().names
    assert [{"id": "2", "note": "closed", "age": "42"}] == rows(reader)
    assert [(1, 2, "A quote is opened in this row and never closed.")] == broken(reader)


def test_decimal_commas_do_not_make_a_comma_the_separator(tmp_path: Path) -> None:
    """A file with `;` between cells and commas in its numbers is read with `;`."""
    path = write(tmp_path / "leads.csv", "id;score\n1;1,5\n2;2,5\n")
    assert [{"id": "1", "score": "1,5"}, {"id": "2", "score": "2,5"}] == rows(open_reader(path))


def test_one_column_has_no_separator(tmp_path: Path) -> None:
    """A file with one column is read whole, commas in its cells included."""
    reader = open_reader(write(tmp_path / "leads.txt", 'note\nhello, world\nplain\n""\n\n"\n"\nlast; one\n'))
    assert [{"note": "hello, world"}, {"note": "plain"}, {"note": ""}, {"note": "\n"}, {"note": "last; one"}] == rows(
        reader
    )
    assert "none" == reader.options()["separator"]
    assert [2, 3, 4, 6, 8] == only_part(reader).lines


def test_declared_separator_wins(tmp_path: Path) -> None:
    """A declared separator is used although another would split more."""
    path = write(tmp_path / "leads.csv", "a:b,c,d\n1:2,3,4\n")
    assert [{"a": "1", "b,c,d": "2,3,4"}] == rows(open_reader(path, dialect=Dialect(separator=":")))


def test_tsv_is_split_at_tabs(tmp_path: Path) -> None:
    """The ending .tsv says what the separator is."""
    path = write(tmp_path / "leads.tsv", "a,b,c\n1,2,3\n")
    assert [{"a,b,c": "1,2,3"}] == rows(open_reader(path))


@pytest.mark.parametrize(
    ("encoding", "found"),
    [
        ("utf-8", "utf-8"),
        ("utf-8-sig", "utf-8-sig"),
        ("utf-16", "utf-16"),
        ("utf-32", "utf-32"),
        ("cp1252", "cp1252"),
    ],
)
def test_encoding_is_found_out(tmp_path: Path, encoding: str, found: str) -> None:
    """Byte order marks, UTF-8 and, failing these, the Windows code page are recognised."""
    reader = open_reader(write(tmp_path / "leads.csv", "id;name\n1;Zoë Ångström\n".encode(encoding)))
    assert [{"id": "1", "name": "Zoë Ångström"}] == rows(reader)
    assert found == reader.options()["encoding"]


def test_a_late_bad_byte_decides_the_encoding(tmp_path: Path) -> None:
    """A byte that is no UTF-8 three megabytes into the file makes all of it cp1252."""
    content = b"id,name\n" + b"1,plain ascii name\n" * 160_000 + b"2,Zo\xeb\n"
    reader = open_reader(write(tmp_path / "leads.csv", content))
    assert "cp1252" == reader.options()["encoding"]
    *_, last = reader.parts(10_000)
    assert "Zoë" == last.columns["name"][-1]


def test_a_declared_encoding_must_fit_the_whole_file(tmp_path: Path) -> None:
    """A file that is not in the encoding that was declared is refused."""
    path = write(tmp_path / "leads.csv", b"id,name\n1,Zo\xeb\n")
    with pytest.raises(InputError, match=r"leads\.csv' is not text in utf-8;"):
        open_reader(path, dialect=Dialect(encoding="utf8")).facts()


def test_text_in_no_known_encoding_is_refused(tmp_path: Path) -> None:
    """Bytes that neither UTF-8 nor cp1252 knows need a declaration."""
    with pytest.raises(InputError, match="is not text in utf-8 or cp1252"):
        open_reader(write(tmp_path / "leads.csv", b"id,name\n1,\x81\n")).options()


def test_lines_are_those_of_an_editor(tmp_path: Path) -> None:
    """A row's line is the one that it begins on; quoted line ends and blank lines count."""
    content = 'id,note\r\n1,"two\r\nlines"\r\n\r\n2,plain\r\n   \r\n3,"a\nb\rc"\r\n4,end'
    part = only_part(open_reader(write(tmp_path / "leads.csv", content)))
    assert [1, 2, 3, 4] == part.rows
    assert [2, 5, 7, 10] == part.lines
    assert ["two\r\nlines", "plain", "a\nb\rc", "end"] == list(part.columns["note"])


@pytest.mark.parametrize("size", [1, 2, 3, 100])
def test_broken_rows_are_told_and_counted(tmp_path: Path, size: int) -> None:
    """Too few and too many cells break a row; empty surplus cells do not."""
    reader = open_reader(write(tmp_path / "leads.csv", "id,a,b\n1,x,y\n2,x\n3,x,y,z\n4,x,y,,\n\n5,x,y\n"))
    expected = [(2, 3, "The row has 2 cells, expected 3."), (3, 4, "The row has 4 cells, expected 3.")]
    assert expected == broken(reader, size)
    assert ["1", "4", "5"] == [row["id"] for row in rows(reader, size)]
    assert [1, 4, 5] == [row for part in reader.parts(size) for row in part.rows]
    assert (5, 2) == (reader.facts().rows, reader.facts().broken)


@pytest.mark.parametrize("size", [1, 2, 100])
def test_an_unclosed_quote_costs_one_row(tmp_path: Path, size: int) -> None:
    """A quote that nobody closes breaks the row that it is in; the rows after it are read."""
    content = 'id,note\n1,a\n2,"open\n3,c\n4,"d"\n5,"e, e"\n'
    reader = open_reader(write(tmp_path / "leads.csv", content))
    assert [(2, 3, "A quote in this row is neither closed nor doubled.")] == broken(reader, size)
    assert ["1", "3", "4", "5"] == [row["id"] for row in rows(reader, size)]


def test_an_unclosed_quote_at_the_end_is_told(tmp_path: Path) -> None:
    """A quote still open at the end of the file breaks its row, not those below it."""
    reader = open_reader(write(tmp_path / "leads.csv", 'id,note\n1,a\n2,"open\n3,c\n'))
    assert [(2, 3, "A quote is opened in this row and never closed.")] == broken(reader)
    assert ["1", "3"] == [row["id"] for row in rows(reader)]


def test_an_unclosed_quote_in_a_long_file_swallows_nothing(tmp_path: Path) -> None:
    """Where the swallowed text passes the longest cell that csv reads, one row is lost."""
    lines = "".join(f"{i},some text that fills the line\n" for i in range(2, 20_000))
    reader = open_reader(write(tmp_path / "leads.csv", f'id,note\n1,"open\n{lines}'))
    assert [(1, 2)] == [(row, line) for row, line, _ in broken(reader)]
    assert (19_999, 1) == (reader.facts().rows, reader.facts().broken)


def test_quotes_that_never_pair_off_end_the_reading(tmp_path: Path) -> None:
    """Where the outer quotes of every line were stripped, the file is refused soon, not read for hours."""
    path = write(tmp_path / "leads.csv", "id,a,b\n" + 'x","y","z\n' * 100_000)
    with pytest.raises(InputError, match=r"Quotes in '.*leads\.csv' do not pair off"):
        open_reader(path).facts()


def test_a_cell_longer_than_csv_reads_is_broken(tmp_path: Path) -> None:
    """A cell beyond the csv module's limit breaks its row, with or without quotes near it."""
    long = "x" * (csv.field_size_limit() + 1)
    for name, other in [("a.csv", "plain"), ("b.csv", '"quoted"')]:
        reader = open_reader(write(tmp_path / name, f"id,note\n1,{other}\n2,{long}\n3,{other}\n"))
        assert [(2, 3)] == [(row, line) for row, line, _ in broken(reader)]
        assert ["1", "3"] == [row["id"] for row in rows(reader)]


def test_a_nul_breaks_its_row(tmp_path: Path) -> None:
    """A NUL in a cell breaks that row alone."""
    reader = open_reader(write(tmp_path / "leads.csv", "id,note\n1,a\n2,b\0\n3,c\n"))
    assert [(2, 3, "The row holds a NUL character.")] == broken(reader)
    assert ["1", "3"] == [row["id"] for row in rows(reader)]


@pytest.mark.parametrize(
    ("content", "said"),
    [
        ("", "is empty"),
        ("\n  \n\n", "is empty"),
        ("id,name,id,name,age\n", "'id' names 2 columns"),
        ("id,,name\n1,2,3\n", "column 2 has no name"),
        (";;\n1;2;3\n", "column 1 has no name"),
        ("i\0d,name\n", "holds NUL characters"),
        ('id,"name\n1,2\n', "Header of .* cannot be read"),
    ],
    ids=["empty", "blank", "duplicate", "unnamed", "all unnamed", "nul", "open quote"],
)
def test_a_header_that_names_no_columns_is_refused(tmp_path: Path, content: str, said: str) -> None:
    """Without a name of its own for every column nothing is read, and the mistakes are named."""
    with pytest.raises(InputError, match=said):
        open_reader(write(tmp_path / "leads.csv", content)).facts()


def test_every_mistake_of_a_header_is_told_at_once(tmp_path: Path) -> None:
    """Names used twice and columns without a name are listed together."""
    with pytest.raises(InputError) as caught:
        open_reader(write(tmp_path / "leads.csv", "a,b,,a,b,b,\n")).facts()
    assert ("column 3 has no name", "column 7 has no name", "'a' names 2 columns", "'b' names 3 columns") == (
        caught.value.problems
    )


def test_a_header_alone_has_no_parts(tmp_path: Path) -> None:
    """A file with a header and no rows has names, no rows and no parts."""
    reader = open_reader(write(tmp_path / "leads.csv", "id,name\n"))
    assert [] == list(reader.parts(10))
    assert (0, ("id", "name")) == (reader.facts().rows, reader.facts().names)


def test_only_wanted_columns_are_built(tmp_path: Path) -> None:
    """A projection gives the columns that are wanted and there, in the file's order."""
    reader = open_reader(write(tmp_path / "leads.csv", 'a,b,c,d\n1,2,3,4\n5,"6",7,8\n'))
    assert [{"b": "2", "d": "4"}, {"b": "6", "d": "8"}] == rows(reader, columns=["d", "b", "absent"])
    [part] = reader.parts(10, columns=[])
    assert (2, {}) == (len(part), part.columns)


def test_skipped_parts_leave_the_others_as_they_were(tmp_path: Path) -> None:
    """Parts that are skipped are not yielded; the numbers of the rest do not change."""
    reader = open_reader(write(tmp_path / "leads.csv", "id\n" + "".join(f"{i}\n" for i in range(1, 11))))
    parts = {part.number: list(part.rows) for part in reader.parts(3, skip={0, 2})}
    assert {1: [4, 5, 6], 3: [10]} == parts


def test_gzip_is_known_by_its_content(tmp_path: Path) -> None:
    """A gzip file is decompressed whatever its name, and a plain one read although it ends in .gz."""
    content = b"id,name\n1,a\n"
    for name, data in [("a.csv.gz", gzip.compress(content)), ("b.csv", gzip.compress(content)), ("c.csv.gz", content)]:
        reader = open_reader(write(tmp_path / name, data))
        assert [{"id": "1", "name": "a"}] == rows(reader)
        assert name[0] == only_part(reader).stem


def test_facts_need_no_second_pass(tmp_path: Path) -> None:
    """Once all parts were read, the facts are known although the file is gone."""
    path = tmp_path / "leads.csv"
    reader = open_reader(write(path, "id\n1\n2\n"))
    assert 2 == sum(len(part) for part in reader.parts(1))
    path.unlink()
    assert 2 == reader.facts().rows
