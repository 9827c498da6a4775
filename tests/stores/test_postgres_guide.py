"""The queries of the guide run on a store."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from tests.servers.postgres import PostgresServer

from mlsm.stores import open_store

GUIDE = Path(__file__).parents[2] / "docs" / "guides" / "postgresql.md"
QUERIES = re.findall(r"^    (SELECT .*?);$", GUIDE.read_text(encoding="utf-8"), re.DOTALL | re.MULTILINE)


def test_the_guide_has_queries() -> None:
    """The queries are found in the guide's text."""
    assert len(QUERIES) == 5


@pytest.mark.parametrize("query", QUERIES, ids=[f"query {number}" for number in range(1, len(QUERIES) + 1)])
def test_queries_of_the_guide_run(postgres: PostgresServer, query: str) -> None:
    """Each query of the guide is one that the views answer."""
    store = open_store(postgres.url(), Path())
    store.bury(store.tombstones())
    schema = store.url.rpartition("schema=")[2]
    store.dispose()
    columns = re.sub(r"\bmlsm\.", f"{schema}.", query)
    assert postgres.ask(columns).rstrip().endswith("(0 rows)")
