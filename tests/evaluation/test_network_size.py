"""How large a classifier is, by what its manifest says."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

pytest.importorskip("torch")

from facecap.evaluation.network_size import network_size, size_of_network


@pytest.mark.parametrize(
    ("output", "classes", "outputs"),
    [
        ("sigmoid", ["no_mask", "mask"], 1),
        ("softmax", ["no_mask", "mask"], 2),
        ("softmax", ["no_mask", "mask", "incorrect"], 3),
    ],
)
def test_every_output_is_counted(tmp_path: Path, output: str, classes: list[str], outputs: int) -> None:
    model = tmp_path / "model.onnx"
    model.write_bytes(bytes(1000))
    manifest: dict[str, Any] = {
        "task": "mask",
        "architecture": "mobilenet_v3_small",
        "input": {"width": 112},
        "classifier": {"output": output, "classes": classes},
    }
    found = network_size({"path": str(model), "manifest": manifest})
    wanted = size_of_network("mobilenet_v3_small", 112, outputs)
    assert found["MB"] == 0.001
    assert {key: found[key] for key in ("parameters", "multiply-adds")} == {
        key: wanted[key] for key in ("parameters", "multiply-adds")
    }
