"""The door: from arguments to an exit code, whatever happens between.

Exit codes: 0 all well, 1 what the user can mend, 2 usage, 3 a bug of ours, 4 finished but
an active model failed too often, 130 interrupted, 143 terminated, 141 nobody reads stdout.
"""

from __future__ import annotations

import errno
import re
import signal
import sys
from argparse import SUPPRESS, Action, ArgumentParser
from collections.abc import Sequence
from typing import Any, NoReturn

from mlsm.cli.commands import COMMANDS, command
from mlsm.cli.help import HelpFormatter
from mlsm.cli.stops import Stops, Terminated
from mlsm.cli.stragglers import end_despite_threads
from mlsm.cli.terminal import Terminal, hold_streams, own_stdout
from mlsm.cli.words import WORDS
from mlsm.errors import MlsmError

__all__ = ["main"]

_ABOUT = "Run many scoring models, in many versions, over the same leads, and keep every result."
_MENDABLE = frozenset(
    {errno.EACCES, errno.EPERM, errno.ENOENT, errno.EISDIR, errno.ENOTDIR, errno.EEXIST, errno.ENOSPC, errno.EROFS}
    | {errno.EDQUOT, errno.ENAMETOOLONG, errno.EMFILE, errno.EFBIG}
)


def main(argv: Sequence[str] | None = None) -> int:
    """Run one command.

    Args:
        argv: the arguments, those of the process unless given.

    Returns:
        The exit code.

    Example:
        >>> main(["--version"])
        mlsm ...
        0
    """
    hold_streams()
    try:
        code = _run(list(sys.argv[1:] if argv is None else argv))
        return end_despite_threads(code) if argv is None else code
    except KeyboardInterrupt as stop:
        if argv is None:
            # What is left is to wait for threads: who presses Ctrl-C once more ends the process at once.
            signal.signal(signal.SIGINT, signal.SIG_DFL)
        return _stopped(stop)
    except Exception as error:  # noqa: BLE001 - this door's one broad except, for our own bugs
        return _failed(error)


def _run(arguments: list[str]) -> int:
    try:
        args = _parser(arguments).parse_args(arguments)
    except SystemExit as stop:  # argparse's way to return
        return stop.code if isinstance(stop.code, int) else 2
    stops = Stops()
    with stops.listening(), own_stdout() as out:
        terminal = Terminal(out=out, err=sys.stderr, json=args.json, stops=stops)
        return command(args.command).run(args, terminal)


def _stopped(stop: KeyboardInterrupt) -> int:
    return _told("\nTerminated.", 143) if isinstance(stop, Terminated) else _told("\nInterrupted.", 130)


def _failed(error: Exception) -> int:
    """Tell what ended the command, in words if somebody but us can mend it."""
    if isinstance(error.__cause__, KeyboardInterrupt):  # as Python makes of one that falls into an import
        return _stopped(error.__cause__)
    if isinstance(error, BrokenPipeError):
        return 141
    if isinstance(error, MlsmError):
        return _told(str(error), 1)
    if isinstance(error, OSError) and error.errno in _MENDABLE:
        named = "" if error.filename is None else f"{error.filename!r}: "
        return _told(f"{named}{error.strerror}.", 1)
    import traceback

    traceback.print_exception(error, file=sys.stderr)
    return _told(
        "\nThis is a mistake in mlsm, not in your data or your models; we are sorry.\n"
        "What was stored is whole. Please report it with the lines above and what `mlsm --version` says.",
        3,
    )


def _parser(arguments: Sequence[str]) -> ArgumentParser:
    """Build the parser; only commands that occur in the arguments load their module."""
    parser = _Parser(
        prog="mlsm",
        description=_ABOUT,
        epilog=WORDS,
        parents=[_shared()],
        formatter_class=HelpFormatter,
        allow_abbrev=False,
    )
    parser.add_argument("--version", action=_Version, nargs=0, help="show the version and stop")
    parser.set_defaults(project=None, log=None, json=False, given=arguments)
    parents: list[Any] = [_shared()]
    subparsers = parser.add_subparsers(
        dest="command", metavar="COMMAND", title="commands", required=True, parser_class=_CommandParser
    )
    for name, summary in COMMANDS.items():
        loaded = command(name) if name in arguments else None
        made = subparsers.add_parser(
            name,
            help=summary,
            description=None if loaded is None else loaded.__doc__,
            epilog=None if loaded is None else loaded.EXAMPLES,
            parents=parents,
            formatter_class=HelpFormatter,
            allow_abbrev=False,
        )
        if loaded is not None:
            loaded.add_arguments(made)
    return parser


def _shared() -> _Parser:
    """Declare what may stand before or after a command; absent, it sets nothing."""
    shared = _Parser(add_help=False, argument_default=SUPPRESS)
    shared.add_argument("--project", metavar="DIR", help="the project's folder (default: the nearest mlsm.toml upward)")
    shared.add_argument("--log", metavar="FILE", help="a run's log, - for stderr (default: a file in .mlsm/logs/)")
    return shared


class _Parser(ArgumentParser):
    """A parser that repeats no password of what it was given."""

    def error(self, message: str) -> NoReturn:
        super().error(_without_logins(message))


class _CommandParser(_Parser):
    """The parser of one command, which tells itself of what it does not know: with its own usage, not that of all."""

    _given: Sequence[str] = ()

    def parse_known_args(self, args: Any = None, namespace: Any = None) -> tuple[Any, list[str]]:
        """Read the arguments, and refuse the rest."""
        self._given = () if args is None else tuple(args)
        known, surplus = super().parse_known_args(args, namespace)
        if surplus:
            self.error(f"unrecognized arguments: {' '.join(surplus)}")
        return known, surplus

    def error(self, message: str) -> NoReturn:
        """Refuse the arguments; where one is lacking, the id of a lead may have been taken for an option."""
        options = [one for one in self._given if one.startswith("-") and one.partition("=")[0] not in self._options]
        if "required" in message and options and "--" not in self._given:
            message += (
                f"\nHint: What begins with - is read as an option; write -- before it: `{self.prog} -- {options[0]}`."
            )
        super().error(message)

    @property
    def _options(self) -> frozenset[str]:
        return frozenset(name for action in self._actions for name in action.option_strings)


class _Version(Action):
    def __call__(self, parser: ArgumentParser, *_: Any) -> None:
        from importlib.metadata import version

        sys.stdout.write(f"mlsm {version('mlsm')}\n")
        parser.exit()


def _told(text: str, code: int) -> int:
    sys.stderr.write(f"{_without_logins(text)}\n")
    return code


def _without_logins(text: str) -> str:
    """Leave out user and password of URLs of git, in whatever a message repeats of what was given."""
    return re.sub(r"\b((?:https?|ssh|git)://)(?:[^/@\s]*@)+", r"\1", text)
