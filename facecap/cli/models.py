"""The models that the package knows: list them, show one, check them, import a published checkpoint."""

from __future__ import annotations

import argparse
import json
import sys
from functools import partial
from pathlib import Path
from typing import Any, get_args

from facecap._extra import extra_for
from facecap.cli.options import cosine
from facecap.conversion.detector.import_checkpoint import Form


def add_parser(subparsers: argparse._SubParsersAction[Any]) -> None:
    """Add `models` and its actions."""
    parser = subparsers.add_parser("models", help="list, show, check and import models", description=__doc__)
    actions = parser.add_subparsers(dest="action", metavar="ACTION", required=True)

    listing = actions.add_parser("list", help="names, tasks and files")
    listing.add_argument("--json", action="store_true", help="print one JSON object a model")
    listing.set_defaults(run_action=_list)

    info = actions.add_parser(
        "info", help="the manifest of one model; what a .cvimodel says of itself", description=_info.__doc__
    )
    info.add_argument("model", metavar="MODEL", help="a name of `facecap models list`, or a model file")
    info.add_argument(
        "--json", action="store_true", help="of a .cvimodel: one JSON object, `contents` and `manifest`"
    )
    info.set_defaults(run_action=_info)

    verify = actions.add_parser("verify", help="check files against their manifests: hash, size, tensors")
    verify.add_argument(
        "models", metavar="MODEL", nargs="*", help="names or files; all registered when none is given"
    )
    verify.set_defaults(run_action=_verify)

    importing = actions.add_parser(
        "import", help="turn a published detector, a MobileFaceNet or a run's best.pt into a model"
    )
    importing.add_argument(
        "checkpoint",
        type=Path,
        metavar="CHECKPOINT",
        help="RetinaFace .pth (mobilenet0.25 or ResNet-50), YuNet .onnx, SCRFD with points .onnx, "
        "MobileFaceNet .onnx or .pt, or a run's best.pt",
    )
    importing.add_argument("--out", type=Path, required=True, metavar="ONNX", help="file to write, .onnx")
    importing.add_argument(
        "--form", choices=get_args(Form), default="levels", help="of a RetinaFace (%(default)s)"
    )
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
        "faces",
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
    sections, tensors, ION memory and checksum, as the file has them."""
    from facecap import models

    path = _path(args.model)
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
        from facecap.conversion.import_model import import_model

        difference = import_model(
            args.checkpoint,
            args.out,
            form=args.form,
            min_sizes=args.min_sizes and [args.min_sizes[i : i + 2] for i in (0, 2, 4)],
            slope=args.slope,
            same_person=args.same_person,
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
