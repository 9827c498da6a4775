"""What `--help` says, folded to the screen; examples stay on one line, to be copied."""

from __future__ import annotations

import re
import textwrap
from argparse import RawDescriptionHelpFormatter

__all__ = ["HelpFormatter"]

_WIDEST = 98
"""Longer lines are hard to read, however wide the screen is."""
_CONTINUED = 9
"""A line that begins so far to the right goes on with the one above it."""


class HelpFormatter(RawDescriptionHelpFormatter):
    """Fold running text and explained words, each below its own beginning.

    Example:
        >>> from argparse import ArgumentParser
        >>> from functools import partial
        >>> words = "  lead   a person or company that may buy, with an id"
        >>> print(ArgumentParser(usage="mlsm", epilog=words, formatter_class=partial(HelpFormatter, width=40),
        ...                      add_help=False).format_help())
        usage: mlsm
        <BLANKLINE>
          lead   a person or company that may
                 buy, with an id
        <BLANKLINE>
    """

    def _fill_text(self, text: str, width: int, indent: str) -> str:
        room = min(width, _WIDEST)
        return "\n".join(indent + line for entry in _entries(text) for line in _folded(entry, room))


def _entries(text: str) -> list[str]:
    """Put lines that belong together on one line; an empty line parts, and so does one that is set in."""
    entries: list[str] = []
    for line in text.strip("\n").splitlines():
        begins = len(line) - len(line.lstrip())
        above = entries[-1] if entries else ""
        flows = begins == 0 and above[:1].strip() and not above.endswith(":")
        if line and above and (flows or begins >= _CONTINUED):
            entries[-1] = f"{above} {line.strip()}"
        else:
            entries.append(line)
    return entries


def _folded(entry: str, width: int) -> list[str]:
    if len(entry) <= width or entry.startswith("  mlsm "):
        return [entry]
    explained = re.match(r" *\S+(?: \S+)*  +|exit codes: ", entry)
    hang = explained.end() if explained else 0
    return textwrap.wrap(entry, width, subsequent_indent=" " * hang, break_long_words=False, break_on_hyphens=False)
