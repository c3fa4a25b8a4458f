"""Turn faces into vectors of unit length, whose cosine says whether two are of one person.

SOURCE is a picture or a folder of pictures. Faces are found by the detector and aligned by the points of the
refiner, as in `facecap run`; what the refiner calls no face is left out and named.
"""

from __future__ import annotations

import argparse
import io
import sys
import tempfile
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from facecap.cli import options
from facecap.cli.pictures import (
    TEXT,
    Answers,
    Pictures,
    add_format_options,
    add_picture_options,
    counted_faces,
    format_of,
)

if TYPE_CHECKING:
    from facecap import Embedder
    from facecap.picture_faces import FaceVectors
    from facecap.sinks.drawing import Image

NPZ, TABLE = SUFFIXES = (".npz", ".csv")
BOX = ("x1", "y1", "x2", "y2")
COMPARED = ("other", "cosine", "same_person", "threshold")

Find = Callable[["Image"], "FaceVectors"]


def add_parser(subparsers: argparse._SubParsersAction[Any]) -> None:
    """Add `embed`."""
    parser = subparsers.add_parser("embed", help="turn faces into vectors, compare two", description=__doc__)
    parser.add_argument(
        "--model", required=True, metavar="MODEL", help="an embedder: a file, a checkpoint or a name"
    )
    parser.add_argument("--out", type=_out, metavar="FILE", help="write all vectors to this .npz or .csv")
    parser.add_argument(
        "--compare",
        action="store_true",
        help="of two pictures: the cosine of their largest faces, and whether that is one person",
    )
    parser.add_argument("--largest", action="store_true", help="only the largest face of each picture")
    parser.add_argument(
        "--crops",
        action="store_true",
        help="the pictures are aligned faces already, of the model's input size: none is looked for",
    )
    add_format_options(parser)
    add_picture_options(parser)
    options.add_detector_options(parser)
    options.add_refiner_option(parser, "that was found")


def run(args: argparse.Namespace) -> int:
    """Run the command; 1 where a picture could not be used."""
    from facecap import Embedder
    from facecap.conversion.model_source import as_model

    pictures = Pictures(args)
    _check_usage(args, pictures)
    with tempfile.TemporaryDirectory() as made:
        embedder = Embedder(as_model(args.model, Path(made)), **options.execution_of(args))
    find = _crop_finder(embedder) if args.crops else _finder(embedder, args)
    if args.compare:
        return _compare(args, pictures, find, embedder.info["manifest"]["embedder"]["same_person"])
    columns = ("face", *BOX, "score", *_names(embedder))
    answers = Answers(args, columns)
    found: list[tuple[Path, FaceVectors]] = []
    for file, image in pictures.read(answers):
        try:
            faces = find(image)
        except ValueError as error:
            pictures.leave_out(file, str(error), answers)
            continue
        _name_left_out(file, faces)
        faces = faces.largest() if args.largest else faces
        found.append((file, faces))
        answers.add(file, {"faces": _documents(faces)}, counted_faces(len(faces)), _rows(faces, columns))
    if args.out is not None:
        _write(args.out, columns, found, embedder)
    return 1 if pictures.failed else 0


def _check_usage(args: argparse.Namespace, pictures: Pictures) -> None:
    from facecap.cli import UsageError

    if args.compare and len(pictures) != 2:
        raise UsageError(f"--compare wants two pictures, found {len(pictures)}")
    if args.compare and args.out is not None:
        raise UsageError("--compare writes no vectors: give it or --out")
    if not args.compare and args.out is None and format_of(args) == TEXT:
        raise UsageError("give --out FILE for the vectors, --format json or csv to print them, or --compare")


def _finder(embedder: Embedder, args: argparse.Namespace) -> Find:
    from facecap.picture_faces import vectors_of

    detector, refiner = options.detector_of(args), options.refiner_of(args)
    return lambda image: vectors_of(image, detector.detect(image), embedder, refiner)


