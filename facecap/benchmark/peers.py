"""What `detect` is compared with: its own network alone, and other ways to find faces on the same frame."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

Frame = NDArray[np.uint8]
Call = Callable[[], object]
MEAN = np.array((104, 117, 123), np.float32)


def both_graphs(checkpoint: Path, folder: Path) -> tuple[Path, Path]:
    """The checkpoint as facecap runs it and as it was published, converted once a folder."""
    from facecap.conversion.detector.import_checkpoint import import_checkpoint

    rewritten, original = folder / "rewritten.onnx", folder / "original.onnx"
    if not original.exists():
        import_checkpoint(checkpoint, rewritten, form="levels")
        import_checkpoint(checkpoint, original, form="concatenated")
    return rewritten, original


def planes(frame: Frame) -> NDArray[np.float32]:
    return np.ascontiguousarray((frame.astype(np.float32) - MEAN).transpose(2, 0, 1)[None])


def session(model: Path) -> Any:
    """As facecap opens it: one thread, no spinning, all optimizations."""
    import onnxruntime

    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = options.inter_op_num_threads = 1
    options.add_session_config_entry("session.intra_op.allow_spinning", "0")
    return onnxruntime.InferenceSession(str(model), options, providers=["CPUExecutionProvider"])


def run_alone(model: Path, frame: Frame) -> Call:
    """ONNX Runtime's Run and nothing else."""
    network, feed = session(model), planes(frame)
    name = network.get_inputs()[0].name
    return lambda: network.run(None, {name: feed})


def numpy_port(model: Path, frame: Frame, threshold: float) -> Call:
    from facecap.benchmark.numpy_retinaface import NumpyRetinaFace

    port = NumpyRetinaFace(model, score_threshold=threshold)
    return lambda: port.detect(frame)


def yunet(model: Path, frame: Frame, threshold: float) -> Call:
    height, width = frame.shape[:2]
    detector = cv2.FaceDetectorYN.create(str(model), "", (width, height), threshold, 0.4, 5000)
    return lambda: detector.detect(frame)


def ghostnet_alone(folder: Path, crops: Frame) -> Call:
    """ONNX Runtime's Run on GhostNet as PyTorch exports it, on these crops at once."""
    import torch

    from facecap.training.networks.ghostnet import GhostNet

    model = folder / "ghostnet.onnx"
    blob = np.ascontiguousarray(crops[..., ::-1].transpose(0, 3, 1, 2).astype(np.float32) / 127.5 - 1)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # the exporter that writes plain graphs is called old
        torch.onnx.export(
            GhostNet().eval(), (torch.from_numpy(blob),), str(model), opset_version=13, dynamo=False
        )
    network = session(model)
    name = network.get_inputs()[0].name
    return lambda: network.run(None, {name: blob})


def torch_flow(checkpoint: Path, frame: Frame, threshold: float) -> Call:
    """As the published project detects: eager PyTorch, priors made anew for every frame, everything decoded,
    then the threshold, then suppression box by box."""
    import torch

    from facecap.benchmark.numpy_retinaface import suppress
    from facecap.conversion.detector.published import open_published
    from facecap.training.networks.retinaface import flatten

    torch.set_num_threads(1)
    published = open_published(checkpoint)
    network = published.network
    height, width = frame.shape[:2]
    whole = torch.tensor([width, height, width, height], dtype=torch.float32)

    def detect() -> NDArray[np.float32]:
        with torch.no_grad():
            boxes, scores, points = (rows[0] for rows in flatten(network(torch.from_numpy(planes(frame)))))
            priors = torch.tensor(_priors(width, height, published.min_sizes))
            centre = priors[:, :2] + 0.1 * boxes[:, :2] * priors[:, 2:]
            size = priors[:, 2:] * torch.exp(0.2 * boxes[:, 2:])
            corners = (torch.cat((centre - size / 2, centre + size / 2), 1) * whole).numpy()
            landmarks = priors[:, None, :2] + 0.1 * points.view(-1, 5, 2) * priors[:, None, 2:]
            face = scores.softmax(1)[:, 1].numpy()
        kept = np.flatnonzero(face > threshold)
        order = kept[np.argsort(-face[kept])][:5000]
        faces = np.hstack((corners[order], face[order, None]))
        return np.hstack((faces, landmarks.numpy()[order].reshape(-1, 10)))[suppress(faces[:, :4], 0.4)]

    return detect


def _priors(width: int, height: int, min_sizes: Sequence[Sequence[int]]) -> list[list[float]]:
    return [
        [(column + 0.5) * stride / width, (row + 0.5) * stride / height, size / width, size / height]
        for stride, sizes in zip((8, 16, 32), min_sizes, strict=True)
        for row in range(-(-height // stride))
        for column in range(-(-width // stride))
        for size in sizes
    ]
