"""The weights of a classifier, ours or published ones, as a model: the caller says what its answers mean."""

from __future__ import annotations

import copy
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

import torch
from torch import nn

from facecap.conversion.checkpoint import CheckpointError
from facecap.conversion.equality import OutputDifference
from facecap.conversion.manifest import write_model
from facecap.conversion.network_input import letterbox
from facecap.conversion.network_onnx import INPUT, LOGITS, to_compared_onnx
from facecap.conversion.norm_statistics import distance
from facecap.demo.portrait import photograph
from facecap.training.backbone import takes_side
from facecap.training.inputs import section
from facecap.training.mask.augment import BORDER
from facecap.training.mask.augment import SIDE as MASK_SIDE
from facecap.training.mask.model import CLASSES
from facecap.training.networks.registry import Recognised, build

Say = Callable[[str], None]

TASKS = ("mask", "classification")
UNKNOWN = (0.4, 0.6)  # probabilities between which a mask classifier that nobody measured yet says unknown
SIDE = 224  # px, of ImageNet's classifiers
PIXEL = 255.0
LEAKING = "mobilenet_v1_"  # networks whose published checkpoints differ in the slope of their activations
SLOPES = (0.0, 0.1)  # of these


@dataclass(frozen=True)
class Meaning:
    """What no weights tell: what the network is fed with and what its outputs mean; None for the usual.

    Attributes:
        task: `mask` or `classification`.
        classes: names in the order of the outputs; one output speaks for the last of two.
        mean, std: of the planes in pixel values, or in shares of 255 where every std is below 1.
        color: order of the planes.
        side: px of the square input.
    """

    task: str | None = None
    classes: Sequence[str] | None = None
    mean: Sequence[float] | None = None
    std: Sequence[float] | None = None
    color: Literal["rgb", "bgr"] | None = None
    side: int | None = None

    def entry(self, side: int) -> dict[str, Any]:
        """The section `input` of a manifest; what is not said is as training here feeds its networks.

        Raises:
            CheckpointError: mean and std are of different units.
        """
        usual = section(INPUT, side)
        mean, std = list(self.mean or usual["mean"]), list(self.std or usual["std"])
        shares = max(std) < 1
        if max(mean) > 1 if shares else 0 < max(mean) <= 1:
            raise CheckpointError(
                f"mean {mean} and std {std}: one is of pixels from 0 to 255, the other of 0 to 1; give both "
                "in one unit"
            )
        if shares:
            mean, std = ([round(PIXEL * value, 6) for value in values] for values in (mean, std))
        return {**usual, "mean": mean, "std": std, "color": self.color or usual["color"]}


def read_classes(path: Path) -> list[str]:
    """Names of classes, one a line.

    Raises:
        CheckpointError: the file is not there, or not such a text.
    """
    try:
        lines = path.read_text(encoding="utf-8-sig").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        raise CheckpointError(f"{path}: wanted the name of a class in each line: {error}") from error
    return [line.strip() for line in lines if line.strip()]


def export(
    found: Recognised,
    path: Path,
    out: Path,
    meaning: Meaning,
    slope: float | None,
    about: Mapping[str, Any],
    say: Say,
) -> OutputDifference:
    """Write the network as `out` (`.onnx`) with its manifest; returns how far its answers are from the
    network's.

    Args:
        found: the network and its weights.
        path: where they come from, for texts.
        out: the file to write.
        meaning: of its input and its outputs.
        slope: of its activations below zero, of MobileNetV1 alone; the one of those known with which the
            statistics of its batch norms fit a photograph, where None.
        about: name, licence and origin.
        say: is told what was taken as usual.

    Raises:
        CheckpointError: the meaning does not fit the network.
        ConversionError: the written graph would not answer like the network; nothing is written.
    """
    side = meaning.side or (MASK_SIDE if meaning.task == "mask" else SIDE)
    if not takes_side(found.network, side):
        raise CheckpointError(
            f"{path}: {found.network} takes no pictures of {side}x{side}: give another --input-size"
        )
    entry = meaning.entry(side)
    manifest = {
        "task": meaning.task,
        "architecture": found.network,
        "input": entry,
        "outputs": [{"role": "logits", "name": LOGITS}],
        "classifier": _classifier(found, path, meaning, say),
        **about,
    }
    network = _network(found, path, slope, entry, say)
    says = ", ".join(f"{key} {' '.join(f'{value:g}' for value in entry[key])}" for key in ("mean", "std"))
    say(f"{path.name}: {found} of {found.outputs} output(s), fed with {side}x{side} {entry['color']}, {says}")
    data, difference = to_compared_onnx(network, (side, side))
    out.parent.mkdir(parents=True, exist_ok=True)
    write_model(out, data, manifest)
    return difference


