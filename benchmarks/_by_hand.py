"""One lead through the five fitted models as code written for nothing else: no model is asked, nothing is checked.

Points, recency and the pipeline's tables are plain Python with the numbers in place; of the
boosted trees and of the forest the quicker of two is taken, a nest of comparisons in Python
or the library's own call for one row with all that can be prepared kept.
"""

from __future__ import annotations

import ctypes
import math
import pickle
import timeit
from collections.abc import Callable, Mapping, Sequence
from datetime import date, datetime
from pathlib import Path
from typing import Any

from benchmarks._fitted import NUMBERS, WORDS

__all__ = ["by_hand"]

Numbers = Sequence[float]


def by_hand(project: Path, lead: Mapping[str, Any], clock: datetime) -> tuple[Callable[..., float], list[str]]:
    """Give what scores a lead and takes the greatest score, and which way the trees go.

    Args:
        project: the folder of the fitted models.
        lead: one to find out with which way is the quicker one.
        clock: the day of scoring.
    """
    values = [lead[name] for name in NUMBERS]
    ways = {
        "booster": {"comparisons": _booster(project), "LightGBM's fast call": _fast_call(project)},
        "forest": {"comparisons": _forest(project), "onnxruntime": _session(project)},
    }
    took = {model: {name: _microseconds(way, values) for name, way in found.items()} for model, found in ways.items()}
    best = {model: min(times, key=times.__getitem__) for model, times in took.items()}
    booster, forest = (ways[model][best[model]] for model in ("booster", "forest"))
    propensity = _propensity(project)
    today = clock.date()

    def call(values: Numbers, words: Sequence[str], last_visit: date) -> float:
        employees, revenue, *_ = values
        country, industry = words
        fit = 30.0 if employees >= 5000 else 20.0 if employees >= 500 else 0.0
        if revenue >= 500_000.0:
            fit += 25.0
        if country in ("DE", "FR"):
            fit += 15.0
        if industry == "software":
            fit += 20.0
        recency = 100.0 * 0.5 ** ((today - last_visit).days / 30)
        return max(fit / 0.9, recency, propensity(*values, *words), booster(values), forest(values))

    told = [
        f"{model}: {name} ({took[model][name]:.1f} µs; {', '.join(_others(took[model], name))})"
        for model, name in best.items()
    ]
    return call, told


def _others(times: Mapping[str, float], best: str) -> list[str]:
    return [f"{name} {time:.1f}" for name, time in times.items() if name != best]


def _microseconds(way: Callable[[Numbers], float], values: Numbers) -> float:
    return min(timeit.repeat(lambda: way(values), number=500, repeat=5)) / 500 * 1e6


def _compiled(body: str, names: str, namespace: dict[str, Any] | None = None) -> Any:
    found: dict[str, Any] = namespace or {}
    exec(f"def scored({names}):\n return {body}", found)
    return found["scored"]


def _of_list(body: str) -> Callable[[Numbers], float]:
    names = ", ".join(f"x{place}" for place in range(len(NUMBERS)))
    scored = _compiled(body, names, {"exp": math.exp})
    return lambda values: scored(*values)  # type: ignore[no-any-return]


def _propensity(project: Path) -> Callable[..., float]:
    """Write the pipeline down: a slope for each number, a table for each word."""
    pipeline = pickle.loads((project / "propensity.pickle").read_bytes())
    prepare, logistic = pipeline.named_steps["prepare"], pipeline.named_steps["fit"]
    scaler, encoder = prepare.named_transformers_["numbers"], prepare.named_transformers_["words"]
    weights = logistic.coef_[0]
    slopes = weights[: len(NUMBERS)] / scaler.scale_
    start = float(logistic.intercept_[0] - slopes @ scaler.mean_)
    terms = [repr(start), *(f"{float(slope)!r} * {name}" for slope, name in zip(slopes, NUMBERS, strict=True))]
    namespace: dict[str, Any] = {"exp": math.exp}
    place = len(NUMBERS)
    for name, categories in zip(WORDS, encoder.categories_, strict=True):
        namespace[f"of_{name}"] = dict(zip(categories, weights[place : place + len(categories)].tolist(), strict=True))
        terms.append(f"of_{name}[{name}]")
        place += len(categories)
    made: Callable[..., float] = _compiled(
        f"100.0 / (1.0 + exp(-({' + '.join(terms)})))", ", ".join([*NUMBERS, *WORDS]), namespace
    )
    return made


def _booster(project: Path) -> Callable[[Numbers], float]:
    import lightgbm

    def nest(node: Mapping[str, Any]) -> str:
        if "leaf_value" in node:
            return repr(node["leaf_value"])
        question = f"x{node['split_feature']} <= {node['threshold']!r}"
        return f"({nest(node['left_child'])} if {question} else {nest(node['right_child'])})"

    trees = lightgbm.Booster(model_file=project / "booster.txt").dump_model()["tree_info"]
    total = " + ".join(nest(tree["tree_structure"]) for tree in trees)
    return _of_list(f"100.0 / (1.0 + exp(-({total})))")


def _fast_call(project: Path) -> Callable[[Numbers], float]:
    import lightgbm
    from lightgbm import basic

    library: Any = basic._LIB  # noqa: SLF001 - the package names no other way to it
    booster = lightgbm.Booster(model_file=project / "booster.txt")
    row, told, prepared = (ctypes.c_double * len(NUMBERS))(), ctypes.c_double(), ctypes.c_void_p()
    kinds = (ctypes.c_int(0), ctypes.c_int(0), ctypes.c_int(-1), ctypes.c_int(1), ctypes.c_int32(len(NUMBERS)))
    handle = booster._handle  # noqa: SLF001 - as above
    library.LGBM_BoosterPredictForMatSingleRowFastInit(handle, *kinds, b"", ctypes.byref(prepared))
    asked = (prepared, ctypes.byref(row), ctypes.byref(ctypes.c_int64()), ctypes.byref(told))
    predict = library.LGBM_BoosterPredictForMatSingleRowFast

    def call(values: Numbers) -> float:
        row[:] = values
        predict(*asked)
        return 100.0 * told.value

    call.kept = booster  # type: ignore[attr-defined]  # the library's memory is the booster's
    return call


def _forest(project: Path) -> Callable[[Numbers], float]:
    forest = pickle.loads((project / "forest.pickle").read_bytes())

    def nest(tree: Any, node: int) -> str:
        if tree.children_left[node] < 0:
            shares = tree.value[node, 0]
            return repr(float(shares[1] / shares.sum()))
        question = f"x{tree.feature[node]} <= {float(tree.threshold[node])!r}"
        return f"({nest(tree, tree.children_left[node])} if {question} else {nest(tree, tree.children_right[node])})"

    total = " + ".join(nest(one.tree_, 0) for one in forest.estimators_)
    return _of_list(f"({total}) * {100.0 / len(forest.estimators_)!r}")


def _session(project: Path) -> Callable[[Numbers], float]:
    import numpy as np
    import onnxruntime

    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = 1
    session = onnxruntime.InferenceSession(project / "forest.onnx", options)
    row = np.zeros((1, len(NUMBERS)), np.float32)

    def call(values: Numbers) -> float:
        row[0] = values
        return 100.0 * float(session.run(["probabilities"], {"leads": row})[0][0, 1])

    return call
