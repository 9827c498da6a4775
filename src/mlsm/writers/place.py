"""Where an output goes: aside first and then into place, or straight to a stream."""

from __future__ import annotations

import errno
import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import BinaryIO, Protocol

from mlsm.errors import InputError

__all__ = ["Aside", "Place", "Stream", "check_folder", "translated", "unwritable"]

_NO_ROOM = {errno.ENOSPC, errno.EDQUOT, errno.EFBIG}


class Place(Protocol):
    """What receives the bytes of an output."""

    def open(self) -> BinaryIO:
        """Give the stream to write to, the same one every time."""

    def publish(self) -> None:
        """Make what was written appear."""

    def discard(self) -> None:
        """Leave nothing of it, as far as that is possible; nothing happens after `publish`."""


class Aside:
    """A file that is written under a hidden name beside its own and moved into place whole.

    A lock on the hidden file keeps a second writer of the same output away. What a killed
    process left under the hidden name is overwritten by the next.

    Args:
        final: the file that is to appear.
        tag: tells several hidden files for one final file apart.

    Raises:
        InputError: nothing can be written there.
    """

    def __init__(self, final: Path, *, tag: str = "") -> None:
        self.shown = str(final)
        # A link is followed: what it points to is replaced, not the link.
        self.final = Path(os.path.realpath(final))
        self.path = self.final.with_name(f".{self.final.name}{tag}.part")
        self._stream: BinaryIO | None = None
        check_folder(self.final.parent)
        if self.final.exists() and not self.final.is_file():
            raise InputError(
                f"Output {self.shown!r} is there and no regular file; a file or nothing was expected.",
                hint="Choose another name, or - for standard output.",
            )

    def open(self) -> BinaryIO:
        """Give the hidden file, empty at first.

        Raises:
            InputError: it cannot be written, or somebody else is writing it.
        """
        if self._stream is None:
            with translated(self.shown):
                self._stream = self._locked()
                self._stream.truncate()
        return self._stream

    def publish(self) -> None:
        """Move the hidden file into place, its content safe on the disk first.

        Raises:
            InputError: the disk is full, or the folder is gone.
        """
        stream = self.open()
        with translated(self.shown):
            stream.flush()
            os.fsync(stream.fileno())
            self.path.replace(self.final)
            self._stream = None
            stream.close()

    def discard(self) -> None:
        """Remove the hidden file."""
        stream, self._stream = self._stream, None
        if stream is None:
            return
        self.path.unlink(missing_ok=True)
        # What is buffered has nowhere to go; on a full disk closing complains about it.
        with suppress(OSError):
            stream.close()

    def _locked(self) -> BinaryIO:
        while True:
            stream = os.fdopen(os.open(self.path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o666), "r+b")
            try:
                fcntl.flock(stream, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError as error:
                stream.close()
                raise InputError(
                    f"Output {self.shown!r} is being written by another process.",
                    hint="Wait for it, or choose another name.",
                ) from error
            # Between opening and locking, its former owner may have moved it into place.
            if self.path.exists() and os.path.samestat(os.fstat(stream.fileno()), self.path.stat()):
                return stream
            stream.close()


class Stream:
    """A stream that belongs to somebody else, such as standard output.

    Args:
        stream: the stream; it is flushed in the end, not closed.
    """

    def __init__(self, stream: BinaryIO) -> None:
        self._stream = stream

    def open(self) -> BinaryIO:
        """Give the stream."""
        return self._stream

    def publish(self) -> None:
        """Flush what is buffered."""
        self._stream.flush()

    def discard(self) -> None:
        """Do nothing: what is written is gone."""


def check_folder(folder: Path) -> None:
    """Refuse a folder in which no file can be made.

    Args:
        folder: the folder.

    Raises:
        InputError: it is not there, or closed to us.
    """
    if not folder.is_dir():
        is_file = folder.exists()
        raise InputError(
            f"Output folder {str(folder)!r} {'is a file' if is_file else 'does not exist'}; a folder was expected.",
            hint="Choose another name." if is_file else f"Make it: `mkdir -p {folder}`.",
        )
    if not os.access(folder, os.W_OK | os.X_OK):
        raise InputError(
            f"Output folder {str(folder)!r} may not be written to; permission was denied.",
            hint="Choose a folder that you may write to.",
        )


@contextmanager
def translated(shown: str) -> Iterator[None]:
    """Turn the errors of writing into an `InputError`, but for a reader that hung up.

    Args:
        shown: the output as people call it.
    """
    try:
        yield
    except BrokenPipeError:
        raise
    except OSError as error:
        raise unwritable(shown, error.strerror or str(error), error.errno) from error


def unwritable(shown: str, why: str, code: int | None) -> InputError:
    """Make the error that says that an output cannot be written.

    Args:
        shown: the output as people call it.
        why: what the system said.
        code: its number for that, where it is known.
    """
    hint = "Look at the folder and the disk, or choose another place."
    if code in _NO_ROOM:
        hint = "Make room on the disk or choose another place, then run again; no half file is left."
    return InputError(f"Output {shown!r} cannot be written: {why}.", hint=hint)
