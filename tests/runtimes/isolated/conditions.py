"""Models with conditions that fail, hang or look at the clock."""

from __future__ import annotations

import os
from datetime import datetime
from typing import Any

import mlsm

FORMER = datetime(2000, 1, 1).astimezone()


def _large(x: int) -> bool:
    if x % 50 == 7:
        raise ValueError("no such size")
    return x % 3 > 0


@mlsm.model(version="1", when=_large)
def rows(x: int) -> float:
    return 1 / (x % 10)


@mlsm.model(version="1", when=lambda x: x % 3 > 0, batch=True, fields={"x": int})
def frames(leads: Any) -> Any:
    return leads["x"] / 10


@mlsm.model(version="1", when=lambda x, as_of: x % 2 > 0 and as_of > FORMER)
def timed(x: int) -> float:
    return x / 10


def _mostly(x: int) -> bool:
    return x % 4 != 0


@mlsm.model(version="1", when=_mostly, failing=mlsm.Failing(breaker=mlsm.Breaker(window=20, draft_share=0.5)))
def failing(x: int) -> float:
    if x > 100:
        raise ValueError("large")
    return x / 10


def _bad(x: int) -> bool:
    while x == 503:
        pass
    if x == 703:
        os._exit(3)
    return x % 2 > 0


@mlsm.model(version="1", when=_bad, isolation="process", timeout=(0.5, 30))
def hangs(x: int) -> float:
    return x / 10
