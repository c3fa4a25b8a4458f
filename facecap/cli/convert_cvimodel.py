"""`facecap convert cvimodel` and `facecap convert cvimodel-tools`."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Any

from facecap.cli.data_options import add_class_folder_options
from facecap.cli.values import count, positive, positive_number, share, size


def add_parsers(kinds: argparse._SubParsersAction[Any], model: str) -> None:
    """Add both; `model` is the help of MODEL."""
    parser = kinds.add_parser(
        "cvimodel", help=".cvimodel for a chip, with its manifest and a report", description=_run.__doc__
    )
    parser.add_argument("model", metavar="MODEL", help=model)
    parser.add_argument(
        "--chip", choices=("cv180x", "cv181x", "cv182x", "cv183x"), required=True, help="that it is made for"
    )
    parser.add_argument(
        "--data", type=Path, required=True, help="of the task: training parts calibrate, others are checked"
    )
    parser.add_argument("--photos", type=Path, help="labelled photographs that a detector was trained on too")
    parser.add_argument("--out", type=cvimodel_file, required=True, metavar="CVIMODEL", help="file to write")
    parser.add_argument(
        "--report", type=Path, metavar="DIR", help="for the report and the log; X-report beside X.cvimodel"
    )
    parser.add_argument(
        "--work", type=Path, metavar="DIR", help="keeps steps for another run (a cache folder)"
    )
    add_class_folder_options(parser)
    _add_network_options(parser)
    _add_precision_options(parser)
    parser.set_defaults(run_kind=_run)
    tools = kinds.add_parser(
        "cvimodel-tools", help="make the toolchain's environment now", description=_run_tools.__doc__
    )
    tools.set_defaults(run_kind=_run_tools)


def _add_network_options(parser: argparse.ArgumentParser) -> None:
    group = parser.add_argument_group("input and outputs")
    group.add_argument("--input-size", type=size, metavar="WxH", help="the model's own when not given")
    group.add_argument(
        "--input",
        choices=("int8", "float32", "packed", "planar"),
        default="int8",
        help="int8: rounded by facecap; packed, planar: pixels as they are, uint8 (%(default)s)",
    )
    group.add_argument("--int8-outputs", action="store_true", help="not turned into float32 on the chip")
    group = parser.add_argument_group("calibration")
    group.add_argument("--count", type=positive, default=64, metavar="N", help="pictures (%(default)s)")
    group.add_argument("--seed", type=int, default=0, help="of drawing them (%(default)s)")
    group.add_argument(
        "--equalize",
        action=argparse.BooleanOptionalAction,
        default=True,
        help="balance the channels of activations first, which changes no answer (%(default)s)",
    )


def _add_precision_options(parser: argparse.ArgumentParser) -> None:
    group = parser.add_argument_group("precision")
    group.add_argument(
        "--precision",
        choices=("mixed", "int8", "bf16"),
        default="mixed",
        help="mixed: the layers that int8 harms most in bf16, within the budget (%(default)s)",
    )
    group.add_argument(
        "--max-ion",
        type=positive_number,
        metavar="MB",
        help="ION memory; twice what int8 needs, with no budget",
    )
    group.add_argument(
        "--max-bytes", type=positive, metavar="N", help="of the file; a quarter more than int8's"
    )
    group.add_argument("--max-layers", type=positive, metavar="N", help="in bf16")
    group.add_argument(
        "--rank-on", type=positive, default=16, metavar="N", help="calibration pictures (%(default)s)"
    )
    group.add_argument(
        "--check",
        type=count,
        default=200,
        metavar="N",
        help="evaluation pictures on the simulator, about a second each; 0: none (%(default)s)",
    )
    group.add_argument(
        "--max-loss",
        type=share,
        metavar="X",
        help="fail where the result loses more on these pictures, and write the report alone: of AP "
        "(detectors, mask), top-1 (classifiers) or of the vectors' cosine with the float model's (embedders)",
    )


def _run(args: argparse.Namespace) -> int:
    """Turn a model into a .cvimodel for a chip: calibrated, layers that int8 harms most kept in bf16, and
    checked on the vendor's simulator."""
    from facecap.conversion.cvimodel.convert import convert
    from facecap.conversion.cvimodel.mixed import Budget
    from facecap.conversion.cvimodel.report import folder_of, text
    from facecap.conversion.cvimodel.wanted import Wanted
    from facecap.conversion.int8.calibration_set import DataOptions
    from facecap.training.mask.class_folders import from_options

    wanted = Wanted(
        chip=args.chip,
        precision=args.precision,
        budget=Budget(args.max_ion, args.max_bytes, args.max_layers),
        sides=args.input_size,
        input=args.input,
        int8_outputs=args.int8_outputs,
        count=args.count,
        seed=args.seed,
        equalized=args.equalize,
        ranked_on=args.rank_on,
        checked_on=args.check,
        max_loss=args.max_loss,
    )
    folder = args.report or folder_of(args.out)
    options = DataOptions(args.photos, from_options(args))
    report = convert(
        args.model, args.data, args.out, wanted, options=options, work=args.work, report_folder=folder
    )
    print(text(report))
    print(f"\n{args.out}; report, picture and the toolchain's log: {folder}")
    return 0


def _run_tools(args: argparse.Namespace) -> int:
    """Fetch the vendor's toolchain and install it in an environment of its own, some 2.2 GB."""
    import sys

    from facecap.conversion.cvimodel.environment import toolchain

    made = toolchain(lambda text: print(f"facecap: {text}", file=sys.stderr, flush=True))
    print(f"the toolchain is ready: {made.package}")
    return 0


def cvimodel_file(text: str) -> Path:
    """A path that ends in .cvimodel, so that its manifest can lie beside it."""
    path = Path(text)
    if path.suffix != ".cvimodel":
        raise argparse.ArgumentTypeError(f"wanted a name that ends in .cvimodel, found {text!r}")
    return path
