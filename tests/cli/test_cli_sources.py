"""Models from real git repositories: added, pinned, moved, refused, taken away."""

from __future__ import annotations

import contextlib
import itertools
import json
import os
import random
import re
import select
import shlex
import shutil
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from importlib.metadata import metadata, version
from pathlib import Path
from typing import Any

import pytest
from packaging.requirements import Requirement
from tests.cli.conftest import Cli

from mlsm.project.checkout import tree_of
from mlsm.project.edits import with_statuses
from mlsm.project.lock import read_lock
from mlsm.project.promotion import active_in, carry_out, project_text, promoting

LEADS = "lead_id,employees,country\n1,500,DE\n2,40,FR\n3,7,DE\n"
POINTS = '[[rule]]\nfield = "employees"\nat_least = 500\npoints = 35\n'
KILLED = """
import os, sys
left = {step}
def audit(event, args):
    global left
    writes = event in ("os.rename", "os.remove", "os.mkdir", "os.truncate", "subprocess.Popen")
    if event == "open" and isinstance(args[2], int) and args[2] & (os.O_WRONLY | os.O_RDWR):
        writes = True
    if writes:
        left -= 1
        if left == 0:
            os._exit(137)
from mlsm.cli import main
sys.addaudithook(audit)
sys.exit(main({arguments!r}))
"""
"""Runs a command that dies, without a word, before its n-th write."""
_DIED = 137
_SEEDED = random.Random(6)
_LEAST_STEPS = 8
"""Fewer writes than that no command makes: each replaces a file, under a lock, by one beside it."""
_NUMBERS = itertools.count()


@dataclass(frozen=True)
class Repository:
    """A data scientist's repository in a folder of its own."""

    folder: Path
    module: str

    @property
    def url(self) -> str:
        """Give the URL by which it is fetched."""
        return f"file://{self.folder}"

    def git(self, *arguments: str) -> str:
        """Run git in it, as its owner would."""
        whose = ["-c", "user.name=Ada", "-c", "user.email=ada@example.com", "-c", "init.defaultBranch=main"]
        done = subprocess.run(["git", *whose, *arguments], cwd=self.folder, capture_output=True, text=True, check=True)
        return done.stdout.strip()

    def commit(self, version: str, body: str = "return employees / 5", extra: str = "") -> str:
        """Write the model in a version, commit it, and give the commit."""
        (self.folder / "mlsm.toml").write_text('[project]\nname = "ada"\n\n[models]\npaths = ["models"]\n')
        (self.folder / "models").mkdir(exist_ok=True)
        (self.folder / "models" / f"{self.module}.py").write_text(
            "from typing import Annotated\n\nfrom mlsm import Meta, model\n\n\n"
            f'@model(version="{version}", status="active"{extra})\n'
            f"def size(employees: Annotated[int, Meta(ge=0, le=1000000)]):\n    {body}\n"
        )
        return self.commit_all(f"Version {version}")

    def commit_all(self, message: str) -> str:
        """Commit whatever lies there."""
        self.git("add", "--all")
        self.git("commit", "--quiet", "--message", message)
        return self.git("rev-parse", "HEAD")


def make_repository(folder: Path, module: str | None = None) -> Repository:
    folder.mkdir(parents=True)
    repository = Repository(folder, module or f"sizes_{next(_NUMBERS)}")
    repository.git("init", "--quiet")
    return repository


@pytest.fixture
def repository(tmp_path: Path) -> Repository:
    made = make_repository(tmp_path / "ada" / "lead-models")
    made.commit("1.0.0")
    return made


