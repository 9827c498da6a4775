"""Whatever is wrong with a server: a sentence that says what to do, exit code 1, no traceback, nothing half written."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from pymongo import MongoClient
from tests.servers.mongo import Mongod, free_port, running
from tests.servers.postgres import PostgresServer

SECRET = "open-sesame"  # noqa: S105 - a made-up one


@pytest.fixture(scope="module")
def guarded() -> Iterator[Mongod]:
    """Run a MongoDB server that asks for passwords, with a user who may only read."""
    with running(options=("--auth",)) as server:
        with MongoClient[dict[str, Any]](server.url("admin")) as client:
            client.admin.command("createUser", "root", pwd=SECRET, roles=["root"])
        with MongoClient[dict[str, Any]](server.url("admin", login=f"root:{SECRET}@")) as client:
            client.admin.command("createUser", "reader", pwd=SECRET, roles=["readAnyDatabase"])
        yield server


def postgres_url(trouble: str, server: PostgresServer) -> str:
    """Make a store in PostgreSQL that cannot be used."""
    url = server.url()
    schema = url.rpartition("schema=")[2]
    if trouble == "away":
        return f"postgresql://ada:{SECRET}@127.0.0.1:{free_port()}/leads"
    if trouble == "wrong password":
        server.ask("DO $$ BEGIN CREATE ROLE eve LOGIN PASSWORD 'another'; EXCEPTION WHEN duplicate_object THEN END $$")
        server.admit("local all eve scram-sha-256")
        return url.replace("//postgres:@", f"//eve:{SECRET}@")
    if trouble == "database missing":
        return url.replace("/postgres?", "/nowhere?")
    if trouble == "newer":
        server.ask(f"CREATE SCHEMA {schema}")
        server.ask(f"CREATE TABLE {schema}.store_version AS SELECT 1 AS one, 99 AS version")
        return url
    assert trouble == "read-only"
    return f"{url}&options=-c%20default_transaction_read_only%3Don"


def mongo_url(trouble: str, server: Mongod) -> str:
    """Make a store in MongoDB that cannot be used."""
    if trouble == "away":
        return f"mongodb://ada:{SECRET}@127.0.0.1:{free_port()}/leads?serverSelectionTimeoutMS=200"
    if trouble == "wrong password":
        return server.url("leads", login=f"root:not-{SECRET}@") + "&authSource=admin"
    if trouble == "newer":
        url = server.url("newer", login=f"root:{SECRET}@") + "&authSource=admin"
        with MongoClient[dict[str, Any]](url) as client:
            client.get_default_database().mlsm_store.replace_one(
                {"_id": "store"}, {"_id": "store", "version": 99}, upsert=True
            )
        return url
    assert trouble == "read-only"
    return server.url("leads", login=f"reader:{SECRET}@") + "&authSource=admin"


TOLD = {
    "away": ("Could not reach the store", "server"),
    "wrong password": ("does not accept", "Check"),
    "database missing": ("the server has no such database", "createdb"),
    "newer": ("has version 99; this mlsm reads versions up to", "Install the mlsm that wrote it"),
    "read-only": ("Could not", "rite"),  # "takes writes", "readWrite"
}


@pytest.mark.parametrize("trouble", TOLD)
def test_postgres_that_cannot_be_used_is_told(trouble: str, scored: Any, postgres: PostgresServer) -> None:
    """Scoring into PostgreSQL ends with 1 and a way out; the password is nowhere."""
    check_told(scored, postgres_url(trouble, postgres), TOLD[trouble])


@pytest.mark.parametrize("trouble", [trouble for trouble in TOLD if trouble != "database missing"])
def test_mongodb_that_cannot_be_used_is_told(trouble: str, scored: Any, guarded: Mongod) -> None:
    """Scoring into MongoDB, which makes a database when it is written to, ends with 1 and a way out."""
    check_told(scored, mongo_url(trouble, guarded), TOLD[trouble])


def check_told(scored: Any, url: str, told: tuple[str, ...]) -> None:
    """Assert how a run ends whose store cannot be used."""
    out = Path(scored.folder) / "out.csv"
    done = scored.here("score", "second.csv", "--store", url, "--out", str(out))
    assert (1, "", False) == (done.returncode, done.stdout, out.exists())
    assert [] == [text for text in (*told, "\nHint: ") if text not in done.stderr], done.stderr
    assert ("Traceback" in done.stderr, SECRET in done.stderr) == (False, False)
    logs = [file for file in (scored.folder / ".mlsm").rglob("*") if file.is_file()]
    assert not any(SECRET.encode() in file.read_bytes() for file in logs)
