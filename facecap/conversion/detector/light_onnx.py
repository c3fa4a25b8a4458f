"""The RFB and Slim detectors as ONNX, in the form `levels`."""

from __future__ import annotations

import copy

import onnx
import torch
from torch import Tensor, nn

from facecap.conversion.network_onnx import Writer
from facecap.training.networks.retinaface_light import ANCHORS, LightRetinaFace

IMAGE = "image"
VALUES = 15  # an anchor: a logit, four numbers of its box, ten of its points


class _LevelAnswers(nn.Module):
    """One tensor a level, with the channels that the form has: the two-class softmax becomes one logit."""

    def __init__(self, network: LightRetinaFace) -> None:
        super().__init__()
        self.network = copy.deepcopy(network)
        for head in self.network.conf:
            last = head[-1] if isinstance(head, nn.Sequential) else head
            assert isinstance(last, nn.Conv2d) and last.bias is not None
            with torch.no_grad():
                last.weight = nn.Parameter(last.weight[1::2] - last.weight[0::2])
                last.bias = nn.Parameter(last.bias[1::2] - last.bias[0::2])

    def forward(self, image: Tensor) -> list[Tensor]:
        levels = self.network(image)
        answers = zip(levels.logits, levels.boxes, levels.landmarks, strict=True)
        return [torch.cat(parts, 1) for parts in answers]


def levels(network: LightRetinaFace) -> onnx.ModelProto:
    """One output (1, 15 anchors, H / s, W / s) a stride s, batch norm folded; any size."""
    writer = Writer(_LevelAnswers(network).eval())
    shapes = {}
    for stride, anchors, tensor in zip(network.layout.strides, ANCHORS, writer.run(IMAGE), strict=True):
        name = f"level_{stride}"
        writer.onnx.rename(tensor, name)
        shapes[name] = (1, VALUES * anchors, f"height_{stride}", f"width_{stride}")
    return writer.onnx.model({IMAGE: (1, 3, "height", "width")}, shapes)
