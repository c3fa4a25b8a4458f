"""Where in a frame faces are captured."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any

from numpy.typing import ArrayLike

from facecap import _core
from facecap._checks import check_box, check_whole

Polygon = tuple[tuple[float, float], ...]
_LARGEST_SIDE = 2**31 - 1


@dataclass(frozen=True, init=False)
class Areas:
    """Polygons of a frame that say where faces are captured; everywhere where there are none.

    A face whose middle lies in one of `ignore`, or outside of all of `only` where there are any, is followed
    and not captured: its reason is `outside_area`. A middle outside the frame counts as at its edge. Edges
    belong to a polygon; where its sides cross, the even-odd rule holds.

    Args:
        ignore, only: at most 64 polygons each; a polygon is 3 to 256 corners (x, y), as shares of the frame's
            width and height, 0 to 1 from its top left.

    Raises:
        ValueError, TypeError: a polygon is not as above; the text names it, as `ignore[0]`.
    """

    ignore: tuple[Polygon, ...]
    only: tuple[Polygon, ...]
    _core: _core.Areas = field(repr=False, compare=False)

    def __init__(
        self,
        *,
        ignore: Iterable[Iterable[Sequence[float]]] = (),
        only: Iterable[Iterable[Sequence[float]]] = (),
    ) -> None:
        object.__setattr__(self, "ignore", _polygons("ignore", ignore))
        object.__setattr__(self, "only", _polygons("only", only))
        object.__setattr__(self, "_core", _core.Areas(self.ignore, self.only))

    def allow(self, box: ArrayLike, image_size: tuple[int, int]) -> bool:
        """Whether a face with this box may be captured.

        Args:
            box: (4,) x1, y1, x2, y2 in pixels of the frame.
            image_size: width and height of the frame in pixels.

        Raises:
            ValueError, TypeError: an argument is not as above.
        """
        width, height = (check_whole("image_size", side, 1, _LARGEST_SIDE) for side in image_size)
        return self._core.allow(check_box(box), width, height)

    def __reduce__(self) -> tuple[Any, ...]:
        return _again, (self.ignore, self.only)

    def __bool__(self) -> bool:
        """Whether there is any polygon."""
        return bool(self.ignore or self.only)

    def to_dict(self) -> dict[str, list[list[list[float]]]]:
        """Plain JSON types: the arguments that make the same areas."""
        return {
            name: [[list(corner) for corner in polygon] for polygon in getattr(self, name)]
            for name in ("ignore", "only")
        }


def _again(ignore: tuple[Polygon, ...], only: tuple[Polygon, ...]) -> Areas:
    """What was pickled."""
    return Areas(ignore=ignore, only=only)


def _polygons(name: str, given: Any) -> tuple[Polygon, ...]:
    """Plain tuples; the core checks the numbers."""
    return tuple(_polygon(f"{name}[{place}]", polygon) for place, polygon in enumerate(_several(name, given)))


def _polygon(name: str, given: Any) -> Polygon:
    return tuple(_corner(f"{name}[{place}]", corner) for place, corner in enumerate(_several(name, given)))


def _several(name: str, given: Any) -> Iterable[Any]:
    if isinstance(given, str | bytes) or not isinstance(given, Iterable):
        wanted = "corners (x, y)" if name.endswith("]") else "polygons of corners (x, y)"
        raise TypeError(f"{name} is {given!r}, wanted a sequence of {wanted}")
    return given


def _corner(name: str, given: Any) -> tuple[float, float]:
    try:
        x, y = (float(number) for number in given if not isinstance(number, str | bool))
    except (TypeError, ValueError, OverflowError):
        raise TypeError(f"{name} is {given!r}, wanted two numbers x, y from 0 to 1") from None
    return x, y
