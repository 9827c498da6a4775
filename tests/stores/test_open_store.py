"""A store is chosen by its URL."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from mlsm.errors import StoreError
from mlsm.stores import SCHEMES, open_store
from mlsm.stores.memory import MemoryStore
from mlsm.stores.sqlite import SqliteStore


@pytest.mark.parametrize(
    ("url", "path"),
    [
        ("sqlite:///leads.db", "/home/ada/leads.db"),
        ("sqlite:///data/leads", "/home/ada/data/leads"),
        ("sqlite:////var/lib/leads.db", "/var/lib/leads.db"),
        ("SQLite:///leads.db", "/home/ada/leads.db"),
        ("leads.db", "/home/ada/leads.db"),
        ("data/leads.db", "/home/ada/data/leads.db"),
        ("/var/lib/leads.db", "/var/lib/leads.db"),
        ("sqlite:///what?a%20name#1.db", "/home/ada/what?a%20name#1.db"),
    ],
)
def test_url_names_a_file(url: str, path: str) -> None:
    """Three slashes begin a path from the folder, four an absolute one; a path that ends in .db will do."""
    store = open_store(url, Path("/home/ada"))
    assert isinstance(store, SqliteStore)
    assert Path(path) == store.path


def test_path_becomes_a_url() -> None:
    """A store that was opened by a path tells its URL, by which it can be opened again."""
    for path in ("leads.db", "/var/lib/leads.db"):
        store = open_store(path, Path("/home/ada"))
        again = open_store(store.url, Path("/home/ada"))
        assert isinstance(store, SqliteStore)
        assert isinstance(again, SqliteStore)
        assert (store.url, store.path) == (again.url, again.path)


def test_memory_is_a_store_of_its_own() -> None:
    """Every opening of `memory:` gives another empty store."""
    first, second = open_store("memory:", Path()), open_store("memory:", Path())
    assert isinstance(first, MemoryStore)
    assert first is not second


@pytest.mark.parametrize("url", ["oracle://scott:tiger@db/leads", "postgres"])
def test_unknown_scheme_is_refused(url: str) -> None:
    """What is no store is refused with what there is, and without a password."""
    with pytest.raises(StoreError) as caught:
        open_store(url, Path())
    assert "sqlite:///leads.db" in str(caught.value)
    assert "tiger" not in str(caught.value)


def test_unknown_scheme_names_those_known() -> None:
    """The schemes that exist are in the message."""
    with pytest.raises(StoreError, match=re.escape(", ".join(map(repr, sorted(SCHEMES))))):
        open_store("oracle://db", Path())


@pytest.mark.parametrize(
    "url", ["sqlite:", "sqlite://", "sqlite:///", "sqlite:leads.db", "sqlite://leads.db", "memory:leads"]
)
def test_url_that_says_too_little_is_refused(url: str) -> None:
    """A URL that names no file, or memory with something behind it, is refused."""
    with pytest.raises(StoreError, match="expected"):
        open_store(url, Path())
