"""Facts about XGBoost's boosters on the bank's clients: mlsm's scores are XGBoost's own."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import polars as pl
import pytest
import xgboost as xgb
from tests.runtimes.boosters import (
    DOTTED,
    FEW_COLUMNS,
    active,
    by_record,
    coded,
    farthest,
    frame_of,
    linked,
    predictor_of,
    read_bank,
    some_records,
)

import mlsm
from mlsm.testing import check_runtime

SINGLE = 1e-6
"""How near scores must be that were counted in float32."""


@pytest.fixture(scope="module", params=["numbers", "categories"])
def fitted(request: pytest.FixtureRequest, bank: Any) -> tuple[Path, pd.DataFrame]:
    """Give a booster's file, and the clients as it was fitted on them."""
    path: Path = request.getfixturevalue(f"{request.param}_file")
    return path, coded(bank[0]) if request.param == "numbers" else bank[0]


def predict(path: Path, frame: pd.DataFrame, **wanted: bool) -> Any:
    """Ask XGBoost itself."""
    return xgb.Booster(model_file=path).predict(xgb.DMatrix(frame, enable_categorical=True), **wanted)


def handed(path: Path, frame: pd.DataFrame) -> pl.DataFrame:
    """Give the clients as the engine hands them over."""
    return frame_of(active(path), frame.astype(object).to_dict("list"))


def test_every_client_gets_the_score_of_xgboost_together(fitted: tuple[Path, pd.DataFrame]) -> None:
    """All 45,211 clients in one batch: the same bits as Booster.predict."""
    path, frame = fitted
    records = pl.DataFrame(frame.astype(object).to_dict("list")).with_row_index("id")
    scores = mlsm.score([active(path)], records).frame().get_column("score")
    assert 45_211 == len(scores)
    assert 0.0 == farthest(scores, predict(path, frame))


def test_every_client_gets_the_score_of_xgboost_alone(fitted: tuple[Path, pd.DataFrame]) -> None:
    """Each of the 45,211 clients as a record of its own: equal to Booster.predict."""
    path, frame = fitted
    scores = by_record(predictor_of(active(path)), handed(path, frame))
    assert SINGLE > farthest(scores, predict(path, frame))


def test_names_with_dots_are_names(tmp_path: Path) -> None:
    """All 41,188 clients of the other file, together and alone: equal to Booster.predict."""
    frame, took = read_bank(DOTTED)
    path, told = tmp_path / "dotted.ubj", {"objective": "binary:logistic", "nthread": 1}
    xgb.train(told, xgb.DMatrix(frame, took, enable_categorical=True), 5).save_model(path)
    expected = predict(path, frame)
    records = pl.DataFrame(frame.astype(object).to_dict("list")).with_row_index("id")
    scores = mlsm.score([active(path)], records).frame().get_column("score")
    assert (41_188, True) == (len(scores), "emp.var.rate" in frame)
    assert SINGLE > farthest(scores, expected)
    assert SINGLE > farthest(by_record(predictor_of(active(path)), handed(path, frame)), expected)


def test_margins_alone_are_the_bits_of_xgboost(fitted: tuple[Path, pd.DataFrame]) -> None:
    """Before the link nothing is lost: leaves are added up in float32, as XGBoost does."""
    path, frame = fitted
    scores = by_record(predictor_of(active(path, output="value")), handed(path, frame)[:10_000])
    assert 0.0 == farthest(scores, predict(path, frame[:10_000], output_margin=True))


def test_reasons_add_up_to_the_score_of_every_client(fitted: tuple[Path, pd.DataFrame]) -> None:
    """The logistic function of the baseline and all contributions is the score."""
    path, frame = fitted
    predictor, clients = predictor_of(active(path, scale=100)), handed(path, frame)[::10]
    reasons = predictor.explain(clients, None)
    assert ("log_odds", 100.0, tuple(frame.columns)) == (reasons.scale, reasons.factor, reasons.fields)
    assert SINGLE > farthest(linked(reasons), predictor.columns(clients, None))


