"""One play for two casts: the same models and records through any module with the original's names.

Run as a script in an environment that holds mlsm 0.0.4, it prints what that answers, one case a line:
`python tests/original/play.py > tests/original/expected.ndjson`.
"""

from __future__ import annotations

import importlib
import json
import random
from collections import OrderedDict
from collections.abc import Callable
from typing import Any

Function = Callable[..., Any]


class OddError(Exception):
    """An exception with a text of its own."""

    def __str__(self) -> str:
        return "odd: ünïcödé"


def _double(data: Any, results: Any) -> Any:
    return {"score": 2 * data["x"]}


def _raise(error: BaseException) -> Function:
    def function(data: Any, results: Any) -> Any:
        raise error

    return function


def _give(value: Any) -> Function:
    return lambda data, results: value


def _divide(data: Any, results: Any) -> Any:
    return {"score": data["x"] / data["y"], "label": "A" if data["x"] > data["y"] else "B"}


def _look(data: Any, results: Any) -> Any:
    return {"seen": sorted(results), "scores": [results[name]["1"].get("score") for name in data["names"]]}


def _best(data: Any, results: Any) -> Any:
    return {"score": max(versions["1"]["score"] for name, versions in results.items() if name != "best")}


FUNCTIONS: dict[str, Function] = {
    "double": _double,
    "divide": _divide,
    "value error": _raise(ValueError("no such value")),
    "key error": _raise(KeyError("x")),
    "no message": _raise(RuntimeError()),
    "two arguments": _raise(OSError(2, "No such file")),
    "odd": _raise(OddError()),
    "long": _raise(ValueError("x" * 2_500)),
    "exit": _raise(SystemExit(3)),
    "stop": _raise(StopIteration()),
    "none": _give(None),
    "number": _give(7),
    "text": _give("A"),
    "list": _give([1, 2]),
    "pairs": _give([("score", 1)]),
    "tuple": _give(("score", 1)),
    "empty": lambda data, results: {},
    "ordered": lambda data, results: OrderedDict(score=1, label="B"),
    "own status": lambda data, results: {"score": 1, "_status": "mine"},
    "own error": lambda data, results: {"_error": "told by the model"},
    "data itself": lambda data, results: data,
}
FIELDS: dict[str, dict[str, Any]] = {
    "none": {},
    "x": {"x": int},
    "x y": {"x": int, "y": float},
    "y x": {"y": float, "x": int},
    "all four": {"a": int, "b": float, "c": str, "d": bool},
    "unknown kind": {"a": list},
    "kind as text": {"a": "int"},
    "unhashable kind": {"a": [int]},
}
DATA: dict[str, Any] = {
    "nothing": {},
    "x": {"x": 4},
    "x y": {"x": 4, "y": 0.5},
    "zero": {"x": 4, "y": 0},
    "more": {"x": 4, "y": 0.5, "z": None},
    "wrong types": {"x": "4", "y": None},
    "nested": {"x": [1, {"deep": [2]}], "y": 1},
}


def told(play: Callable[..., Any], *given: Any) -> Any:
    """Give what a play returns, or the type and text of what it raises."""
    try:
        return play(*given)
    except Exception as error:  # noqa: BLE001 - whatever is raised is what is compared
        return {"raised": type(error).__name__, "text": str(error)}


def every_pair(cast: Any) -> dict[str, Any]:
    """Play every function over every data, and every declaration of fields over every data."""
    played = {}
    for name, function in FUNCTIONS.items():
        for shown in ("x y", "nested"):
            model = cast.Model(name="m", fields={}, version="1", fcn=function)
            record = {"id": 7, "data": {"m": {"1": dict(DATA[shown])}}}
            played[f"{name} over {shown}"] = told(cast.RunModels, [model], record)["results"]
    for declared, fields in FIELDS.items():
        for shown, data in DATA.items():
            model = cast.Model("m", fields, "1", _give(None), "any status")
            played[f"{declared} read from {shown}"] = told(model.execute, data, {})
    return played


