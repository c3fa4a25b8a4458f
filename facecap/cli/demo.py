"""Make a short clip, of one visit bare-faced and one with a mask, and capture the faces in it.

Needs no camera and no file: the clip is made from a photograph in the public domain that comes with
matplotlib (pip install 'facecap[demo]'). It then goes the way of `facecap run`, with its options; the results
are those of `facecap run DIR/clip.mp4 --out DIR --annotate DIR/annotated.mp4 --contact-sheet`. With --push it
is pushed to a running `facecap serve` instead, as a camera would do it.
"""

from __future__ import annotations

import argparse
import json
from pathlib import Path
from typing import Any

from facecap.addresses import shown_address
from facecap.cli import options, values
from facecap.cli import run as run_command

_FOLDER = Path("out/demo")


def add_parser(subparsers: argparse._SubParsersAction[Any]) -> None:
    """Add `demo`."""
    parser = subparsers.add_parser(
        "demo", help="capture faces in a clip that is made on the spot", description=__doc__
    )
    parser.add_argument(
        "--out",
        type=Path,
        metavar="DIR",
        help=f"folder for the clip and the results ({_FOLDER}, where an earlier demo is replaced)",
    )
    parser.add_argument("--overwrite", action="store_true", help="replace an earlier clip and run in --out")
    parser.add_argument("--clip-only", action="store_true", help="make the clip, print its path and stop")
    push = parser.add_argument_group("to the service")
    push.add_argument(
        "--push",
        metavar="URL",
        help="push the frames there, in real time; the settings of the service hold, nothing is kept here",
    )
    push.add_argument(
        "--push-camera", metavar="NAME", default="demo", help="name of the camera (%(default)s)"
    )
    push.add_argument(
        "--push-key-file",
        type=Path,
        metavar="FILE",
        help="file whose first line is the key, with the scope push",
    )
    run_command.add_report_options(parser)
    group = parser.add_argument_group("source")
    group.add_argument("--max-frames", type=values.positive, metavar="N", help="stop after so many frames")
    options.add_model_options(parser)
    options.add_capture_options(parser)


def run(args: argparse.Namespace) -> int:
    """Run the command; returns the exit code."""
    from facecap.cli.progress import Progress
    from facecap.demo import clip
    from facecap.errors import FacecapError
    from facecap.sinks.run_folder import CAPTURES, SUMMARY

    if args.push is not None:
        return _push(args)
    options.capture_config(args, {})  # wrong usage is reported before the clip is made
    out: Path = args.out or _FOLDER
    overwrite = args.overwrite or args.out is None
    earlier = [name for name in (*clip.NAMES, CAPTURES, SUMMARY) if (out / name).exists()]
    if earlier and not overwrite:
        raise FacecapError(f"{out} holds an earlier {earlier[0]}: give another --out, or --overwrite")
    path = clip.make(out)
    if args.clip_only:
        print(json.dumps({"clip": str(path)}) if args.json else path)
        return 0
    if not args.quiet:
        Progress().say(f"made {path}")
    of_the_run = {
        "source": str(path),
        "out": out,
        "overwrite": overwrite,
        "annotate": path.with_stem("annotated"),
        "contact_sheet": "",
        "fps": None,
        "retries": 0,
        "max_pixels": None,
        "max_bytes": None,
    }
    return run_command.run(argparse.Namespace(**{**vars(args), **of_the_run}))


def _push(args: argparse.Namespace) -> int:
    from facecap.cli import UsageError
    from facecap.cli.progress import Progress
    from facecap.demo.push import push
    from facecap.errors import FacecapError

    given = [
        f"--{name.replace('_', '-')}" for name in ("out", "overwrite", "clip_only") if getattr(args, name)
    ]
    if given:
        raise UsageError(f"{given[0]} is not for --push, which keeps nothing here")
    if "@" in args.push:
        raise UsageError("--push: wanted an address without a name and a password: give --push-key-file")
    key = None
    if args.push_key_file is not None:
        try:
            key = args.push_key_file.read_text(encoding="utf-8-sig").partition("\n")[0].strip()
        except (OSError, UnicodeDecodeError) as error:
            raise FacecapError(f"{args.push_key_file}: the key cannot be read: {error}") from None
    if not args.quiet:
        Progress().say(f"pushing frames to {shown_address(args.push)}")
    try:
        captures = push(args.push, args.push_camera, key, args.max_frames)
    except ValueError as error:
        raise UsageError(f"--push, --push-key-file: {error}") from None
    page = f"{args.push.rstrip('/')}/"
    print(
        json.dumps({"captures": captures, "page": page}) if args.json else f"{captures} captures: see {page}"
    )
    return 0
