"""Say what pictures show: the most probable classes of each, with their names.

SOURCE is a picture or a folder of pictures, whose centres are classified, as by `facecap eval classifier`.
For a mask classifier each is the crop of one face, as `facecap run` leaves them, and taken whole; for
photographs there is `facecap detect --mask`.
"""

from __future__ import annotations

import argparse
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Any

from facecap.cli import options, values
from facecap.cli.pictures import Answers, Pictures, add_format_options, add_picture_options

if TYPE_CHECKING:
    from facecap.evaluation.classifier.model import ClassifierModel

COLUMNS = ("rank", "class", "probability")


def add_parser(subparsers: argparse._SubParsersAction[Any]) -> None:
    """Add `classify`."""
    parser = subparsers.add_parser("classify", help="say what pictures show", description=__doc__)
    parser.add_argument(
        "--model",
        metavar="MODEL",
        help="a classifier: a file, a checkpoint or a name of `facecap models list` (the mask classifier "
        "that ships)",
    )
    parser.add_argument(
        "--top", type=values.positive, default=5, metavar="K", help="classes of each (%(default)s)"
    )
    options.add_execution_options(parser)
    add_format_options(parser)
    add_picture_options(parser)


def run(args: argparse.Namespace) -> int:
    """Run the command; 1 where a picture could not be used."""
    with tempfile.TemporaryDirectory() as made:
        model = _open(args, Path(made))
        pictures, answers = Pictures(args), Answers(args, COLUMNS)
        for file, image in pictures.read(answers):
            found = model.probable(image, args.top)
            rows = [
                {"rank": rank, "class": name, "probability": round(probability, 6)}
                for rank, (name, probability) in enumerate(found, start=1)
            ]
            words = "  ".join(f"{name} {probability:.4f}" for name, probability in found)
            answers.add(file, {"classes": rows}, words, rows)
    return 1 if pictures.failed else 0


def _open(args: argparse.Namespace, folder: Path) -> ClassifierModel:
    from facecap import models
    from facecap.conversion.model_source import as_model
    from facecap.evaluation.classifier.model import ClassifierModel

    model = as_model(args.model or models.SHIPPED / models.DEFAULTS["mask"], folder)
    assert model is not None
    return ClassifierModel(model, **options.execution_of(args))
