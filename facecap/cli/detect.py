"""Find the faces of pictures: box, landmarks, score, quality and pose of each.

SOURCE is a picture or a folder of pictures.
"""

from __future__ import annotations

import argparse
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from facecap.cli import options, values
from facecap.cli.pictures import Answers, Pictures, add_format_options, add_picture_options, counted_faces

if TYPE_CHECKING:
    from facecap.sinks.drawing import Image

POINTS = ("left_eye", "right_eye", "nose", "mouth_left", "mouth_right")  # as seen in the picture
COLUMNS = (
    *("face", "x1", "y1", "x2", "y2", "score", "quality", "yaw", "pitch", "roll"),
    *(f"{point}_{axis}" for point in POINTS for axis in "xy"),
    *("face_prob", "not_a_face", "mask_prob", "incorrect_prob", "mask"),
)


def add_parser(subparsers: argparse._SubParsersAction[Any]) -> None:
    """Add `detect`."""
    parser = subparsers.add_parser("detect", help="find the faces of pictures", description=__doc__)
    parser.add_argument("--mask", action="store_true", help="also say of each face whether it wears a mask")
    add_format_options(parser)
    parser.add_argument(
        "--annotate", type=Path, metavar="DIR", help="write each picture with its faces drawn, as PNG"
    )
    add_picture_options(parser)
    options.add_model_options(parser)
    options.add_refiner_option(parser, "that was found")
    group = parser.add_argument_group("which faces of a picture")
    group.add_argument(
        "--nms-iou",
        type=float,
        metavar="IOU",
        help="of two faces that overlap by more, the lower score goes, 0 to 1 (the model's own)",
    )
    group.add_argument("--max-faces", type=values.positive, metavar="N", help="the best; 100 when not given")


def run(args: argparse.Namespace) -> int:
    """Run the command; 1 where a picture could not be used."""
    from facecap.picture_faces import faces_of

    detector = options.detector_of(args, nms_iou=args.nms_iou, max_faces=args.max_faces)
    classifier = options.classifier_of(args) if args.mask else None
    refiner = options.refiner_of(args)
    pictures, answers = Pictures(args), Answers(args, COLUMNS)
    drawn = None if args.annotate is None else _Drawings(args.annotate)
    for file, image in pictures.read(answers):
        faces = faces_of(image, detector.detect(image), classifier, refiner)
        height, width = image.shape[:2]
        document = {"width": width, "height": height, "faces": faces}
        words = "\n".join([counted_faces(len(faces)), *map(_words, faces)])
        answers.add(file, document, words, [_row(place, face) for place, face in enumerate(faces, start=1)])
        if drawn is not None:
            drawn.add(file, image, faces)
    return 1 if pictures.failed else 0


def _words(face: Mapping[str, Any]) -> str:
    box = " ".join(f"{value:7.1f}" for value in face["box"])
    if face.get("not_a_face"):
        answer = f"  not a face {face['face_prob']:.2f}"
    else:
        probability = face.get("incorrect_prob" if face.get("mask") == "incorrect" else "mask_prob")
        answer = "" if probability is None else f"  {face['mask']} {probability:.2f}"
    return f"  {box}  score {face['score']:.2f}  quality {face['quality']:.2f}{answer}"


def _row(place: int, face: Mapping[str, Any]) -> dict[str, Any]:
    """A line of the table; `place` from 1."""
    points = {
        f"{name}_{axis}": value
        for name, point in zip(POINTS, face["landmarks"], strict=True)
        for axis, value in zip("xy", point, strict=True)
    }
    box = dict(zip(("x1", "y1", "x2", "y2"), face["box"], strict=True))
    return {"face": place, **box, **face, **face["pose"], **points}


class _Drawings:
    """Writes pictures with their faces drawn into a folder, each under a name of its own."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._taken: set[str] = set()

    def add(self, file: Path, image: Image, faces: list[dict[str, Any]]) -> None:
        """Draw and write `STEM.png`, or `STEM-2.png` where another folder had such a picture too."""
        import cv2

        from facecap._files import write_atomic
        from facecap.sinks.annotation import draw_detections

        drawn = image.copy()
        draw_detections(drawn, faces)
        name, number = file.stem, 1
        while name in self._taken:
            number += 1
            name = f"{file.stem}-{number}"
        self._taken.add(name)
        self._folder.mkdir(parents=True, exist_ok=True)
        write_atomic(self._folder / f"{name}.png", cv2.imencode(".png", drawn)[1].tobytes())
