"""Where a model runs: in this process, in a worker of its own, in another environment."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any, Literal, TypeAlias, get_args

__all__ = ["DEFAULT_TIMEOUT", "RUNGS", "Isolation", "Rung", "read_memory", "read_timeout"]

Rung: TypeAlias = Literal["inline", "process", "env"]
RUNGS: tuple[str, ...] = get_args(Rung)

DEFAULT_TIMEOUT = (10.0, 300.0)
"""Seconds for a record and for a part, where nobody says: a model that hangs must not hang the run."""
_PART_FACTOR = 30
"""How many times the seconds of one record a part may take, where only those are said."""
_UNITS = {"": 1, "K": 1 << 10, "M": 1 << 20, "G": 1 << 30}
_SIZE = re.compile(r"(\d+(?:\.\d+)?) ?([KMG]?)(?:i?B)?", re.IGNORECASE)


@dataclass(frozen=True, slots=True, kw_only=True)
class Isolation:
    """Where a model runs, and what it may use there; no part of its digest.

    Args:
        rung: `inline`, `process`, or `env`; None where nobody said, which is `inline`.
        timeout: seconds for one record, or those for a record and for a part.
        memory: the most bytes that its process and the children of it may have resident, or
            text such as `512MB`.
        python: the interpreter of the other environment.
        variables: environment variables that its process gets besides the usual ones.
        group: models of one group, alike in all else, share a process: those of one commit of a source.

    Example:
        >>> Isolation(rung="process", timeout=2, memory="512MB").limits
        (2.0, 60.0, 536870912)
    """

    rung: str | None = None
    timeout: Any = None
    memory: Any = None
    python: str | None = None
    variables: tuple[str, ...] = ()
    group: str | None = None

    @classmethod
    def of(
        cls, isolation: str | Isolation | None, *, timeout: Any = None, memory: Any = None, python: Any = None
    ) -> Isolation:
        """Take what is said of a model as it is; `problems` tells what is wrong with it."""
        if isinstance(isolation, Isolation):
            return isolation
        spelled = None if python is None else str(python)
        return cls(rung=isolation, timeout=timeout, memory=memory, python=spelled)

    @property
    def isolated(self) -> bool:
        """Tell whether the model runs in a process of its own."""
        return self.rung in ("process", "env")

    @property
    def limits(self) -> tuple[float, float, int | None]:
        """Give the seconds for a record and for a part, and the bytes."""
        record, part = DEFAULT_TIMEOUT if self.timeout is None else (read_timeout(self.timeout) or (0.0, 0.0))
        return record, part, None if self.memory is None else read_memory(self.memory)

    def over(self, default: Isolation) -> Isolation:
        """Fill in what is not said here from a default; what is inline needs no limits.

        Example:
            >>> Isolation().over(Isolation(timeout=2)), Isolation(rung="process").over(Isolation(timeout=2)).timeout
            (Isolation(rung=None, timeout=None, memory=None, python=None, variables=(), group=None), 2)
        """
        rung = self.rung or default.rung
        if rung not in ("process", "env"):
            return replace(self, rung=rung)
        python = default.python if self.python is None and rung == "env" else self.python
        return Isolation(
            rung=rung,
            timeout=default.timeout if self.timeout is None else self.timeout,
            memory=default.memory if self.memory is None else self.memory,
            python=python,
            variables=self.variables or default.variables,
            group=self.group,
        )

    def problems(self) -> Iterator[str]:
        """Tell what is wrong, the rest of a sentence that begins with the model."""
        if self.rung is not None and self.rung not in RUNGS:
            yield f"has isolation {self.rung!r}; expected one of {', '.join(RUNGS)}."
        if not self.isolated:
            for name in ("timeout", "memory", "python"):
                if getattr(self, name) is not None:
                    yield f"has a {name} but runs inline, which has none; expected isolation 'process' or 'env'."
        if self.timeout is not None and read_timeout(self.timeout) is None:
            yield f"has the timeout {self.timeout!r}; expected seconds above 0, or those for a record and for a part."
        if self.memory is not None and read_memory(self.memory) is None:
            yield f"has the memory limit {self.memory!r}; expected bytes, or text such as '512MB'."
        if self.rung == "env" and not self.python:
            yield "is isolated in an environment but names none; expected python, the path of its interpreter."
        if self.rung == "process" and self.python:
            yield "names the interpreter of another environment but has isolation 'process'; expected 'env'."


def read_timeout(value: Any) -> tuple[float, float] | None:
    """Read seconds for a record and for a part, None where they cannot be meant.

    Example:
        >>> read_timeout(2), read_timeout([0.5, 60]), read_timeout(0)
        ((2.0, 60.0), (0.5, 60.0), None)
    """
    pair: Sequence[Any] = [value, value * _PART_FACTOR] if _is_seconds(value) else value
    if not isinstance(pair, (list, tuple)) or len(pair) != 2 or not all(map(_is_seconds, pair)) or pair[1] < pair[0]:
        return None
    return float(pair[0]), float(pair[1])


def _is_seconds(value: Any) -> bool:
    return isinstance(value, (int, float)) and not isinstance(value, bool) and 0 < value < 1e9


def read_memory(value: Any) -> int | None:
    """Read a number of bytes, None where it cannot be meant.

    Example:
        >>> read_memory("1.5 GB"), read_memory(4096), read_memory("much")
        (1610612736, 4096, None)
    """
    if isinstance(value, str):
        found = _SIZE.fullmatch(value.strip())
        value = round(float(found[1]) * _UNITS[found[2].upper()]) if found else None
    return value if isinstance(value, int) and not isinstance(value, bool) and value > 0 else None
