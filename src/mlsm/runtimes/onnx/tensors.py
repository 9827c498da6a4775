"""The inputs of an ONNX model: which fields fill which tensor, by columns and for one record."""

from __future__ import annotations

import math
import struct
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from mlsm._fields import Field, Fields
from mlsm.errors import DeclarationError

if TYPE_CHECKING:
    import polars as pl
    from numpy.typing import NDArray

__all__ = ["ELEMENTS", "Block", "Element", "Tray", "blocks_of", "misfits", "tray_of"]


@dataclass(frozen=True, slots=True)
class Element:
    """What a tensor holds: numpy's type, how `struct` packs one, the kinds of field that fit."""

    dtype: str
    packed: str
    kinds: tuple[str, ...]


_REAL, _WHOLE = ("float", "int", "bool"), ("int", "bool")
ELEMENTS: Mapping[str, Element] = {
    "tensor(float)": Element("float32", "f", _REAL),
    "tensor(double)": Element("float64", "d", _REAL),
    "tensor(float16)": Element("float16", "e", _REAL),
    "tensor(int64)": Element("int64", "q", _WHOLE),
    "tensor(int32)": Element("int32", "i", _WHOLE),
    "tensor(int16)": Element("int16", "h", _WHOLE),
    "tensor(int8)": Element("int8", "b", _WHOLE),
    "tensor(uint8)": Element("uint8", "B", _WHOLE),
    "tensor(bool)": Element("bool", "?", ("bool",)),
    "tensor(string)": Element("object", "", ("str",)),
}
"""What each of onnxruntime's names of a type holds."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Block:
    """One input and the columns of it.

    Args:
        name: the tensor's name.
        element: what it holds.
        flat: whether it has no second dimension.
        width: how many columns it has, None where the file leaves that open.
        fixed: how many rows it takes at once, None for any number.
    """

    name: str
    element: Element
    flat: bool
    width: int | None
    fixed: int | None

    @property
    def textual(self) -> bool:
        """Tell whether it holds texts."""
        return self.element.dtype == "object"

    @property
    def real(self) -> bool:
        """Tell whether it holds fractions, and so has a value that stands for a missing one."""
        return self.element.kinds is _REAL

    def empty(self, rows: int, width: int) -> NDArray[Any]:
        """Make an array of its shape: zeros, or empty texts."""
        shape = (rows,) if self.flat else (rows, width)
        return np.full(shape, "", object) if self.textual else np.zeros(shape, self.element.dtype)


def blocks_of(inputs: Sequence[Any], path: str) -> tuple[Block, ...]:
    """Read the inputs of a session.

    Raises:
        DeclarationError: one is no table of numbers or texts, or takes several rows at once.
    """
    blocks, wrong = [], []
    for one in inputs:
        shape = [size if isinstance(size, int) else None for size in one.shape]
        if one.type not in ELEMENTS or len(shape) not in (1, 2) or (shape[0] or 1) != 1:
            wrong.append(f"{one.name!r} is a {one.type} of the shape {one.shape}")
            continue
        flat = len(shape) == 1
        width = 1 if flat else shape[1]
        blocks.append(Block(name=one.name, element=ELEMENTS[one.type], flat=flat, width=width, fixed=shape[0]))
    if wrong:
        raise DeclarationError(
            f"The ONNX file {path!r} takes what a record's fields cannot fill; expected tensors of numbers or texts, "
            "a row a record.",
            problems=wrong,
        )
    return tuple(blocks)


@dataclass(frozen=True, slots=True)
class Tray:
    """The tensors of a model, and the fields that fill each, in order."""

    parts: tuple[tuple[Block, tuple[Field, ...]], ...]
    fields: Fields

    @property
    def numeric(self) -> bool:
        """Tell whether there is no text among the inputs."""
        return not any(block.textual for block, _ in self.parts)

    @property
    def one_by_one(self) -> bool:
        """Tell whether the model takes a single row at a time."""
        return any(block.fixed == 1 for block, _ in self.parts)

    def columns(self, frame: pl.DataFrame) -> dict[str, NDArray[Any]]:
        """Fill the tensors with the rows of a frame.

        Raises:
            OverflowError: a number is beyond what its tensor holds.
        """
        feed = {}
        for block, fields in self.parts:
            filled = feed[block.name] = block.empty(frame.height, len(fields))
            for place, field in enumerate(fields):
                into = filled if block.flat else filled[:, place]
                _fill(into, frame.get_column(field.name), block)
        return feed

    def lane(self) -> tuple[dict[str, NDArray[Any]], Callable[[tuple[Any, ...]], None]]:
        """Make tensors of one row, and what writes a record's values into them.

        The numbers of all tensors lie in one stretch of memory, so that one call of `struct`
        converts them, at a tenth of what numpy takes for that.
        """
        places = {field.name: place for place, field in enumerate(self.fields)}
        layout, order, texts, starts = "=", [], [], []
        feed: dict[str, Any] = {block.name: None for block, _ in self.parts}
        for block, fields in sorted(self.parts, key=lambda part: -np.dtype(part[0].element.dtype).itemsize):
            if block.textual:
                feed[block.name] = cells = block.empty(1, len(fields))
                texts += [(cells.reshape(-1), at, places[field.name]) for at, field in enumerate(fields)]
                continue
            starts.append((block, len(fields), struct.calcsize(layout)))  # aligned, since the widest come first
            layout += block.element.packed * len(fields)
            order += [(places[field.name], field.nullable and field.default is None) for field in fields]
        memory = bytearray(struct.calcsize(layout))
        for block, width, start in starts:
            cells = np.frombuffer(memory, block.element.dtype, width, start)
            feed[block.name] = cells if block.flat else cells.reshape(1, width)
        return feed, _writer(layout, memory, order, texts)


def _writer(
    layout: str, memory: bytearray, order: list[tuple[int, bool]], texts: list[tuple[NDArray[Any], int, int]]
) -> Callable[[tuple[Any, ...]], None]:
    pack = struct.Struct(layout).pack_into  # in "=" it refuses what float32 cannot hold, in "@" it does not
    direct = [place for place, _ in order] == list(range(len(order))) and not texts
    gaps = any(gap for _, gap in order)
    nan = math.nan

    def write(values: tuple[Any, ...]) -> None:
        taken = values if direct else [values[place] for place, _ in order]
        if gaps:
            taken = [nan if value is None else value for value in taken]
        try:
            pack(memory, 0, *taken)
        except (OverflowError, struct.error) as error:
            raise OverflowError(_TOO_LARGE) from error
        for cells, at, place in texts:
            value = values[place]
            cells[at] = "" if value is None else value

    return write


_TOO_LARGE = "A number is beyond what the model's tensors hold."


def _fill(into: NDArray[Any], column: pl.Series, block: Block) -> None:
    """Write a column; a missing number is NaN, a missing text is empty."""
    if block.textual:
        into[:] = (column.fill_null("") if column.null_count() else column).to_numpy()
        return
    values = _numbers(column) if block.real else column.to_numpy()
    if block.real:
        with np.errstate(over="ignore"):
            into[:] = values
        beyond = np.isinf(into).any() and not np.isinf(values).any()
    else:
        held = None if block.element.dtype == "bool" else np.iinfo(block.element.dtype)
        beyond = bool(len(values) and held and not held.min <= values.min() <= values.max() <= held.max)
        into[:] = values
    if beyond:
        raise OverflowError(_TOO_LARGE)


def _numbers(column: pl.Series) -> NDArray[np.float64]:
    import polars as pl

    return (column if column.dtype == pl.Float64 else column.cast(pl.Float64)).to_numpy()


def tray_of(blocks: Sequence[Block], fields: Fields, path: str) -> Tray:
    """Deal fields out to tensors: by name where every tensor is a column, else in their order.

    Raises:
        DeclarationError: they are too few, too many, or of kinds that the tensors do not hold.
    """
    if all(block.width == 1 for block in blocks) and {block.name for block in blocks} <= set(fields.names):
        parts = tuple((block, (fields[block.name],)) for block in blocks)
    else:
        widths = _widths(blocks, len(fields), path)
        stops = [sum(widths[: at + 1]) for at in range(len(widths))]
        parts = tuple(
            (block, tuple(fields[stop - width : stop]))
            for block, width, stop in zip(blocks, widths, stops, strict=True)
        )
    if wrong := misfits(parts):
        raise DeclarationError(f"Fields do not fit the tensors of the ONNX file {path!r}.", problems=wrong)
    return Tray(parts, fields)


def _widths(blocks: Sequence[Block], count: int, path: str) -> list[int]:
    """Give the width of each tensor; one may be open, and takes what the others leave."""
    known = sum(block.width or 0 for block in blocks)
    unknown = [block.name for block in blocks if block.width is None]
    shown = ", ".join(
        f"{block.name!r} takes {'any number' if block.width is None else block.width}" for block in blocks
    )
    if len(unknown) > 1 or (not unknown and known != count) or (unknown and count <= known):
        raise DeclarationError(
            f"The ONNX file {path!r} does not fit {count} fields; its tensors: {shown}.",
            hint="Declare a field for each column of each tensor, in the order of the file.",
        )
    return [count - known if block.width is None else block.width for block in blocks]


def misfits(parts: Sequence[tuple[Block, Sequence[Field]]]) -> list[str]:
    """Tell which fields hold what their tensor does not."""
    wrong = []
    for block, fields in parts:
        for field in fields:
            kind = field.kind.name
            if kind == "literal":
                kind = "int" if all(isinstance(value, int) for value in field.kind.values) else "str"
            kinds = block.element.kinds
            if kind not in kinds:
                wrong.append(f"{field.name!r} is {kind}, but tensor {block.name!r} holds {' or '.join(kinds)}")
            elif field.nullable and field.default is None and not (block.real or block.textual):
                wrong.append(f"{field.name!r} may be empty, but tensor {block.name!r} has no value for that")
    return wrong
