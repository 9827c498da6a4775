"""What goes wrong with MongoDB is told in a sentence with the way out, and never with a password."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
from bson.binary import Binary
from bson.int64 import Int64
from pymongo import MongoClient
from pymongo.errors import OperationFailure
from tests.servers.mongo import Mongod, free_port, running

from mlsm.errors import StoreAwayError, StoreError, StoreVersionError
from mlsm.stores import open_store
from mlsm.stores.mongo.failures import is_away
from mlsm.testing._stores.samples import begun, commit, plan_of, result


@pytest.fixture(scope="module")
def guarded() -> Iterator[Mongod]:
    """Run a server that asks for passwords, with a user who may write and one who may read."""
    with running(options=("--auth", "--setParameter", "enableTestCommands=1")) as server:
        with MongoClient[dict[str, Any]](server.url("admin")) as client:
            client.admin.command("createUser", "root", pwd="secret", roles=["root"])  # noqa: S106 - of the test
        with MongoClient[dict[str, Any]](server.url("admin", login="root:secret@")) as client:
            client.admin.command("createUser", "reader", pwd="secret", roles=["readAnyDatabase"])  # noqa: S106
        yield server


def refused(url: str, kind: type[StoreError], *told: str) -> None:
    """Assert that a run cannot be opened, and how that is told."""
    store = open_store(url, Path())
    try:
        with pytest.raises(kind) as caught:
            store.open_run(plan_of())
    finally:
        store.dispose()
    message = str(caught.value)
    assert [] == [text for text in (*told, "Hint: ") if text not in message]
    assert "secret" not in f"{message} {store.url} {store!r}"
    assert caught.value.__cause__ is None


def test_a_server_that_is_away_is_told_at_once() -> None:
    """Where no server answers at the start, nobody waits for it."""
    url = f"mongodb://ada:secret@127.0.0.1:{free_port()}/leads?serverSelectionTimeoutMS=200"
    refused(
        url,
        StoreAwayError,
        "Could not reach the store 'mongodb://ada@127.0.0.1",
        "no server answers there",
        "a run goes on with --resume",
    )


def test_another_replica_set_than_the_url_asks_for_is_told(mongo_standalone: Mongod, mongo_replica: Mongod) -> None:
    """A server that answers, but is not of the set that was asked for, is not told as one that is away."""
    stands_alone = "asks for the replica set 'rs0'; the server stands alone"
    not_of_it = "asks for the replica set 'rs0'; what answers there stands alone, or belongs to another set"
    of_another = "asks for the replica set 'rs0'; the server belongs to the set 'tests'"
    for url, told in (
        (f"{mongo_standalone.url()}&replicaSet=rs0", stands_alone),
        (mongo_standalone.url().replace("directConnection=true", "replicaSet=rs0"), not_of_it),
        (f"{mongo_replica.url()}&replicaSet=rs0", of_another),
    ):
        refused(f"{url}&serverSelectionTimeoutMS=100", StoreError, told, "Leave replicaSet out")


def test_a_replica_set_without_a_primary_is_told() -> None:
    """Servers that answer while none of them takes writes are not told as away."""
    with running(replica=True) as server:
        url = server.url().replace("directConnection=true", "replicaSet=tests&serverSelectionTimeoutMS=300")
        with MongoClient[dict[str, Any]](server.url("admin")) as client:
            client.admin.command("replSetStepDown", 60, force=True)
        refused(url, StoreAwayError, "that answer none is the primary", "Wait until the set has chosen one")


def test_a_wrong_password_is_told(guarded: Mongod) -> None:
    """A login that the server refuses is told as one."""
    url = guarded.url("leads", login="root:secret-not@") + "&authSource=admin"
    refused(url, StoreError, "does not accept the user or the password", "authSource")


def test_a_user_who_may_only_read_cannot_begin_a_run(guarded: Mongod) -> None:
    """Who may only read is told which right is missing; reading works."""
    url = guarded.url("leads", login="reader:secret@") + "&authSource=admin"
    refused(url, StoreError, "the user has no right to do this there", "readWrite")
    store = open_store(url, Path())
    assert ([], []) == (store.runs(), store.score("1"))
    store.dispose()


def test_a_full_disk_stops_a_write_and_what_was_committed_is_safe(guarded: Mongod) -> None:
    """The server's word that its disk is full becomes a sentence; the lane is written when there is room."""
    url = guarded.url("full", login="root:secret@") + "&authSource=admin"
    store = open_store(url, Path())
    run_id = begun(store, plan_of())
    commit(store, run_id, 0, [result("1", "fit@1")])
    full = {"failCommands": ["insert"], "errorCode": 14031}
    with MongoClient[dict[str, Any]](guarded.url("admin", login="root:secret@")) as client:
        client.admin.command("configureFailPoint", "failCommand", mode="alwaysOn", data=full)
        try:
            with pytest.raises(StoreError, match="is full"):
                commit(store, run_id, 1, [result("2", "fit@1")])
        finally:
            client.admin.command("configureFailPoint", "failCommand", mode="off")
    assert (1, []) == (store.run(run_id).parts_done, store.check())
    commit(store, run_id, 1, [result("2", "fit@1")])
    assert (2, []) == (store.run(run_id).parts_done, store.check())
    store.dispose()


