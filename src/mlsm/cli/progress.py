"""A progress bar on stderr, where a person is watching."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TypeAlias

from mlsm.cli.terminal import Terminal

__all__ = ["Advance", "progress_bar"]

Advance: TypeAlias = Callable[[str, int, int | None], None]
"""Called with what is done, how much of it, and how much there is where that is known."""


@contextmanager
def progress_bar(terminal: Terminal, what: str, *, unit: str = "leads", quiet: bool = False) -> Iterator[Advance]:
    """Show a bar with count, rate and remaining time; nothing where stderr is no screen.

    Args:
        terminal: where it is shown.
        what: a word before the bar.
        unit: what is counted.
        quiet: show nothing, whatever stderr is.
    """
    if quiet or not terminal.talk_styled:
        yield _nowhere
        return
    from rich.console import Console
    from rich.progress import BarColumn, Progress, ProgressColumn, Task, TextColumn, TimeRemainingColumn
    from rich.text import Text

    class Counted(ProgressColumn):
        """How many of how many, and how many a second."""

        def render(self, task: Task) -> Text:
            """Write the numbers."""
            total = "" if task.total is None else f" of {int(task.total):,}"
            speed = task.finished_speed or task.speed
            shown = "" if not speed else f"  {int(speed):,}/s"
            return Text.assemble(f"{int(task.completed):,}{total} {unit}", (shown, "dim"))

    columns = (
        TextColumn("{task.description}"),
        BarColumn(bar_width=32, complete_style="cyan", finished_style="green", style="bright_black"),
        Counted(),
        TimeRemainingColumn(compact=True),
    )
    console = Console(file=terminal.err, force_terminal=True, highlight=False)
    with Progress(*columns, console=console) as progress:
        task = progress.add_task(what, total=None)

        def advance(what: str, done: int, total: int | None) -> None:
            if progress.tasks[0].description != what:
                progress.reset(task, description=what, total=total, completed=done)
            progress.update(task, completed=done, total=total)

        yield advance


def _nowhere(*_: object) -> None:
    """Show nothing."""
