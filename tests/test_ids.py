"""A record's id is text everywhere, kept byte for byte."""

import math
from decimal import Decimal
from typing import Any
from uuid import UUID

import numpy as np
import polars as pl
import pytest

from mlsm._ids import read_id
from mlsm.contracts import RawPart
from mlsm.service.ids import read_ids


class ObjectId:
    """What MongoDB's driver has under this name."""

    def __str__(self) -> str:
        return "507f1f77bcf86cd799439011"


TAKEN: list[tuple[Any, str]] = [
    ("007", "007"), (" 7 ", " 7 "), ("ü☃", "ü☃"), ("x" * 512, "x" * 512), (42, "42"), (42.0, "42"), (-0.0, "0"),
    (10**30, "1" + "0" * 30), (Decimal(1), "1"), (Decimal("-42.00"), "-42"), (Decimal("1E+3"), "1000"),
    (Decimal(12345678901234567890123), "12345678901234567890123"),
    (np.int64(7), "7"), (np.float32(7), "7"), (np.str_("a"), "a"), ("True", "True"),
    (UUID(int=1), "00000000-0000-0000-0000-000000000001"), (ObjectId(), "507f1f77bcf86cd799439011"),
]  # fmt: skip
EXPECTED = "expected text or a whole number."
REFUSED: list[tuple[Any, str]] = [
    (None, "There is no id."), (math.nan, "There is no id."), (np.float64("nan"), "There is no id."),
    ("", "The id is empty."), (" \t\u00a0", "The id is empty."), ("a\x00", "The id holds a NUL character."),
    ("\ud800", "The id is not valid Unicode."), ("x" * 513, "The id has 513 bytes; expected at most 512."),
    ("ü" * 257, "The id has 514 bytes; expected at most 512."), (10**600, "The id is too long."),
    (True, f"The id True is a bool; {EXPECTED}"), (np.True_, f"The id True is a bool; {EXPECTED}"),
    (1.5, f"The id 1.5 is a float; {EXPECTED}"), (math.inf, f"The id inf is a float; {EXPECTED}"),
    ([1], f"The id is a list; {EXPECTED}"), (Decimal("1.5"), f"The id 1.5 is a Decimal; {EXPECTED}"),
    (Decimal("Infinity"), f"The id Infinity is a Decimal; {EXPECTED}"), (Decimal("sNaN"), "There is no id."),
    (Decimal("1E+999999"), "The id is too long."),
    (b"a", f"The id is a bytes; {EXPECTED}"),
]  # fmt: skip


def part_of(column: Any, rows: int) -> RawPart:
    return RawPart(
        number=0, source="leads.csv", stem="leads", rows=range(5, 5 + rows), lines=None, columns={"id": column}
    )


@pytest.mark.parametrize(("raw", "expected"), TAKEN, ids=lambda value: repr(value)[:30])
def test_an_id_becomes_text(raw: Any, expected: str) -> None:
    """Text stays as it is, whole numbers become their digits; alone and in a column."""
    assert (expected, None) == read_id(raw)
    ids, wrong = read_ids(part_of([raw, "other"], 2), "id")
    assert ([expected, "other"], {}) == (ids.to_list(), wrong)


@pytest.mark.parametrize(("raw", "why"), REFUSED, ids=lambda value: repr(value)[:30])
def test_what_is_no_id_says_why(raw: Any, why: str) -> None:
    """Anything else is refused with its reason; alone and in a column."""
    assert (None, why) == read_id(raw)
    ids, wrong = read_ids(part_of([raw, "other"], 2), "id")
    assert ([None, "other"], {0: why}) == (ids.to_list(), wrong)


@pytest.mark.parametrize(
    ("column", "expected", "bad"),
    [
        (pl.Series(["007", None, " ", "a\x00", "x" * 513]), ["007", None, None, None, None], [1, 2, 3, 4]),
        (pl.Series([1, None, 2**64 - 1], dtype=pl.UInt64), ["1", None, "18446744073709551615"], [1]),
        (pl.Series([1.0, 1.5, math.nan]), ["1", None, None], [1, 2]),
        (pl.Series([True, None]), [None, None], [0, 1]),
        (pl.Series(["a", "b"], dtype=pl.Categorical), ["a", "b"], []),
        (pl.Series([1, 2], dtype=pl.Int128), ["1", "2"], []),
        (["a", 1, None], ["a", "1", None], [2]),
    ],
    ids=["text", "whole", "real", "flags", "categories", "wide", "mixed"],
)
def test_a_column_of_ids_of_any_type(column: Any, expected: list[str | None], bad: list[int]) -> None:
    """A typed column gives the ids that its values give."""
    ids, wrong = read_ids(part_of(column, len(column)), "id")
    assert (expected, bad) == (ids.to_list(), sorted(wrong))


def test_without_an_id_column_rows_are_numbered() -> None:
    """On request a record is called by its file and row; where the column is not there, each row lacks one."""
    assert ["leads:5", "leads:6"] == read_ids(part_of(["a", "b"], 2), None)[0].to_list()
    assert {0: "There is no id.", 1: "There is no id."} == read_ids(part_of(["a", "b"], 2), "absent")[1]
