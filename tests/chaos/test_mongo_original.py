"""Killed at any moment, the original's call style leaves every record a current document."""

from __future__ import annotations

import random
import subprocess
import sys
import time
from typing import Any

import pytest
from pymongo import MongoClient
from tests.servers.mongo import Mongod

_RECORDS = 1500
_SCRIPT = f"""
import sys
from pymongo import MongoClient
from mlsm import Model, RunModelsAll
fit = Model("fit", {{"x": int}}, "1", lambda data, results: {{"score": data["x"]}}, "active")
records = [{{"id": n, "data": {{"fit": {{"1": {{"x": n}}}}}}}} for n in range({_RECORDS})]
with MongoClient(sys.argv[1]) as client:
    print("ready", flush=True)
    for _ in range(int(sys.argv[2])):
        RunModelsAll([fit], records, [], False, client.get_default_database(), "scores", "id")
"""


def start(url: str, times: int) -> subprocess.Popen[str]:
    """Store all records some times, in a process of its own; it is ready when this returns."""
    command = [sys.executable, "-c", _SCRIPT, url, str(times)]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
    assert process.stdout is not None
    assert "ready\n" == process.stdout.readline()
    return process


def numbers(url: str) -> dict[int, list[int]]:
    """Give the numbers of each record's documents, in order."""
    found: dict[int, list[int]] = {}
    with MongoClient[dict[str, Any]](url) as client:
        for document in client.get_default_database().scores.find({}, {"id": 1, "_current": 1}):
            found.setdefault(document["id"], []).append(document["_current"])
    return {record: sorted(own) for record, own in found.items()}


@pytest.mark.parametrize(
    ("kills", "seed"),
    [pytest.param(4, 1, id="4 kills"), pytest.param(50, 2, id="50 kills", marks=pytest.mark.chaos)],
)
@pytest.mark.timeout(900)
def test_no_record_is_without_a_current_document(kills: int, seed: int, mongo_standalone: Mongod) -> None:
    """After each kill all records that have documents have a current one; the next write numbers them anew."""
    draw = random.Random(seed)
    url = mongo_standalone.url()
    doubles = 0
    for number in range(kills):
        if number % 10 == 0:
            url = mongo_standalone.url()
        with start(url, 50) as process:
            time.sleep(draw.random() * 0.6)
            process.kill()
        found = numbers(url)
        assert all(own[0] == 0 for own in found.values())
        doubles += any(own != list(range(len(own))) for own in found.values())
        with start(url, 1) as process:
            process.communicate()
        found = numbers(url)
        assert _RECORDS == len(found)
        assert all(own == list(range(len(own))) for own in found.values())
    assert kills < 20 or doubles, "no kill fell between two writes"
