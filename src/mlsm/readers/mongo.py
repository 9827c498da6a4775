"""Documents of a MongoDB collection as an input.

They flow into a temporary file that lasts as long as the reader, so that memory stays flat
and every pass sees the same ones.
"""

from __future__ import annotations

import re
import tempfile
from base64 import b64encode
from collections.abc import Iterator
from contextlib import contextmanager
from typing import IO, TYPE_CHECKING, Any

import msgspec

from mlsm.contracts import InputEntry
from mlsm.errors import InputError, MissingExtraError
from mlsm.readers.answered import QueryReader, room_for
from mlsm.readers.dialect import Dialect
from mlsm.readers.input_file import InputFile
from mlsm.readers.ndjson import reader as ndjson_reader

if TYPE_CHECKING:
    from pymongo import MongoClient

__all__ = ["connected", "original_documents", "query_reader"]

_STEM = "query"
_HINT = 'Write mongodb://user@host/database, --collection NAME and, to choose, --filter \'{"country": "DE"}\'.'


def query_reader(url: str, query: str) -> QueryReader:
    """Ask a collection, and read its documents; an ObjectId is its text, a time ISO text in UTC.

    Args:
        url: `mongodb://user@host/database`.
        query: a JSON object with `collection` and, where not all documents are wanted, a
            `filter` as MongoDB has it (in Extended JSON: `{"$date": "2026-01-01T00:00:00Z"}`).

    Raises:
        InputError: the server cannot be reached, or does not answer the query.
        MissingExtraError: the driver is not installed.
    """
    asked, database = _read(query), _database(url)
    source = f"{_shown(url)} {asked['collection']}"
    with room_for(source), connected(url) as client, tempfile.TemporaryFile(prefix="mlsm-") as spool:
        from pymongo.errors import PyMongoError

        condition = _condition(asked.get("filter", {}))
        try:
            _spool(client[database][asked["collection"]].find(condition).sort("_id", 1), spool)
        except PyMongoError as error:
            raise _refused(source, error) from None
        spool.seek(0)
        file = InputFile.spooled(spool, source=source, stem=_STEM)
    return QueryReader(source, query, ndjson_reader(file, Dialect()))


def connected(url: str) -> MongoClient[dict[str, Any]]:
    """Make the client of a database that is read.

    Raises:
        InputError: the URL names no database, or cannot be read.
        MissingExtraError: the driver is not installed.
    """
    _database(url)
    try:
        from pymongo import MongoClient
        from pymongo.errors import PyMongoError
        from pymongo.uri_parser import parse_uri
    except ImportError as error:
        raise MissingExtraError(
            "Reading from MongoDB needs 'pymongo', which is not installed.",
            hint="Install it with: pip install 'mlsm[mongo]'",
        ) from error
    try:
        # This refuses an option that cannot be read, which the client would leave out with a warning.
        told = {} if url.lower().startswith("mongodb+srv:") else parse_uri(url)["options"]
        usual: dict[str, Any] = {} if "serverSelectionTimeoutMS" in told else {"serverSelectionTimeoutMS": 5000}
        if "uuidrepresentation" not in url.lower():
            usual["uuidRepresentation"] = "standard"  # a UUID is its text, as an id, too
        return MongoClient(url, appname="mlsm", tz_aware=True, **usual)
    except (OSError, PyMongoError, TypeError, ValueError) as error:
        raise _refused(_shown(url), error) from None


@contextmanager
def original_documents(url: str, collection: str, field: str) -> Iterator[tuple[InputEntry, Iterator[dict[str, Any]]]]:
    """Read what the original's call style wrote, oldest first; give also what tells this state of it.

    Args:
        url: `mongodb://user@host/database`.
        collection: its name there.
        field: the identifier of a record.

    Raises:
        InputError: the server cannot be reached, or there is no such document.
    """
    source = f"{_shown(url)} {collection}"
    with connected(url) as client:
        from pymongo.errors import PyMongoError

        try:
            documents = client[_database(url)][collection]
            condition = {field: {"$exists": True}, "_current": {"$exists": True}}
            count = documents.count_documents(condition)
            newest = documents.find_one(condition, {"_id": 1}, sort=[("_timestamp", -1), ("_id", -1)])
            if newest is None:
                raise InputError(
                    f"{source!r} holds no document of the original's with the field {field!r}.",
                    hint="Check the names of the collection and of the identifier (dbIdentifier).",
                )
            told = f"{count} up to {newest['_id']}"
            entry = InputEntry(
                source=source, fingerprint=told, options={"format": "original", "field": field}, parts=(count,)
            )
            order = [("_timestamp", 1), ("_current", -1), ("_id", 1)]
            yield entry, iter(documents.find(condition).sort(order).allow_disk_use(True))
        except PyMongoError as error:
            raise _refused(source, error) from None


def _condition(told: dict[str, Any]) -> dict[str, Any]:
    """Read a filter in Extended JSON, whose values may be no dates or ids after all."""
    from bson import json_util
    from bson.errors import BSONError

    text = msgspec.json.encode(told).decode()
    try:
        condition: dict[str, Any] = json_util.loads(text)
    except (BSONError, TypeError, ValueError) as error:
        raise InputError(f"The filter {text} cannot be read as Extended JSON: {error}.", hint=_HINT) from error
    return condition


def _spool(documents: Any, spool: IO[bytes]) -> None:
    encode = msgspec.json.Encoder(enc_hook=_as_text).encode
    for document in documents:
        spool.write(encode(document) + b"\n")


def _as_text(value: object) -> str:
    return b64encode(value).decode() if isinstance(value, bytes) else str(value)


def _read(query: str) -> dict[str, Any]:
    try:
        asked = msgspec.json.decode(query, type=dict[str, Any])
    except msgspec.DecodeError as error:
        raise InputError(f"The query {query!r} is no JSON object: {error}.", hint=_HINT) from error
    named = asked.get("collection")
    if not isinstance(named, str) or not named or not isinstance(asked.get("filter", {}), dict):
        raise InputError(
            f"The query {query!r} names no collection, or its filter is no JSON object.",
            hint=_HINT,
        )
    return asked


def _database(url: str) -> str:
    name = url.partition("://")[2].rpartition("@")[2].partition("?")[0].partition("/")[2]
    if not name:
        raise InputError(f"{_shown(url)!r} names no database; expected one after the host.", hint=_HINT)
    return name


def _refused(source: str, error: Exception) -> InputError:
    if isinstance(error, OSError) or "private key" in str(error).lower():
        return InputError(
            f"Could not ask {source!r}: a file that its URL names cannot be read, or holds no certificate.",
            hint="Check tlsCAFile and tlsCertificateKeyFile in the URL.",
        )
    code = getattr(error, "code", None)
    # The driver's texts may quote the URL.
    told = f"MongoDB says: {type(error).__name__}" + ("" if code is None else f", code {code}")
    if code in {13, 18}:
        told = "the server does not accept the user, the password or the right to read"
    elif "ServerSelection" in type(error).__name__:
        refused = re.search(r"certificate verify failed: ([^(]+?) *\(", str(error))
        told = f"the server's certificate is not accepted ({refused[1]})" if refused else "no server answers there"
    return InputError(f"Could not ask {source!r}: {told}.", hint=f"Check the URL, the filter and the server. {_HINT}")


def _shown(url: str) -> str:
    """Leave password and options out of a URL: whatever stands before the last @ may be a password."""
    scheme, _, rest = url.partition("://")
    login, at, place = rest.rpartition("@")
    return f"{scheme}://{login.partition(':')[0]}{at}{place.partition('?')[0]}"
