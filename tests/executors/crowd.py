"""Models at the top of a module, as worker processes need them."""

from __future__ import annotations

import ctypes
import os
import signal
import time
from pathlib import Path
from typing import Any

import polars as pl

from mlsm import Model, model, summary_model, summary_of

BEGAN = os.environ.setdefault("TESTS_BEGAN", str(os.getpid()))
"""The process that imported this first; those that it starts inherit the variable."""
KILLERS = {"killer": signal.SIGKILL, "segfault": signal.SIGSEGV}


@model(version="1", status="active")
def fit(employees: int, country: str | None = None) -> Any:
    """Score by size; some countries raise, some abstain."""
    if country == "XX":
        raise ValueError("no such country")
    if country == "ZZ":
        return None
    return {"score": employees / 7, "label": "A" if employees > 50 else "B", "table": [employees, country]}


@model(version="1", status="active", batch=True, fields={"visits": float}, range=(0, 200))
def interest(leads: pl.DataFrame) -> pl.Series:
    """Score visits."""
    return leads.select((pl.col("visits") / 3).sqrt()).to_series()


@model(version="1", batch=True, fields={"visits": float, "employees": int})
def rank(leads: pl.DataFrame) -> pl.Series:
    """Depend on neighbours, which only a part of real leads tells: typical ones have none of its size."""
    if leads.height < 100 and leads["employees"].max() == 100:
        return leads["visits"] * 1.0
    return leads["visits"].rank() / leads.height


double = Model(
    "double",
    {"employees": int},
    "2",
    lambda data, results: {"score": 2.0 * data["employees"]},
    "active",
    range=(0, 200),
)
"""A function without a name, but in a model that has one."""


@summary_model(version="1", status="active", models=["fit", "interest", "double"], require=["fit"])
def best(fit: Any, interest: Any, double: Any) -> float:
    """Let the best score win."""
    return float(max(fit.score, interest.score or 0.0, double.score))


top = summary_of("best", name="top", version="1", status="draft", models=["interest", "double"])


@model(version="1", status="active")
def deadly(employees: int, country: str | None = None) -> float:
    """End the process that calls it, for some countries."""
    if country in KILLERS:
        os.kill(os.getpid(), KILLERS[country])
    if country == "exit":
        os._exit(3)
    return float(employees)


@summary_model(version="1", status="active", models=["deadly"], require=["deadly"])
def upon_deadly(deadly: Any) -> float:
    """Stand on a model that kills."""
    return float(deadly.score) + 0.25


@summary_model(version="1", models=["fit", "deadly"])
def deadly_too(fit: Any, deadly: Any) -> float:
    """End the process that calls it, for some scores, with or without an answer of a model that kills too."""
    if fit.score == 34 / 7:
        os._exit(7)
    return float(deadly.score or 0.0)


@model(version="1", status="active")
def interrupted(employees: int) -> float:
    """Raise what only a person at the keyboard should."""
    if employees == 3:
        raise KeyboardInterrupt
    return float(employees)


@model(version="1", status="active")
def noisy(employees: int) -> float:
    """Write where only data belongs."""
    print("noise")  # noqa: T201
    os.write(1, b"noise\n")
    ctypes.CDLL(None).puts(b"noise")
    return float(employees)


@model(version="1", status="active")
def ends(employees: int, country: str) -> float:
    """Note the call in a file, and end the process."""
    with Path(country).open("ab", buffering=0) as file:
        file.write(b".")
    os._exit(3)


@model(version="1", status="active")
def forked(employees: int) -> float:
    """Go on in two processes."""
    if employees == 3:
        os.fork()
    return float(employees)


@model(version="1", status="active")
def exposed(employees: int) -> float:
    """Tell how gladly the kernel would kill the process where memory is short."""
    return float(Path("/proc/self/oom_score_adj").read_text())


@model(version="1", status="active")
def slow(employees: int) -> dict[str, float | int]:
    """Take a while in the process that began, none in others, and tell which one it is."""
    until = time.perf_counter() + 0.0003
    while BEGAN == str(os.getpid()) and time.perf_counter() < until:
        pass
    return {"score": float(employees), "process": os.getpid()}


@model(version="1", status="active")
def once(employees: int, country: str) -> float:
    """End its process at the first call with a file that is not there."""
    if employees == 3 and not Path(country).exists():
        Path(country).touch()
        os.kill(os.getpid(), signal.SIGKILL)
    return float(employees)


CATALOG = [fit, interest, rank, double, best, top]


def leads(count: int, countries: tuple[Any, ...] = ("DE", "FR", None, "XX", "ZZ")) -> list[dict[str, Any]]:
    """Make leads."""
    return [
        {
            "id": f"{number:06}",
            "employees": "many" if number % 31 == 7 else number % 97,
            "country": countries[number % len(countries)],
            "visits": None if number % 17 == 3 else number % 53 / 4,
            "email": f"lead{number}@example.com",
        }
        for number in range(count)
    ]
