"""One file that is read several times and must stay the same meanwhile."""

from __future__ import annotations

import gzip
import hashlib
import io
import os
import shutil
import stat
import tempfile
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO, BinaryIO

from mlsm.errors import InputError

__all__ = ["InputFile"]

_GZIP_MAGIC = b"\x1f\x8b"
_BUFFER = 1 << 18
_HEAD = 4096
_KNOWN_MARKS = (b"PAR1", b"\xff\xfe", b"\xfe\xff")
"""Parquet and UTF-16: their readers know more to say."""
_CONTROLS = frozenset(range(32)) - frozenset(b"\t\n\v\f\r\x1b")


@dataclass(frozen=True, slots=True, kw_only=True)
class InputFile:
    """A file of records, its compression known, opened once to see that it can be.

    Args:
        source: the input as people call it.
        path: where its bytes are.
        stem: the file's name without folder, `.gz` and suffix; row numbers go behind it.
        gzipped: whether its bytes are compressed, whatever its name says.
        signature: size and time of change when it was met.
        spool: what keeps a spooled stream's file alive.
    """

    source: str
    path: Path
    stem: str
    gzipped: bool
    signature: tuple[int, int]
    spool: IO[bytes] | None = field(default=None, repr=False, compare=False)

    @classmethod
    def at(cls, path: str, *, stem: str) -> InputFile:
        """Meet a file by its path; a pipe is spooled, since it can be read only once.

        Raises:
            InputError: it is missing, a folder, cannot be read, or is no gzip file though its name says so.
        """
        with _translated(path), Path(path).open("rb") as stream:
            if not stat.S_ISREG(os.fstat(stream.fileno()).st_mode):
                return cls.spooled(stream, source=path, stem=stem)
            met = cls._met(stream, source=path, path=Path(path), stem=stem)
            stream.seek(0)
            if path.lower().endswith(".gz") and not met.gzipped and _is_binary(stream.read(_HEAD)):
                raise InputError(
                    f"Input {path!r} is no gzip file, though its name ends in .gz; gzip or plain text was expected.",
                    hint="See what it is with `file`, then compress it with gzip, or give it the ending of its format.",
                )
            return met

    @classmethod
    def spooled(cls, stream: IO[bytes] | BinaryIO, *, source: str, stem: str) -> InputFile:
        """Copy a stream to a temporary file that lasts as long as this value.

        Raises:
            InputError: the stream breaks off, or there is no room for the copy.
        """
        with _translated(source, hint=f"Point TMPDIR to a folder with room; it is {tempfile.gettempdir()!r} now."):
            spool = tempfile.NamedTemporaryFile(prefix="mlsm-")  # noqa: SIM115 - the value that is returned keeps it
            shutil.copyfileobj(stream, spool, _BUFFER)
            spool.flush()
            spool.seek(0)
            return cls._met(spool, source=source, path=Path(spool.name), stem=stem, spool=spool)

    @classmethod
    def _met(
        cls, stream: IO[bytes], *, source: str, path: Path, stem: str, spool: IO[bytes] | None = None
    ) -> InputFile:
        gzipped = stream.read(2) == _GZIP_MAGIC
        signature = _signature(os.fstat(stream.fileno()))
        return cls(source=source, path=path, stem=stem, gzipped=gzipped, signature=signature, spool=spool)

    @contextmanager
    def reading(self) -> Iterator[BinaryIO]:
        """Open the content, decompressed, for one pass.

        Raises:
            InputError: it cannot be read, breaks off, or changed since it was met.
        """
        with _translated(self.source), self.path.open("rb") as raw:
            self._check(os.fstat(raw.fileno()))
            if self.gzipped:
                with gzip.GzipFile(fileobj=raw, mode="rb") as plain, io.BufferedReader(plain, _BUFFER) as stream:
                    yield stream
            else:
                yield raw
            self._check(os.fstat(raw.fileno()))

    def unpacked(self) -> InputFile:
        """Give the content of a gzip file as a file of its own, for what must be read out of order; else itself.

        Raises:
            InputError: it is damaged, or there is no room for the copy.
        """
        if not self.gzipped:
            return self
        with self.reading() as stream:
            return self.spooled(stream, source=self.source, stem=self.stem)

    def check_unchanged(self) -> None:
        """Raise an `InputError` if the file is not the one that was met."""
        with _translated(self.source):
            self._check(self.path.stat())

    def fingerprint(self) -> str:
        """Hash the bytes of the file as they lie there, compressed ones too."""
        with _translated(self.source), self.path.open("rb") as raw:
            self._check(os.fstat(raw.fileno()))
            digest = hashlib.file_digest(raw, "sha256").hexdigest()
            self._check(os.fstat(raw.fileno()))
        return f"sha256:{digest}"

    def _check(self, status: os.stat_result) -> None:
        if _signature(status) != self.signature:
            raise InputError(
                f"Input {self.source!r} changed while it was in use; the same content was expected throughout.",
                hint="Run again when nothing writes to the file, or score a copy of it.",
            )


def _is_binary(head: bytes) -> bool:
    """Tell whether bytes are those of some other format: no text has such control characters."""
    if head.startswith(_KNOWN_MARKS):
        return False
    return not _CONTROLS.isdisjoint(head)


def _signature(status: os.stat_result) -> tuple[int, int]:
    return status.st_size, status.st_mtime_ns


@contextmanager
def _translated(source: str, *, hint: str | None = None) -> Iterator[None]:
    """Turn the errors of reading bytes into an `InputError`."""
    try:
        yield
    except FileNotFoundError as error:
        raise InputError(
            f"Input {source!r} does not exist; a file was expected.",
            hint=f"The folder that relative paths start from is {str(Path.cwd())!r}.",
        ) from error
    except IsADirectoryError as error:
        raise InputError(f"Input {source!r} is a folder; a file was expected.", hint="Name the files in it.") from error
    except PermissionError as error:
        raise InputError(
            f"Input {source!r} may not be read; permission was denied.", hint="Ask its owner for the right to read it."
        ) from error
    except (EOFError, gzip.BadGzipFile, zlib.error) as error:
        raise InputError(
            f"Input {source!r} breaks off or is damaged; a whole gzip file was expected ({error}).",
            hint="Fetch the file again and test it with `gzip -t`.",
        ) from error
    except OSError as error:
        raise InputError(f"Input {source!r} cannot be read: {error.strerror or error}.", hint=hint) from error
