"""Side by side, every column has a name of its own, whatever models and kept columns are called."""

from __future__ import annotations

from pathlib import Path

import pytest

from mlsm import Model, score
from mlsm._batch import wide_titles, widen
from mlsm.cli.entry import main


def answers(data: object, results: object) -> dict[str, object]:
    return {"score": 1.0, "label": "A"}


MODELS = [Model(name, {}, "1", answers, "active") for name in ("fit", "fit.label", "record_id", "email")]


def test_a_name_that_is_taken_is_told_apart() -> None:
    """A model may be called as another one's label, or as the column of ids."""
    titles = wide_titles(["fit", "fit.label", "record_id"], ["score", "label"])
    assert list(titles.values()) == [
        "fit", "fit.label", "model:fit.label", "fit.label.label", "model:record_id", "record_id.label",
    ]  # fmt: skip


def test_both_ways_to_a_wide_frame_name_its_columns_alike() -> None:
    """A frame from memory and one from long rows, as a store yields them, have the same columns."""
    scores = score(MODELS, [{"id": "1"}, {"id": "2"}])
    assert scores.frame(wide=True).columns == widen(scores.frame()).columns
    assert len(set(scores.frame(wide=True).columns)) == 1 + 3 * len(MODELS)


@pytest.mark.parametrize("command", ["score leads.csv --wide --no-store --out", "export --wide"])
def test_a_kept_column_and_a_model_may_share_a_name(
    command: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The kept column stands aside, and nothing is lost."""
    monkeypatch.chdir(tmp_path)
    Path("leads.csv").write_text("lead,email\n1,ada@example.com\n")
    Path("models").mkdir()
    Path("models/mail.py").write_text(
        'from mlsm import model\n@model(version="1", status="active")\ndef email():\n    return 7\n'
    )
    Path("mlsm.toml").write_text('[project]\nname = "p"\n[record]\nid = "lead"\nkeep = ["email"]\n')
    if command.startswith("export"):
        assert main(["score", "leads.csv"]) == 0
    assert main([*command.split(), "wide.csv"]) == 0
    told = Path("wide.csv").read_text().splitlines()
    assert told[0].startswith("record_id,keep:email,email,email.label")
    assert told[1].startswith("1,ada@example.com,7.0,")


def test_a_model_may_be_called_as_kept_columns_are_inside(tmp_path: Path) -> None:
    """A model whose name begins as the names of kept columns do is stored, and shown, like any other."""
    models = [Model(name, {}, "1", answers, "active") for name in ("keep:email", "keep", "email")]
    scores = score(models, [{"id": "1", "email": "ada@example.com"}], keep=["email"], store=f"{tmp_path}/mlsm.db")
    assert [1.0, 1.0, 1.0] == [result.score for result in scores]
    assert scores.frame(wide=True).columns == [
        "record_id", "keep:keep:email", "keep:email", "keep:email.label", "keep:email.outcome", "keep", "keep.label",
        "keep.outcome", "email", "email.label", "email.outcome",
    ]  # fmt: skip
