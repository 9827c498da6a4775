"""The committed facts about the bank's clients are what the script computes."""

from __future__ import annotations

import ast
import importlib.util
import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

FOLDER = Path(__file__).parents[2] / "examples" / "bank-marketing"
SCRIPT = FOLDER / "facts.py"


@pytest.fixture(scope="module")
def facts() -> Any:
    """Load the script as a module."""
    spec = importlib.util.spec_from_file_location("bank_facts", SCRIPT)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_the_committed_facts_are_what_the_script_prints(facts: Any) -> None:
    """facts.json is, byte for byte, what facts.py prints."""
    if facts.find(None) is None:
        # The data is not part of the repository: its licence asks for its own attribution.
        pytest.skip("bank-full.csv.gz is not here; name its folder with MLSM_DATA")
    printed = subprocess.run([sys.executable, SCRIPT], capture_output=True, check=True).stdout
    expected = (FOLDER / "facts.json").read_bytes()
    assert expected == printed


def test_every_client_has_one_outcome_a_model() -> None:
    """Outcomes of each model version add up to the number of clients."""
    stated = json.loads((FOLDER / "facts.json").read_text())
    expected = dict.fromkeys(stated["outcomes"], stated["rows"])
    actual = {model: sum(counts.values()) for model, counts in stated["outcomes"].items()}
    assert expected == actual


def test_the_script_shares_no_code_with_mlsm() -> None:
    """facts.py imports from the standard library only."""
    tree = ast.parse(SCRIPT.read_text())
    names = {node.module or "." for node in ast.walk(tree) if isinstance(node, ast.ImportFrom)}
    names |= {alias.name for node in ast.walk(tree) if isinstance(node, ast.Import) for alias in node.names}
    expected: set[str] = set()
    assert expected == {name.partition(".")[0] for name in names} - sys.stdlib_module_names


@pytest.mark.parametrize(
    ("scores", "yes", "expected"),
    [
        pytest.param([1.0, 2.0, 3.0, 4.0], [False, False, True, True], 1.0, id="perfect"),
        pytest.param([1.0, 2.0, 3.0, 4.0], [True, True, False, False], 0.0, id="reversed"),
        pytest.param([5.0, 5.0, 5.0], [True, False, False], 0.5, id="all tied"),
        pytest.param([1.0, 2.0, 2.0, 3.0], [False, True, False, True], 0.875, id="one tie"),
    ],
)
def test_the_area_counts_pairs(facts: Any, scores: list[float], yes: list[bool], expected: float) -> None:
    """The area under the curve is the share of pairs in order, a tie counting half."""
    assert expected == facts.area(scores, yes)


def test_a_missing_file_is_told(tmp_path: Path) -> None:
    """Without the data the script fails with a hint."""
    done = subprocess.run([sys.executable, SCRIPT, "--data", tmp_path], capture_output=True, check=False, text=True)
    assert (1, True) == (done.returncode, "--data" in done.stderr)
