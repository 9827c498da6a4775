"""Fields as a data scientist declares them: a function's parameters, or a mapping."""

from __future__ import annotations

import dataclasses
import inspect
import types
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from functools import partial
from typing import (
    Annotated,
    Any,
    Literal,
    NotRequired,
    Required,
    Union,
    get_args,
    get_origin,
    get_type_hints,
    is_typeddict,
)

import msgspec
from msgspec import Meta

from mlsm._fields.kinds import UNSET, Kind, Reading
from mlsm._fields.problems import UnreadableError
from mlsm._fields.scalars import cast_of
from mlsm.errors import DeclarationError

__all__ = ["RESERVED", "Alias", "Default", "Field", "Fields", "Meta", "fields_of_function", "fields_of_mapping"]

RESERVED = frozenset({"as_of", "results"})
"""Parameter names with a meaning of their own; a field of that name needs an alias."""

_SCALARS: dict[Any, Kind] = {
    int: Kind(name="int"),
    float: Kind(name="float"),
    bool: Kind(name="bool"),
    str: Kind(name="str"),
    date: Kind(name="date"),
    datetime: Kind(name="datetime"),
}
_WRAPPERS = (Union, types.UnionType, Required, NotRequired)
_EXPECTED = (
    "int, float, str, bool, date, datetime, Literal of texts and whole numbers, list[…], dict[str, …], "
    "a TypedDict, dataclass or msgspec.Struct"
)


@dataclass(frozen=True, slots=True)
class Alias:
    """Name the column a field is read from, where that is no identifier.

    Example:
        >>> fields = fields_of_mapping({"rate": Annotated[float, Alias("emp.var.rate")]})
        >>> fields["rate"].column
        'emp.var.rate'
    """

    column: str


@dataclass(frozen=True, slots=True, eq=False)
class Default:
    """Give the value a field takes where its column is missing or null.

    Example:
        >>> fields = fields_of_mapping({"employees": Annotated[int, Default(1)]})
        >>> fields["employees"].null_policy
        'empty means 1'
    """

    value: Any

    # `Annotated` hands out what it made of an equal value before: 1 and True are equal, and not the same default.
    def __eq__(self, other: object) -> bool:
        return isinstance(other, Default) and (type(self.value), self.value) == (type(other.value), other.value)

    def __hash__(self) -> int:
        return hash((type(self.value), self.value))


@dataclass(frozen=True, slots=True, kw_only=True)
class Field:
    """One declared input of a model.

    Args:
        name: the parameter or key under which the model is handed the value.
        column: the column that it is read from.
        kind: what the value is.
        nullable: whether it may be missing; the model is then handed `default`.
        default: the value handed over in place of a missing one.

    Example:
        >>> (field,) = fields_of_mapping({"employees": int})
        >>> field.name, field.column, field.required
        ('employees', 'employees', True)
    """

    name: str
    column: str
    kind: Kind
    nullable: bool = False
    default: Any = None

    @property
    def required(self) -> bool:
        """Tell whether a record without a value is `invalid`."""
        return not self.nullable

    @property
    def null_policy(self) -> str:
        """Say in words what becomes of a missing value."""
        if not self.nullable:
            return "required"
        return "may be empty" if self.default is None else f"empty means {self.default!r}"


class Fields(Sequence[Field]):
    """The declared inputs of one model, in order.

    Example:
        >>> fields = fields_of_mapping({"employees": int, "country": str | None})
        >>> [(field.name, str(field.kind), field.null_policy) for field in fields]
        [('employees', 'int', 'required'), ('country', 'str', 'may be empty')]
    """

    __slots__ = ("_by_name", "_fields")

    def __init__(self, fields: Sequence[Field] = ()) -> None:
        self._fields = tuple(fields)
        self._by_name = {field.name: field for field in self._fields}

    def __len__(self) -> int:
        return len(self._fields)

    def __iter__(self) -> Iterator[Field]:
        return iter(self._fields)

    def __getitem__(self, key: Any) -> Any:
        return self._by_name[key] if isinstance(key, str) else self._fields[key]

    def __contains__(self, key: object) -> bool:
        return key in self._by_name or key in self._fields

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Fields) and self._fields == other._fields

    def __hash__(self) -> int:
        return hash(self._fields)

    def __repr__(self) -> str:
        return f"Fields({', '.join(f'{field.name}: {field.kind}' for field in self._fields)})"

    @property
    def names(self) -> tuple[str, ...]:
        """Give the names, in order."""
        return tuple(field.name for field in self._fields)

    def renamed(self, columns: Mapping[str, str]) -> Fields:
        """Give the same fields, read from other columns where the mapping names them.

        Example:
            >>> fields_of_mapping({"employees": int}).renamed({"employees": "Staff"})["employees"].column
            'Staff'
        """
        return Fields([replace(field, column=columns.get(field.name, field.column)) for field in self._fields])


