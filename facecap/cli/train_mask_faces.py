"""The options of `facecap train mask-faces`."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Any

from facecap.cli.values import positive, share


def add_mask_faces(tasks: argparse._SubParsersAction[Any]) -> None:
    """Add the sub-command."""
    parser = tasks.add_parser(
        "mask-faces", help="cut labelled faces out of photographs, for `train mask --more`"
    )
    parser.add_argument("--photos", type=Path, required=True, help="folder of photographs")
    parser.add_argument(
        "--data", type=Path, required=True, help="data pack whose evaluation pictures are not to be copied"
    )
    parser.add_argument(
        "--out",
        type=Path,
        required=True,
        help="folder to write into, without an index.csv; its name is the source's",
    )
    who = parser.add_mutually_exclusive_group(required=True)
    who.add_argument(
        "--boxes", type=Path, help="folder of people's boxes, a Pascal VOC file (.xml) a photograph"
    )
    who.add_argument(
        "--bare-unless",
        type=Path,
        metavar="ONNX",
        help="every face is bare unless the default classifier and this detector of AIZOO see a mask on it",
    )
    who.add_argument("--incorrect", action="store_true", help="every face wears its mask wrongly")
    parser.add_argument("--every", type=positive, default=1, help="take every n-th photograph (%(default)s)")
    parser.add_argument(
        "--held-out",
        type=share,
        default=0.2,
        metavar="SHARE",
        help="share for `eval mask --more` (%(default)s)",
    )
    parser.set_defaults(run_task=_run)


def _run(args: argparse.Namespace) -> int:
    from facecap.training.mask import photo_faces
    from facecap.training.mask.data import INCORRECT

    if args.boxes is not None:
        labels = photo_faces.labelled_boxes(args.boxes)
    elif args.bare_unless is not None:
        labels = photo_faces.bare_unless(args.bare_unless)
    else:
        labels = photo_faces.always(INCORRECT)
    counts = photo_faces.write_faces(
        args.photos, args.out, args.data, labels, every=args.every, held_out=args.held_out
    )
    print(f"{args.out}: " + ", ".join(f"{count} {name}" for name, count in counts.items()))
    return 0
