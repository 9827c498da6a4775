"""The door of the command line: help, exit codes, streams and signals."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from argparse import ArgumentParser
from collections.abc import Callable
from types import SimpleNamespace
from typing import Any

import pytest

from mlsm.cli import commands, entry, main
from mlsm.cli.commands import COMMANDS
from mlsm.cli.stops import Terminated
from mlsm.cli.terminal import Terminal
from mlsm.cli.words import WORDS
from mlsm.errors import InputError

HEAVY = ("polars", "rich", "sqlite3", "numpy", "tomlkit", "pyarrow", "pandas")
EXPLAINED = (
    "draft",
    "summary model",
    "field",
    "run",
    "trial",
    "as-of",
    "active",
    "label",
    "reasons",
    "store",
    "outcome",
)


def mlsm(*arguments: str, **options: Any) -> subprocess.CompletedProcess[str]:
    """Run the installed command line in a process of its own."""
    return subprocess.run(
        [sys.executable, "-m", "mlsm.cli", *arguments], capture_output=True, text=True, check=False, **options
    )


@pytest.fixture
def planted(monkeypatch: pytest.MonkeyPatch) -> Callable[[Callable[[Terminal], int]], None]:
    """Plant a command named `planted` that does what a test wants."""

    def plant(run: Callable[[Terminal], int]) -> None:
        module = SimpleNamespace(
            __doc__="Do what a test wants.",
            EXAMPLES="",
            add_arguments=lambda parser: None,
            run=lambda args, terminal: run(terminal),
        )
        monkeypatch.setitem(COMMANDS, "planted", "do what a test wants")
        monkeypatch.setitem(sys.modules, "mlsm.cli.planted", module)

    return plant


def test_help_imports_nothing_heavy() -> None:
    """`mlsm --help` and the help of every command import neither polars nor rich nor sqlite3."""
    script = (
        "import sys, mlsm.cli as c\n"
        f"for line in {[[], *([name] for name in COMMANDS)]!r}: c.main([*line, '--help'])\n"
        f"sys.exit(sorted({set(HEAVY)!r} & set(sys.modules)) or 0)"
    )
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=False)
    assert (0, "") == (done.returncode, done.stderr)


def test_help_explains_the_words() -> None:
    """Every word that people outside machine learning meet first has a line in --help."""
    explained = {line[2:16].strip() for line in WORDS.splitlines() if line.startswith("  ")}
    assert set() == {word for word in EXPLAINED if not any(word in told for told in explained)}


@pytest.mark.parametrize("name", COMMANDS)
def test_each_command_has_help_with_an_example(name: str, capsys: pytest.CaptureFixture[str]) -> None:
    """`mlsm COMMAND --help` ends in an example and fits 120 columns."""
    code = main([name, "--help"])
    told = capsys.readouterr().out
    assert (0, True) == (code, f"  mlsm {name}" in told.partition("example")[2])
    assert max(map(len, told.splitlines())) <= 120


def test_both_ways_in_say_the_version() -> None:
    """`python -m mlsm` and `python -m mlsm.cli` are the same program."""
    said = [
        subprocess.run([sys.executable, "-m", module, "--version"], capture_output=True, text=True, check=True).stdout
        for module in ("mlsm", "mlsm.cli")
    ]
    assert said[0].startswith("mlsm 1.")
    assert said[0] == said[1]


@pytest.mark.parametrize(
    "arguments",
    [[], ["nonsense"], ["score"], ["score", "x.csv", "--as-of", "soon"], ["score", "a", "--id", "x", "--id-row"]],
)
def test_wrong_usage_is_2(arguments: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    """What cannot be understood ends with 2 and says how it is meant."""
    assert 2 == main(arguments)
    assert capsys.readouterr().err.startswith("usage: mlsm")


@pytest.mark.parametrize("name", ["", *COMMANDS])
def test_help_fits_the_screen(name: str, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    """On 80 columns no line of a help is wider, but for examples, which stay whole to be copied."""
    monkeypatch.setenv("COLUMNS", "80")
    assert 0 == main([*([name] if name else []), "--help"])
    said = capsys.readouterr().out.splitlines()
    assert [] == [line for line in said if len(line) > 80 and not line.startswith("  mlsm ")]


def test_an_unknown_option_is_answered_with_the_usage_of_its_command(capsys: pytest.CaptureFixture[str]) -> None:
    """Whoever mistypes an option of a command is shown the options of that command, not the list of all commands."""
    assert 2 == main(["list", "--jsn"])
    assert capsys.readouterr().err.startswith("usage: mlsm list ")


def test_an_id_that_looks_like_an_option_is_answered_with_how_to_write_it(capsys: pytest.CaptureFixture[str]) -> None:
    """Who asks for the lead `-x1` is told of `--`; who asks for none is not."""
    assert 2 == main(["lead", "-x1"])
    assert "`mlsm lead -- -x1`" in capsys.readouterr().err
    assert 2 == main(["lead", "--store", "sqlite:///other.db", "--all"])
    assert "Hint:" not in capsys.readouterr().err


def test_shared_options_stand_before_or_after_the_command() -> None:
    """`--project` is understood on both sides of a command, and one side does not undo the other."""
    sides = (["--project", "demo", "list"], ["list", "--project", "demo"])
    read = [entry._parser(side).parse_args(side) for side in sides]
    assert [("list", "demo", None)] * 2 == [(args.command, args.project, args.log) for args in read]


def test_an_error_of_the_users_is_1_without_traceback(planted: Any, capsys: pytest.CaptureFixture[str]) -> None:
    """A MlsmError is told with its hint, on stderr."""

    def run(terminal: Terminal) -> int:
        raise InputError("Input 'x' cannot be read.", hint="Look at it.")

    planted(run)
    assert 1 == main(["planted"])
    assert ("", "Input 'x' cannot be read.\nHint: Look at it.\n") == capsys.readouterr()


def test_a_refusal_of_the_system_is_1(planted: Any, capsys: pytest.CaptureFixture[str]) -> None:
    """A file that cannot be opened is named; there is no traceback."""

    def run(terminal: Terminal) -> int:
        with open("/nowhere/x"):  # noqa: PTH123 - any way to be refused
            return 0

    planted(run)
    assert 1 == main(["planted"])
    assert "'/nowhere/x': No such file or directory.\n" == capsys.readouterr().err


def test_a_bug_of_ours_is_3_with_traceback_and_apology(planted: Any, capsys: pytest.CaptureFixture[str]) -> None:
    """What nobody foresaw shows its traceback and how to report it."""

    def run(terminal: Terminal) -> int:
        return 1 // 0

    planted(run)
    assert 3 == main(["planted"])
    told = capsys.readouterr().err
    assert ["ZeroDivisionError" in told, "sorry" in told, "report" in told] == [True] * 3


@pytest.mark.parametrize(
    ("number", "code", "said"),
    [(signal.SIGINT, 130, "Interrupted."), (signal.SIGTERM, 143, "Terminated.")],
    ids=["SIGINT", "SIGTERM"],
)
def test_a_signal_has_its_exit_code(
    number: signal.Signals, code: int, said: str, planted: Any, capsys: pytest.CaptureFixture[str]
) -> None:
    """A signal ends a command from inside, and the handler of before is back afterwards."""
    before = signal.getsignal(signal.SIGTERM)

    def run(terminal: Terminal) -> int:
        os.kill(os.getpid(), number)
        return 0

    planted(run)
    assert code == main(["planted"])
    assert said == capsys.readouterr().err.strip()
    assert before == signal.getsignal(signal.SIGTERM)


def test_no_model_can_catch_a_termination() -> None:
    """SIGTERM passes the guard around models, as an interrupt does."""
    from mlsm._guard import attempt

    def model() -> None:
        raise Terminated

    with pytest.raises(Terminated):
        attempt(model)


def test_a_closed_pipe_is_quiet() -> None:
    """Nobody reading stdout ends a command with 141 and says nothing."""
    script = (
        "import sys, types, mlsm.cli as c\n"
        "from mlsm.cli.commands import COMMANDS\n"
        "def run(args, terminal):\n"
        "    for _ in range(100_000): terminal.out.write('a line of data\\n')\n"
        "    return 0\n"
        "sys.modules['mlsm.cli.long'] = types.SimpleNamespace(\n"
        "    __doc__='', EXAMPLES='', add_arguments=lambda p: None, run=run)\n"
        "COMMANDS['long'] = ''\n"
        "sys.exit(c.main(['long']))\n"
    )
    with subprocess.Popen([sys.executable, "-c", script], stdout=subprocess.PIPE, stderr=subprocess.PIPE) as process:
        assert process.stdout is not None
        assert process.stderr is not None
        process.stdout.readline()
        process.stdout.close()
        assert b"" == process.stderr.read()
    assert 141 == process.returncode


def test_what_models_print_is_no_data() -> None:
    """Prints, C's writes to descriptor 1 and children's output go to stderr, which a model cannot close by stdout."""
    script = (
        "import os, subprocess, sys, types, mlsm.cli as c\n"
        "from mlsm.cli.commands import COMMANDS\n"
        "def run(args, terminal):\n"
        "    print('printed', flush=True)\n"
        "    os.write(1, b'written\\n')\n"
        "    subprocess.run(['echo', 'echoed'], check=True)\n"
        "    sys.stdout.close()\n"
        "    terminal.write('data')\n"
        "    terminal.say('talk')\n"
        "    return 0\n"
        "sys.modules['mlsm.cli.loud'] = types.SimpleNamespace(\n"
        "    __doc__='', EXAMPLES='', add_arguments=lambda p: None, run=run)\n"
        "COMMANDS['loud'] = ''\n"
        "code = c.main(['loud'])\n"
        "print('after')\n"
        "sys.exit(code)\n"
    )
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert ("data\nafter\n", "printed\nwritten\nechoed\ntalk\n") == (done.stdout, done.stderr)


@pytest.mark.parametrize("closed", [">&-", "2>&-", "<&- >&- 2>&-"])
def test_a_closed_stream_is_no_bug(tmp_path: Any, closed: str) -> None:
    """Started without one of its streams, a command does its work all the same."""
    line = f"{sys.executable} -m mlsm.cli init new {closed}"
    done = subprocess.run(["sh", "-c", line], cwd=tmp_path, capture_output=True, text=True, check=False)
    assert (0, True) == (done.returncode, (tmp_path / "new" / "mlsm.toml").exists())


def test_only_the_command_asked_for_is_imported() -> None:
    """Another command's module stays unread."""
    script = (
        "import sys, mlsm.cli as c; c.main(['list', '--help']);"
        "print(*[m for m in sys.modules if m in ('mlsm.cli.score', 'mlsm.cli.list')], file=sys.stderr)"
    )
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert "mlsm.cli.list\n" == done.stderr


def test_every_command_is_a_module_that_satisfies_the_protocol() -> None:
    """Each module named in the dictionary has what the door calls."""
    for name in COMMANDS:
        loaded = commands.command(name)
        parser = ArgumentParser()
        loaded.add_arguments(parser)
        assert (True, True) == (bool(loaded.__doc__), callable(loaded.run))


def test_no_project_is_told_with_the_way_out(tmp_path: Any) -> None:
    """Outside a project a command says how to make one."""
    done = mlsm("list", cwd=tmp_path)
    assert (1, "") == (done.returncode, done.stdout)
    assert "Hint: Run `mlsm init DIR`" in done.stderr
