"""Published models reach their known figures: the check of the whole way of measuring."""

from __future__ import annotations

from pathlib import Path

import pytest

pytest.importorskip("torch")
pytest.importorskip("onnx")

from facecap.conversion.detector.import_checkpoint import import_checkpoint
from facecap.evaluation.detector import fddb, widerface
from facecap.evaluation.detector.contenders import open_yunet
from facecap.evaluation.detector.detection import Detect, detect_all, open_detector

RETINAFACE = {"fddb_ap": 0.897, "wider_easy": 0.791, "wider_medium": 0.762, "wider_hard": 0.563}
YUNET = {"fddb_ap": 0.954, "wider_easy": 0.823, "wider_medium": 0.802, "wider_hard": 0.631}


def figures(detect: Detect, data: Path) -> dict[str, float]:
    measured: dict[str, float] = {}
    for task in (fddb, widerface):
        pictures = task.read(data)
        measured |= task.measure(pictures, detect_all(detect, pictures)).figures
    return measured


def test_published_weights(shared: Path, tmp_path: Path) -> None:
    model = tmp_path / "published.onnx"
    import_checkpoint(shared / "data" / "weights" / "mobilenet0.25_Final.pth", model)
    reached = figures(open_detector(model), shared / "data")
    for name, value in RETINAFACE.items():
        assert reached[name] == pytest.approx(value, abs=0.015), name


def test_yunet(shared: Path) -> None:
    detect = open_yunet(shared / "data" / "weights" / "yunet_n_dynamic.onnx", 640)
    reached = figures(detect, shared / "data")
    for name, value in YUNET.items():
        assert reached[name] == pytest.approx(value, abs=0.015), name
