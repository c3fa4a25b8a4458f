"""FDDB and masked faces through files on disk, with a detector that is given what to find."""

from __future__ import annotations

import csv
import json
from pathlib import Path
from types import ModuleType
from typing import Any

import cv2
import numpy as np
import pytest

from facecap.cli import main
from facecap.errors import FacecapError
from facecap.evaluation.detector import fddb, masked, widerface
from facecap.evaluation.detector.detection import Detect, PictureSet, detect_all


def write_set(data: Path, name: str, entries: list[dict[str, Any]]) -> None:
    folder = data / "detect" / name
    folder.mkdir(parents=True)
    for index, entry in enumerate(entries):
        entry.update(file=f"{index}.png", width=200, height=100, split=entry.get("split", "val"))
        cv2.imwrite(str(folder / entry["file"]), np.full((100, 200, 3), index, np.uint8))
    (folder / "annotations.json").write_text(json.dumps(entries))


def finding(*answers: list[tuple[list[float], float]]) -> Detect:
    """A detector that answers by the grey level of the picture."""

    def detect(image: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        answer = answers[int(image[0, 0, 0])]
        boxes = np.array([box for box, _ in answer], np.float32).reshape(-1, 4)
        return boxes, np.array([score for _, score in answer], np.float32)

    return detect


def figures(task: ModuleType, detect: Detect, data: Path) -> dict[str, float]:
    pictures = task.read(data)
    return task.measure(pictures, detect_all(detect, pictures)).figures


FACE, OTHER, FAR = [10.0, 10.0, 50.0, 60.0], [120.0, 20.0, 150.0, 70.0], [60.0, 60.0, 90.0, 95.0]


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ('[{"file": "a.png", "split": "val"}]', "entry 0 lacks width, height, faces, extra"),
        ("[1]", "wanted a list of objects"),
        ("{", "wanted a list of objects"),
    ],
)
def test_annotations_of_another_form_are_refused(tmp_path: Path, text: str, said: str) -> None:
    (tmp_path / "detect" / "fddb").mkdir(parents=True)
    (tmp_path / "detect" / "fddb" / "annotations.json").write_text(text)
    with pytest.raises(FacecapError, match=rf"annotations\.json: {said}"):
        fddb.read(tmp_path)


def test_fddb_clips_and_ignores_what_fddb_left_out(tmp_path: Path) -> None:
    beyond = {"box": [150.0, 60.0, 230.0, 140.0]}
    write_set(
        tmp_path,
        "fddb",
        [
            {"faces": [{"box": FACE}, beyond], "extra": [{"box": OTHER}]},
            {"faces": [{"box": FACE}], "extra": [], "split": "train"},
        ],
    )
    found = finding([(OTHER, 0.99), (FACE, 0.9), ([150.0, 60.0, 200.0, 100.0], 0.8), (FAR, 0.1)])
    assert figures(fddb, found, tmp_path)["fddb_ap"] == 1.0
    late = finding([(FAR, 0.9), (FACE, 0.5)])
    assert figures(fddb, late, tmp_path)["fddb_ap"] == pytest.approx(0.25)


def test_masked_recall_and_false_alarms(tmp_path: Path) -> None:
    write_set(
        tmp_path,
        "rmfd",
        [{"faces": [{"box": FACE, "label": "mask"}, {"box": OTHER, "label": None}]}, {"faces": []}],
    )
    write_set(tmp_path, "fddb", [{"faces": [], "extra": [{"box": OTHER}]}, {"faces": [], "extra": []}])
    sure = finding([(FACE, 0.9), (OTHER, 0.9), (FAR, 0.4)], [(FAR, 0.6)])
    assert figures(masked, sure, tmp_path) == {"masked_recall": 1.0, "masked_faces": 1, "false_alarms": 3}
    unsure = finding([(FACE, 0.49)], [])
    assert figures(masked, unsure, tmp_path)["masked_recall"] == 0.0


