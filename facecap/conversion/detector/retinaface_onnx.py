"""RetinaFace as ONNX, in the two forms that a manifest can declare.

`concatenated` is the published graph. `levels` computes the same numbers faster. The heads of a level
become one convolution; the two-class softmax becomes one logit, w1 - w0; ReLU moves into the convolutions
before the concatenation; the 8-channel stem is widened by zeros to a whole vector; nothing is transposed or
reshaped.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
import onnx

from facecap.conversion.detector.priors import STRIDES
from facecap.conversion.graph import Floats, Graph, Kernel, folded, padded, plain, stacked

ANCHORS = 2
VECTOR = 16  # channels of a whole AVX-512 register of float32, the unit of blocked convolutions
HALVING = {("stage1", 2), ("stage1", 4), ("stage2", 0), ("stage3", 0)}  # MobileNet blocks of stride 2
RESNET_BLOCKS = (3, 4, 6, 3)
Weights = Mapping[str, Floats]
Shapes = dict[str, Sequence[int | str]]


def is_resnet(weights: Weights) -> bool:
    return "body.layer1.0.conv1.weight" in weights


def concatenated(weights: Weights, slope: float) -> onnx.ModelProto:
    """The published graph: boxes (1, N, 4), scores (1, N, 2) after softmax, landmarks (1, N, 10); any input
    size."""
    graph = Graph("retinaface")
    pyramid = _pyramid(graph, weights, slope, _body(graph, weights, slope, widen=False), by_size=True)
    features = [_context(graph, weights, slope, level, x) for level, x in enumerate(pyramid, 1)]
    rows = {
        role: graph.node(
            "Concat",
            [_rows(graph, x, _head(weights, head, level), values) for level, x in enumerate(features)],
            role if head != "ClassHead" else None,
            axis=1,
        )
        for role, head, values in (
            ("boxes", "BboxHead", 4),
            ("scores", "ClassHead", 2),
            ("landmarks", "LandmarkHead", 10),
        )
    }
    graph.node("Softmax", [rows["scores"]], "scores", axis=-1)
    shapes: Shapes = {"boxes": [1, "priors", 4], "scores": [1, "priors", 2], "landmarks": [1, "priors", 10]}
    return graph.model({"image": [1, 3, "height", "width"]}, shapes)


def levels(weights: Weights, slope: float) -> onnx.ModelProto:
    """The rewritten graph: one output (1, 2 * 15, H / s, W / s) a stride s; height and width multiples of 32.

    Channels: the anchors' face logits (face minus background: its sigmoid is the softmax), then their box
    deltas, then their landmark deltas.
    """
    graph = Graph("retinaface_levels")
    pyramid = _pyramid(graph, weights, slope, _body(graph, weights, slope, widen=True), by_size=False)
    for level, x in enumerate(pyramid):
        features = _merged_context(graph, weights, slope, level + 1, x)
        graph.conv(features, _fused_heads(weights, level), output=f"level_{STRIDES[level]}")
    shapes: Shapes = {f"level_{s}": [1, 15 * ANCHORS, f"height_{s}", f"width_{s}"] for s in STRIDES}
    return graph.model({"image": [1, 3, "height", "width"]}, shapes)


def _unit(weights: Weights, name: str) -> Kernel:
    return folded(weights, f"{name}.0", f"{name}.1")


def _body(graph: Graph, weights: Weights, slope: float, *, widen: bool) -> list[str]:
    return _resnet(graph, weights) if is_resnet(weights) else _mobilenet(graph, weights, slope, widen)


def _mobilenet(graph: Graph, weights: Weights, slope: float, widen: bool) -> list[str]:
    channels = VECTOR if widen else 8
    stem = _unit(weights, "body.stage1.0")
    x = graph.conv("image", padded(stem, outputs=channels), stride=2, slope=slope)
    outputs = []
    for stage, blocks in (("stage1", range(1, 6)), ("stage2", range(6)), ("stage3", range(2))):
        for block in blocks:
            name = f"body.{stage}.{block}"
            stride = 2 if (stage, block) in HALVING else 1
            depthwise = padded(folded(weights, f"{name}.0", f"{name}.1"), outputs=channels)
            pointwise = padded(folded(weights, f"{name}.3", f"{name}.4"), inputs=channels)
            x = graph.conv(x, depthwise, stride=stride, groups=channels, slope=slope)
            x = graph.conv(x, pointwise, slope=slope)
            channels = pointwise.outputs
        outputs.append(x)
    return outputs


def _resnet(graph: Graph, weights: Weights) -> list[str]:
    x = graph.conv("image", folded(weights, "body.conv1", "body.bn1"), stride=2, slope=0)
    x = graph.node("MaxPool", [x], kernel_shape=[3, 3], strides=[2, 2], pads=[1, 1, 1, 1])
    outputs = []
    for stage, blocks in enumerate(RESNET_BLOCKS, 1):
        for block in range(blocks):
            name = f"body.layer{stage}.{block}"
            stride = 2 if block == 0 and stage > 1 else 1
            y = graph.conv(x, folded(weights, f"{name}.conv1", f"{name}.bn1"), slope=0)
            y = graph.conv(y, folded(weights, f"{name}.conv2", f"{name}.bn2"), stride=stride, slope=0)
            y = graph.conv(y, folded(weights, f"{name}.conv3", f"{name}.bn3"))
            if block == 0:
                x = graph.conv(x, _unit(weights, f"{name}.downsample"), stride=stride)
            x = graph.node("Relu", [graph.node("Add", [y, x])])
        outputs.append(x)
    return outputs[1:]


def _pyramid(
    graph: Graph, weights: Weights, slope: float, body: Sequence[str], *, by_size: bool
) -> list[str]:
    fine, middle, coarse = (
        graph.conv(x, _unit(weights, f"fpn.output{i}"), slope=slope) for i, x in enumerate(body, 1)
    )

    def merge(x: str, above: str, name: str) -> str:
        return graph.conv(
            graph.node("Add", [x, _upsample(graph, above, x if by_size else None)]),
            _unit(weights, name),
            slope=slope,
        )

    middle = merge(middle, coarse, "fpn.merge2")
    return [merge(fine, middle, "fpn.merge1"), middle, coarse]


def _upsample(graph: Graph, x: str, like: str | None) -> str:
    """Nearest upsampling: to the size of another tensor, or by two."""
    how = {"mode": "nearest", "coordinate_transformation_mode": "asymmetric", "nearest_mode": "floor"}
    if like is None:
        return graph.node("Resize", [x, "", graph.constant(np.array([1, 1, 2, 2], np.float32))], **how)
    channels = graph.node("Shape", [x], start=0, end=2)
    size = graph.node("Concat", [channels, graph.node("Shape", [like], start=2, end=4)], axis=0)
    return graph.node("Resize", [x, "", "", size], **how)


def _context(graph: Graph, weights: Weights, slope: float, level: int, x: str) -> str:
    ssh = f"ssh{level}"
    shared = graph.conv(x, _unit(weights, f"{ssh}.conv5X5_1"), slope=slope)
    further = graph.conv(shared, _unit(weights, f"{ssh}.conv7X7_2"), slope=slope)
    views = ((x, "conv3X3"), (shared, "conv5X5_2"), (further, "conv7x7_3"))
    together = [graph.conv(view, _unit(weights, f"{ssh}.{name}")) for view, name in views]
    return graph.node("Relu", [graph.node("Concat", together, axis=1)])


def _merged_context(graph: Graph, weights: Weights, slope: float, level: int, x: str) -> str:
    """The context module with the two convolutions of `x` in one, and ReLU before the concatenation.

    A 1x1 identity takes the shared part out again: it stays in the blocked layout, a slice would not.
    Behind the 3x3 view the answer holds the shared part a second time; `_fused_heads` gives it no weight.
    """
    ssh = f"ssh{level}"
    wide, narrow = _unit(weights, f"{ssh}.conv3X3"), _unit(weights, f"{ssh}.conv5X5_1")
    first = graph.conv(x, stacked([wide, narrow]), slope=slope)
    shared = graph.conv(first, _taking(wide.outputs, narrow.outputs))
    further = graph.conv(shared, _unit(weights, f"{ssh}.conv7X7_2"), slope=slope)
    views = ((shared, "conv5X5_2"), (further, "conv7x7_3"))
    rest = [graph.conv(view, _unit(weights, f"{ssh}.{name}"), slope=0) for view, name in views]
    together = graph.node("Concat", [first, *rest], axis=1)
    return graph.node("Relu", [together]) if slope else together


def _taking(skipped: int, taken: int) -> Kernel:
    """A 1x1 convolution that answers its last `taken` input channels as they are."""
    weight = np.eye(taken, skipped + taken, skipped, dtype=np.float32)
    return Kernel(weight[:, :, None, None], np.zeros(taken, np.float32))


def _head(weights: Weights, head: str, level: int) -> Kernel:
    return plain(weights, f"{head}.{level}.conv1x1")


def _fused_heads(weights: Weights, level: int) -> Kernel:
    """All heads of a level on `_merged_context`: face minus background logits, boxes, landmarks."""
    classes, boxes, landmarks = (
        _head(weights, head, level) for head in ("ClassHead", "BboxHead", "LandmarkHead")
    )
    logits = Kernel(classes.weight[1::2] - classes.weight[0::2], classes.bias[1::2] - classes.bias[0::2])
    heads = stacked([logits, boxes, landmarks])
    half, quarter = heads.weight.shape[1] // 2, heads.weight.shape[1] // 4
    unused = np.zeros((heads.outputs, quarter, 1, 1), np.float32)
    return Kernel(
        np.concatenate([heads.weight[:, :half], unused, heads.weight[:, half:]], axis=1), heads.bias
    )


def _rows(graph: Graph, x: str, kernel: Kernel, values: int) -> str:
    y = graph.node("Transpose", [graph.conv(x, kernel)], perm=[0, 2, 3, 1])
    return graph.node("Reshape", [y, graph.constant(np.array([0, -1, values], np.int64))])
