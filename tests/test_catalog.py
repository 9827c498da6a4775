"""An immutable set of models, and which version of each name is active."""

from typing import Any

import pytest

from mlsm import Catalog, Model, SummaryModel
from mlsm.errors import CatalogError, UnknownNameError


def fit(data: dict[str, Any], results: dict[str, Any]) -> float:
    return 1.0


def model(key: str, status: str = "active") -> Model:
    name, _, version = key.partition("@")
    return Model(name, {"a": int}, version, fit, status)


def summary(key: str, upstreams: Any, status: str = "active", **options: Any) -> SummaryModel:
    name, _, version = key.partition("@")
    return SummaryModel(name, upstreams, version, fit, {}, status, **options)


MISTAKES: dict[str, tuple[list[Any], list[str]]] = {
    "no model": ([fit], ["is no model; expected mlsm.Model or mlsm.SummaryModel."]),
    "twice": ([model("a@1"), model("a@1", "draft")], ["'a@1' occurs twice."]),
    "two active": ([model("a@1"), model("a@2")], ["'a@2' and 'a@1' are both active; expected one a name."]),
    "status": ([model("a@1", "live")], ["'a@1' has the status 'live'; expected one of active, draft, retired."]),
    "field": ([Model("a", {"x": complex}, "1", fit)], ["'a@1': Field 'x' is declared as complex; expected int"]),
    "key": ([Model("a b", {}, "1", fit)], ["The name 'a b' of a model cannot be used"]),
    "range": ([Model("a", {}, "1", fit, range=(1, 0))], ["'a@1' declares the range (1.0, 0.0)"]),
    "unknown": (
        [model("a@1"), summary("s@1", ["b"])],
        ["'s@1' stands on 'b', but there is no such model; expected one of a@1, s@1."],
    ),
    "unknown version": (
        [model("a@1"), summary("s@1", ["a@2"])],
        ["'s@1' stands on 'a@2', but there is no such model; expected one of a@1."],
    ),
    "none active": (
        [model("a@1", "draft"), summary("s@1", ["a"], "draft")],
        ["'s@1' stands on 'a', but no version of 'a' is active; expected one of a@1."],
    ),
    "retired": (
        [model("a@1", "retired"), summary("s@1", ["a@1"], "draft")],
        ["'s@1' stands on 'a@1', which is retired."],
    ),
    "active over draft": (
        [model("a@1", "draft"), summary("s@1", ["a@1"])],
        ["'s@1' is active, but 'a@1' that it stands on is a draft."],
    ),
    "itself": ([summary("s@1", ["s"])], ["These summaries stand on each other: s@1 -> s@1."]),
    "each other": ([summary("s@1", ["t"]), summary("t@1", ["s"])], ["These summaries stand on each other: "]),
    "require": (
        [model("a@1"), summary("s@1", ["a"], require=["b"])],
        ["Summary 's@1' requires ['b'], which it does not name"],
    ),
    "all at once": (
        [model("a@1"), model("a@2"), model("b@1", "live"), Model("c", {"x": set}, "1", fit)],
        ["'a@2' and 'a@1' are both active", "'b@1' has the status 'live'", "'c@1': Field 'x' is declared as set"],
    ),
}


@pytest.mark.parametrize("case", MISTAKES)
def test_models_that_cannot_stand_together_are_refused(case: str) -> None:
    """Every mistake of a catalog is found when it is made, and all are told at once."""
    models, expected = MISTAKES[case]
    with pytest.raises(CatalogError, match="These models cannot stand in one catalog:") as raised:
        Catalog(models)
    assert len(expected) == len(raised.value.problems)
    assert [] == [(part, told) for part, told in zip(expected, raised.value.problems, strict=True) if part not in told]


def test_a_catalog_is_a_mapping_by_key_and_active_name() -> None:
    """Models are found by `name@version`, active ones by their name too, in the order given."""
    catalog = Catalog([model("b@2", "draft"), model("a@1"), model("b@1"), model("c@1", "retired")])
    assert ["b@2", "a@1", "b@1", "c@1"] == list(catalog)
    assert ("b@1", "b@2", 4) == (catalog["b"].key, catalog["b@2"].key, len(catalog))
    assert [True, True, False, False, False] == [name in catalog for name in ("b", "b@2", "c", "d", 5)]
    assert ["b@2", "a@1", "b@1"] == [found.key for found in catalog.running]


