"""Scores parts one after the other in this process."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from importlib import import_module
from typing import Any

__all__ = ["run"]


def run(plan: Any, parts: Iterable[Any], entry: str) -> Iterator[Any]:
    """Call the function that `entry` (`module:name`) names with the plan and each part."""
    module, _, name = entry.partition(":")
    function = getattr(import_module(module), name)
    for part in parts:
        yield function(plan, part)