def test_reasons_are_the_contributions_of_xgboost(fitted: tuple[Path, pd.DataFrame]) -> None:
    """What each field added is what pred_contribs says; the baseline takes up what float32 leaves over."""
    path, frame = fitted
    expected = predict(path, frame[:200], pred_contribs=True)
    reasons = predictor_of(active(path)).explain(handed(path, frame)[:200], None)
    assert 0.0 == farthest(reasons.contributions, expected[:, :-1])
    assert 1e-5 > farthest(reasons.baseline, expected[:, -1])


def test_both_paths_agree_on_the_samples(fitted: tuple[Path, pd.DataFrame]) -> None:
    """At and beside splits, without values and with unseen categories, a record is scored as in a frame."""
    path, _ = fitted
    model = active(path)
    predictor = predictor_of(model)
    frame = frame_of(model, list(predictor.samples))
    assert SINGLE > farthest(by_record(predictor, frame), predictor.columns(frame, None))


def test_samples_cover_splits_and_holes(fitted: tuple[Path, pd.DataFrame]) -> None:
    """Each field is without a value in some sample; a number lies on both sides of where a split turns."""
    path, _ = fitted
    model = active(path)
    samples = predictor_of(model).samples
    assert all(None in column for column in zip(*samples, strict=True))
    seen = {sample[model.inputs.names.index("balance")] for sample in samples} - {None}
    assert 3 <= len([value for value in seen if np.nextafter(value, -np.inf) in seen])
    assert 250 >= len(samples)


def test_the_trees_as_a_function_are_in_use(fitted: tuple[Path, pd.DataFrame]) -> None:
    """One record takes the compiled trees, and `path` says so."""
    path, _ = fitted
    assert predictor_of(active(path)).path.startswith("It is scored by its trees as one Python function")


def test_threads_do_not_disturb_each_other(fitted: tuple[Path, pd.DataFrame]) -> None:
    """Frames scored in four threads at once, small and great, get the scores that they get in one."""
    path, frame = fitted
    predictor, clients = predictor_of(active(path)), handed(path, frame)[:8000]
    expected = predictor.columns(clients, None)
    with ThreadPoolExecutor(4) as threads:
        parts = [clients[start : start + 1000] for start in range(0, 8000, 1000)]
        great = list(threads.map(lambda part: np.asarray(predictor.columns(part, None)), parts))
        small = list(threads.map(lambda part: np.asarray(predictor.columns(part, None)), clients[:200].iter_slices(10)))
    assert 0.0 == farthest(np.concatenate(great), expected)
    assert 0.0 == farthest(np.concatenate(small), np.asarray(expected)[:200])


def test_the_runtime_keeps_its_promises(few_columns_file: Path, bank: Any) -> None:
    """The public suite holds: holes, text for numbers, whole numbers, unseen text, batches of none and one."""
    check_runtime(lambda: active(few_columns_file), some_records(bank[0][FEW_COLUMNS], 4), tolerance=SINGLE)


def test_fields_follow_from_the_file(bank: Any, categories_file: Path) -> None:
    """Numbers are floats, categories text, and all may be empty."""
    expected = {
        name: "str" if isinstance(dtype, pd.CategoricalDtype) else "float" for name, dtype in bank[0].dtypes.items()
    }
    inputs = active(categories_file).inputs
    assert expected == {field.name: str(field.kind) for field in inputs}
    assert all(field.nullable for field in inputs)


def test_an_unseen_category_is_read_as_missing(categories_file: Path, bank: Any) -> None:
    """A job that nobody had when it was fitted scores as no job does, in a frame and alone."""
    [client] = some_records(bank[0], 1)
    strange, none = ({**client, "job": job} for job in ("astronaut", None))
    model = active(categories_file)
    predictor, frame = predictor_of(model), frame_of(model, [tuple(strange.values()), tuple(none.values())])
    together, alone = np.asarray(predictor.columns(frame, None)), by_record(predictor, frame)
    assert (together[0], alone[0]) == (together[1], alone[1])


def test_loading_prints_nothing(categories_file: Path, capfd: pytest.CaptureFixture[str]) -> None:
    """Standard output belongs to the command line's data."""
    predictor_of(active(categories_file))
    assert ("", "") == capfd.readouterr()