@pytest.mark.parametrize(("name", "hint"), [("c", "c@1"), ("a@9", "a@1"), ("x", "a@1, c@1"), ("", "a@1, c@1")])
def test_an_unknown_name_is_told_with_what_there_is(name: str, hint: str) -> None:
    """A name without an active version is unknown; the hint says which versions there are."""
    catalog = Catalog([model("a@1"), model("c@1", "draft")])
    with pytest.raises(UnknownNameError, match=f"No model '{name}' in the catalog") as raised:
        catalog[name]
    assert f"There is {hint}." == raised.value.hint


def test_summaries_come_after_what_they_stand_on() -> None:
    """The order of evaluation follows the upstreams, whatever the order in which models were given."""
    top = summary("u@1", {"x": "t", "y": "b@2"}, "draft")
    models = [summary("t@1", ["s"]), summary("s@1", ["a"]), model("a@1"), top, model("b@2", "draft")]
    catalog = Catalog(models)
    place = {found.key: number for number, found in enumerate(catalog.order)}
    assert place["a@1"] < place["s@1"] < place["t@1"] < place["u@1"] > place["b@2"]
    assert {"x": "t@1", "y": "b@2"} == catalog.upstreams("u@1")
    assert {} == catalog.upstreams("a")
    assert {"a": "a@1"} == catalog.upstreams("s")


def test_activation_gives_another_catalog() -> None:
    """One version of a name is active at a time; a summary by name follows the active one."""
    catalog = Catalog([model("a@1"), model("a@2", "draft"), summary("s@1", ["a"])])
    changed = catalog.with_active("a@2")
    assert (["active", "draft"], ["draft", "active"]) == (
        [catalog[key].status for key in ("a@1", "a@2")],
        [changed[key].status for key in ("a@1", "a@2")],
    )
    assert ({"a": "a@1"}, {"a": "a@2"}) == (catalog.upstreams("s@1"), changed.upstreams("s@1"))
    with pytest.raises(CatalogError, match="no version of 'a' is active"):
        catalog.with_draft("a@1")
    with pytest.raises(UnknownNameError):
        catalog.with_active("a@3")


def test_a_part_of_a_catalog_brings_what_it_stands_on() -> None:
    """`only` keeps the models named, by name or key, and all upstreams of theirs."""
    catalog = Catalog(
        [model("a@1"), model("a@2", "draft"), model("b@1"), summary("s@1", ["a"]), summary("t@1", ["s", "b"])]
    )
    assert ["a@1", "s@1"] == list(catalog.only(["s"]))
    assert ["a@1", "a@2"] == list(catalog.only(["a"]))
    assert ["a@1", "b@1", "s@1", "t@1"] == list(catalog.only(["t@1"]))
    assert [] == list(catalog.only([]))
    with pytest.raises(UnknownNameError):
        catalog.only(["x"])


def test_catalogs_are_equal_by_their_models() -> None:
    """Same models in the same statuses and order make equal catalogs, with the same digest."""
    catalog = Catalog([model("a@1"), model("b@1", "draft")])
    assert catalog == Catalog([model("a@1"), model("b@1", "draft")])
    assert hash(catalog) == hash(Catalog([model("a@1"), model("b@1", "draft")]))
    others = [[model("a@1")], [model("a@1"), model("b@1")], [model("a@1", "draft"), model("b@1", "draft")]]
    assert [] == [models for models in others if catalog == Catalog(models)]
    assert 4 == len({Catalog(models).digest for models in others} | {catalog.digest})
    assert "Catalog(['a@1 active', 'b@1 draft'])" == repr(catalog)


def test_a_catalog_is_made_of_what_there_is() -> None:
    """One model, several, or a catalog itself serve as a catalog."""
    catalog = Catalog([model("a@1")])
    assert catalog is Catalog.of(catalog)
    assert catalog == Catalog.of(model("a@1")) == Catalog.of(iter([model("a@1")]))
    assert 0 == len(Catalog([]))
