"""An opened ONNX file: the session that runs it, and what its inputs and outputs are."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import onnxruntime

from mlsm._fields import Fields, fields_of_mapping
from mlsm._guard import Raised, attempt
from mlsm.errors import InputError
from mlsm.runtimes.onnx.graph import Graph, read_graph
from mlsm.runtimes.onnx.tensors import Block, blocks_of

__all__ = ["Opened", "open_file"]

_FATAL = 4
"""Of onnxruntime's log only what ends the process: everything else it raises as well."""

_ANNOTATIONS: Mapping[str, Any] = {"float": float, "int": int, "bool": bool, "str": str}
_NAMES = ("feature_names", "features")
"""Where in the metadata people write the names of a matrix's columns."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Opened:
    """A session, its inputs, and the graph behind it.

    Args:
        session: onnxruntime's.
        path: the file.
        blocks: its inputs.
        graph: its operators.
        names: the columns of all inputs, in order, None where the file does not name them.
    """

    session: Any
    path: str
    blocks: tuple[Block, ...]
    graph: Graph
    names: tuple[str, ...] | None

    @property
    def width(self) -> int | None:
        """Count the columns of all inputs, None where the file leaves that open."""
        widths = [block.width for block in self.blocks]
        return None if None in widths else sum(width or 0 for width in widths)

    def fields(self, names: Sequence[str], empty: frozenset[str] = frozenset()) -> Fields:
        """Make fields of the types of the tensors; those in `empty` may be missing."""
        owners = [block for block in self.blocks for _ in range(block.width or 0)]
        kinds = [_ANNOTATIONS[block.element.kinds[0]] for block in owners]
        return fields_of_mapping(
            {name: kind | None if name in empty else kind for name, kind in zip(names, kinds, strict=True)}
        )


def open_file(path: Path) -> Opened:
    """Open an ONNX file for as many threads as this process may use.

    Raises:
        DeclarationError: its inputs are no tables of numbers or texts.
        InputError: it is not there, or is no ONNX file.
    """
    if not path.is_file():
        raise InputError(f"There is no ONNX file {str(path)!r}.", hint="Name the .onnx file itself.")
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else 0
    options.inter_op_num_threads = 1
    options.log_severity_level = _FATAL
    # Threads that wait for the next call would take the processor from the models beside this one.
    options.add_session_config_entry("session.intra_op.allow_spinning", "0")
    made = attempt(_session, str(path), options)
    if isinstance(made, Raised):
        raise InputError(
            f"The file {str(path)!r} cannot be opened as an ONNX model; onnxruntime {onnxruntime.__version__} says: "
            f"{made.failure.message}",
            hint="Write it anew; a newer opset than this onnxruntime knows is refused as well.",
        ) from made.error
    blocks = blocks_of(made.get_inputs(), str(path))
    graph = read_graph(path.read_bytes())
    return Opened(session=made, path=str(path), blocks=blocks, graph=graph, names=_names(made, blocks))


def _session(path: str, options: Any) -> Any:
    return onnxruntime.InferenceSession(path, options, providers=["CPUExecutionProvider"])


def _names(session: Any, blocks: Sequence[Block]) -> tuple[str, ...] | None:
    """Name the columns: from the metadata, else a tensor a column is called as the tensor is."""
    told = session.get_modelmeta().custom_metadata_map
    width = sum(block.width or 0 for block in blocks)
    for key in _NAMES:
        names = _listed(told[key]) if key in told else ()
        if len(names) == len(set(names)) == width and all(block.width for block in blocks):
            return names
    return tuple(block.name for block in blocks) if all(block.width == 1 for block in blocks) else None


def _listed(text: str) -> tuple[str, ...]:
    """Read names written as JSON, or with commas between."""
    read = attempt(json.loads, text)
    if isinstance(read, list):
        return tuple(map(str, read))
    return tuple(name.strip() for name in text.split(","))
