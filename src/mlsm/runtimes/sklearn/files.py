"""A fitted estimator from its file: skops, looked over first; joblib and pickle on trust alone."""

from __future__ import annotations

import io
import pickle
import re
import types
import warnings
import zipfile
from collections.abc import Mapping
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import joblib
import sklearn
from sklearn.exceptions import InconsistentVersionWarning

from mlsm._guard import Raised, attempt
from mlsm.errors import DeclarationError, InputError
from mlsm.runtimes.sklearn.estimators import names_told
from mlsm.runtimes.sklearn.types import ALLOWED
from mlsm.runtimes.sklearn.versions import fitted_with

with names_told():
    import skops.io

__all__ = ["Opened", "open_estimator"]

_MAIN = ("__main__", "__mp_main__")
_LOST = re.compile(
    r"Can't get attribute '(?P<name>[^']+)' on <module '(?P<module>[^']+)'"
    r"|module '(?P<module_>[^']+)' has no attribute '(?P<name_>[^']+)'"  # older pickles
)
_LISTED = 20


@dataclass(frozen=True, slots=True)
class Opened:
    """A fitted estimator, and what people should know of its file."""

    estimator: Any
    notes: tuple[str, ...] = ()


def open_estimator(path: Path, options: Mapping[str, Any]) -> Opened:
    """Read a fitted estimator.

    Args:
        path: a file of `skops.io.dump`, `joblib.dump` or `pickle.dump`.
        options: `trust` is true for a pickle, or names the types that a skops file may hold besides.

    Raises:
        DeclarationError: `trust` is neither.
        InputError: the file is not there, is damaged, may not be loaded, or holds no estimator.
    """
    trust = options.get("trust", False)
    if not isinstance(trust, bool) and not (isinstance(trust, list) and all(isinstance(name, str) for name in trust)):
        raise DeclarationError(f"The option trust is {trust!r}; expected true, false or a list of names of types.")
    if not path.is_file():
        raise InputError(f"There is no file {str(path)!r}; expected a fitted scikit-learn estimator.")
    if _is_skops(path):
        read = partial(_read_skops, path, ALLOWED.union(trust if isinstance(trust, list) else ()))
    elif path.suffix == ".skops":
        raise InputError(
            f"The file {str(path)!r} is no file of skops: it is no archive that holds a schema.json.",
            hint="Was it saved with `skops.io.dump`, and is it whole?",
        )
    elif trust is True:
        read = partial(_read_pickle, path)
    else:
        raise InputError(
            f"The file {str(path)!r} is a pickle, which runs code when it is loaded; it was not opened.",
            hint="Save the model with `skops.io.dump`, or set trust = true if you know who made the file.",
        )
    with warnings.catch_warnings(record=True) as heard:
        warnings.simplefilter("always")
        estimator = read()
    if not any(hasattr(estimator, name) for name in ("predict", "predict_proba", "decision_function")):
        raise InputError(
            f"The file {str(path)!r} holds a {type(estimator).__name__}; expected an estimator that predicts.",
            hint="Save the fitted classifier, regressor or pipeline itself.",
        )
    found = getattr(estimator, "best_estimator_", estimator)  # a search answers by the best that it found
    return Opened(found, _notes([one.message for one in heard]))


def _is_skops(path: Path) -> bool:
    if not zipfile.is_zipfile(path):
        return False
    with zipfile.ZipFile(path) as opened:
        return "schema.json" in opened.namelist()


def _read_skops(path: Path, allowed: frozenset[str]) -> Any:
    found = attempt(lambda: skops.io.get_untrusted_types(file=path))
    if isinstance(found, Raised):
        raise _damaged(path, found) from found.error
    of_main = [name.partition(".")[2] for name in sorted(found) if name.partition(".")[0] in _MAIN]
    if refused := sorted(set(found) - allowed):
        more = len(refused) - _LISTED
        shown = refused if more <= 0 else [*refused[:_LISTED], f"and {more} more"]
        raise InputError(
            f"The file {str(path)!r} holds types that are not scikit-learn's own; it was not loaded.{_of_other(path)}",
            problems=shown,
            hint=_moved(of_main[0])
            if of_main
            else f"If you know them and who made the file, name them: trust = {_spelled(refused[:_LISTED])}.",
        )
    if of_main:
        raise _of_main(path, of_main[0], "saved")
    estimator = attempt(lambda: skops.io.load(path, trusted=list(found)))
    if isinstance(estimator, Raised):
        raise _damaged(path, estimator) from estimator.error
    return estimator


def _spelled(names: list[str]) -> str:
    return "[" + ", ".join(f'"{name}"' for name in names) + "]"


def _read_pickle(path: Path) -> Any:
    estimator = attempt(joblib.load, path)
    if isinstance(estimator, Raised):
        lost = _LOST.search(str(estimator.error))
        if lost and (lost["module"] or lost["module_"]) in _MAIN:
            raise _of_main(path, lost["name"] or lost["name_"]) from estimator.error
        raise _damaged(path, estimator) from estimator.error
    census = _Census()
    attempt(census.dump, estimator)  # what cannot be pickled again was looked at up to there
    if census.found:
        raise _of_main(path, min(census.found))
    return estimator


class _Census(pickle.Pickler):
    """Walks through an object as pickle does; keeps the names of what is `__main__`'s, and nothing else.

    Where the program that loads has such a class by chance, the file would load, and would
    not in the next worker.
    """

    def __init__(self) -> None:
        super().__init__(_Nothing())
        self.found: set[str] = set()

    def reducer_override(self, obj: Any) -> Any:
        """Look at each object that is no plain value."""
        subject = obj if isinstance(obj, (type, types.FunctionType)) else type(obj)
        if getattr(subject, "__module__", None) in _MAIN:
            self.found.add(subject.__qualname__)
        return NotImplemented


class _Nothing(io.RawIOBase):
    def write(self, data: Any, /) -> int:
        return len(data)


def _of_main(path: Path, name: str, how: str = "pickled") -> InputError:
    return InputError(
        f"The file {str(path)!r} needs {name!r} of the script that it was {how} from ('__main__'); "
        "no other program can load it.",
        hint=_moved(name),
    )


def _moved(name: str) -> str:
    return f"Move {name!r} into a module that can be imported, and save the model again."


def _damaged(path: Path, raised: Raised) -> InputError:
    failure = raised.failure
    version = fitted_with(path)
    other = version is not None and version != sklearn.__version__
    return InputError(
        f"The file {str(path)!r} cannot be loaded with scikit-learn {sklearn.__version__}: "
        f"{failure.type}: {failure.message}{'.' if other else ''}{_of_other(path)}",
        hint=f"Install scikit-learn {version}, or fit and save it again with {sklearn.__version__}."
        if other
        else "Is it whole, and are the library and the version that it was saved with installed?",
    )


def _of_other(path: Path) -> str:
    """Say that another version fitted it, where one did: what it holds may have had other names."""
    version = fitted_with(path)
    if version is None or version == sklearn.__version__:
        return ""
    return f" It was fitted with scikit-learn {version}; {sklearn.__version__} is installed."


def _notes(heard: list[Warning | str]) -> tuple[str, ...]:
    """Say once which version fitted it; what else the library warned of is told as it is."""
    versions = {one.original_sklearn_version for one in heard if isinstance(one, InconsistentVersionWarning)}
    others = {str(one): None for one in heard if not isinstance(one, InconsistentVersionWarning)}
    told = [
        f"It was fitted with scikit-learn {version}; {sklearn.__version__} is installed, whose answers may differ."
        for version in sorted(versions)
    ]
    return (*told, *others)
