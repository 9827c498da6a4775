"""Models are collected from folders, files and modules."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from mlsm._model import Model
from mlsm.errors import ProjectError
from mlsm.project import load_catalog

if TYPE_CHECKING:
    from tests.project.conftest import Written

HEAD = '[project]\nname = "acme"\n'
MEND = "\n    Hint: Mend the file; `python` on it alone shows the whole traceback."


def one(name: str, *, version: str = "1", before: str = "", body: str = "return 1.0") -> str:
    """Write a file with one model."""
    return f"""
from mlsm._model import Model, model, summary_model
{before}

@model(version={version!r})
def {name}(employees: int):
    {body}
"""


def origins(project: Written) -> dict[str, str | None]:
    """Give where each model comes from, in the catalog's order."""
    return {key: model.source for key, model in project.load().catalog.items()}


def test_files_come_by_name_and_models_by_definition(project: Written) -> None:
    """The order is that of the files' names, and inside a file that of the lines."""
    project.write(HEAD, zeta=one("last"), alpha=one("second") + one("first")[1:])
    assert {
        "second@1": "models/alpha.py:second",
        "first@1": "models/alpha.py:first",
        "fit@1.0": "models/fit.py:fit",
        "last@1": "models/zeta.py:last",
    } == origins(project)


def test_tests_and_private_files_hold_no_models(project: Written) -> None:
    """Files that begin with `_` or `test_`, that end in `_test`, and conftest are left out."""
    broken = "raise AssertionError"
    project.write(HEAD, _scale=broken, test_fit=broken, fit_test=broken, conftest=broken, setup=broken)
    assert ["fit@1.0"] == list(origins(project))


def test_model_counts_once_and_at_home(project: Written) -> None:
    """A model that another file imports, or that has two names, is one model of its own file."""
    project.write(HEAD, a_best="from zeta import *", zeta=one("last") + "other = last\n")
    assert {"fit@1.0": "models/fit.py:fit", "last@1": "models/zeta.py:last"} == origins(project)


def test_siblings_and_packages_are_imported_by_plain_name(project: Written) -> None:
    """A file imports its neighbours as if their folder were on the path, also when it is called."""
    package = project.folder / "models" / "features" / "deep"
    package.mkdir(parents=True)
    (package.parent / "__init__.py").write_text("from features.deep.size import SIZE")
    (package / "size.py").write_text("SIZE = 3.0")
    project.write(
        HEAD,
        _scale="def scale(x):\n    from features import SIZE\n    return x * SIZE",
        uses=one("uses", before="from _scale import scale", body="import _late; return scale(employees) + _late.ONE"),
        _late="ONE = 1.0",
    )
    before = list(sys.path)
    assert 7.0 == project.load().catalog["uses@1"](employees=2)
    assert before == sys.path


def test_model_knows_its_module_and_file(project: Written) -> None:
    """Functions are found again by module and name, and files by `__file__`."""
    project.write(HEAD, here=one("here", before="from pathlib import Path\nFOLDER = Path(__file__).parent.name"))
    function = project.load().catalog["here@1"].fcn
    assert ("here", True) == (function.__module__, sys.modules["here"].here.fcn is function)
    assert "models" == sys.modules["here"].FOLDER


def test_sources_may_be_folders_files_and_modules(project: Written, tmp_path: Path) -> None:
    """The order is that of the list; what is named twice counts once."""
    (project.folder / "more").mkdir()
    (project.folder / "more" / "one.py").write_text(one("one"))
    (project.folder / "more" / "two.py").write_text(one("two"))
    (project.folder / "scoring").mkdir()
    (project.folder / "scoring" / "__init__.py").write_text("")
    (project.folder / "scoring" / "rule.py").write_text("from .base import base\n" + one("rule"))
    (project.folder / "scoring" / "base.py").write_text(one("base"))
    project.write(HEAD + '[models]\npaths = ["more/two.py", "module:scoring.rule", "models", "more"]')
    assert {
        "two@1": "more/two.py:two",
        "base@1": "scoring/rule.py:base",
        "rule@1": "scoring/rule.py:rule",
        "fit@1.0": "models/fit.py:fit",
        "one@1": "more/one.py:one",
    } == origins(project)


def test_what_a_file_prints_goes_to_standard_error(project: Written, capsys: pytest.CaptureFixture[str]) -> None:
    """Standard output is for data, also while models are imported."""
    project.write(HEAD, loud=one("loud", before="print('hello')")).load()
    assert ("", "hello\n") == capsys.readouterr()


