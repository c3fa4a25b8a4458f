"""Captures against a golden file, a line each as in the `captures.jsonl` of `facecap run`."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, fields
from os import PathLike
from pathlib import Path
from typing import Any, TypeAlias

from facecap import Capture
from facecap._checks import check_fraction
from facecap._files import write_atomic

CaptureLike: TypeAlias = Capture | Mapping[str, Any]
"""A capture, or what its `to_dict`, a line of `captures.jsonl` or the service says of it."""

_EXACT = ("kind", "frame", "shot_frame", "timestamp", "mask")
_OPTIONAL = ("incorrect_prob",)
_MOST_SHOWN = 20
_LARGEST = 1e9


@dataclass(frozen=True, slots=True)
class Tolerance:
    """By how much the numbers of a capture may differ from the golden ones. Events and answers may not.

    Raises:
        ValueError, TypeError: a value is below 0 or no number.
    """

    box: float = 0.5
    """Pixels of a side."""
    landmarks: float = 0.5
    """Pixels of a coordinate."""
    score: float = 0.01
    quality: float = 0.01
    pose: float = 0.5
    """Degrees."""
    mask_prob: float = 0.01
    incorrect_prob: float = 0.01
    """Of models with this class; other captures have none."""

    def __post_init__(self) -> None:
        for each in fields(self):
            check_fraction(each.name, getattr(self, each.name), 0, _LARGEST)


def capture_differences(
    captures: Iterable[CaptureLike], golden: Iterable[CaptureLike], tolerance: Tolerance | None = None
) -> list[str]:
    """What differs, a line each; empty where nothing does. Captures are paired by track and sequence.

    Args:
        captures: those that were found.
        golden: those that were wanted.
        tolerance: the defaults of `Tolerance` where None.

    Raises:
        TypeError, ValueError: something is no capture.
    """
    tolerance = Tolerance() if tolerance is None else tolerance
    if not isinstance(tolerance, Tolerance):
        raise TypeError(f"tolerance is {type(tolerance).__name__}, wanted a Tolerance")
    found, wanted = _by_name(captures, "captures"), _by_name(golden, "golden")
    differences: list[str] = []
    for name in wanted:
        if name in found:
            differences += [f"{name}: {text}" for text in _differences(found[name], wanted[name], tolerance)]
        else:
            differences.append(f"{name} ({_event(wanted[name])}) is missing")
    differences += [f"{name} ({_event(found[name])}) is not wanted" for name in found if name not in wanted]
    common = [name for name in found if name in wanted]
    if not differences and common != list(wanted):
        differences.append(f"the order is {', '.join(common)}, wanted {', '.join(wanted)}")
    return differences


def assert_captures_match(
    captures: Iterable[CaptureLike],
    golden: str | PathLike[str],
    tolerance: Tolerance | None = None,
    *,
    update: bool = False,
) -> None:
    """Compares captures with a golden file.

    Args:
        captures: in the order in which they were emitted.
        golden: the file, JSON lines; a `captures.jsonl` of `facecap run` will do.
        tolerance: the defaults of `Tolerance` where None.
        update: whether to write the file instead, in whose differences a review sees what has changed.

    Raises:
        AssertionError: they differ; the text says in what.
        FileNotFoundError: there is no such file.
        TypeError, ValueError: something is no capture; of the file the text names the line.
    """
    path = Path(golden)
    lines = [_line(capture, "captures") for capture in captures]
    if update:
        path.parent.mkdir(parents=True, exist_ok=True)
        write_atomic(path, "".join(json.dumps(line) + "\n" for line in lines).encode())
        return
    differences = capture_differences(lines, _read(path), tolerance)
    if differences:
        more = [f"and {len(differences) - _MOST_SHOWN} more"] if len(differences) > _MOST_SHOWN else []
        places = "1 place" if len(differences) == 1 else f"{len(differences)} places"
        raise AssertionError(
            "\n  ".join([f"the captures differ from {path} in {places}:", *differences[:_MOST_SHOWN], *more])
        )


def _read(path: Path) -> list[Mapping[str, Any]]:
    try:
        text = path.read_text(encoding="utf-8")
    except FileNotFoundError:
        raise FileNotFoundError(
            f"{path}: no golden file; update=True writes it, with the fixture facecap_golden "
            "pytest --facecap-update-golden"
        ) from None
    lines = []
    for number, line in enumerate(text.splitlines(), start=1):
        if line.strip():
            try:
                lines.append(_line(json.loads(line), "golden"))
            except (ValueError, TypeError) as error:
                raise ValueError(f"{path}, line {number}: {error}") from None
    return lines


def _line(capture: CaptureLike, name: str) -> Mapping[str, Any]:
    if isinstance(capture, Capture):
        return capture.to_dict()
    if not isinstance(capture, Mapping):
        raise TypeError(f"{name} has a {type(capture).__name__}, wanted a Capture or its to_dict()")
    wanted = ("track_id", "sequence", *_EXACT, *(each.name for each in fields(Tolerance)))
    lacking = [key for key in wanted if key not in capture and key not in _OPTIONAL]
    if lacking:
        raise ValueError(f"{name} has a capture without {', '.join(lacking)}")
    return capture


def _by_name(captures: Iterable[CaptureLike], name: str) -> dict[str, Mapping[str, Any]]:
    """By track and sequence, counted where ids come again, as after `reset`."""
    seen: Counter[str] = Counter()
    named = {}
    for capture in captures:
        line = _line(capture, name)
        words = f"track {line['track_id']}, capture {line['sequence']}"
        seen[words] += 1
        named[words if seen[words] == 1 else f"{words} ({seen[words]}.)"] = line
    return named


def _event(line: Mapping[str, Any]) -> str:
    return f"{line['kind']}, frame {line['frame']}"


def _differences(found: Mapping[str, Any], wanted: Mapping[str, Any], tolerance: Tolerance) -> Iterator[str]:
    for key in _EXACT:
        if found[key] != wanted[key]:
            yield f"{key} is {found[key]!r}, wanted {wanted[key]!r}"
    for each in fields(tolerance):
        most = getattr(tolerance, each.name)
        ours, theirs = (dict(_numbers(each.name, line.get(each.name))) for line in (found, wanted))
        for place in dict.fromkeys([*theirs, *ours]):
            a, b = ours.get(place), theirs.get(place)
            if a is None or b is None:
                if a is not b:
                    yield f"{place} is {a}, wanted {b}"
            elif not abs(a - b) <= most:
                yield f"{place} is {a:g}, wanted {b:g} within {most:g}"


def _numbers(place: str, value: Any) -> Iterator[tuple[str, float | None]]:
    """Every number of a value and where it stands."""
    if isinstance(value, Mapping):
        for key, part in value.items():
            yield from _numbers(f"{place}.{key}", part)
    elif isinstance(value, list | tuple):
        for index, part in enumerate(value):
            yield from _numbers(f"{place}[{index}]", part)
    elif value is None or (isinstance(value, int | float) and not isinstance(value, bool)):
        yield place, value
    else:
        raise ValueError(f"{place} is {value!r}, wanted a number")
