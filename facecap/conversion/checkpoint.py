"""Reads what others trained: checkpoints of torch, the RetinaFace whose layout they have, and ONNX files."""

from __future__ import annotations

import argparse
import pickle
import re
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from facecap.errors import FacecapError

if TYPE_CHECKING:
    import onnx
    from torch import Tensor, nn

    from facecap.conversion.detector.retinaface_onnx import Weights
    from facecap.training.networks.retinaface import RetinaFace
    from facecap.training.networks.retinaface_light import LightRetinaFace

AVERAGED = ("state_dict_ema", "ema_state_dict", "model_ema", "ema")
WRAPPERS = (*AVERAGED, "state_dict", "model_state_dict", "net_state_dict", "model", "net", "network")
"""Entries under which checkpoints keep their weights, the first that is there being taken: averaged weights
are those that published figures are of."""
PREFIXES = re.compile(r"^(?:(?:module|_orig_mod)\.)+")  # of DataParallel and of torch.compile
COUNTERS = ("total_ops", "total_params")  # which the profiler thop leaves among the weights
UNREADABLE = (  # what torch.load raises for files of other kinds
    *(OSError, EOFError, RuntimeError, ValueError, LookupError, TypeError, AttributeError),
    pickle.UnpicklingError,
)
WANTED = "wanted a state_dict, a mapping of names to tensors"


STARTS = (b"PK\x03\x04", b"\x80")  # of a file by torch.save: an archive, or a pickle as older ones write


class CheckpointError(FacecapError):
    """A checkpoint that is not readable or has no known layout."""


def is_checkpoint(path: Path) -> bool:
    """Whether a file starts as one of torch does.

    Raises:
        CheckpointError: there is no such file.
    """
    if not path.is_file():
        raise CheckpointError(f"{path}: no such file")
    with path.open("rb") as file:
        return file.read(max(map(len, STARTS))).startswith(STARTS)


def read_checkpoint(path: Path) -> dict[str, Any]:
    """What a `.pt`, `.pth` or `.tar` of torch holds.

    Raises:
        CheckpointError: there is no such file, or it holds anything but a mapping of plain values.
    """
    import torch

    if not path.is_file():
        raise CheckpointError(f"{path}: no such file")
    try:
        with torch.serialization.safe_globals([argparse.Namespace]):  # options that many programs keep
            loaded: Any = torch.load(path, map_location="cpu", weights_only=True)
    except UNREADABLE as error:
        foreign = re.search(r"GLOBAL (\S+)", str(error))
        held = f": it holds a {foreign[1]}; save its state_dict alone" if foreign else ""
        raise CheckpointError(f"{path}: not a torch checkpoint of plain tensors{held}") from error
    if not isinstance(loaded, dict):
        raise CheckpointError(f"{path}: found a {type(loaded).__name__}, {WANTED}")
    return loaded


def read_onnx(path: Path) -> onnx.ModelProto:
    """An ONNX file with all its weights.

    Raises:
        CheckpointError: there is no such file, it is none, or weights are missing.
    """
    import onnx

    if not path.is_file():
        raise CheckpointError(f"{path}: no such file")
    try:
        return onnx.load(path)
    except Exception as error:  # of protobuf for another kind of file, of onnx for weights that are missing
        raise CheckpointError(
            f"{path}: neither a checkpoint of torch nor a readable ONNX file with its weights: {error}"
        ) from error


def weights_in(checkpoint: Mapping[str, Any], path: Path) -> dict[str, Tensor]:
    """The state_dict that a checkpoint is or holds; see `find_weights`."""
    return find_weights(checkpoint, path)[0]


def find_weights(checkpoint: Mapping[str, Any], path: Path) -> tuple[dict[str, Tensor], str]:
    """The state_dict that a checkpoint is or holds, and the names of the entries that it lies in, `""` where
    the checkpoint is one.

    Its keys are without the prefixes `module.` and `_orig_mod.`; a batch norm without a counter of its
    batches, which older programs did not write, gets one.

    Raises:
        CheckpointError: there is none; the text, which starts with `path`, says what was found.
    """
    import torch

    found = _search(checkpoint)
    if found is None:
        held = ", ".join(f"{key} ({type(value).__name__})" for key, value in list(checkpoint.items())[:6])
        raise CheckpointError(
            f"{path}: {WANTED}, by itself or in one of {', '.join(WRAPPERS)}; found {held or 'nothing'}"
        )
    weights, entries = found
    named = {PREFIXES.sub("", str(key)): value for key, value in weights.items()}
    kept = {key: value for key, value in named.items() if key.rpartition(".")[2] not in COUNTERS}
    for key in [key for key in kept if key.endswith(".running_mean")]:
        kept.setdefault(key.removesuffix("running_mean") + "num_batches_tracked", torch.tensor(0))
    return kept, ".".join(entries)


def _search(checkpoint: Mapping[str, Any]) -> tuple[Mapping[str, Tensor], tuple[str, ...]] | None:
    """Tensors by name, and the entries that lead to them."""
    import torch

    if checkpoint and all(isinstance(value, torch.Tensor) for value in checkpoint.values()):
        return checkpoint, ()
    for wrapper in WRAPPERS:
        if isinstance(inner := checkpoint.get(wrapper), Mapping) and (found := _search(inner)):
            return found[0], (wrapper, *found[1])
    return None


def load_network(path: Path, slope: float = 0.0) -> RetinaFace | LightRetinaFace:
    """The network of a `.pth`, in evaluation mode; for `slope` see `Layout`.

    Raises:
        CheckpointError: the file is of another network.
    """
    from facecap.training.networks.retinaface import MOBILENET, RESNET50, RetinaFace
    from facecap.training.networks.retinaface_light import RFB, SLIM, LightRetinaFace

    state = weights_in(read_checkpoint(path), path)
    network: RetinaFace | LightRetinaFace
    if "conv14.0.weight" in state:
        network = LightRetinaFace(RFB if "conv8.ConvLinear.conv.weight" in state else SLIM)
    elif "body.layer1.0.conv1.weight" in state:
        network = RetinaFace(RESNET50)
    else:
        network = RetinaFace(replace(MOBILENET, slope=slope))
    fit(network, state, f"{path}: does not fit {network.layout.name}")
    return network.eval()


def fit(network: nn.Module, weights: Mapping[str, Tensor], problem: str) -> None:
    """Load the weights.

    Raises:
        CheckpointError: they are not the network's; its text starts with `problem`.
    """
    try:
        network.load_state_dict(weights)
    except RuntimeError as error:
        raise CheckpointError(f"{problem}: {_short(error)}") from error


def weights_of(network: RetinaFace) -> Weights:
    """The network's weights as arrays, by the keys of the checkpoint."""
    return {key: value.detach().numpy() for key, value in network.state_dict().items()}


def _short(error: Exception, limit: int = 300) -> str:
    text = " ".join(str(error).split())
    return text if len(text) <= limit else text[:limit] + " …"
