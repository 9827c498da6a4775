"""Documents of a MongoDB collection are read as an input."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import datetime
from typing import Any
from uuid import UUID

import pytest
from bson import Decimal128, ObjectId
from pymongo import MongoClient
from tests.servers.mongo import Mongod, free_port

from mlsm.errors import InputError
from mlsm.readers.mongo import query_reader


@pytest.fixture
def url(mongo_standalone: Mongod) -> Iterator[str]:
    """Fill a collection."""
    found = mongo_standalone.url()
    with MongoClient[dict[str, Any]](found) as client:
        client.get_default_database().leads.insert_many(
            [
                {"_id": ObjectId(f"{number:024x}"), "size": number, "country": "DE" if number % 2 else "FR"}
                for number in range(1, 26)
            ]
        )
        yield found


def asked(**query: Any) -> str:
    """Write a query."""
    return json.dumps({"collection": "leads", **query})


def test_documents_come_part_by_part(url: str) -> None:
    """All documents come in the order of their `_id`, an ObjectId as its text, as often as asked."""
    reader = query_reader(url, asked())
    for _ in range(2):
        parts = list(reader.parts(10))
        assert [10, 10, 5] == [len(part) for part in parts]
        assert [f"{number:024x}" for number in range(1, 26)] == [one for p in parts for one in p.columns["_id"]]
    assert (25, ("_id", "size", "country")) == (reader.facts().rows, reader.facts().names)


def test_a_filter_chooses(url: str) -> None:
    """A filter is MongoDB's own, in Extended JSON."""
    reader = query_reader(url, asked(filter={"country": "DE", "_id": {"$gt": {"$oid": f"{9:024x}"}}}))
    (part,) = reader.parts(100)
    assert [11, 13, 15, 17, 19, 21, 23, 25] == part.columns["size"]


def test_what_json_lacks_becomes_text(url: str) -> None:
    """Times are ISO text in UTC, decimals their digits; what is nested stays."""
    with MongoClient[dict[str, Any]](url) as client:
        client.get_default_database().odd.insert_one(
            {"_id": 1, "at": datetime(2026, 1, 2, 3, 4, 5), "sum": Decimal128("1.50"), "in": {"list": [1, None]}}  # noqa: DTZ001 - the driver takes it for UTC
        )
    (part,) = query_reader(url, json.dumps({"collection": "odd"})).parts(10)
    assert {"_id": [1], "at": ["2026-01-02T03:04:05Z"], "sum": ["1.50"], "in": [{"list": [1, None]}]} == part.columns


def test_a_uuid_is_its_text(url: str) -> None:
    """A UUID comes as people write it, as an id, too."""
    own = UUID("00000000-0000-4000-8000-000000000042")
    with MongoClient[dict[str, Any]](url, uuidRepresentation="standard") as client:
        client.get_default_database().owned.insert_one({"_id": own, "owner": own})
    (part,) = query_reader(url, json.dumps({"collection": "owned"})).parts(10)
    assert {"_id": [str(own)], "owner": [str(own)]} == part.columns


def test_a_plan_knows_the_query_and_no_password(mongo_standalone: Mongod, url: str) -> None:
    """Two queries differ; the source is told without options and password."""
    one, other = query_reader(url, asked()), query_reader(url, asked(filter={"size": 1}))
    assert one.fingerprint() != other.fingerprint()
    assert url.partition("?")[0] + " leads" == one.source
    assert {"format": "query", "query": asked()} == one.options()


@pytest.mark.parametrize(
    ("query", "told"),
    [
        ("select", "is no JSON object"),
        ("{}", "names no collection"),
        ('{"collection": "leads", "filter": [1]}', "its filter is no JSON object"),
        ('{"collection": "leads", "filter": {"$nothing": 1}}', "Could not ask"),
        ('{"collection": "leads", "filter": {"at": {"$date": "soon"}}}', "cannot be read as Extended JSON"),
        ('{"collection": "leads", "filter": {"_id": {"$oid": "7"}}}', "cannot be read as Extended JSON"),
    ],
)
def test_a_query_that_means_nothing_is_refused(query: str, told: str, url: str) -> None:
    """What is wrong with a query is told with the way out."""
    with pytest.raises(InputError, match="Hint: ") as caught:
        query_reader(url, query)
    assert told in str(caught.value)


def test_a_database_that_cannot_be_asked_is_told_without_a_password() -> None:
    """A server that is away, or a URL without a database, is told; the password is not."""
    away = f"mongodb://ada:secret@127.0.0.1:{free_port()}/crm"
    for url, told in ((away, "no server answers there"), ("mongodb://ada:secret@host", "names no database")):
        with pytest.raises(InputError, match="Hint: ") as caught:
            query_reader(url, asked())
        assert told in str(caught.value)
        assert "secret" not in str(caught.value)
