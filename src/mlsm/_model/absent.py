"""A model that could not be loaded: it stands in a catalog so that its records are told of, and answers none."""

from __future__ import annotations

from mlsm._model.model import Model

__all__ = ["AbsentModel"]


class AbsentModel(Model):
    """A version of which the project speaks, but whose code or file cannot be loaded.

    Every record is `skipped` by it, with the reason; what stands on it sees that.

    Args:
        name: the model's name.
        version: its version.
        why: why it cannot be loaded.
        known_digest: the digest under which it is locked, "" where that is not known.
        status: `active` or `draft`.
        source: where it would come from.

    Example:
        >>> AbsentModel("fit", "1", why="fit.py cannot be imported.").why
        'fit.py cannot be imported.'
    """

    __slots__ = ("known_digest", "why")

    kind = "absent"
    why: str
    known_digest: str

    def __init__(
        self,
        name: str,
        version: str,
        *,
        why: str,
        known_digest: str = "",
        status: str = "active",
        source: str | None = None,
    ) -> None:
        super().__init__(name, {}, version, _unanswerable, status, call="fields", source=source)
        self._set(why=why, known_digest=known_digest)

    @property
    def digest(self) -> str:
        """Give the digest under which it is known, "" for none: what it answers as cannot be seen."""
        return self.known_digest


def _unanswerable() -> None:
    """Stand where the others have a function."""
