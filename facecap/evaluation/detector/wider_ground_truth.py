"""The official annotations of the WIDER FACE validation set, from the MATLAB files that come with it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np

from facecap._extra import extra_for
from facecap.errors import FacecapError
from facecap.evaluation.detector.detection import PictureSet
from facecap.evaluation.detector.widerface import SUBSETS

FACES = "wider_face_val.mat"


def read_official(ground_truth: Path, images: Path | None) -> PictureSet:
    """All pictures, as `widerface.read` gives them; boxes xyxy in pixels of the original pictures.

    Args:
        ground_truth: folder with `wider_face_val.mat`, `wider_easy_val.mat`, `wider_medium_val.mat` and
            `wider_hard_val.mat`.
        images: folder of event folders (`WIDER_val/images`); None where no picture is opened.

    Raises:
        FacecapError: a file is missing or has another form; the text names it.
    """
    faces = _load(ground_truth / FACES, "face_bbx_list")
    boxes = _by_picture(ground_truth / FACES, faces, "face_bbx_list", 4)
    wanted = {}
    for subset in SUBSETS:
        path = ground_truth / f"wider_{subset}_val.mat"
        wanted[subset] = _by_picture(path, _load(path, "gt_list"), "gt_list", 1)
        if wanted[subset].keys() != boxes.keys():
            raise FacecapError(f"{path} lists other pictures than {FACES}; take all four from one release")
    entries = []
    for (event, name), xywh in boxes.items():
        corners = np.hstack((xywh[:, :2], xywh[:, :2] + xywh[:, 2:]))
        entry: dict[str, Any] = {"event": event, "file": f"{event}/{name}.jpg", "boxes": corners.tolist()}
        for subset in SUBSETS:
            numbers = wanted[subset][event, name][:, 0].astype(int)
            if numbers.size and not 1 <= numbers.min() <= numbers.max() <= len(corners):
                raise FacecapError(
                    f"wider_{subset}_val.mat: {event}/{name} has {len(corners)} faces, not {numbers.max()}"
                )
            entry[subset] = (numbers - 1).tolist()
        entries.append(entry)
    if images is not None:
        _check_present(images, entries)
    return PictureSet(images or ground_truth, entries)


def _load(path: Path, key: str) -> dict[str, Any]:
    with extra_for(f"reading {path}"):
        from scipy.io import loadmat
    if not path.is_file():
        raise FacecapError(f"{path}: no such file; --ground-truth wants the four .mat files of WIDER FACE")
    try:
        content: dict[str, Any] = loadmat(path)
    except Exception as error:  # what the reader raises on damaged files has no common type
        raise FacecapError(f"{path}: not a readable MATLAB file ({error})") from error
    missing = {"event_list", "file_list", key} - content.keys()
    if missing:
        raise FacecapError(f"{path} lacks {', '.join(sorted(missing))}: not a ground truth of WIDER FACE")
    return content


def _by_picture(
    path: Path, content: dict[str, Any], key: str, columns: int
) -> dict[tuple[str, str], np.ndarray[Any, np.dtype[np.float64]]]:
    """Rows of numbers by (event, picture)."""
    found = {}
    try:
        for event_cell, names, values in zip(
            content["event_list"][:, 0], content["file_list"][:, 0], content[key][:, 0], strict=True
        ):
            event = _name(event_cell)
            for name_cell, numbers in zip(names[:, 0], values[:, 0], strict=True):
                array = np.asarray(numbers, np.float64)
                found[event, _name(name_cell)] = array.reshape(-1, columns)
    except (IndexError, TypeError, ValueError) as error:
        raise FacecapError(f"{path}: {key} is not in the form of WIDER FACE ({error})") from error
    return found


def _name(cell: Any) -> str:
    name = str(cell[0])
    if Path(name).name != name:
        raise ValueError(f"{name!r} is not a plain name")
    return name


def _check_present(images: Path, entries: list[dict[str, Any]]) -> None:
    missing = [entry["file"] for entry in entries if not (images / entry["file"]).is_file()]
    if missing:
        raise FacecapError(
            f"{images} lacks {len(missing)} of {len(entries)} pictures, the first is {missing[0]}; "
            "--images wants WIDER_val/images"
        )
