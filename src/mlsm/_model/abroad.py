"""What stands for a function that is never imported here: a process of its own has it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from mlsm.errors import DeclarationError

__all__ = ["Abroad", "Home"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Home:
    """A module that another process can import.

    Args:
        module: its name.
        file: its file.
        root: the folder from which its name is found.
        folders: for the names of model folders, which are found by name only: the folder of each.
        key: what the model is called there; the lock may give it a longer version.
    """

    module: str
    file: str
    root: str
    folders: Mapping[str, str]
    key: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Abroad:
    """Stands in a model for its function, whose code only the process of the model imports.

    Args:
        digest: the model's, taken there.
        home: where it is found.
        wants_as_of: whether it is handed the clock.
        conditional: whether it has a condition `when`, which is asked there too.

    Example:
        >>> home = Home(module="fit", file="/srv/fit.py", root="/srv", folders={}, key="fit@1")
        >>> Abroad(digest="sha256:00", home=home, wants_as_of=False, conditional=False).home.module
        'fit'
    """

    digest: str
    home: Home
    wants_as_of: bool
    conditional: bool

    def __call__(self, *args: Any, **kwargs: Any) -> Any:  # noqa: ARG002 - of any function
        """Refuse: the code is not here.

        Raises:
            DeclarationError: always.
        """
        raise DeclarationError(
            f"The function of {self.home.key!r} is in a process of its own and cannot be called here.",
            hint="Score with it through `mlsm.score` or `mlsm.score_one`.",
        )
