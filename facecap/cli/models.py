"""The models that the package knows: list them, show one, check them, import a published checkpoint."""

from __future__ import annotations

import argparse
import json
import sys
from functools import partial
from pathlib import Path
from typing import Any, get_args

from facecap._extra import extra_for
from facecap.cli.environment import name_twin
from facecap.cli.values import cosine, positive, three_numbers
from facecap.conversion.detector.import_checkpoint import Form


def add_parser(subparsers: argparse._SubParsersAction[Any]) -> None:
    """Add `models` and its actions."""
    parser = subparsers.add_parser("models", help="list, show, check and import models", description=__doc__)
    actions = parser.add_subparsers(dest="action", metavar="ACTION", required=True)

    listing = actions.add_parser("list", help="names, tasks and files")
    listing.add_argument("--json", action="store_true", help="print one JSON object a model")
    listing.set_defaults(run_action=_list)

    info = actions.add_parser(
        "info",
        help="the manifest of one model; what a .cvimodel says of itself; the size of a network",
        description=_info.__doc__,
    )
    info.add_argument(
        "model",
        metavar="MODEL",
        help="a name of `facecap models list`, a model file, or the name of a network such as ghostnet_1.0x",
    )
    info.add_argument(
        "--json", action="store_true", help="of a .cvimodel: one JSON object, `contents` and `manifest`"
    )
    side = info.add_argument(
        "--input-size",
        type=positive,
        metavar="PX",
        help="of a network: side of the picture (112, of a detector 640)",
    )
    name_twin(side, "NETWORK_INPUT_SIZE")
    info.add_argument(
        "--outputs",
        type=positive,
        metavar="N",
        help="of a network: logits (1), of an embedder the length of a vector (128)",
    )
    info.set_defaults(run_action=_info)

    verify = actions.add_parser("verify", help="check files against their manifests: hash, size, tensors")
    verify.add_argument(
        "models", metavar="MODEL", nargs="*", help="names or files; all registered when none is given"
    )
    verify.set_defaults(run_action=_verify)

    _add_import(actions)


def _add_import(actions: argparse._SubParsersAction[Any]) -> None:
    importing = actions.add_parser(
        "import",
        help="turn published weights, or a run's best.pt, into a model: detectors, embedders, classifiers",
    )
    importing.add_argument(
        "checkpoint",
        type=Path,
        metavar="CHECKPOINT",
        help="RetinaFace .pth (mobilenet0.25, ResNet-50, RFB or Slim), YuNet .onnx, SCRFD with points .onnx, "
        "MobileFaceNet .onnx or weights, a state_dict of GhostNet or MobileNetV1 to V3, or a run's best.pt",
    )
    importing.add_argument("--out", type=Path, required=True, metavar="ONNX", help="file to write, .onnx")
    importing.add_argument("--form", choices=get_args(Form), help="of a RetinaFace; levels when not given")
    importing.add_argument(
        "--min-sizes",
        type=int,
        nargs=6,
        metavar="PX",
        help="of a RetinaFace: priors' sides, two a stride; when not given, those of the published ones with "
        "which it finds faces",
    )
    importing.add_argument(
        "--slope",
        type=float,
        help="of a RetinaFace's activations below zero, 0 or 0.1; when not given, that with which it finds "
        "faces; of MobileNetV1's, that which fits its batch norms",
    )
    importing.add_argument(
        "--same-person",
        type=cosine,
        metavar="COSINE",
        help="of an embedder, from which two faces are one person; 0.3, or what the run says, when not given",
    )
    importing.add_argument(
        "--name", help="name in the registry; the stem of --out, or what the run says, when not given"
    )
    importing.add_argument(
        "--licence",
        help="of the weights, an SPDX name or words; unknown, or what the run says, when not given",
    )
    importing.add_argument("--origin", help="where the weights come from")
    group = importing.add_argument_group(
        "what weights mean: --task and --classes of a classifier, the input of embedders too"
    )
    group.add_argument("--task", choices=("mask", "classification"), help="what it answers")
    classes = group.add_argument(
        "--classes",
        type=Path,
        metavar="FILE",
        help="names in the order of the outputs, one a line (of a mask classifier: no_mask, mask)",
    )
    name_twin(classes, "CLASSES_FILE")
    for name in ("mean", "std"):
        group.add_argument(
            f"--{name}",
            type=three_numbers,
            metavar="A,B,C",
            help=f"{name} of the planes, of pixels from 0 to 255, or from 0 to 1 where every std is below 1 "
            "(127.5,127.5,127.5)",
        )
    group.add_argument("--color", choices=("rgb", "bgr"), help="order of the planes (rgb)")
    side = group.add_argument(
        "--input-size", type=positive, metavar="PX", help="side of the input (mask: 112, classification: 224)"
    )
    name_twin(side, "NETWORK_INPUT_SIZE")
    importing.set_defaults(run_action=_import)


