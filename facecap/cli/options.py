"""Options that several commands share, and what they make."""

from __future__ import annotations

import argparse
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from facecap import _core
from facecap._registry import PRECISIONS
from facecap.cli.values import positive, size

if TYPE_CHECKING:
    from facecap import Areas, CaptureConfig, Detector, Embedder, MaskClassifier, Refiner
    from facecap.sources import Limits


def add_model_options(parser: argparse.ArgumentParser) -> None:
    """Which models, and how they run."""
    group = add_detector_options(parser)
    group.add_argument("--classifier", metavar="MODEL", help="mask classifier: a file or a name")


def add_detector_options(parser: argparse.ArgumentParser) -> argparse._ArgumentGroup:
    """Which detector, and how it runs; returns the group of models."""
    group = parser.add_argument_group("models")
    group.add_argument(
        "--detector", metavar="MODEL", help="detector: a file or a name of `facecap models list`"
    )
    group.add_argument("--input-size", type=size, metavar="WxH", help="network input in pixels, e.g. 640x480")
    group.add_argument("--score-threshold", type=float, metavar="P", help="least score of a face, 0 to 1")
    group.add_argument(
        "--precision",
        choices=PRECISIONS,
        default=PRECISIONS[0],
        help="of the detector; int8: the file beside it, faster where docs/devices.md says (%(default)s)",
    )
    add_execution_options(group)
    return group


def add_provider_option(group: argparse._ActionsContainer) -> None:
    """What computes the networks."""
    group.add_argument(
        "--provider",
        choices=_core.provider_names(),
        default="cpu",
        help="what computes the networks, where the installed onnxruntime has it (%(default)s)",
    )


def add_execution_options(group: argparse._ActionsContainer) -> None:
    """What computes the networks, and how many threads do."""
    add_provider_option(group)
    group.add_argument(
        "--threads", type=positive, default=1, metavar="N", help="threads of a network (%(default)s)"
    )


def execution_of(args: argparse.Namespace) -> dict[str, Any]:
    """What the options say computes a network, as its class takes it."""
    return {"threads": args.threads, "provider": args.provider}


def add_limit_options(parser: argparse.ArgumentParser) -> None:
    """How large a picture may be."""
    group = parser.add_argument_group("limits of a picture, checked before it is decoded")
    group.add_argument("--max-pixels", type=positive, metavar="N", help="width times height (100000000)")
    group.add_argument("--max-bytes", type=positive, metavar="N", help="of the encoded file (67108864)")


def add_capture_options(parser: argparse.ArgumentParser) -> None:
    """Every key of CaptureConfig."""
    from facecap._settings import SETTINGS

    group = parser.add_argument_group("captures")
    group.add_argument(
        "--config", type=Path, metavar="FILE", help="JSON with the names below, or a vendor file; options win"
    )
    for name, setting in SETTINGS.items():
        default = setting.default
        shown = f"{default:g}" if isinstance(default, float) else default
        text = setting.help.replace("%", "%%")
        details: dict[str, Any] = {"help": text if default is None else f"{text} ({shown})", "default": None}
        if setting.kind == "on_off":
            details["action"] = argparse.BooleanOptionalAction
        elif setting.kind == "choice":
            details["choices"] = tuple(setting.choices)
        else:
            details |= (
                {"type": float, "metavar": "X"} if setting.kind == "number" else {"type": int, "metavar": "N"}
            )
        group.add_argument("--" + name.replace("_", "-"), **details)
    add_area_options(group)
    add_refiner_option(group, "before its shot is kept")
    group.add_argument(
        "--embedder",
        metavar="MODEL",
        help="tells people apart, so that nobody is captured again on a new track: a file or a name (none)",
    )
    group.add_argument(
        "--slots", type=positive, default=10, metavar="N", help="tracks that hold a shot (%(default)s)"
    )


