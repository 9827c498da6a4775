"""Fields as people declare them: parameters, mappings, marks beside the type."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Annotated, Any, Literal, NotRequired, Optional, Required, TypedDict

import msgspec
import pytest

from mlsm import Alias, Default, Field, Fields, Meta
from mlsm._fields import Kind, fields_of_function, fields_of_mapping
from mlsm.errors import DeclarationError


class Visit(TypedDict, total=False):
    """Keys that may be absent, and one that may not."""

    page: Required[str]
    seconds: float
    tags: NotRequired[list[str]]


class Point(msgspec.Struct):
    """A Struct with a default."""

    x: float
    y: float = 0.0


@dataclass
class Company:
    """A dataclass with a default of each sort."""

    name: str
    size: int | None = None
    tags: list[str] = field(default_factory=list)
    hidden: int = field(default=0, init=False)


def declared(annotation: Any) -> Field:
    (found,) = fields_of_mapping({"x": annotation})
    assert isinstance(found, Field)
    return found


@pytest.mark.parametrize(
    ("annotation", "kind"),
    [
        (int, "int"), (float, "float"), (str, "str"), (bool, "bool"), (date, "date"), (datetime, "datetime"),
        (Literal["a", 1], "one of 'a', 1"), (list[int], "list of int"), (Sequence[str], "list of str"),
        (list[list[date]], "list of list of date"), (dict[str, int], "object"), (Mapping[str, Any] | None, None),
        (Visit, "object with page, seconds, tags"), (Point, "object with x, y"),
        (Company, "object with name, size, tags"), (Annotated[int, Meta(ge=0, lt=9)], "int >= 0 < 9"),
        (Annotated[float, Meta(gt=-1, le=0.5)], "float > -1 <= 0.5"),
        (Annotated[str, Meta(pattern="a+", min_length=1, max_length=3)], "str matching a+ length >= 1 length <= 3"),
        (Annotated[list[str], Meta(max_length=3)], "list of str length <= 3"),
    ],
    ids=repr,
)  # fmt: skip
def test_an_annotation_says_what_a_field_holds(annotation: Any, kind: str | None) -> None:
    """Every kind has an annotation; anything else is refused."""
    if kind is None:
        with pytest.raises(DeclarationError, match="Field 'x"):
            declared(annotation)
    else:
        assert kind == str(declared(annotation).kind)


def test_none_among_the_values_of_a_literal_means_that_it_may_be_empty() -> None:
    """`Literal["a", None]` is `Literal["a"] | None`, as Python has it; nothing but None is no field."""
    found = declared(Literal["a", None])  # noqa: PYI061 - this spelling is met
    assert ("one of 'a'", True) == (str(found.kind), found.nullable)
    with pytest.raises(DeclarationError, match="Field 'x' is declared as"):
        declared(Literal[None])  # noqa: PYI061 - likewise


@pytest.mark.parametrize(
    ("annotation", "nullable", "default"),
    [
        (int, False, None), (int | None, True, None), (Optional[int], True, None),  # noqa: UP045 - both spellings are met
        (Annotated[int, Default(3)], True, 3), (Annotated[int | None, Meta(ge=0), Default(-1)], True, -1),
        (Annotated[int, Default(None)], True, None), (Annotated[float, Default(3)], True, 3.0),
        (Annotated[str, Default("")], True, ""), (Annotated[list[str], Default(())], True, []),
        (Annotated[Point, Default(Point(1.0))], True, Point(1.0)),
        (Annotated[date, Default("2026-01-01")], True, date(2026, 1, 1)),
    ],
    ids=repr,
)  # fmt: skip
def test_optional_and_defaults(annotation: Any, nullable: bool, default: Any) -> None:
    """A field may be empty if its type says so or it has a default; the default is of the field's own type."""
    found = declared(annotation)
    assert (nullable, default, type(default)) == (found.nullable, found.default, type(found.default))


def test_a_default_is_not_taken_for_an_equal_one_of_another_type() -> None:
    """1 and True are equal, and `Annotated` keeps what it made of either."""
    assert Annotated[int, Default(True)] != Annotated[int, Default(1)]
    (field_,) = fields_of_mapping({"a": Annotated[int, Default(1)]})
    assert (int, 1) == (type(field_.default), field_.default)


@pytest.mark.parametrize(
    ("annotation", "default"),
    [(int, "n/a"), (int, 1.5), (int, True), (str, 1.0), (bool, 2), (date, "x"), (Literal["a"], "b"), (list[int], 5),
     (dict[str, int], []), (Point, Company("a"))],
    ids=repr,
)  # fmt: skip
def test_a_default_of_another_type_is_refused(annotation: Any, default: Any) -> None:
    """A default that its own field could not read is a mistake, found when it is declared."""
    with pytest.raises(DeclarationError, match=r"The default .* of field 'x' cannot be read as"):
        declared(Annotated[annotation, Default(default)])


@pytest.mark.parametrize(
    "annotation",
    [
        Annotated[int, Alias("Lead Source")],
        Annotated[int | None, Alias("Lead Source")],
        Annotated[int, Alias("Lead Source")] | None,
        Annotated[Annotated[int, Meta(ge=0)] | None, Alias("Lead Source"), Default(1)],
    ],
    ids=repr,
)
def test_an_alias_names_the_column(annotation: Any) -> None:
    """A column whose name is no identifier is named beside the type, wherever that stands."""
    assert ("x", "Lead Source") == (declared(annotation).name, declared(annotation).column)


