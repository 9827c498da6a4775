"""NDJSON: one result a line, in the shape that results have in JSON everywhere.

What the frame holds as JSON text stands in a line as JSON, not as text in quotes.
"""

from __future__ import annotations

import io
from itertools import groupby

import msgspec
import polars as pl

from mlsm._batch import long_schema
from mlsm.writers.columns import as_moment
from mlsm.writers.place import Place
from mlsm.writers.text import TextWriter

__all__ = ["writer"]

_JSON_TEXT = ("output", "reasons", "error", "substitute", "given")


def writer(place: Place, *, gzipped: bool) -> TextWriter:
    """Open an NDJSON file.

    Args:
        place: where it goes.
        gzipped: whether to compress it.
    """
    return TextWriter(place, _render, gzipped=gzipped)


def _render(frame: pl.DataFrame, first: bool) -> bytes:  # noqa: ARG001 - no line differs from the others
    if frame.width == 0:
        return b"{}\n" * frame.height
    embedded = _embedded(frame)
    changed = [as_moment(name, dtype) for name, dtype in frame.schema.items() if isinstance(dtype, pl.Datetime)]
    changed += [pl.col(name).bin.encode("base64") for name, dtype in frame.schema.items() if dtype == pl.Binary]
    pieces = _pieces(frame.columns, embedded)
    # Pieces of a line lie in columns; written as CSV that never quotes, the commas between
    # columns are those between members. That is three times as fast as joining texts.
    content = io.BytesIO()
    frame.with_columns(changed).select(pieces).write_csv(content, include_header=False, quote_style="never")
    return content.getvalue()


def _embedded(frame: pl.DataFrame) -> frozenset[str]:
    """Tell which columns are JSON text: a wide frame may hold plain text under the same names."""
    if not long_schema().keys() <= set(frame.columns):
        return frozenset()
    kept = frame.get_column("kept") if "kept" in frame.columns else None
    # A kept column of people's own may have that name too.
    is_json = kept is not None and kept.dtype == pl.String and all(map(_is_object, kept.drop_nulls()))
    return frozenset(_JSON_TEXT + (("kept",) if is_json else ()))


def _is_object(text: str) -> bool:
    try:
        msgspec.json.decode(text, type=dict)
    except (msgspec.DecodeError, UnicodeEncodeError, RecursionError):
        return False
    return True


def _pieces(names: list[str], embedded: frozenset[str]) -> list[pl.Expr]:
    """Give the pieces of a line: members that polars encodes, in runs, and JSON text between them."""
    runs = [(is_text, list(run)) for is_text, run in groupby(names, key=embedded.__contains__)]
    pieces: list[pl.Expr] = []
    for is_text, run in runs:
        if is_text:
            pieces += [_member(name) for name in run]
        else:
            pieces.append(pl.struct(run).struct.json_encode().str.strip_prefix("{").str.strip_suffix("}"))
    pieces[0] = pl.lit("{") + pieces[0]
    pieces[-1] = pieces[-1] + pl.lit("}")
    return [piece.alias(str(place)) for place, piece in enumerate(pieces)]


def _member(name: str) -> pl.Expr:
    return pl.lit(f'"{name}":') + pl.col(name).fill_null("[]" if name == "given" else "null")
