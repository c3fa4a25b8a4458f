"""What a refiner refuses and where it sees points, on cases made by hand and on a photograph."""

from __future__ import annotations

import csv
import json
from pathlib import Path

import cv2
import numpy as np
import pytest

import facecap
from facecap.cli import main
from facecap.evaluation.refiner.answers import Answers, by_detector, curves, measure, point_errors
from facecap.evaluation.refiner.cases import Case, read_cases
from facecap.evaluation.refiner.sheet import contact_sheet

POINTS = np.array([[40, 40], [60, 40], [50, 50], [42, 60], [58, 60]], np.float32)


def case(part: str, face: bool, true: bool = False, box: tuple[float, ...] = (20, 20, 80, 80)) -> Case:
    where = np.array(box, np.float32)
    return Case(part, Path("a.jpg"), where, face, 0.7, POINTS, POINTS if true else None)


def test_figures_by_hand() -> None:
    cases = [case("mask", True)] * 3 + [case("fddb", True), case("fddb", False), case("empty", False)]
    cases += [case("udacity", True, true=True)]
    nan = float("nan")
    said = [(chance, POINTS, nan) for chance in (0.9, 0.8, 0.2, 0.7, 0.1, 0.6)] + [(0.9, POINTS + 3, nan)]
    figures = measure(cases, Answers(0.5, said))
    assert figures["mask faces"] == 3
    assert figures["mask faces refused"] == pytest.approx(1 / 3)
    assert figures["faces refused"] == pytest.approx(1 / 4)
    assert figures["false alarms refused"] == pytest.approx(1 / 2)
    assert figures["false alarms refused for 1 % of the faces"] == pytest.approx(1 / 2)  # below 0.2
    assert figures["point error, median"] == pytest.approx(np.sqrt(18) / 20)
    assert set(curves(cases, Answers(0.5, said))) == {"false alarms refused", "points on YouTube Faces val"}


def test_a_case_without_true_points_has_no_error() -> None:
    assert len(point_errors([case("mask", True)], [POINTS])) == 0
    assert len(point_errors([case("udacity", True, true=True)], [None])) == 0


def test_a_second_detector_sees_the_surroundings_of_the_box_alone() -> None:
    image = np.zeros((200, 300, 3), np.uint8)
    image[60:100, 120:160] = 255
    seen = []

    def bright(part: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        seen.append(part.shape)
        y, x = np.nonzero(part[..., 0] > 127)
        if not len(x):
            return np.zeros((0, 4), np.float32), np.zeros(0, np.float32)
        return np.array([[x.min(), y.min(), x.max() + 1, y.max() + 1]], np.float32), np.float32([0.8])

    judge = by_detector(bright)
    chance, points, _ = judge(image, case("mask", True, box=(120, 60, 160, 100)))
    assert chance == pytest.approx(0.8)
    assert points is None
    assert judge(image, case("mask", True, box=(10, 10, 40, 40)))[0] == 0
    assert judge(image, case("mask", True, box=(150, 90, 180, 120)))[0] == 0
    assert set(seen) == {(128, 128, 3)}


class Stub:
    """Finds the same boxes in every picture."""

    def __init__(self, *boxes: tuple[float, ...]) -> None:
        self._boxes = np.array(boxes, np.float32)

    def detect(self, _image: np.ndarray) -> facecap.Detections:
        count = len(self._boxes)
        return facecap.Detections(
            self._boxes, np.full(count, 0.9, np.float32), np.zeros((count, 5, 2), np.float32)
        )


@pytest.fixture
def data(tmp_path: Path, photo: np.ndarray) -> Path:
    """One bare face in `mask`, and one in `rmfd`, the portrait."""
    (tmp_path / "mask").mkdir()
    (tmp_path / "detect" / "rmfd").mkdir(parents=True)
    (tmp_path / "empty").mkdir()
    for place in ("mask", "detect/rmfd", "empty"):
        cv2.imwrite(str(tmp_path / place / "a.png"), photo)
    box = [200, 80, 340, 290]
    with (tmp_path / "mask" / "index.csv").open("w", newline="") as stream:
        writer = csv.writer(stream)
        writer.writerow(["file", "label", "split", "x1", "y1", "x2", "y2"])
        writer.writerow(["a.png", "without_mask", "val", *box])
        writer.writerow(["b.png", "without_mask", "train", *box])
    entry = {"file": "a.png", "split": "val", "faces": [{"box": box}]}
    (tmp_path / "detect" / "rmfd" / "annotations.json").write_text(json.dumps([entry]))
    return tmp_path


def test_detections_are_faces_false_alarms_or_neither(data: Path) -> None:
    detector = Stub((205, 85, 345, 300), (0, 400, 60, 460), (260, 100, 360, 250))
    found = {}
    for _, cases in read_cases(data, data / "empty", detector):
        found[cases[0].part] = [one.face for one in cases]
    assert found == {"mask": [True], "rmfd": [True, False], "empty": [False] * 3}


def test_a_data_folder_without_masks_is_refused(tmp_path: Path) -> None:
    with pytest.raises(facecap.FacecapError, match=r"index\.csv: no such file"):
        list(read_cases(tmp_path, None, Stub()))


def test_the_command_measures_and_leaves_curves_and_a_sheet(
    data: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    pytest.importorskip("torch")
    from facecap.conversion.manifest import write_model
    from facecap.conversion.network_onnx import to_onnx
    from facecap.training.networks.face_refiner import FaceRefiner
    from facecap.training.refiner.model import ROLES, manifest
    from facecap.training.refiner.train import RECIPE

    model = tmp_path / "refiner.onnx"
    write_model(
        model, to_onnx(FaceRefiner(), (112, 112), outputs=ROLES), manifest(RECIPE, "random weights", 0.1, {})
    )
    out = tmp_path / "out"
    command = ["eval", "refiner", "--data", str(data), "--empty", str(data / "empty"), "--model", str(model)]
    assert main([*command, "--opinion", "retinaface-mobilenet0.25", "--out", str(out)]) == 0
    table = capsys.readouterr().out
    assert "false alarms refused" in table
    assert "mask faces refused" in table
    names = {path.name for path in out.iterdir()}
    assert names == {"refiner.csv", "refiner.json", "refiner.png", "worst_refiner.onnx.png"}
    results = json.loads((out / "refiner.json").read_text())
    first = results["models"][0]
    assert first["mask faces"] == 1
    assert first["parameters"] < 300_000
    opinion = results["models"][1]
    assert opinion["mask faces refused"] == 0
    rows = list(csv.DictReader((out / "refiner.csv").read_text().splitlines()))
    own = [row for row in rows if row["model"] == first["model"]]
    assert len(rows) == 3 * len(own)  # of the refiner, the opinion and the detector itself
    for key in [key for key in first if f"{key} refused" in first]:
        part, label = key.split(" ", 1)[0], "face" if key.endswith(" faces") else "no_face"
        said = [row["answer"] for row in own if (row["set"], row["label"]) == (part, label)]
        assert len(said) == first[key]
        assert said.count("no_face") / len(said) == pytest.approx(first[f"{key} refused"])


def test_a_sheet_of_no_cases_is_a_picture() -> None:
    assert contact_sheet([], Answers(0.5)).startswith(b"\x89PNG")