def _classifier(found: Recognised, path: Path, meaning: Meaning, say: Say) -> dict[str, Any]:
    """The section `classifier`."""
    if meaning.task == "mask":
        classes = list(meaning.classes or CLASSES[:2])
        wanted = CLASSES if found.outputs == 3 else CLASSES[:2]
        if sorted(classes) != sorted(wanted) or found.outputs > len(wanted):
            raise CheckpointError(
                f"{path}: {found.outputs} outputs for the classes {', '.join(classes)}: a mask classifier "
                f"has 1 or 2 for {' and '.join(CLASSES[:2])}, or 3, one of them for {CLASSES[2]}"
            )
        output = "sigmoid" if found.outputs == 1 else "softmax"
        return {"output": output, "classes": classes, "unknown": list(UNKNOWN), "crop_border": BORDER}
    if meaning.classes is None or len(meaning.classes) != found.outputs or found.outputs < 2:
        given = "no names" if meaning.classes is None else f"{len(meaning.classes)} names"
        raise CheckpointError(
            f"{path}: {found.outputs} outputs and {given} of classes: a classifier has 2 or more, and "
            "--classes a file with a name for each, one a line"
        )
    return {"output": "softmax", "classes": _distinct(meaning.classes, path, say)}


def _distinct(classes: Sequence[str], path: Path, say: Say) -> list[str]:
    """Names, each once: ImageNet has two cranes."""
    again = [number for number, name in enumerate(classes) if name in classes[:number]]
    named = [f"{name} ({number})" if number in again else name for number, name in enumerate(classes)]
    if again:
        say(f"{path.name}: names that come twice now have their number: {', '.join(named[i] for i in again)}")
    return named


def _network(
    found: Recognised, path: Path, slope: float | None, entry: Mapping[str, Any], say: Say
) -> nn.Module:
    """In evaluation mode."""
    plain = build(found.network, found.outputs).eval()
    plain.load_state_dict(dict(found.weights))
    if not found.network.startswith(LEAKING):
        if slope:
            raise CheckpointError(f"{path}: {found.network} has no slope: leave out --slope {slope:g}")
        return plain
    if slope is not None:
        return _leaking(plain, slope)
    picture = letterbox(photograph(), entry)[0]
    far = {slope: distance(_leaking(plain, slope), torch.from_numpy(picture)) for slope in SLOPES}
    best = min(far, key=far.__getitem__)
    words = ", ".join(f"{value:.2f} with {slope:g}" for slope, value in far.items())
    say(
        f"{path.name}: activations of slope {best:g}: with it a photograph fits the batch norms "
        f"best (distance {words})"
    )
    return _leaking(plain, best)


def _leaking(network: nn.Module, slope: float) -> nn.Module:
    """A copy whose ReLU have a slope below zero."""
    copied = copy.deepcopy(network)
    for module in list(copied.modules()) if slope else []:
        for child, layer in module.named_children():
            if isinstance(layer, nn.ReLU):
                setattr(module, child, nn.LeakyReLU(slope))
    return copied
