"""Facts about LightGBM's boosters on the bank's clients: mlsm's scores are LightGBM's own."""

from __future__ import annotations

import json
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import lightgbm as lgb
import numpy as np
import pandas as pd
import polars as pl
import pytest
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

TOLERANCE = 1e-9


@pytest.fixture(scope="module", params=["numbers", "categories"])
def fitted(request: pytest.FixtureRequest, bank: Any) -> tuple[Path, pd.DataFrame]:
    """Give a booster's file, and the clients as it was fitted on them."""
    path: Path = request.getfixturevalue(f"{request.param}_file")
    return path, coded(bank[0]) if request.param == "numbers" else bank[0]


def handed(path: Path, frame: pd.DataFrame) -> pl.DataFrame:
    """Give the clients as the engine hands them over."""
    return frame_of(active(path), frame.astype(object).to_dict("list"))


def test_every_client_gets_the_score_of_lightgbm_together(fitted: tuple[Path, pd.DataFrame]) -> None:
    """All 45,211 clients in one batch: equal to Booster.predict."""
    path, frame = fitted
    records = pl.DataFrame(frame.astype(object).to_dict("list")).with_row_index("id")
    scores = mlsm.score([active(path)], records).frame().get_column("score")
    assert 45_211 == len(scores)
    assert TOLERANCE > farthest(scores, lgb.Booster(model_file=path).predict(frame))


def test_every_client_gets_the_score_of_lightgbm_alone(fitted: tuple[Path, pd.DataFrame]) -> None:
    """Each of the 45,211 clients as a record of its own: equal to Booster.predict."""
    path, frame = fitted
    scores = by_record(predictor_of(active(path)), handed(path, frame))
    assert TOLERANCE > farthest(scores, lgb.Booster(model_file=path).predict(frame))


def test_names_with_dots_are_names(tmp_path: Path) -> None:
    """All 41,188 clients of the other file, together and alone: equal to Booster.predict."""
    frame, took = read_bank(DOTTED)
    path = tmp_path / "dotted.txt"
    lgb.train({"objective": "binary", "verbosity": -1, "num_threads": 1}, lgb.Dataset(frame, took), 5).save_model(path)
    expected = lgb.Booster(model_file=path).predict(frame)
    records = pl.DataFrame(frame.astype(object).to_dict("list")).with_row_index("id")
    scores = mlsm.score([active(path)], records).frame().get_column("score")
    assert (41_188, True) == (len(scores), "emp.var.rate" in frame)
    assert TOLERANCE > farthest(scores, expected)
    assert TOLERANCE > farthest(by_record(predictor_of(active(path)), handed(path, frame)), expected)


def test_reasons_add_up_to_the_score_of_every_client(fitted: tuple[Path, pd.DataFrame]) -> None:
    """The logistic function of the baseline and all contributions is the score."""
    path, frame = fitted
    predictor, clients = predictor_of(active(path, scale=100)), handed(path, frame)[::10]
    reasons = predictor.explain(clients, None)
    assert ("log_odds", 100.0, tuple(frame.columns)) == (reasons.scale, reasons.factor, reasons.fields)
    assert 1e-6 > farthest(linked(reasons), predictor.columns(clients, None))


def test_reasons_are_the_contributions_of_lightgbm(fitted: tuple[Path, pd.DataFrame]) -> None:
    """What each field added is what pred_contrib says."""
    path, frame = fitted
    expected = np.asarray(lgb.Booster(model_file=path).predict(frame[:200], pred_contrib=True))
    reasons = predictor_of(active(path)).explain(handed(path, frame)[:200], None)
    assert 1e-9 > farthest(reasons.contributions, expected[:, :-1])


def test_both_paths_agree_on_the_samples(fitted: tuple[Path, pd.DataFrame]) -> None:
    """At and beside splits, without values and with unseen categories, a record is scored as in a frame."""
    path, _ = fitted
    model = active(path)
    predictor = predictor_of(model)
    frame = frame_of(model, list(predictor.samples))
    assert 0.0 == farthest(by_record(predictor, frame), predictor.columns(frame, None))


