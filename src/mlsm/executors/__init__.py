"""Where parts are scored: in this process, or in others; all behind the same Protocol."""

from __future__ import annotations

__all__ = ["EXECUTORS"]

EXECUTORS = {"inline": "mlsm.executors.inline", "processes": "mlsm.executors.processes"}
"""The module of each executor; it offers `run(plan, parts, entry)`."""
