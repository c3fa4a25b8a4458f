"""The kinds of files that `import_model` takes: how each is known, by what it holds, and converted."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import onnx
from torch import Tensor

from facecap.conversion import classifier, embedder
from facecap.conversion.checkpoint import (
    CheckpointError,
    find_weights,
    is_checkpoint,
    read_checkpoint,
    read_onnx,
)
from facecap.conversion.classifier import Meaning
from facecap.conversion.detector.import_checkpoint import Form, import_checkpoint
from facecap.conversion.detector.import_onnx import import_detector
from facecap.conversion.equality import Difference, OutputDifference
from facecap.conversion.export_run import export_run, is_run
from facecap.training.networks.registry import EMBEDDERS, Recognised, nearest, recognise

DETECTOR_HEADS = ("BboxHead.", "landm.")  # of RetinaFace, and of RFB and Slim
SAME_PERSON = 0.3  # cosine


@dataclass(frozen=True)
class ImportOptions:
    """What the caller of `import_model` asks for; None where nothing was said."""

    form: Form | None
    min_sizes: Sequence[Sequence[int]] | None
    slope: float | None
    same_person: float | None
    meaning: Meaning
    given: Mapping[str, str]  # of name, licence and origin those that were said
    say: Callable[[str], None]  # is told what was found and decided

    def about(self, path: Path, out: Path) -> dict[str, str]:
        """Name, licence and origin of a file that says none of them itself."""
        return {
            "name": out.stem,
            "licence": "unknown",
            "origin": f"converted from {path.name}",
            **self.given,
        }

    @property
    def asked(self) -> set[str]:
        """The options that were said and that not every kind takes, as a command line has them."""
        choices = {
            "--form": self.form,
            "--min-sizes": self.min_sizes,
            "--slope": self.slope,
            "--same-person": self.same_person,
            "--task": self.meaning.task,
            "--classes": self.meaning.classes,
            "--mean": self.meaning.mean,
            "--std": self.meaning.std,
            "--color": self.meaning.color,
            "--input-size": self.meaning.side,
        }
        return {name for name, value in choices.items() if value is not None}

    @property
    def threshold(self) -> float:
        """The cosine from which two faces count as one person."""
        return SAME_PERSON if self.same_person is None else self.same_person


class GivenFile:
    """A file that was read: `graph` of an ONNX file, else None, and `checkpoint` of torch, else None.

    Raises:
        CheckpointError: it is neither, or not readable.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self.checkpoint = read_checkpoint(path) if is_checkpoint(path) else None
        self.graph: onnx.ModelProto | None = None if self.checkpoint is not None else read_onnx(path)

    @cached_property
    def found(self) -> tuple[dict[str, Tensor], str]:
        """The state_dict of a checkpoint, empty for an ONNX file, and the entries that it lies in."""
        return ({}, "") if self.checkpoint is None else find_weights(self.checkpoint, self.path)

    @property
    def weights(self) -> dict[str, Tensor]:
        """The state_dict alone."""
        return self.found[0]

    @cached_property
    def network(self) -> Recognised | None:
        """The network that the weights are of, where it is known."""
        return recognise(self.weights) if self.weights else None

    @property
    def outputs(self) -> int:
        """Of the graph; 0 for a checkpoint."""
        return 0 if self.graph is None else len(self.graph.graph.output)


@dataclass(frozen=True)
class Kind:
    """One kind of file.

    Attributes:
        name: in words.
        known: whether a file is one; kinds further up in `KINDS` have said no.
        convert: writes the model and its manifest, and returns how far its answers are from the file's.
        options: that it takes, of those that not every kind takes.
    """

    name: str
    known: Callable[[GivenFile], bool]
    convert: Callable[[GivenFile, Path, ImportOptions], Difference | OutputDifference]
    options: frozenset[str] = frozenset()


