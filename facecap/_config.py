"""When a shot is kept and given out: the configuration of a capture."""

from __future__ import annotations

import math
from dataclasses import dataclass, fields
from difflib import get_close_matches
from os import PathLike
from typing import Any, Literal

from facecap._checks import check_fraction, check_whole
from facecap._core import CaptureConfig as CoreConfig


@dataclass(frozen=True, kw_only=True)
class CaptureConfig:
    """Pixels, degrees, frames and seconds. Checked at once; immutable (`dataclasses.replace` makes another).

    Raises:
        TypeError: a name is not known, or a value is of the wrong kind.
        ValueError: a value is out of range.
    """

    mode: Literal["auto", "fast", "cycle"] = "auto"
    """`fast` gives out the first good shot at once and the best since then at intervals; `auto` the best of
    every interval and what waits when the track is lost; `cycle` as `auto`, but on loss only where nothing
    was given out yet."""
    min_face: float = 32.0
    """Pixels; a narrower or lower box is `too_small`. -1: no limit."""
    max_face: float = 512.0
    """Pixels; a wider or higher box is `too_large`. -1: no limit."""
    max_yaw: float = math.degrees(0.70)
    """Degrees to either side. Yaw saturates at 57.3."""
    max_pitch: float = math.degrees(0.50)
    """Degrees up or down. Pitch saturates at 57.3."""
    max_roll: float = 0.65 * 90
    """Degrees to either side."""
    quality_method: Literal["posture", "eye_distance", "laplacian", "posture_laplacian"] = "posture"
    """How a face is scored before the landmarks are refined."""
    min_quality: float = 0.1
    """Of a shot that is kept; the range is that of the method, for `posture` about -0.2 to 1.5."""
    min_eye_distance: float = 20.0
    """Pixels between the refined eyes; the detector's may be closer by a fifth."""
    min_landmark_confidence: float = 0.5
    """0 to 1: how probably it must be a face, as the refiner says; without one every face counts as 1."""
    min_sharpness: float = 100.0
    """Variance of the Laplacian of a face that is not blurred; for `posture_laplacian` alone."""
    interval: int = 45
    """Frames from one emission of a track, or from its first shot, to the next."""
    interval_seconds: float | None = None
    """Takes the place of `interval`; frames must come with timestamps then."""
    max_captures: int = 3
    """Emissions a track; 0: no limit."""
    miss_limit: int = 40
    """Frames without a detection after which a track is lost."""
    min_hits: int = 10
    """Consecutive frames with a detection until a track may be captured."""
    min_relative_quality: float = 0.0
    """0 to 1: share of the track's best quality that a shot after an emission must reach."""
    early_first: bool = False
    """`auto` gives out the first shot of a track at once, as `fast` does."""
    classify_on: Literal["capture", "emit"] = "capture"
    """Whether the mask is asked for when a shot is stored or when it is given out."""
    mask_threshold: float | None = None
    """P(mask) from which on the answer is "mask"; None: the model's own, with a band of "unknown"."""
    crop_border: float = 0.15
    """Share of the box that a crop shows beyond it on each side."""

    def __new__(cls, *_values: object, **options: object) -> CaptureConfig:
        for name in options:
            if name not in NAMES:
                raise TypeError(f"CaptureConfig has no {unknown_name(name, NAMES)}")
        return super().__new__(cls)

    def __post_init__(self) -> None:
        for field in fields(self):
            object.__setattr__(
                self, field.name, _checked(field.name, getattr(self, field.name), field.default)
            )
        self._core  # noqa: B018  (its making checks the ranges)

    @classmethod
    def from_file(cls, path: str | PathLike[str]) -> CaptureConfig:
        """Reads a JSON object or lines of `key value` (`key = value`).

        Keys are the names of this class, in its units, or those of the vendor's tools, in theirs: radians
        for yaw and pitch, units of 90 degrees for roll. Vendor keys without a meaning here are named in a
        warning.

        Raises:
            ValueError: a key is not known or given twice, or a value is wrong; the text names file and key.
            OSError: the file cannot be read.
        """
        from facecap._config_file import read_options

        options = read_options(path)
        try:
            return cls(**options)
        except (TypeError, ValueError) as error:
            raise ValueError(f"{path}: {error}") from error

    @property
    def _core(self) -> CoreConfig:
        return CoreConfig(**{name: getattr(self, name) for name in NAMES})


NAMES = tuple(field.name for field in fields(CaptureConfig))


def unknown_name(name: str, known: tuple[str, ...]) -> str:
    """The unknown name and the nearest known one, for an error."""
    near = get_close_matches(name, known, n=1, cutoff=0.5)
    return f"{name!r}; " + (f"did you mean {near[0]!r}?" if near else f"it has {', '.join(known)}")


def _checked(name: str, value: Any, default: Any) -> Any:
    """The value as the kind of its default, None standing for a number that may be absent."""
    if isinstance(default, bool):
        if not isinstance(value, bool):
            raise TypeError(f"{name} is {value!r}, wanted True or False")
        return value
    if isinstance(default, str):
        if not isinstance(value, str):
            raise TypeError(f"{name} is {value!r}, wanted a name")
        return value
    if default is None and value is None:
        return None
    if isinstance(default, int):
        return check_whole(name, value, -(2**31), 2**31 - 1)
    return check_fraction(name, value, -math.inf, math.inf)
