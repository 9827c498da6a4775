"""Small ONNX models written by hand, for shapes and types that no converter gives."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import onnx
from onnx import TensorProto, helper

FLOAT, DOUBLE, INT64, INT32, BOOL, STRING = (
    TensorProto.FLOAT,
    TensorProto.DOUBLE,
    TensorProto.INT64,
    TensorProto.INT32,
    TensorProto.BOOL,
    TensorProto.STRING,
)
Tensors = Mapping[str, tuple[int, Sequence[Any]]]


def write(
    path: Path,
    nodes: Sequence[Any],
    inputs: Tensors,
    outputs: Tensors,
    *,
    constants: Sequence[Any] = (),
    metadata: Mapping[str, str] | None = None,
) -> Path:
    """Write a model of a few operators; tensors are given by name as type and shape."""
    infos = [
        [helper.make_tensor_value_info(name, kind, shape) for name, (kind, shape) in side.items()]
        for side in (inputs, outputs)
    ]
    graph = helper.make_graph(list(nodes), "handmade", infos[0], infos[1], initializer=list(constants))
    opsets = [helper.make_opsetid("", 15), helper.make_opsetid("ai.onnx.ml", 3)]
    model = helper.make_model(graph, opset_imports=opsets, ir_version=8)
    helper.set_model_props(model, dict(metadata or {}))
    onnx.save(model, path)
    return path


def summing(path: Path, width: int | None = 3, rows: int | None = None, **told: Any) -> Path:
    """Write a model that sums the squares of the columns of a matrix of floats."""
    node = helper.make_node("ReduceSumSquare", ["X"], ["Y"], keepdims=1, axes=[1])
    return write(path, [node], {"X": (FLOAT, [rows, width])}, {"Y": (FLOAT, [rows, 1])}, **told)


def sharing(path: Path, *, softmax: bool = True, **told: Any) -> Path:
    """Write a model that turns two columns into two shares, without naming classes; or hands them on."""
    node = helper.make_node("Softmax", ["X"], ["Y"], axis=1) if softmax else helper.make_node("Identity", ["X"], ["Y"])
    return write(path, [node], {"X": (FLOAT, [None, 2])}, {"Y": (FLOAT, [None, 2])}, **told)
