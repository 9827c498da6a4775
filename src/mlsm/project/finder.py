"""Import the files of model folders under their plain names, whenever they are asked for.

Python asks the finders of `sys.meta_path` for each module that is not yet imported. One of
ours stands there and answers for the names of the folders that were loaded, so that a file
finds its siblings while it is imported and later, when a function imports one as it is
called; `sys.path` is left alone.
"""

from __future__ import annotations

import ast
import hashlib
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from importlib.abc import MetaPathFinder
from importlib.machinery import (
    EXTENSION_SUFFIXES,
    SOURCE_SUFFIXES,
    ExtensionFileLoader,
    FileFinder,
    ModuleSpec,
    SourceFileLoader,
)
from pathlib import Path
from types import CodeType, ModuleType

from mlsm.project.document import MANIFEST

__all__ = ["FolderNames", "ModelFinder", "importable_names", "installed_finder"]

_NEVER_IMPORTED = frozenset({"__init__", "__main__", "conftest", "setup", "test", "tests"})


class _TextLoader(SourceFileLoader):
    """Compile the text anew at every import.

    A file of compiled code is matched to its source by whole seconds and size; a model that
    was changed twice within a second would answer as before, under a new digest.
    """

    def get_code(self, fullname: str) -> CodeType:
        path = self.get_filename(fullname)
        code: CodeType = self.source_to_code(self.get_data(path), path)
        return code


@dataclass(frozen=True, slots=True, kw_only=True)
class FolderNames:
    """The names that one loading of folders lays claim to.

    Args:
        folders: for each name the folder that holds it.
        fingerprint: hash of what the folders held.
        lazy: whether a function imports one of the names when it is called.
    """

    folders: Mapping[str, Path]
    fingerprint: str
    lazy: bool

    @classmethod
    def of(cls, folders: Mapping[str, Path]) -> FolderNames:
        """Look at the files behind the names."""
        hashed = hashlib.sha256()
        lazy = False
        for file in sorted(_files(folders)):
            hashed.update(f"{file}\0".encode(errors="surrogateescape"))
            if file.suffix == ".py":
                content = _content(file)
                lazy = lazy or _imports_when_called(content, folders)
                hashed.update(hashlib.sha256(content).digest())
            else:
                stat = file.stat()
                hashed.update(f"{stat.st_size} {stat.st_mtime_ns}\0".encode())
        return cls(folders=folders, fingerprint=hashed.hexdigest(), lazy=lazy)


class ModelFinder(MetaPathFinder):
    """Answer for the names of the folders that were loaded last."""

    def __init__(self) -> None:
        self._loaded: list[FolderNames] = []
        self._lending = False

    def find_spec(
        self,
        fullname: str,
        path: Sequence[str] | None = None,
        target: ModuleType | None = None,  # noqa: ARG002 - the finders' protocol
    ) -> ModuleSpec | None:
        """Find a module in the folder that holds its name, or in its package."""
        top = fullname.partition(".")[0]
        folder = next((names.folders[top] for names in self._loaded if top in names.folders), None)
        if folder is None:
            return None
        for location in [str(folder)] if path is None else path:
            finder = FileFinder(location, (_TextLoader, SOURCE_SUFFIXES), (ExtensionFileLoader, EXTENSION_SUFFIXES))
            spec = finder.find_spec(fullname)
            if spec is not None:
                return spec
        return None

    @property
    def loaded(self) -> tuple[FolderNames, ...]:
        """Give the names of all folders, loading by loading."""
        return tuple(self._loaded)

    def holder(self, name: str) -> Path | None:
        """Give the folder that a name stands for now."""
        return next((names.folders[name] for names in self._loaded if name in names.folders), None)

    def folders_beside(self, name: str) -> Mapping[str, Path]:
        """Give the folders of all names that were loaded together with one."""
        return next((names.folders for names in self._loaded if name in names.folders), {})

    def release(self, folder: Path) -> None:
        """Forget the names that stand for what lies in a folder: another folder may have the same ones."""
        for names in [names for names in self._loaded if _lies_in(names, folder)]:
            self._loaded.remove(names)
            _forget(names.folders)

    @contextmanager
    def lent(self) -> Iterator[None]:
        """Let models be loaded that run in processes of their own: what names stood for, they stand for again.

        Such models are asked there only, under names of theirs alone, so that nobody has to keep one.
        """
        former, self._lending = list(self._loaded), True
        try:
            yield
        finally:
            self._lending = False
            for names in [names for names in self._loaded if names not in former]:
                _forget(names.folders)
            self._loaded = former

    def claim(self, folders: Mapping[str, Path]) -> dict[str, Path]:
        """Let names stand for folders from now on.

        Where nothing changed since these very folders were loaded, their modules stay; else
        the modules of every loading that shares a name with this one are forgotten. What was
        loaded before keeps working with the functions that it has, unless one of them imports
        a sibling when it is called, and would then be given a stranger.

        Returns:
            The names that are refused for that reason, and the folder of each that keeps it;
            where there are any, nothing has changed.
        """
        wanted = FolderNames.of(folders)
        if wanted in self._loaded:
            return {}
        shared = [names for names in self._loaded if not names.folders.keys().isdisjoint(folders)]
        kept = {
            name: names.folders[name]
            for names in shared
            if names.lazy and not set(names.folders.values()) & set(folders.values())
            for name in names.folders.keys() & folders
        }
        if kept and not self._lending:
            return kept
        for names in shared:
            self._loaded.remove(names)
            _forget(names.folders)
        self._loaded.append(wanted)
        return {}


