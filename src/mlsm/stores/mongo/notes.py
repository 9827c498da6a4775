"""The notes of committed lanes: which writes count, and what holds for all results of one."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

from mlsm._typing import Lane
from mlsm.stores.mongo.connection import Server
from mlsm.stores.mongo.schema import Document
from mlsm.stores.mongo.times import moment
from mlsm.stores.mongo.volumes import Volumes, volumes_of

__all__ = ["Note", "Notes", "Seat", "greatest_seq", "of_write", "read_note", "rosters", "seats_of"]

_MANY = 200_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Note:
    """A committed lane."""

    seq: int
    write: int
    run_id: str
    part: int
    lane: Lane
    first: bool
    purpose: str
    as_of: datetime
    scored_at: datetime
    given: tuple[str | None, ...]


@dataclass(frozen=True, slots=True)
class Seat:
    """A place in a roster: a model version under a status."""

    model: str
    version: str
    status: str


def read_note(document: Document) -> Note:
    """Make a note of its document."""
    return Note(
        seq=document["_id"],
        write=document["write"],
        run_id=document["run_id"],
        part=document["part"],
        lane=document["lane"],
        first=document["first"],
        purpose=document["purpose"],
        as_of=moment(document["as_of_us"]),
        scored_at=moment(document["scored_at_us"]),
        given=tuple(model.get("given") for model in document["models"]),
    )


class Notes:
    """Looks notes up by write, as of one moment: what is committed later is not there.

    Args:
        server: the store.
        upto: the greatest seq that counts; None for all.
        lasting: whether they are asked again and again: then a write that has no note now may have one later.
    """

    def __init__(self, server: Server, upto: int | None = None, *, lasting: bool = False) -> None:
        self._server = server
        self._upto = upto
        self._lasting = lasting
        self._known: dict[int, Note | None] = {}
        self._only: Document | None = None
        self._store: Document | None = None

    def among(self, writes: Iterable[int]) -> dict[int, Note]:
        """Give the notes of those writes that are committed."""
        if len(self._known) > _MANY:
            self._known = {}
        known, wanted = self._known, set(writes)
        asked = [write for write in wanted if write not in known]
        if asked:
            if not self._lasting:
                known.update(dict.fromkeys(asked))
            for document in self._server.find_among("mlsm_lanes", "write", asked):
                if self._upto is None or document["_id"] <= self._upto:
                    known[document["write"]] = read_note(document)
        return {write: note for write in wanted if (note := known.get(write)) is not None}

    def forget(self) -> None:
        """Look all up anew."""
        self._known = {}

    def volumes(self) -> Volumes:
        """Tell the volumes in which that lies which is committed."""
        return volumes_of(self._counters())

    def only_committed(self) -> Document:
        """Write the condition on `_id`s that leaves out writes under way, as far as they are known.

        Who asks with it looks the notes up besides: a write may begin or end at any time.
        """
        if self._only is None:
            last = self._counters().get("writes", 0)
            pending = self._server.find("mlsm_pending", {"run_id": {"$exists": True}}, shown={"_id": 1})
            told = self.among({one["_id"] for one in pending})
            self._only = {"_id": {"$lt": {"write": last + 1, "row": 0}}}
            broken_off = [of_write(one["_id"]) for one in pending if one["_id"] not in told]
            if broken_off:
                self._only["$nor"] = broken_off
        return self._only

    def _counters(self) -> Document:
        if self._store is None:
            found = self._server.find("mlsm_store", {"_id": "store"})
            self._store = found[0] if found else {}
        return self._store


def greatest_seq(server: Server, run_id: str | None = None) -> int:
    """Give the greatest seq (of a run), 0 where nothing is committed."""
    condition = {} if run_id is None else {"run_id": run_id}
    found = server.find("mlsm_lanes", condition, sort=[("_id", -1)], limit=1, shown={"_id": 1})
    return int(found[0]["_id"]) if found else 0


def of_write(write: int) -> Document:
    """Write the condition on the `_id`s of one write."""
    return {"_id": {"$gte": {"write": write, "row": 0}, "$lt": {"write": write + 1, "row": 0}}}


def rosters(server: Server) -> dict[int, tuple[Seat, ...]]:
    """Read all lists of model versions with their statuses."""
    return {
        document["_id"]: tuple(Seat(model["name"], model["version"], model["status"]) for model in document["models"])
        for document in server.find("mlsm_rosters", {})
    }


def seats_of(results: Sequence[Document]) -> tuple[Seat, ...]:
    """Give the roster of a document, whose results stand in its order."""
    return tuple(Seat(one["model"], one["version"], one["status"]) for one in results)
