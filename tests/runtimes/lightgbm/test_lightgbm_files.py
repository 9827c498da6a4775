"""Facts about files that are damaged or something else: a clear refusal, before LightGBM reads beyond its memory."""

from __future__ import annotations

import random
import re
import subprocess
import sys
import textwrap
from collections.abc import Callable
from pathlib import Path

import lightgbm as lgb
import pandas as pd
import pytest
from tests.runtimes.boosters import active, made_up, predictor_of

import mlsm
from mlsm.errors import DeclarationError, InputError, MissingExtraError


def load_damaged(path: Path, damage: Callable[[str], str], tmp_path: Path) -> str:
    """Load a damaged copy; give the refusal."""
    damaged = tmp_path / "damaged.txt"
    damaged.write_text(damage(path.read_text()))
    with pytest.raises(InputError) as caught:
        active(damaged, kind="lightgbm")
    return str(caught.value)


@pytest.mark.parametrize("share", [0.05, 0.3, 0.6, 0.9, 0.97])
def test_a_file_that_was_cut_off_is_refused(few_columns_file: Path, tmp_path: Path, share: float) -> None:
    """However much of it is left, the message says that it is damaged and what to do."""
    told = load_damaged(few_columns_file, lambda text: text[: int(len(text) * share)], tmp_path)
    assert "is a damaged model of LightGBM: " in told
    assert "Hint: Save it again with `booster.save_model(path)`" in told


@pytest.mark.parametrize(
    ("old", "new", "expected"),
    [
        (r"left_child=\d", "left_child=0", "node 0 of tree 0 leads nowhere"),
        (r"split_feature=\d", "split_feature=9", "node 0 of tree 0 leads nowhere"),
        (r"leaf_value=.", "leaf_value=x", "could not convert string to float"),
        (r"num_leaves=31", "num_leaves=30", "tree 0 has 30 leaves, but not so many of"),
        (r"num_cat=\d+", "num_cat=", "bytes instead of"),
        (r"cat_boundaries=0", "cat_boundaries=1", "the categories of tree 0 are not as many as it says"),
        (r"tree_sizes=", "tree_sizes=7 ", "it promises 9 trees and holds 8"),
        (r"max_feature_idx=3", "max_feature_idx=4", "differ in number"),
    ],
)
def test_numbers_out_of_place_are_told(
    few_columns_file: Path, tmp_path: Path, old: str, new: str, expected: str
) -> None:
    """Each kind of damage is named."""
    told = load_damaged(few_columns_file, lambda text: re.sub(old, new, text, count=1), tmp_path)
    assert "is a damaged model of LightGBM: " in told
    assert expected in told


@pytest.mark.parametrize("content", [b"", b"\x80\x04\x95 pickled", b"{}", b"treetop\n", bytes(range(256)) * 9])
def test_another_kind_of_file_is_refused(tmp_path: Path, content: bytes) -> None:
    """What does not begin as LightGBM's text is told to be none."""
    path = tmp_path / "other.txt"
    path.write_bytes(content)
    with pytest.raises(InputError, match="is no model of LightGBM's; expected text that begins with the line 'tree'"):
        active(path, kind="lightgbm")


def test_a_folder_is_refused(tmp_path: Path) -> None:
    """A folder cannot be read as a file."""
    with pytest.raises(InputError, match="cannot be read"):
        active(tmp_path, kind="lightgbm")


def test_no_damage_ends_the_process(few_columns_file: Path, tmp_path: Path) -> None:
    """A file with bytes changed at random loads or is refused, and scores if it loads."""
    text, rng = few_columns_file.read_bytes(), random.Random(3)
    for number in range(60):
        changed = bytearray(text)
        for _ in range(rng.randrange(1, 6)):
            changed[rng.randrange(len(changed))] = rng.choice(b"0123456789-. =x\n\xff")
        (tmp_path / f"{number}.txt").write_bytes(changed)
    script = f"""
        from pathlib import Path
        from mlsm.errors import MlsmError
        from tests.runtimes.boosters import active, predictor_of
        for number in range(60):
            try:
                predictor = predictor_of(active(Path({str(tmp_path)!r}) / f"{{number}}.txt", kind="lightgbm"))
            except MlsmError:
                continue
            [predictor.record(*sample) for sample in predictor.samples]
    """
    root = Path(__file__).parents[3]
    done = subprocess.run([sys.executable, "-c", textwrap.dedent(script)], cwd=root, capture_output=True, check=False)
    assert (0, b"") == (done.returncode, done.stderr)


