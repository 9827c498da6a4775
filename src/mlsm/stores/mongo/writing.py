"""One lane of a part goes in: its documents first, its note last."""

from __future__ import annotations

from collections import deque
from collections.abc import Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from functools import partial

import msgspec
import polars as pl
from pymongo.errors import DuplicateKeyError

from mlsm._batch import Batch
from mlsm._collector import collector_paused
from mlsm._typing import Lane
from mlsm.contracts import Reject, RunPlan, Tombstones
from mlsm.errors import DigestChangedError, StoreError
from mlsm.stores._digests import refuse_changed_digests
from mlsm.stores._tombstones import without_forgotten
from mlsm.stores.mongo.connection import Server
from mlsm.stores.mongo.documents import counts_of, input_documents, reject_documents, result_documents
from mlsm.stores.mongo.forgetting import remove_from, tombstones
from mlsm.stores.mongo.notes import greatest_seq, of_write
from mlsm.stores.mongo.runs import active_digests, insert_next, plan_of
from mlsm.stores.mongo.schema import Db, Document
from mlsm.stores.mongo.settling import begin, end, purge, settle
from mlsm.stores.mongo.times import told

__all__ = ["Writer"]

_AT_ONCE = 5_000
"""Documents that are sent at once."""
_SENDERS = 2
"""Connections over which those of a large part go."""


@dataclass(slots=True)
class Writer:
    """Writes lanes, and remembers what never changes."""

    server: Server
    _plans: dict[str, RunPlan] = field(default_factory=dict)
    _digests: dict[str, str] = field(default_factory=dict)
    _rosters: dict[str, int] = field(default_factory=dict)

    def write(self, run_id: str, part: int, lane: Lane, batch: Batch, rejects: Sequence[Reject]) -> bool:
        """Store one lane; False where it is there already."""
        plan = self._plans.get(run_id) or plan_of(self.server, run_id)
        self._plans[run_id] = plan
        key: Document = {"run_id": run_id, "part": part, "lane": lane}
        there = {one["lane"] for one in self.server.find("mlsm_lanes", {"run_id": run_id, "part": part})}
        if lane in there:
            return False
        if batch.frame.get_column("record_id").is_duplicated().any():
            raise StoreError(f"Part {part} of run {run_id!r} has a record twice; each may come once in a part.")
        self._refuse_digests(plan, batch)
        bringing = _Bringing(batch, rejects, tombstones(self.server))
        roster = self._roster(bringing.batch)
        write, volume = begin(self.server, key, len(bringing.batch))
        told_once = {"volume": volume, **key, "purpose": plan.purpose, "roster": roster}
        shared = {**told_once, **told("as_of", batch.as_of)}
        self._bring(bringing, write, shared, first=not there)
        now = tombstones(self.server)
        if now.marks != bringing.stones.marks:
            bringing.leave_out(now, self.server, write)
        note = {**self._note(plan, bringing), **key, "purpose": plan.purpose, "roster": roster, "write": write}
        if not self._commit(note, plan, bringing.batch, first=not there):
            purge(self.server, write)
            end(self.server, write)
            return False
        now = tombstones(self.server)
        if now.marks != bringing.stones.marks:
            bringing.leave_out(now, self.server, write)
            settle(self.server, [write], "forget")
        end(self.server, write)
        return True

    def _bring(self, bringing: _Bringing, write: int, shared: Document, *, first: bool) -> None:
        with collector_paused():  # documents have no cycles, and are many
            self._bring_results(bringing, write, shared)
        if first:
            self.server.insert("mlsm_rejects", list(reject_documents(bringing.rejects, write)))
            if bringing.batch.inputs is not None:
                blocks = list(input_documents(bringing.batch.inputs, write))
                self.server.insert("mlsm_inputs", blocks)
                bringing.blocks = len(blocks)

    def _bring_results(self, bringing: _Bringing, write: int, shared: Document) -> None:
        batch, rows = bringing.by_id()
        if len(batch) <= _AT_ONCE:
            self.server.insert("mlsm_results", result_documents(batch, rows, write, shared))
            return
        whole = False
        while not whole:
            self._send(batch, rows, write, shared)
            # This is answered when it is on disk, and so then is all that the server had before. What it had
            # lost by then, killed and started again, is missing now, and sent again.
            self.server.update("mlsm_pending", {"_id": write}, {"$inc": {"sent": 1}})
            whole = self.server.count("mlsm_results", of_write(write)) >= len(batch)

    def _send(self, batch: Batch, rows: Sequence[int], write: int, shared: Document) -> None:
        """Make the next documents ready while the server takes the ones before, over two connections.

        Over one it would stand still while the driver encodes what comes next.
        """
        send = partial(self.server.insert, "mlsm_results", durable=False)
        with ThreadPoolExecutor(max_workers=_SENDERS) as pool:
            sent: deque[Future[None]] = deque()
            for start in range(0, len(batch), _AT_ONCE):
                some = batch.rows(start, _AT_ONCE)
                documents = result_documents(some, rows[start : start + _AT_ONCE], write, shared)
                if len(sent) == _SENDERS:
                    sent.popleft().result()
                sent.append(pool.submit(send, documents))
            for each in sent:
                each.result()

    def _note(self, plan: RunPlan, bringing: _Bringing) -> Document:
        batch = bringing.batch
        active = {model.key for model in batch.models if model.lane == "active"}
        models: list[Document] = []
        for model in batch.models:
            entry: Document = {"name": model.name, "version": model.version, "status": model.status}
            if model.given:
                entry["given"] = msgspec.json.encode(model.given).decode()
            models.append(entry)
        return {
            **told("as_of", batch.as_of),
            **told("scored_at", batch.scored_at),
            "models": models,
            "digests": [{"key": m.key, "digest": m.digest} for m in plan.models if m.key in active],
            "counts": counts_of(batch),
            "brought": len(bringing.whole),
            "records": len(batch),
            "pruned_records": 0,
            "pruned_rejects": 0,
            "turn": 0,
            "rejects": len(bringing.rejects),
            "input_blocks": bringing.blocks,
        }

    def _commit(self, note: Document, plan: RunPlan, batch: Batch, *, first: bool) -> bool:
        """Insert the note under the next seq; False where another has brought the lane."""
        wrote, key = note["write"], {name: note[name] for name in ("run_id", "part", "lane")}

        while True:
            seq = greatest_seq(self.server)
            for one in self.server.find("mlsm_lanes", key, shown={"write": 1}):
                # An answer may have been lost after the note went in.
                return bool(one["write"] == wrote)
            if first and self.server.find("mlsm_lanes", {"run_id": key["run_id"], "part": key["part"]}, limit=1):
                # The other lane came first meanwhile, and brought what a part has once.
                first = False
                purge(self.server, wrote, results=False)
            # Whoever commits between this look and the note has taken the seq that the note needs.
            self._refuse_digests(plan, batch, write=wrote)
            once = {} if first else {"rejects": 0, "input_blocks": 0}
            numbered = {**note, **once, "_id": seq + 1, "first": first}
            try:
                self.server.call(partial(_insert, note=numbered))
            except DuplicateKeyError:
                continue
            self._digests |= {one["key"]: one["digest"] for one in note["digests"]}
            return True

    def _refuse_digests(self, plan: RunPlan, batch: Batch, *, write: int | None = None) -> None:
        active = {model.key for model in batch.models if model.lane == "active"}
        entries = [entry for entry in plan.models if entry.key in active]
        unknown = [entry for entry in entries if entry.key not in self._digests]
        if unknown:
            self._digests |= active_digests(self.server, unknown)
        try:
            refuse_changed_digests(self._digests, entries)
        except DigestChangedError:
            if write is not None:
                purge(self.server, write)
                end(self.server, write)
            raise

    def _roster(self, batch: Batch) -> int:
        """Give the number of a list of model versions with their statuses."""
        text = msgspec.json.encode([(model.name, model.version, model.status) for model in batch.models]).decode()
        if text not in self._rosters:
            models = [{"name": m.name, "version": m.version, "status": m.status} for m in batch.models]
            found = self.server.find("mlsm_rosters", {"text": text})
            roster = (
                found[0] if found else insert_next(self.server, "mlsm_rosters", "_id", {"text": text, "models": models})
            )
            self._rosters[text] = roster["_id"]
        return self._rosters[text]