def test_a_write_that_the_driver_numbered_is_asked_for_again(mongo_standalone: Mongod) -> None:
    """A standalone server refuses numbered writes; the driver makes one where a connection is lost in the making."""
    with MongoClient[dict[str, Any]](mongo_standalone.url()) as client:
        numbered: dict[str, Any] = {"lsid": {"id": Binary.from_uuid(uuid4())}, "txnNumber": Int64(1)}
        with pytest.raises(OperationFailure) as raised:
            client.get_default_database().command("insert", "leads", documents=[{"_id": 1}], **numbered)
    assert is_away(raised.value)


def test_a_newer_store_is_refused(mongo_standalone: Mongod) -> None:
    """A store of a later version is neither read nor written."""
    url = mongo_standalone.url()
    with MongoClient[dict[str, Any]](url) as client:
        client.get_default_database().mlsm_store.insert_one({"_id": "store", "version": 99})
    refused(url, StoreVersionError, "has version 99; this mlsm reads versions up to")
    store = open_store(url, Path())
    with pytest.raises(StoreVersionError):
        store.score("1")
    store.dispose()


def test_writes_that_nobody_answers_for_are_refused(mongo_standalone: Mongod) -> None:
    """With w=0 a lost write would not be known of; with more servers than there are none would succeed."""
    url = mongo_standalone.url()
    refused(f"{url}&w=0", StoreError, "with w=0 in its URL nobody would know of a lost write", "Leave w out")
    refused(f"{url}&w=2", StoreError, "fewer servers took the write than w in its URL asks for", "Leave w out")
    store = open_store(url, Path())
    assert [] == store.runs()
    store.dispose()


def test_what_a_write_decides_is_read_from_the_primary(mongo_replica: Mongod) -> None:
    """A secondary may lag behind, so a URL that prefers one is not followed: here there is none to read from."""
    prefers = mongo_replica.url().replace("directConnection=true", "replicaSet=tests&readPreference=secondary")
    store = open_store(prefers, Path())
    run_id = begun(store, plan_of())
    commit(store, run_id, 0, [result("1", "fit@1")])
    assert 1 == len(store.score("1"))
    store.dispose()


@pytest.mark.parametrize("place", ["host", "host/", "host/?w=1", "a:1,b:2/"])
def test_a_url_without_a_database_is_refused(place: str) -> None:
    """The database is named in the URL: there is none by default."""
    with pytest.raises(StoreError, match="names no database; expected one after the host") as caught:
        open_store(f"mongodb://ada:secret@{place}", Path())
    assert "secret" not in str(caught.value)


def test_a_name_that_no_database_may_have_is_refused(mongo_standalone: Mongod) -> None:
    """What may not be in a name is told; what the server would take, to its longest name, is taken."""
    for name, told in {
        "my leads": "has ' ' in it; expected none of / \\ . ",
        "leads.2026/now": "has '/', '.' in it",
        "ü" * 32: "has 64 bytes; expected at most 63",
    }.items():
        with pytest.raises(StoreError, match="The name of the database in the URL 'mongodb://127") as caught:
            open_store(mongo_standalone.url(name), Path())
        assert told in str(caught.value)
    store = open_store(mongo_standalone.url("ü" * 31 + "x"), Path())
    begun(store, plan_of())
    assert 1 == len(store.runs())
    store.dispose()


@pytest.mark.parametrize("login", ["ada:sec/ret@", "ada:sec?ret@", "ada:sec@ret@", ":secret@", "ada:secret/"])
def test_an_odd_password_is_not_shown(login: str) -> None:
    """Letters of a password that should have been escaped do not bring it to light."""
    try:
        store = open_store(f"mongodb://{login}host.example/leads", Path())
    except StoreError as error:
        told = str(error)
    else:
        told = f"{store.url} {store!r}"
    assert "ret" not in told


def test_an_unknown_option_is_refused_without_the_url(mongo_standalone: Mongod) -> None:
    """What the driver refuses of a URL is told without quoting it."""
    url = mongo_standalone.url(login="ada:secret@") + "&readPreference=secret"
    refused(url, StoreError, "the driver refuses its URL or one of its options")
