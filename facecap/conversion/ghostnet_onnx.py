"""GhostNet as an ONNX graph, built node by node: batch norm folded, free batch dimension, weights inside.

The two halves of a ghost module are joined by one Concat. An identity depthwise half in its place is exact
too, but was not faster in ONNX Runtime with AVX-512 VNNI, at batch 1 and at batch 8.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import onnx
import torch

from facecap.conversion.equality import ConversionError
from facecap.conversion.graph import Floats, Graph, Kernel, folded
from facecap.training.networks.ghostnet import BLOCKS, GhostNet

OPSET = 13
INPUT, OUTPUT = "input", "logits"
LOGIT_TOLERANCE = 1e-4

Weights = Mapping[str, Floats]


def to_onnx(model: GhostNet, side: int) -> bytes:
    """An ONNX file of the model, `input` (N, 3, side, side) -> `logits` (N, outputs), compared with it.

    Raises:
        ConversionError: the answers differ.
    """
    data: bytes = build(model, side).SerializeToString()
    difference = largest_difference(model, data, side)
    if not difference <= LOGIT_TOLERANCE:
        raise ConversionError(
            f"the converted model differs from the network: logits by {difference:.2e} "
            f"(allowed {LOGIT_TOLERANCE:g})"
        )
    return data


def build(model: GhostNet, side: int) -> onnx.ModelProto:
    """The graph alone, in evaluation mode."""
    weights = {name: value.detach().numpy() for name, value in model.state_dict().items()}
    graph = Graph("ghostnet", OPSET)
    x = graph.conv(INPUT, folded(weights, "stem.0", "stem.1"), stride=2, slope=0)
    for place in range(len(BLOCKS)):
        x = _bottleneck(graph, weights, x, place)
    x = graph.conv(x, folded(weights, "last.0", "last.1"), slope=0)
    x = graph.conv(graph.node("GlobalAveragePool", [x]), _plain(weights, "head"), slope=0)
    classifier = [graph.constant(weights[f"classifier.{part}"]) for part in ("weight", "bias")]
    graph.node("Gemm", [graph.node("Flatten", [x], axis=1), *classifier], OUTPUT, transB=1)
    outputs = model.classifier.out_features
    return graph.model({INPUT: ("batch", 3, side, side)}, {OUTPUT: ("batch", outputs)})


def largest_difference(model: GhostNet, data: bytes, side: int) -> float:
    """Largest difference of a logit between network and file, over random pictures of falling contrast."""
    import onnxruntime

    session = onnxruntime.InferenceSession(data, providers=["CPUExecutionProvider"])
    pictures = np.random.default_rng(0).uniform(-1, 1, (8, 3, side, side)).astype(np.float32)
    pictures *= np.geomspace(1, 0.02, 8, dtype=np.float32).reshape(-1, 1, 1, 1)
    training = model.training
    model.eval()
    with torch.inference_mode():
        wanted = model(torch.from_numpy(pictures)).numpy()
    model.train(training)
    return float(np.abs(session.run([OUTPUT], {INPUT: pictures})[0] - wanted).max())


def _bottleneck(graph: Graph, weights: Weights, x: str, place: int) -> str:
    block, name = BLOCKS[place], f"blocks.{place}"
    y = _ghost(graph, weights, x, f"{name}.body.0", slope=0)
    layer = 1
    if block.stride > 1:
        kernel = folded(weights, f"{name}.body.1.0", f"{name}.body.1.1")
        y = graph.conv(y, kernel, stride=block.stride, groups=kernel.outputs)
        layer += 1
    if block.excited:
        y = _excite(graph, weights, y, f"{name}.body.{layer}")
        layer += 1
    y = _ghost(graph, weights, y, f"{name}.body.{layer}", slope=None)
    if f"{name}.shortcut.0.0.weight" in weights:
        kernel = folded(weights, f"{name}.shortcut.0.0", f"{name}.shortcut.0.1")
        x = graph.conv(x, kernel, stride=block.stride, groups=kernel.outputs)
        x = graph.conv(x, folded(weights, f"{name}.shortcut.1.0", f"{name}.shortcut.1.1"))
    return graph.node("Add", [y, x])


def _ghost(graph: Graph, weights: Weights, x: str, name: str, slope: float | None) -> str:
    half = graph.conv(x, folded(weights, f"{name}.primary.0", f"{name}.primary.1"), slope=slope)
    kernel = folded(weights, f"{name}.cheap.0", f"{name}.cheap.1")
    return graph.node("Concat", [half, graph.conv(half, kernel, groups=kernel.outputs, slope=slope)], axis=1)


def _excite(graph: Graph, weights: Weights, x: str, name: str) -> str:
    pooled = graph.node("GlobalAveragePool", [x])
    reduced = graph.conv(pooled, _plain(weights, f"{name}.reduce"), slope=0)
    gate = graph.conv(reduced, _plain(weights, f"{name}.expand"))
    return graph.node("Mul", [x, graph.node("HardSigmoid", [gate], alpha=1 / 6, beta=0.5)])


def _plain(weights: Weights, name: str) -> Kernel:
    return Kernel(weights[f"{name}.weight"], weights[f"{name}.bias"])
