"""Reads a configuration file: JSON, `key value` or `key = value` lines, public names or the vendor's."""

from __future__ import annotations

import json
import math
import warnings
from collections.abc import Callable
from os import PathLike
from pathlib import Path
from typing import Any

from facecap._config import NAMES, unknown_name

_LARGEST_FILE = 1 << 20  # bytes
_MODES = ("auto", "fast", "cycle")  # in the order of the vendor's enumeration
_METHODS = ("posture", "eye_distance", "laplacian", "posture_laplacian")  # the same

Convert = Callable[[Any], Any]


def _same(value: Any) -> Any:
    return value


def _radians(value: Any) -> float:
    return math.degrees(_number(value))


def _quarter_turns(value: Any) -> float:
    return _number(value) * 90


def _number(value: Any) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise ValueError(f"{value!r}, wanted a number")
    return value


def _switch(value: Any) -> bool:
    if value in (0, 1):
        return bool(value)
    raise ValueError(f"{value!r}, wanted 0 or 1")


def _one_of(names: tuple[str, ...]) -> Convert:
    def convert(value: Any) -> Any:
        if isinstance(value, str):
            return value.lower()
        if isinstance(value, int) and not isinstance(value, bool) and 0 <= value < len(names):
            return names[value]
        raise ValueError(f"{value!r}, wanted 0 to {len(names) - 1} or one of {', '.join(names)}")

    return convert


_mode, _method = _one_of(_MODES), _one_of(_METHODS)

# Vendor name -> public name and the way from its unit to ours (specification 2.1).
_VENDOR: dict[str, tuple[str, Convert]] = {
    "thr_size_min": ("min_face", _same),
    "thr_size_max": ("max_face", _same),
    "qa_method": ("quality_method", _method),
    "thr_quality": ("min_quality", _same),
    "thr_yaw": ("max_yaw", _radians),
    "thr_pitch": ("max_pitch", _radians),
    "thr_roll": ("max_roll", _quarter_turns),
    "thr_laplacian": ("min_sharpness", _same),
    "miss_time_limit": ("miss_limit", _same),
    "m_interval": ("interval", _same),
    "m_capture_num": ("max_captures", _same),
    "auto_m_fast_cap": ("early_first", _switch),
    "eye_dist_thresh": ("min_eye_distance", _same),
    "landmark_score_thresh": ("min_landmark_confidence", _same),
    # Keys of the older tool's files.
    "Miss_Time_Limit": ("miss_limit", _same),
    "Threshold_Size_Min": ("min_face", _same),
    "Threshold_Size_Max": ("max_face", _same),
    "Quality_Assessment_Method": ("quality_method", _method),
    "Threshold_Quality": ("min_quality", _same),
    "Threshold_Yaw": ("max_yaw", _radians),
    "Threshold_Pitch": ("max_pitch", _radians),
    "Threshold_Roll": ("max_roll", _quarter_turns),
    "FAST_Mode_Interval": ("interval", _same),
    "FAST_Mode_Capture_Num": ("max_captures", _same),
    "CYCLE_Mode_Interval": ("interval", _same),
    "AUTO_Mode_Fast_Cap": ("early_first", _switch),
    # Names of the generation before.
    "fast_m_interval": ("interval", _same),
    "fast_m_capture_num": ("max_captures", _same),
    "cycle_m_interval": ("interval", _same),
}
_PUBLIC: dict[str, tuple[str, Convert]] = {name: (name, _same) for name in NAMES} | {
    "mode": ("mode", _mode),
    "quality_method": ("quality_method", _method),
    "early_first": ("early_first", _switch),
}
_KEYS = _PUBLIC | _VENDOR

_WITHOUT_EFFECT = (
    "buffer_size",
    "img_capture_flag",
    "venc_channel_id",
    "store_feature",
    "Store_Face_Feature",
    "thr_quality_high",
    "Threshold_Quality_High",
    "auto_m_time_limit",
    "AUTO_Mode_Time_Limit",
    "capture_aligned_face",
    "capture_extended_face",
    "store_RGB888",
    "Store_RGB888",
)
_OF_FAST = ("FAST_Mode_Interval", "fast_m_interval")
_OF_CYCLE = ("CYCLE_Mode_Interval", "cycle_m_interval")


