"""Names for shapes that several floors speak of."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Literal, TypeAlias

Function: TypeAlias = Callable[..., Any]
RecordData: TypeAlias = Mapping[str, Any]
Lane: TypeAlias = Literal["active", "draft"]
Purpose: TypeAlias = Literal["live", "trial"]
Shape: TypeAlias = Literal["flat", "nested"]

LANES: tuple[Lane, ...] = ("active", "draft")
