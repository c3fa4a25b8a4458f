"""RetinaFace as ONNX, in the two forms that a manifest can declare.

`concatenated` is the published graph. `levels` computes the same numbers faster. The heads of a level become one
convolution; the two-class softmax becomes one logit, w1 - w0; ReLU moves into the convolutions before the
concatenation; nothing is transposed or reshaped. The 8-channel stem fills a whole vector: its second half repeats the
first, the depthwise convolution after it negates that half, and leaky(x) = relu(x) - slope * relu(-x) turns a leaky ReLU,
which ONNX Runtime applies in a pass of its own, into a ReLU inside the convolution.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
import onnx

from facecap.conversion.graph import Floats, Graph, Kernel, folded, scaled, stacked

STRIDES = (8, 16, 32)
ANCHORS = 2
LEAK = 0.1  # negative slope of the MobileNet body
HALVING = {("stage1", 2), ("stage1", 4), ("stage2", 0), ("stage3", 0)}  # MobileNet blocks of stride 2
RESNET_BLOCKS = (3, 4, 6, 3)
Weights = Mapping[str, Floats]


def is_resnet(weights: Weights) -> bool:
    return "body.layer1.0.conv1.weight" in weights


def concatenated(weights: Weights) -> onnx.ModelProto:
    """The published graph: boxes (1, N, 4), scores (1, N, 2) after softmax, landmarks (1, N, 10); any input size."""
    graph = Graph("retinaface")
    pyramid = _pyramid(graph, weights, _body(graph, weights, paired_stem=False), by_size=True)
    features = [
        _context(graph, weights, level, x, activate_first=False) for level, x in enumerate(pyramid, 1)
    ]
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
    shapes = {"boxes": [1, "priors", 4], "scores": [1, "priors", 2], "landmarks": [1, "priors", 10]}
    return graph.model({"image": [1, 3, "height", "width"]}, shapes)


def levels(weights: Weights) -> onnx.ModelProto:
    """The rewritten graph: one output (1, 2 * 15, H / s, W / s) a stride s; height and width multiples of 32.

    Channels: the anchors' face logits (face minus background: its sigmoid is the softmax), then their box deltas,
    then their landmark deltas.
    """
    graph = Graph("retinaface_levels")
    pyramid = _pyramid(graph, weights, _body(graph, weights, paired_stem=True), by_size=False)
    for level, x in enumerate(pyramid):
        features = _context(graph, weights, level + 1, x, activate_first=True)
        graph.conv(features, _fused_heads(weights, level), output=f"level_{STRIDES[level]}")
    shapes = {f"level_{s}": [1, 15 * ANCHORS, f"height_{s}", f"width_{s}"] for s in STRIDES}
    return graph.model({"image": [1, 3, "height", "width"]}, shapes)


def _slope(weights: Weights) -> float:
    return 0.1 if weights["fpn.merge1.0.weight"].shape[0] <= 64 else 0.0


def _unit(weights: Weights, name: str) -> Kernel:
    return folded(weights, f"{name}.0", f"{name}.1")


def _body(graph: Graph, weights: Weights, *, paired_stem: bool) -> list[str]:
    return _resnet(graph, weights) if is_resnet(weights) else _mobilenet(graph, weights, paired_stem)


def _mobilenet(graph: Graph, weights: Weights, paired_stem: bool) -> list[str]:
    stem = _unit(weights, "body.stage1.0")
    x = graph.conv("image", stacked([stem, stem]) if paired_stem else stem, stride=2, slope=LEAK)
    outputs = []
    for stage, blocks in (("stage1", range(1, 6)), ("stage2", range(6)), ("stage3", range(2))):
        for block in blocks:
            name = f"body.{stage}.{block}"
            stride = 2 if (stage, block) in HALVING else 1
            depthwise = folded(weights, f"{name}.0", f"{name}.1")
            pointwise = folded(weights, f"{name}.3", f"{name}.4")
            slope = LEAK
            if paired_stem and (stage, block) == ("stage1", 1):
                depthwise, slope = stacked([depthwise, scaled(depthwise, -1)]), 0
                both = np.concatenate([pointwise.weight, np.float32(-LEAK) * pointwise.weight], axis=1)
                pointwise = Kernel(both, pointwise.bias)
            x = graph.conv(x, depthwise, stride=stride, groups=depthwise.outputs, slope=slope)
            x = graph.conv(x, pointwise, slope=LEAK)
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


def _pyramid(graph: Graph, weights: Weights, body: Sequence[str], *, by_size: bool) -> list[str]:
    slope = _slope(weights)
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
        return graph.node("Resize", [x, "", graph.constant(np.float32([1, 1, 2, 2]))], **how)
    channels = graph.node("Shape", [x], start=0, end=2)
    size = graph.node("Concat", [channels, graph.node("Shape", [like], start=2, end=4)], axis=0)
    return graph.node("Resize", [x, "", "", size], **how)


def _context(graph: Graph, weights: Weights, level: int, x: str, *, activate_first: bool) -> str:
    slope, ssh = _slope(weights), f"ssh{level}"
    shared = graph.conv(x, _unit(weights, f"{ssh}.conv5X5_1"), slope=slope)
    further = graph.conv(shared, _unit(weights, f"{ssh}.conv7X7_2"), slope=slope)
    last = 0.0 if activate_first else None
    views = [
        graph.conv(view, _unit(weights, f"{ssh}.{name}"), slope=last)
        for view, name in ((x, "conv3X3"), (shared, "conv5X5_2"), (further, "conv7x7_3"))
    ]
    together = graph.node("Concat", views, axis=1)
    return together if activate_first else graph.node("Relu", [together])


def _head(weights: Weights, head: str, level: int) -> Kernel:
    name = f"{head}.{level}.conv1x1"
    return Kernel(weights[f"{name}.weight"], weights[f"{name}.bias"])


def _fused_heads(weights: Weights, level: int) -> Kernel:
    classes, boxes, landmarks = (
        _head(weights, head, level) for head in ("ClassHead", "BboxHead", "LandmarkHead")
    )
    logits = Kernel(classes.weight[1::2] - classes.weight[0::2], classes.bias[1::2] - classes.bias[0::2])
    return stacked([logits, boxes, landmarks])


def _rows(graph: Graph, x: str, kernel: Kernel, values: int) -> str:
    y = graph.node("Transpose", [graph.conv(x, kernel)], perm=[0, 2, 3, 1])
    return graph.node("Reshape", [y, graph.constant(np.array([0, -1, values], np.int64))])
