"""skops trusts the same estimators, whether all of scikit-learn was imported for their names or not."""

from __future__ import annotations

import json
import subprocess
import sys

import pytest
import sklearn
from sklearn.utils import all_estimators

from mlsm.runtimes.sklearn.estimators import ESTIMATORS

_TRUSTED = """
import json, sys, sklearn, sklearn.utils
sklearn.__version__ = sys.argv[1]
walk = sklearn.utils.all_estimators
import mlsm.runtimes.sklearn.files
assert sklearn.utils.all_estimators is walk
from skops.io._trusted_types import SKLEARN_ESTIMATOR_TYPE_NAMES as names
print(json.dumps([sorted(names), "sklearn.gaussian_process" in sys.modules]))
"""


def trusted(version: str) -> tuple[set[str], bool]:
    """Give the names that skops trusts in a fresh process, and whether all of scikit-learn was imported there."""
    command = [sys.executable, "-c", _TRUSTED, version]
    names, whole = json.loads(subprocess.run(command, check=True, capture_output=True, text=True).stdout)
    return set(names), whole


def test_the_written_names_are_those_that_scikit_learn_tells() -> None:
    """Nothing is missing that this version has; what is besides stands for nothing."""
    told = {f"{estimator.__module__}.{estimator.__name__}" for _, estimator in all_estimators()}
    written = {f"sklearn.{module}.{name}" for module, names in ESTIMATORS.items() for name in names.split()}
    assert told <= written
    assert {"sklearn.manifold._classical_mds.ClassicalMDS", "sklearn.frozen._frozen.FrozenEstimator"} >= written - told


@pytest.mark.parametrize(("version", "walked"), [(sklearn.__version__, False), ("99.0", True)], ids=["known", "newer"])
def test_a_known_version_is_not_imported_as_a_whole(version: str, walked: bool) -> None:
    """Where the version is another, skops finds the names itself; the function of the library is back in any case."""
    names, whole = trusted(version)
    assert whole is walked
    assert "sklearn.linear_model._logistic.LogisticRegression" in names
    assert {f"{one.__module__}.{one.__name__}" for _, one in all_estimators()} <= names