def test_a_missing_set_is_named(tmp_path: Path) -> None:
    with pytest.raises(FacecapError, match=r"fddb.*annotations\.json"):
        fddb.read(tmp_path)


def test_an_unreadable_picture_is_named(tmp_path: Path) -> None:
    (tmp_path / "0.jpg").write_bytes(b"no picture")
    with pytest.raises(FacecapError, match=r"0\.jpg"):
        detect_all(finding(), PictureSet(tmp_path, [{"file": "0.jpg"}]))


def test_fddb_curve_counts_false_positives(tmp_path: Path) -> None:
    write_set(tmp_path, "fddb", [{"faces": [{"box": FACE}, {"box": OTHER}], "extra": []}])
    pictures = fddb.read(tmp_path)
    found = detect_all(finding([(FACE, 0.9), (FAR, 0.8), (OTHER, 0.7)]), pictures)
    measured = fddb.measure(pictures, found)
    roc = measured.curves[fddb.PANELS[1].title]
    assert roc.x.tolist() == [0, 1, 1]
    assert roc.y.tolist() == [0.5, 0.5, 1]
    assert measured.figures["fddb_tpr_100"] == 1


def test_the_curve_of_masked_faces_passes_the_figures(tmp_path: Path) -> None:
    faces = [{"box": box, "label": "mask"} for box in (FACE, OTHER)]
    write_set(tmp_path, "rmfd", [{"faces": faces}])
    write_set(tmp_path, "fddb", [{"faces": [], "extra": []}])
    pictures = masked.read(tmp_path)
    [found, _] = detect_all(finding([(FACE, 0.9), (FAR, 0.6), ([0, 0, 8, 8], 0.55), (OTHER, 0.4)]), pictures)
    [nothing] = detect_all(finding([]), PictureSet(pictures.folder, pictures.entries[1:]))
    line = masked.measure(pictures, [found, nothing]).curves[masked.PANELS[0].title]
    assert line.x.tolist() == [1, 1, 2, 2]
    assert line.y.tolist() == [0.5, 0.5, 0.5, 1.0]


def test_wider_face_is_read_from_any_folder_with_annotations(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    subsets = {"easy": [0], "medium": [0], "hard": [0]}
    write_set(tmp_path, "wider_dev", [{"event": "0", "boxes": [FACE], **subsets}])
    for data in (tmp_path, tmp_path / "detect" / "wider_dev"):
        assert figures(widerface, finding([(FACE, 0.9)]), data)["wider_easy"] == 1
        assert main(["eval", "widerface", "--data", str(data), "--long-side", "default", "--json"]) == 0
        assert json.loads(capsys.readouterr().out)["wider_hard"] == 0


@pytest.mark.parametrize("task", ["fddb", "masked-recall"])
def test_models_side_by_side_leave_results_and_curves(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], task: str
) -> None:
    for module in ("onnx", "matplotlib"):
        pytest.importorskip(module)
    import scripted

    write_set(tmp_path, "rmfd", [{"faces": [{"box": FACE, "label": "mask"}]}])
    write_set(tmp_path, "fddb", [{"faces": [{"box": FACE}], "extra": []}])
    models = [str(scripted.detector(tmp_path, face)) for face in (100.0, 200.0)]
    options = ["eval", task, "--data", str(tmp_path), "--out", str(tmp_path / "out")]
    assert main([*options, "--model", models[0], "--model", models[1], "--flip"]) == 0
    table = capsys.readouterr().out
    assert all(model in table for model in models)
    report = json.loads((tmp_path / "out" / f"{task}.json").read_text())
    assert [entry["model"] for entry in report["models"]] == models
    assert cv2.imread(str(tmp_path / "out" / f"{task}.png")) is not None
    rows = list(csv.DictReader((tmp_path / "out" / f"{task}.csv").read_text().splitlines()))
    assert list(rows[0]) == ["model", "set", "picture", "faces", "found", "false_alarms"]
    assert {row["model"] for row in rows} == set(models)
    assert sum(int(row["faces"]) for row in rows) == len(models)
