"""A model: a named, versioned function with declared fields and a status."""

import copy
from collections.abc import Iterator
from datetime import datetime
from typing import Annotated, Any

import pytest

import mlsm
from mlsm import Alias, Meta, Model, SummaryModel, model, summary_model
from mlsm.errors import DeclarationError


def fit(data: dict[str, Any], results: dict[str, Any]) -> dict[str, float]:
    return {"score": data["employees"] / 10}


def made(**changes: Any) -> Model:
    return Model(**{"name": "fit", "version": "1", "fields": {"employees": int}, "fcn": fit, **changes})


def test_the_originals_positions_still_work() -> None:
    """Model and SummaryModel take the original's arguments in its order; a draft unless said otherwise."""
    found = Model("fit", {"employees": int}, "1.2.0", fit)
    summary = SummaryModel("best", [{"name": "fit", "version": "1.2.0"}], "1", fit, {"a": int}, "active")
    assert ("fit@1.2.0", "draft", "function", "data") == (found.key, found.status, found.kind, found.call)
    assert ("best@1", "active", "summary", ("a",)) == (summary.key, summary.status, summary.kind, summary.inputs.names)
    assert {"fit": "fit@1.2.0"} == summary.upstreams


@pytest.mark.parametrize("name", ["status", "name", "digest", "anything"])
def test_a_model_never_changes(name: str) -> None:
    """Nothing of a model can be set or deleted."""
    found = made()
    with pytest.raises(AttributeError, match=f"Model is immutable; {name!r} cannot be set"):
        setattr(found, name, 1)
    with pytest.raises(AttributeError, match=f"Model is immutable; {name!r} cannot be deleted"):
        delattr(found, name)


def test_change_gives_another_model() -> None:
    """Another status, other columns or another source make a new model and leave the old one as it was."""
    found = made()
    assert ("active", "draft") == (found.with_status("active").status, found.status)
    assert ["Staff"] == [field.column for field in found.with_columns({"employees": "Staff"}).inputs]
    assert ["employees"] == [field.column for field in found.inputs]
    assert ("a.py", None) == (found.with_source("a.py").source, found.source)
    assert type(found.with_status("active")) is Model


def test_models_are_equal_by_what_they_do() -> None:
    """Key, status and digest make two models equal; a status is no part of the digest."""
    assert made() == made()
    assert hash(made()) == hash(made())
    assert made().digest == made(status="active").digest
    others: list[dict[str, Any]] = [
        {"status": "active"},
        {"version": "2"},
        {"fields": {"employees": float}},
        {"range": (0, 1)},
    ]
    assert [] == [changes for changes in others if made() == made(**changes)]
    assert "fit@1" != made()


def test_a_model_is_its_own_copy() -> None:
    """What never changes need not be copied, and travels within what is."""
    found = made()
    assert [True, True] == [found is copy.copy(found), found is copy.deepcopy([found])[0]]


def test_a_model_is_the_function_that_it_was() -> None:
    """A decorated function can still be called as it is."""

    @model(version="1")
    def double(amount: float, factor: float = 2.0) -> float:
        """Multiply."""
        return amount * factor

    assert (6.0, "double@1", "fields") == (double(3.0), double.key, double.call)
    assert "test_model:test_a_model_is_the_function" in str(double.source)
    assert "Model('double@1', status='draft')" == repr(double)


@pytest.mark.parametrize("name", ["", " ", "a b", "a@1", "a\n", "\x00", "x" * 129, 1, None, "a\u00a0"], ids=repr)
def test_a_key_that_could_not_be_told_apart_is_refused(name: Any) -> None:
    """Names and versions are short printable text without white space or `@`."""
    with pytest.raises(DeclarationError, match="of a model"):
        model(version=name, name="f", fields={"a": int})(lambda a: a)
    with pytest.raises(DeclarationError, match="of a model"):
        summary_model(version=name, models=["fit"], name="s")(lambda fit: 1)


@pytest.mark.parametrize("version", ["1", "1.2.0-rc.1+5", "2026-11-22", "ü", "blue"])
def test_a_version_is_any_text(version: str) -> None:
    """No version is ever sorted or parsed."""
    assert f"f@{version}" == model(version=version, name="f", fields={})(lambda: 1).key


def _takes(employees: int, as_of: datetime) -> float:
    return 1.0


@pytest.mark.parametrize(
    ("function", "fields", "message"),
    [
        (lambda a: 1, {"a": int, "b": int}, r"The parameters of 'm@1' are \['a'\]; expected \['a', 'b'\]"),
        (lambda a, b: 1, {"a": int}, r"The parameters of 'm@1' are \['a', 'b'\]; expected \['a'\]"),
        (lambda as_of: 1, {"as_of": str}, r"'m@1' cannot have the fields \['as_of'\]"),
        (lambda results: 1, {"results": str}, r"'m@1' cannot have the fields \['results'\]"),
        (lambda a, results: 1, {"a": int}, "The parameter 'results' of 'm@1' is reserved"),
    ],
    ids=["too few", "too many", "clock", "results", "reserved"],
)
def test_a_functions_parameters_are_checked(function: Any, fields: Any, message: str) -> None:
    """A function whose parameters are not its fields is refused when it is declared."""
    with pytest.raises(DeclarationError, match=message):
        model(version="1", name="m", fields=fields)(function)