def fields_of_mapping(fields: Mapping[str, Any]) -> Fields:
    """Read fields from a mapping of names to annotations.

    Raises:
        DeclarationError: an annotation is none of the kinds, or a constraint does not fit.
    """
    return Fields([_field(name, annotation, UNSET) for name, annotation in fields.items()])


def fields_of_function(function: Any, *, skip: frozenset[str] = RESERVED) -> Fields:
    """Read fields from the parameters of a function, their annotations and defaults.

    Args:
        function: any callable with a readable signature.
        skip: parameters that are no fields.

    Raises:
        DeclarationError: a parameter has no annotation, takes any number of values, or
            its annotation is none of the kinds.

    What a `functools.partial` was given already is no field.

    Example:
        >>> def fit(employees: int, title: str | None = None): ...
        >>> fields_of_function(fit).names
        ('employees', 'title')
    """
    hints = annotations_of(function)
    given = function.keywords if isinstance(function, partial) else {}
    fields = []
    for parameter in inspect.signature(function).parameters.values():
        if parameter.name in skip or parameter.name in given:
            continue
        if parameter.kind in (parameter.VAR_POSITIONAL, parameter.VAR_KEYWORD):
            raise DeclarationError(
                f"Parameter '*{parameter.name}' of {_name(function)} cannot be a field.",
                hint="Declare each field as a parameter of its own, or pass `fields={...}`.",
            )
        if parameter.name not in hints:
            raise DeclarationError(
                f"Parameter {parameter.name!r} of {_name(function)} has no type; expected {_EXPECTED}.",
                hint=f"Write `{parameter.name}: int`, or pass `fields={{...}}`.",
            )
        default = UNSET if parameter.default is parameter.empty else parameter.default
        fields.append(_field(parameter.name, hints[parameter.name], default))
    return Fields(fields)


def annotations_of(function: Any) -> dict[str, Any]:
    """Resolve a function's annotations, those written as text too.

    Raises:
        DeclarationError: an annotation names something that its module does not hold.
    """
    target = function
    while isinstance(target, partial):
        target = target.func
    if not (isinstance(target, type) or inspect.isroutine(target)):
        target = type(target).__call__  # an object shows the annotations of its class's attributes as its own
    try:
        return get_type_hints(target, include_extras=True)
    except NameError as error:
        raise DeclarationError(
            f"An annotation of {_name(function)} cannot be read: {error}.",
            hint="Import the name at module level, outside `if TYPE_CHECKING:`.",
        ) from error


def _name(function: Any) -> str:
    return repr(getattr(function, "__qualname__", function))


def _field(name: str, annotation: Any, default: Any) -> Field:
    column = name
    for mark in _marks(annotation):
        if isinstance(mark, Alias):
            column = mark.column
        elif isinstance(mark, Default):
            default = mark.value
    kind, nullable = _kind(name, annotation)
    if default is UNSET:
        return Field(name=name, column=column, kind=kind, nullable=nullable)
    default = None if default is None else _default_of(name, kind, default)
    return Field(name=name, column=column, kind=kind, nullable=True, default=default)


def _marks(annotation: Any) -> Iterator[Any]:
    """Yield what stands beside the type, within an Optional or a NotRequired too."""
    if get_origin(annotation) is Annotated:
        yield from annotation.__metadata__
        annotation = annotation.__origin__
    if get_origin(annotation) in _WRAPPERS:
        for argument in get_args(annotation):
            yield from _marks(argument)


def _default_of(name: str, kind: Kind, default: Any) -> Any:
    """Read a default by the coercion table; it need not satisfy the constraints, and may be NaN."""
    if kind.name == "list" and isinstance(default, (list, tuple)):
        return list(default)
    if kind.name == "object" and isinstance(default, (Mapping, kind.build or Mapping)):
        return default
    if kind.name == "float" and isinstance(default, float):
        return default
    if not kind.mutable:
        try:
            return cast_of(kind, Reading())(default)
        except UnreadableError as error:
            raise _unfit(name, kind, default) from error
    raise _unfit(name, kind, default)


def _unfit(name: str, kind: Kind, default: Any) -> DeclarationError:
    return DeclarationError(
        f"The default {default!r} of field {name!r} cannot be read as {kind}.",
        hint="Give a default of the field's own type, or None.",
    )


