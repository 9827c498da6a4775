"""`name@version`: what a model is called everywhere."""

from __future__ import annotations

from mlsm.errors import DeclarationError

__all__ = ["STATUSES", "check_key", "split_key"]

STATUSES = ("active", "draft", "retired")
_KEY_MAX = 128


def split_key(reference: str) -> tuple[str, str | None]:
    """Split `name@version` or `name` into name and version.

    Example:
        >>> split_key("fit@1.2.0"), split_key("fit")
        (('fit', '1.2.0'), ('fit', None))
    """
    name, separator, version = reference.partition("@")
    return name, version if separator else None


def check_key(name: object, version: object) -> None:
    """Refuse a name or version that could not be told apart in `name@version`.

    Raises:
        DeclarationError: empty, too long, no text, or with white space, `@` or control characters.
    """
    for what, value in (("name", name), ("version", version)):
        if not isinstance(value, str):
            raise DeclarationError(f"The {what} {value!r} of a model is no text.", hint=f'Write {what}="{value}".')
        if not value or "@" in value or len(value) > _KEY_MAX or not value.isprintable() or value.split() != [value]:
            raise DeclarationError(
                f"The {what} {value!r} of a model cannot be used; expected 1 to {_KEY_MAX} printable characters "
                "without white space or '@'."
            )
