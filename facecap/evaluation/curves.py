"""Curves of several models in one picture."""

from __future__ import annotations

import io
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import PurePath
from typing import Any

import numpy as np
from numpy.typing import NDArray

from facecap._extra import extra_for

_HIGH = 0.99


@dataclass(frozen=True)
class Panel:
    """One pair of axes; `logarithmic` spreads small x, `even` draws the line y = x, `falling` leaves out the
    x at which all curves are still at 1. Limits None are free; those of y end where the lowest curve does."""

    title: str
    x: str
    y: str
    logarithmic: bool = False
    even: bool = False
    falling: bool = False
    x_limits: tuple[float, float] | None = (0.0, 1.0)
    y_limits: tuple[float, float] | None = (0.0, 1.0)


@dataclass(frozen=True)
class Curve:
    """Points of a line (N,) each; `figure` is what its legend says beside the model's name. With `weights`
    (N,) each point is a dot, the larger the more it weighs."""

    x: NDArray[np.float64]
    y: NDArray[np.float64]
    figure: str
    weights: NDArray[np.float64] | None = None


def draw(panels: Sequence[Panel], curves: Mapping[str, Mapping[str, Curve]], columns: int = 3) -> bytes:
    """A PNG with a panel each, and in it the curve of that title of every model; `curves` is by model, then
    by title."""
    with extra_for("drawing curves"):
        from matplotlib.backends.backend_agg import FigureCanvasAgg
        from matplotlib.figure import Figure

    columns = min(columns, len(panels))
    lines = -(-len(panels) // columns)
    height = 4.2 + 0.21 * len(curves)  # inches, with a line of the legend a model
    figure = Figure(figsize=(5.2 * columns, height * lines), layout="constrained")
    names = short_names(list(curves))
    for place, panel in enumerate(panels, start=1):
        axes = figure.add_subplot(lines, columns, place)
        drawn = {name: curves[model].get(panel.title) for model, name in names.items()}
        _fill(axes, panel, {name: curve for name, curve in drawn.items() if curve is not None})
    buffer = io.BytesIO()
    FigureCanvasAgg(figure).print_png(buffer)  # type: ignore[no-untyped-call]
    return buffer.getvalue()


def short_names(models: Sequence[str]) -> dict[str, str]:
    """For each model the end of its path, as short as tells it from the others."""
    parts = {model: PurePath(model).parts or (model,) for model in models}
    for length in range(1, max(map(len, parts.values()), default=1) + 1):
        names = {model: "/".join(path[-length:]) for model, path in parts.items()}
        if len(set(names.values())) == len(names):
            return names
    return {model: model for model in models}


def _fill(axes: Any, panel: Panel, curves: Mapping[str, Curve]) -> None:
    for name, curve in curves.items():
        thin = curve.weights is not None
        [line] = axes.plot(curve.x, curve.y, lw=0.7 if thin else 1.4, label=_label(name, curve))
        if curve.weights is not None:
            areas = 400 * np.sqrt(curve.weights / curve.weights.sum())
            axes.scatter(
                curve.x, curve.y, areas, color=line.get_color(), alpha=0.6, linewidths=0, clip_on=False
            )
    if panel.even:
        axes.plot((0, 1), (0, 1), color="0.6", lw=0.8, ls="--", zorder=0)
    axes.set(title=panel.title, xlabel=panel.x, ylabel=panel.y)
    if panel.logarithmic:
        axes.set_xscale("log")
    if panel.falling and curves:
        axes.set_xlim(*_fall(list(curves.values())))
    elif panel.x_limits is not None:
        axes.set_xlim(*panel.x_limits)
    if panel.y_limits is not None:
        low, high = panel.y_limits
        axes.set_ylim(low if panel.even else max(low, _floor(axes.get_xlim(), curves.values(), low)), high)
    axes.grid(alpha=0.3)
    if curves:
        # Below the axes, where it hides no curve.
        axes.legend(fontsize="small", loc="upper center", bbox_to_anchor=(0.5, -0.13), frameon=False)


def _fall(curves: Sequence[Curve]) -> tuple[float, float]:
    """From where the first curve leaves 1 to where the last one ends, in steps of 0.05."""
    leaves = [curve.x[max(0, int(np.argmax(curve.y < _HIGH)) - 1)] for curve in curves if len(curve.x)]
    ends = [curve.x.max() for curve in curves if len(curve.x)]
    if not ends:
        return 0.0, 1.0
    low, high = np.floor(20 * min(leaves)) / 20, np.ceil(20 * max(ends)) / 20
    return (float(low), float(high + 0.01 * (high - low))) if low < high else (0.0, 1.0)


def _floor(x_limits: tuple[float, float], curves: Iterable[Curve], low: float) -> float:
    """The lowest y between the limits of x, down to a step of 0.05; `low` where there is none."""
    seen = [curve.y[(curve.x >= x_limits[0]) & (curve.x <= x_limits[1])] for curve in curves]
    lowest = np.concatenate([np.zeros(0), *seen]).min(initial=np.inf)
    return float(np.floor(20 * lowest - 0.1) / 20) if np.isfinite(lowest) else low


def _label(name: str, curve: Curve) -> str:
    return f"{name}: {curve.figure}" if curve.figure else name
