"""What a store of tables keeps of a run as JSON: its plan, and what it said of itself in the end."""

from __future__ import annotations

from typing import Any, TypeVar

import msgspec

from mlsm.contracts import RunPlan
from mlsm.errors import StoreError

__all__ = ["read_plan", "read_report"]

T = TypeVar("T")


def read_plan(run_id: str, text: str) -> RunPlan:
    """Read the plan of a run.

    Raises:
        StoreError: it is damaged.
    """
    return _read(run_id, text, RunPlan, "plan")


def read_report(run_id: str, text: str) -> dict[str, Any]:
    """Read the report of a run.

    Raises:
        StoreError: it is damaged.

    Example:
        >>> read_report("r", '{"seconds": 2}')
        {'seconds': 2}
    """
    return _read(run_id, text, dict[str, Any], "report")


def _read(run_id: str, text: str, kind: type[T], what: str) -> T:
    try:
        return msgspec.json.decode(text, type=kind)
    except msgspec.DecodeError as error:
        raise StoreError(
            f"Could not read the {what} of run {run_id!r} in the store: it is damaged. {error}.",
            hint="Somebody changed the store, or the disk did; replace it by a copy of it.",
        ) from error
