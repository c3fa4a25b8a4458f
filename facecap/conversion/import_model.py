"""Turns what others trained, or an earlier run, into a model file with a manifest: by what the file holds."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from facecap.conversion.detector.import_checkpoint import Form

if TYPE_CHECKING:
    from facecap.conversion.classifier import Meaning
    from facecap.conversion.equality import Difference, OutputDifference


def import_model(
    path: Path,
    out: Path,
    *,
    form: Form | None = None,
    min_sizes: Sequence[Sequence[int]] | None = None,
    slope: float | None = None,
    same_person: float | None = None,
    meaning: Meaning | None = None,
    name: str | None = None,
    licence: str | None = None,
    origin: str | None = None,
    say: Callable[[str], None] = lambda text: None,
) -> Difference | OutputDifference:
    """Convert `path` into `out` (`.onnx`) and the manifest beside it; returns how far its answers are from
    those of the network that `path` holds.

    Args:
        path: a file of one of the kinds in `facecap.conversion.import_kinds`; its name does not matter.
        out: file to write.
        form: of a RetinaFace, `levels` when not given; with `min_sizes` and `slope` see
            `import_checkpoint`.
        same_person: of an embedder, the cosine from which two faces count as one person.
        meaning: of the input and the outputs of a classifier.
        name: in the registry; the stem of `out`, or what the run said, when not given.
        licence: of the weights; "unknown", or what the run said, when not given.
        origin: where the weights come from.
        say: is told, in a line each, what was found and decided.

    Raises:
        CheckpointError: the file is of no such kind, and the text says what it is, or does not take what was
            said of it.
        ConversionError: the converted model does not answer like the network; nothing is written.
    """
    from facecap.conversion.checkpoint import CheckpointError
    from facecap.conversion.classifier import Meaning
    from facecap.conversion.export_run import is_run
    from facecap.conversion.import_kinds import GivenFile, ImportOptions, kind_of

    choices = {"name": name, "licence": licence, "origin": origin}
    given = {key: value for key, value in choices.items() if value is not None}
    options = ImportOptions(form, min_sizes, slope, same_person, meaning or Meaning(), given, say)
    file = GivenFile(path)
    kind = kind_of(file)
    if strange := options.asked - kind.options:
        raise CheckpointError(f"{path}: {kind.name}: leave out {', '.join(sorted(strange))}")
    if file.checkpoint is not None and not is_run(file.checkpoint) and file.found[1]:
        say(f"{path.name}: the weights in its entry {file.found[1]}")
    return kind.convert(file, out, options)