@pytest.fixture
def empty(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Cli:
    """Give a project without models, and a cache of its own."""
    monkeypatch.setenv("MLSM_HOME", str(tmp_path / "home"))
    folder = tmp_path / "acme"
    folder.mkdir()
    (folder / "mlsm.toml").write_text('# Ours.\n[project]\nname = "acme"  # the firm\n\n[record]\nid = "lead_id"\n')
    (folder / "leads.csv").write_text(LEADS)
    return Cli(folder)


def ok(cli: Cli, *arguments: str) -> str:
    done = cli.here(*arguments)
    assert done.returncode == 0, done.stderr
    return done.stdout


def refused(cli: Cli, *arguments: str) -> str:
    """Run what must be refused and change nothing, and give the message."""
    before = files_of(cli)
    done = cli.here(*arguments)
    assert done.returncode == 1, (done.stdout, done.stderr)
    assert files_of(cli) == before
    return done.stderr


def files_of(cli: Cli) -> dict[str, bytes | None]:
    found = {name: cli.folder / name for name in ("mlsm.toml", "mlsm.lock")}
    return {name: file.read_bytes() if file.exists() else None for name, file in found.items()}


def listed(cli: Cli) -> dict[str, str]:
    return {f"{row['model']}@{row['version']}": row["status"] for row in rows(cli, "list")}


def rows(cli: Cli, *arguments: str) -> Any:
    return cli.json(*arguments)


def test_models_arrive_as_drafts_whatever_they_say_of_themselves(empty: Cli, repository: Repository) -> None:
    """A model that calls itself active is a draft here, pinned to its commit, and the file keeps its comments."""
    repository.git("tag", "v1")
    told = ok(empty, "add", f"{repository.url}@v1")
    assert listed(empty) == {"size@1.0.0": "draft"}
    assert f" models/{repository.module}.py:size" in ok(empty, "list")
    (pin,) = read_lock(empty.folder).models
    assert (pin.commit, pin.source) == (repository.git("rev-parse", "HEAD"), "lead-models")
    assert "# the firm" in project_text(empty.folder)
    assert "employees" in told


def test_drafts_of_a_branch_bear_the_commit(empty: Cli, repository: Repository) -> None:
    """Each commit of a branch has a version of its own; the newest replaces the one before."""
    first = repository.git("rev-parse", "--short=7", "HEAD")
    ok(empty, "add", repository.url)
    assert listed(empty) == {f"size@1.0.0+{first}": "draft"}
    second = repository.commit("1.0.0", "return employees / 6")[:7]
    ok(empty, "lock")
    assert listed(empty) == {f"size@1.0.0+{first}": "draft"}
    ok(empty, "lock", "--upgrade")
    assert listed(empty) == {f"size@1.0.0+{second}": "draft"}


def test_an_active_version_stays_pinned_while_its_branch_moves_on(empty: Cli, repository: Repository) -> None:
    """What was promoted runs from its own commit, beside the newer draft, and a rollback brings it back."""
    first = repository.git("rev-parse", "--short=7", "HEAD")
    ok(empty, "add", repository.url)
    ok(empty, "promote", f"size@1.0.0+{first}")
    second = repository.commit("1.0.0", "return employees / 10")[:7]
    ok(empty, "lock", "--upgrade")
    assert listed(empty) == {f"size@1.0.0+{first}": "active", f"size@1.0.0+{second}": "draft"}
    ok(empty, "score", "leads.csv")
    found = rows(empty, "compare", f"size@1.0.0+{first}", f"size@1.0.0+{second}")
    assert (found["pairs"], found["moves"][0]["first"], found["moves"][0]["second"]) == (3, 100.0, 50.0)
    ok(empty, "promote", f"size@1.0.0+{second}", "--require", "rank_correlation>0.99")
    ok(empty, "rollback")
    assert active_in(project_text(empty.folder)) == {"size": f"1.0.0+{first}"}


def test_a_version_whose_source_was_removed_does_not_come_back(empty: Cli, repository: Repository) -> None:
    """A rollback that would leave a project with which no run can begin is refused, and says why."""
    repository.git("tag", "v1")
    ok(empty, "add", f"{repository.url}@v1")
    gone = promoting("size", before="0.9.0", to="1.0.0", old="draft", why="")
    carry_out(empty.folder, gone, project_text(empty.folder))
    text = project_text(empty.folder)
    (empty.folder / "mlsm.toml").write_text(with_statuses(text, "size", {"0.9.0": None}))
    assert "names version '0.9.0' of 'size'" in refused(empty, "rollback")
    assert active_in(project_text(empty.folder)) == {"size": "1.0.0"}


def test_a_run_stores_the_entries_that_it_ran_on(empty: Cli, repository: Repository) -> None:
    """A run tells of each model of a source its commit and its tree."""
    ok(empty, "add", repository.url)
    key = next(iter(listed(empty)))
    ok(empty, "promote", key)
    ok(empty, "score", "leads.csv")
    (run,) = rows(empty, "runs")
    (pin,) = read_lock(empty.folder).models
    assert json.loads(run["plan"]["provenance"]["lock"]) == {key: f"{pin.told} {pin.commit} {pin.tree}"}


def test_a_tag_that_was_moved_is_refused(empty: Cli, repository: Repository) -> None:
    """A tag stays where it was locked; that it was moved is told, with both commits."""
    repository.git("tag", "v1")
    ok(empty, "add", f"{repository.url}@v1")
    repository.commit("1.0.0", "return employees / 6")
    repository.git("tag", "--force", "v1")
    assert "was moved from commit" in refused(empty, "lock", "--upgrade")


def test_another_tree_under_an_active_version_is_refused(empty: Cli, repository: Repository) -> None:
    """A commit with another model under the version of an active one does not come in."""
    commit = repository.git("rev-parse", "HEAD")
    ok(empty, "add", f"{repository.url}@{commit}")
    ok(empty, "promote", "size@1.0.0")
    other = repository.commit("1.0.0", "return employees / 6")
    text = project_text(empty.folder).replace(commit, other)
    (empty.folder / "mlsm.toml").write_text(text)
    assert "has another model under that version" in refused(empty, "lock")


def test_a_force_push_does_not_touch_what_is_pinned(empty: Cli, repository: Repository) -> None:
    """Where history was rewritten the pinned commit still runs from the cache; elsewhere it is told to be gone."""
    ok(empty, "add", repository.url)
    (pin,) = read_lock(empty.folder).models
    repository.commit("1.0.0", "return employees / 6")
    repository.git("reset", "--quiet", "--hard", "HEAD~1")
    repository.git("commit", "--quiet", "--amend", "--message", "rewritten")
    repository.git("reflog", "expire", "--expire=now", "--all")
    repository.git("gc", "--quiet", "--prune=now")
    ok(empty, "sync", "--frozen")
    assert pin.key in listed(empty)
    shutil.rmtree(empty.folder.parent / "home")
    assert "is not in" in refused(empty, "sync")
    assert listed(empty) == {}


def test_a_run_works_when_the_host_is_gone_after_a_sync(empty: Cli, repository: Repository) -> None:
    """What is in the cache needs no network."""
    ok(empty, "add", repository.url)
    ok(empty, "promote", next(iter(listed(empty))))
    shutil.rmtree(repository.folder)
    ok(empty, "sync", "--frozen")
    ok(empty, "score", "leads.csv")
    assert "there is no repository" in refused(empty, "lock", "--upgrade")


def test_a_source_that_is_named_by_hand_counts_as_fetched_by_the_sync_that_locks_it(
    empty: Cli, repository: Repository
) -> None:
    """What came over the network just now is told, whichever step brought it; the next sync brings nothing."""
    text = project_text(empty.folder)
    (empty.folder / "mlsm.toml").write_text(f'{text}\n[[source]]\nname = "ada"\nurl = "{repository.url}"\n')
    assert [["fetched"], ["here"]] == [[row["state"] for row in rows(empty, "sync")] for _ in range(2)]


def test_files_that_differ_from_the_lock_are_refused(empty: Cli, repository: Repository) -> None:
    """A cache in which a file was changed is not run and not repaired in silence."""
    ok(empty, "add", repository.url)
    (checked_out,) = (empty.folder.parent / "home" / "checkouts").glob("*/*/models")
    (checked_out / f"{repository.module}.py").write_text("raise SystemExit\n")
    assert "has other files here than mlsm.lock says" in refused(empty, "sync")


def test_a_checkout_that_was_changed_is_cleared_alone(empty: Cli, repository: Repository, tmp_path: Path) -> None:
    """The command that the refusal names takes it and nothing else, and sync brings it back, without the host."""
    other = make_repository(tmp_path / "bob" / "others")
    other.commit("1.0.0")
    other_models = other.folder / "models" / f"{other.module}.py"
    other_models.write_text(other_models.read_text().replace("def size", "def scale"))
    other.commit_all("Another name")
    ok(empty, "add", other.url)
    ok(empty, "add", repository.url)
    before = [(row["kind"], row["commit"]) for row in rows(empty, "cache")]
    assert rows(empty, "cache", "--clear", "--altered") == []
    (checked_out,) = (tmp_path / "home" / "checkouts").glob(f"*/{repository.git('rev-parse', 'HEAD')}")
    (checked_out / "models" / f"{repository.module}.py").write_text("raise SystemExit\n")
    assert "`mlsm cache --clear --altered`, then `mlsm sync`" in refused(empty, "sync")
    gone = rows(empty, "cache", "--clear", "--altered")
    assert [("checkout", checked_out.name)] == [(row["kind"], row["commit"]) for row in gone]
    shutil.rmtree(repository.folder)
    assert ["here", "fetched"] == [row["state"] for row in rows(empty, "sync", "--frozen")]
    assert before == [(row["kind"], row["commit"]) for row in rows(empty, "cache")]


def test_a_checkout_of_other_files_than_the_lock_says_counts_as_changed(empty: Cli, repository: Repository) -> None:
    """Whoever changed the note beside its files as well does not keep it there."""
    ok(empty, "add", repository.url)
    (marker,) = (empty.folder.parent / "home" / "checkouts").glob("*/*/.mlsm-checkout.json")
    (marker.parent / "models" / f"{repository.module}.py").write_text("raise SystemExit\n")
    marker.write_text(json.dumps(json.loads(marker.read_text()) | {"tree": tree_of(marker.parent)}))
    assert "has other files here than mlsm.lock says" in refused(empty, "sync")
    assert ["checkout"] == [row["kind"] for row in rows(empty, "cache", "--clear", "--altered")]
    ok(empty, "sync")


def test_files_that_were_changed_in_the_cache_are_not_run(empty: Cli, repository: Repository) -> None:
    """What differs from the lock is not even imported: by no command, and whatever its digest would say."""
    ok(empty, "add", repository.url)
    (key,) = listed(empty)
    ok(empty, "promote", key)
    (checked_out,) = (empty.folder.parent / "home" / "checkouts").glob("*/*/models")
    file, sign = checked_out / f"{repository.module}.py", empty.folder / "imported"
    file.write_text(f"{file.read_text()}\nopen({str(sign)!r}, 'w').close()\n")
    assert "has other files here than mlsm.lock says" in refused(empty, "score", "leads.csv")
    assert [row["change"] for row in rows(empty, "plan")] == ["refuse"]
    assert "has other files here than were fetched" in refused(empty, "add", repository.url, "--name", "again")
    degraded = empty.here("score", "leads.csv", "--degraded")
    assert (4, True) == (degraded.returncode, "has other files here" in degraded.stderr)
    assert not sign.exists()
    file.write_text(file.read_text().rpartition("\nopen(")[0])  # as it was, but for its times
    ok(empty, "score", "leads.csv", "--force")


def test_an_unknown_revision_is_told_with_near_ones(empty: Cli, repository: Repository) -> None:
    """A typing error in a branch is answered with the branch."""
    repository.git("branch", "develop")
    assert "Did you mean 'develop'" in refused(empty, "add", f"{repository.url}@devlop")
    repository.git("symbolic-ref", "HEAD", "refs/heads/gone")
    assert "Name a branch or a tag: develop, main" in refused(empty, "add", repository.url)
    assert "has no commit yet" in refused(empty, "add", make_repository(repository.folder.parent / "new").url)


def test_an_unreachable_repository_is_told_in_words(empty: Cli) -> None:
    """What git says is translated, and no traceback is shown."""
    assert "there is no repository" in refused(empty, "add", "file:///nowhere/at/all")
    assert "There is no folder '../nowhere'" in refused(empty, "add", "../nowhere")
    assert "cannot be reached" in refused(empty, "add", "http://127.0.0.1:9/models.git")


@pytest.mark.parametrize(
    ("url", "said"),
    [
        ("https://ada:hunter2@git.example.com/models.git", "holds credentials"),
        ("https://git.example.com/models.git?private_token=hunter2", "has a query"),
        ("https://git.example.com/models.git#hunter2", "has a query or a fragment"),
        ("https://ada:hun@hunter2@git.example.com/models.git", "holds credentials"),
        ("https://ada:hun/hunter2@git.example.com/models.git", "a host that cannot be read"),
        ("ada:hunter2@git.example.com:models.git", "expected a URL of git"),
        ("https://[hunter2/models.git", "a host that cannot be read"),
    ],
)
def test_credentials_in_a_url_are_refused_and_not_repeated(url: str, said: str, empty: Cli) -> None:
    """A password or a token in a URL reaches no file and no message, whether it is added or stands in the file."""
    text = project_text(empty.folder)
    told = refused(empty, "add", url)
    (empty.folder / "mlsm.toml").write_text(f'{text}\n[[source]]\nname = "acme"\nurl = "{url}"\n')
    for each in (told, refused(empty, "list"), refused(empty, "sync")):
        assert said in each
        assert "hunter2" not in each


@pytest.mark.parametrize(
    ("arguments", "code"), [(["remove"], 1), (["lock", "--upgrade"], 1), (["add", "one"], 2), (["ci"], 2)]
)
def test_a_login_that_stands_where_none_belongs_is_not_repeated(empty: Cli, arguments: list[str], code: int) -> None:
    """Whatever a message repeats of what was given, a URL of git stands there without user and password."""
    done = empty.here(*arguments, "https://ada:hunter2@git.example.com/models.git")
    assert (code, "https://git.example.com" in done.stderr, "hunter2" in done.stderr) == (done.returncode, True, False)


def test_a_url_that_stands_for_a_path_is_told_without_its_login(empty: Cli) -> None:
    """It would be looked for as a folder, and its password told as that folder's name."""
    said = '\n[[source]]\npath = "https://ada:hunter2@git.example.com/models.git"\n'
    (empty.folder / "mlsm.toml").write_text(project_text(empty.folder) + said)
    told = refused(empty, "sync")
    assert ("expected a folder of this machine" in told, "hunter2" in told) == (True, False)


def test_pointers_of_git_lfs_in_a_folder_are_refused(empty: Cli, repository: Repository) -> None:
    """A clone that was made without git LFS is no better than a commit."""
    (repository.folder / "weights.skops").write_text("version https://git-lfs.github.com/spec/v1\noid sha256:0\n")
    assert "holds pointers of git LFS in place of 'weights.skops'" in refused(empty, "add", str(repository.folder))


def test_a_folder_with_an_at_in_its_name_is_added(empty: Cli, tmp_path: Path) -> None:
    """What stands behind the @ is no revision where there is such a folder."""
    repository = make_repository(tmp_path / "ad\u00e0 @home")
    repository.commit("1.0.0")
    ok(empty, "add", str(repository.folder))
    assert listed(empty) == {"size@1.0.0": "draft"}


def test_only_allowed_hosts_are_asked(empty: Cli, repository: Repository) -> None:
    """Where the project names hosts, no other is fetched from."""
    text = project_text(empty.folder)
    (empty.folder / "mlsm.toml").write_text(text + '\n[git]\nhosts = ["git.example.com"]\n')
    assert "does not allow" in refused(empty, "add", repository.url)


def test_hosts_that_a_variable_allows_hold_before_anything_is_asked(
    empty: Cli, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A revision is looked up there, which is to ask it already."""
    monkeypatch.setenv("MLSM_GIT_HOSTS", "git.example.com")
    assert "The URL is on the host 'file'" in refused(empty, "add", "file:///nowhere/models@v1")


@pytest.mark.parametrize(
    ("file", "content", "told"),
    [
        ("mlsm.toml", "[models\n", "no TOML"),
        ("mlsm.toml", '[project]\nname = "x"\n[models]\npath = ["models"]\n', "Did you mean 'paths'"),
        ("mlsm.toml", 'project.dependencies = ["no-such-thing"]\nmodels.path = ["models"]\n', "Did you mean 'paths'"),
        ("models/broken.py", "import nowhere_at_all\n", "no module 'nowhere_at_all'"),
        ("models/exits.py", "raise SystemExit(3)\n", "SystemExit"),
        ("mlsm.toml", 'models.paths = ["nowhere"]\n', "nowhere"),
        (
            "models/size.golden.ndjson",
            '{"record": {"employees": 5}, "expect": {"score": 77.0}}\n',
            " models/size.golden.ndjson:1: score 1.0, expected 77.0",
        ),
        ("weights.skops", "version https://git-lfs.github.com/spec/v1\noid sha256:0\nsize 9\n", "git LFS"),
    ],
    ids=[
        "no toml",
        "unknown key",
        "unknown key beside dependencies",
        "missing module",
        "exits",
        "no such folder",
        "golden differs",
        "lfs pointer",
    ],
)
def test_what_is_broken_in_a_repository_is_told_and_changes_nothing(
    empty: Cli, repository: Repository, file: str, content: str, told: str
) -> None:
    """A repository with a mistake is refused with what is wrong, and the project stays as it was."""
    (repository.folder / file).write_text(content)
    repository.commit_all("Break it")
    said = refused(empty, "add", repository.url)
    assert told in said
    assert str(empty.folder.parent / "home") not in said


def test_golden_records_are_not_written_into_the_cache(empty: Cli, repository: Repository) -> None:
    """What was fetched stays as it was fetched, else it could not be run any more."""
    ok(empty, "add", repository.url)
    assert "from a git repository" in refused(empty, "check", "--write-golden")
    ok(empty, "sync")


def test_one_model_and_version_from_two_repositories_is_refused(
    empty: Cli, repository: Repository, tmp_path: Path
) -> None:
    """Two sources cannot both bring size@1.0.0."""
    other = make_repository(tmp_path / "bob" / "models")
    commits = [one.commit("1.0.0", "return employees / 7") for one in (repository, other)]
    ok(empty, "add", f"{repository.url}@{commits[0]}")
    assert "comes from the source 'lead-models' and from 'models'" in refused(empty, "add", f"{other.url}@{commits[1]}")


def test_two_repositories_may_have_the_same_module_names(empty: Cli, repository: Repository, tmp_path: Path) -> None:
    """Files of the same name in two sources are two modules, each with its own function."""
    other = make_repository(tmp_path / "bob" / "models", repository.module)
    other.commit("9", "return employees / 50")
    ok(empty, "add", repository.url)
    ok(empty, "add", other.url, "--name", "alone")  # by name before the first
    assert "is as it was" in empty.here("lock").stderr
    first, second = sorted(listed(empty))
    ok(empty, "promote", first)
    ok(empty, "score", "leads.csv")
    found = rows(empty, "compare", first, second)["moves"][0]
    assert (found["first"], found["second"]) == (100.0, 10.0)


def test_two_commits_of_one_repository_find_each_its_own_helper(empty: Cli, repository: Repository) -> None:
    """A function that imports a sibling when it is called gets the one of its own commit."""
    repository.commit("1.0.0", "from scaling import scaled\n    return scaled(employees)")
    for factor in (5, 50):
        (repository.folder / "models" / "scaling.py").write_text(f"def scaled(number):\n    return number / {factor}\n")
        commit = repository.commit_all("Scale")[:7]
        if factor == 5:
            ok(empty, "add", repository.url)
            ok(empty, "promote", f"size@1.0.0+{commit}")
    ok(empty, "lock", "--upgrade")
    ok(empty, "score", "leads.csv")
    found = rows(empty, "compare", *sorted(listed(empty), key=lambda key: listed(empty)[key]))["moves"][0]
    assert (found["first"], found["second"]) == (100.0, 10.0)


def test_a_model_of_a_source_that_ends_its_process_costs_only_itself(empty: Cli, repository: Repository) -> None:
    """Models from git run in processes of their own unless the project says otherwise."""
    repository.commit("1.0.0", "import os\n    return os._exit(3) if employees == 7 else employees / 5")
    ok(empty, "add", repository.url)
    key = next(iter(listed(empty)))
    ok(empty, "score", "leads.csv")
    (run,) = rows(empty, "runs")
    assert run["counts"][key] == {"ok": 2, "crashed": 1}


def test_little_of_a_long_history_is_transferred(empty: Cli, repository: Repository) -> None:
    """Of a repository with 50 MB of history only the wanted commit comes over."""
    import random

    for number in range(5):
        (repository.folder / "big.bin").write_bytes(random.Random(number).randbytes(10_000_000))
        repository.commit_all(f"Weights {number}")
    (repository.folder / "big.bin").unlink()
    repository.commit_all("Without weights")
    stored = sum(file.stat().st_size for file in (repository.folder / ".git").rglob("*") if file.is_file())
    assert stored > 49_000_000
    ok(empty, "add", repository.url)
    home = empty.folder.parent / "home"
    assert sum(file.stat().st_size for file in home.rglob("*") if file.is_file()) < 200_000


def test_a_package_with_its_models_in_pyproject_needs_no_project_file(empty: Cli, repository: Repository) -> None:
    """Functions are listed by module and name, in a package below src."""
    repository.git("rm", "--quiet", "-r", "models", "mlsm.toml")
    package = repository.folder / "src" / repository.module
    package.mkdir(parents=True)
    (package / "__init__.py").write_text("")
    (package / "scoring.py").write_text(
        "from mlsm import model\n\n@model(version='3')\n"
        "def rank(employees: int):\n    return 1.0 if employees > 9 else 0.0\n"
    )
    (repository.folder / "pyproject.toml").write_text(
        '[project]\nname = "ada"\nversion = "0"\n\n'
        f'[[tool.mlsm.model]]\nfunction = "{repository.module}.scoring:rank"\n'
    )
    commit = repository.commit_all("A package")
    ok(empty, "add", f"{repository.url}@{commit}")
    assert listed(empty) == {"rank@3": "draft"}


def test_a_repository_of_artefacts_needs_no_python(empty: Cli, repository: Repository) -> None:
    """A table of points alone, below a folder, is a model of its own."""
    repository.git("rm", "--quiet", "-r", "models")
    sub = repository.folder / "tables"
    sub.mkdir()
    shutil.move(repository.folder / "mlsm.toml", sub / "mlsm.toml")
    (sub / "mlsm.toml").write_text('[[model]]\nname = "points"\nversion = "1"\npath = "points.toml"\n')
    (sub / "points.toml").write_text(POINTS)
    commit = repository.commit_all("Tables")
    never = "import sys; from mlsm.cli import main; sys.exit(main() or 'mlsm.runtimes.scorecard' in sys.modules)"
    added = [sys.executable, "-c", never, "add", f"{repository.url}@{commit}", "--path", "tables"]
    done = subprocess.run(added, cwd=empty.folder, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr  # what reads the table was imported by the source's process alone
    assert listed(empty) == {"points@1": "draft"}


def test_a_summary_of_a_source_stands_on_the_models_that_came_with_it(empty: Cli, repository: Repository) -> None:
    """As drafts they stand on each other; once a version is active, `size` means that one, whichever it is."""
    file = repository.folder / "models" / f"{repository.module}.py"
    text = file.read_text().replace("import Meta, model", "import Meta, model, summary_model")
    said = 'version="1", status="active", range=(0, 400000)'
    file.write_text(
        text.replace('status="active"', 'status="active", range=(0, 400000)')
        + f'\n\n@summary_model({said}, models=["size"])\ndef half(size):\n'
        + "    return None if size.score is None else size.score / 2\n"
        + f'\n\n@summary_model({said}, models={{"fit": "size@1.0.0"}})\ndef exactly(fit):\n    return fit.score\n'
    )
    with (repository.folder / "mlsm.toml").open("a") as stream:
        stream.write('\n[[summary]]\nname = "top"\nversion = "1"\nrule = "best"\nmodels = ["size", "half"]\n')
    repository.commit_all("Summaries")
    ok(empty, "add", repository.url)
    mark = f"+{repository.git('rev-parse', '--short=7', 'HEAD')}"
    assert listed(empty) == dict.fromkeys(
        [f"{key}{mark}" for key in ("exactly@1", "half@1", "size@1.0.0", "top@1")], "draft"
    )
    ok(empty, "score", "leads.csv", "--workers", "2")
    (run,) = rows(empty, "runs")
    assert set(map(str, run["counts"].values())) == {"{'ok': 3}"}
    assert "no version of 'size' is active" in refused(empty, "promote", f"half@1{mark}")
    ok(empty, "promote", f"size@1.0.0{mark}")
    ok(empty, "promote", f"half@1{mark}")
    ok(empty, "promote", f"top@1{mark}")
    ok(empty, "promote", f"exactly@1{mark}")
    told = refused(empty, "rollback", "size")
    assert f"'half@1{mark}' stands on 'size', but no version of 'size' is active" in told
    assert f"'exactly@1{mark}' is active, but" in told


def test_a_source_is_removed_with_its_drafts_but_not_while_one_is_active(empty: Cli, repository: Repository) -> None:
    """An active version keeps its source, and so does what stands on it; else the project file is as it was before."""
    before = project_text(empty.folder)
    ok(empty, "add", repository.url)
    key = next(iter(listed(empty)))
    ok(empty, "promote", key)
    assert "is active" in refused(empty, "remove", "lead-models")
    ok(empty, "rollback")
    own = empty.folder / "models" / f"own_{next(_NUMBERS)}.py"
    own.parent.mkdir()
    own.write_text(
        "from mlsm import summary_model\n\n"
        f"@summary_model(version='1', models={{'size': '{key}'}})\ndef half(size):\n    return size.score / 2\n"
    )
    assert f"'half@1' stands on '{key}'" in refused(empty, "remove", "lead-models")
    own.unlink()
    ok(empty, "remove", "lead-models")
    assert project_text(empty.folder) == before
    assert read_lock(empty.folder).models == ()


def test_a_draft_that_cannot_be_loaded_is_left_out_and_an_active_one_stops_the_run(
    empty: Cli, repository: Repository
) -> None:
    """A run goes on without a draft, and does not begin without an active version."""
    (empty.folder / "models").mkdir()
    (empty.folder / "models" / f"own_{next(_NUMBERS)}.py").write_text(
        "from mlsm import model\n\n@model(version='1', status='active')\ndef own(employees: int):\n    return 1.0\n"
    )
    ok(empty, "add", repository.url)
    key = next(name for name in listed(empty) if name.startswith("size"))
    shutil.rmtree(empty.folder.parent / "home")
    done = empty.here("score", "leads.csv")
    assert done.returncode == 0
    assert f"{key} is left out" in done.stderr
    assert f"{key} is left out" in empty.here("list").stderr
    ok(empty, "sync")
    ok(empty, "promote", key)
    shutil.rmtree(empty.folder.parent / "home")
    runs = len(rows(empty, "runs"))
    assert "Run `mlsm sync`" in refused(empty, "score", "leads.csv")
    assert len(rows(empty, "runs")) == runs


def test_plan_and_diff_tell_what_would_change(empty: Cli, repository: Repository) -> None:
    """Plan changes nothing and names what is absent; diff names fields and commits."""
    first = repository.git("rev-parse", "HEAD")
    ok(empty, "add", repository.url)
    before = next(iter(listed(empty)))
    ok(empty, "promote", before)
    ok(empty, "score", "leads.csv")
    (repository.folder / "models" / f"{repository.module}.py").write_text(
        "from mlsm import model\n\n@model(version='2.0.0')\ndef size(employees: int, owner: str):\n    return 1.0\n"
    )
    second = repository.commit_all("Ask for the owner")
    ok(empty, "lock", "--upgrade")
    after = f"size@2.0.0+{second[:7]}"
    found = rows(empty, "diff", before, after)
    assert [row["field"] for row in found["fields"] if row["change"] == "added"] == ["owner"]
    assert found["commits"] == [f"{second[:7]} Ask for the owner"]
    assert [row["column"] for row in rows(empty, "plan", after)["fields_to_add"]] == ["owner"]
    assert {row["change"] for row in rows(empty, "plan")} == {"none"}
    shutil.rmtree(empty.folder.parent / "home")
    assert {row["commit"] for row in rows(empty, "plan") if row["change"] == "fetch"} == {first, second}


def test_a_folder_of_this_machine_can_be_a_source(empty: Cli, repository: Repository) -> None:
    """A folder is pinned by its files; what is changed there is seen by sync, and pinned anew by lock."""
    ok(empty, "add", str(repository.folder))
    assert listed(empty) == {"size@1.0.0": "draft"}
    ok(empty, "sync", "--frozen")
    repository.commit("1.1.0", "return employees / 9")
    assert "has other files" in refused(empty, "sync")
    ok(empty, "lock", "--upgrade")
    assert listed(empty) == {"size@1.1.0": "draft"}


def test_the_hash_of_a_tree_tells_names_contents_and_kinds_apart(tmp_path: Path) -> None:
    """Whatever of a file changes, the hash changes; what Python writes beside does not count."""
    (tmp_path / "a").write_text("1")
    first = tree_of(tmp_path)
    (tmp_path / "__pycache__").mkdir()
    (tmp_path / "__pycache__" / "a.pyc").write_text("x")
    assert tree_of(tmp_path) == first
    (tmp_path / "a").chmod(0o755)
    assert tree_of(tmp_path) != first
    (tmp_path / "a").rename(tmp_path / "b")
    assert tree_of(tmp_path) != first


@pytest.mark.parametrize(
    ("said", "told"),
    [
        ('[[source]]\nname = "x"\n', "neither url nor path"),
        ('[[source]]\nurl = "https://h/x"\nbranch = "a"\ntag = "b"\n', "branch and tag"),
        ('[[source]]\nurl = "https://h/x"\nfolder = "../y"\n', "inside of the repository"),
        ('[[source]]\nurl = "ext::sh -c id"\n', "expected a URL of git"),
        ('[[source]]\nurl = "https://h/x"\ncommit = "abc"\n', "a whole commit"),
        ('[[source]]\nurl = "https://h/x"\nbrnch = "a"\n', "Did you mean 'branch'"),
        ('[[source]]\nurl = "https://h/x"\n[[source]]\nurl = "https://g/x"\n', "called 'x' like the one"),
    ],
)
def test_every_mistake_of_a_source_is_told_with_its_line(empty: Cli, said: str, told: str) -> None:
    """What cannot be meant is refused with place and hint before anything is fetched."""
    (empty.folder / "mlsm.toml").write_text(project_text(empty.folder) + said)
    message = refused(empty, "sync")
    assert told in message
    assert "mlsm.toml:" in message


def test_a_damaged_lock_is_told_with_its_line(empty: Cli, repository: Repository) -> None:
    """A lock that was edited badly is refused with line and hint."""
    ok(empty, "add", repository.url)
    lock = empty.folder / "mlsm.lock"
    lock.write_text(lock.read_text().replace('digest = "sha256:', 'digest = "'))
    assert "mlsm.lock:" in refused(empty, "list")
    lock.write_text(
        lock.read_text()
        .replace('digest = "', 'digest = "sha256:')
        .replace("requirements = []", 'requirements = ["polars==1.0"]')
    )
    assert "requirements that are not those of its environment's hash" in refused(empty, "sync")


def test_a_new_repository_of_models_passes_its_checks_and_can_be_added(empty: Cli, tmp_path: Path) -> None:
    """What `mlsm init --model-repo` writes is a project of its own, and a source for others."""
    made = tmp_path / "fresh" / f"models_{next(_NUMBERS)}"
    ok(empty, "init", str(made), "--model-repo")
    assert (made / ".github" / "workflows" / "check.yml").is_file()
    ok(Cli(made), "check")
    repository = Repository(made, "size")
    repository.git("init", "--quiet")
    commit = repository.commit_all("Begin")
    ok(empty, "add", f"{repository.url}@{commit}")
    assert listed(empty) == {"size@1.0.0": "draft"}


def test_the_tests_of_a_new_repository_of_models_and_its_ci_run(empty: Cli, tmp_path: Path) -> None:
    """What its workflow runs, behind the installation, passes as it is, and fails once a model answers otherwise."""
    made = tmp_path / "fresh" / "models"
    ok(empty, "init", str(made), "--model-repo")
    workflow = (made / ".github" / "workflows" / "check.yml").read_text()
    installs, *steps = re.findall(r"(?m)^ +- run: (.+)$", workflow)
    assert steps == ["mlsm check", "pytest -q"]
    asked = Requirement(shlex.split(installs)[2])
    assert asked.name == "mlsm"
    assert not asked.specifier.contains("0.0.4")  # the namesake of 2016
    assert asked.extras <= set(metadata("mlsm").get_all("Provides-Extra") or ())
    path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"

    def passes(step: str) -> bool:
        command = shlex.split(step)
        done = subprocess.run(command, cwd=made, env={**os.environ, "PATH": path}, capture_output=True, check=False)
        return done.returncode == 0

    assert [step for step in steps if not passes(step)] == []
    model = made / "models" / "size.py"
    model.write_text(model.read_text().replace("employees / 10", "employees / 20"))
    assert [step for step in steps if passes(step)] == []


def test_the_cache_is_shown_and_cleared_but_for_what_is_pinned(empty: Cli, repository: Repository) -> None:
    """Clearing keeps the commits of the project here; with --all they go too and come back by sync."""
    ok(empty, "add", repository.url)
    repository.commit("1.0.0", "return employees / 6")
    ok(empty, "lock", "--upgrade")
    assert [row["kind"] for row in rows(empty, "cache")] == ["checkout", "checkout", "repository"]
    ok(empty, "cache", "--clear")
    ok(empty, "sync", "--frozen")
    assert [row["kind"] for row in rows(empty, "cache")] == ["checkout"]
    ok(empty, "cache", "--clear", "--all")
    assert rows(empty, "cache") == []
    assert [row["state"] for row in rows(empty, "sync")] == ["fetched"]


@pytest.mark.parametrize(("kind", "file"), [("github", ".github/workflows/mlsm.yml"), ("jenkins", "Jenkinsfile")])
def test_a_pipeline_upgrades_checks_scores_and_opens_for_review(empty: Cli, kind: str, file: str) -> None:
    """The pipeline's file names every step, and is not written over."""
    ok(empty, "ci", kind)
    text = (empty.folder / file).read_text()
    for step in ("lock --upgrade", "mlsm check", "score", "git commit"):
        assert step in text
    assert "already" in refused(empty, "ci", kind)


def test_the_pipeline_of_a_project_below_the_top_of_its_repository_is_met(empty: Cli, tmp_path: Path) -> None:
    """GitHub reads workflows at the top alone; each step of either pipeline runs in the project's folder."""
    Repository(tmp_path, "none").git("init", "--quiet")
    ok(empty, "ci", "github")
    workflow = (tmp_path / ".github" / "workflows" / "mlsm-acme.yml").read_text()
    assert '\ndefaults:\n  run:\n    working-directory: "acme"\n' in workflow
    ok(empty, "ci", "jenkins")
    steps = re.findall(r"(?:sh '|script: ')([^'].*?)'", (empty.folder / "Jenkinsfile").read_text())
    assert steps
    assert [step for step in steps if not step.startswith('cd "acme" && ')] == []


@pytest.mark.parametrize("kind", ["github", "jenkins"])
def test_a_pipeline_asks_for_this_program_and_not_its_namesake(empty: Cli, kind: str) -> None:
    """What the public index calls mlsm and is older has none of the commands."""
    ok(empty, "ci", kind)
    (file,) = (path for path in empty.folder.rglob("*") if path.name in ("mlsm.yml", "Jenkinsfile"))
    (asked,) = re.findall(r'pip install "(.+?)"', file.read_text())
    assert Requirement(asked).specifier.contains(version("mlsm"), prereleases=True)
    assert not Requirement(asked).specifier.contains("0.0.4")


def killed(cli: Cli, command: list[str], step: int) -> bool:
    """Run a command that dies before its n-th write, and tell whether it got there; else it must have succeeded."""
    words = [sys.executable, "-c", KILLED.format(step=step, arguments=command)]
    done = subprocess.run(words, cwd=cli.folder, capture_output=True, text=True, check=False, timeout=120)
    assert done.returncode in (0, _DIED), done.stderr
    return done.returncode == _DIED


def killed_and_repeated(cli: Cli, command: list[str], done: str, step: int) -> bool:
    """Kill a command at a step: what it does has happened or not; say it again where it has not."""
    before = project_text(cli.folder)
    died = killed(cli, command, step)
    text = project_text(cli.folder)
    assert text == before or done in text
    if text == before:
        ok(cli, *command)
    assert done in project_text(cli.folder)
    return died


def sync_killed_and_repeated(cli: Cli, home: Path, step: int) -> bool:
    """Kill a sync at a step: the project stays as it was, and the next one does what is left."""
    before = files_of(cli)
    died = killed(cli, ["sync"], step)
    assert files_of(cli) == before
    (row,) = rows(cli, "plan")
    assert row["change"] in ("fetch", "none")
    ok(cli, "sync", "--frozen")
    assert [one["change"] for one in rows(cli, "plan")] == ["none"]
    ok(cli, "cache", "--clear")  # what the killed one was about to put in place goes with it
    assert not [path for path in home.rglob("*") if ".new" in path.suffixes]
    return died


def promoted(cli: Cli, key: str) -> None:
    """Hold a project against what it must be after a promotion."""
    assert listed(cli) == {key: "active"}
    (row,) = rows(cli, "history", "size", "--at", "2999-01-01")
    assert row["by_history_file"] == key.partition("@")[2]


@pytest.mark.parametrize("step", _SEEDED.sample(range(1, 40), 2))
def test_a_command_killed_at_any_step_leaves_the_old_state_or_the_new(
    empty: Cli, repository: Repository, step: int
) -> None:
    """Killed before its n-th write, an add or promote has happened or not, and the same command again succeeds."""
    key = f"size@1.0.0+{repository.git('rev-parse', '--short=7', 'HEAD')}"
    killed_and_repeated(empty, ["add", repository.url], "[[source]]", step)
    assert key in listed(empty)
    killed_and_repeated(empty, ["promote", key], "[models.active]", step)
    promoted(empty, key)


@pytest.mark.parametrize("step", _SEEDED.sample(range(1, 40), 2))
def test_a_sync_killed_at_any_step_is_done_by_the_next_one(empty: Cli, repository: Repository, step: int) -> None:
    """Killed before its n-th write, a sync leaves the project as it was, and the same command again succeeds."""
    ok(empty, "add", repository.url)
    home = empty.folder.parent / "home"
    shutil.rmtree(home)
    sync_killed_and_repeated(empty, home, step)


@pytest.mark.chaos
@pytest.mark.timeout(3_000)
@pytest.mark.parametrize("what", ["add", "promote", "sync"])
def test_a_command_is_killed_at_every_step(
    empty: Cli, repository: Repository, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, what: str
) -> None:
    """Before its first write, its second and so on, until it comes to its end: the state is the old or the new."""
    key = f"size@1.0.0+{repository.git('rev-parse', '--short=7', 'HEAD')}"
    if what != "add":
        ok(empty, "add", repository.url)
    for step in itertools.count(1):
        folder = tmp_path / f"step-{step}"
        cli = Cli(Path(shutil.copytree(empty.folder, folder / "acme")))
        if what != "promote":  # which finds all in the cache
            monkeypatch.setenv("MLSM_HOME", str(folder / "home"))
        if what == "add":
            died = killed_and_repeated(cli, ["add", repository.url], "[[source]]", step)
            assert listed(cli) == {key: "draft"}
        elif what == "promote":
            died = killed_and_repeated(cli, ["promote", key], "[models.active]", step)
            promoted(cli, key)
        else:
            died = sync_killed_and_repeated(cli, folder / "home", step)
        shutil.rmtree(folder)
        if not died:
            break
    assert step > _LEAST_STEPS


@pytest.fixture
def served(repository: Repository) -> Iterator[str]:
    """Serve the repository by git's own daemon on this machine."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    command = ["git", "daemon", "--export-all", f"--base-path={repository.folder.parent}"]
    command += ["--listen=127.0.0.1", f"--port={port}", "--informative-errors"]
    daemon = subprocess.Popen(command, stderr=subprocess.PIPE, start_new_session=True)
    try:
        for _ in range(200):
            with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port), timeout=1):
                break
            select.select([], [], [], 0.05)
        yield f"git://127.0.0.1:{port}/{repository.folder.name}"
    finally:
        os.killpg(daemon.pid, signal.SIGTERM)
        daemon.communicate()


def test_a_repository_behind_a_server_is_added_and_its_loss_is_told(
    empty: Cli, repository: Repository, served: str
) -> None:
    """Over git's own protocol a single commit is fetched; an unknown branch and repository are told in words."""
    ok(empty, "add", served)
    (pin,) = read_lock(empty.folder).models
    assert (pin.url, pin.commit) == (served, repository.git("rev-parse", "HEAD"))
    assert "has no branch, tag or commit 'nowhere'" in refused(empty, "add", f"{served}@nowhere", "--name", "other")
    assert "there is no repository" in refused(empty, "add", f"{served}-not", "--name", "other")


def test_a_model_can_be_named_to_upgrade_its_source(empty: Cli, repository: Repository) -> None:
    """Whoever knows the model need not know what the source is called; an unknown name is told with those there are."""
    ok(empty, "add", repository.url)
    second = repository.commit("1.0.0", "return employees / 6")[:7]
    ok(empty, "lock", "--upgrade", "size")
    assert listed(empty) == {f"size@1.0.0+{second}": "draft"}
    assert "There is lead-models, size." in refused(empty, "lock", "--upgrade", "sise")


def test_a_retired_version_of_a_source_can_be_promoted_again(empty: Cli, repository: Repository) -> None:
    """Its commit is in the lock; where this machine does not hold it any more, sync brings it back; plan knows it."""
    ok(empty, "add", repository.url)
    first = next(iter(listed(empty)))
    ok(empty, "promote", first)
    repository.commit("1.0.0", "return employees / 10")
    ok(empty, "lock", "--upgrade")
    second = next(key for key, status in listed(empty).items() if status == "draft")
    ok(empty, "promote", second, "--retire")
    assert listed(empty) == {second: "active"}
    shutil.rmtree(empty.folder.parent / "home")
    ok(empty, "sync")
    assert {row["model"]: row["now"] for row in rows(empty, "plan", first)["statuses"]} == {
        first: "retired",
        second: "active",
    }
    assert rows(empty, "diff", first, second)["same_digest"] is False
    ok(empty, "promote", first)
    assert listed(empty) == {first: "active", second: "draft"}


@pytest.fixture
def nested(repository: Repository, tmp_path: Path) -> Repository:
    """Give the repository a submodule, by a relative URL, from which its model imports."""
    tables = make_repository(tmp_path / "ada" / "tables")
    (tables.folder / f"factor_{repository.module}.py").write_text("FACTOR = 100\n")
    (tables.folder / "__init__.py").write_text("")
    tables.commit_all("A factor")
    repository.git("-c", "protocol.file.allow=always", "submodule", "add", "--quiet", "../tables", "models/tables")
    repository.commit("1.0.0", f"from tables.factor_{repository.module} import FACTOR\n    return employees / FACTOR")
    return repository


def test_a_module_that_may_be_in_a_submodule_is_told_with_the_way_to_it(empty: Cli, nested: Repository) -> None:
    """What is imported at once and lies in a submodule is missing unless it is asked for."""
    (nested.folder / "models" / "scaled.py").write_text(f"from tables.factor_{nested.module} import FACTOR\n")
    nested.commit_all("Import it at once")
    assert "write `submodules = true`" in refused(empty, "add", nested.url)


def test_submodules_are_fetched_only_where_the_source_says_so(empty: Cli, nested: Repository) -> None:
    """Unless asked they are absent; asked, their files are there, at their commit, and in the hash of the tree."""
    said = f'\n[[source]]\nname = "ada"\nurl = "{nested.url}"\n'
    before = project_text(empty.folder)
    (empty.folder / "mlsm.toml").write_text(before + said)
    ok(empty, "lock", "--no-check")
    plain = read_lock(empty.folder).sources[0]
    home = empty.folder.parent / "home"
    assert not [*home.glob("checkouts/*/*/models/tables/*.py")]
    (empty.folder / "mlsm.toml").write_text(before + said + "submodules = true\n")
    ok(empty, "lock")
    assert len([*home.glob("checkouts/*/*.submodules/models/tables/*.py")]) == 2
    source = read_lock(empty.folder).sources[0]
    assert source.wants == "branch with submodules"
    assert source.tree != plain.tree
    ok(empty, "score", "leads.csv")
    (run,) = rows(empty, "runs")
    assert next(iter(run["counts"].values())) == {"ok": 3}
    shutil.rmtree(home)
    assert [row["state"] for row in rows(empty, "sync")] == ["fetched"]


def test_a_submodule_on_a_host_that_is_not_allowed_is_refused(empty: Cli, nested: Repository) -> None:
    """The hosts that the project allows hold for submodules as well."""
    nested.git("config", "--file", ".gitmodules", "submodule.models/tables.url", "https://elsewhere.example.com/tables")
    nested.commit_all("Move the tables")
    said = f'\n[[source]]\nname = "ada"\nurl = "{nested.url}"\nsubmodules = true\n'
    (empty.folder / "mlsm.toml").write_text(project_text(empty.folder) + said + '[git]\nhosts = ["file"]\n')
    assert "'models/tables'" in (told := refused(empty, "lock"))
    assert "does not allow" in told


def test_a_submodule_of_this_machine_is_refused_from_a_source_elsewhere(
    empty: Cli, nested: Repository, served: str
) -> None:
    """A repository behind a server cannot have files of this machine read, whichever way it names them."""
    tables = nested.folder.parent / "tables"
    said = f'\n[[source]]\nname = "ada"\nurl = "{served}"\nsubmodules = true\n'
    (empty.folder / "mlsm.toml").write_text(project_text(empty.folder) + said)
    for url in (f"file://{tables}", str(tables)):
        nested.git("config", "--file", ".gitmodules", "submodule.models/tables.url", url)
        nested.commit_all("Point at this machine")
        told = refused(empty, "lock")
        assert "The submodule 'models/tables'" in told
        assert str(tables) in told
    assert not [*(empty.folder.parent / "home").glob("checkouts/*/*/models/tables/*.py")]


def test_a_sync_tells_of_a_commit_that_is_gone(empty: Cli, repository: Repository) -> None:
    """The lock names it after a force push and a clean-up: a machine without it is refused and changes nothing."""
    ok(empty, "add", repository.url)
    gone = repository.git("rev-parse", "--short=7", "HEAD")
    repository.git("commit", "--quiet", "--amend", "--message", "Rewritten")
    repository.git("reflog", "expire", "--expire=now", "--all")
    repository.git("gc", "--quiet", "--prune=now")
    ok(empty, "sync", "--frozen")
    ok(empty, "score", "leads.csv")
    shutil.rmtree(empty.folder.parent / "home")
    told = refused(empty, "sync", "--frozen")
    assert f"The commit '{gone}" in told
    assert "any more" in told
