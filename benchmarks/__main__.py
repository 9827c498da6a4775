"""Run the benchmarks one after another: `python -m benchmarks [NAME ...]`.

A benchmark is a module of this folder with a function `main()` that prints a table.
"""

from __future__ import annotations

import importlib
import sys
import time
from collections.abc import Callable, Sequence
from pathlib import Path

FOLDER = Path(__file__).parent


def main(names: Sequence[str]) -> int:
    """Run the benchmarks named, or all of them in the order of their names."""
    modules = sorted(path.stem for path in FOLDER.glob("[!_]*.py"))
    for name in names:
        if name not in modules:  # before anything is measured, which may take minutes
            print(f"No benchmark {name!r}.\nHint: the modules here are {', '.join(modules)}.", file=sys.stderr)
            return 2
    for name in names or modules:
        benchmark = find(name)
        if benchmark is not None:
            print(f"\n== {name}", flush=True)
            begin = time.perf_counter()
            benchmark()
            print(f"({time.perf_counter() - begin:.1f} s)", flush=True)
    return 0


def find(module: str) -> Callable[[], object] | None:
    """Give the `main` of a module of this folder, None where it has none."""
    benchmark: Callable[[], object] | None = getattr(importlib.import_module(f"{FOLDER.name}.{module}"), "main", None)
    return benchmark


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
