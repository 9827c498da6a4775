"""The same models and records through this version and through mlsm 0.0.4."""

from __future__ import annotations

import importlib.util
import json
import os
import subprocess
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

import mlsm

HERE = Path(__file__).parent
Case = tuple[str, str, Any]


def _script() -> ModuleType:
    spec = importlib.util.spec_from_file_location("play", HERE / "play.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def _cases(lines: str) -> list[Case]:
    return [(act, case, answer) for act, case, answer in map(json.loads, lines.splitlines())]


def _without_new_statuses(answer: Any) -> Any:
    """Leave out the `_status` of failures, which 0.0.4 forgot."""
    if isinstance(answer, list):
        return [_without_new_statuses(inner) for inner in answer]
    if not isinstance(answer, dict):
        return answer
    kept = {key: _without_new_statuses(inner) for key, inner in answer.items()}
    if "_error" in kept and kept["_error"] != "told by the model":
        assert "_status" in kept
        del kept["_status"]
    return kept


@pytest.fixture(scope="module")
def answered() -> list[Case]:
    played = _script().play(mlsm)
    return [
        (act, case, _without_new_statuses(answer)) for act, cases in played.items() for case, answer in cases.items()
    ]


def test_every_answer_is_the_one_that_0_0_4_gave(answered: list[Case]) -> None:
    """Every result, exception and message is what mlsm 0.0.4 gave, `_status` of failures aside."""
    assert _cases((HERE / "expected.ndjson").read_text(encoding="utf-8")) == answered


@pytest.mark.skipif(
    "MLSM_ORIGINAL_PYTHON" not in os.environ,
    reason="MLSM_ORIGINAL_PYTHON names no Python of an environment that holds mlsm 0.0.4",
)
def test_the_committed_answers_are_those_of_0_0_4() -> None:
    """What is committed as the answers of mlsm 0.0.4 is what it answers now."""
    command = [os.environ["MLSM_ORIGINAL_PYTHON"], str(HERE / "play.py")]
    now = subprocess.run(command, check=True, capture_output=True, text=True, encoding="utf-8").stdout

    assert _cases(now) == _cases((HERE / "expected.ndjson").read_text(encoding="utf-8"))