MISTAKES = {
    "raises": (
        {"broken": "x = 1\nint('x')\n"},
        "models/broken.py:2: 'models/broken.py' cannot be imported: "
        "ValueError: invalid literal for int() with base 10: 'x'" + MEND,
    ),
    "raises in a sibling": (
        {"broken": "\nimport _deep", "_deep": "def f():\n    return 1 / 0\nf()"},
        "models/_deep.py:2: 'models/broken.py' cannot be imported: ZeroDivisionError: division by zero" + MEND,
    ),
    "no Python": (
        {"broken": "x = 1\nif x\n    pass"},
        "models/broken.py:2: 'models/broken.py' cannot be imported: "
        "SyntaxError: expected ':' (broken.py, line 2)" + MEND,
    ),
    "exits": (
        {"broken": "import sys\n\nsys.exit(3)"},
        ("models/broken.py:3: 'models/broken.py' cannot be imported: SystemExit: 3\n"
        '    Hint: Call what ends the program below `if __name__ == "__main__":`.'),
    ),
    "lacks a library": (
        {"broken": "import sklaern.linear_model"},
        ("models/broken.py:1: 'models/broken.py' cannot be imported: there is no module 'sklaern'.\n"
        "    Hint: Install the library, or put the file beside this one."),
    ),
    "declared wrongly": (
        {"broken": "from mlsm._model import model\n@model(version='1')\ndef broken(x: complex): ..."},
        ("models/broken.py:2: Field 'x' is declared as complex; expected int, float, str, bool, date, datetime, "
        "Literal of texts and whole numbers, list[…], dict[str, …], a TypedDict, dataclass or msgspec.Struct, "
        "or Optional of one.\n"
        "    Hint: Declare the plain type and put constraints beside it: `Annotated[int, Meta(ge=0)]`."),
    ),
    "declared wrongly in the original's style": (
        {"broken": "from mlsm._model import Model\nold = Model('old', {'x': complex}, '1', print)"},
        ("models/broken.py: model 'old@1': Field 'x' is declared as complex; expected int, float, str, bool, date, "
        "datetime, Literal of texts and whole numbers, list[…], dict[str, …], a TypedDict, dataclass or "
        "msgspec.Struct, or Optional of one.\n"
        "    Hint: Declare the plain type and put constraints beside it: `Annotated[int, Meta(ge=0)]`."),
    ),
    "summary declared wrongly in the original's style": (
        {"broken": "from mlsm._model import SummaryModel\nold = SummaryModel('old', [{'nam': 'fit'}], '1', print)"},
        ("models/broken.py: model 'old@1': Summary 'old@1' names the upstream {'nam': 'fit'}; "
        "expected 'name', 'name@version' or {'name': …, 'version': …}.\n    Hint: Declare it in another way."),
    ),
    "name that is none": (
        {"broken": "from mlsm._model import Model\nold = Model(['x'], {}, '1', print)"},
        """models/broken.py: model "['x']@1": The name ['x'] of a model is no text.\n    Hint: Write name="['x']".""",
    ),
    "puts another in its place": (
        {"broken": "import json, sys\nsys.modules[__name__] = json"},
        ("models/broken.py: 'models/broken.py' cannot be imported: the name 'broken' was given to "
        f"{json.__file__} meanwhile.\n    Hint: Rename the file."),
    ),
    "cannot be shown": (
        {"broken": "class Odd(Exception):\n    def __str__(self): raise Odd\nraise Odd"},
        "models/broken.py:3: 'models/broken.py' cannot be imported: Odd: (the exception cannot be shown)" + MEND,
    ),
    "same version twice": (
        {"broken": one("fit", version="1.0")},
        ("models/fit.py: 'fit@1.0' is models/fit.py:fit here and models/broken.py:fit as well; "
        "expected one model a version.\n    Hint: Give one of them another version; a version is any text."),
    ),
    "name with a dot": (
        {"lead.fit": one("x")},
        ("models/lead.fit.py: the name 'lead.fit.py' has a dot before its ending, which no module's name can have.\n"
        "    Hint: Rename it to lead_fit.py."),
    ),
    "digest": (
        {"broken": one("x", before="class Odd:\n    def __getattr__(self, name): raise OSError(name)\nodd = Odd()",
                       body="return odd")},
        ("models/broken.py: the digest of 'x@1' cannot be taken: OSError: tobytes\n"
        "    Hint: Keep what the function reads in plain constants."),
    ),
}  # fmt: skip