def _kind(name: str, annotation: Any) -> tuple[Kind, bool]:
    origin, arguments = get_origin(annotation), get_args(annotation)
    if origin in (Required, NotRequired):
        return _kind(name, arguments[0])
    if origin is Annotated:
        kind, nullable = _kind(name, arguments[0])
        for mark in annotation.__metadata__:
            if isinstance(mark, Meta):
                kind = _constrained(name, kind, mark)
        return kind, nullable
    if origin in (Union, types.UnionType):
        rest = [argument for argument in arguments if argument is not type(None)]
        if len(rest) != 1 or len(rest) == len(arguments):
            raise _unknown(name, annotation)
        return _kind(name, rest[0])[0], True
    if annotation in _SCALARS:
        return _SCALARS[annotation], False
    if origin is Literal:
        values = tuple(value for value in arguments if value is not None)
        if not values or not all(type(value) in (str, int) for value in values):
            raise _unknown(name, annotation)
        return Kind(name="literal", values=values), len(values) < len(arguments)
    return _container(name, annotation, origin, arguments), False


def _container(name: str, annotation: Any, origin: Any, arguments: tuple[Any, ...]) -> Kind:
    if origin in (list, Sequence):
        item, nullable = _kind(f"{name}[]", arguments[0])
        return Kind(name="list", item=item, item_nullable=nullable)
    if origin in (dict, Mapping) and arguments[0] is str:
        item, nullable = _kind(f"{name}.*", arguments[1])
        return Kind(name="object", item=item, item_nullable=nullable)
    if is_typeddict(annotation):
        hints = get_type_hints(annotation, include_extras=True)
        optional: frozenset[str] = getattr(annotation, "__optional_keys__", frozenset())
        members = [_field(key, hint, None if _may_lack(key, hint, optional) else UNSET) for key, hint in hints.items()]
        return Kind(name="object", members=tuple(members))
    if isinstance(annotation, type) and dataclasses.is_dataclass(annotation):
        hints = get_type_hints(annotation, include_extras=True)
        members = [
            _field(part.name, hints[part.name], _default(part.default, part.default_factory))
            for part in dataclasses.fields(annotation)
            if part.init
        ]
        return Kind(name="object", members=tuple(members), build=annotation)
    if isinstance(annotation, type) and issubclass(annotation, msgspec.Struct):
        hints = get_type_hints(annotation, include_extras=True)
        members = [
            _field(part.name, hints[part.name], _default(part.default, part.default_factory))
            for part in msgspec.structs.fields(annotation)
        ]
        return Kind(name="object", members=tuple(members), build=annotation)
    raise _unknown(name, annotation)


def _may_lack(key: str, hint: Any, optional: frozenset[str]) -> bool:
    """Tell whether a TypedDict may lack a key; it does not know itself where annotations are text."""
    while get_origin(hint) is Annotated:
        hint = hint.__origin__
    return get_origin(hint) is NotRequired or (key in optional and get_origin(hint) is not Required)


def _default(default: Any, factory: Any) -> Any:
    absent = (dataclasses.MISSING, msgspec.NODEFAULT)
    if factory not in absent:
        return factory()
    return UNSET if default in absent else default


def _unknown(name: str, annotation: Any) -> DeclarationError:
    shown = annotation.__name__ if isinstance(annotation, type) else repr(annotation)
    return DeclarationError(
        f"Field {name!r} is declared as {shown}; expected {_EXPECTED}, or Optional of one.",
        hint="Declare the plain type and put constraints beside it: `Annotated[int, Meta(ge=0)]`.",
    )


def _constrained(name: str, kind: Kind, meta: Meta) -> Kind:
    bounds = {key: getattr(meta, key) for key in ("ge", "gt", "le", "lt")}
    lengths = {key: getattr(meta, key) for key in ("pattern", "min_length", "max_length")}
    wanted = {key: value for key, value in (bounds | lengths).items() if value is not None}
    allowed: tuple[str, ...] = ()
    if kind.name in ("int", "float"):
        allowed = ("ge", "gt", "le", "lt")
    elif kind.name == "str":
        allowed = ("pattern", "min_length", "max_length")
    elif kind.name == "list":
        allowed = ("min_length", "max_length")
    if wrong := [key for key in wanted if key not in allowed]:
        raise DeclarationError(
            f"Field {name!r} of kind {kind.name} cannot be bounded by {', '.join(wrong)}; "
            f"expected {', '.join(allowed) or 'no constraint'}."
        )
    return replace(kind, **wanted)
