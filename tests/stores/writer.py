"""A process of its own that writes into a store: `writer.py STORE RUNS PARTS RECORDS [--resume] [--stop STEP]`.

It writes `ready` when it has opened its first run and goes on when a line comes in; then a
line a committed part. `--stop opened` or `--stop closed` ends it without a word at that step.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence
from pathlib import Path

from mlsm.contracts import RunPlan
from mlsm.stores.sqlite import SqliteStore
from mlsm.testing._stores.samples import commit, day, entry, plan_of, result

MODELS = (entry("fit@1"), entry("size@1"), entry("fit@2", "draft"))


def plan(run: int) -> RunPlan:
    """Give the plan of the n-th run of a process."""
    return plan_of(*MODELS, as_of=day(run % 20))


def write_part(store: SqliteStore, run_id: str, run: int, part: int, records: int) -> None:
    """Write one part: every process scores the same records, each in an order of its own."""
    ids = [str(part * records + row) for row in range(records)]
    scored = ids if os.getpid() % 2 else ids[::-1]
    results = [
        result(record, model.key, float(run * 1000 + int(record)), status=model.status)
        for record in scored
        for model in MODELS
    ]
    commit(store, run_id, part, results, as_of=day(run % 20))


def main(arguments: Sequence[str]) -> None:
    """Write runs one after another."""
    path, *counts = arguments[:4]
    runs, parts, records = (int(count) for count in counts)
    stop = arguments[arguments.index("--stop") + 1] if "--stop" in arguments else None
    store = SqliteStore(Path(path))
    for run in range(runs):
        opened = store.open_run(plan(run), resume="--resume" in arguments)
        if run == 0:
            sys.stdout.write("ready\n")
            sys.stdout.flush()
            sys.stdin.readline()
        if stop == "opened":
            os._exit(0)
        for part in range(parts):
            if not {(part, "active"), (part, "draft")} <= opened.done:
                write_part(store, opened.run_id, run, part, records)
                sys.stdout.write(f"{run} {part}\n")
                sys.stdout.flush()
        store.close_run(opened.run_id, state="finished", report={})
    if stop == "closed":
        os._exit(0)
    store.dispose()


if __name__ == "__main__":
    main(sys.argv[1:])
