"""One model of each kind of badness, which shows at one record and nowhere else, beside two good ones."""

from __future__ import annotations

import ctypes
import json
import locale
import os
import random
import subprocess
import sys
import threading
import time
from typing import Any

import mlsm

BAD = 1_503
"""The record at which they are bad."""

LIMITS: dict[str, Any] = {"isolation": "process", "timeout": (1.0, 20.0), "memory": "400MB"}
PATIENT: dict[str, Any] = LIMITS | {"timeout": (30.0, 60.0)}
"""For those whose fate must not depend on how busy the machine is."""


@mlsm.model(version="1", status="active")
def first(x: int) -> Any:
    return {"score": random.Random(x).random(), "label": json.dumps([x % 3])}


@mlsm.model(version="1", status="active")
def second(x: int) -> float:
    return x / 7 + len(os.environ.get("LC_ALL", "")) * 0


@mlsm.model(version="1", **LIMITS)
def raises(x: int) -> float:
    if x == BAD:
        raise ValueError("bad")
    return x / 10


@mlsm.model(version="1", **LIMITS)
def raises_exit(x: int) -> float:
    if x == BAD:
        raise SystemExit(7)
    return x / 10


@mlsm.model(version="1", **LIMITS)
def raises_interrupt(x: int) -> float:
    if x == BAD:
        raise KeyboardInterrupt
    return x / 10


@mlsm.model(version="1", **PATIENT)
def exits(x: int) -> float:
    if x == BAD:
        os._exit(3)
    return x / 10


@mlsm.model(version="1", **PATIENT)
def segfaults(x: int) -> float:
    if x == BAD:
        ctypes.string_at(0)
    return x / 10


@mlsm.model(version="1", **LIMITS)
def loops(x: int) -> float:
    while x == BAD:
        pass
    return x / 10


@mlsm.model(version="1", **LIMITS)
def sleeps(x: int) -> float:
    if x == BAD:
        time.sleep(10_000)
    return x / 10


@mlsm.model(version="1", **LIMITS)
def deadlocks(x: int) -> float:
    if x == BAD:
        lock = threading.Lock()
        lock.acquire()
        lock.acquire()
    return x / 10


@mlsm.model(version="1", **LIMITS)
def recurses(x: int) -> float:
    if x == BAD:
        return recurses.fcn(x)  # type: ignore[no-any-return]  # it never does
    return x / 10


@mlsm.model(version="1", **PATIENT)
def allocates(x: int) -> float:
    held = []
    while x == BAD:
        held.append(bytearray(10_000_000))
        held[-1][::4096] = b"x" * len(held[-1][::4096])
    return x / 10


@mlsm.model(version="1", isolation="process", timeout=(50, 60))
def prints(x: int) -> float:
    if x == BAD:
        for _ in range(1_000):
            sys.stdout.write("y" * 1_000_000 + "\n")
    return x / 10


@mlsm.model(version="1", **PATIENT)
def closes(x: int) -> float:
    if x == BAD:
        os.closerange(0, 4096)
    return x / 10


@mlsm.model(version="1", **LIMITS)
def changes_the_world(x: int) -> float:
    if x == BAD:
        os.environ.clear()
        os.environ["LC_ALL"] = "tr_TR"
        locale.setlocale(locale.LC_ALL, "C")
        random.seed(1)
        if "numpy" in sys.modules:
            sys.modules["numpy"].random.seed(1)
        sys.path.clear()
    return x / 10


@mlsm.model(version="1", **LIMITS)
def patches(x: int) -> float:
    if x == BAD:
        json.dumps = lambda *_, **__: "patched"
    return x / 10


@mlsm.model(version="1", fields={"x": int, "tags": list[int]}, **LIMITS)
def mutates(x: int, tags: list[int]) -> float:
    tags.append(x)
    tags.clear()
    return x / 10


@mlsm.model(version="1", **LIMITS)
def leaves_children(x: int) -> float:
    if x == BAD:
        subprocess.Popen(["sleep", "1000"], start_new_session=True)
        threading.Thread(target=time.sleep, args=(1_000,)).start()
        if os.fork() == 0:
            os.setsid()
            time.sleep(1_000)
    return x / 10


@mlsm.model(version="1", **LIMITS)
def nan(x: int) -> float:
    return float("nan") if x == BAD else x / 10


@mlsm.model(version="1", batch=True, fields={"x": int}, **LIMITS)
def wrong_length(rows: Any) -> Any:
    answers = [x / 10 for x in rows["x"].to_list()]
    return answers + [0.0] * (rows["x"] == BAD).sum()


@mlsm.model(version="1", **LIMITS)
def long_text(x: int) -> Any:
    return {"score": x / 10, "label": "y" * 100_000_000} if x == BAD else x / 10


class _Raises:
    def __getattribute__(self, name: str) -> Any:
        raise RuntimeError("not to be read")


@mlsm.model(version="1", **LIMITS)
def unreadable(x: int) -> Any:
    return _Raises() if x == BAD else x / 10


@mlsm.model(version="1", **LIMITS)
def good_too(x: int) -> float:
    return x / 10


OUTCOMES = {
    raises: "error",
    raises_exit: "error",
    raises_interrupt: "error",
    exits: "crashed",
    segfaults: "crashed",
    loops: "timeout",
    sleeps: "timeout",
    deadlocks: "timeout",
    recurses: "error",
    allocates: "crashed",
    prints: "ok",
    closes: "crashed",
    changes_the_world: "ok",
    patches: "ok",
    mutates: "ok",
    leaves_children: "ok",
    nan: "error",
    wrong_length: "error",
    long_text: "ok",
    unreadable: "error",
}
"""What becomes of the record at which each is bad."""
