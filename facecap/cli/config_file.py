"""`--config FILE`: options of a command in a TOML file, by their long names without the dashes."""

from __future__ import annotations

import argparse
import difflib
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from facecap.errors import FacecapError

OPTION = "--config"


def add_config_option(parser: argparse.ArgumentParser) -> argparse.Action:
    """Add it to a parser of `environment`, which then reads the file that it names."""
    action = parser.add_argument(
        OPTION,
        type=Path,
        metavar="FILE",
        help="TOML with options of this command, such as batch = 32; a flag or the environment wins",
    )
    parser.set_defaults(config_is_toml=True)
    return action


def read_config(path: Path, actions: Sequence[argparse.Action]) -> dict[str, str | list[str]]:
    """What the file says by long option: texts as flags have them, or a list for an option of several
    values.

    Raises:
        ValueError: it is no TOML, names what is none of the `actions`, or gives one a value of another kind.
        OSError: it cannot be read.
        FacecapError: a package that reads TOML is missing.
    """
    try:
        values = _toml().loads(path.read_text(encoding="utf-8-sig"))
    except ValueError as error:  # of TOML, or of UTF-8
        raise ValueError(f"{path}: not a TOML file: {error}") from None
    options = {option: action for action in actions for option in action.option_strings}
    for own in ("-h", "--help", OPTION):
        del options[own]
    for unknown in sorted(f"--{key}" for key in values if f"--{key}" not in options):
        near = difflib.get_close_matches(unknown, [*options], n=1)
        meant = f"; did you mean '{near[0][2:]}'?" if near else ""
        raise ValueError(f"{path}: no option is named '{unknown[2:]}'{meant}")
    texts = {}
    for key, value in values.items():
        try:
            texts[f"--{key}"] = _text(value, options[f"--{key}"])
        except ValueError as error:
            raise ValueError(f"{path}: {key}: {error}") from None
    return texts


def _toml() -> Any:
    if sys.version_info >= (3, 11):
        import tomllib

        return tomllib
    try:
        import tomli
    except ModuleNotFoundError as error:
        raise FacecapError(f"{OPTION} needs tomli on Python 3.10: pip install 'facecap[train]'") from error
    return tomli


def _text(value: Any, action: argparse.Action) -> str | list[str]:
    count = action.nargs
    if isinstance(action, argparse._AppendAction) or (isinstance(count, int) and count > 1):
        values = value if isinstance(value, list) else [value]
        if isinstance(count, int) and count != len(values):
            raise ValueError(f"wanted a list of {count}, found {value!r}")
        return [_single(part) for part in values]
    if action.nargs == 0:
        if not isinstance(value, bool):
            raise ValueError(f"wanted true or false, found {value!r}")
        return str(value).lower()
    return _single(value)


def _single(value: Any) -> str:
    if isinstance(value, bool) or not isinstance(value, int | float | str):
        raise ValueError(f"wanted a number or a text, found {value!r}")
    if "\0" in str(value):  # an option cannot have one, and no file has such a name
        raise ValueError(f"wanted a text without NUL, found {value!r}")
    return str(value)
