"""The answer of a query is an input like a file: the same parts every time, and no password told."""

from __future__ import annotations

import sqlite3
import tempfile
from contextlib import closing
from pathlib import Path

import pytest
from tests.servers.disk import can_mount, small_disk

from mlsm.errors import InputError
from mlsm.readers import ask


@pytest.fixture
def database(tmp_path: Path) -> str:
    """Make a SQLite database of somebody else's leads, and give its URL."""
    path = tmp_path / "crm.db"
    with closing(sqlite3.connect(path)) as db:
        db.execute("CREATE TABLE leads (id, size, note)")
        db.executemany("INSERT INTO leads VALUES (?, ?, ?)", [(n, n / 2, None if n % 2 else b"x") for n in range(7)])
        db.commit()
    return f"sqlite:///{path}"


def test_parts_are_cut_from_the_answer_in_its_order(database: str) -> None:
    """An answer is read as often as asked, in the order of the query, and cut by row number."""
    reader = ask(database, "SELECT id, size FROM leads ORDER BY id DESC")
    for _ in range(2):
        assert [[6, 5, 4], [3, 2, 1], [0]] == [[*part.columns["id"]] for part in reader.parts(3)]
    assert (7, ("id", "size")) == (reader.facts().rows, reader.facts().names)


def test_an_answer_stays_while_the_database_changes(database: str) -> None:
    """What a database is told after the question is not in the answer."""
    reader = ask(database, "SELECT id FROM leads")
    with closing(sqlite3.connect(database.removeprefix("sqlite:///"))) as db:
        db.execute("DELETE FROM leads")
        db.commit()
    assert 7 == sum(map(len, reader.parts(3)))


def test_the_plan_knows_the_query_alone(database: str) -> None:
    """The fingerprint is that of the query, so that a run is taken up over other rows."""
    first, second = (ask(database, query) for query in ("SELECT id FROM leads WHERE id < 3", "SELECT id FROM leads"))
    assert first.fingerprint() != second.fingerprint()
    assert {"format": "query", "query": "SELECT id FROM leads WHERE id < 3"} == first.options()


@pytest.mark.skipif(not can_mount(), reason="This process may not mount a small disk.")
def test_a_full_disk_is_told(database: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Where the answer finds no room, the disk is named and how to choose another."""
    with small_disk("64k") as disk:
        monkeypatch.setattr(tempfile, "tempdir", str(disk.folder))
        with pytest.raises(InputError, match=r"the disk under '.*' is full(.|\n)*Hint: Free .* TMPDIR"):
            ask(database, "SELECT a.id, hex(zeroblob(9000)) FROM leads a, leads b")


def test_a_name_that_is_there_twice_is_refused(database: str) -> None:
    """Of two columns with one name neither is taken for the other."""
    with pytest.raises(InputError, match="gives 1 name to more than one column: 'id'"):
        ask(database, "SELECT id, size AS id FROM leads")


@pytest.mark.parametrize("query", ["DELETE FROM leads", "SELECT nothing FROM nowhere", "", "not SQL"])
def test_a_query_changes_nothing(database: str, query: str) -> None:
    """What is no SELECT is refused with a way out, and the rows are all there."""
    with pytest.raises(InputError, match="Hint"):
        ask(database, query)
    assert 7 == ask(database, "SELECT * FROM leads").facts().rows


@pytest.mark.parametrize(
    "url",
    [
        "postgresql://ada:top-secret@127.0.0.1:1/leads",
        "postgres://ada:top-secret/@127.0.0.1:1/leads?sslmode=disable",
        "postgresql://ada@127.0.0.1:1/leads?password=top-secret&connect_timeout=2",
        "oracle://ada:top-secret@db/leads",
        "sqlite:///top/no-secret.db",
    ],
)
def test_no_message_tells_a_password(url: str) -> None:
    """A database that is not there is told of without the password of its URL."""
    with pytest.raises(InputError) as caught:
        ask(url, "SELECT 1")
    assert "top-secret" not in str(caught.value)
    assert caught.value.__cause__ is None or "sqlite" in url
