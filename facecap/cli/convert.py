"""`facecap convert KIND`: turn a model into another file that does the same."""

from __future__ import annotations

import argparse
import json
from pathlib import Path
from typing import Any, get_args

from facecap._extra import extra_for
from facecap.cli import convert_cvimodel
from facecap.cli.data_options import add_class_folder_options
from facecap.cli.values import count, positive, size
from facecap.conversion.detector.import_checkpoint import Form

MODEL = "a file, a name of `facecap models list`, or a checkpoint of a training run"


def add_parser(subparsers: argparse._SubParsersAction[Any]) -> None:
    """Add `convert` and one sub-command a kind."""
    parser = subparsers.add_parser(
        "convert", help="convert, quantise and compare models", description=__doc__
    )
    kinds = parser.add_subparsers(dest="kind", metavar="KIND", required=True)
    _add_onnx(kinds)
    _add_int8(kinds)
    convert_cvimodel.add_parsers(kinds, MODEL)
    _add_compare(kinds)


def run(args: argparse.Namespace) -> int:
    """Run the chosen kind; returns the exit code."""
    with extra_for("conversion"):
        code: int = args.run_kind(args)
    return code


def _add_onnx(kinds: argparse._SubParsersAction[Any]) -> None:
    parser = kinds.add_parser("onnx", help="ONNX of a batch, a form and a precision, with its manifest")
    parser.add_argument("model", metavar="MODEL", help=MODEL)
    parser.add_argument("--out", type=onnx_file, required=True, metavar="ONNX", help="file to write, .onnx")
    parser.add_argument(
        "--batch", type=batch, metavar="N", help="pictures at once, or free; as it is when not given"
    )
    parser.add_argument(
        "--form",
        choices=get_args(Form),
        help="of a detector made from a checkpoint; levels when not given, which is faster",
    )
    parser.add_argument(
        "--precision", choices=("float32", "float16"), default="float32", help="of the weights (%(default)s)"
    )
    parser.add_argument(
        "--input-size",
        type=size,
        metavar="WxH",
        help="fix the input of a detector of any size: pixels, multiples of its largest stride, as 640x480",
    )
    parser.set_defaults(run_kind=_run_onnx)


def _run_onnx(args: argparse.Namespace) -> int:
    from facecap.conversion.convert_onnx import convert
    from facecap.conversion.model_source import foreign

    difference = convert(
        args.model,
        args.out,
        batch=args.batch,
        form=args.form,
        precision=args.precision,
        sides=args.input_size,
    )
    if difference is not None:
        print(f"{args.out}: differs from {args.model} by {difference:.1e} of its range on noise")
    elif foreign(Path(args.model)):
        print(f"{args.out}: compared with the network of {args.model}: answers alike")
    else:
        would = "--batch, --precision or --input-size would"
        print(f"{args.out}: a copy of {args.model}, nothing converted; {would}")
    return 0


def _add_int8(kinds: argparse._SubParsersAction[Any]) -> None:
    parser = kinds.add_parser("int8", help="int8 by calibration on pictures, with its manifest")
    parser.add_argument("model", metavar="MODEL", help=MODEL)
    parser.add_argument(
        "--data",
        type=Path,
        required=True,
        help="what the model trains on: holds mask/ and detect/, or classes; or any folder of pictures",
    )
    parser.add_argument("--photos", type=Path, help="labelled photographs that a detector was trained on too")
    add_class_folder_options(parser)
    parser.add_argument("--out", type=onnx_file, required=True, metavar="ONNX", help="file to write, .onnx")
    group = parser.add_argument_group("calibration: the ranges of activations")
    group.add_argument(
        "--method", choices=("minmax", "percentile", "entropy"), default="minmax", help="%(default)s"
    )
    group.add_argument(
        "--percentile", type=percentage, default=99.99, help="of the values, for that method (%(default)s)"
    )
    group.add_argument("--count", type=positive, default=64, metavar="N", help="pictures (%(default)s)")
    group.add_argument("--seed", type=count, default=0, help="of drawing them (%(default)s)")
    group = parser.add_argument_group("what is quantised how")
    group.add_argument(
        "--per-tensor",
        action="store_true",
        help="one scale for all weights of a layer instead of one a channel",
    )
    group.add_argument(
        "--symmetric",
        action="store_true",
        help="activations in int8 without a zero point, for runtimes that want it",
    )
    group.add_argument(
        "--quantize-outputs", action="store_true", help="the last layers too, which stay float otherwise"
    )
    group.add_argument(
        "--equalize",
        action=argparse.BooleanOptionalAction,
        default=True,
        help="balance the channels of activations first, which changes no answer (%(default)s)",
    )
    parser.set_defaults(run_kind=_run_int8)


