"""Environments of sources: built from what repositories state, with real packages and git."""

from __future__ import annotations

import itertools
import json
import os
import shutil
import subprocess
import sys
import time
import zipfile
from importlib.metadata import version
from pathlib import Path
from typing import Any

import pytest
from tests.cli.conftest import Cli

from mlsm.project.environment import environment, python_version, resolved
from mlsm.project.lock import environment_hash, read_lock
from mlsm.project.requirements import stated_requirements

pytestmark = pytest.mark.usefixtures("uv")

LEADS = "lead_id,employees\n1,500\n2,40\n3,7\n"
MODEL = """\
import pointlib
from mlsm import model

@model(version="{version}", name="{name}")
def points(employees: int):
    return employees * pointlib.FACTOR
"""
_NUMBERS = itertools.count()


def make_wheel(folder: Path, version: str, code: str) -> None:
    """Write a package of one module as a wheel."""
    folder.mkdir(exist_ok=True)
    info = f"pointlib-{version}.dist-info"
    files = {
        "pointlib.py": code,
        f"{info}/METADATA": f"Metadata-Version: 2.1\nName: pointlib\nVersion: {version}\n",
        f"{info}/WHEEL": "Wheel-Version: 1.0\nGenerator: tests\nRoot-Is-Purelib: true\nTag: py3-none-any\n",
    }
    record = "".join(f"{name},,\n" for name in [*files, f"{info}/RECORD"])
    with zipfile.ZipFile(folder / f"pointlib-{version}-py3-none-any.whl", "w") as wheel:
        for name, text in {**files, f"{info}/RECORD": record}.items():
            wheel.writestr(name, text)


