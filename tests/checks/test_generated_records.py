"""The records that a check asks about: typical, hostile, and the same for the same seed."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import date, datetime
from typing import Annotated, Any, Literal, TypedDict

import msgspec
import pytest

import mlsm
from mlsm._fields import Reading, fields_of_mapping
from mlsm.checks.pattern import example_of
from mlsm.checks.records import Probe, Reader, probes, typical_records
from mlsm.service import check


@dataclass
class Address:
    """A part of a record as a dataclass."""

    city: str
    zip: Annotated[str, mlsm.Meta(pattern=r"^\d{5}$")]
    lines: list[str] | None = None


class Visit(msgspec.Struct):
    """A part of a record as a Struct."""

    page: str
    seconds: Annotated[int, mlsm.Meta(ge=0)] = 0


class Deal(TypedDict, total=False):
    """A part of a record as a TypedDict."""

    value: float
    won: bool | None


KINDS: dict[str, Any] = {
    "int": int,
    "bounded int": Annotated[int, mlsm.Meta(ge=1, le=10)],
    "open int": Annotated[int, mlsm.Meta(gt=0, lt=10)],
    "float": float,
    "bounded float": Annotated[float, mlsm.Meta(ge=-0.5, lt=0.5)],
    "bool": bool,
    "str": str,
    "long str": Annotated[str, mlsm.Meta(min_length=3, max_length=12)],
    "pattern": Annotated[str, mlsm.Meta(pattern=r"^[A-Z]{2}-\d{3,5}$")],
    "date": date,
    "datetime": datetime,
    "words": Literal["a", "B"],
    "numbers": Literal[1, 2],
    "optional": int | None,
    "default": Annotated[str, mlsm.Default("none")],
    "alias": Annotated[int, mlsm.Alias("emp.var.rate")],
    "list": list[int],
    "short list": Annotated[list[str], mlsm.Meta(min_length=1, max_length=3)],
    "optional items": list[float | None],
    "mapping": dict[str, int],
    "dataclass": Address,
    "structs": list[Visit],
    "typed dict": Deal,
}


@pytest.mark.parametrize("name", KINDS)
def test_every_kind_has_records_that_fit_and_others_that_do_not(name: str) -> None:
    """For each kind of field there is a typical record, a rare one that fits and one that does not."""
    made = probes(fields_of_mapping({name.replace(" ", "_"): KINDS[name]}), Reading())
    rare = [probe.fits for probe in made if probe.single]

    assert made[1].fits
    assert {True, False} == set(rare)


@pytest.mark.parametrize("name", KINDS)
def test_the_engine_agrees_on_what_fits(name: str) -> None:
    """A model that always answers has no findings: both paths read every hostile value as the fields say."""
    model = mlsm.Model("m", {name.replace(" ", "_"): KINDS[name]}, "1", lambda data, results: 1.0)

    assert [str(finding) for finding in check([model])] == []


def test_typical_records_satisfy_the_fields() -> None:
    """Every typical record fits, and some lack what may be missing."""
    fields = fields_of_mapping({name.replace(" ", "_"): kind for name, kind in KINDS.items()})
    reader = Reader(fields, Reading())
    records = typical_records(fields)

    assert [reader.read(record) is not None for record in records] == [True] * len(records)
    assert any(record["optional"] is None for record in records)


def test_the_same_seed_makes_the_same_records() -> None:
    """Records depend on the fields and the seed alone."""
    fields = fields_of_mapping({"a": int, "b": str | None})

    def made(seed: int) -> list[str]:
        return [str(probe) for probe in probes(fields, Reading(), seed=seed)]

    assert made(1) == made(1)
    assert made(1) != made(2)


def test_the_project_says_what_is_missing() -> None:
    """Null spellings of the project's data count: such a value is missing here."""

    def found(reading: Reading) -> list[Probe]:
        return [probe for probe in probes(fields_of_mapping({"a": str}), reading) if probe.what == "'a' text like null"]

    assert [probe.fits for probe in found(Reading())] == [True]
    assert [probe.fits for probe in found(Reading(null=frozenset({"null"})))] == [False]


@pytest.mark.parametrize(
    "pattern",
    [
        r"^[A-Z]{2}$",
        r"^\d{5}(-\d{4})?$",
        r"^[^@\s]+@[^@\s]+\.[a-z]{2,}$",
        r"(?:red|green|blue)",
        r"^\+?[0-9 ()-]{6,20}$",
        r"\A[a-f0-9]{8}-[a-f0-9]{4}\Z",
        r"(?P<year>\d{4})-(?P<month>0[1-9]|1[0-2])",
        r"(?i)^abc\.$",
        r"[]x]y*?",
        r"x{y}",
        r"^(a|b(c|d)+){2}$",
    ],
)
def test_an_example_matches_its_pattern(pattern: str) -> None:
    """Patterns as people write them have examples, other ones for other seeds."""
    examples = [example_of(pattern, seed) or "" for seed in range(10)]

    assert [bool(re.search(pattern, example)) for example in examples] == [True] * 10


@pytest.mark.parametrize("pattern", [r"(\w)\1", r"(?P=name)", "[", "(", "(?P<", r"a\Q"])
def test_what_is_not_understood_has_no_example(pattern: str) -> None:
    """A pattern beyond what is read here gives None, never an exception."""
    assert example_of(pattern) is None
