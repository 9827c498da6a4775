"""How long a law is tried: a little every time, or long on request (`LAWS_EFFORT=50`)."""

import os

from hypothesis import HealthCheck, settings

__all__ = ["effort"]

_TIMES = int(os.environ.get("LAWS_EFFORT", "1"))
_SLOW = [HealthCheck.too_slow, HealthCheck.data_too_large, HealthCheck.filter_too_much]


def effort(examples: int) -> settings:
    """Try so many examples: the same every time, others each time with more effort."""
    return settings(
        max_examples=examples * _TIMES,
        derandomize=_TIMES == 1,
        deadline=None,
        suppress_health_check=_SLOW,
        print_blob=True,
    )