@pytest.fixture
def wheels(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Give a folder of packages from which both installers take."""
    folder = tmp_path / "packages"
    make_wheel(folder, "1.0", "FACTOR = 10.0\n")
    make_wheel(folder, "2.0", "FACTOR = 2.0\n")
    for name, parting in (("PIP_FIND_LINKS", " "), ("UV_FIND_LINKS", ",")):
        monkeypatch.setenv(name, parting.join(filter(None, [str(folder), os.environ.get(name)])))
    return folder


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Cli:
    """Give a project without models, and a cache of its own."""
    monkeypatch.setenv("MLSM_HOME", str(tmp_path / "home"))
    folder = tmp_path / "acme"
    folder.mkdir()
    (folder / "mlsm.toml").write_text('[project]\nname = "acme"\n\n[record]\nid = "lead_id"\n')
    (folder / "leads.csv").write_text(LEADS)
    return Cli(folder)


@pytest.fixture
def without_uv(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Let only git be found, so that venv and pip have to do."""
    tools = tmp_path / "tools"
    tools.mkdir()
    (tools / "git").symlink_to(str(shutil.which("git")))
    monkeypatch.setenv("PATH", str(tools))


def repository(folder: Path, dependencies: list[str], name: str = "points", code: str | None = None) -> str:
    """Make a repository of one model that states dependencies, and give its URL."""
    (folder / "models").mkdir(parents=True, exist_ok=True)
    (folder / "mlsm.toml").write_text(f'[project]\nname = "{folder.name}"\n')
    listed = json.dumps(["mlsm>=99", *dependencies])
    (folder / "pyproject.toml").write_text(f'[project]\nname = "{folder.name}"\ndependencies = {listed}\n')
    text = code or MODEL.format(version="1", name=name)
    # One name for all of them: they never meet, since each has a process of its own.
    (folder / "models" / "scoring.py").write_text(text)
    git(folder, "init", "--quiet", "--initial-branch=main")
    git(folder, "add", "--all")
    git(folder, "commit", "--quiet", "--allow-empty", "--message", "Models")
    return f"file://{folder}"


def git(folder: Path, *arguments: str) -> str:
    whose = ["-c", "user.name=Ada", "-c", "user.email=ada@example.com"]
    done = subprocess.run(["git", *whose, *arguments], cwd=folder, capture_output=True, text=True, check=True)
    return done.stdout.strip()


def ok(cli: Cli, *arguments: str) -> str:
    done = cli.here(*arguments)
    assert done.returncode == 0, done.stderr
    return done.stdout


def kept(cli: Cli, kind: str) -> list[dict[str, Any]]:
    return [row for row in cli.json("cache") if row["kind"] == kind]


def scores(cli: Cli) -> dict[str, list[float]]:
    """Score the leads, and give every model's scores in their order."""
    out = cli.folder / f"out-{next(_NUMBERS)}.ndjson"
    ok(cli, "score", "leads.csv", "--out", str(out))
    found: dict[str, list[float]] = {}
    for line in out.read_text().splitlines():
        result = json.loads(line)
        found.setdefault(result["model"], []).append(result["score"])
    return found


def test_two_sources_with_conflicting_dependencies_both_run(project: Cli, wheels: Path, tmp_path: Path) -> None:
    """Each runs with the version that it states, in an environment of its own, and the lock says which."""
    ok(project, "add", repository(tmp_path / "ada", ["pointlib<2"], "old"))
    ok(project, "add", repository(tmp_path / "bob", ["pointlib>=2"], "new"))
    assert scores(project) == {"old": [5000.0, 400.0, 70.0], "new": [1000.0, 80.0, 14.0]}
    held = {
        pin.name: [line for line in pin.requirements if "pointlib" in line] for pin in read_lock(project.folder).models
    }
    assert held == {"old": ["pointlib==1.0"], "new": ["pointlib==2.0"]}
    assert len(kept(project, "environment")) == 2


def test_without_uv_environments_are_made_by_venv_and_pip(
    project: Cli, wheels: Path, tmp_path: Path, without_uv: None
) -> None:
    """A machine that has Python and git alone builds them too, and again without the index."""
    ok(project, "add", repository(tmp_path / "ada", ["pointlib<2"]))
    assert scores(project) == {"points": [5000.0, 400.0, 70.0]}
    shutil.rmtree(tmp_path / "home" / "environments")
    shutil.rmtree(wheels)
    assert [row["state"] for row in project.json("sync", "--frozen")] == ["built"]
    assert scores(project) == {"points": [5000.0, 400.0, 70.0]}


def test_a_source_without_dependencies_has_no_environment(project: Cli, tmp_path: Path) -> None:
    """What states none, or mlsm alone, runs in a process with what is installed here."""
    code = MODEL.replace("import pointlib\n", "").replace("pointlib.FACTOR", "3.0").format(version="1", name="plain")
    ok(project, "add", repository(tmp_path / "ada", [], code=code))
    (pin,) = read_lock(project.folder).models
    assert (pin.requirements, pin.environment) == ((), "")
    assert kept(project, "environment") == []
    assert scores(project) == {"plain": [1500.0, 120.0, 21.0]}


def test_a_build_that_fails_shows_its_log_and_changes_nothing(project: Cli, wheels: Path, tmp_path: Path) -> None:
    """The end of what the tool said is told, and where the whole of it is."""
    before = (project.folder / "mlsm.toml").read_bytes()
    done = project.here("add", repository(tmp_path / "ada", ["pointlib==7"]))
    assert done.returncode == 1
    assert "The dependencies of 'ada' cannot be resolved" in done.stderr
    assert "pointlib==7" in done.stderr
    (log,) = (tmp_path / "home" / "resolutions").glob("*.log")
    assert str(log) in done.stderr.replace("\n", "")
    assert (project.folder / "mlsm.toml").read_bytes() == before
    assert not (project.folder / "mlsm.lock").exists()


def test_a_package_that_cannot_be_installed_leaves_no_environment(project: Cli, wheels: Path, tmp_path: Path) -> None:
    """What resolves but is broken is told by the build's log; nothing of it is taken for an environment."""
    ok(project, "add", repository(tmp_path / "ada", ["pointlib<2"]))
    shutil.rmtree(tmp_path / "home" / "environments")
    lock = project.folder / "mlsm.lock"
    (pin,) = read_lock(project.folder).models
    other = environment_hash([one.replace("pointlib==1.0", "pointlib==1.5") for one in pin.requirements])
    text = lock.read_text().replace("pointlib==1.0", "pointlib==1.5")
    lock.write_text(text.replace(pin.environment, other))
    done = project.here("sync", "--frozen")
    assert done.returncode == 1
    assert "The environment of 'ada' cannot be built" in done.stderr
    assert "pointlib==1.5" in done.stderr
    assert [row["requirements"] for row in kept(project, "environment")] == [[]]


def test_an_environment_that_is_absent_is_named_and_synced_from_caches(
    project: Cli, wheels: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """An active version without its environment stops the run with a hint; sync builds it off line."""
    ok(project, "add", repository(tmp_path / "ada", ["pointlib<2"]))
    ok(project, "promote", "points@1+" + git(tmp_path / "ada", "rev-parse", "--short=7", "HEAD"))
    shutil.rmtree(tmp_path / "home" / "environments")
    done = project.here("score", "leads.csv")
    assert done.returncode == 1
    assert "Run `mlsm sync`" in done.stderr
    assert [row["change"] for row in project.json("plan")] == ["build"]
    monkeypatch.setenv("UV_OFFLINE", "1")  # pip asks no index either, see above
    ok(project, "sync", "--frozen")
    assert [row["change"] for row in project.json("plan")] == ["none"]
    assert scores(project) == {"points": [5000.0, 400.0, 70.0]}


def test_code_of_a_source_is_not_imported_by_who_loads_the_project(project: Cli, wheels: Path, tmp_path: Path) -> None:
    """What a module does when it is imported happens in its own process only, and not at every loading."""
    trace = tmp_path / "trace"
    code = f"import os\nwith open({str(trace)!r}, 'a') as stream:\n    stream.write(f'{{os.getpid()}}\\n')\n"
    code += MODEL.format(version="1", name="points")
    ok(project, "add", repository(tmp_path / "ada", ["pointlib<2"], code=code))
    pids = trace.read_text().split()
    assert str(os.getpid()) not in pids
    ok(project, "list")
    ok(project, "plan")
    assert trace.read_text().split() == pids
    shutil.rmtree(tmp_path / "home")
    ok(project, "sync", "--frozen")
    assert len(trace.read_text().split()) == len(pids) + 1
    ok(project, "list")
    assert len(trace.read_text().split()) == len(pids) + 1  # the sync has asked, for all who load it later


def test_two_commands_that_want_one_environment_build_it_once(project: Cli, wheels: Path, tmp_path: Path) -> None:
    """The second one waits for the first, and takes what it has built."""
    ok(project, "add", repository(tmp_path / "ada", ["pointlib<2"]))
    shutil.rmtree(tmp_path / "home" / "environments")
    commands = [
        subprocess.Popen(
            [sys.executable, "-m", "mlsm.cli", "sync", "--frozen"],
            cwd=project.folder,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        for _ in range(2)
    ]
    told = [command.communicate(timeout=120)[1] for command in commands]
    assert [command.returncode for command in commands] == [0, 0], told
    assert sum("Building the environment of 'ada'" in one for one in told) == 1
    assert scores(project) == {"points": [5000.0, 400.0, 70.0]}


SEVERAL = """\
import os
from typing import Annotated
import pointlib
from mlsm import Meta, model

@model(version="1", status="active", when=lambda employees: employees != 40)
def picky(employees: Annotated[int, Meta(ge=0, le=1000)]):
    return employees * pointlib.FACTOR

@model(version="1", status="active")
def process(employees: Annotated[int, Meta(ge=0, le=1000)]):
    return float(os.getpid())

@model(version="1", status="active")
def other(employees: Annotated[int, Meta(ge=0, le=1000)]):
    return float(os.getpid())

@model(version="1", status="active")
def deadly(employees: Annotated[int, Meta(ge=0, le=1000)]):
    return os._exit(3) if employees == 7 else float(os.getpid())
"""


def test_models_of_a_source_share_a_process_and_run_in_several(project: Cli, wheels: Path, tmp_path: Path) -> None:
    """One worker a source; a condition is asked there; a death is told of its model alone, with more workers too."""
    ok(project, "add", repository(tmp_path / "ada", ["pointlib<2"], code=SEVERAL), "--no-check")
    for key in [row["model"] + "@" + row["version"] for row in project.json("list")]:
        ok(project, "promote", key)
    for workers in ("0", "2"):
        out = project.folder / f"out-{workers}.ndjson"
        project.here("score", "leads.csv", "--out", str(out), "--workers", workers)
        found = {(r["model"], r["record_id"]): r for r in map(json.loads, out.read_text().splitlines())}
        assert [found["picky", record]["outcome"] for record in "123"] == ["ok", "abstained", "ok"]
        assert [found["picky", record]["score"] for record in "13"] == [5000.0, 70.0]
        assert [found["deadly", record]["outcome"] for record in "123"] == ["ok", "ok", "crashed"]
        pids = {found[name, record]["score"] for name in ("process", "other") for record in "123"}
        assert len(pids) == 1
        assert found["deadly", "3"]["error"]["message"].endswith("exit code 3.")


FITTED = """\
import sklearn
from sklearn.linear_model import LogisticRegression
from mlsm import model

FIT = LogisticRegression().fit([[1.0], [2.0], [500.0], [600.0]], [0, 0, 1, 1])

@model(version="1", range=(0, 1))
def {name}(employees: int):
    share = FIT.predict_proba([[min(employees, 10**6)]])[0, 1]
    return {{"score": float(share), "library": sklearn.__version__}}
"""


def test_two_versions_of_scikit_learn_stand_in_one_run(project: Cli, tmp_path: Path) -> None:
    """Each source's model is fitted and asked by the version that the source states, or by the one that is here."""
    older = repository(tmp_path / "older", ["scikit-learn==1.6.1"], code=FITTED.format(name="older"))
    here = repository(tmp_path / "here", [], code=FITTED.format(name="here"))
    for url in (older, here):
        ok(project, "add", url, "--no-check")

    out = project.folder / "out.ndjson"
    ok(project, "score", "leads.csv", "--out", str(out))

    found = {(r["model"], r["record_id"]): r for r in map(json.loads, out.read_text().splitlines())}
    libraries = {name: {found[name, record]["output"]["library"] for record in "123"} for name in ("older", "here")}
    assert libraries == {"older": {"1.6.1"}, "here": {version("scikit-learn")}}
    assert libraries["older"] != libraries["here"]
    assert found["older", "1"]["score"] > 0.5 > found["older", "3"]["score"]
    assert found["older", "1"]["score"] == pytest.approx(found["here", "1"]["score"])


SAVED = """\
import sys
import skops.io
from sklearn.linear_model import LogisticRegression
import pandas
leads = pandas.DataFrame({"employees": [1.0, 2.0, 500.0, 600.0]})
skops.io.dump(LogisticRegression().fit(leads, [0, 0, 1, 1]), sys.argv[1])
"""


@pytest.mark.chaos
def test_a_fitted_model_is_read_by_the_library_that_its_repository_states(project: Cli, tmp_path: Path) -> None:
    """Of a repository without any code the environment has what reads its file, in the version that wrote it."""
    folder, home = tmp_path / "ada", tmp_path / "home"
    folder.mkdir()
    (folder / "mlsm.toml").write_text(
        '[project]\nname = "ada"\ndependencies = ["requirements.txt"]\n\n'
        '[[model]]\nname = "fit"\nversion = "3"\npath = "fit.skops"\nfields = { employees = "float" }\n'
    )
    (folder / "requirements.txt").write_text("# of the model\nscikit-learn==1.7.2  # as it was fitted with\n")
    (folder / "fit.skops").touch()
    stated = stated_requirements(folder, "ada", python_version())
    python = environment(resolved(stated, home, "ada", again=False), home, "ada")
    subprocess.run([python, "-c", SAVED, folder / "fit.skops"], check=True)
    git(folder, "init", "--quiet", "--initial-branch=main")
    git(folder, "add", "--all")
    git(folder, "commit", "--quiet", "--message", "Fit")
    ok(project, "add", f"file://{folder}")
    (found,) = scores(project).values()
    assert found[0] > 0.5 > found[2]
    (pin,) = read_lock(project.folder).models
    assert "scikit-learn==1.7.2" in pin.requirements
    assert pin.environment.startswith("sha256:")


KILLED = """
import os, sys
left = {step}
def audit(event, args):
    global left
    if event in ("os.rename", "os.mkdir", "subprocess.Popen"):
        left -= 1
        if left == 0:
            os._exit(137)
from mlsm.cli import main
sys.addaudithook(audit)
sys.exit(main({arguments!r}))
"""
"""Runs a command that dies, without a word, before its n-th folder, renaming or process."""


@pytest.mark.parametrize("step", [12, 20, *(pytest.param(step, marks=pytest.mark.chaos) for step in range(1, 40, 2))])
def test_a_build_killed_at_any_step_is_begun_anew(project: Cli, wheels: Path, tmp_path: Path, step: int) -> None:
    """The same command again succeeds, and nothing is left of the half that there was."""
    command = ["add", repository(tmp_path / "ada", ["pointlib<2"])]
    subprocess.run(
        [sys.executable, "-c", KILLED.format(step=step, arguments=command)],
        cwd=project.folder,
        capture_output=True,
        check=False,
        timeout=120,
    )
    if "[[source]]" not in (project.folder / "mlsm.toml").read_text():
        ok(project, *command)
    assert scores(project) == {"points": [5000.0, 400.0, 70.0]}
    (base,) = (tmp_path / "home" / "environments").glob("*/")
    assert len([path for path in base.iterdir() if path.is_dir()]) == 1


def test_a_repository_with_a_cached_environment_is_added_in_three_seconds(
    project: Cli, wheels: Path, tmp_path: Path
) -> None:
    """What another source has built is shared: neither an index nor an installer is asked."""
    ok(project, "add", repository(tmp_path / "ada", ["pointlib<2"], "old"))
    url = repository(tmp_path / "bob", ["pointlib<2"], "other")
    shutil.rmtree(wheels)
    began = sum(os.times()[:4])
    ok(project, "add", url)
    assert sum(os.times()[:4]) - began < 3  # of work, ours and our processes': the machine may do other things as well
    assert len(kept(project, "environment")) == 1


def test_cached_environments_are_synced_in_half_a_second_of_work(project: Cli, wheels: Path, tmp_path: Path) -> None:
    """Ten sources, all here with their environments, start no process."""
    said = ""
    for number in range(10):
        url = repository(tmp_path / f"models-{number}", [f"pointlib=={1 + number % 2}"], f"points_{number}")
        said += f'\n[[source]]\nname = "s{number}"\nurl = "{url}"\n'
    file = project.folder / "mlsm.toml"
    file.write_text(file.read_text() + said)
    ok(project, "lock", "--no-check")
    began = time.process_time()
    ok(project, "sync", "--frozen")
    assert time.process_time() - began < 0.5


@pytest.mark.chaos
def test_other_dependencies_under_a_pinned_version_are_refused(project: Cli, wheels: Path, tmp_path: Path) -> None:
    """The same code with other libraries is another tree: what was locked stays, and a new version is asked for."""
    url = repository(tmp_path / "ada", ["pointlib<2"])
    first = git(tmp_path / "ada", "rev-parse", "HEAD")
    ok(project, "add", f"{url}@{first}")
    ok(project, "promote", "points@1")
    repository(tmp_path / "ada", ["pointlib>=2"])
    second = git(tmp_path / "ada", "rev-parse", "HEAD")
    file = project.folder / "mlsm.toml"
    before = (project.folder / "mlsm.lock").read_text()
    file.write_text(file.read_text().replace(first, second))
    refused = project.here("lock")
    assert refused.returncode == 1
    assert "other versions of its dependencies" in refused.stderr
    assert "pointlib==2.0" in refused.stderr
    assert (project.folder / "mlsm.lock").read_text() == before
    file.write_text(file.read_text().replace(second, first))
    make_wheel(wheels, "1.5", "FACTOR = 15.0\n")
    ok(project, "lock", "--upgrade")
    assert "pointlib==1.0" in next(iter(read_lock(project.folder).models)).requirements


def test_the_environments_that_a_project_pins_stay_when_the_cache_is_cleared(
    project: Cli, wheels: Path, tmp_path: Path
) -> None:
    """An environment that nothing here pins goes; with --all the others go too, and come back by sync."""
    ok(project, "add", repository(tmp_path / "ada", ["pointlib<2"], "old"))
    ok(project, "add", repository(tmp_path / "bob", ["pointlib>=2"], "new"))
    ok(project, "remove", "bob")
    ok(project, "cache", "--clear")
    (left,) = kept(project, "environment")
    assert "pointlib==1.0" in left["requirements"]
    (packages,) = (tmp_path / "home" / "environments").glob("*/env-*/lib/python*/site-packages")
    shutil.move(packages / "pointlib-1.0.dist-info", packages / "pointlib-2.0.dist-info")
    assert "holds other files of pointlib than of version 1.0" in project.here("sync", "--frozen").stderr
    shutil.move(packages / "pointlib-2.0.dist-info", packages / "pointlib-1.0.dist-info")
    assert project.json("cache", "--clear", "--altered") == []
    (packages / "more-3.0.dist-info").mkdir()
    assert "`mlsm cache --clear --altered`" in project.here("sync", "--frozen").stderr
    assert ["environment"] == [row["kind"] for row in project.json("cache", "--clear", "--altered")]
    ok(project, "sync", "--frozen")
    assert scores(project) == {"old": [5000.0, 400.0, 70.0]}
    ok(project, "cache", "--clear", "--all")
    assert kept(project, "environment") == []
    ok(project, "sync", "--frozen")
    assert scores(project) == {"old": [5000.0, 400.0, 70.0]}


def test_a_run_stores_the_environment_and_diff_tells_what_changed_of_it(
    project: Cli, wheels: Path, tmp_path: Path
) -> None:
    """A run tells of each model the hash of what it ran with; two versions differ by package and version."""
    url = repository(tmp_path / "ada", ["pointlib<2"])
    ok(project, "add", url)
    first = next(iter(project.json("list")))["version"]
    ok(project, "promote", f"points@{first}")
    repository(tmp_path / "ada", ["pointlib>=2"])
    ok(project, "lock", "--upgrade")
    second = next(row["version"] for row in project.json("list") if row["version"] != first)
    assert "But for their dependencies" in ok(project, "diff", f"points@{first}", f"points@{second}")
    told = project.json("diff", f"points@{first}", f"points@{second}")["requirements"]
    assert told == [{"package": "pointlib", "first": "1.0", "second": "2.0"}]
    ok(project, "score", "leads.csv")
    (run,) = project.json("runs")
    environments = {pin.key: pin.environment for pin in read_lock(project.folder).models}
    told = json.loads(run["plan"]["provenance"]["lock"])
    assert environments.keys() == told.keys()
    assert all(environments[key] in entry for key, entry in told.items())
    assert "pointlib==1.0" in told[f"points@{first}"]
