"""Whether the process that opened a run still runs."""

from __future__ import annotations

import os
import subprocess
import sys
from dataclasses import replace

import pytest

from mlsm.stores._owner import Owner, is_gone, this_process

CHILD = """
import sys
from mlsm.stores._owner import this_process
print(this_process().pid, this_process().started, flush=True)
sys.stdin.read()
"""


def child() -> tuple[subprocess.Popen[str], Owner]:
    """Start a process that waits, and name it."""
    process = subprocess.Popen([sys.executable, "-c", CHILD], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    assert process.stdout is not None
    pid, _, started = process.stdout.readline().strip().partition(" ")
    return process, replace(this_process(), pid=int(pid), started=started)


def test_this_process_is_not_gone() -> None:
    """The process that asks runs."""
    assert os.getpid() == this_process().pid
    assert not is_gone(this_process())


@pytest.mark.parametrize("buried", [False, True], ids=["a zombie", "buried"])
def test_killed_process_is_gone(buried: bool) -> None:
    """A process runs until it is killed, whether or not its parent has taken note."""
    process, owner = child()
    assert not is_gone(owner)
    process.kill()
    # Waits for the end and leaves the zombie where it is.
    os.waitid(os.P_PID, process.pid, os.WEXITED | os.WNOWAIT)
    if buried:
        process.communicate()
    assert is_gone(owner)
    process.communicate()


def test_number_that_came_again_is_another_process() -> None:
    """A process with the same number and another start is not the one that was meant."""
    assert is_gone(replace(this_process(), started="long ago"))


def test_process_of_another_host_is_never_gone() -> None:
    """Nothing is known here of other hosts, nor of a process without a start."""
    assert not is_gone(replace(this_process(), host="elsewhere", started="long ago"))
    assert not is_gone(replace(this_process(), started=""))
