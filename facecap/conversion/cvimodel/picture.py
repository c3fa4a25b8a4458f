"""The trade-off as a picture: what a model needs against what int8 costs."""

from __future__ import annotations

import io
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from facecap.conversion.cvimodel.mixed import Point


def draw(name: str, int8: Point, bf16: Point, points: Sequence[Point], chosen: Point) -> bytes:
    """PNG: harm against ION memory and against the size of the file; int8 to the left, bf16 to the right."""
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    figure = Figure(figsize=(11, 4.6), layout="constrained")
    canvas = FigureCanvasAgg(figure)
    figure.suptitle(name)
    for place, (label, needs) in enumerate(
        (
            ("ION memory, MB", lambda point: point.ion),
            ("file, MB", lambda point: point.bytes / 1e6),
        ),
        1,
    ):
        axes = figure.add_subplot(1, 2, place, xlabel=label, ylabel="harm, 0 is the float network")
        _draw_points(axes, [int8, *points, bf16], chosen, needs)
    buffer = io.BytesIO()
    canvas.print_png(buffer)  # type: ignore[no-untyped-call]
    return buffer.getvalue()


def _draw_points(axes: Any, points: Sequence[Point], chosen: Point, needs: Any) -> None:
    axes.plot([needs(p) for p in points], [p.harm for p in points], marker="o", color="tab:blue", zorder=2)
    ring = {"marker": "o", "markersize": 15, "fillstyle": "none", "color": "tab:red", "linestyle": ""}
    axes.plot(needs(chosen), chosen.harm, label="chosen", **ring)
    for point in points:
        layers = len(point.variant.others)
        name = "bf16" if point.variant.mode == "BF16" else str(layers or "int8")
        if point is chosen or not layers or layers & (layers - 1) == 0:  # halving leaves crowds between
            axes.annotate(name, (needs(point), point.harm), xytext=(8, 5), textcoords="offset points")
    axes.set_ylim(0, 1.15 * max(point.harm for point in points) or 1)
    axes.margins(x=0.12)
    axes.grid(alpha=0.3)
    axes.legend(
        title="numbers: layers in bf16", loc="upper center", bbox_to_anchor=(0.5, -0.12), frameon=False
    )
