"""The kinds of value a field can hold, and how a project says its values are spelled.

The coercion table, the same for every way in (Python, CSV, Parquet, NDJSON):

========  ==========================================================================
kind      what is taken
========  ==========================================================================
any       missing: absent, null, blank, NaN or a declared null spelling; takes the
          default, else None where the field is nullable, else it is a problem
int       an int, an integral float or decimal, text `[+-]?digits(.0*)?`; 64 bits
float     an int, float or decimal, text plain or with an exponent; no infinity
bool      a bool, true/false and declared words in any case, what reads as int 0 or 1
str       text, untouched; an int as its digits
date      a date, a datetime at midnight, text in ISO form or a declared format
datetime  a datetime or date, text in ISO form or a declared format; naive is UTC
literal   a value that reads as one of those listed
list      a list, tuple or JSON text of one; each item by its own kind
object    a mapping or JSON text of one; each member by its own kind
========  ==========================================================================

Text is trimmed of white space before it is read as anything but `str`.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final, Literal, TypeAlias

import msgspec

if TYPE_CHECKING:
    from mlsm._fields.declare import Field

__all__ = ["BLANKS", "UNSET", "Kind", "KindName", "Reading"]

UNSET: Final = msgspec.UNSET
"""Stands for a value that is not there at all."""

BLANKS: Final = " \t\r\n\v\f\u00a0"
"""What counts as white space around a value, in both implementations of the table."""

KindName: TypeAlias = Literal["int", "float", "bool", "str", "date", "datetime", "literal", "list", "object"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Kind:
    """What a value is, constraints included.

    Args:
        name: one of the kinds of the table.
        values: the values of a literal.
        item: the kind of a list's items, or of an object's values where any key may occur.
        item_nullable: whether an item may be missing.
        members: the members of an object, as fields.
        build: makes the object that the model is handed from its members, None for a dict.
        ge, gt, le, lt: bounds of a number (or a length's bounds: see min_length).
        pattern: a Python regular expression that is searched for in text.
        min_length, max_length: bounds of the length of text or of a list.
    """

    name: KindName
    values: tuple[str | int, ...] = ()
    item: Kind | None = None
    item_nullable: bool = False
    members: tuple[Field, ...] | None = None
    build: Any = None
    ge: float | None = None
    gt: float | None = None
    le: float | None = None
    lt: float | None = None
    pattern: str | None = None
    min_length: int | None = None
    max_length: int | None = None

    @property
    def mutable(self) -> bool:
        """Tell whether a model could change such a value, so that none may be shared."""
        return self.name in ("list", "object")

    @property
    def constrained(self) -> bool:
        """Tell whether there is more to check than the kind."""
        bounds = (self.ge, self.gt, self.le, self.lt, self.pattern, self.min_length, self.max_length)
        return any(bound is not None for bound in bounds)

    def __str__(self) -> str:
        if self.name == "literal":
            base = "one of " + ", ".join(repr(value) for value in self.values)
        elif self.name == "list":
            base = f"list of {self.item}"
        elif self.members is not None:
            base = "object with " + ", ".join(member.name for member in self.members)
        else:
            base = self.name
        return " ".join([base, *self._bounds()])

    def _bounds(self) -> list[str]:
        signs = (
            (">=", self.ge),
            (">", self.gt),
            ("<=", self.le),
            ("<", self.lt),
            ("matching", self.pattern),
            ("length >=", self.min_length),
            ("length <=", self.max_length),
        )
        return [f"{sign} {bound}" for sign, bound in signs if bound is not None]


@dataclass(frozen=True, slots=True, kw_only=True)
class Reading:
    """How a project's data spells values: `[input]` in `mlsm.toml`.

    Args:
        null: spellings of a missing value, blank text always being one.
        true, false: words for a flag besides true and false, in any case.
        date_formats: formats of `strptime`, tried in order after the ISO form.
        decimal: the decimal mark of numbers in text.

    Example:
        >>> Reading(null=frozenset({"unknown"}), true=frozenset({"yes"}), decimal=",").decimal
        ','
    """

    null: frozenset[str] = field(default_factory=frozenset)
    true: frozenset[str] = field(default_factory=frozenset)
    false: frozenset[str] = field(default_factory=frozenset)
    date_formats: tuple[str, ...] = ()
    decimal: str = "."
