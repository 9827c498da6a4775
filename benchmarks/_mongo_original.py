"""Store records in the original's call style, in whatever mlsm is installed; tell the seconds of the second run."""

from __future__ import annotations

import sys
import time


def main(url, collection, records, models):  # type: ignore[no-untyped-def]  # runs in 0.0.4's environment too
    """Run twice over the same records: the first time has no documents to move on."""
    from pymongo import MongoClient

    from mlsm import Model, RunModelsAll

    def score(data, results):  # type: ignore[no-untyped-def]  # noqa: ARG001 - it is called with both
        return {"score": data["size"] / 10, "label": "A" if data["size"] > 50 else "B"}

    used = [Model(f"m{number}", {"size": int}, "1", score, "active") for number in range(models)]
    leads = [
        {"id": f"{number:06d}", "data": {f"m{model}": {"1": {"size": number % 100}} for model in range(models)}}
        for number in range(records)
    ]
    with MongoClient(url) as client:
        db = client.get_default_database()
        for _ in range(2):
            begin = time.perf_counter()
            RunModelsAll(used, leads, [], False, db, collection, "id")
            seconds = time.perf_counter() - begin
    print(seconds)


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2], int(sys.argv[3]), int(sys.argv[4]))
