"""Find the faces of pictures: box, landmarks, score, quality and pose of each.

SOURCE is a picture or a folder of pictures.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

from facecap.cli import options

if TYPE_CHECKING:
    from facecap.sinks.drawing import Image


def add_parser(subparsers: argparse._SubParsersAction[Any]) -> None:
    """Add `detect`."""
    parser = subparsers.add_parser("detect", help="find the faces of pictures", description=__doc__)
    parser.add_argument(
        "sources", nargs="+", type=Path, metavar="SOURCE", help="pictures or folders of pictures"
    )
    parser.add_argument("--mask", action="store_true", help="also say of each face whether it wears a mask")
    parser.add_argument("--json", action="store_true", help="print one JSON object a picture")
    parser.add_argument(
        "--annotate", type=Path, metavar="DIR", help="write each picture with its faces drawn, as PNG"
    )
    options.add_limit_options(parser)
    options.add_model_options(parser)
    options.add_refiner_option(parser, "that was found")


def run(args: argparse.Namespace) -> int:
    """Run the command; 1 where a picture could not be used."""
    from facecap.picture_faces import faces_of
    from facecap.sources import PictureError, read_picture

    detector = options.detector_of(args)
    classifier = options.classifier_of(args) if args.mask else None
    refiner = options.refiner_of(args)
    limits = options.limits_of(args)
    failed = 0
    for file in _files(args.sources):
        try:
            image = read_picture(file, limits)
        except PictureError as error:
            failed += 1
            print(f"facecap: left out {file}: {error}", file=sys.stderr)
            if args.json:
                print(json.dumps({"file": str(file), "error": str(error)}), flush=True)
            continue
        detections = detector.detect(image)
        faces = faces_of(image, detections, classifier, refiner)
        if args.json:
            height, width = image.shape[:2]
            print(
                json.dumps({"file": str(file), "width": width, "height": height, "faces": faces}), flush=True
            )
        else:
            head = f"{file}: {len(faces)} face{'' if len(faces) == 1 else 's'}"
            print("\n".join([head, *map(_words, faces)]), flush=True)
        if args.annotate is not None:
            _write_annotated(args.annotate / f"{file.stem}.png", image, faces)
    return 1 if failed else 0


def _files(sources: Iterable[Path]) -> Iterator[Path]:
    from facecap.sources import pictures_in

    for source in sources:
        if source.is_dir():
            yield from pictures_in(source)
        else:
            yield source


def _words(face: dict[str, Any]) -> str:
    box = " ".join(f"{value:7.1f}" for value in face["box"])
    if face.get("not_a_face"):
        answer = f"  not a face {face['face_prob']:.2f}"
    else:
        probability = face.get("incorrect_prob" if face.get("mask") == "incorrect" else "mask_prob")
        answer = "" if probability is None else f"  {face['mask']} {probability:.2f}"
    return f"  {box}  score {face['score']:.2f}  quality {face['quality']:.2f}{answer}"


def _write_annotated(path: Path, image: Image, faces: list[dict[str, Any]]) -> None:
    import cv2

    from facecap._files import write_atomic
    from facecap.sinks.annotation import draw_detections

    drawn = image.copy()
    draw_detections(drawn, faces)
    path.parent.mkdir(parents=True, exist_ok=True)
    write_atomic(path, cv2.imencode(".png", drawn)[1].tobytes())
