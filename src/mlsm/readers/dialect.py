"""How the text of an input is to be read, as far as people declared it."""

from __future__ import annotations

import codecs
from dataclasses import dataclass

from mlsm.errors import InputError

__all__ = ["Dialect"]

_SPELLED = {"tab": "\t", "\\t": "\t", "comma": ",", "semicolon": ";", "pipe": "|"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Dialect:
    r"""What is declared of a text file; None is found out from the file.

    Args:
        separator: what stands between two cells of a CSV file: one character, or its name
            (`tab`, `comma`, `semicolon`, `pipe`).
        encoding: the encoding of a CSV file, by a name that Python knows.

    Raises:
        InputError: the separator is no single character, or the encoding is unknown.

    Example:
        >>> Dialect(separator="tab", encoding="Latin1")
        Dialect(separator='\t', encoding='iso8859-1')
    """

    separator: str | None = None
    encoding: str | None = None

    def __post_init__(self) -> None:
        if self.separator is not None:
            object.__setattr__(self, "separator", _one_character(self.separator))
        if self.encoding is not None:
            object.__setattr__(self, "encoding", _known_encoding(self.encoding))


def _one_character(separator: str) -> str:
    spelled = _SPELLED.get(separator.lower(), separator)
    if len(spelled) != 1 or spelled in '"\r\n\0':
        raise InputError(
            f"Separator {separator!r} cannot stand between cells; one character was expected.",
            hint="Declare one character, such as ';', or its name: tab, comma, semicolon, pipe.",
        )
    return spelled


def _known_encoding(encoding: str) -> str:
    try:
        name = codecs.lookup(encoding).name
        # Refuses codecs such as `base64`, which turn bytes into bytes.
        "".encode(name)
    except LookupError as error:
        raise InputError(
            f"Encoding {encoding!r} is unknown; the name of a text encoding was expected.",
            hint="Declare a name such as utf-8, cp1252 or utf-16, or none and it is found out.",
        ) from error
    return name
