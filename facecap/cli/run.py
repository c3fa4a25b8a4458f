"""Find, follow, capture and classify the faces of a source.

SOURCE is a picture, a folder of pictures, a video file, an animated GIF, a camera number, or the address of a
network stream (rtsp://, http://). An interrupted run (Ctrl-C, SIGTERM) keeps what it captured.
"""

from __future__ import annotations

import argparse
import json
from contextlib import AbstractContextManager, nullcontext
from pathlib import Path
from typing import TYPE_CHECKING, Any

from facecap.cli import options, values

if TYPE_CHECKING:
    from collections.abc import Callable

    from facecap import FaceCapture
    from facecap.cli.ahead import Ahead
    from facecap.cli.outputs import Outputs
    from facecap.sources import Source


def add_parser(subparsers: argparse._SubParsersAction[Any]) -> None:
    """Add `run`."""
    parser = subparsers.add_parser("run", help="capture the faces of a source", description=__doc__)
    parser.add_argument("source", metavar="SOURCE", help="what to look at")
    parser.add_argument(
        "--out", type=Path, metavar="DIR", help="folder for captures.jsonl, crops, summary.json"
    )
    parser.add_argument("--overwrite", action="store_true", help="replace an earlier run in --out")
    parser.add_argument(
        "--annotate", type=Path, metavar="FILE", help="write a clip with the answers drawn on it"
    )
    parser.add_argument(
        "--contact-sheet",
        nargs="?",
        const="",
        metavar="PNG",
        help="write all captures on one picture (contact_sheet.png in --out)",
    )
    add_report_options(parser)
    group = parser.add_argument_group("source")
    group.add_argument("--max-frames", type=values.positive, metavar="N", help="stop after so many frames")
    group.add_argument(
        "--fps", type=values.positive_number, metavar="X", help="gives a folder's pictures times"
    )
    group.add_argument(
        "--retries",
        type=values.count,
        default=5,
        metavar="N",
        help="tries to reach a lost stream (%(default)s)",
    )
    options.add_limit_options(parser)
    options.add_model_options(parser)
    options.add_capture_options(parser)


def add_report_options(parser: argparse.ArgumentParser) -> None:
    """What is told beside the captures."""
    parser.add_argument(
        "--frames",
        action="store_true",
        help="record every face of every frame, for `facecap replay`",
    )
    parser.add_argument(
        "--json", action="store_true", help="print captures, then the summary, a JSON object a line"
    )
    parser.add_argument("--quiet", action="store_true", help="no progress")


def run(args: argparse.Namespace) -> int:
    """Run the command; returns the exit code."""
    from facecap.cli.job import Job
    from facecap.cli.pipeline import Models, face_capture
    from facecap.cli.progress import Progress
    from facecap.sources import open_source

    _check_usage(args)
    progress = Progress(quiet=args.quiet)
    source = open_source(
        args.source,
        limits=options.limits_of(args),
        report=progress.say,
        fps=args.fps,
        retries=args.retries,
        encoded=True,
    )
    capture = face_capture(args, Models.of(args), length=source.length, timed=source.timed)
    progress.length = min((n for n in (source.length, args.max_frames) if n), default=None)
    outputs = _outputs(args, source, capture)
    with _detecting_ahead(args, source, capture) as ahead:
        job = Job(source, capture, outputs, progress, ahead)
        try:
            code = job.work(args.max_frames)
        finally:
            outputs.discard_unfinished()
    if args.json:
        print(json.dumps({"summary": job.summary.to_dict(source, capture)}))
    else:
        print(outputs.report(job.summary))
    return code


def _check_usage(args: argparse.Namespace) -> None:
    from facecap.cli import UsageError
    from facecap.sinks.annotated_clip import CODECS

    if args.out is None:
        for option, value in (
            ("--contact-sheet without a name", args.contact_sheet == ""),
            ("--frames", args.frames),
        ):
            if value:
                raise UsageError(f"{option} needs --out")
    if args.annotate is not None and args.annotate.suffix.lower() not in CODECS:
        raise UsageError(
            f"--annotate: wanted a name that ends in {' or '.join(CODECS)}, found {args.annotate}"
        )

    options.capture_config(args, {})


def _detecting_ahead(
    args: argparse.Namespace, source: Source, capture: FaceCapture
) -> AbstractContextManager[Ahead | None]:
    """What detects in the frames that come, where cores are left for it."""
    from facecap.cli.ahead import Ahead
    from facecap.cli.overlap import AHEAD
    from facecap.cores import usable_cores

    threads = min(usable_cores(), AHEAD)  # more would find no frame to detect in
    if threads < 2 or args.threads != 1 or args.provider != "cpu" or source.live or source.length == 1:
        return nullcontext()
    return Ahead(capture.detector, threads)


def _answer_of(capture: FaceCapture) -> Callable[[float, float], str]:
    """The word for P(mask) and P(incorrect), the latter nan of a model of two classes."""
    classifier, threshold = capture.classifier, capture.config.mask_threshold
    return lambda mask, incorrect: classifier.answer(mask, threshold, incorrect)


def _outputs(args: argparse.Namespace, source: Source, capture: FaceCapture) -> Outputs:
    from facecap.cli.outputs import Outputs
    from facecap.replay import Recorder
    from facecap.sinks.annotated_clip import AnnotatedClip
    from facecap.sinks.annotation import Annotator
    from facecap.sinks.run_folder import CONTACT_SHEET, RunFolder

    folder = clip = sheet = None
    if args.annotate is not None:
        annotator = Annotator(_answer_of(capture), capture.classifier.answers, capture.areas)
        clip = AnnotatedClip(args.annotate, source.fps or 25.0, annotator)
    if args.out is not None:
        recorder = Recorder(capture, every_look=True) if args.frames else None
        folder = RunFolder(args.out, overwrite=args.overwrite, recorder=recorder)
    if args.contact_sheet is not None:
        sheet = Path(args.contact_sheet) if args.contact_sheet else args.out / CONTACT_SHEET
    return Outputs(folder, clip, sheet, as_json=args.json)
