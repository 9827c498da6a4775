"""What a check found wrong with a model."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal, TypeAlias

__all__ = ["CheckName", "Finding", "shown_record", "shown_value"]

CheckName: TypeAlias = Literal["records", "outcome", "again", "rowwise", "inputs", "undeclared", "golden"]
"""What can be found: no record satisfies the fields; a wrong outcome; another answer to the same
question; another answer beside other records; a changed input; an input that is not declared;
another answer than a golden record expects, or a golden record that cannot be read."""

_SHOWN_MAX = 60


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """One thing wrong with one model version.

    Args:
        model: its key, `name@version`.
        check: which check found it.
        what: what happened and what was expected, in a sentence.
        record: the first record that shows it, None where no single record does.
        count: how many of the generated records show it.
        trace: the traceback, where the model raised.

    Example:
        >>> print(Finding(model="fit@1", check="outcome", record={"employees": 0},
        ...               what="With employees = 0 the model raised ZeroDivisionError; expected ok or abstained."))
        fit@1: With employees = 0 the model raised ZeroDivisionError; expected ok or abstained.
            record: {'employees': 0}
    """

    model: str
    check: CheckName
    what: str
    record: Mapping[str, Any] | None = None
    count: int = 1
    trace: str | None = None

    def __str__(self) -> str:
        lines = [f"{self.model}: {self.what}"]
        if self.record is not None:
            lines.append(f"    record: {shown_record(self.record)}")
        if self.count > 1:
            lines.append(f"    shown by {self.count} of the generated records")
        if self.trace is not None:
            lines += ["    " + line for line in self.trace.rstrip().splitlines()]
        return "\n".join(lines)


def shown_record(record: Mapping[str, Any]) -> str:
    """Show a record on one line, long values cut."""
    return "{" + ", ".join(f"{name!r}: {shown_value(value)}" for name, value in record.items()) + "}"


def shown_value(value: Any) -> str:
    """Show a value as Python writes it, cut where it is long.

    Example:
        >>> shown_value("x" * 1_000)
        "'xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx… (1000 long)"
    """
    text = repr(value)
    if len(text) <= _SHOWN_MAX:
        return text
    size = f" ({len(value)} long)" if hasattr(value, "__len__") else ""
    return f"{text[:_SHOWN_MAX]}…{size}"
