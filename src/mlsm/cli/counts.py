"""Counts of results by model version and outcome, as a table."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from mlsm._result import OUTCOMES
from mlsm.cli.tables import Column, Table

__all__ = ["OUTCOME_STYLES", "counts_table", "outcome_style", "status_style"]

OUTCOME_STYLES = {
    "ok": "green",
    "abstained": "",
    "invalid": "yellow",
    "error": "red",
    "timeout": "red",
    "crashed": "red",
    "skipped": "yellow",
}


def counts_table(counts: Mapping[str, Mapping[Any, int]], statuses: Mapping[str, str]) -> Table:
    """Make a table of counts: a row a model version, a column an outcome that occurs.

    Args:
        counts: by `name@version`, then by outcome.
        statuses: by `name@version`.

    Example:
        >>> from mlsm.cli.tables import plain
        >>> print(plain(counts_table({"fit@1": {"ok": 9, "error": 1}}, {"fit@1": "active"})))
        model  status  ok  error
        fit@1  active   9      1
    """
    told = {key: {str(outcome): count for outcome, count in of_model.items()} for key, of_model in counts.items()}
    shown = [
        str(outcome)
        for outcome in OUTCOMES
        if outcome == "ok" or any(of_model.get(str(outcome)) for of_model in told.values())
    ]
    columns = [Column(key="model"), Column(key="status", style_of=status_style)]
    columns += [Column(key=name, right=True, style_of=_count_style(name)) for name in shown]
    rows = [
        {"model": key, "status": statuses.get(key, ""), **{name: of_model.get(name, 0) for name in shown}}
        for key, of_model in told.items()
    ]
    return Table(columns=tuple(columns), rows=rows)


def outcome_style(outcome: object) -> str:
    """Give the style of an outcome's name."""
    return OUTCOME_STYLES.get(str(outcome), "")


def status_style(status: object) -> str:
    """Give the style of a status: what does not decide is dim."""
    return "" if status == "active" else "dim"


def _count_style(outcome: str) -> Any:
    return lambda count: OUTCOME_STYLES[outcome] if count else "dim"
