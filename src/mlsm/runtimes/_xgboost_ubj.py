"""Universal Binary JSON, as far as XGBoost writes it: https://ubjson.org, with arrays of one type.

XGBoost itself reads beyond the end of a file that was cut off; here that is an error.
"""

from __future__ import annotations

import struct
from typing import Any, Final

__all__ = ["read_ubj"]

_NUMBERS: Final = {b"i": "b", b"U": "B", b"I": "h", b"l": "i", b"L": "q", b"d": "f", b"D": "d"}
_WORDS: Final = {b"T": True, b"F": False, b"Z": None}
_WHOLE: Final = b"iUIlL"


def read_ubj(raw: bytes) -> Any:
    """Read one value.

    Raises:
        ValueError: it is cut off, goes on, or holds what is no UBJ.

    Example:
        >>> read_ubj(b"{L" + (1).to_bytes(8, "big") + b"a[$i#U" + bytes([2, 7, 255]) + b"}")
        {'a': [7, -1]}
    """
    reading = _Reading(raw)
    value = reading.value(reading.take(1))
    if reading.at != len(raw):
        raise ValueError(f"it goes on after its end, at byte {reading.at}")
    return value


class _Reading:
    """A place in the bytes."""

    __slots__ = ("at", "raw")

    def __init__(self, raw: bytes) -> None:
        self.raw = raw
        self.at = 0

    def take(self, size: int) -> bytes:
        end = self.at + size
        if size < 0 or end > len(self.raw):
            raise ValueError(f"it is cut off at byte {len(self.raw)}, or damaged before")
        taken = self.raw[self.at : end]
        self.at = end
        return taken

    def value(self, mark: bytes) -> Any:
        if mark in _NUMBERS:
            return self.numbers(mark, 1)[0]
        if mark in _WORDS:
            return _WORDS[mark]
        if mark == b"S":
            return self.text()
        if mark == b"[":
            return self.array()
        if mark == b"{":
            return self.mapping()
        raise ValueError(f"byte {self.at - 1} is {mark!r}, where a value begins")

    def numbers(self, mark: bytes, count: int) -> list[Any]:
        if mark not in _NUMBERS:
            raise ValueError(f"byte {self.at - 1} is {mark!r}, where a number's type is told")
        code = _NUMBERS[mark]
        return list(struct.unpack(f">{count}{code}", self.take(count * struct.calcsize(f">{code}"))))

    def size(self) -> int:
        mark = self.take(1)
        if mark not in _WHOLE:
            raise ValueError(f"byte {self.at - 1} is {mark!r}, where a length begins")
        size: int = self.numbers(mark, 1)[0]
        if not 0 <= size <= len(self.raw):
            raise ValueError(f"it tells a length of {size} at byte {self.at}")
        return size

    def text(self) -> str:
        return self.take(self.size()).decode()

    def array(self) -> list[Any]:
        mark = self.take(1)
        if mark == b"$":
            kind = self.take(1)
            if self.take(1) != b"#":
                raise ValueError(f"byte {self.at - 1} is not '#', where a length is told")
            return self.numbers(kind, self.size())
        if mark == b"#":
            return [self.value(self.take(1)) for _ in range(self.size())]
        found = []
        while mark != b"]":
            found.append(self.value(mark))
            mark = self.take(1)
        return found

    def mapping(self) -> dict[str, Any]:
        found: dict[str, Any] = {}
        while (mark := self.take(1)) != b"}":
            self.at -= len(mark)
            name = self.text()
            found[name] = self.value(self.take(1))
        return found
