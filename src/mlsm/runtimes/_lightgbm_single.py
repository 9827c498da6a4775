"""One record through LightGBM's own call for single rows, which its Python package does not offer.

`Booster.predict` takes most of a millisecond for one row, nearly all of it to prepare; the
library prepares once and then takes a few microseconds.
"""

from __future__ import annotations

import ctypes
import struct
import threading
from collections.abc import Callable
from typing import Any

from mlsm.runtimes._margins import Head
from mlsm.runtimes._matrix import Layout

__all__ = ["single_row"]

_NORMAL, _RAW = 0, 1
_FLOAT64 = 1
_ALL_ROUNDS = -1


class _Turn:
    """What one thread needs for its calls: a prepared configuration, a row, and room for the answer.

    A configuration locks itself while it is used, and a row must not change in between: each
    thread has its own.
    """

    __slots__ = ("_library", "arguments", "prepared", "row", "told")

    def __init__(self, library: ctypes.PyDLL, booster: Any, *, raw: bool, features: int, margins: int) -> None:
        self._library = library
        self.row = (ctypes.c_double * features)()
        self.told = (ctypes.c_double * margins)()
        self.prepared = ctypes.c_void_p()
        failed = library.LGBM_BoosterPredictForMatSingleRowFastInit(
            booster._handle,  # noqa: SLF001 - the package names no other way to it
            ctypes.c_int(_RAW if raw else _NORMAL),
            ctypes.c_int(0),
            ctypes.c_int(_ALL_ROUNDS),
            ctypes.c_int(_FLOAT64),
            ctypes.c_int32(features),
            b"",
            ctypes.byref(self.prepared),
        )
        if failed:
            raise RuntimeError(_last_error(library))
        self.arguments = (
            self.prepared,
            ctypes.byref(self.row),
            ctypes.byref(ctypes.c_int64()),
            ctypes.byref(self.told),
        )

    def __del__(self) -> None:
        if self.prepared.value is not None:
            self._library.LGBM_FastConfigFree(self.prepared)


def single_row(booster: Any, layout: Layout, head: Head) -> Callable[..., float]:
    """Make the function that scores one record by the library's own call.

    Raises:
        AttributeError: this release of LightGBM has no such call, or names it otherwise.
        OSError: its library cannot be opened a second time.
    """
    from lightgbm import basic

    # Called without letting go of Python's lock: the call is shorter than getting it back may take.
    library = ctypes.PyDLL(basic._LIB._name)  # type: ignore[attr-defined]  # noqa: SLF001 - the package names no other way to it
    predict = library.LGBM_BoosterPredictForMatSingleRowFast
    features, margins, own = len(layout.sources), head.margins, threading.local()

    def begin() -> _Turn:
        own.turn = _Turn(library, booster, raw=head.raw, features=features, margins=margins)
        made: _Turn = own.turn
        return made

    def fail() -> None:
        raise RuntimeError(_last_error(library))

    begin()
    namespace = layout.namespace | {
        "begin": begin, "fail": fail, "own": own, "pack": struct.Struct(f"{features}d").pack_into, "predict": predict,
    }  # fmt: skip
    exec(_source(layout, head), namespace)  # noqa: S102 - text of our own making: names, numbers and places
    made: Callable[..., float] = namespace["record"]
    return made


def _source(layout: Layout, head: Head) -> str:
    """Write the function, with the features in place of a loop over them."""
    told = f"turn.told[{head.index if head.margins > 1 else 0}]"
    if head.flipped:
        told = f"-{told}" if head.of == "value" else f"(1.0 - {told})"
    lines = [
        f"def record({layout.parameters}):",
        "    try:",
        "        turn = own.turn",
        "    except AttributeError:",
        "        turn = begin()",
        f"    pack(turn.row, 0, {', '.join(layout.expressions)})",
        "    if predict(*turn.arguments):",
        "        fail()",
        f"    return {told}" + (f" * {head.scale!r}" if head.scale != 1.0 else ""),
    ]
    return "\n".join(lines)


def _last_error(library: ctypes.PyDLL) -> str:
    library.LGBM_GetLastError.restype = ctypes.c_char_p
    text: bytes = library.LGBM_GetLastError()
    return text.decode(errors="replace")
