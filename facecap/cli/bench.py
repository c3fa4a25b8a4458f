"""Measure speed and memory on this machine; every ratio comes from turns taken side by side in one run."""

from __future__ import annotations

import argparse
import json
import sys
from pathlib import Path
from typing import Any

from facecap import _core
from facecap._extra import extra_for
from facecap.cli import values

_EXTRAS = {"service": "service", "cluster": "service"}
"""Of the tasks that need another than `train`; what Ray needs is named where it is missing."""


def add_parser(subparsers: argparse._SubParsersAction[Any]) -> None:
    """Add `bench` and its tasks."""
    parser = subparsers.add_parser("bench", help="measure speed and memory", description=__doc__)
    tasks = parser.add_subparsers(dest="task", metavar="TASK", required=True)

    detect = tasks.add_parser("detect", help="the detector against its network run alone and against peers")
    detect.add_argument("--turns", type=values.positive, default=40, help="of each contender (%(default)s)")
    detect.add_argument(
        "--checkpoint",
        type=Path,
        metavar="PTH",
        help="published mobilenet0.25 weights: adds the original graph",
    )
    detect.add_argument(
        "--yunet", type=Path, metavar="ONNX", help="adds OpenCV's FaceDetectorYN on this model"
    )
    detect.add_argument(
        "--model",
        action="append",
        default=[],
        help="another detector that runs as the shipped one does: a file, a name, a public YuNet or SCRFD; "
        "repeatable",
    )
    detect.set_defaults(run_task=_detect)

    pipeline = tasks.add_parser("pipeline", help="all stages, one camera and two, memory")
    pipeline.add_argument(
        "--turns", type=values.positive, default=5, help="one camera, then two (%(default)s)"
    )
    pipeline.add_argument("--count", type=values.positive, default=1000, help="frames (%(default)s)")
    pipeline.set_defaults(run_task=_pipeline)

    motion = tasks.add_parser("motion", help="a door that nobody passes, and one that somebody passes")
    motion.add_argument("--turns", type=values.positive, default=10, help="of two seconds each (%(default)s)")
    motion.set_defaults(run_task=_motion)

    model = tasks.add_parser("model", help="networks in float32, float16 and int8, at batch 1, 4 and 8")
    model.add_argument(
        "models",
        metavar="MODEL",
        nargs="+",
        help="a file, a name of `facecap models list`, or a checkpoint; a float32 one is converted here too",
    )
    model.add_argument("--turns", type=values.positive, default=20, help="at each batch (%(default)s)")
    model.add_argument(
        "--input-size",
        type=values.size,
        default=(640, 480),
        metavar="WxH",
        help="for networks of any size, in pixels (640x480)",
    )
    model.set_defaults(run_task=_model)

    service = tasks.add_parser("service", help="what HTTP costs, cameras side by side, at their limit")
    service.add_argument("--turns", type=values.positive, default=9, help="of each comparison (%(default)s)")
    service.add_argument(
        "--count", type=values.positive, default=50_000, help="frames at the limit (%(default)s)"
    )
    service.set_defaults(run_task=_service)

    cluster = tasks.add_parser("cluster", help="cameras on a Ray cluster of this machine, and a lost node")
    cluster.add_argument(
        "--database",
        required=True,
        metavar="URL",
        help="an empty database of PostgreSQL, which is filled: postgresql+psycopg://USER:PASSWORD@HOST/NAME",
    )
    cluster.add_argument("--turns", type=values.positive, default=9, help="of each comparison (%(default)s)")
    cluster.add_argument(
        "--cameras", type=values.positive, default=1000, help="when a node is lost (%(default)s)"
    )
    cluster.set_defaults(run_task=_cluster)

    providers = tasks.add_parser("providers", help="detectors and mask classifiers by what computes them")
    providers.add_argument("models", metavar="MODEL", nargs="*", help="registry names (those that ship)")
    providers.add_argument(
        "--provider",
        action="append",
        choices=_core.provider_names(),
        help="beside cpu, repeatable (all that the installed onnxruntime has)",
    )
    providers.add_argument(
        "--turns", type=values.positive, default=40, help="of each model in each way (%(default)s)"
    )
    providers.set_defaults(run_task=_providers)

    for task in (detect, pipeline, motion, model, providers, service, cluster):
        task.add_argument("--json", action="store_true", help="print one JSON object")


def run(args: argparse.Namespace) -> int:
    """Run the chosen task; returns the exit code."""
    with extra_for("this benchmark", _EXTRAS.get(args.task, "train")):
        code: int = args.run_task(args)
    return code


def _detect(args: argparse.Namespace) -> int:
    from facecap.benchmark import detect

    results = detect.measure(args.checkpoint, args.yunet, args.model, args.turns, _say)
    print(json.dumps(detect.to_json(results)) if args.json else detect.report(results))
    return 0


def _pipeline(args: argparse.Namespace) -> int:
    from facecap.benchmark import pipeline

    result = pipeline.measure(args.turns, args.count, _say)
    print(json.dumps(pipeline.to_json(result)) if args.json else pipeline.report(result))
    return 0


def _motion(args: argparse.Namespace) -> int:
    from facecap.benchmark import motion

    result = motion.measure(args.turns, _say)
    print(json.dumps(motion.to_json(result)) if args.json else motion.report(result))
    return 0


def _service(args: argparse.Namespace) -> int:
    from facecap.benchmark import service

    result = service.measure(args.turns, args.count, _say)
    print(json.dumps(service.to_json(result)) if args.json else service.report(result))
    return 0


def _cluster(args: argparse.Namespace) -> int:
    from facecap.benchmark import cluster

    result = cluster.measure(args.database, args.turns, args.cameras, _say)
    print(json.dumps(cluster.to_json(result)) if args.json else cluster.report(result))
    return 0


def _model(args: argparse.Namespace) -> int:
    from facecap.benchmark import precisions

    results = precisions.measure(args.models, args.input_size, args.turns, _say)
    print(json.dumps(precisions.to_json(results)) if args.json else precisions.report(results))
    return 0


def _providers(args: argparse.Namespace) -> int:
    from facecap import _model
    from facecap.benchmark import providers

    _core.set_onnxruntime_path(_model.onnxruntime_path() or "")
    results = providers.measure(
        args.models or providers.MODELS, args.provider or _core.onnxruntime_providers(), args.turns, _say
    )
    print(json.dumps(providers.to_json(results)) if args.json else providers.report(results))
    return 0


def _say(text: str) -> None:
    print(text, file=sys.stderr, flush=True)
