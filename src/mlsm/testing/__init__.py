"""What tests of models and of workers use: results compared, stores held to their contract."""

from mlsm.testing.equality import assert_same, differences, same_result
from mlsm.testing.stores import STORE_CHECKS, check_store

__all__ = ["STORE_CHECKS", "assert_same", "check_store", "differences", "same_result"]
