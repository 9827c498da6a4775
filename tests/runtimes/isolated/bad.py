"""Models that end their process, hang, or fail, each at records of its own."""

from __future__ import annotations

import ctypes
import os
from typing import Any

import mlsm


@mlsm.model(version="1", status="active")
def good(x: int) -> float:
    return x / 10


@mlsm.model(version="1", isolation="process")
def raises(x: int) -> Any:
    if x % 7 == 3:
        raise ValueError("seven")
    if x == 11:
        raise KeyboardInterrupt
    return {"score": x / 10, "label": "A", "size": x} if x % 2 else x / 10


@mlsm.model(version="1", isolation="process")
def dies(x: int) -> float:
    if x == 503:
        os._exit(3)
    if x == 703:
        ctypes.string_at(0)
    return x / 10


@mlsm.model(version="1", isolation="process")
def closes(x: int) -> float:
    if x == 503:
        os.closerange(0, 4096)
    return x / 10


@mlsm.model(version="1", isolation="process", timeout=(1, 20))
def forks(x: int) -> float:
    if x == 503:
        os.fork()
        ctypes.CDLL(None).puts(b"put by C")
    return x / 10


@mlsm.model(version="1", isolation="process", timeout=(0.5, 20))
def hangs(x: int) -> float:
    while x == 503:
        pass
    return x / 10


@mlsm.model(version="1", isolation="process", timeout=(0.05, 0.5))
def hangs_often(x: int) -> float:
    while x % 2:
        pass
    return x / 10


@mlsm.model(version="1", isolation="process", batch=True, fields={"x": int})
def frame(rows: Any) -> Any:
    if (rows["x"] == 777).any():
        os._exit(3)
    return rows["x"] / 10


@mlsm.summary_model(version="1", models=["good", "raises@1"], isolation="process")
def summary(good: Any, raises: Any) -> Any:
    return (good.score or 0) + (raises.score or 0) + len(raises.label or "") + (raises.output or {}).get("size", 0)


@mlsm.summary_model(version="1", models=["good", "raises@1"], isolation="process", batch=True)
def framed_summary(rows: Any) -> Any:
    return rows["good.score"] + rows["raises.score"].fill_null(0)


@mlsm.model(version="1")
def seen(x: int) -> Any:
    return {"score": x, "secret": "A_SECRET" in os.environ, "wanted": "WANTED" in os.environ}


@mlsm.model(version="1")
def told(employees: int, country: str | None = None, title: str = "") -> Any:
    return {"score": employees / 10 + len(title), "label": country or "none"} if employees else 0


@mlsm.model(version="1", batch=True, fields={"employees": int, "country": str | None})
def framed(rows: Any) -> Any:
    return rows["employees"] * 0.1


@mlsm.model(version="1", isolation="process", timeout=(0.4, 8))
def always_hangs(x: int) -> float:
    while x >= 0:
        pass
    return 0.0


def _note(path: str) -> None:
    with open(path, "r+b") as file:  # noqa: PTH123 - it must be there: a path of our own making is none
        file.seek(0, os.SEEK_END)
        file.write(b".")


def _even(x: int) -> bool:
    return x % 2 == 0


@mlsm.model(version="1", isolation="process", when=_even)
def noted(x: int, path: str) -> Any:
    """Note each call in a file; raise, answer what is no result, and once end the process."""
    _note(path)
    if x == 20:
        os._exit(3)
    if x % 20 == 6:
        return "junk"
    if x % 20 == 2:
        return 1.0
    raise ValueError("again")


@mlsm.model(version="1", isolation="process", batch=True, fields={"x": int, "path": str})
def noted_frames(rows: Any) -> Any:
    """Note each call in a file, and raise."""
    _note(rows["path"][0])
    raise ValueError("again")
