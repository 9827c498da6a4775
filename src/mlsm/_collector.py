"""The garbage collector, kept from walking again and again what lives anyway.

It walks all that is alive whenever a quarter more has come to be: the modules of a library
while it is imported, the results of a run while it scores.
"""

from __future__ import annotations

import gc
from collections.abc import Iterator
from contextlib import contextmanager

__all__ = ["collector_paused"]


@contextmanager
def collector_paused(*, aside: bool = False) -> Iterator[bool]:
    """Pause the collector; tell whether it was on.

    Args:
        aside: whether what is alive now is set aside, so that a collection meanwhile does not walk it either.
    """
    was_on = gc.isenabled()
    aside = aside and was_on and not gc.get_freeze_count()  # what others set aside stays there
    gc.disable()
    if aside:
        gc.freeze()
    try:
        yield was_on
    finally:
        if aside:
            gc.unfreeze()
        if was_on:
            gc.enable()
