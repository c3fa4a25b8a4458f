"""The settings of a capture: the core's table of them, their checks, and the files that give them."""

from __future__ import annotations

import warnings
from collections.abc import Mapping
from difflib import get_close_matches
from os import PathLike
from pathlib import Path
from typing import Any, TypeVar

from facecap import _core
from facecap._checks import check_number, check_whole

SETTINGS: Mapping[str, _core.CaptureSetting] = {setting.name: setting for setting in _core.capture_settings()}
NAMES = tuple(SETTINGS)

S = TypeVar("S", bound="Settings")


class Settings:
    """What `CaptureConfig` does with its fields, one a setting."""

    def __new__(cls, *_values: object, **options: object) -> Settings:
        for name in options:
            if name not in SETTINGS:
                raise TypeError(f"CaptureConfig has no {_unknown_name(name)}")
        return super().__new__(cls)

    def __post_init__(self) -> None:
        for setting in SETTINGS.values():
            object.__setattr__(self, setting.name, _checked(setting, getattr(self, setting.name)))
        self._core  # noqa: B018  (its making checks the ranges)

    @classmethod
    def from_file(cls: type[S], path: str | PathLike[str]) -> S:
        """Reads a JSON object or lines of `name value` (`name = value`).

        Names are those of this class, in its units, or those of the vendor's tools, in theirs: radians for
        yaw and pitch, units of 90 degrees for roll. Vendor names without a meaning here are named in a
        warning.

        Raises:
            ValueError: a name is not known or given twice, or a value is wrong; the text names file and line.
            OSError: the file cannot be read.
        """
        options = read_options(path)
        try:
            return cls(**options)
        except (TypeError, ValueError) as error:
            raise ValueError(f"{path}: {error}") from error

    @property
    def _core(self) -> _core.CaptureConfig:
        return _core.CaptureConfig({name: getattr(self, name) for name in NAMES})


def read_options(path: str | PathLike[str]) -> dict[str, Any]:
    """Keyword arguments of `CaptureConfig` as the file gives them; `CaptureConfig.from_file` says more."""
    with Path(path).open("rb") as stream:
        text = stream.read(_core.LARGEST_CONFIG + 1)
    options, notes = _core.read_config(text, str(path))
    for note in notes:
        warnings.warn(note, stacklevel=3)
    return options


def _unknown_name(name: str) -> str:
    near = get_close_matches(name, NAMES, n=1, cutoff=0.5)
    return f"{name!r}; " + (f"did you mean {near[0]!r}?" if near else f"it has {', '.join(NAMES)}")


def _checked(setting: _core.CaptureSetting, value: Any) -> Any:
    """The value as a plain type of its kind; the core checks the range."""
    if setting.optional and value is None:
        return None
    if setting.kind == "choice":
        if not isinstance(value, str):
            raise TypeError(f"{setting.name} is {value!r}, wanted one of {', '.join(setting.choices)}")
        return value
    if setting.kind == "on_off":
        if not isinstance(value, bool):
            raise TypeError(f"{setting.name} is {value!r}, wanted True or False")
        return value
    if setting.kind == "whole":
        return check_whole(setting.name, value, -(2**63), 2**63 - 1)
    return check_number(setting.name, value)
