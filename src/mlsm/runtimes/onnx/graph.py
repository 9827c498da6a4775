"""What an ONNX file says that onnxruntime does not pass on: classes, categories, thresholds.

onnxruntime tells names and types of tensors and no more. The file is a protobuf message,
whose few parts of interest are read here by their numbers in `onnx.proto`, so that a model
runs without the package `onnx`.
"""

from __future__ import annotations

import struct
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from itertools import islice
from typing import TypeAlias

__all__ = ["Graph", "read_graph"]

_Part: TypeAlias = "int | memoryview"

_MODEL_GRAPH = 7
_GRAPH_NODE, _GRAPH_CONSTANT = 1, 5
_NODE_INPUT, _NODE_OUTPUT, _NODE_KIND, _NODE_ATTRIBUTE = 1, 2, 4, 5
_ATTRIBUTE_NAME, _ATTRIBUTE_FLOATS, _ATTRIBUTE_INTS, _ATTRIBUTE_STRINGS = 1, 7, 8, 9
_TENSOR_TYPE, _TENSOR_STRINGS, _TENSOR_NAME, _TENSOR_RAW = 2, 6, 8, 9
_TENSOR_INTS = (5, 7)
_RAW_FORMATS = {6: "i", 7: "q"}
"""The element types int32 and int64 of a tensor, as `struct` spells them."""

_UNCHANGED = frozenset({"Cast", "Identity", "Reshape", "Squeeze", "Unsqueeze"})
"""Operators that hand values on as they are."""


@dataclass(frozen=True, slots=True)
class Node:
    """An operator; its attributes are read when asked for, since those of a forest are long."""

    kind: str
    inputs: tuple[str, ...]
    outputs: tuple[str, ...]
    attributes: Mapping[str, memoryview]

    def strings(self, name: str) -> tuple[str, ...]:
        """List the texts of an attribute."""
        return tuple(_text(part) for part in _only(self._attribute(name), _ATTRIBUTE_STRINGS))

    def ints(self, name: str) -> Iterator[int]:
        """Yield the whole numbers of an attribute."""
        return _ints(self._attribute(name), (_ATTRIBUTE_INTS,))

    def floats(self, name: str) -> Iterator[float]:
        """Yield the numbers of an attribute."""
        for part in _only(self._attribute(name), _ATTRIBUTE_FLOATS):
            yield from (number for (number,) in struct.iter_unpack("<f", part))

    def classes(self) -> tuple[str, ...]:
        """List the classes that a classifier names."""
        for name in ("classlabels_strings", "classlabels_int64s", "classlabels_ints"):
            if found := self.strings(name) or tuple(map(str, self.ints(name))):
                return found
        return ()

    def _attribute(self, name: str) -> memoryview:
        return self.attributes.get(name, memoryview(b""))


@dataclass(frozen=True, slots=True)
class Graph:
    """The operators of a model and its constants."""

    nodes: tuple[Node, ...] = ()
    constants: Mapping[str, memoryview] = field(default_factory=dict)

    def classes(self, outputs: Iterable[str], count: int | None) -> tuple[str, ...] | None:
        """Find the names of a classifier's classes, those nearest to its outputs.

        Args:
            outputs: where to look, in this order; the labels are the surest, since the
                classifiers within a vote number their classes as they like.
            count: how many there are, None where that is not known.
        """
        for output in outputs:
            for node in self._before([output]):
                found = node.classes()
                if not found and node.kind == "ArrayFeatureExtractor":  # classes[argmax], as skl2onnx writes it
                    found = _constant(self.constants.get(node.inputs[0], memoryview(b"")))
                if found and count in (None, len(found)):
                    return found
        return None

    def tolerant(self) -> frozenset[str]:
        """Name the tensors that reach an operator made for missing values."""
        found: set[str] = set()
        for node in self.nodes:
            if node.kind in ("Imputer", "IsNaN") or any(node.ints("nodes_missing_value_tracks_true")):
                found.update(node.inputs)
                found.update(name for before in self._before(node.inputs) for name in before.inputs)
        return frozenset(found)

    def categories(self, name: str) -> tuple[str, ...]:
        """List the texts that an encoder knows of a tensor."""
        for node in self._after(name):
            if found := node.strings("cats_strings") or node.strings("keys_strings"):
                return found
        return ()

    def thresholds(self, name: str, limit: int) -> list[tuple[int, float]]:
        """List where trees split a tensor: column and value."""
        for node in self._after(name):
            if "nodes_featureids" in node.attributes:
                rows = zip(node.ints("nodes_featureids"), node.floats("nodes_values"), strict=False)
                return list(islice(rows, limit))
        return []

    def _before(self, names: Iterable[str]) -> Iterator[Node]:
        """Yield the operators on which tensors stand, the nearest first."""
        makers = {name: node for node in self.nodes for name in node.outputs}
        waiting, seen = list(names), set(names)
        for name in waiting:
            if (node := makers.get(name)) is not None:
                yield node
                fresh = [one for one in node.inputs if one not in seen]
                waiting += fresh
                seen.update(fresh)

    def _after(self, name: str) -> Iterator[Node]:
        """Yield the operators that a tensor reaches unchanged, the nearest first."""
        waiting = [name]
        for one in waiting:
            for node in self.nodes:
                if one in node.inputs:
                    yield node
                    waiting += [out for out in node.outputs if node.kind in _UNCHANGED and out not in waiting]


