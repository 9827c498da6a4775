"""Lanes as they were written, for another store."""

from __future__ import annotations

from collections.abc import Iterator

import polars as pl

from mlsm.contracts import Reject, StoredLane
from mlsm.stores._blocks import unblocked
from mlsm.stores._lanes import lane_batch
from mlsm.stores.mongo.connection import Server
from mlsm.stores.mongo.frames import long_frame
from mlsm.stores.mongo.listing import lane_documents
from mlsm.stores.mongo.notes import greatest_seq, of_write, read_note

__all__ = ["list_lanes"]


def list_lanes(server: Server) -> Iterator[StoredLane]:
    """Yield every committed lane, by seq."""
    for seq in range(1, greatest_seq(server) + 1):
        for document in server.find("mlsm_lanes", {"_id": seq}):
            note = read_note(document)
            condition = of_write(note.write)
            blocks = server.find("mlsm_inputs", condition, sort=[("_id", 1)]) if note.first else []
            rejects = server.find("mlsm_rejects", condition, sort=[("_id", 1)]) if note.first else []
            frames = [unblocked(block.get("block")) for block in blocks]
            yield StoredLane(
                run_id=note.run_id,
                seq=note.seq,
                part=note.part,
                lane=note.lane,
                batch=lane_batch(
                    long_frame(lane_documents(server, note), {note.write: note}),
                    part=note.part,
                    as_of=note.as_of,
                    scored_at=note.scored_at,
                    inputs=pl.concat(frames) if frames else None,
                ),
                rejects=tuple(Reject(**{k: v for k, v in one.items() if k != "_id"}) for one in rejects),
            )
