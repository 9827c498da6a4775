"""What scoring 100,000 records in memory costs: three Python row functions and a summary.

This version checks types and contains failures, and keeps results in columns; a bare loop
checks nothing and keeps them as a dict of dicts; mlsm 0.0.4 does the same with a check for
presence. Each is measured in a process of its own, all of them in turn several times; the
least time of each counts, since a busy machine only ever adds to it.
"""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

from benchmarks._original import original_python

COUNT = 100_000
TURNS = 5
BARE = "dict of dicts"
THIS = "this version"
ORIGINAL = "mlsm 0.0.4"
WAYS = ("nothing kept", "dict of scores", BARE, THIS, ORIGINAL)
TARGETS = {"on": 0.75, "off": 1.3}
TIMES_ORIGINAL = 2.0


def main() -> None:
    """Print the tables."""
    python, why = original_python()
    print(f"{COUNT:,} records, three row functions and a summary, least of {TURNS} turns")
    ways = [way for way in WAYS if python is not None or way != ORIGINAL]
    taken = least(ways, python)
    for collection, seconds in taken.items():
        print(f"\ngarbage collection {'on, as by default' if collection == 'on' else 'off'}")
        print(f"{'':38}{'µs a record':>12}{'to the bare loop':>18}")
        for way, second in seconds.items():
            shown = f"bare loop, {way}" if way in WAYS[:3] else way
            print(f"{shown:38}{second / COUNT * 1e6:12.2f}{second / seconds[BARE]:18.2f}")
        if python is None:
            print(f"{ORIGINAL:38}{why}")
    print()
    for collection, target in TARGETS.items():
        seconds = taken[collection]
        told(f"to the bare loop, collection {collection}", seconds[THIS] / seconds[BARE], "at most", target)
    if python is not None:
        told("as fast as mlsm 0.0.4", taken["on"][ORIGINAL] / taken["on"][THIS], "at least", TIMES_ORIGINAL)


def least(ways: list[str], python: str | None) -> dict[str, dict[str, float]]:
    """Run every way in turn, several times; give the least seconds of each, by garbage collection."""
    taken: dict[str, dict[str, float]] = {collection: {} for collection in TARGETS}
    for _ in range(TURNS):
        for way in ways:
            for collection, seconds in taken.items():
                seconds[way] = min(seconds.get(way, float("inf")), once(way, collection, python))
    return taken


def once(way: str, collection: str, python: str | None) -> float:
    """Score once, in a process of its own."""
    interpreter = python if way == ORIGINAL and python is not None else sys.executable
    script = Path(__file__).with_name("_memory_way.py")
    command = [interpreter, str(script), way, str(COUNT), collection]
    return float(subprocess.run(command, check=True, capture_output=True, text=True).stdout)


def told(what: str, found: float, bound: str, target: float) -> None:
    """Print a number beside its target."""
    kept = found <= target if bound == "at most" else found >= target
    print(f"{what:38}{found:12.2f} times ({bound} {target}: {'kept' if kept else 'MISSED'})")


if __name__ == "__main__":
    main()