def add_area_options(group: argparse._ActionsContainer) -> None:
    """Where in the frame faces are captured."""
    for name, which, text in (
        ("--area", "only", "capture faces there alone: corners x,y, shares of the frame's width and height"),
        ("--ignore-area", "ignore", "capture no face there, as --area"),
    ):
        group.add_argument(
            name, type=_areas_of(which), metavar="POLYGONS", help=f'{text}, "0,0 0.5,0 0.5,1; ..." (none)'
        )


def add_refiner_option(group: argparse._ActionsContainer, when: str) -> None:
    """Which refiner looks at a face, and when."""
    group.add_argument(
        "--refiner",
        metavar="MODEL",
        help=f"second look at a face {when}: a file, a name, or none (the one that ships)",
    )


def detector_of(args: argparse.Namespace, **more: Any) -> Detector:
    """The detector that the options ask for; `more`: arguments of `Detector`, None for its default."""
    from facecap import Detector
    from facecap.cli import UsageError

    asked = {"score_threshold": args.score_threshold, "input_size": args.input_size, **more}
    given = {key: value for key, value in asked.items() if value is not None}
    try:
        return Detector(args.detector, precision=args.precision, **execution_of(args), **given)
    except ValueError as error:
        raise UsageError(str(error)) from None


def classifier_of(args: argparse.Namespace) -> MaskClassifier:
    """The mask classifier that the options ask for."""
    from facecap import MaskClassifier

    return MaskClassifier(args.classifier, **execution_of(args))


def refiner_of(args: argparse.Namespace) -> Refiner | None:
    """The refiner that the options ask for, if any."""
    from facecap import Refiner

    return Refiner.chosen(args.refiner, **execution_of(args))


def embedder_of(args: argparse.Namespace) -> Embedder | None:
    """The embedder that the options ask for, if any."""
    from facecap import Embedder

    return None if args.embedder is None else Embedder(args.embedder, **execution_of(args))


def limits_of(args: argparse.Namespace) -> Limits:
    """The limits that the options ask for."""
    from facecap.sources import Limits

    default = Limits()
    return Limits(args.max_pixels or default.pixels, args.max_bytes or default.bytes)


def capture_config(args: argparse.Namespace, fallbacks: Mapping[str, Any]) -> CaptureConfig:
    """The defaults, `fallbacks`, the file of --config and the options, each over those before.

    Raises:
        UsageError: a value is wrong.
    """
    from facecap import CaptureConfig
    from facecap.cli import UsageError

    try:
        return CaptureConfig(**{**fallbacks, **capture_settings(args)})
    except (ValueError, TypeError) as error:
        raise UsageError(str(error)) from None


def capture_settings(args: argparse.Namespace) -> dict[str, Any]:
    """What the file of --config and the options say, by the names of `CaptureConfig`.

    Raises:
        UsageError: the file cannot be read or is wrong.
    """
    from facecap._settings import NAMES, read_options
    from facecap.cli import UsageError

    given = {name: getattr(args, name) for name in NAMES}
    try:
        file = read_options(args.config) if args.config is not None else {}
    except OSError as error:
        raise UsageError(f"{args.config}: {error.strerror}") from None
    except (ValueError, TypeError) as error:
        raise UsageError(str(error)) from None
    return {**file, **{name: value for name, value in given.items() if value is not None}}


def areas_of(args: argparse.Namespace) -> Areas:
    """Where in the frame faces are captured."""
    from facecap import Areas

    return Areas(
        ignore=args.ignore_area.ignore if args.ignore_area else (), only=args.area.only if args.area else ()
    )


def _areas_of(which: str) -> Callable[[str], Areas]:
    """For `type=`: polygons, which are to be ignored or alone count."""

    def areas(text: str) -> Areas:
        from facecap import Areas, _core

        try:
            return Areas(**{which: _core.read_polygons(text)})
        except ValueError as error:
            raise argparse.ArgumentTypeError(str(error)) from None

    return areas
