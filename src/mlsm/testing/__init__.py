"""What tests of models and of workers use: results compared, runtimes and stores held to their contracts."""

from mlsm.testing.equality import assert_same, differences, same_result
from mlsm.testing.runtimes import RUNTIME_CHECKS, check_runtime
from mlsm.testing.stores import STORE_CHECKS, check_store

__all__ = [
    "RUNTIME_CHECKS",
    "STORE_CHECKS",
    "assert_same",
    "check_runtime",
    "check_store",
    "differences",
    "same_result",
]