def read_options(path: str | PathLike[str]) -> dict[str, Any]:
    """Keyword arguments of `CaptureConfig` as the file gives them; `CaptureConfig.from_file` says more."""
    pairs = _read_pairs(Path(path))
    without_effect = [key for key in pairs if key in _WITHOUT_EFFECT]
    without_effect += _drop_other_mode(pairs)
    options: dict[str, Any] = {}
    given_by: dict[str, str] = {}
    for key, value in pairs.items():
        if key in _WITHOUT_EFFECT:
            continue
        if key not in _KEYS:
            raise ValueError(f"{path}: no key {unknown_name(key, (*_KEYS, *_WITHOUT_EFFECT))}")
        name, convert = _KEYS[key]
        try:
            converted = convert(value)
        except ValueError as error:
            raise ValueError(f"{path}: {key} is {error}") from None
        if name in options and options[name] != converted:
            raise ValueError(f"{path}: {given_by[name]} and {key} mean the same and differ")
        options[name], given_by[name] = converted, key
    if without_effect:
        warnings.warn(f"{path}: without effect here: {', '.join(without_effect)}", stacklevel=3)
    number = pairs.get("mode")
    if isinstance(number, int):
        warnings.warn(f"{path}: mode {number} is read as {options['mode']!r}; better say it", stacklevel=3)
    return options


def _drop_other_mode(pairs: dict[str, Any]) -> list[str]:
    """Of the two intervals of older files, leaves the one of the mode; gives the keys left out."""
    cycle = str(pairs.get("mode")).lower() in ("cycle", str(_MODES.index("cycle")))
    kept, other = (_OF_CYCLE, _OF_FAST) if cycle else (_OF_FAST, _OF_CYCLE)
    if not any(key in pairs for key in kept):
        return []
    return [key for key in other if pairs.pop(key, None) is not None]


def _read_pairs(path: Path) -> dict[str, Any]:
    size = path.stat().st_size
    if size > _LARGEST_FILE:
        raise ValueError(f"{path}: {size} bytes are no configuration, wanted at most {_LARGEST_FILE}")
    try:
        text = path.read_text(encoding="utf-8-sig")
    except UnicodeDecodeError as error:
        raise ValueError(f"{path}: not UTF-8 text ({error.reason} at byte {error.start})") from None
    return _json_pairs(path, text) if text.lstrip().startswith("{") else _line_pairs(path, text)


def _json_pairs(path: Path, text: str) -> dict[str, Any]:
    def unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
        seen: dict[str, Any] = {}
        for key, value in pairs:
            _refuse_twice(path, key, seen)
            seen[key] = value
        return seen

    try:
        read: dict[str, Any] = json.loads(text, object_pairs_hook=unique)
    except (json.JSONDecodeError, RecursionError) as error:
        raise ValueError(f"{path}: not JSON ({error})") from None
    return read


def _line_pairs(path: Path, text: str) -> dict[str, Any]:
    pairs: dict[str, Any] = {}
    for number, line in enumerate(text.splitlines(), 1):
        words = line.split("#", 1)[0].replace("=", " ", 1).split()
        if not words:
            continue
        if len(words) != 2:
            raise ValueError(f"{path}: line {number} is {line.strip()!r}, wanted a key and a value")
        _refuse_twice(path, words[0], pairs)
        pairs[words[0]] = _word(words[1])
    return pairs


def _word(text: str) -> int | float | bool | str:
    """A number where the text is one; whole where it is whole."""
    if text.lower() in ("true", "false"):
        return text.lower() == "true"
    try:
        number = float(text)
    except ValueError:
        return text
    return int(number) if number.is_integer() else number


def _refuse_twice(path: Path, key: str, pairs: dict[str, Any]) -> None:
    if key in pairs:
        raise ValueError(f"{path}: {key} is given twice")
