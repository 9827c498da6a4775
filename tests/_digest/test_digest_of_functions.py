"""A digest changes with everything that changes a model's answer, and with nothing else."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable
from importlib.util import module_from_spec, spec_from_file_location
from itertools import count
from pathlib import Path
from typing import TypeAlias

import pytest

from mlsm import Model

Made: TypeAlias = Callable[[str], Model]

HEAD = """
import datetime, decimal, enum, functools, re
from types import SimpleNamespace
import numpy as np
import polars as pl
from mlsm import Model, model
"""
FIT = '@model(version="1")\ndef fit(a: int): return '

CHANGES = {
    "a constant": ("W = 1\n" + FIT + "a * W", "W = 1", "W = 2"),
    "a constant in a generator": ("W = 1\n" + FIT + "sum(W for i in range(a))", "W = 1", "W = 2"),
    "a constant in a lambda": ("W = 1\n" + FIT + "(lambda: W)()", "W = 1", "W = 2"),
    "a function in a comprehension": ("def h(i): return 1\n" + FIT + "sum([h(i) for i in range(a)])", "n 1", "n 2"),
    "a function's function": ("W = 1\ndef g(): return W\ndef h(): return g()\n" + FIT + "h()", "W = 1", "W = 2"),
    "a pattern": ('P = re.compile("x")\n' + FIT + 'len(P.findall("x"))', '"x")\n', '"y")\n'),
    "a date": ("D = datetime.date(2020, 1, 1)\n" + FIT + "D.year", "2020", "2021"),
    "a decimal": ('D = decimal.Decimal("1.5")\n' + FIT + "float(D)", "1.5", "2.5"),
    "a member of an enum": ("class E(enum.Enum):\n    A = 1\nD = E.A\n" + FIT + "D.value", "A = 1", "A = 2"),
    "an attribute": ("T = SimpleNamespace(w=1)\n" + FIT + "T.w", "w=1", "w=2"),
    "an array": ("T = np.array([1.0])\n" + FIT + "T[0]", "1.0", "2.0"),
    "an array of objects": ("T = np.array([1, None])\n" + FIT + "T[0]", "[1,", "[2,"),
    "a frame": ('T = pl.DataFrame({"a": [1]})\n' + FIT + 'T["a"][0]', "[1]", "[2]"),
    "a set": ('T = {"a", "b"}\n' + FIT + "len(T)", '"b"', '"c"'),
    "a constant of a method": ("W = 1\nclass P:\n    def s(self): return W\n" + FIT + "P().s()", "W = 1", "W = 2"),
    "a base class": ("class B:\n    w = 1\nclass P(B): pass\n" + FIT + "P.w", "w = 1", "w = 2"),
    "a cached function": ("@functools.cache\ndef h(): return 1\n" + FIT + "h()", "n 1", "n 2"),
    "another model": ('@model(version="1")\ndef g(a: int): return 1\n' + FIT + "g(a=a)", "n 1", "n 2"),
    "a wrapper": (
        (
            "def twice(f):\n    @functools.wraps(f)\n    def w(*a, **k): return f(*a, **k) * 2\n    return w\n"
            '@model(version="1")\n@twice\ndef fit(a: int): return a'
        ),
        "* 2",
        "* 3",
    ),
    "a condition": ('@model(version="1", when=lambda a: a > 1)\ndef fit(a: int): return a', "a > 1", "a > 2"),
    "a lambda": ('fit = Model("fit", {"a": int}, "1", lambda data, results: 1)', "results: 1", "results: 2"),
    "what a partial holds": (
        'def b(k, a: int): return k\nfit = model(version="1", name="fit")(functools.partial(b, 1))',
        "b, 1",
        "b, 2",
    ),
    "what a method's object holds": (
        (
            "class P:\n    def __init__(self, w): self.w = w\n    def m(self, a: int): return self.w\n"
            'fit = model(version="1")(P(1).m)'
        ),
        "P(1)",
        "P(2)",
    ),
    "what an object holds": (
        (
            "class P:\n    def __init__(self, w): self.w = w\n    def __call__(self, a: int): return self.w\n"
            'fit = model(version="1", name="fit")(P(1))'
        ),
        "P(1)",
        "P(2)",
    ),
}

NO_CHANGES = {
    "its status": ('@model(version="1", status="draft")\ndef fit(a: int): return a', "draft", "active"),
    "another model's status": (
        '@model(version="1", status="draft")\ndef g(a: int): return 1\n' + FIT + "g(a=a)",
        "draft",
        "active",
    ),
    "the lambda beside it": (
        'Z, fit = (lambda: 1), Model("fit", {"a": int}, "1", lambda data, results: 0)',
        "lambda: 1",
        "lambda: 2",
    ),
    "a name only read of an object": ("W = 1\n" + FIT + "SimpleNamespace(W=3).W", "W = 1", "W = 2"),
}


@pytest.fixture
def made(tmp_path: Path) -> Made:
    """Make the model `fit` of a text, each in a file and a module of its own."""
    numbers = count()

    def make(text: str) -> Model:
        file = tmp_path / f"models_{next(numbers)}.py"
        file.write_text(HEAD + text + "\n")
        spec = spec_from_file_location("models_of_a_test", file)
        assert spec is not None
        assert spec.loader is not None
        module = sys.modules[spec.name] = module_from_spec(spec)
        try:
            spec.loader.exec_module(module)
            model: Model = module.fit
            assert model.digest  # read while its module is there
        finally:
            del sys.modules[spec.name]
        return model

    return make


@pytest.mark.parametrize(("text", "old", "new"), CHANGES.values(), ids=CHANGES)
def test_a_digest_sees(made: Made, text: str, old: str, new: str) -> None:
    """What a function answers with is part of its digest, wherever it stands."""
    assert old in text
    assert made(text).digest != made(text.replace(old, new)).digest


@pytest.mark.parametrize(("text", "old", "new"), NO_CHANGES.values(), ids=NO_CHANGES)
def test_a_digest_does_not_see(made: Made, text: str, old: str, new: str) -> None:
    """What does not change the answer does not change the digest."""
    assert old in text
    assert made(text).digest == made(text.replace(old, new)).digest


@pytest.mark.parametrize("text", [text for text, _, _ in CHANGES.values()], ids=CHANGES)
def test_the_same_text_has_the_same_digest(made: Made, text: str) -> None:
    """A digest depends on no address and no order of making."""
    assert made(text).digest == made(text).digest


def test_a_digest_is_the_same_in_every_process(tmp_path: Path) -> None:
    """A stored digest is met again tomorrow, by a process with another seed of hashes."""
    (tmp_path / "models_here.py").write_text(HEAD + 'S = {"a", "b", "c"}\nT = {"x": {1.5}}\n' + FIT + "len(S) + len(T)")
    told = [
        subprocess.run(
            [sys.executable, "-c", "import models_here; print(models_here.fit.digest)"],
            cwd=tmp_path, env={"PYTHONHASHSEED": str(seed), "PYTHONPATH": str(tmp_path)},
            capture_output=True, text=True, check=True,
        ).stdout
        for seed in (1, 2, 3)
    ]  # fmt: skip
    assert len(set(told)) == 1
