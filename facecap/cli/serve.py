"""Take frames from cameras over HTTP, show what is captured, and hand it on.

Settings come from a TOML file, the environment and options, in rising order: `[server] port = 80` in the
file is FACECAP_SERVER_PORT=80 and --server-port 80. --print-config shows what applies and where it comes
from. Without keys the service listens on this machine only.
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path
from typing import Any

from facecap._extra import extra_for
from facecap.cli.environment import Parser, twins

_LIBRARY_VARIABLES = frozenset(
    {
        "FACECAP_CVIMODEL_CHIP",
        "FACECAP_CVIMODEL_UNCHECKED",
        "FACECAP_CVIRUNTIME",
        "FACECAP_MODELS",
        "FACECAP_ONNXRUNTIME",
        "FACECAP_VENDOR_WHEEL",
    }
)


def add_parser(subparsers: argparse._SubParsersAction[Any]) -> None:
    """Add `serve`."""
    parser = subparsers.add_parser("serve", help="take frames over HTTP", description=__doc__)
    parser.add_argument("--settings", type=Path, metavar="FILE", help="TOML file with settings")
    parser.add_argument(
        "--print-config", action="store_true", help="show what applies and from where, and end"
    )
    parser.add_argument(
        "--probe", action="store_true", help="ask the service of these settings for a sign of life, and end"
    )
    parser.add_argument(
        "--new-key", metavar="NAME", help="print a new API key and its lines for the file, and end"
    )
    parser.add_argument(
        "--scopes", metavar="LIST", help="of the new key, separated by commas: push, read, admin (push)"
    )
    parser.add_argument(
        "--for-cameras",
        metavar="LIST",
        help="of the new key: the cameras that it may push for, separated by commas (all)",
    )
    parser.add_late = _add_settings


def run(args: argparse.Namespace) -> int:
    """Run the command; returns the exit code."""
    from facecap.cli import UsageError, make_parser

    with extra_for("the service", "service"):
        from facecap_service import configuration
    if args.new_key is not None:
        return _print_new_key(args.new_key, args.scopes, args.for_cameras)
    if args.scopes is not None or args.for_cameras is not None:
        raise UsageError("--scopes and --for-cameras are of --new-key NAME, which is missing")
    flags: dict[str, dict[str, Any]] = {}
    for name, value in vars(args).items():
        section, dot, key = name.partition(".")
        if dot:
            flags.setdefault(section, {})[key] = value
    try:
        found = configuration.load(
            args.settings, flags, other_variables=_LIBRARY_VARIABLES | twins(make_parser())
        )
    except configuration.ConfigurationError as error:
        raise UsageError(str(error)) from None
    if args.print_config:
        print("\n".join(found.lines()).rstrip())
        return 0
    if args.probe:
        from facecap_service.probe import probe  # a health check runs often: nothing else is loaded

        probe(found.settings.server)
        return 0
    with extra_for("the service", "service"):
        from facecap_service import serving
    code: int = serving.serve(found.settings)
    return code


def _add_settings(parser: Parser) -> None:
    try:
        from facecap_service.configuration import options
    except ModuleNotFoundError:
        return  # `run` says what is missing
    for section, text, settings in options():
        group = parser.add_argument_group(section, text)
        for key, help_text, default in settings:
            name = f"--{section}-{key}".replace("_", "-")
            shown = help_text.replace("%", "%%") + (f" ({default})".replace("%", "%%") if default else "")
            group.add_argument(
                name, dest=f"{section}.{key}", default=argparse.SUPPRESS, metavar="VALUE", help=shown
            )


def _words(text: str, option: str) -> list[str]:
    from facecap.cli import UsageError

    words = [word for word in text.replace(" ", "").split(",") if word]
    if not words:
        raise UsageError(f"{option} {text!r} names nothing")
    return words


def _print_new_key(name: str, scopes: str | None, cameras: str | None) -> int:
    from facecap.cli import UsageError
    from facecap_service.keys import new_key

    allowed = ["push"] if scopes is None else _words(scopes, "--scopes")
    only = None if cameras is None else _words(cameras, "--for-cameras")
    try:
        secret, lines = new_key(name, allowed, only)
    except ValueError as error:
        raise UsageError(str(error)) from None
    print(lines)
    print(f"the key of {name}, shown this once: {secret}", file=sys.stderr)
    return 0
