"""Curves of several models in one picture."""

from __future__ import annotations

import cv2
import numpy as np
import pytest

pytest.importorskip("matplotlib")

from facecap.evaluation.curves import Curve, Panel, draw, short_names


def line(values: list[float]) -> Curve:
    return Curve(np.array([0.1, 0.5, 1.0]), np.array(values), "AP 0.5")


def test_every_panel_is_drawn_and_every_model_leaves_a_line() -> None:
    panels = [Panel("one", "x", "y"), Panel("two", "x", "y", logarithmic=True, even=True, x_limits=None)]
    flat = {"a.onnx": {"one": line([0.5, 0.5, 0.5])}}
    more = flat | {"b.onnx": {"one": line([0.2, 0.9, 0.3]), "two": line([0.1, 0.2, 0.3])}}
    pictures = [picture(panels, curves) for curves in (flat, more)]
    assert pictures[0].shape[1] > 1.8 * pictures[0].shape[0]
    axes = min(map(len, pictures)) * 3 // 4  # without the legends
    changed = (pictures[0][:axes] != pictures[1][:axes]).any(2)
    middle = changed.shape[1] // 2
    assert changed[:, :middle].any()
    assert changed[:, middle:].any()


def picture(panels: list[Panel], curves: dict[str, dict[str, Curve]]) -> np.ndarray:
    decoded = cv2.imdecode(np.frombuffer(draw(panels, curves), np.uint8), 1)
    assert decoded is not None
    return decoded


def blue_columns(drawn: np.ndarray) -> int:
    """Columns that the first curve reaches in the middle of the axes, the legend left out."""
    middle = drawn[len(drawn) // 4 : len(drawn) // 2]
    return int((np.abs(middle.astype(int) - (180, 119, 31)).max(2) < 40).any(0).sum())


def test_a_panel_shows_where_curves_fall_not_where_all_are_at_one() -> None:
    curves = {"a.onnx": {"one": Curve(np.array([0.0, 0.8, 1.0]), np.array([1.0, 1.0, 0.0]), "AP 0.9")}}
    panels = [Panel("one", "x", "y", falling=falling) for falling in (False, True)]
    whole, part = (blue_columns(picture([panel], curves)) for panel in panels)
    assert part > 2 * whole > 0


def test_the_legend_of_many_models_hides_no_curve() -> None:
    many = {f"{place}.onnx": {"one": line([0.5, 0.5, 0.5])} for place in range(12)}
    few = {"0.onnx": many["0.onnx"]}
    tall, low = (picture([Panel("one", "x", "y")], curves) for curves in (many, few))
    assert len(tall) > len(low) + 11 * 15  # a line of text each, below the axes


def test_names_are_as_short_as_tells_them_apart() -> None:
    assert short_names(["/runs/a/best.onnx", "/runs/b/best.onnx"]) == {
        "/runs/a/best.onnx": "a/best.onnx",
        "/runs/b/best.onnx": "b/best.onnx",
    }
    assert short_names(["/x/one.onnx", "default"]) == {"/x/one.onnx": "one.onnx", "default": "default"}
