"""Large parts go into MongoDB without a wait for each of its answers, and lose nothing for it."""

from __future__ import annotations

import random
import threading
import time
from typing import Any

import polars as pl
from tests.servers.mongo import running

from mlsm._batch import Batch
from mlsm.contracts import Selection
from mlsm.stores.mongo.address import read_address
from mlsm.stores.mongo.store import MongoStore
from mlsm.testing._stores.samples import begun, framed, plan_of

RECORDS, PARTS = 12_000, 4


def part(number: int) -> Batch:
    """Make a part that is sent in several pieces."""
    ids = [f"{number}-{row:05}" for row in range(RECORDS)]
    columns: dict[str, Any] = {"record_id": ids, "fit@1.outcome": [0] * RECORDS}
    scores = [float(number * RECORDS + row) for row in range(RECORDS)]
    frame = pl.DataFrame({**columns, "fit@1.score": scores}, schema_overrides={"fit@1.outcome": pl.UInt8})
    return framed(frame)


def test_a_server_killed_among_the_pieces_of_a_part_takes_nothing_away() -> None:
    """Killed again and again, late with its journal, the server has in the end all of every part that was told so."""
    draw = random.Random(3)
    with running(options=("--journalCommitInterval", "500")) as server:
        store = MongoStore(read_address(server.url("large")), patience=60)
        run_id = begun(store, plan_of())
        ended = threading.Event()

        def write() -> None:
            for number in range(PARTS):
                store.write(run_id, number, "active", part(number), [])
            ended.set()

        writing = threading.Thread(target=write)
        writing.start()
        kills = 0
        while kills < 4 and not ended.is_set():
            time.sleep(draw.random() * 0.5)
            server.kill()
            server.start()
            kills += 1
        writing.join(timeout=120)
        assert (True, []) == (ended.is_set(), store.check())
        stored = pl.concat(store.results(run_id, Selection()))
        assert [float(one) for one in range(PARTS * RECORDS)] == stored.get_column("score").to_list()
        store.dispose()
