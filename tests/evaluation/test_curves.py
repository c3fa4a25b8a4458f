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
    pictures = [cv2.imdecode(np.frombuffer(draw(panels, c), np.uint8), 1) for c in (flat, more)]
    assert pictures[0].shape[1] > 1.8 * pictures[0].shape[0]
    changed = (pictures[0] != pictures[1]).any(2)
    middle = changed.shape[1] // 2
    assert changed[:, :middle].any()
    assert changed[:, middle:].any()


def test_names_are_as_short_as_tells_them_apart() -> None:
    assert short_names(["/runs/a/best.onnx", "/runs/b/best.onnx"]) == {
        "/runs/a/best.onnx": "a/best.onnx",
        "/runs/b/best.onnx": "b/best.onnx",
    }
    assert short_names(["/x/one.onnx", "default"]) == {"/x/one.onnx": "one.onnx", "default": "default"}
