"""A refiner that begins with the body of a detector, which knows faces already."""

from __future__ import annotations

from pathlib import Path

import torch
from torch import Tensor

from facecap.conversion.checkpoint import CheckpointError, read_checkpoint, weights_in
from facecap.training.inputs import MEAN, STD
from facecap.training.networks.face_refiner import FaceRefiner
from facecap.training.run import TrainingError

BODY = "body."
FED = (104.0, 117.0, 123.0)  # what RetinaFace takes from blue, green, red
EPSILON = 1e-5  # of batch norm
FROZEN = "stage1"  # what stays as it was: edges and their likes


def begin(start: Path | None) -> tuple[FaceRefiner, str]:
    """The network at the beginning of a run, and where its weights come from; with a RetinaFace of
    MobileNetV1 x0.25 in the published layout the body is the detector's, and its fine level stays.

    Raises:
        TrainingError: the file is not such a checkpoint.
    """
    network = FaceRefiner()
    if start is None:
        return network, "random weights"
    try:
        weights = weights_in(read_checkpoint(start), start)
        network.load_state_dict({**network.state_dict(), **_body(weights)})
    except (CheckpointError, KeyError, RuntimeError) as error:
        raise TrainingError(
            f"{start}: wanted a RetinaFace of MobileNetV1 x0.25 in the published layout, found {error}"
        ) from error
    for name, weight in network.named_parameters():
        weight.requires_grad_(not name.startswith(FROZEN))
    return network, f"the body of {start.name}"


def _body(weights: dict[str, Tensor]) -> dict[str, Tensor]:
    """The weights of the body, as the refiner is fed: RGB from -1 to 1 instead of BGR less its mean.

    The first convolution gives c more than 127.5 times as much then, which its batch norm takes in.
    """
    body = {name.removeprefix(BODY): value for name, value in weights.items() if name.startswith(BODY)}
    first = body["stage1.0.0.weight"]
    constant = (first.sum((2, 3)) * (MEAN - torch.tensor(FED))).sum(1)
    body["stage1.0.0.weight"] = first.flip(1)
    body["stage1.0.1.running_mean"] = (body["stage1.0.1.running_mean"] - constant) / STD
    body["stage1.0.1.running_var"] = (body["stage1.0.1.running_var"] + EPSILON) / STD**2 - EPSILON
    return body
