"""The connection: made when first needed, and made again where it was lost."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterable, Sequence
from typing import Any, TypeVar

from pymongo import MongoClient, ReadPreference
from pymongo.errors import BulkWriteError, DuplicateKeyError, PyMongoError
from pymongo.uri_parser import parse_uri
from pymongo.write_concern import WriteConcern

from mlsm.stores.mongo.address import Address
from mlsm.stores.mongo.failures import is_away, only_duplicates, refused_file, refused_url, translation, unanswered
from mlsm.stores.mongo.schema import Db, Document, prepare, version

__all__ = ["Server"]

_T = TypeVar("_T")
_FIRST_PAUSE, _LONGEST_PAUSE = 0.05, 2.0
_CUT_OFF_MOST = 60
"""How often in a row the connection may be lost on the way before the server counts as away."""
_OPTIONS: dict[str, Any] = {
    "appname": "mlsm",
    "connectTimeoutMS": 5000,
    "retryReads": True,
    "serverSelectionTimeoutMS": 5000,
}


class Server:
    """Asks the database, again and again while the connection is lost, and says what went wrong.

    What is asked must do no harm when it is done twice: an answer may be lost on its way.

    Args:
        address: where it is.
        patience: seconds for which a lost server is waited for.
    """

    def __init__(self, address: Address, *, patience: float) -> None:
        self.url = address.url
        self._address = address
        self._patience = patience
        self._lock = threading.Lock()
        self._client: MongoClient[Document] | None = None
        self._reached = False
        self._prepared = False
        self._looked = False
        self._concern: WriteConcern | None = None

    def call(self, ask: Callable[[Db], _T]) -> _T:
        """Ask once; where the connection is lost, again after a pause that grows."""
        pause, cut_off = _FIRST_PAUSE, 0
        until: float | None = None
        while True:
            try:
                db = self._database()
                if not self._looked:
                    self._concern = _durable(db, self.url)
                    db = self._database()
                    version(db, self.url)
                    self._looked = self._reached = True
                answer = ask(db)
                self._reached = True
            except DuplicateKeyError:
                raise
            except PyMongoError as error:
                if is_away(error) and cut_off < _CUT_OFF_MOST and self._answers():
                    # The connection was lost on the way, the server is there: that is not to be away.
                    until, pause, cut_off = None, _FIRST_PAUSE, cut_off + 1
                # One that was never reached is away at the start: nobody should wait for it.
                until = until or time.monotonic() + (self._patience if self._reached else 0.0)
                if not is_away(error) or time.monotonic() + pause > until:
                    told = translation(error, self.url, reached=self._reached)
                    self._reached = self._reached and not is_away(error)  # one that stayed away is not waited for again
                    raise told from None
                time.sleep(pause)
                pause = min(2 * pause, _LONGEST_PAUSE)
            else:
                return answer

    def prepare(self) -> None:
        """Make the store where there is none, or bring it to the newest version."""
        if not self._prepared:
            self.call(lambda db: prepare(db, self.url))
            self._prepared = True

    def find(self, collection: str, condition: Document, *, sort: Any = None, limit: int = 0, **shown: Any) -> Any:
        """Find some documents; all are gathered, so that a lost connection is no trouble."""
        projection, skip = shown.get("shown"), shown.get("skip", 0)
        return self.call(lambda db: list(db[collection].find(condition, projection, sort=sort, limit=limit, skip=skip)))

    def find_among(
        self, collection: str, key: str, values: Iterable[Any], *, shown: Document | None = None, at_a_time: int = 4096
    ) -> list[Document]:
        """Find the documents that have one of some values."""
        wanted = list(values)
        found: list[Document] = []
        for start in range(0, len(wanted), at_a_time):
            condition = {key: {"$in": wanted[start : start + at_a_time]}}
            found += self.find(collection, condition, shown=shown)
        return found

    def insert(self, collection: str, documents: Sequence[Document], *, durable: bool = True) -> None:
        """Insert documents with an `_id`, in no order; those that an earlier try brought are left.

        Args:
            collection: where they go.
            documents: what goes in.
            durable: whether to wait until they are on disk; if not, a server that is killed may lose some.
        """

        def ask(db: Db) -> None:
            into = db[collection]
            if not durable and self._concern is not None:
                into = into.with_options(write_concern=WriteConcern(1))
            try:
                into.insert_many(documents, ordered=False)
            except BulkWriteError as error:
                if not only_duplicates(error):
                    raise

        if documents:
            self.call(ask)

    def delete(self, collection: str, condition: Document) -> None:
        """Delete the documents that meet a condition."""
        self.call(lambda db: db[collection].delete_many(condition))

    def delete_among(self, collection: str, values: Sequence[Any]) -> None:
        """Delete the documents with some `_id`s."""
        for start in range(0, len(values), 4096):
            self.delete(collection, {"_id": {"$in": list(values[start : start + 4096])}})

    def update(self, collection: str, condition: Document, change: Document) -> bool:
        """Change one document that meets a condition; tell whether there was one."""
        return self.call(lambda db: db[collection].update_one(condition, change).matched_count > 0)

    def count(self, collection: str, condition: Document) -> int:
        """Count the documents that meet a condition."""
        return self.call(lambda db: db[collection].count_documents(condition))

    def aggregate(self, collection: str, pipeline: Sequence[Document], **options: Any) -> list[Document]:
        """Gather what a pipeline gives."""
        return self.call(lambda db: list(db[collection].aggregate(list(pipeline), allowDiskUse=True, **options)))

    def used_bytes(self) -> int:
        """Give the bytes that the documents and indexes of the store take."""

        def ask(db: Db) -> int:
            sizes = 0
            for name in db.list_collection_names(filter={"name": {"$regex": "^mlsm_"}}):
                told = db.command("collStats", name)
                sizes += int(told["size"]) + int(told["totalIndexSize"])
            return sizes

        return self.call(ask)

    def dispose(self) -> None:
        """Close the connection; a later call makes a new one."""
        with self._lock:
            if self._client is not None:
                self._client.close()
                self._client = None

    def _answers(self) -> bool:
        """Tell whether a server that was reached before is there."""
        if not self._reached:
            return False
        try:
            self._database().client.admin.command("ping")
        except PyMongoError:
            return False
        return True

    def _database(self) -> Db:
        with self._lock:
            if self._client is None:
                try:
                    self._client = _connected(self._address.secret)
                except (TypeError, ValueError):
                    raise refused_url(self.url) from None
                except OSError:
                    raise refused_file(self.url) from None
            # What a write decides (the next seq, who was forgotten) a secondary may not know yet.
            return self._client.get_database(
                self._address.database, write_concern=self._concern, read_preference=ReadPreference.PRIMARY
            )


def _durable(db: Db, url: str) -> WriteConcern | None:
    """Choose how writes are answered: when they are on disk, of a replica set on that of most members.

    A standalone server would understand "majority" too, and take ten times as long over it.
    """
    told = db.client.write_concern.document
    if told.get("w") == 0:
        raise unanswered(url)
    if told:
        return None  # The URL says how.
    hello = db.client.admin.command("hello")
    alone = "setName" not in hello and hello.get("msg") != "isdbgrid"
    return WriteConcern(1, j=True) if alone else WriteConcern("majority", j=True)


def _connected(url: str) -> MongoClient[Document]:
    # What the URL says comes before what is usual here; that of a +srv is known only when it is looked up.
    told = {} if url.lower().startswith("mongodb+srv:") else parse_uri(url)["options"]
    named = {name.lower() for name in told}
    return MongoClient(url, **{name: value for name, value in _OPTIONS.items() if name.lower() not in named})
