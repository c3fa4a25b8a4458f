"""The published weights reach their known figures: the check of the whole way of measuring."""

from __future__ import annotations

from pathlib import Path

import pytest

pytest.importorskip("torch")
pytest.importorskip("onnx")

from facecap.conversion.import_checkpoint import import_checkpoint
from facecap.evaluation import fddb, widerface
from facecap.evaluation.detection import open_detector

KNOWN = {"fddb_ap": 0.897, "wider_easy": 0.791, "wider_medium": 0.762, "wider_hard": 0.563}


def test_published_weights(shared: Path, tmp_path: Path) -> None:
    model = tmp_path / "published.onnx"
    import_checkpoint(shared / "data" / "weights" / "mobilenet0.25_Final.pth", model)
    detect = open_detector(model)
    figures = fddb.evaluate(detect, shared / "data") | widerface.evaluate(detect, shared / "data")
    for name, value in KNOWN.items():
        assert figures[name] == pytest.approx(value, abs=0.015), name