def simple_tests(cast: Any) -> dict[str, Any]:
    """Play `.test()` of models and summaries."""
    played = {}
    for declared, fields in FIELDS.items():
        for name, function in (("sure", lambda data, results: {"kept": dict(data)}), ("failing", _raise(ValueError()))):
            model = cast.Model("m", fields, "1", function)
            played[f"{declared}, {name}"] = told(model.test)
    played["summary"] = told(cast.SummaryModel("s", [], "1", lambda data, results: {}).test)
    played["summary that reads"] = told(cast.SummaryModel("s", [], "1", _best).test)
    return played


def records_without(cast: Any) -> dict[str, Any]:
    """Play `RunModels` over records that lack a model's data."""
    model = cast.Model("m", {"x": int}, "1", _double)
    summary = cast.SummaryModel("s", [{"name": "m", "version": "1"}], "1", _best)
    without: list[dict[str, Any]] = [{}, {"data": {}}, {"data": {"m": {}}}, {"data": {"m": {"2": {"x": 1}}}}]
    played: dict[str, Any] = {}
    for number, record in enumerate(without):
        played[f"model {number}"] = told(cast.RunModels, [model], dict(record))
        played[f"summary {number}"] = told(cast.RunSummaryModels, [summary], {**record, "results": {}})
    return played


def summaries(cast: Any) -> dict[str, Any]:
    """Play summaries over what ran, and over what did not."""
    fit = cast.Model("fit", {"x": int}, "1", _double, status="active")
    best = cast.SummaryModel("best", [{"name": "fit", "version": "1"}], "1", _best)
    look = cast.SummaryModel("look", [], "1", _look, {"names": list}, "active")
    played = {}
    for named in (
        [],
        [{"name": "fit", "version": "1"}],
        [{"name": "fit", "version": "2"}],
        [{"name": "x", "version": "1"}],
    ):
        summary = cast.SummaryModel(name="best", models=named, version="1", fcn=_best)
        record = {"data": {"fit": {"1": {"x": 3}}, "best": {"1": {}}}}
        played[f"over {named}"] = told(cast.RunModelsAll, [fit], [record], [summary])
    data = {"fit": {"1": {"x": 3}}, "best": {"1": {}}, "look": {"1": {"names": ["fit", "best"]}}}
    played["two in order"] = told(cast.RunModelsAll, [fit], [{"data": data}], [best, look])
    lacking = [{"data": {**data, "look": {"1": {}}}}]
    played["fields missing"] = told(cast.RunModelsAll, [fit], lacking, [best, look])
    held = {"data": data, "results": {"fit": {"1": {"score": 9}}}}
    played["over results that were held"] = told(cast.RunSummaryModels, [best], held)
    return played


def many(cast: Any) -> dict[str, Any]:
    """Play chance models over chance records, every model seeing those before it."""
    chance = random.Random(20160101)
    played = {}
    for number in range(24):
        names = [f"m{place}" for place in range(chance.randint(1, 5))]
        models = [
            cast.Model(
                name,
                FIELDS[chance.choice(["none", "x", "x y", "y x"])],
                chance.choice(["1", "1.0", "two"]),
                FUNCTIONS[chance.choice(sorted(FUNCTIONS))] if chance.random() < 0.4 else _count,
                chance.choice(["active", "draft", "retired", "in trial"]),
            )
            for name in names
        ]
        kinds = ["x", "x y", "more", "zero", "nothing", "wrong types"]
        records = [
            {"id": row, "data": {model.name: {model.version: dict(DATA[chance.choice(kinds)])} for model in models}}
            for row in range(2)
        ]
        played[f"play {number}"] = [record["results"] for record in cast.RunModelsAll(models, records)]
    return played


def _count(data: Any, results: Any) -> Any:
    return {
        "score": data["x"] * 1.5,
        "seen": len(results),
        "failed": sum("_error" in str(own) for own in results.values()),
    }


def play(cast: Any) -> dict[str, Any]:
    """Play everything with one cast; give what JSON makes of the answers."""
    acts = (every_pair, simple_tests, records_without, summaries, many)
    played = {act.__name__: act(cast) for act in acts}
    answers: dict[str, Any] = json.loads(json.dumps(played))
    return answers


if __name__ == "__main__":
    for act, cases in play(importlib.import_module("mlsm.mlsm")).items():
        for case, answer in cases.items():
            print(json.dumps([act, case, answer], sort_keys=True))  # noqa: T201 - a script
