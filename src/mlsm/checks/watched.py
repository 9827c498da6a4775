"""What a function of `data` and `results` reads beside what it declares."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from mlsm._guard import attempt
from mlsm._model import Model

__all__ = ["unknown_names"]


def unknown_names(
    model: Model, data: Mapping[str, Any], results: Mapping[str, Any], as_of: datetime
) -> tuple[list[str], list[str]]:
    """Call a model, and name the fields and the upstreams that it asks for and does not have.

    Example:
        >>> model = Model("sum", {"a": int}, "1", lambda data, results: data["a"] + data.get("b", 0))
        >>> unknown_names(model, {"a": 1}, {}, datetime(2026, 1, 1))
        (['b'], [])
    """
    extra = {"as_of": as_of} if model.wants_as_of else {}
    watched, seen = _Watched(data), _Watched(results)
    attempt(lambda: model.fcn(data=watched, results=seen, **extra))
    return list(watched.unknown), list(seen.unknown)


class _Watched(dict[str, Any]):
    """A dict that remembers which absent keys it was asked for."""

    def __init__(self, items: Any) -> None:
        super().__init__(items)
        self.unknown: dict[str, None] = {}

    def _note(self, key: Any) -> None:
        if not super().__contains__(key):
            self.unknown[str(key)] = None

    def __missing__(self, key: Any) -> Any:
        self._note(key)
        raise KeyError(key)

    def __contains__(self, key: object) -> bool:
        self._note(key)
        return super().__contains__(key)

    def get(self, key: Any, default: Any = None) -> Any:
        self._note(key)
        return super().get(key, default)

    def pop(self, key: Any, *default: Any) -> Any:
        self._note(key)
        return super().pop(key, *default)