@pytest.mark.parametrize("case", MISTAKES)
def test_broken_file_is_one_mistake(project: Written, case: str) -> None:
    """What is wrong with a file is told with file, line, type and message."""
    files, expected = MISTAKES[case]
    assert [expected] == project.write(HEAD, **files).mistakes()


def test_source_that_is_not_there_is_told(project: Written) -> None:
    """A path that leads nowhere, to another kind of file, or to an empty folder is a mistake."""
    (project.folder / "empty").mkdir()
    (project.folder / "notes.txt").write_text("")
    project.write(HEAD + '[models]\npaths = ["modles",\n"notes.txt", "empty", "module:no_such_module_here"]')
    root = repr(str(project.folder.resolve()))
    assert [
        (
            "mlsm.toml:4: the source 'modles' of models is not there; expected a folder, a .py file or 'module:name'.\n"
            f"    Hint: Paths start from {root}."
        ),
        (
            "mlsm.toml:5: the source 'notes.txt' of models is no Python file; expected a folder, a .py file or "
            f"'module:name'.\n    Hint: Paths start from {root}."
        ),
        (
            "mlsm.toml:5: the folder 'empty' holds no .py file of models.\n"
            "    Hint: Put a file there; those that begin with '_' or 'test_' are left out."
        ),
        (
            "mlsm.toml:5: 'no_such_module_here' cannot be imported: there is no module 'no_such_module_here'.\n"
            "    Hint: Install the library, or put the file beside this one."
        ),
    ] == project.mistakes()


def test_files_without_a_model_are_a_mistake(project: Written) -> None:
    """A project must define a model somewhere."""
    (project.folder / "models" / "fit.py").write_text("x = 1")
    assert [
        (
            "mlsm.toml:1: no model is defined in 'models'; expected one or more.\n"
            "    Hint: Decorate a function with @mlsm.model(version=...), at the top level of a file."
        )
    ] == project.mistakes()


@pytest.mark.parametrize(
    ("name", "owner"),
    [
        ("json", "/json/__init__.py"),
        ("sys", "Python's own sys"),
        ("msgspec", "/msgspec/__init__.py"),
        ("__hello__", "Python's own __hello__"),
    ],
)
def test_taken_name_of_a_file_is_refused(project: Written, name: str, owner: str) -> None:
    """A file cannot bear the name of a module of Python or of an installed package."""
    (mistake,) = project.write(HEAD, **{name: one("x")}).mistakes()
    assert mistake.startswith(f"models/{name}.py: its name {name!r} already belongs to ")
    assert owner in mistake
    assert mistake.endswith(
        "; expected a name of its own.\n    Hint: Rename the file, or isolate all models of one of the two folders."
    )


def test_same_name_in_two_folders_is_refused(project: Written) -> None:
    """Two files of one name, private ones too, would be one module: both paths are told."""
    other = project.folder / "other"
    other.mkdir()
    (other / "fit.py").write_text(one("fit_2"))
    (other / "_scale.py").write_text("")
    project.write(HEAD + '[models]\npaths = ["models", "other"]', _scale="")
    hint = "\n    Hint: Rename the file, or isolate all models of one of the two folders."
    assert [
        "other/_scale.py: its name '_scale' already belongs to models/_scale.py; expected a name of its own." + hint,
        "other/fit.py: its name 'fit' already belongs to models/fit.py; expected a name of its own." + hint,
    ] == project.mistakes()


def test_name_of_an_imported_module_is_refused(project: Written, tmp_path: Path) -> None:
    """A module that the program has imported from elsewhere keeps its name; its own file may be loaded."""
    elsewhere = tmp_path / "shadowed_name.py"
    elsewhere.write_text("")
    sys.path.insert(0, str(tmp_path))
    try:
        __import__("shadowed_name")
    finally:
        sys.path.remove(str(tmp_path))
    assert [
        (
            f"models/shadowed_name.py: its name 'shadowed_name' already belongs to {elsewhere}; "
            "expected a name of its own.\n    Hint: Rename the file, or isolate all models of one of the two folders."
        )
    ] == project.write(HEAD, shadowed_name=one("x")).mistakes()


def test_name_of_an_imported_folder_is_refused(project: Written, tmp_path: Path) -> None:
    """A folder that was imported as a package keeps its name as well."""
    (tmp_path / "shadowed_folder").mkdir()
    sys.path.insert(0, str(tmp_path))
    try:
        __import__("shadowed_folder")
    finally:
        sys.path.remove(str(tmp_path))
    (mistake,) = project.write(HEAD, shadowed_folder=one("x")).mistakes()
    assert f"already belongs to the package in {tmp_path / 'shadowed_folder'};" in mistake


