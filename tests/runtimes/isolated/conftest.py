"""Other Python environments."""

from __future__ import annotations

from pathlib import Path

import pytest
from tests.environments import bare_python, equipped_python


@pytest.fixture(scope="session")
def other_python(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Make one in which nothing but msgspec is installed."""
    return bare_python(tmp_path_factory.mktemp("environment") / "bare")


@pytest.fixture(scope="session")
def library_python(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Make one that has the libraries of fitted models."""
    return equipped_python(tmp_path_factory.mktemp("environment") / "equipped")