def test_a_constraint_within_an_optional_counts() -> None:
    """Marks inside and outside of an Optional are the same marks."""
    assert declared(Annotated[int, Meta(ge=0)] | None).kind == declared(Annotated[int | None, Meta(ge=0)]).kind


@pytest.mark.parametrize(
    "annotation",
    [int | str, complex, bytes, object, Any, list, dict, tuple[int, int], set[int], dict[int, str], Literal[True],
     Literal[1.5], None, "int", type, int | str | None],
    ids=repr,
)  # fmt: skip
def test_any_other_annotation_is_refused(annotation: Any) -> None:
    """What is none of the kinds is refused, with what was expected and a hint."""
    with pytest.raises(DeclarationError, match=r"Field 'x.*' is declared as .*; expected int, float, str") as raised:
        declared(annotation)
    assert raised.value.hint is not None


@pytest.mark.parametrize(
    ("annotation", "message"),
    [
        (Annotated[int, Meta(max_length=3)], "kind int cannot be bounded by max_length; expected ge, gt, le, lt."),
        (Annotated[str, Meta(ge=3)], "kind str cannot be bounded by ge; expected pattern, min_length, max_length."),
        (Annotated[bool, Meta(ge=3)], "kind bool cannot be bounded by ge; expected no constraint."),
    ],
    ids=["length", "bound", "flag"],
)  # fmt: skip
def test_a_constraint_that_does_not_fit_is_refused(annotation: Any, message: str) -> None:
    """Each kind has its own constraints."""
    with pytest.raises(DeclarationError) as raised:
        declared(annotation)
    assert f"Field 'x' of {message}" in raised.value.message


def test_members_that_may_be_absent() -> None:
    """A TypedDict's optional keys, and members with a default, may be absent."""
    found = {
        member.name: member.nullable for kind in (Visit, Point, Company) for member in declared(kind).kind.members or ()
    }
    assert {"page": False, "seconds": True, "tags": True, "x": False, "y": True, "name": False, "size": True} == found


def test_a_functions_parameters_are_its_fields() -> None:
    """Annotations and defaults of parameters declare fields; the clock and the results are none."""

    def fit(
        employees: Annotated[int, Meta(ge=0)], title: str | None = None, grade: Literal["A"] = "A", *,
        source: Annotated[str, Alias("Lead Source")] = "web", as_of: datetime, results: dict[str, Any],
    ) -> None: ...  # fmt: skip

    fields = fields_of_function(fit)
    assert [
        ("employees", "employees", "required"),
        ("title", "title", "may be empty"),
        ("grade", "grade", "empty means 'A'"),
        ("source", "Lead Source", "empty means 'web'"),
    ] == [(found.name, found.column, found.null_policy) for found in fields]


def _untyped(employees): ...  # type: ignore[no-untyped-def]


def _many(*employees: int) -> None: ...


def _named(**employees: int) -> None: ...


def _unknown(employees: "Unheard") -> None: ...  # type: ignore[name-defined]  # noqa: F821


@pytest.mark.parametrize(
    ("function", "message"),
    [
        (_untyped, "Parameter 'employees' of '_untyped' has no type"),
        (_many, "Parameter '*employees' of '_many' cannot be a field."),
        (_named, "Parameter '*employees' of '_named' cannot be a field."),
        (_unknown, "An annotation of '_unknown' cannot be read: name 'Unheard' is not defined."),
    ],
    ids=["no type", "any number", "any name", "unknown"],
)
def test_a_parameter_that_declares_nothing_is_refused(function: Any, message: str) -> None:
    """A parameter without a readable type cannot be a field; the message says which and why."""
    with pytest.raises(DeclarationError) as raised:
        fields_of_function(function)
    assert message in raised.value.message
    assert raised.value.hint is not None


def test_fields_are_an_immutable_sequence() -> None:
    """Fields have an order and names, are equal by what they declare, and are renamed into new ones."""
    fields = fields_of_mapping({"a": int, "b": str | None})
    assert (2, ("a", "b"), "int") == (len(fields), fields.names, str(fields["a"].kind))
    assert [True, False, True] == [fields.__contains__(one) for one in ("a", "c", fields[1])]
    assert fields == fields_of_mapping({"a": int, "b": str | None})
    assert hash(fields) == hash(Fields(list(fields)))
    renamed = fields.renamed({"a": "A of Lead", "c": "unused"})
    assert ["A of Lead", "b"] == [found.column for found in renamed]
    assert ["a", "b"] == [found.column for found in fields]
    assert "Fields(a: int, b: str)" == repr(fields)


def test_kinds_tell_what_may_be_changed_and_what_is_bounded() -> None:
    """Lists and objects are never shared between models; bounds count as constraints."""
    assert [True, True, False] == [Kind(name=name).mutable for name in ("list", "object", "str")]
    kinds = (Kind(name="int"), Kind(name="int", ge=0), Kind(name="str", pattern=""))
    assert [False, True, True] == [kind.constrained for kind in kinds]
