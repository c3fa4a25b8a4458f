"""Proof that a converted model answers what the network answers: a detector the same scores and boxes, any
other network the same numbers."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import onnx

from facecap.conversion.graph import Floats
from facecap.conversion.priors import prior_boxes
from facecap.errors import FacecapError

if TYPE_CHECKING:
    from torch import nn

    from facecap.training.networks.retinaface import RetinaFace

SCORE_TOLERANCE = 1e-5
BOX_TOLERANCE = 1e-3  # pixels, on priors that a detector would report
REPORTED = 0.02
OUTPUT_TOLERANCE = 1e-4
NOISY = 8  # pictures of noise


class ConversionError(FacecapError):
    """A converted model that does not answer like the network that it came from."""


@dataclass(frozen=True)
class Difference:
    """Largest differences found: probabilities of a face, and corners or landmarks in pixels."""

    score: float
    box: float


def check_same(
    network: RetinaFace,
    model: onnx.ModelProto,
    min_sizes: Sequence[Sequence[int]],
    variances: Sequence[float],
) -> Difference:
    """Compare on random input and on a photograph; a `ConversionError` where a tolerance is passed."""
    worst = Difference(0.0, 0.0)
    for image in _inputs():
        priors = prior_boxes(image.shape[2], image.shape[3], min_sizes)
        expected, found = _of_network(network, image), _of_model(model, image)
        score = float(np.abs(expected[0] - found[0]).max())
        seen = np.maximum(expected[0], found[0]) >= REPORTED
        shift = np.abs(_decode(expected, priors, variances) - _decode(found, priors, variances))[seen]
        worst = Difference(max(worst.score, score), max(worst.box, float(shift.max(initial=0))))
    if not (worst.score <= SCORE_TOLERANCE and worst.box <= BOX_TOLERANCE):
        raise ConversionError(
            "the converted model differs from the network: "
            f"scores by {worst.score:.2e} (allowed {SCORE_TOLERANCE:g}), "
            f"boxes by {worst.box:.2e} px (allowed {BOX_TOLERANCE:g})"
        )
    return worst


def check_same_outputs(
    network: nn.Module, data: bytes, sides: tuple[int, int], batch: int | None = None
) -> float:
    """Compare a network's answers (B, N), several in a row, with those of its ONNX file: on noise of falling
    contrast and on a photograph, scaled to -1 to 1; `batch` is that of the file, None for any.

    Returns:
        The largest difference, as a share of the largest answer.

    Raises:
        ConversionError: it is above the tolerance.
    """
    import onnxruntime
    import torch

    width, height = sides
    noise = np.random.default_rng(0).uniform(-1, 1, (NOISY, 3, height, width)).astype(np.float32)
    noise *= np.geomspace(1, 0.02, NOISY, dtype=np.float32).reshape(-1, 1, 1, 1)
    pictures = np.concatenate([photograph(width, height) / 127.5 - 1, noise])
    size = len(pictures) if batch is None else batch
    pictures = np.resize(pictures, (-(-len(pictures) // size) * size, *pictures.shape[1:]))
    with torch.inference_mode():
        answers = network(torch.from_numpy(pictures))
        wanted = (torch.cat(answers, 1) if isinstance(answers, tuple) else answers).numpy()
    session = onnxruntime.InferenceSession(data, providers=["CPUExecutionProvider"])
    name = session.get_inputs()[0].name
    found = np.concatenate(
        [
            np.concatenate(session.run(None, {name: pictures[i : i + size]}), axis=1)
            for i in range(0, len(pictures), size)
        ]
    )
    if found.shape != wanted.shape:
        raise ConversionError(
            f"the converted model answers {found.shape} where the network answers {wanted.shape}"
        )
    difference = float(np.abs(found - wanted).max() / max(float(np.abs(wanted).max()), 1e-9))
    if not difference <= OUTPUT_TOLERANCE:
        raise ConversionError(
            "the converted model differs from the network: "
            f"outputs by {difference:.2e} of the largest (allowed {OUTPUT_TOLERANCE:g})"
        )
    return difference


def _inputs() -> Iterator[Floats]:
    random = np.random.default_rng(0)
    for height, width in ((160, 192), (320, 256)):
        yield random.uniform(-123, 151, (1, 3, height, width)).astype(np.float32)
    yield photograph(512, 608) - np.array([104, 117, 123], np.float32)[None, :, None, None]


def photograph(width: int, height: int) -> Floats:
    """A portrait, (1, 3, height, width) BGR, 0 to 255."""
    import cv2
    from matplotlib.cbook import get_sample_data

    photograph = cv2.imread(str(get_sample_data("grace_hopper.jpg", asfileobj=False)), cv2.IMREAD_COLOR)
    assert photograph is not None
    picture = cv2.resize(photograph, (width, height)).astype(np.float32)
    return np.ascontiguousarray(picture.transpose(2, 0, 1)[None])


def _of_network(network: RetinaFace, image: Floats) -> tuple[Floats, Floats]:
    import torch

    from facecap.training.networks.retinaface import flatten

    with torch.inference_mode():
        boxes, logits, landmarks = flatten(network(torch.from_numpy(image)))
        scores = torch.softmax(logits, -1)[0, :, 1]
        return scores.numpy(), torch.cat([boxes, landmarks], -1)[0].numpy()


def _of_model(model: onnx.ModelProto, image: Floats) -> tuple[Floats, Floats]:
    import onnxruntime

    session = onnxruntime.InferenceSession(model.SerializeToString(), providers=["CPUExecutionProvider"])
    names = [output.name for output in session.get_outputs()]
    outputs = dict(zip(names, session.run(None, {"image": image}), strict=True))
    if "boxes" in outputs:
        return outputs["scores"][0, :, 1], np.concatenate([outputs["boxes"], outputs["landmarks"]], -1)[0]
    scores, deltas = [], []
    for name in names:
        level = outputs[name][0]
        anchors = level.shape[0] // 15
        cells = np.moveaxis(level, 0, -1).reshape(-1, level.shape[0])
        scores.append(1 / (1 + np.exp(-cells[:, :anchors].reshape(-1))))
        boxes = cells[:, anchors : 5 * anchors].reshape(-1, 4)
        deltas.append(np.concatenate([boxes, cells[:, 5 * anchors :].reshape(-1, 10)], 1))
    return np.concatenate(scores), np.concatenate(deltas)


def _decode(answer: tuple[Floats, Floats], priors: Floats, variances: Sequence[float]) -> Floats:
    deltas = answer[1]
    size = priors[:, 2:]
    centre = priors[:, :2] + variances[0] * deltas[:, :2] * size
    half = size * np.exp(variances[1] * deltas[:, 2:4]) / 2
    points = np.tile(priors[:, :2], 5) + variances[0] * deltas[:, 4:] * size
    decoded: Floats = np.concatenate([centre - half, centre + half, points], 1)
    return decoded
