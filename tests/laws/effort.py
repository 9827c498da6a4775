"""How long a law is tried: a little every time, or long on request (`LAWS_EFFORT=50`)."""

import os

from hypothesis import HealthCheck, Phase, settings

__all__ = ["effort"]

_TIMES = int(os.environ.get("LAWS_EFFORT", "1"))
_SLOW = [HealthCheck.too_slow, HealthCheck.data_too_large, HealthCheck.filter_too_much]
_PHASES = (Phase.explicit, Phase.generate) if _TIMES == 1 else tuple(Phase)


def effort(examples: int) -> settings:
    """Try so many examples: the same every time, others each time with more effort.

    Making a counterexample small takes minutes, so that too is left to more effort.
    """
    return settings(
        max_examples=examples * _TIMES,
        derandomize=_TIMES == 1,
        deadline=None,
        phases=_PHASES,
        suppress_health_check=_SLOW,
        print_blob=True,
    )
