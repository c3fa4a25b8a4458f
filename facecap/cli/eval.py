"""`facecap eval TASK`: measure a model on pictures that it was not trained on."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Any

from facecap.cli.data_options import add_mask_data_options
from facecap.cli.options import add_provider_option
from facecap.cli.values import OWN_INPUT, long_side_or_own, positive

DETECTION = {
    "fddb": "a detector on FDDB, fold 8: average precision",
    "widerface": "a detector on WIDER FACE pictures, by the official protocol: easy, medium, hard",
    "masked-recall": "a detector on photographs of masked people: recall, and false alarms there and on FDDB",
}


def add_parser(subparsers: argparse._SubParsersAction[Any]) -> None:
    """Add `eval` and one sub-command a task."""
    parser = subparsers.add_parser("eval", help="measure a model", description=__doc__)
    tasks = parser.add_subparsers(dest="task", metavar="TASK", required=True)
    _add_mask(tasks)
    _add_refiner(tasks)
    _add_classifier(tasks)
    _add_lfw(tasks)
    for task, text in DETECTION.items():
        _add_detection(tasks, task, text)
    _add_parity(tasks)
    _add_still_frames(tasks)


def run(args: argparse.Namespace) -> int:
    """Run the chosen task; returns the exit code."""
    code: int = args.run_task(args)
    return code


def _add_mask(tasks: argparse._SubParsersAction[Any]) -> None:
    parser = tasks.add_parser("mask", help="mask classifiers, by set and by condition")
    add_mask_data_options(
        parser,
        occluders="adds faces behind real things",
        more="its held-out faces as a set of their own",
    )
    _add_models(parser)
    parser.add_argument(
        "--split", choices=("val", "calib"), default="val", help="part of the data (%(default)s)"
    )
    parser.add_argument("--sheet", type=Path, help="write the worst answers of one model to this PNG")
    _add_results(parser)
    parser.set_defaults(run_task=_run_mask)


def _run_mask(args: argparse.Namespace) -> int:
    from facecap.cli import UsageError

    if args.sheet is not None and len(args.model or []) > 1:
        raise UsageError("--sheet shows one --model; --out writes a sheet for each")
    from facecap.evaluation.mask.report import main

    return main(args)


def _add_refiner(tasks: argparse._SubParsersAction[Any]) -> None:
    parser = tasks.add_parser(
        "refiner", help="refiners: false alarms and faces that they refuse, errors of their points"
    )
    parser.add_argument("--data", type=Path, required=True, help="folder that holds detect/ and mask/")
    parser.add_argument(
        "--empty", type=Path, metavar="DIR", help="folder of pictures without faces, for more false alarms"
    )
    parser.add_argument(
        "--teacher",
        type=Path,
        metavar="ONNX",
        help="SCRFD with landmarks: pictures of --empty where it sees a face at a detection are left out",
    )
    parser.add_argument("--model", action="append", help="model file or checkpoint, repeatable")
    parser.add_argument(
        "--detector", metavar="MODEL", help="whose detections are refined; the shipped default"
    )
    parser.add_argument(
        "--opinion",
        metavar="MODEL",
        action="append",
        help="a second detector that is asked instead, repeatable",
    )
    parser.add_argument(
        "--yunet",
        type=Path,
        action="append",
        metavar="ONNX",
        help="OpenCV's FaceDetectorYN as the second detector",
    )
    _add_results(parser)
    parser.set_defaults(run_task=_run_refiner)


def _run_refiner(args: argparse.Namespace) -> int:
    from facecap.evaluation.refiner.report import main

    return main(args)


def _add_classifier(tasks: argparse._SubParsersAction[Any]) -> None:
    parser = tasks.add_parser("classifier", help="a classifier of any classes: top-1 and top-5")
    parser.add_argument(
        "--data",
        type=Path,
        required=True,
        help="folder with val/<class>/<picture>, or <class>/<picture>; with val/ and val_label.txt; or with "
        "the binary files of CIFAR-10",
    )
    _add_models(parser, required=True)
    parser.add_argument("--threads", type=positive, default=1, help="threads of a network (%(default)s)")
    _add_results(parser)
    parser.set_defaults(run_task=_run_classifier)


def _run_classifier(args: argparse.Namespace) -> int:
    from facecap.evaluation.classifier.report import main

    return main(args)


def _add_lfw(tasks: argparse._SubParsersAction[Any]) -> None:
    parser = tasks.add_parser("lfw", help="embedders on pairs of Labelled Faces in the Wild")
    parser.add_argument(
        "--data",
        type=Path,
        required=True,
        help="folder with pairs*.txt and images/, itself or as lfw_dev/; or a .bin of insightface",
    )
    parser.add_argument("--detector", metavar="MODEL", help="what finds the faces; the shipped default")
    parser.add_argument("--flip", action="store_true", help="add the vector of the mirrored face")
    _add_models(parser, required=True)
    _add_results(parser)
    parser.set_defaults(run_task=_run_lfw)


def _run_lfw(args: argparse.Namespace) -> int:
    from facecap.evaluation.embedder.lfw import main

    return main(args)


def _add_models(parser: argparse.ArgumentParser, required: bool = False) -> None:
    default = "" if required else "; the shipped default when nothing is given"
    parser.add_argument(
        "--model",
        action="append",
        required=required,
        help=f"model file, checkpoint or registry name, repeatable{default}",
    )
    parser.add_argument(
        "--runtime", choices=("auto", "onnx", "cvimodel"), default="auto", help="of the models (%(default)s)"
    )
    add_provider_option(parser)


def _add_results(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--out", type=Path, metavar="DIR", help="write results and curves into this folder")
    parser.add_argument("--json", action="store_true", help="print one JSON object a model instead of tables")


def _add_detection(tasks: argparse._SubParsersAction[Any], task: str, text: str) -> None:
    parser = tasks.add_parser(task, help=text)
    official = task == "widerface"
    parser.add_argument(
        "--data",
        type=Path,
        required=not official,
        help="folder that holds detect/" + (", or pictures and annotations.json" if official else ""),
    )
    _add_models(parser)
    parser.add_argument(
        "--yunet", type=Path, action="append", metavar="ONNX", help="OpenCV's FaceDetectorYN, for comparison"
    )
    size = parser.add_mutually_exclusive_group()
    size.add_argument(
        "--long-side",
        type=long_side_or_own,
        default=640,
        metavar="PX",
        help=f"longer side that pictures are scaled to, up or down; 0: their own; {OWN_INPUT}: the model's "
        "own input, as detect() takes them (%(default)s)",
    )
    size.add_argument(
        "--scales",
        type=long_side_or_own,
        nargs="+",
        metavar="PX",
        help="several longer sides; what they find is merged by box voting",
    )
    parser.add_argument("--flip", action="store_true", help="look at mirrored pictures too")
    if official:
        _add_official(parser)
    _add_results(parser)
    parser.set_defaults(run_task=_run_detection)


def _add_official(parser: argparse.ArgumentParser) -> None:
    group = parser.add_argument_group("the official set, and detections as text files <event>/<picture>.txt")
    group.add_argument(
        "--ground-truth",
        type=Path,
        metavar="DIR",
        help="folder with wider_face_val.mat and the lists of easy, medium and hard, instead of --data",
    )
    group.add_argument(
        "--images", type=Path, metavar="DIR", help="WIDER_val/images, to run detectors on --ground-truth"
    )
    group.add_argument(
        "--predictions",
        type=Path,
        action="append",
        metavar="DIR",
        help="measure the text files of this folder, repeatable",
    )
    group.add_argument(
        "--write-predictions", type=Path, metavar="DIR", help="write the detections of one detector"
    )


def _run_detection(args: argparse.Namespace) -> int:
    if args.task == "widerface":
        _check_official(args)
    from facecap.evaluation.detector.report import main

    return main(args)


def _check_official(args: argparse.Namespace) -> None:
    from facecap.cli import UsageError

    if (args.data is None) == (args.ground_truth is None):
        raise UsageError("give --data, or --ground-truth for the official set")
    detecting = bool(args.model or args.yunet or not args.predictions)
    if args.ground_truth is not None and detecting and args.images is None:
        raise UsageError("--ground-truth needs --images to run a detector, or --predictions alone")
    if args.write_predictions is not None and (
        args.predictions or len([*(args.model or []), *(args.yunet or [])]) > 1
    ):
        raise UsageError("--write-predictions takes the detections of one --model or --yunet")


def _add_parity(tasks: argparse._SubParsersAction[Any]) -> None:
    parser = tasks.add_parser("parity", help="the same frames give the same captures in every program")
    parser.add_argument(
        "--board", type=Path, metavar="PROGRAM", help="facecap-board, as docs/board.md builds it"
    )
    parser.add_argument(
        "--aarch64",
        type=Path,
        metavar="PROGRAM",
        help="facecap-board for aarch64, run under qemu-aarch64-static (some minutes)",
    )
    parser.add_argument(
        "--aarch64-onnxruntime",
        type=Path,
        metavar="LIBRARY",
        default=Path("build/aarch64/libonnxruntime.so"),
        help="for --aarch64, as tools/fetch_onnxruntime.sh writes it (%(default)s)",
    )
    parser.add_argument("--chip", default="cv182x", help="whose models run on the simulator (%(default)s)")
    parser.add_argument(
        "--write-expected",
        action="store_true",
        help="make the captures of the default models the expected ones, and end",
    )
    parser.add_argument(
        "--json", action="store_true", help="print one JSON object a way instead of the table"
    )
    parser.set_defaults(run_task=_run_parity)


def _run_parity(args: argparse.Namespace) -> int:
    from facecap.evaluation.parity.report import main

    return main(args)


def _add_still_frames(tasks: argparse._SubParsersAction[Any]) -> None:
    parser = tasks.add_parser(
        "still-frames", help="captures of clips with and without `motion`, between empty stretches"
    )
    parser.add_argument("clips", metavar="CLIP", nargs="+", help="a video, or a folder of its frames")
    parser.add_argument(
        "--condition", action="append", metavar="NAME", help="of the camera, repeatable (all of them)"
    )
    parser.add_argument("--json", action="store_true", help="print one JSON object a row instead of a table")
    parser.set_defaults(run_task=_run_still_frames)


def _run_still_frames(args: argparse.Namespace) -> int:
    from facecap.evaluation.still_frames import main

    return main(args)