class _Bringing:
    """What a write brings: the lane, without those who were forgotten."""

    def __init__(self, batch: Batch, rejects: Sequence[Reject], stones: Tombstones) -> None:
        self.whole = batch
        self.stones = stones
        self.blocks = 0
        self._all_rejects = rejects
        self.batch, self.rejects, _ = without_forgotten(batch, rejects, stones)

    def by_id(self) -> tuple[Batch, Sequence[int]]:
        """Give the records in the order in which the index takes them best, and the rows in which they came."""
        order = self.batch.frame.get_column("record_id").arg_sort()
        rows = pl.Series(self._rows(), dtype=pl.Int64).gather(order)
        return replace(self.batch, frame=self.batch.frame[order]), rows.to_list()

    def _rows(self) -> Sequence[int]:
        if len(self.batch) == len(self.whole):
            return range(len(self.whole))
        rows = {record: row for row, record in enumerate(self.whole.frame.get_column("record_id").to_list())}
        return [rows[record] for record in self.batch.frame.get_column("record_id").to_list()]

    def leave_out(self, stones: Tombstones, server: Server, write: int) -> None:
        """Leave out, and remove from what was brought, who was forgotten meanwhile."""
        new = replace(stones, marks=stones.marks - self.stones.marks)
        ids = [*self.whole.frame.get_column("record_id"), *(reject.record_id for reject in self._all_rejects)]
        if self.whole.inputs is not None:
            ids += self.whole.inputs.get_column("record_id").to_list()
        gone = [one for one, forgotten in zip(ids, new.among(ids), strict=True) if forgotten]
        remove_from(server, write, gone)
        self.stones = stones
        self.batch, self.rejects, _ = without_forgotten(self.whole, self._all_rejects, stones)


def _insert(db: Db, note: Document) -> None:
    db.mlsm_lanes.insert_one(note)
