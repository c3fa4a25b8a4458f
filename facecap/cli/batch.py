"""Capture the faces of many videos: what `facecap run` finds in each of them, in one table.

A SOURCE is a video, a folder (the videos in it and in its folders), a pattern such as "archive/**/*.mp4", or
@FILE with a SOURCE a line (@- is standard input). All cores of this machine work, or with --ray those of a
cluster. A batch that was stopped in whatever way goes on where it was when it is started again.
"""

from __future__ import annotations

import argparse
import json
from contextlib import closing, nullcontext, suppress
from dataclasses import asdict
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from facecap.cli import options, values

if TYPE_CHECKING:
    from collections.abc import Callable, Generator
    from contextlib import AbstractContextManager

    from facecap import Detector, Embedder, MaskClassifier, Refiner
    from facecap.batch.folder import BatchFolder
    from facecap.batch.task import Heard, Version, WorkOn
    from facecap.cli.batch_progress import BatchProgress
    from facecap.cli.batch_report import Report

CROPS = ("files", "column", "none")


def add_parser(subparsers: argparse._SubParsersAction[Any]) -> None:
    """Add `batch`."""
    parser = subparsers.add_parser("batch", help="capture the faces of many videos", description=__doc__)
    parser.add_argument("sources", nargs="+", metavar="SOURCE", help="videos, folders, patterns, @FILE")
    parser.add_argument(
        "--out",
        type=Path,
        required=True,
        metavar="DIR",
        help="folder for the results: made, or taken up again",
    )
    parser.add_argument("--overwrite", action="store_true", help="begin anew where --out holds a batch")
    parser.add_argument(
        "--crops",
        choices=CROPS,
        default=CROPS[0],
        help="as files, as a column of the Parquet table, or not at all (%(default)s)",
    )
    parser.add_argument("--json", action="store_true", help="print the summary as a JSON object")
    parser.add_argument("--quiet", action="store_true", help="no progress")
    where = parser.add_argument_group("where the work is done").add_mutually_exclusive_group()
    where.add_argument(
        "--processes", type=values.positive, metavar="N", help="on this machine (one for each of its cores)"
    )
    where.add_argument(
        "--ray",
        metavar="ADDRESS",
        help="on a Ray cluster, whose nodes see the files by the same paths; or auto",
    )
    options.add_limit_options(parser)
    options.add_model_options(parser)
    options.add_capture_options(parser)


def run(args: argparse.Namespace) -> int:
    """Run the command; returns the exit code."""
    from facecap._extra import extra_for
    from facecap.batch.folder import BatchFolder
    from facecap.cli.batch_file import FileWork
    from facecap.cli.batch_progress import BatchProgress
    from facecap.cli.batch_report import Report

    work = FileWork(args)
    settings = _settings(args)
    if args.crops == "column":
        with extra_for("--crops column", "batch"):
            import pyarrow  # noqa: F401
    files = _files(args)
    progress = BatchProgress(quiet=args.quiet)
    with (
        _where(args) as work_on,
        BatchFolder(args.out, settings, crops=args.crops, overwrite=args.overwrite) as folder,
    ):
        report = Report(len(files))
        try:
            waiting = _waiting(files, folder, progress, report)
            progress.begin(waiting)
            _work(partial(work_on, waiting, work), folder, progress, report)
            report.write(folder)
        except BaseException:
            with suppress(OSError):
                folder.write_summary({"status": "failed"})
            raise
    print(json.dumps({"summary": report.summary()}) if args.json else report.words(folder))
    return report.code


def _files(args: argparse.Namespace) -> list[str]:
    from facecap.batch.files import find_videos
    from facecap.cli import UsageError
    from facecap.cli.pictures import listed

    lists = [source[1:] for source in args.sources if source.startswith("@")]
    files = find_videos(
        [source for source in args.sources if not source.startswith("@")],
        [str(path) for name in lists for path in listed(name)],
    )
    if not files:
        raise UsageError(f"no file is named in {', '.join(lists)}")
    return files


def _settings(args: argparse.Namespace) -> dict[str, Any]:
    """All that decides what is found. Wrong options and models that do not open are refused here."""
    from facecap.cli.pipeline import Models, face_capture

    capture = face_capture(args, Models.of(args))
    limits, areas = options.limits_of(args), capture.areas.to_dict()
    models: dict[str, Detector | MaskClassifier | Refiner | Embedder | None] = {
        "detector": capture.detector,
        "classifier": capture.classifier,
        "refiner": capture.refiner,
        "embedder": capture.embedder,
    }
    return {
        **asdict(capture.config),
        "slots": args.slots,
        "area": areas["only"],
        "ignore_area": areas["ignore"],
        "max_pixels": limits.pixels,
        "max_bytes": limits.bytes,
        "input_size": capture.detector.info["input_size"],
        "score_threshold": args.score_threshold,
        "provider": args.provider,
        **{role: _model(model) for role, model in models.items()},
    }


def _model(model: Detector | MaskClassifier | Refiner | Embedder | None) -> str | None:
    """What tells a model from all others."""
    if model is None:
        return None
    manifest = model.info["manifest"]
    return f"{manifest['name']} {manifest['file']['sha256'][:12]}"


def _waiting(
    files: list[str], folder: BatchFolder, progress: BatchProgress, report: Report
) -> dict[str, Version]:
    """The files that are not done yet, the largest first, so that none is waited for alone at the end."""
    from facecap.batch.task import Failure, Version
    from facecap.sources import SourceError

    waiting = {}
    for file in files:
        try:
            version = Version.of(file)
        except SourceError as error:
            report.leave_out(Failure(file, str(error).removeprefix(f"{file}: ")), progress)
            continue
        if folder.has(file, version):
            report.earlier += 1
        else:
            waiting[file] = version
    if report.earlier:
        progress.say(f"{report.earlier} of {len(files)} files are done already")
    return dict(sorted(waiting.items(), key=lambda item: -item[1].size))


def _where(args: argparse.Namespace) -> AbstractContextManager[WorkOn]:
    if args.ray is not None:
        from facecap.batch.cluster import cluster

        return cluster(args.ray)
    from facecap.batch.processes import in_processes
    from facecap.cores import usable_cores

    return nullcontext(partial(in_processes, args.processes or usable_cores()))


def _work(
    begin: Callable[[Callable[[], bool]], Generator[Heard, None, None]],
    folder: BatchFolder,
    progress: BatchProgress,
    report: Report,
) -> None:
    """Let the files be worked on until they are done or a signal comes."""
    from facecap.batch.task import Failure, Result
    from facecap.cli.job import stopping

    with stopping() as signals:
        with closing(begin(lambda: bool(signals))) as going:
            for said in going:
                if isinstance(said, Result):
                    folder.keep(said)
                    report.add(said, progress)
                elif isinstance(said, Failure):
                    report.leave_out(said, progress)
                progress.update(said)
        progress.clear()
        if signals:
            report.interrupted = True
            progress.say("interrupted; the files that are done are kept")
