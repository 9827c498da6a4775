"""What tests of models and of workers use: results compared."""

from mlsm.testing.equality import assert_same, differences, same_result

__all__ = ["assert_same", "differences", "same_result"]
