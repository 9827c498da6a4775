"""The one boundary to strangers' code."""

import subprocess
import sys
from itertools import count
from typing import Any

import pytest

from mlsm._guard import MESSAGE_MAX, Raised, attempt, drain


class UnspeakableError(Exception):
    """An exception that cannot be shown."""

    def __str__(self) -> str:
        raise SystemExit


class MuteError(Exception):
    """An exception whose text is no text."""

    def __str__(self) -> Any:
        return 7  # noqa: PLE0307 - some have it so


def raising(error: BaseException) -> Any:
    raise error


@pytest.mark.parametrize(
    "error",
    [
        ValueError("x"),
        SystemExit(3),
        GeneratorExit(),
        StopIteration(4),
        RecursionError(),
        MemoryError(),
        BaseException(),
    ],
    ids=repr,
)
def test_whatever_is_raised_becomes_a_value(error: BaseException) -> None:
    """A stranger may raise anything; it is told by type."""
    raised = attempt(raising, error)
    assert isinstance(raised, Raised)
    assert (error, type(error).__name__) == (raised.error, raised.failure.type)


def test_an_interrupt_passes() -> None:
    """The person at the keyboard is no stranger."""
    with pytest.raises(KeyboardInterrupt):
        attempt(raising, KeyboardInterrupt())
    with pytest.raises(KeyboardInterrupt):
        drain(map(raising, [KeyboardInterrupt()]), [])


@pytest.mark.parametrize(
    ("error", "message"),
    [
        (ValueError("plain"), "plain"),
        (ValueError(), ""),
        (KeyError("k"), "'k'"),
        (UnspeakableError(), "(the exception cannot be shown)"),
        (MuteError(), "(the exception cannot be shown)"),
        (ValueError("\ud800"), r"\ud800"),
        (ValueError("a\x00b"), r"a\x00b"),
        (ValueError("x" * 5000), "x" * MESSAGE_MAX + "…"),
    ],
    ids=["plain", "empty", "key", "unspeakable", "mute", "surrogate", "nul", "long"],
)
def test_a_message_can_always_be_told_and_kept(error: Exception, message: str) -> None:
    """Whatever an exception makes of being asked, its message is short text that any store takes."""
    assert message == Raised(error).failure.message


def test_a_trace_begins_in_the_strangers_code() -> None:
    """A traceback shows the stranger's lines, not ours; one that cannot be shown ends in its type."""
    trace = attempt(raising, ValueError("x")).trace()
    assert "raise error" in trace
    assert "src/mlsm/_guard.py" not in trace
    assert trace.endswith("ValueError: x\n")
    assert "UnspeakableError" in attempt(raising, UnspeakableError()).trace()


def test_draining_stops_where_something_is_raised_and_goes_on_after_it() -> None:
    """What came before is kept, and the same iterator gives the rest."""
    answers: list[int] = []
    calls = map((12).__floordiv__, [3, 0, 4])
    raised = drain(calls, answers)
    assert raised is not None
    assert ([4], "ZeroDivisionError") == (answers, raised.failure.type)
    assert drain(calls, answers) is None
    assert [4, 3] == answers


def test_an_attempt_gives_back_what_was_returned() -> None:
    """What is returned comes back as it is, an exception too."""
    error = ValueError()
    assert error is attempt(lambda: error)
    assert 0 == attempt(next, count())


def test_a_forked_child_ends_where_a_stranger_lets_it_return() -> None:
    """What comes after the call is done by one process, though the stranger made two of it."""
    code = "import os; from mlsm._guard import drain; drain(map(lambda _: os.fork(), [1]), []); os.write(1, b'once ')"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, check=True)
    assert b"once " == done.stdout
