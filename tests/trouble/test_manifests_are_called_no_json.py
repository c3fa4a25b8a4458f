"""Manifests as editors write them: with a byte order mark before the text."""

from __future__ import annotations

from pathlib import Path

import scripted

from facecap import Detector, models


def test_a_manifest_with_a_byte_order_mark_is_read(tmp_path: Path) -> None:
    model = scripted.detector(tmp_path)
    manifest = model.with_suffix(".json")
    manifest.write_bytes(b"\xef\xbb\xbf" + manifest.read_bytes())
    assert models.verify(model)["name"] == Detector(str(model)).info["manifest"]["name"]
    assert models.verify_bytes(model)["task"] == "face_detection"
