"""However much a database answers, reading it takes no more memory."""

from __future__ import annotations

import json
import sqlite3
import subprocess
import sys
from contextlib import closing
from pathlib import Path
from typing import Any

from pymongo import MongoClient
from tests.servers.mongo import Mongod
from tests.servers.postgres import PostgresServer

FEW, MANY = 30_000, 150_000
READ = """
import resource, sys
from mlsm.readers import ask
rows = sum(len(part) for part in ask(sys.argv[1], sys.argv[2]).parts(5_000))
print(rows, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024)
"""


def taken(url: str, query: str, rows: int) -> int:
    """Give the megabytes that a process of its own takes to read so many rows."""
    done = subprocess.run([sys.executable, "-c", READ, url, query], check=True, capture_output=True, text=True)
    read, megabytes = map(int, done.stdout.split())
    assert rows == read
    return megabytes


def check_flat(url: str, few: str, many: str) -> None:
    """Assert that five times as much takes hardly more."""
    assert taken(url, many, MANY) < taken(url, few, FEW) + 60


def test_a_query_to_sqlite_takes_flat_memory(tmp_path: Path) -> None:
    """A hundred and fifty thousand rows of SQLite are never together in memory."""
    path = tmp_path / "leads.db"
    with closing(sqlite3.connect(path)) as db, db:
        db.execute("CREATE TABLE lead (id INTEGER, note TEXT)")
        db.executemany("INSERT INTO lead VALUES (?, hex(randomblob(500)))", ((number,) for number in range(MANY)))
    query = "select * from lead order by id"
    check_flat(f"sqlite:///{path}", f"{query} limit {FEW}", query)


def test_a_query_to_postgres_takes_flat_memory(postgres: PostgresServer) -> None:
    """A hundred and fifty thousand rows of PostgreSQL are never together in memory."""
    query = "select id::text as id, repeat(md5(id::text), 31) as note from generate_series(1, {}) as id"
    check_flat(postgres.url(), query.format(FEW), query.format(MANY))


def test_a_collection_of_mongodb_takes_flat_memory(mongo_standalone: Mongod) -> None:
    """A hundred and fifty thousand documents are never together in memory."""
    url = mongo_standalone.url()
    with MongoClient[dict[str, Any]](url) as client:
        leads = client.get_default_database().leads
        for start in range(0, MANY, 10_000):
            leads.insert_many({"_id": start + row, "note": f"{start + row:x}" * 200} for row in range(10_000))
    few = json.dumps({"collection": "leads", "filter": {"_id": {"$lt": FEW}}})
    check_flat(url, few, json.dumps({"collection": "leads"}))
