"""The models for a board that ship with the package."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

import facecap
from facecap import models
from facecap.evaluation.detector.average_precision import overlaps

SHIPPED = sorted(models.SHIPPED.glob("*.cvimodel"))
ION = {"mask": 4.20, "face_detection": 4.35, "face_refinement": 0.40}  # MB


@pytest.mark.parametrize("path", SHIPPED, ids=lambda path: path.stem)
def test_a_models_bytes_fit_its_manifest_which_says_how_it_was_made_and_measured(path: Path) -> None:
    manifest = models.verify_bytes(path)
    assert manifest["chip"] == "cv182x"
    assert manifest["conversion"]["ion_megabytes"] <= ION[manifest["task"]]
    figures = {figure["measure"]: figure["value"] for figure in manifest["figures"]}
    if manifest["task"] == "mask":
        assert figures["sign agreement"] >= 0.995
        assert figures["AP"] >= figures["AP of the float model"] - 0.003
    elif manifest["task"] == "face_refinement":
        refused = [entry["value"] for entry in manifest["figures"] if entry["measure"] == "faces refused"]
        assert max(refused) <= 0.04
        assert figures["median error of the points by the eye distance"] <= 0.08
    else:
        assert figures["top-box IoU"] >= 0.95
        assert figures["AP"] >= figures["AP of the float model"] - 0.005


@pytest.mark.parametrize("path", SHIPPED, ids=lambda path: path.stem)
def test_a_model_is_made_from_the_one_that_ships(path: Path) -> None:
    manifest = json.loads(path.with_suffix(".json").read_text())
    source = manifest["conversion"]["source"]
    assert source["sha256"] == models.find(source["name"]).manifest["file"]["sha256"]
    assert models.find(manifest["name"]).path == path


@pytest.mark.parametrize("path", SHIPPED, ids=lambda path: path.stem)
def test_a_model_sees_what_the_float_model_sees(
    path: Path, cviruntime: Path, photo: np.ndarray[tuple[int, ...], np.dtype[np.uint8]]
) -> None:
    manifest = models.verify(path)
    if manifest["task"] == "face_detection":
        chip = facecap.Detector(path)
        source = manifest["conversion"]["source"]["name"]
        wanted = facecap.Detector(source, input_size=chip.info["input_size"]).detect(photo)
        found = chip.detect(photo)
        assert overlaps(found.boxes[:1], wanted.boxes[:1]).item() > 0.9
        assert np.abs(found.landmarks[0] - wanted.landmarks[0]).max() < 0.1 * np.ptp(wanted.boxes[0, ::2])
    elif manifest["task"] == "face_refinement":
        box = facecap.Detector().detect(photo).boxes[:1]
        wanted, found = (facecap.Refiner(model).refine(photo, box) for model in (None, path))
        assert np.ptp([wanted.face_prob, found.face_prob]) < 0.05
        assert np.abs(found.landmarks - wanted.landmarks).max() < 0.05 * np.ptp(box[0, ::2])
    else:
        crop = facecap.crop_face(photo, facecap.Detector().detect(photo).boxes[0])[None]
        chances = [facecap.MaskClassifier(model).predict(crop)[0] for model in (None, path)]
        assert np.ptp(chances) < 0.05