def test_project_loaded_again_has_the_same_modules(project: Written) -> None:
    """While no file changes, models keep the very functions that they have."""
    first, second = project.load().catalog, project.load().catalog
    assert [model.fcn for model in second.values()] == [model.fcn for model in first.values()]


@pytest.mark.parametrize("changed", ["fit", "_scale", "data"])
def test_changed_file_is_imported_again(project: Written, changed: str) -> None:
    """A change of the file, of a sibling or of data beside it counts, even one of the same size at once."""
    files = {"fit": one("fit", before="from _scale import SCALE", body="return 1.0 * SCALE"), "_scale": "SCALE = 1.0"}
    data = project.folder / "models" / "scale.json"
    data.write_text("1")
    former = project.write(HEAD, **files).load().catalog["fit@1"]
    if changed == "data":
        data.write_text("22")
    else:
        project.write(HEAD, **{changed: files[changed].replace("1.0", "2.0")})
    latter = project.load().catalog["fit@1"]
    assert (False, 1.0) == (former.fcn is latter.fcn, former(employees=1))
    assert (former.digest == latter.digest) is (changed == "data")


def test_two_projects_may_have_files_of_one_name(project: Written, another: Callable[[str], Written]) -> None:
    """The project loaded last has the names; the models of the first keep their functions."""
    second = another("second").write(HEAD, fit=one("fit", body="return 2.0"))
    first_fit = project.write(HEAD, fit=one("fit", body="return 1.0")).load().catalog["fit@1"]
    second_fit = second.load().catalog["fit@1"]
    assert (1.0, 2.0) == (first_fit(employees=0), second_fit(employees=0))
    assert 1.0 == project.load().catalog["fit@1"](employees=0)


def test_name_that_is_imported_when_called_is_not_taken_over(
    project: Written, another: Callable[[str], Written]
) -> None:
    """A project whose functions import a sibling late keeps its names, lest they get a stranger's."""
    project.write(HEAD, _scale="ONE = 1.0", fit=one("fit", body="import _scale; return _scale.ONE"))
    second = another("second").write(HEAD, _scale="ONE = 2.0", other=one("other"))
    fit = project.load().catalog["fit@1"]
    assert [
        (
            f"models/_scale.py: its name '_scale' already belongs to {project.folder.resolve()}/models/_scale.py; "
            "expected a name of its own.\n    Hint: Rename the file, or isolate all models of one of the two folders."
        )
    ] == second.mistakes()
    assert 1.0 == fit(employees=0)


def test_catalog_of_a_file_or_a_folder(project: Written) -> None:
    """Models load without a project too; the code alone says what is active."""
    models = project.folder / "models"
    project.write(HEAD + '[models.active]\nfit = "1.0"', other=one("other"))
    assert [
        ("fit@1.0", "active"),
        ("other@1", "draft"),
    ] == [(model.key, model.status) for model in load_catalog(project.folder).values()]
    assert ["fit.py:fit", "other.py:other"] == [model.source for model in load_catalog(models).values()]
    assert ["draft"] == [model.status for model in load_catalog(models / "fit.py").values()]


def test_path_without_models_is_refused(project: Written) -> None:
    """What is neither a Python file nor a folder of such is told, and so are mistakes in files."""
    with pytest.raises(ProjectError) as caught:
        load_catalog(project.folder / "nowhere")
    assert (
        f"No models at {str(project.folder.resolve() / 'nowhere')!r}; expected a .py file, a folder of them, or a "
        "folder with mlsm.toml.\nHint: Look for a typing error in the path."
    ) == str(caught.value)
    project.write(HEAD, fit=one("fit", before="1 / 0"))
    with pytest.raises(ProjectError) as caught:
        load_catalog(project.folder / "models" / "fit.py")
    file = str(project.folder.resolve() / "models" / "fit.py")
    assert f"The source {file!r} of models has 1 mistake:" == caught.value.message
    mistake = "fit.py:3: 'fit.py' cannot be imported: ZeroDivisionError: division by zero"
    assert (mistake + MEND,) == caught.value.problems


def test_models_of_the_original_are_models(project: Written) -> None:
    """An object made by calling `Model`, with a function of another module, is collected."""
    project.write(HEAD, old="import _old\nfrom mlsm._model import Model\nold = Model('old', {'x': int}, '1', _old.f)",
                  _old="def f(data, results): return {'score': data['x']}")  # fmt: skip
    model = project.load().catalog["old@1"]
    assert (Model, "models/old.py:old") == (type(model), model.source)
