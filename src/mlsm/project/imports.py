"""Import the files of models; what one raises becomes a mistake of the project."""

from __future__ import annotations

import contextlib
import importlib
import sys
import traceback
from pathlib import Path
from types import ModuleType

from mlsm._guard import Raised, attempt
from mlsm.errors import MlsmError
from mlsm.project.mistakes import Mistake

__all__ = ["declared_wrongly", "import_module", "shown_path"]


def import_module(name: str, file: Path | None, root: Path, place: str) -> ModuleType | Mistake:
    """Import a module by its name, or tell what it raises.

    Args:
        name: the module's name.
        file: its file, None where it is only known by name.
        root: the folder that shown paths start from.
        place: where the module is named, told where nothing better is known.
    """
    # What a file prints while it is imported is no data of ours: standard output is for that.
    with contextlib.redirect_stdout(sys.stderr):
        imported = attempt(importlib.import_module, name)
    what = repr(name) if file is None else repr(shown_path(file, root))
    if isinstance(imported, Raised):
        return _failed(imported, what, _raised_at(imported.error, file, root) or place)
    found = getattr(imported, "__file__", None)
    if not isinstance(imported, ModuleType) or (file is not None and Path(str(found)).resolve() != file.resolve()):
        message = f"{what} cannot be imported: the name {name!r} was given to {found or 'something else'} meanwhile."
        return Mistake(shown_path(file, root) if file else place, message, "Rename the file.")
    return imported


def declared_wrongly(raised: Raised, what: str, place: str) -> Mistake:
    """Say what is wrong with a declaration that only shows when it is read."""
    error = raised.error
    if isinstance(error, MlsmError):
        return Mistake(place, f"{what}: {_whole(error)}", error.hint or "Declare it in another way.")
    failure = raised.failure
    return Mistake(place, f"{what} cannot be read: {failure.type}: {failure.message}", "Mend its declaration.")


def shown_path(path: Path, root: Path) -> str:
    """Write a path relative to the folder where it lies within, with forward slashes."""
    return path.relative_to(root).as_posix() if path.is_relative_to(root) else str(path)


def _whole(error: MlsmError) -> str:
    return " ".join([error.message, *error.problems])


def _failed(raised: Raised, what: str, place: str) -> Mistake:
    error = raised.error
    if isinstance(error, MlsmError):
        return Mistake(place, _whole(error), error.hint or "See the declaration at this line.")
    if isinstance(error, ModuleNotFoundError):
        message = f"{what} cannot be imported: there is no module {error.name!r}."
        return Mistake(place, message, "Install the library, or put the file beside this one.")
    failure = raised.failure
    message = f"{what} cannot be imported: {failure.type}: {failure.message or '(no message)'}"
    if isinstance(error, SystemExit):
        return Mistake(place, message, 'Call what ends the program below `if __name__ == "__main__":`.')
    return Mistake(place, message, "Mend the file; `python` on it alone shows the whole traceback.")


def _raised_at(error: BaseException, file: Path | None, root: Path) -> str | None:
    """Give file and line of the deepest frame that lies in the project, or in the file's folder."""
    if isinstance(error, SyntaxError) and error.filename is not None and error.lineno is not None:
        return f"{shown_path(Path(error.filename), root)}:{error.lineno}"
    around = (root,) if file is None else (root, file.parent)
    for frame in reversed(traceback.extract_tb(error.__traceback__)):
        path = Path(frame.filename)
        if path.is_absolute() and any(path.is_relative_to(folder) for folder in around) and _is_theirs(path):
            return f"{shown_path(path, root)}:{frame.lineno}"
    return None if file is None else shown_path(file, root)


def _is_theirs(path: Path) -> bool:
    """Tell a project's file from a library's in an environment that lies in the project."""
    return "site-packages" not in path.parts and not path.is_relative_to(Path(__file__).parents[1])
