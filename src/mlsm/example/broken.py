"""The few sample leads that are broken on purpose, as real exports are."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, TypeAlias

__all__ = ["BROKEN", "FIRST_ID", "Broken", "Effect", "broken_records", "lead_id"]

Effect: TypeAlias = Literal["reject", "invalid", "harmless"]

BROKEN = 32
"""How many records are broken unless said otherwise: each kind twice."""
FIRST_ID = 10_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Broken:
    """One record broken on purpose.

    Args:
        row: its number in the file, from 1, the header not counted.
        lead_id: the id that it carries, as it is in the file.
        column: the column that was broken.
        value: what stands there now.
        effect: `reject` (no usable id: it is not scored), `invalid` (for each model that
            reads the column by its type), `harmless` (odd, yet a valid value).
        what: the defect in words.
    """

    row: int
    lead_id: str
    column: str
    value: str
    effect: Effect
    what: str


_EARLIER = "<the id of the row before>"
_KINDS: tuple[tuple[str, str, Effect, str], ...] = (
    ("employees", "about 500", "invalid", "a number in words"),
    ("created", "31.02.2026", "invalid", "a day that no calendar has"),
    ("page_views", "-7", "invalid", "a negative count"),
    ("lead_id", "", "reject", "no id"),
    ("lead_id", _EARLIER, "reject", "an id met before"),
    ("lead_id", "   ", "reject", "an id of blanks"),
    ("comment", "lorem ipsum, " * 10_000, "harmless", "130,000 characters of text"),
    ("annual_revenue", "1.2 M", "invalid", "an amount with a unit"),
    ("trial_started", "perhaps", "invalid", "a flag that is neither true nor false"),
    ("budget", "inf", "invalid", "an infinite amount"),
    ("emails_opened", "3.5", "invalid", "half an e-mail"),
    ("last_visit", "yesterday", "invalid", "a time in words"),
    ("employees", "99999999999999999999", "invalid", "an integer beyond 64 bits"),
    ("lead_id", "9" * 600, "reject", "an id of 600 characters"),
    ("form_fills", "#REF!", "invalid", "a spreadsheet's error"),
    ("job_title", "'; DROP TABLE leads; --", "harmless", "text that means mischief"),
)


def lead_id(row: int) -> str:
    """Give the id of the healthy lead in a row: eight digits, ascending, with gaps.

    Example:
        >>> lead_id(1), lead_id(50_000)
        ('00010008', '00360000')
    """
    return f"{FIRST_ID + 7 * row + row % 5:08}"


def broken_records(rows: int, broken: int = BROKEN) -> tuple[Broken, ...]:
    """Tell which of so many leads are broken, and how.

    They lie evenly over the file, the kinds in turn; at most one lead in ten is broken.

    Example:
        >>> first = broken_records(1_000)[0]
        >>> first.row, first.column, first.value, first.effect
        (30, 'employees', 'about 500', 'invalid')
    """
    count = min(broken, rows // 10)
    found = []
    for place in range(count):
        row = (place + 1) * rows // (count + 1)
        column, value, effect, what = _KINDS[place % len(_KINDS)]
        if value is _EARLIER:
            value = lead_id(row - 1)
        own = value if column == "lead_id" else lead_id(row)
        found.append(Broken(row=row, lead_id=own, column=column, value=value, effect=effect, what=what))
    return tuple(found)
