"""Say which captures of a recorded run other settings would bring, take away or change, without its video.

DIR is the folder of a `facecap run --frames`. Finding faces is most of the work of a run; a replay does the
rest alone, with the faces that the run found.
"""

from __future__ import annotations

import argparse
import json
from collections import Counter
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from facecap.cli import options, values

if TYPE_CHECKING:
    from facecap import Areas
    from facecap.replay import Change, Recording, ReplayedCapture


def add_parser(subparsers: argparse._SubParsersAction[Any]) -> None:
    """Add `replay`."""
    parser = subparsers.add_parser("replay", help="try other settings on a recorded run", description=__doc__)
    parser.add_argument("run", type=Path, metavar="DIR", help="folder of a run with --frames")
    parser.add_argument(
        "--set",
        action="append",
        default=[],
        metavar="NAME=VALUE",
        help="a setting of captures, such as min_face=48; repeatable",
    )
    parser.add_argument("--slots", type=values.positive, metavar="N", help="tracks that hold a shot")
    options.add_area_options(parser)
    parser.add_argument(
        "--json", action="store_true", help="print changes, then a summary, a JSON object a line"
    )


def run(args: argparse.Namespace) -> int:
    """Run the command; returns the exit code."""
    from facecap.cli import UsageError
    from facecap.replay import KINDS, compare, read_run, replay

    recording = read_run(args.run)
    before = replay(recording)
    try:
        config = replace(recording.config, **_settings(args.set))
        after = replay(recording, config, areas=_areas(args, recording), slots=args.slots)
    except (ValueError, TypeError) as error:
        raise UsageError(str(error)) from None
    changes = compare(before, after)
    kinds = Counter(change.change for change in changes)
    summary: dict[str, int] = {
        "frames": len(recording.frames),
        "before": len(before.captures),
        "after": len(after.captures),
        **{kind: kinds[kind] for kind in KINDS},
        "uncertain": sum(change.uncertain for change in changes),
    }
    if args.json:
        for change in changes:
            print(json.dumps(change.to_dict()))
        print(json.dumps({"summary": summary}))
    else:
        for change in changes:
            print(_words(change))
        print(
            f"{summary['after']} captures, {summary['before']} before, in {summary['frames']} frames: "
            f"{kinds['appears']} appear, {kinds['goes']} go, {kinds['changes']} change"
        )
        if summary["uncertain"]:
            print(f"{summary['uncertain']} of them (?) rest on what was not recorded: docs/replay.md")
    return 0


def _settings(pairs: list[str]) -> dict[str, Any]:
    """Settings by their names, of words NAME=VALUE.

    Raises:
        ValueError: there is no such setting, or the value is none of it.
    """
    from facecap import _core

    found: dict[str, Any] = {}
    for pair in pairs:
        name, equals, _ = pair.partition("=")
        if not equals:
            raise ValueError(f"--set: wanted NAME=VALUE such as min_face=48, found {pair!r}")
        options, _ = _core.read_config(pair.encode(), "--set")
        if not options:
            raise ValueError(f"--set: {name} has no effect here")
        found.update(options)
    return found


def _areas(args: argparse.Namespace, recording: Recording) -> Areas | None:
    """What the options give, in place of the recording's; None where they give nothing."""
    return None if args.area is None and args.ignore_area is None else options.areas_of(args)


def _words(change: Change) -> str:
    before, after = change.before, change.after
    doubt = " (?)" if change.uncertain else ""
    if before is None or after is None:
        why = f"now {change.reason}" if after is None else f"before {change.reason}"
        return f"  {change.change:<8}{_capture(change.latest)}: {why}{doubt}"
    return f"  {change.change:<8}{_capture(before)} -> {_capture(after)}{doubt}"


def _capture(capture: ReplayedCapture) -> str:
    return (
        f"track {capture.track_id}, capture {capture.sequence} ({capture.kind}), frame {capture.shot_frame}, "
        f"out in {capture.frame}, quality {capture.quality:.2f}"
    )