@pytest.mark.parametrize(
    ("function", "fields"),
    [
        (lambda a, b=5: 1, {"a": int}),
        (lambda a, *, b: 1, {"a": int, "b": int}),
        (lambda **fields: 1, {"a": int}),
        (lambda as_of, a: 1, {"a": int}),
        (lambda a, /: 1, {"a": int}),
        (lambda clock: 1, {"clock": Annotated[str, Alias("as_of")]}),
    ],
    ids=["default", "by name", "any name", "clock first", "by position", "alias"],
)
def test_parameters_may_be_passed_in_any_way(function: Any, fields: Any) -> None:
    """By position, by name, in any order: the function gets each field under its name."""
    made = model(version="1", name="m", fields=fields)(function)
    record = {"id": 1, "a": 1, "b": 2, "as_of": "x"}
    assert ["ok"] == [result.outcome.value for result in mlsm.score_one([made], record)]
    assert ["ok"] == [result.outcome.value for result in mlsm.score([made], [record])]


async def _later(a: int) -> float:
    return 1.0


def _piecemeal(a: int) -> Iterator[float]:
    yield 1.0


@pytest.mark.parametrize("function", [_later, _piecemeal], ids=["async", "generator"])
def test_a_function_that_only_promises_an_answer_is_refused(function: Any) -> None:
    """An async function or a generator would fail for every record, so it is refused when it is declared."""
    with pytest.raises(DeclarationError, match="expected one that returns its answer"):
        model(version="1")(function)
    with pytest.raises(DeclarationError, match="expected one that returns its answer"):
        summary_model(version="1", models=["a"])(function)


@pytest.mark.parametrize(
    "promised",
    [{"range": 5}, {"range": ("low", "high")}, {"range": (0, 1, 2)}, {"labels": (1, 2)}, {"labels": ("A", "A")}],
    ids=repr,
)
def test_what_a_model_promises_is_read_when_it_is_declared(promised: dict[str, Any]) -> None:
    """A range of other than two numbers, labels that are no text or occur twice: refused, the model named."""
    with pytest.raises(DeclarationError, match="of model 'fit' cannot be") as raised:
        made(**promised)
    assert raised.value.hint is not None


def test_a_batch_model_declares_its_columns() -> None:
    """A frame's columns cannot be read from a parameter."""
    with pytest.raises(DeclarationError, match="Batch model 'm' declares no fields") as raised:
        model(version="1", name="m", batch=True)(lambda leads: 1)
    assert raised.value.hint is not None


def test_a_model_says_whether_it_wants_the_clock() -> None:
    """A parameter `as_of` asks for the run's clock, and is no field."""
    found = model(version="1")(_takes)
    assert (True, ("employees",)) == (found.wants_as_of, found.inputs.names)
    assert not made().wants_as_of


@pytest.mark.parametrize(
    ("models", "upstreams"),
    [
        (["fit", "age@2"], {"fit": "fit", "age": "age@2"}),
        ({"a": "lead-fit", "b": "lead-fit@1"}, {"a": "lead-fit", "b": "lead-fit@1"}),
        ([{"name": "fit", "version": "1"}, {"name": "fit", "version": "2"}], {"fit": "fit@1", "fit@2": "fit@2"}),
        ("fit", {"fit": "fit"}),
        ((one for one in ("fit",)), {"fit": "fit"}),
    ],
    ids=["list", "mapping", "original", "text", "iterator"],
)
def test_a_summary_names_its_upstreams(models: Any, upstreams: dict[str, str]) -> None:
    """In a list, in a mapping of parameters, or as the original did."""
    assert upstreams == SummaryModel("s", models, "1", fit).upstreams


@pytest.mark.parametrize(
    ("models", "options", "message"),
    [
        (["fit", "fit@2"], {}, "Summary 's@1' names 'fit' twice"),
        (["fit"], {"require": ["age"]}, r"Summary 's@1' requires \['age'\], which it does not name"),
        ([{"name": "fit"}], {}, "Summary 's@1' names the upstream"),
        ([5], {}, "Summary 's@1' names the upstream 5"),
        (["fit"], {"fields": {"fit": int}}, r"'s@1' cannot have the fields \['fit'\]"),
        (["fit", "age"], {}, r"The parameters of 's@1' are \['fit'\]; expected \['age', 'fit'\]"),
    ],
    ids=["twice", "require", "no version", "no text", "field", "parameter"],
)
def test_a_summary_that_cannot_be_meant_is_refused(models: Any, options: dict[str, Any], message: str) -> None:
    """Mistakes in a summary's upstreams are found when it is declared."""
    with pytest.raises(DeclarationError, match=message):
        summary_model(version="1", name="s", models=models, **options)(lambda fit: 1)


def test_a_batch_summarys_fields_are_told_from_facets() -> None:
    """A field cannot have the name of an upstream's column."""
    with pytest.raises(DeclarationError, match=r"'s@1' cannot have the fields \['fit.score'\]"):
        summary_model(version="1", name="s", models=["fit"], batch=True, fields={"fit.score": float})(lambda leads: 1)


@pytest.mark.parametrize("labels", ["A", ["A"], ("A",)])
def test_one_label_is_a_list_of_one(labels: Any) -> None:
    """A text is one label, not one a letter."""
    assert ("A",) == made(labels=labels).labels


def test_a_test_run_needs_simple_fields_only() -> None:
    """`test` runs on a simple value for each field, as in 0.0.4, constrained or not."""
    assert made().test()
    assert not made(fields={"other": int}).test()
    assert made(fields={"employees": Annotated[int, Meta(ge=0)]}).inputs.names == ("employees",)