def test_samples_cover_splits_and_holes(fitted: tuple[Path, pd.DataFrame]) -> None:
    """Each field is without a value in some sample; a number is at a split, and beside it on both sides."""
    path, _ = fitted
    model = active(path)
    samples = predictor_of(model).samples
    assert all(None in column for column in zip(*samples, strict=True))
    seen = {sample[model.inputs.names.index("balance")] for sample in samples} - {None}
    splits = [value for value in seen if {np.nextafter(value, -np.inf), np.nextafter(value, np.inf)} <= seen]
    assert 3 <= len(splits)
    assert 250 >= len(samples)


def test_the_call_for_single_rows_is_in_use(fitted: tuple[Path, pd.DataFrame]) -> None:
    """One record takes LightGBM's fast call, and `path` says so."""
    path, _ = fitted
    assert "It is scored by LightGBM's own call for single rows." == predictor_of(active(path)).path


def test_threads_do_not_disturb_each_other(fitted: tuple[Path, pd.DataFrame]) -> None:
    """Clients scored one by one in four threads at once get the scores that they get in one."""
    path, frame = fitted
    predictor, clients = predictor_of(active(path)), handed(path, frame)[:8000]
    expected = by_record(predictor, clients)
    with ThreadPoolExecutor(4) as threads:
        parts = list(threads.map(lambda part: by_record(predictor, part), clients.iter_slices(500)))
    assert 0.0 == farthest(np.concatenate(parts), expected)


def test_the_runtime_keeps_its_promises(few_columns_file: Path, bank: Any) -> None:
    """The public suite holds: holes, text for numbers, whole numbers, unseen text, batches of none and one."""
    check_runtime(lambda: active(few_columns_file), some_records(bank[0][FEW_COLUMNS], 4))


def test_fields_follow_from_the_file(bank: Any, categories_file: Path) -> None:
    """Numbers are floats, categories text, and all may be empty."""
    expected = {
        name: "str" if isinstance(dtype, pd.CategoricalDtype) else "float" for name, dtype in bank[0].dtypes.items()
    }
    inputs = active(categories_file).inputs
    assert expected == {field.name: str(field.kind) for field in inputs}
    assert all(field.nullable for field in inputs)


def test_an_unseen_category_is_read_as_missing(categories_file: Path, bank: Any) -> None:
    """A job that nobody had when it was fitted scores as no job does."""
    [client] = some_records(bank[0], 1)
    strange, none = ({**client, "id": "1", "job": job} for job in ("astronaut", None))
    [expected] = mlsm.score_one([active(categories_file)], none)
    [actual] = mlsm.score_one([active(categories_file)], strange)
    assert expected.score == actual.score


def test_lines_may_end_as_on_windows(categories_file: Path, tmp_path: Path) -> None:
    """A file whose line ends were changed on the way gives the same scores."""
    changed = tmp_path / "changed.txt"
    changed.write_bytes(categories_file.read_bytes().replace(b"\n", b"\r\n"))
    samples = predictor_of(active(categories_file)).samples
    one, other = (predictor_of(active(path)) for path in (categories_file, changed))
    assert [one.record(*sample) for sample in samples] == [other.record(*sample) for sample in samples]


def test_loading_prints_nothing(categories_file: Path, capfd: pytest.CaptureFixture[str]) -> None:
    """Standard output belongs to the command line's data."""
    predictor_of(active(categories_file))
    assert ("", "") == capfd.readouterr()


def test_categories_of_the_file_are_those_of_pandas(categories_file: Path, bank: Any) -> None:
    """The codes are pandas' own: the file's last line holds the categories in their order."""
    trailer = categories_file.read_text().rsplit("pandas_categorical:", 1)[1]
    assert list(bank[0]["job"].cat.categories) == json.loads(trailer)[0]
