"""What a repository of models lists."""

from __future__ import annotations

from pathlib import Path

from mlsm.project.repository import check_repository, load_repository


def test_a_repository_needs_no_name(tmp_path: Path) -> None:
    """A folder that is no package states its dependencies, and is called as the project calls it."""
    (tmp_path / "mlsm.toml").write_text('project.dependencies = ["packaging==24.2"]\nmodels.paths = ["models"]\n')
    (tmp_path / "models").mkdir()
    (tmp_path / "models" / "nameless.py").write_text(
        "from mlsm import model\n\n\n@model(version='1')\ndef size(employees: int):\n    return 1.0\n"
    )
    check_repository(tmp_path, "ada")
    assert [model.key for model in load_repository(tmp_path, "ada")] == ["size@1"]
