"""Check that everything facecap needs is there and works; each thing that is not comes with what to do."""

from __future__ import annotations

import argparse
import json
from dataclasses import asdict
from pathlib import Path
from typing import Any

_MARKS = {"ok": "ok      ", "missing": "missing ", "optional": "optional"}


def add_parser(subparsers: argparse._SubParsersAction[Any]) -> None:
    """Add `doctor`."""
    parser = subparsers.add_parser("doctor", help="check the installation", description=__doc__)
    parser.add_argument(
        "--out", type=Path, default=Path(), metavar="DIR", help="folder that must be writable (.)"
    )
    parser.add_argument("--json", action="store_true", help="print one JSON object a check")


def run(args: argparse.Namespace) -> int:
    """Run the checks; 1 where one failed."""
    from facecap.doctor import checks

    failed = 0
    for check in checks(args.out):
        failed += check.state == "missing"
        if args.json:
            print(json.dumps(asdict(check)), flush=True)
        else:
            print(f"{_MARKS[check.state]}  {check.name:<14} {check.detail}", flush=True)
            if check.remedy:
                print(f"{'':<26}-> {check.remedy}", flush=True)
    if not failed and not args.json:
        print("\nTry it: facecap demo", flush=True)
    return 1 if failed else 0