def _lies_in(names: FolderNames, folder: Path) -> bool:
    return bool(names.folders) and all(place.is_relative_to(folder) for place in names.folders.values())


def installed_finder() -> ModelFinder:
    """Give this process's finder, put in place where there is none yet."""
    for finder in sys.meta_path:
        if isinstance(finder, ModelFinder):
            return finder
    made = ModelFinder()
    # First, so that an unrelated file of the working folder cannot stand in for a model's.
    sys.meta_path.insert(0, made)
    return made


def importable_names(folder: Path) -> dict[str, Path]:
    """Give the names of the modules and packages of a folder, tests left out."""
    names = {}
    for path in sorted(folder.iterdir()):
        module = path.suffix == ".py" and path.is_file()
        package = path.is_dir() and path.name.isidentifier() and (path / "__init__.py").is_file()
        if (module or package) and path.stem not in _NEVER_IMPORTED and not is_test(path):
            names[path.stem] = path
    return names


def is_test(path: Path) -> bool:
    """Tell by its name whether a file holds tests."""
    return path.stem.startswith("test_") or path.stem.endswith("_test")


def _files(folders: Mapping[str, Path]) -> Iterator[Path]:
    """Yield the files behind names: modules, all that lies in packages, and data beside them."""
    for name, folder in folders.items():
        if (package := folder / name).is_dir():
            yield from (path for path in package.rglob("*") if path.is_file() and path.parent.name != "__pycache__")
        else:
            yield folder / f"{name}.py"
    for folder in set(folders.values()):
        if not (folder / MANIFEST).exists():  # beside it lie stores and inputs, which change without the models
            yield from (path for path in folder.iterdir() if path.is_file() and path.suffix != ".py")


def _content(file: Path) -> bytes:
    try:
        return file.read_bytes()
    except OSError:  # told when the file is imported
        return b""


def _imports_when_called(content: bytes, names: Mapping[str, Path]) -> bool:
    try:
        tree = ast.parse(content)
    except (SyntaxError, ValueError):  # told when the file is imported
        return False
    functions = (node for node in ast.walk(tree) if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef))
    return any(_imports_one_of(names, node) for function in functions for node in ast.walk(function))


def _imports_one_of(names: Mapping[str, Path], node: ast.AST) -> bool:
    if isinstance(node, ast.Import):
        return any(alias.name.partition(".")[0] in names for alias in node.names)
    if isinstance(node, ast.ImportFrom):
        return node.level > 0 or (node.module or "").partition(".")[0] in names
    return False


def _forget(folders: Mapping[str, Path]) -> None:
    for name, module in list(sys.modules.items()):
        folder = folders.get(name.partition(".")[0])
        file = getattr(module, "__file__", None)
        if folder is not None and file is not None and Path(file).resolve().is_relative_to(folder):
            del sys.modules[name]