def read_graph(data: bytes) -> Graph:
    """Read a model's operators; there are none where the bytes are no such message."""
    nodes: list[Node] = []
    constants: dict[str, memoryview] = {}
    try:
        for graph in _only(memoryview(data), _MODEL_GRAPH):
            nodes += [_node(part) for part in _only(graph, _GRAPH_NODE)]
            constants |= {_first(part, _TENSOR_NAME): part for part in _only(graph, _GRAPH_CONSTANT)}
    except (IndexError, ValueError, struct.error):
        return Graph()  # onnxruntime has its own format too, and has judged the file already
    return Graph(tuple(nodes), constants)


def _node(message: memoryview) -> Node:
    return Node(
        kind=_first(message, _NODE_KIND),
        inputs=tuple(_text(part) for part in _only(message, _NODE_INPUT)),
        outputs=tuple(_text(part) for part in _only(message, _NODE_OUTPUT)),
        attributes={_first(part, _ATTRIBUTE_NAME): part for part in _only(message, _NODE_ATTRIBUTE)},
    )


def _constant(tensor: memoryview) -> tuple[str, ...]:
    """List the texts or whole numbers of a constant, as text."""
    if found := tuple(_text(part) for part in _only(tensor, _TENSOR_STRINGS)):
        return found
    if found := tuple(map(str, _ints(tensor, _TENSOR_INTS))):
        return found
    kind = next((value for number, value in _parts(tensor) if number == _TENSOR_TYPE), 0)
    spelled = _RAW_FORMATS.get(kind) if isinstance(kind, int) else None
    raw = next(_only(tensor, _TENSOR_RAW), memoryview(b""))
    return () if spelled is None else tuple(str(value) for (value,) in struct.iter_unpack(f"<{spelled}", raw))


def _text(part: memoryview) -> str:
    return bytes(part).decode()


def _first(message: memoryview, number: int) -> str:
    return _text(next(_only(message, number), memoryview(b"")))


def _only(message: memoryview, number: int) -> Iterator[memoryview]:
    return (part for found, part in _parts(message) if found == number and isinstance(part, memoryview))


def _ints(message: memoryview, numbers: tuple[int, ...]) -> Iterator[int]:
    """Yield whole numbers, written one by one or packed together."""
    for number, part in _parts(message):
        if number not in numbers:
            continue
        if isinstance(part, int):
            yield _signed(part)
            continue
        at = 0
        while at < len(part):
            value, at = _varint(part, at)
            yield _signed(value)


def _signed(value: int) -> int:
    return value - (1 << 64) if value >> 63 else value


def _varint(message: memoryview, at: int) -> tuple[int, int]:
    value = shift = 0
    while True:
        byte = message[at]
        at += 1
        value |= (byte & 0x7F) << shift
        if byte < 0x80:
            return value, at
        shift += 7


def _parts(message: memoryview) -> Iterator[tuple[int, _Part]]:
    """Yield the numbered parts of a protobuf message: a whole number, or bytes.

    Raises:
        ValueError: it is none.
    """
    at = 0
    while at < len(message):
        key, at = _varint(message, at)
        number, wire = key >> 3, key & 7
        if wire == 0:
            value, at = _varint(message, at)
            yield number, value
            continue
        if wire == 2:
            size, at = _varint(message, at)
        elif wire in (1, 5):
            size = 8 if wire == 1 else 4
        else:
            raise ValueError(f"wire type {wire}")
        if at + size > len(message):
            raise ValueError("cut off")
        yield number, message[at : at + size]
        at += size
