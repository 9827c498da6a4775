"""The garbage collector while libraries are imported and parts are scored."""

import gc

import pytest

from mlsm._collector import collector_paused


def test_the_collector_is_paused_and_what_lives_is_set_aside() -> None:
    """Within, nothing is collected and what lived before is not walked; afterwards all is as it was."""
    with collector_paused(aside=True) as was_on, collector_paused() as still_on:
        within = was_on, still_on, gc.isenabled(), gc.get_freeze_count() > 0
    assert ((True, False, False, True), True, 0) == (within, gc.isenabled(), gc.get_freeze_count())


def test_what_others_set_aside_stays_aside() -> None:
    """A program that freezes its own objects keeps them frozen, also where what it does meanwhile fails."""
    gc.freeze()
    try:
        with pytest.raises(ZeroDivisionError), collector_paused(aside=True):
            raise ZeroDivisionError
        assert (True, True) == (gc.get_freeze_count() > 0, gc.isenabled())
    finally:
        gc.unfreeze()
