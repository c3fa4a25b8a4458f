"""The same frames give the same captures in Python and on the board."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest
import scripted

from facecap.demo import clip, portrait
from facecap.models import SHIPPED

from .conftest import environment, small_frame

OTHERS = ["--classifier", str(SHIPPED / "mask_ghostnet.onnx"), "--refiner", str(SHIPPED / "refiner.onnx")]
Walks = tuple[Path, Path, Path, list[str]]
COUNTS = (
    "status",
    "error",
    "frames",
    "frames_with_faces",
    "damaged",
    "failed_frames",
    "faces",
    "tracks",
    "captures",
    "captures_by_mask",
    "captures_by_kind",
    "rejections",
    "refined",
    "classified",
    "models",
)


def python_run(source: Path, out: Path, *options: str) -> None:
    subprocess.run(
        [sys.executable, "-m", "facecap", "run", str(source), "--out", str(out), "--quiet", *options],
        check=True,
        capture_output=True,
        env=environment(),
        timeout=300,
    )


def lines_of(out: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in (out / "captures.jsonl").read_text().splitlines()]


def to_nv21(image: np.ndarray[Any, Any]) -> bytes:
    height, width = image.shape[:2]
    planar = cv2.cvtColor(image, cv2.COLOR_BGR2YUV_YV12).reshape(-1)
    luma, v, u = np.split(planar, [width * height, width * height * 5 // 4])
    return luma.tobytes() + np.stack([v, u], axis=1).tobytes()


@pytest.mark.parametrize("refiner", ["none", "unsure"])
def test_scripted_visits_are_equal_to_the_byte(
    board: Callable[..., Any], models: list[str], tmp_path: Path, refiner: str
) -> None:
    if refiner == "unsure":
        points = [(x + 0.05, y) for x, y in scripted.POINTS]
        refiner = str(scripted.refiner(tmp_path, face=0.5, points=points, blur=0, stem=refiner))
    pictures, portable = tmp_path / "png", tmp_path / "ppm"
    for folder in (pictures, portable):
        folder.mkdir()
    for index in range(60):
        cells = [(10 + index // 2, 20)] * (index < 40) + [(60, 30)] * (5 < index < 50)
        for folder in (pictures, portable):
            cv2.imwrite(str(folder / f"{index}.{folder.name}"), small_frame(*cells))
    options = ["--interval", "12", "--min-hits", "3", "--miss-limit", "5", "--fps", "25", *models]
    options += ["--refiner", refiner]
    python_run(pictures, tmp_path / "python", *options)
    done = board(portable, "--out", tmp_path / "board", *options)
    assert done.returncode == 0, done.stderr
    ours, theirs = tmp_path / "board", tmp_path / "python"
    assert (ours / "captures.jsonl").read_bytes() == (theirs / "captures.jsonl").read_bytes()
    assert len(lines_of(ours)) >= 4
    assert sorted(path.name for path in (ours / "crops").iterdir()) == sorted(
        path.name for path in (theirs / "crops").iterdir()
    )
    for crop in (theirs / "crops").iterdir():
        np.testing.assert_array_equal(cv2.imread(str(ours / "crops" / crop.name)), cv2.imread(str(crop)))
    summary, wanted = (json.loads((out / "summary.json").read_text()) for out in (ours, theirs))
    assert {key: summary[key] for key in COUNTS} == {key: wanted[key] for key in COUNTS}
    assert list(summary)[: len(wanted)] == list(wanted)
    assert set(summary) - set(wanted) == {"push", "memory"}


def test_areas_keep_out_the_same_faces(board: Callable[..., Any], models: list[str], tmp_path: Path) -> None:
    pictures, portable = tmp_path / "png", tmp_path / "ppm"
    for folder in (pictures, portable):
        folder.mkdir()
        for index in range(40):
            cv2.imwrite(str(folder / f"{index}.{folder.name}"), small_frame((10 + index, 20), (60, 5)))
    options = ["--mode", "fast", "--min-hits", "1", "--interval", "5", "--max-captures", "0", *models]
    options += ["--area", "0,0.2 0.55,0.2 0.55,1 0,1; 0,0 1,0 0,0.1"]
    options += ["--ignore-area", "0.3,0 0.4,0 0.4,1 0.3,1"]
    python_run(pictures, tmp_path / "python", *options)
    done = board(portable, "--out", tmp_path / "board", *options)
    assert done.returncode == 0, done.stderr
    ours, theirs = tmp_path / "board", tmp_path / "python"
    assert (ours / "captures.jsonl").read_bytes() == (theirs / "captures.jsonl").read_bytes()
    rejections = [json.loads((out / "summary.json").read_text())["rejections"] for out in (ours, theirs)]
    assert rejections[0] == rejections[1] and rejections[0]["outside_area"] > 40
    assert lines_of(ours)


def test_an_area_that_is_none_is_named_with_its_line(board: Callable[..., Any], tmp_path: Path) -> None:
    file = tmp_path / "door.conf"
    file.write_text("source = frames\narea = 0,0 1,0 1,7\n")
    done = board("--config", file, "--out", tmp_path / "out")
    assert done.returncode == 2
    assert f"{file}:2: area: only[0][2] is (1, 7), wanted shares" in done.stderr


def test_masks_worn_wrongly_are_equal_to_the_byte(
    board: Callable[..., Any], models: list[str], tmp_path: Path
) -> None:
    for ending in ("png", "ppm"):
        (tmp_path / ending).mkdir()
        for index, mask in enumerate(["incorrect", "mask", "no_mask", "unknown"]):
            cell = (10 + 20 * index, 20)  # another face each
            cv2.imwrite(str(tmp_path / ending / f"{index}.{ending}"), small_frame(cell, mask=mask))
    classifier = scripted.mask_classifier(tmp_path, incorrect=True)
    options = ["--min-hits", "1", "--fps", "25", *models, "--classifier", str(classifier)]
    python_run(tmp_path / "png", tmp_path / "python", *options)
    done = board(tmp_path / "ppm", "--out", tmp_path / "board", *options)
    assert done.returncode == 0, done.stderr
    ours, theirs = tmp_path / "board", tmp_path / "python"
    assert (ours / "captures.jsonl").read_bytes() == (theirs / "captures.jsonl").read_bytes()
    summaries = [json.loads((out / "summary.json").read_text()) for out in (ours, theirs)]
    assert [list(summary["captures_by_mask"].items()) for summary in summaries] == [
        [("mask", 1), ("no_mask", 1), ("incorrect", 1), ("unknown", 1)]
    ] * 2
    assert "1 mask, 1 no mask, 1 worn wrongly, 1 unsure" in done.stdout


@pytest.mark.parametrize(("threshold", "seen"), [(0.99, True), (0.99999, False)])
def test_the_threshold_of_a_manifest_holds_in_both(
    board: Callable[..., Any], models: list[str], visit: Path, tmp_path: Path, threshold: float, seen: bool
) -> None:
    detector = Path(models[1])  # its faces score 0.99995
    manifest = json.loads(detector.with_suffix(".json").read_text())
    manifest["detector"]["score_threshold"] = threshold
    shutil.copy(detector, tmp_path / "strict.onnx")
    (tmp_path / "strict.json").write_text(json.dumps(manifest))
    options = ["--min-hits", "1", "--detector", str(tmp_path / "strict.onnx"), *models[2:]]
    pictures = tmp_path / "png"
    pictures.mkdir()
    for picture in visit.iterdir():
        cv2.imwrite(str(pictures / f"{picture.stem}.png"), cv2.imread(str(picture)))
    python_run(pictures, tmp_path / "python", *options)
    done = board(visit, "--out", tmp_path / "board", *options)
    assert done.returncode == 0, done.stderr
    faces = [json.loads((tmp_path / p / "summary.json").read_text())["faces"] for p in ("python", "board")]
    assert faces[0] == faces[1]
    assert (faces[0] > 0) == seen


@pytest.fixture(scope="module", params=["detector_yunet", "detector_retinaface"])
def walks(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Walks:
    """The demo's walks as NV21 and as pictures of the same pixels, what Python captures of them, and the
    models."""
    shipped = ["--detector", str(SHIPPED / f"{request.param}.onnx"), *OTHERS]
    folder = tmp_path_factory.mktemp("walks")
    (folder / "ppm").mkdir()
    (folder / "png").mkdir()
    with (folder / "walks.nv21").open("wb") as stream:
        for index, image in enumerate(clip.frames(portrait.load())):
            nv21 = to_nv21(image)
            stream.write(nv21)
            pixels = np.frombuffer(nv21, np.uint8).reshape(-1, image.shape[1])
            picture = cv2.cvtColor(pixels, cv2.COLOR_YUV2BGR_NV21)
            cv2.imwrite(str(folder / "ppm" / f"{index}.ppm"), picture)
            cv2.imwrite(str(folder / "png" / f"{index}.png"), picture)
    python_run(folder / "png", folder / "python", "--fps", "25", *shipped)
    return folder / "ppm", folder / "walks.nv21", folder / "python", shipped


def test_real_models_are_equal_to_the_byte(board: Callable[..., Any], walks: Walks, tmp_path: Path) -> None:
    pictures, _, python, shipped = walks
    done = board(pictures, "--out", tmp_path / "board", "--fps", "25", *shipped)
    assert done.returncode == 0, done.stderr
    assert lines_of(python)
    assert (tmp_path / "board" / "captures.jsonl").read_bytes() == (python / "captures.jsonl").read_bytes()


def test_nv21_gives_the_same_captures(board: Callable[..., Any], walks: Walks, tmp_path: Path) -> None:
    _, stream, python, shipped = walks
    options = ["--size", "640x480", "--fps", "25", *shipped]
    done = board(stream, "--out", tmp_path / "board", *options)
    assert done.returncode == 0, done.stderr
    ours, wanted = lines_of(tmp_path / "board"), lines_of(python)
    assert wanted
    for line, other in zip(ours, wanted, strict=True):
        same = ("kind", "track_id", "sequence", "frame", "shot_frame", "timestamp", "mask")
        assert {key: line[key] for key in same} == {key: other[key] for key in same}
        np.testing.assert_allclose(line["box"], other["box"], atol=0.5)
        np.testing.assert_allclose(line["landmarks"], other["landmarks"], atol=0.5)
        assert line["score"] == pytest.approx(other["score"], abs=0.005)
        assert line["mask_prob"] == pytest.approx(other["mask_prob"], abs=0.02)
        crops = [cv2.imread(str(out / line["crop"])).astype(int) for out in (tmp_path / "board", python)]
        # Colours outside of the RGB cube are cut off before the resampling there, after it here.
        assert (np.abs(crops[0] - crops[1]) > 2).mean() < 0.01
