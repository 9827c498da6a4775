"""A version that was stored as active answers the same for ever."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from mlsm.contracts import ModelEntry
from mlsm.errors import DigestChangedError

__all__ = ["refuse_changed_digests"]


def refuse_changed_digests(stored: Mapping[str, str], models: Iterable[ModelEntry]) -> None:
    """Refuse models that were stored as active under another digest, whatever their status now.

    Args:
        stored: the digest under which results of a version were first stored as active, by key.
        models: the models of a run.

    Raises:
        DigestChangedError: all of them.
    """
    problems = [
        f"{model.key!r} has the digest {model.digest!r}; its stored results were given under {stored[model.key]!r}."
        for model in models
        if model.digest and stored.get(model.key, "") not in ("", model.digest)  # "": it could not be loaded
    ]
    if problems:
        raise DigestChangedError(
            f"{len(problems)} model {'version answers' if len(problems) == 1 else 'versions answer'} differently from"
            " the results stored as active under the same name; expected the same digest.",
            hint="Give a changed model a new version.",
            problems=problems,
        )
