"""Every error mlsm raises, in one tree.

    MlsmError
    ├── DeclarationError (ValueError)     a field, model or summary is declared wrongly
    ├── CatalogError (ValueError)         models that cannot stand in one catalog
    ├── ProjectError (ValueError)         mistakes in mlsm.toml, all of them
    ├── InputError (ValueError)           an input that cannot be scored
    ├── MissingExtraError (ImportError)   an optional library is not installed
    ├── UnknownNameError (LookupError)    no such model, run, record or column
    ├── SummaryModelListException         a summary names what did not run (0.0.4)
    ├── WorkerError (RuntimeError)        processes that should score cannot do so
    └── StoreError (OSError)              a store cannot do what was asked
        ├── StoreAwayError (ConnectionError)   it cannot be reached, or stays locked
        ├── StoreVersionError             it is newer than this program
        ├── PlanChangedError              a resume whose input or catalog differs
        └── DigestChangedError            a stored active version answers differently

A model's own failure is no exception but a result: see `mlsm.Result`.
"""

from __future__ import annotations

from collections.abc import Sequence

__all__ = [
    "CatalogError",
    "DeclarationError",
    "DigestChangedError",
    "InputError",
    "MissingExtraError",
    "MlsmError",
    "PlanChangedError",
    "ProjectError",
    "StoreAwayError",
    "StoreError",
    "StoreVersionError",
    "SummaryModelListException",
    "UnknownNameError",
    "WorkerError",
]


class MlsmError(Exception):
    """Say what failed, which thing, what was expected, and the way out.

    Args:
        message: one or more sentences, without the hint.
        hint: the way out, shown on a line of its own.
        problems: the single mistakes, where there can be several.

    Example:
        >>> error = MlsmError("No model 'fit'.", hint="Run `mlsm list`.")
        >>> print(error)
        No model 'fit'.
        Hint: Run `mlsm list`.
    """

    def __init__(self, message: str, *, hint: str | None = None, problems: Sequence[str] = ()) -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint
        self.problems = tuple(problems)

    def __str__(self) -> str:
        lines = [self.message, *(f"  - {problem}" for problem in self.problems)]
        if self.hint is not None:
            lines.append(f"Hint: {self.hint}")
        return "\n".join(lines)

    def __reduce__(self) -> tuple[object, ...]:
        return _rebuild, (type(self), self.message, self.hint, self.problems)


def _rebuild(kind: type[MlsmError], message: str, hint: str | None, problems: Sequence[str]) -> MlsmError:
    return kind(message, hint=hint, problems=problems)


class DeclarationError(MlsmError, ValueError):
    """Tell that a field, a model or a summary is declared wrongly."""


class CatalogError(MlsmError, ValueError):
    """Tell that models cannot stand together in one catalog."""


class ProjectError(MlsmError, ValueError):
    """Tell every mistake of a project's files at once."""


class InputError(MlsmError, ValueError):
    """Tell that an input cannot be scored as it is."""


class MissingExtraError(MlsmError, ImportError):
    """Tell which extra brings a library that is not installed."""


class UnknownNameError(MlsmError, LookupError):
    """Tell that no model, run, record or column has this name."""


class WorkerError(MlsmError, RuntimeError):
    """Tell that the processes that should score cannot do so."""


class SummaryModelListException(MlsmError):  # noqa: N818 - the name is the original's
    """Tell that a summary names a model or version that did not run (as in 0.0.4)."""


class StoreError(MlsmError, OSError):
    """Tell that a store cannot do what was asked."""


class StoreAwayError(StoreError, ConnectionError):
    """Tell that a store cannot be reached, or stays locked."""


class StoreVersionError(StoreError):
    """Tell that a store was written by a newer mlsm."""


class PlanChangedError(StoreError):
    """Tell in what a resumed run differs from the run it would continue."""


class DigestChangedError(StoreError):
    """Tell that a stored active version now answers differently under the same name."""
