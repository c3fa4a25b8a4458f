"""`facecap train TASK`: train a model on a folder of pictures and write a run folder."""

from __future__ import annotations

import argparse
import os
from contextlib import ExitStack, redirect_stderr
from pathlib import Path
from typing import Any

from facecap._extra import extra_for
from facecap._lock import FolderLock
from facecap.cli.config_file import add_config_option
from facecap.cli.data_options import add_mask_data_options
from facecap.cli.environment import name_twin
from facecap.cli.train_embedder import add_embedder
from facecap.cli.train_mask_faces import add_mask_faces
from facecap.cli.train_options import add_machine_options, add_per_tensor, add_run_options, side
from facecap.cli.train_refiner import add_refiner, add_refiner_crops
from facecap.cli.values import OWN_INPUT, count, long_side, positive, positive_number, share
from facecap.errors import FacecapError
from facecap.training import processes


def add_parser(subparsers: argparse._SubParsersAction[Any]) -> None:
    """Add `train` and one sub-command a task."""
    parser = subparsers.add_parser("train", help="train a model", description=__doc__)
    parser.set_defaults(out_is_file=False, several=False)
    tasks = parser.add_subparsers(dest="task", metavar="TASK", required=True)
    _add_mask(tasks)
    _add_mask_occluders(tasks)
    add_mask_faces(tasks)
    _add_classifier(tasks)
    add_embedder(tasks)
    _add_detector(tasks)
    _add_detector_labels(tasks)
    add_refiner(tasks)
    add_refiner_crops(tasks)
    for task in tasks.choices.values():
        name_twin(add_config_option(task), "TRAIN_CONFIG")


def run(args: argparse.Namespace) -> int:
    """Run the chosen task; returns the exit code."""
    if processes.count() > 1 and not args.several:
        raise FacecapError(f"train {args.task} is the work of one process: start it without torchrun")
    with ExitStack() as stack:
        stack.enter_context(extra_for("training"))
        if processes.rank() > 0:  # the first one holds the folder, and says what all of them would
            silence = stack.enter_context(Path(os.devnull).open("w"))
            stack.enter_context(redirect_stderr(silence))
        elif not args.out_is_file:
            stack.enter_context(FolderLock(args.out))
        code: int = args.run_task(args)
    return code


def _add_mask(tasks: argparse._SubParsersAction[Any]) -> None:
    parser = tasks.add_parser("mask", help="the mask classifier, of any network")
    add_mask_data_options(
        parser, occluders="real things to hide faces with", more="further faces to learn from"
    )
    parser.add_argument(
        "--incorrect",
        action="store_true",
        help="learn masks that are worn wrongly as a third class, `incorrect`",
    )
    add_run_options(parser).add_argument(
        "--focal-alpha",
        type=share,
        metavar="A",
        help="focal loss, masks weighed by A of 0 to 1 and bare faces by the rest, instead of cross entropy; "
        "0.34 of the preset mission",
    )
    parser.set_defaults(run_task=_run_mask, several=True)


def _run_mask(args: argparse.Namespace) -> int:
    from facecap.training.mask.train import train

    return train(args)


def _add_mask_occluders(tasks: argparse._SubParsersAction[Any]) -> None:
    parser = tasks.add_parser(
        "mask-occluders", help="cut hands, scarves, bags and clothes out of photographs, for `train mask`"
    )
    parser.add_argument(
        "--photos", type=Path, required=True, help="folder of Clothing Co-Parsing, with its pixel labels"
    )
    parser.add_argument("--out", type=Path, required=True, help="folder to write train/ and val/ into")
    parser.set_defaults(run_task=_run_mask_occluders)


def _run_mask_occluders(args: argparse.Namespace) -> int:
    from facecap.training.mask.occluders import write_occluders

    print(f"{write_occluders(args.photos, args.out)} things in {args.out}")
    return 0


def _add_classifier(tasks: argparse._SubParsersAction[Any]) -> None:
    parser = tasks.add_parser("classifier", help="a classifier of any classes, of any network")
    parser.add_argument(
        "--data",
        type=Path,
        required=True,
        help="folder with a sub-folder of pictures for each class, or with train/ and val/ of such; val/ may "
        "hold pictures and val_label.txt instead; or CIFAR-10 in its binary version",
    )
    parser.add_argument(
        "--side", type=side, default=112, help="input in pixels, 112, 224 or so (%(default)s)"
    )
    add_run_options(parser)
    parser.set_defaults(run_task=_run_classifier, several=True)


def _run_classifier(args: argparse.Namespace) -> int:
    from facecap.training.classifier.train import train

    return train(args)