def kind_of(file: GivenFile) -> Kind:
    """The kind of a file.

    Raises:
        CheckpointError: it is of none; the text says what it is.
    """
    for kind in KINDS:
        if kind.known(file):
            return kind
    wanted = "; ".join(kind.name for kind in KINDS)
    if file.graph is not None:
        raise CheckpointError(
            f"{file.path}: an ONNX graph of {file.outputs} outputs; wanted one of: {wanted}"
        )
    near = nearest(file.weights)
    raise CheckpointError(
        f"{file.path}: {len(file.weights)} tensors of an unknown network ("
        + (near or f"{next(iter(file.weights))} for one")
        + f"); wanted one of: {wanted}"
    )


def _public_detector(file: GivenFile, out: Path, options: ImportOptions) -> Difference:
    assert file.graph is not None
    return import_detector(file.graph, file.path, out, options.about(file.path, out))


def _embedder_graph(file: GivenFile, out: Path, options: ImportOptions) -> OutputDifference:
    assert file.graph is not None
    network = embedder.from_onnx(file.graph, file.path)
    described = embedder.manifest(network.bn.num_features, options.threshold)
    return embedder.export(network, out, described, options.about(file.path, out))


def _run(file: GivenFile, out: Path, options: ImportOptions) -> OutputDifference:
    assert file.checkpoint is not None
    said = file.checkpoint["manifest"].get("embedder")
    changed: dict[str, Any] = dict(options.given)
    if said is not None and options.same_person is not None:
        changed["embedder"] = {**said, "same_person": options.same_person}
    return export_run(file.checkpoint, file.path, out, changed)


def _retinaface(file: GivenFile, out: Path, options: ImportOptions) -> Difference:
    return import_checkpoint(
        file.path,
        out,
        form=options.form or "levels",
        min_sizes=options.min_sizes,
        slope=options.slope,
        say=options.say,
        **options.about(file.path, out),
    )


def _embedder_weights(file: GivenFile, out: Path, options: ImportOptions) -> OutputDifference:
    assert file.network is not None
    found = file.network
    described = embedder.manifest(found.outputs, options.threshold, found.network)
    described["input"] = options.meaning.entry(embedder.SIDES[0])
    options.say(f"{file.path.name}: {found}, vectors of {found.outputs} numbers")
    return embedder.export(embedder.from_weights(found), out, described, options.about(file.path, out))


def _classifier(file: GivenFile, out: Path, options: ImportOptions) -> OutputDifference:
    found = file.network
    assert found is not None
    if options.meaning.task is None:
        raise CheckpointError(
            f"{file.path}: weights of {found} with {found.outputs} outputs and no word on what they mean: "
            f"give --task {' or '.join(classifier.TASKS)}, and --classes, --mean, --std and --input-size as "
            "they were trained; a training run can start from them as they are (--start)"
        )
    about = options.about(file.path, out)
    return classifier.export(found, file.path, out, options.meaning, options.slope, about, options.say)


KINDS: Sequence[Kind] = (
    Kind("YuNet or SCRFD with points as ONNX", lambda file: file.outputs > 1, _public_detector),
    Kind(
        "MobileFaceNet as ONNX", lambda file: file.outputs == 1, _embedder_graph, frozenset({"--same-person"})
    ),
    Kind(
        "the best.pt of a training run",
        lambda file: file.checkpoint is not None and is_run(file.checkpoint),
        _run,
        frozenset({"--same-person"}),
    ),
    Kind(
        "a RetinaFace, RFB or Slim in the published layout",
        lambda file: any(key.startswith(DETECTOR_HEADS) for key in file.weights),
        _retinaface,
        frozenset({"--form", "--min-sizes", "--slope"}),
    ),
    Kind(
        "MobileFaceNet as a state_dict",
        lambda file: file.network is not None and file.network.network in EMBEDDERS,
        _embedder_weights,
        frozenset({"--same-person", "--mean", "--std", "--color"}),
    ),
    Kind(
        "GhostNet or MobileNet as a state_dict",
        lambda file: file.network is not None,
        _classifier,
        frozenset({"--task", "--classes", "--mean", "--std", "--color", "--input-size", "--slope"}),
    ),
)