def run(args: argparse.Namespace) -> int:
    """Run the chosen action; returns the exit code."""
    code: int = args.run_action(args)
    return code


def _list(args: argparse.Namespace) -> int:
    from facecap import models

    for model in models.list_models():
        if args.json:
            print(
                json.dumps(
                    {
                        "name": model.name,
                        "task": model.task,
                        "default": model.default,
                        "path": str(model.path),
                        "problem": model.problem,
                    }
                )
            )
        else:
            note = model.problem or ("default" if model.default else "")
            print(f"{model.name:<40} {model.task or '?':<16} {model.path}  {note}".rstrip())
    return 0


def _info(args: argparse.Namespace) -> int:
    """Print the manifest of a model, JSON. Of a .cvimodel, with or without a manifest: chip, version,
    sections, tensors, ION memory and checksum, as the file has them. Of a network by its name: parameters and
    multiply-adds, JSON."""
    from facecap import models
    from facecap.errors import FacecapError, ModelError

    try:
        path = _path(args.model)
    except ModelError as no_model:
        found = _network_size(args, no_model)
        print(json.dumps(found, indent=2))
        return 0
    if args.input_size or args.outputs:
        raise FacecapError(f"{args.model} is a model: --input-size and --outputs are for names of networks")
    if path.suffix == ".cvimodel":
        return _cvimodel_info(path, args.json)
    print(json.dumps(json.loads(models.manifest_text(path)), indent=2, ensure_ascii=False))
    return 0


def _cvimodel_info(path: Path, as_json: bool) -> int:
    from facecap import models
    from facecap.cli import cvimodel_info

    contents = models.cvimodel_contents(path)
    described = path.with_suffix(".json")
    manifest = json.loads(models.manifest_text(path)) if described.exists() else None
    if as_json:
        print(json.dumps({"contents": contents, "manifest": manifest}, indent=2, ensure_ascii=False))
        return 0
    print(f"{path}: {cvimodel_info.text(contents)}\n")
    print(f"manifest: {described}" if manifest else f"no manifest: there is no {described}")
    return 0


def _network_size(args: argparse.Namespace, no_model: Exception) -> dict[str, Any]:
    """Of a network by name, where it is one."""
    from facecap.errors import ModelError
    from facecap.evaluation.network_size import networks, size_of_network

    with extra_for(f"{no_model}; the size of a network"):
        known = networks()
        if args.model not in known:
            raise ModelError(f"{no_model}; networks are: {', '.join(known)}")
        return size_of_network(args.model, args.input_size, args.outputs)


def _verify(args: argparse.Namespace) -> int:
    from facecap import models
    from facecap.errors import ModelError

    broken = 0
    for path in [_path(name) for name in args.models] or [model.path for model in models.list_models()]:
        try:
            if models.openable(path):
                print(f"ok      {models.verify(path)['name']}  {path}")
            else:
                name = models.verify_bytes(path)["name"]
                print(f"ok      {name}  {path}: size and hash; its runtime is not here to open it")
        except ModelError as error:
            broken += 1
            print(f"broken  {path}: {error}")
    return 1 if broken else 0


def _import(args: argparse.Namespace) -> int:
    with extra_for("importing"):
        from facecap.conversion.classifier import Meaning, read_classes
        from facecap.conversion.import_model import import_model

        classes = None if args.classes is None else read_classes(args.classes)
        difference = import_model(
            args.checkpoint,
            args.out,
            form=args.form,
            min_sizes=args.min_sizes and [args.min_sizes[i : i + 2] for i in (0, 2, 4)],
            slope=args.slope,
            same_person=args.same_person,
            meaning=Meaning(args.task, classes, args.mean, args.std, args.color, args.input_size),
            name=args.name,
            licence=args.licence,
            origin=args.origin,
            say=partial(print, file=sys.stderr),
        )
    print(f"{args.out}: compared with {args.checkpoint.name}: {difference}")
    return 0


def _path(model: str) -> Path:
    from facecap import models

    path = Path(model)
    return path if path.suffix in models.SUFFIXES else models.find(model).path
