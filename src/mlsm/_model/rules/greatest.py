"""The rule `best` for one record, written out: one comparison an upstream and no list.

It stands before the function that deals with upstreams that have no answer, or tell a label
besides, and gives what that one gives.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from mlsm._model.rules.conversions import line_of
from mlsm._result import Outcome
from mlsm._typing import Function

__all__ = ["greatest_of"]


def greatest_of(names: Sequence[str], convert: Mapping[str, Any], otherwise: Function) -> Function:
    """Make the function that takes the greatest score of upstreams that all have one.

    Args:
        names: the upstreams, in their order.
        convert: for some of them how their score becomes one that compares.
        otherwise: takes the same upstreams where one of them has no plain score.
    """
    places = range(len(names))
    seen = ", ".join(f"u{place}" for place in places)
    namespace: dict[str, Any] = {"OK": Outcome.OK, "names": tuple(names), "otherwise": otherwise}
    sound = " and ".join(f"u{place}.outcome is OK and (s{place} := u{place}.score) is not None" for place in places)
    lines = [f"def best({seen}):", f" if not ({sound}):", f"  return otherwise({seen})"]
    for place, name in enumerate(names):
        if name in convert:
            start, factor, least = line_of(convert[name])
            lines.append(f" s{place} = (s{place} - {start!r}) * {factor!r} + {least!r}")
    lines += [" top, winner = s0, 0"]
    for place in places[1:]:
        lines += [f" if s{place} > top:", f"  top, winner = s{place}, {place}"]
    lines += [' return {"score": top, "winner": names[winner]}']
    exec("\n".join(lines), namespace)  # noqa: S102 - text of our own making: places and numbers
    made: Function = namespace["best"]
    return made
