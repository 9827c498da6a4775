"""Where parts are scored: in this process; other places come behind the same Protocol."""

from __future__ import annotations

__all__ = ["EXECUTORS"]

EXECUTORS = {"inline": "mlsm.executors.inline"}
"""The module of each executor; it offers `run(plan, parts, entry)`."""
