"""What a fresh process loads: as little as it needs."""

import json
import subprocess
import sys

import pytest

HEAVY = {"numpy", "pandas", "polars", "pyarrow", "rich", "sqlite3", "tomlkit", "hypothesis", "pytest", "asyncio"}
CATALOG = """
import mlsm
@mlsm.model(version="1", status="active", when=lambda employees: employees > 0, labels=("A",))
def fit(employees: int, country: str | None = None, tags: list[str] = ()):
    return {"score": employees / 10, "label": "A", "tags": tags}
@mlsm.summary_model(version="1", models=["fit"], require=["fit"], status="active")
def best(fit):
    return fit.score
catalog = mlsm.Catalog([fit, best])
record = {"id": "007", "employees": "12", "tags": '["a"]'}
"""


def loaded_by(code: str) -> set[str]:
    """Run code in a process of its own; give the libraries that it loads there."""
    told = "import json\nprint(json.dumps(sorted(set(sys.modules) - before)))"
    shown = f"import sys\nbefore = set(sys.modules)\n{code}\n{told}"
    done = subprocess.run([sys.executable, "-c", shown], check=True, capture_output=True, text=True)
    return {name.partition(".")[0] for name in json.loads(done.stdout.splitlines()[-1])}


def test_importing_mlsm_loads_nothing_but_the_standard_library() -> None:
    """`import mlsm` loads a table of contents, and no library that was installed with it."""
    loaded = loaded_by("import mlsm")
    assert set() == (loaded - {"mlsm"}) - sys.stdlib_module_names
    assert set() == loaded & HEAVY


@pytest.mark.parametrize(
    "code",
    [
        "import mlsm; mlsm.Model; mlsm.Catalog; mlsm.Result; mlsm.errors",
        CATALOG,
        CATALOG + "results = mlsm.score_one(catalog, record)\nassert [1.2, 1.2] == [r.score for r in results], results",
        CATALOG + "mlsm.score_one(catalog, {'id': 1, 'employees': 'x', 'tags': 5})",
        "import mlsm.cli",
    ],
    ids=["names", "models", "one record", "one invalid record", "command line"],
)
def test_one_record_is_scored_without_a_data_frame(code: str) -> None:
    """Declaring models and scoring one record with functions of one record loads nothing heavy."""
    assert set() == loaded_by(code) & HEAVY


def test_many_records_need_polars_only() -> None:
    """Scoring many records loads polars, but neither pandas nor numpy nor a store."""
    loaded = loaded_by(CATALOG + "mlsm.score(catalog, [record])")
    assert {"polars"} == loaded & HEAVY - {"asyncio"}
