"""`facecap convert KIND`: turn a model into another file that does the same."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Any

from facecap.errors import FacecapError

MODEL = "a file, a name of `facecap models list`, or a checkpoint of a training run"


def add_parser(subparsers: argparse._SubParsersAction[Any]) -> None:
    """Add `convert` and one sub-command a kind."""
    parser = subparsers.add_parser(
        "convert", help="convert, quantise and compare models", description=__doc__
    )
    kinds = parser.add_subparsers(dest="kind", metavar="KIND", required=True)
    _add_onnx(kinds)


def run(args: argparse.Namespace) -> int:
    """Run the chosen kind; returns the exit code."""
    try:
        code: int = args.run_kind(args)
    except ModuleNotFoundError as error:
        if error.name not in ("torch", "onnx", "scipy", "matplotlib"):
            raise
        raise FacecapError(
            f"conversion needs {error.name}, which is not installed: pip install 'facecap[train]'"
        ) from error
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
        choices=("levels", "concatenated"),
        help="of a detector made from a checkpoint; levels when not given, which is faster",
    )
    parser.add_argument(
        "--precision", choices=("float32", "float16"), default="float32", help="of the weights (%(default)s)"
    )
    parser.set_defaults(run_kind=_run_onnx)


def _run_onnx(args: argparse.Namespace) -> int:
    from facecap.conversion.convert_onnx import convert

    difference = convert(args.model, args.out, batch=args.batch, form=args.form, precision=args.precision)
    print(f"{args.out}: differs from {args.model} by {difference:.1e} of its range on noise")
    return 0


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