def test_columns_without_names_are_declared_in_order(tmp_path: Path) -> None:
    """A booster fitted on an array does not tell its fields; declared ones are taken by their places."""
    columns, follows = made_up()
    booster = lgb.train({"verbosity": -1, "num_threads": 1}, lgb.Dataset(columns, follows), 5)
    booster.save_model(tmp_path / "nameless.txt")
    with pytest.raises(DeclarationError, match="does not tell its fields"):
        active(tmp_path / "nameless.txt")
    with pytest.raises(DeclarationError, match="declares 1 fields, but its booster reads 4 numbers"):
        predictor_of(active(tmp_path / "nameless.txt", fields={"a": float}))
    model = active(tmp_path / "nameless.txt", fields=dict.fromkeys("dcba", float | None))
    [result] = mlsm.score_one([model], {"id": "1", "d": 0.5, "c": None, "b": "1.5", "a": 2})
    assert booster.predict([[0.5, float("nan"), 1.5, 2.0]])[0] == result.score


def test_ordered_categories_are_declared(tmp_path: Path) -> None:
    """Where ordered categories hide which column is one, fields declared as text receive them in their order."""
    columns, follows = made_up()
    grade = pd.Categorical.from_codes((follows > 1).astype(int) + (follows > 2), ["low", "mid", "high"], ordered=True)
    town = pd.Categorical.from_codes((columns[:, 0] > 0).astype(int), ["Graz", "Linz"])
    frame = pd.DataFrame({"size": columns[:, 1], "grade": grade, "town": town})
    booster = lgb.train({"verbosity": -1, "num_threads": 1}, lgb.Dataset(frame, follows), 5)
    booster.save_model(tmp_path / "ordered.txt")
    with pytest.raises(DeclarationError, match="does not tell its fields"):
        active(tmp_path / "ordered.txt")
    fields = {"size": float | None, "grade": str | None}
    with pytest.raises(DeclarationError, match="categories of 2 columns, but 1 fields are declared as text"):
        predictor_of(active(tmp_path / "ordered.txt", fields=fields | {"town": float}))
    model = active(tmp_path / "ordered.txt", fields=fields | {"town": str | None})
    [result] = mlsm.score_one([model], {"id": "1", "size": 0.25, "grade": "high", "town": "Linz"})
    assert booster.predict([[0.25, 2.0, 1.0]])[0] == result.score


def test_fields_of_another_type_are_refused(few_columns_file: Path) -> None:
    """A number cannot be read from text, nor a category from a date."""
    with pytest.raises(
        DeclarationError, match="Field 'age' of model 'booster@1' is declared as str; its booster reads a n"
    ):
        predictor_of(active(few_columns_file, fields={"age": str}))


def test_fields_may_be_narrower(few_columns_file: Path) -> None:
    """A number declared as a whole one is scored as the same number."""
    model = active(few_columns_file, fields={"age": int})
    predictor = predictor_of(model)
    assert all(isinstance(sample[0], int) for sample in predictor.samples)
    assert predictor_of(active(few_columns_file)).record(40.0, "services", 10.0, "no") == predictor.record(
        40, "services", 10.0, "no"
    )


def test_a_missing_library_is_named_with_its_extra(few_columns_file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Where lightgbm is not installed the message says what to install."""
    monkeypatch.setitem(sys.modules, "lightgbm", None)  # as Python marks what cannot be imported
    with pytest.raises(MissingExtraError, match=r"(?s)lightgbm is not installed.*Install the extra mlsm\[lightgbm\]"):
        active(few_columns_file)