def _crop_finder(embedder: Embedder) -> Find:
    from facecap.picture_faces import FaceVectors

    def find(image: Image) -> FaceVectors:
        height, width = image.shape[:2]
        wanted = embedder.info["input_size"]
        if (width, height) != wanted:
            raise ValueError(
                f"{width}x{height}, wanted an aligned face of {wanted[0]}x{wanted[1]}; without --crops faces "
                "are found and aligned"
            )
        box = np.array([[0, 0, width, height]], np.float32)
        return FaceVectors(box, np.ones(1, np.float32), embedder.embed(image[None]))

    return find


def _compare(args: argparse.Namespace, pictures: Pictures, find: Find, threshold: float) -> int:
    from facecap.errors import FacecapError

    answers = Answers(args, COMPARED)
    largest: list[tuple[Path, FaceVectors]] = []
    for file, image in pictures.read(answers):
        try:
            faces = find(image)
        except ValueError as error:
            raise FacecapError(f"{file}: {error}") from None
        _name_left_out(file, faces)
        if not len(faces):
            raise FacecapError(f"{file}: no face found; --crops takes pictures that are aligned faces")
        if len(faces) > 1:
            print(f"facecap: {file}: {counted_faces(len(faces))}, the largest is compared", file=sys.stderr)
        largest.append((file, faces.largest()))
    if pictures.failed:
        return 1
    (first, one), (second, other) = largest
    cosine = float(one.vectors[0].astype(np.float64) @ other.vectors[0])
    same = cosine >= threshold
    document = {
        "other": str(second),
        "cosine": round(cosine, 6),
        "same_person": same,
        "threshold": threshold,
    }
    words = f"cosine {cosine:.4f} with {second}: {'the same person' if same else 'different people'}"
    answers.add(first, document, f"{words} (threshold {threshold:g})", [document])
    return 0


def _name_left_out(file: Path, faces: FaceVectors) -> None:
    for why in faces.left_out:
        print(f"facecap: {file}: {why}", file=sys.stderr)


def _names(embedder: Embedder) -> list[str]:
    """The columns of a vector."""
    dimensions = embedder.info["manifest"]["embedder"]["dimensions"]
    return [f"v{place}" for place in range(1, dimensions + 1)]


def _documents(faces: FaceVectors) -> list[dict[str, Any]]:
    return [
        {
            "box": [round(float(value), 3) for value in box],
            "score": round(float(score), 6),
            "vector": [round(float(value), 6) for value in vector],
        }
        for box, score, vector in zip(faces.boxes, faces.scores, faces.vectors, strict=True)
    ]


def _rows(faces: FaceVectors, columns: Sequence[str]) -> list[Mapping[str, Any]]:
    return [
        dict(zip(columns, (place, *face["box"], face["score"], *face["vector"]), strict=True))
        for place, face in enumerate(_documents(faces), start=1)
    ]


def _write(
    out: Path, columns: Sequence[str], found: Sequence[tuple[Path, FaceVectors]], embedder: Embedder
) -> None:
    """One row a face in the order of the pictures; the `.npz` names those without a face too."""
    from facecap._files import write_atomic, write_table

    out.parent.mkdir(parents=True, exist_ok=True)
    if out.suffix == TABLE:
        rows = [{"file": file, **row} for file, faces in found for row in _rows(faces, columns)]
        write_table(out, ("file", *columns), rows)
    else:
        empty = np.zeros((0, len(_names(embedder))), np.float32)
        buffer = io.BytesIO()
        np.savez(
            buffer,
            files=np.array([str(file) for file, faces in found for _ in range(len(faces))], np.str_),
            boxes=np.concatenate([np.zeros((0, 4), np.float32), *(faces.boxes for _, faces in found)]),
            scores=np.concatenate([np.zeros(0, np.float32), *(faces.scores for _, faces in found)]),
            vectors=np.concatenate([empty, *(faces.vectors for _, faces in found)]),
            without_faces=np.array([str(file) for file, faces in found if not len(faces)], np.str_),
            model=np.array(embedder.info["manifest"]["name"]),
        )
        write_atomic(out, buffer.getvalue())
    total = sum(len(faces) for _, faces in found)
    print(f"facecap: vectors of {counted_faces(total)} in {len(found)} pictures: {out}", file=sys.stderr)


def _out(text: str) -> Path:
    path = Path(text)
    if path.suffix not in SUFFIXES:
        raise argparse.ArgumentTypeError(f"wanted a name that ends in .npz or .csv, found {text!r}")
    return path
