"""A run is found by its id or the beginning of it."""

from __future__ import annotations

from collections.abc import Sequence
from difflib import get_close_matches

from mlsm.errors import UnknownNameError

__all__ = ["find_run_id"]

_SHOWN = 3


def find_run_id(beginning: str, run_ids: Sequence[str]) -> str:
    """Give the one id that begins so.

    Args:
        beginning: an id, or the first characters of one.
        run_ids: the runs of the store, newest first.

    Raises:
        UnknownNameError: none begins so, or several do.

    Example:
        >>> find_run_id("017f", ["017f22e2-79b0", "017e0000-0000"])
        '017f22e2-79b0'
    """
    fitting = [run_id for run_id in run_ids if beginning and run_id.startswith(beginning.lower())]
    if len(fitting) == 1 or (fitting and fitting[0] == beginning):
        return fitting[0]
    if fitting:
        raise UnknownNameError(
            f"{len(fitting)} runs begin with {beginning!r}; expected one.",
            hint=f"Write more of the id: {_list(fitting)}.",
        )
    begun = {run_id[: len(beginning)]: run_id for run_id in reversed(run_ids)} if beginning else {}
    near = [begun[match] for match in get_close_matches(beginning, begun, n=_SHOWN)] or list(run_ids[:_SHOWN])
    raise UnknownNameError(
        f"No run {beginning!r} in the store; expected the id of one, or its beginning.",
        hint=f"There are {_list(near)}." if near else "The store has no runs yet.",
    )


def _list(run_ids: Sequence[str]) -> str:
    more = ", …" if len(run_ids) > _SHOWN else ""
    return ", ".join(repr(run_id) for run_id in run_ids[:_SHOWN]) + more
