"""Draw docs/terminal.svg: what `mlsm demo` shows on a terminal, from a real run of it.

    python docs/make_terminal_picture.py

Runs the demo in a pseudo-terminal in a temporary folder and draws what it wrote, colours
and all. Nothing is made up and nothing is left out but the command's own clearing of lines.
"""
# ruff: noqa: INP001 - a script of the documentation, part of no package

from __future__ import annotations

import fcntl
import io
import os
import pty
import re
import struct
import subprocess
import sys
import tempfile
import termios
from pathlib import Path

from rich.console import Console
from rich.terminal_theme import TerminalTheme
from rich.text import Text

WIDTH = 112
PICTURE = Path(__file__).with_name("terminal.svg")
_COLOURS = [(56, 58, 66), (202, 75, 62), (66, 133, 70), (170, 116, 12), (64, 104, 180), (150, 60, 150), (14, 128, 150)]
CALM = TerminalTheme(
    (250, 250, 248),
    (56, 58, 66),
    [*_COLOURS, (160, 161, 167)],
    [(120, 121, 127), *_COLOURS[1:], (56, 58, 66)],
)
"""Dark text on a light ground, as a page has it."""


def written_on_a_terminal(command: list[str], folder: str) -> str:
    """Run a command in a pseudo-terminal and give all that it wrote."""
    ours, theirs = pty.openpty()
    fcntl.ioctl(theirs, termios.TIOCSWINSZ, struct.pack("HHHH", 80, WIDTH, 0, 0))
    environment = {name: value for name, value in os.environ.items() if name not in ("NO_COLOR", "COLUMNS")}
    environment |= {"TERM": "xterm-256color"}
    with subprocess.Popen(  # noqa: S603 - the demo of this very project
        command, cwd=folder, env=environment, stdin=theirs, stdout=theirs, stderr=theirs
    ) as process:
        os.close(theirs)
        written = bytearray()
        while chunk := read_some(ours):
            written += chunk
    os.close(ours)
    if process.returncode:
        raise SystemExit(f"{command} ended with {process.returncode}:\n{written.decode()}")
    return written.decode()


def read_some(descriptor: int) -> bytes:
    """Read what is there, b"" once the other side has gone."""
    try:
        return os.read(descriptor, 65_536)
    except OSError:  # how Linux says that nobody holds the other side any more
        return b""


def picture(written: str) -> str:
    """Draw terminal output as SVG that loads nothing from elsewhere."""
    console = Console(record=True, width=WIDTH, file=io.StringIO(), force_terminal=True, color_system="truecolor")
    console.print(Text.assemble(("$ ", "bold green"), ("mlsm demo", "bold")))
    for line in written.replace("\r\n", "\n").removesuffix("\n").split("\n"):
        # A progress bar writes its line anew after each carriage return: the last state stays.
        console.print(Text.from_ansi(line.rpartition("\r")[2]), soft_wrap=True)
    drawn = console.export_svg(title="mlsm demo", theme=CALM, unique_id="terminal")
    drawn = re.sub(r"\s*@font-face\s*{.*?}", "", drawn, flags=re.DOTALL)
    drawn = drawn.replace("Fira Code, monospace", "ui-monospace, Menlo, Consolas, monospace")
    return re.sub(r"[ \t]+$", "", drawn, flags=re.MULTILINE)


def main() -> None:
    """Run the demo and write the picture."""
    with tempfile.TemporaryDirectory() as folder:
        written = written_on_a_terminal([sys.executable, "-m", "mlsm", "demo", *sys.argv[1:]], folder)
    PICTURE.write_text(picture(written), encoding="utf-8")


if __name__ == "__main__":
    main()
