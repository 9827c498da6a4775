"""What was meant by a name that nothing has."""

from __future__ import annotations

from collections.abc import Iterable

__all__ = ["meant"]

_SHOWN = 12
_NEAR = 3


def meant(name: str, known: Iterable[str]) -> str:
    """Say which names are there, and first those that look like the one that is not.

    Example:
        >>> meant("sise@1", ["size@1", "fit@1"])
        "Did you mean 'size@1'? There is size@1, fit@1."
        >>> meant("size", [])
        'There is none.'
    """
    from difflib import get_close_matches  # which `import mlsm` does without

    there = list(dict.fromkeys(known))
    by_lower = {one.lower(): one for one in there}
    near = [by_lower[one] for one in get_close_matches(name.lower(), by_lower, n=_NEAR)]
    listed = ", ".join(there[:_SHOWN]) + (f" and {len(there) - _SHOWN} more" if len(there) > _SHOWN else "")
    asked = f"Did you mean {' or '.join(map(repr, near))}? " if 0 < len(near) < len(there) else ""
    return f"{asked}There is {listed or 'none'}."
