"""Which pictures of a data folder are learnt from (`train`), and which are measured on (`val`).

A part is a folder with a sub-folder a class; or a flat folder of pictures with `PART_label.txt` in it or
beside it, as ImageNet's `val/` is passed on, whose numbers are those of the model's outputs, which count the
sorted sub-folders of `train/`; or, where there is `batches.meta.txt`, the binary files of CIFAR-10.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from facecap.evaluation.classifier.cifar import is_cifar, read_cifar
from facecap.evaluation.classifier.image_folder import (
    FolderError,
    ImageFolder,
    Item,
    read_folder,
    say_unused,
    split_pictures,
)

PARTS = ("train", "val", "calib")


def read_part(data: Path, part: str, classes: Sequence[str] | None = None) -> ImageFolder | None:
    """The pictures of a part, one of PARTS; None where the folder has no such part. `classes` as of
    `read_folder`.

    Raises:
        FolderError: the part has another shape.
    """
    if is_cifar(data):
        return None if part == "calib" else read_cifar(data, part)
    folder = data / part
    if not folder.is_dir():
        return None
    known = {*PARTS, *(f"{name}_label.txt" for name in PARTS)}
    say_unused(data, (e for e in data.iterdir() if e.name not in known and not e.name.startswith(".")))
    for labels in (data / f"{part}_label.txt", folder / f"{part}_label.txt"):
        if labels.is_file():
            return _read_flat(folder, labels)
    if not class_names(folder):
        raise FolderError(
            f"{folder}: found no sub-folder; wanted one a class, or {part}_label.txt beside it, with "
            "a picture's name and the number of its class, from 0, in each line"
        )
    return read_folder(folder, classes)


def read_measured(data: Path) -> ImageFolder:
    """The part `val`, or the folder itself, with a sub-folder a class, where it has none.

    Raises:
        FolderError: the folder has another shape.
    """
    val = read_part(data, "val")
    return read_folder(data) if val is None else val


def class_names(folder: Path) -> list[str]:
    """The sub-folders in sorted order, without names that begin with a dot; none where there is no folder."""
    if not folder.is_dir():
        return []
    return sorted(
        entry.name for entry in folder.iterdir() if entry.is_dir() and not entry.name.startswith(".")
    )


def _read_flat(folder: Path, labels: Path) -> ImageFolder:
    """Pictures of one folder, labelled by lines of a name and the number of a class."""
    pictures, others = split_pictures(folder)
    left = {path.name: path for path in pictures}
    items = []
    try:
        lines = labels.read_text(encoding="utf-8-sig").splitlines()
    except UnicodeDecodeError as error:
        raise FolderError(f"{labels}: no text: {error}") from error
    for number, line in enumerate(lines, start=1):
        words = line.split()
        if not words:
            continue
        place = f"{labels}:{number}"
        if len(words) != 2 or not words[1].isdecimal():
            raise FolderError(f"{place}: wanted a picture's name and the number of its class, found {line!r}")
        path = left.pop(words[0], None)
        if path is None:
            raise FolderError(f"{place}: {words[0]!r} is no picture of {folder}, or came before")
        items.append(Item(path, int(words[1])))
    if not items:
        raise FolderError(
            f"{labels}: found no line; wanted a picture's name and the number of its class in each"
        )
    say_unused(folder, [*(entry for entry in others if entry != labels), *left.values()])
    return ImageFolder([], items)