def _run_int8(args: argparse.Namespace) -> int:
    from facecap.conversion.int8.calibration import Calibration
    from facecap.conversion.int8.calibration_set import DataOptions
    from facecap.conversion.int8.convert import convert
    from facecap.conversion.int8.quantize import Int8
    from facecap.training.mask.class_folders import from_options

    calibration = Calibration(args.method, args.percentile, args.count, args.seed)
    way = Int8(
        equalized=args.equalize,
        per_channel=not args.per_tensor,
        symmetric=args.symmetric,
        float_outputs=not args.quantize_outputs,
    )
    options = DataOptions(args.photos, from_options(args))
    result = convert(args.model, args.data, args.out, calibration, way, options)
    ratios = ", ".join(f"{name} {value:.1f} dB" for name, value in result.decibels.items())
    share = result.bytes / result.float_bytes
    print(f"{args.out}: {share:.2f} of the float file's size; signal to noise of the outputs: {ratios}")
    return 0


def _add_compare(kinds: argparse._SubParsersAction[Any]) -> None:
    parser = kinds.add_parser("compare", help="converted models against the float one: figures, layers, time")
    parser.add_argument("models", metavar="MODEL", nargs="+", help="the float model, then others")
    parser.add_argument("--data", type=Path, required=True, help="folder of the data of the task")
    parser.add_argument(
        "--occluders",
        type=Path,
        metavar="DIR",
        help="of `train mask-occluders`: measures mask models behind real things too",
    )
    add_class_folder_options(parser)
    parser.add_argument("--turns", type=positive, default=20, help="of each model for the time (%(default)s)")
    parser.add_argument("--out", type=Path, metavar="DIR", help="write table, JSON and picture in here")
    parser.add_argument("--json", action="store_true", help="print one JSON object instead of the table")
    parser.set_defaults(run_kind=_run_compare)


def _run_compare(args: argparse.Namespace) -> int:
    from facecap.cli import UsageError
    from facecap.conversion import compare
    from facecap.conversion.int8.calibration_set import DataOptions
    from facecap.training.mask.class_folders import from_options

    if len(args.models) < 2:
        raise UsageError("give the float model and at least one other")
    options = DataOptions(how=from_options(args))
    compared = compare.compare(args.models, args.data, args.turns, occluders=args.occluders, options=options)
    print(json.dumps(compare.to_json(compared)) if args.json else compare.table(compared))
    if args.out is not None:
        compare.write_report(args.out, compared)
    return 0


def percentage(text: str) -> float:
    """A number above 50 and up to 100."""
    try:
        number = float(text)
    except ValueError:
        number = 0.0
    if not 50 < number <= 100:
        raise argparse.ArgumentTypeError(f"wanted a number above 50 and up to 100, found {text!r}")
    return number


def batch(text: str) -> int | str:
    """A whole number of at least 1, or `free`."""
    if text != "free" and not (text.isdecimal() and int(text) >= 1):
        raise argparse.ArgumentTypeError(f"wanted a whole number of at least 1 or free, found {text!r}")
    return text if text == "free" else int(text)


def onnx_file(text: str) -> Path:
    """A path that ends in .onnx, so that its manifest can lie beside it."""
    path = Path(text)
    if path.suffix != ".onnx":
        raise argparse.ArgumentTypeError(f"wanted a name that ends in .onnx, found {text!r}")
    return path