def _add_detector(tasks: argparse._SubParsersAction[Any]) -> None:
    parser = tasks.add_parser("detector", help="the face detector, from given weights")
    parser.add_argument(
        "--start",
        type=Path,
        required=True,
        help="weights to start from: a published .pth of RetinaFace, an .onnx of YuNet or SCRFD",
    )
    parser.add_argument("--data", type=Path, required=True, help="folder that holds detect/ and mask/")
    parser.add_argument(
        "--photos",
        type=Path,
        help="folder of further photographs: NAME/ and NAME.json of `train detector-labels`",
    )
    parser.add_argument(
        "--out", type=Path, required=True, help="run folder: made, or resumed when it holds a run"
    )
    parser.add_argument(
        "--preset",
        choices=("finetune", "distil", "qat"),
        default="finetune",
        help="finetune teaches what the start gets wrong, distil all that the teacher sees, qat the same "
        "under the rounding of int8 (%(default)s)",
    )
    add_per_tensor(parser)
    parser.add_argument(
        "--minutes",
        type=positive_number,
        help="time budget; 20 when not given, 120 of the preset distil, 6 of qat",
    )
    parser.add_argument("--batch", type=positive, default=16, help="canvases a step (%(default)s)")
    parser.add_argument(
        "--side", type=positive, default=320, help="pixels of a canvas, a multiple of 32 (%(default)s)"
    )
    parser.add_argument(
        "--rate",
        type=positive_number,
        help="highest learning rate; 5e-5 when not given, 6e-5 of distil, 1e-5 of qat",
    )
    parser.add_argument(
        "--smallest",
        type=positive_number,
        help="pixels: smaller faces are left alone; 10 when not given, 7 of distil and qat",
    )
    parser.add_argument(
        "--start-share",
        type=share,
        default=0.5,
        help="how much of every score stays what the start says, 0 to 1 (%(default)s)",
    )
    parser.add_argument(
        "--take",
        type=share,
        default=0.0,
        metavar="SHARE",
        help="take this share of the way from the start instead of choosing one on held-out pictures",
    )
    parser.add_argument(
        "--freeze",
        action="store_true",
        help="leave the layers up to stride 8 as they are, as finetune does: steps take a third of the time",
    )
    parser.add_argument("--seed", type=count, default=0, help="seed of order and augmentation (%(default)s)")
    add_machine_options(parser.add_argument_group("machine"))
    parser.set_defaults(run_task=_run_detector)


def _run_detector(args: argparse.Namespace) -> int:
    from facecap.training.detector.train import train

    return train(args)


def _add_detector_labels(tasks: argparse._SubParsersAction[Any]) -> None:
    parser = tasks.add_parser("detector-labels", help="label photographs by a teacher, for `train detector`")
    parser.add_argument("--photos", type=Path, required=True, help="folder of photographs")
    who = parser.add_mutually_exclusive_group(required=True)
    who.add_argument(
        "--teacher", metavar="MODEL", help="a detector: a model file, a name, or a public YuNet or SCRFD"
    )
    who.add_argument("--empty", action="store_true", help="the photographs show no face")
    parser.add_argument(
        "--long-side",
        type=long_side,
        default=640,
        metavar="PX",
        help=f"longer side that the teacher sees pictures at; {OWN_INPUT}: its own input (%(default)s)",
    )
    parser.add_argument("--out", type=Path, required=True, help="file to write, .json beside the folder")
    parser.add_argument(
        "--tiles", action="store_true", help="look again at overlapping quarters, for small faces"
    )
    parser.add_argument("--every", type=positive, default=1, help="take every n-th picture (%(default)s)")
    parser.add_argument(
        "--second",
        metavar="MODEL",
        help="let a second detector say how sure it is of every face, at twice the size too, and name more",
    )
    parser.add_argument(
        "--boxes",
        type=Path,
        help="folder of people's boxes, a YOLO text file a picture: they stand, the teacher adds the points",
    )
    parser.set_defaults(run_task=_run_detector_labels, out_is_file=True)


def _run_detector_labels(args: argparse.Namespace) -> int:
    from facecap.training.detector.teacher import Teacher, add_second, label_folder, take_boxes

    teacher = None if args.empty else Teacher(args.teacher, args.long_side)
    faces = label_folder(args.photos, args.out, teacher, tiles=args.tiles, every=args.every)
    print(f"{faces} faces in {args.out}")
    if args.boxes:
        print(f"{take_boxes(args.out, args.boxes)} of people's boxes in their place")
    if args.second:
        print(f"{add_second(args.photos, args.out, args.second)} more that only {args.second} sees")
    return 0
