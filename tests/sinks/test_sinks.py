"""Files, clips and sheets that a run leaves."""

from __future__ import annotations

import json
import math
from contextlib import closing
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest

import facecap
from facecap._files import PendingFile, write_atomic
from facecap.sinks.annotated_clip import AnnotatedClip
from facecap.sinks.annotation import Annotator
from facecap.sinks.contact_sheet import ContactSheet
from facecap.sinks.drawing import ANSWER_COLORS, ANSWER_WORDS, answer_label
from facecap.sinks.run_folder import JsonLines, RunFolder


def capture(**changes: Any) -> facecap.Capture:
    values: dict[str, Any] = {
        "kind": "first",
        "track_id": 1,
        "sequence": 1,
        "frame": 12,
        "shot_frame": 9,
        "timestamp": None,
        "box": np.zeros(4, np.float32),
        "landmarks": np.zeros((5, 2), np.float32),
        "score": 0.9,
        "quality": 1.2,
        "pose": (0.0, 0.0, 0.0),
        "crop": np.full((112, 112, 3), 128, np.uint8),
        "mask_prob": math.nan,
        "mask": "unknown",
    }
    return facecap.Capture(**{**values, **changes})


def names(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


def annotator(answer: str) -> Annotator:
    return Annotator(lambda mask, incorrect: answer, tuple(ANSWER_WORDS))


def result(
    index: int,
    box: tuple[float, ...] = (20, 20, 60, 70),
    said: tuple[float, float] = (math.nan, math.nan),
    **changes: Any,
) -> facecap.FrameResult:
    faces = facecap.Faces(
        boxes=np.array([box], np.float32),
        scores=np.ones(1, np.float32),
        landmarks=np.zeros((1, 5, 2), np.float32),
        track_ids=np.ones(1, np.int64),
        stable=np.ones(1, np.bool_),
        quality=np.ones(1, np.float32),
        pose=np.zeros((1, 3), np.float32),
        capture=np.zeros(1, np.bool_),
        mask_prob=np.array([said[0]], np.float32),
        incorrect_prob=np.array([said[1]], np.float32),
        reasons=("not_better",),
    )
    values: dict[str, Any] = {"timestamp": None, "captures": [], "timings": {}, "refined": 0, "classified": 0}
    return facecap.FrameResult(frame_index=index, faces=faces, **{**values, **changes})


def test_a_file_is_replaced_whole_or_not_at_all(tmp_path):
    path = tmp_path / "file"
    write_atomic(path, b"old")
    pending = PendingFile(path)
    pending.temporary.write_bytes(b"ne")
    assert path.read_bytes() == b"old"
    pending.discard()
    assert names(tmp_path) == ["file"]
    write_atomic(path, b"new")
    assert path.read_bytes() == b"new"


def test_a_failing_write_names_the_file_and_leaves_nothing(tmp_path):
    (tmp_path / "folder").mkdir()
    with pytest.raises(OSError, match="folder") as error:
        write_atomic(tmp_path / "folder", b"data")
    assert error.value.filename == str(tmp_path / "folder")
    assert names(tmp_path) == ["folder"]


def test_lines_are_on_the_disk_when_add_returns(tmp_path):
    with closing(JsonLines(tmp_path / "lines", sync=True)) as lines:
        for number in range(3):
            lines.add({"n": number})
            read = [json.loads(line)["n"] for line in (tmp_path / "lines").read_text().splitlines()]
            assert read == list(range(number + 1))
        with pytest.raises(ValueError, match="JSON compliant"):
            lines.add({"n": math.nan})
    assert len((tmp_path / "lines").read_text().splitlines()) == 3


def test_a_crop_is_there_before_its_line(tmp_path, monkeypatch):
    seen = []
    monkeypatch.setattr(JsonLines, "add", lambda self, line: seen.append((tmp_path / line["crop"]).exists()))
    with closing(RunFolder(tmp_path)) as folder:
        line = folder.add(capture(track_id=3, sequence=2, shot_frame=40))
    assert seen == [True]
    assert line["crop"] == "crops/3_2_40.png"
    assert line["mask_prob"] is None


def test_the_crop_keeps_its_pixels(tmp_path):
    pixels = np.random.default_rng(0).integers(0, 255, (112, 112, 3), np.uint8)
    with closing(RunFolder(tmp_path)) as folder:
        line = folder.add(capture(crop=pixels))
    assert np.array_equal(cv2.imread(str(tmp_path / line["crop"])), pixels)


def test_only_files_of_an_earlier_run_are_removed(tmp_path):
    with closing(RunFolder(tmp_path)) as folder:
        folder.add(capture())
    (tmp_path / "notes.txt").write_text("mine")
    (tmp_path / "crops" / "portrait.png").write_text("mine too")
    with pytest.raises(facecap.FacecapError, match="holds an earlier run"):
        RunFolder(tmp_path)
    RunFolder(tmp_path, overwrite=True).close()
    assert names(tmp_path) == ["captures.jsonl", "crops", "notes.txt"]
    assert names(tmp_path / "crops") == ["portrait.png"]


@pytest.mark.parametrize("name", ["clip.mp4", "clip.avi"])
def test_a_clip_of_frames_that_change_their_size(tmp_path, name):
    clip = AnnotatedClip(tmp_path / name, 25.0, annotator("mask"))
    for index, (height, width) in enumerate([(301, 503), (300, 200), (50, 50)]):
        clip.add(np.zeros((height, width, 3), np.uint8), result(index))
        assert not (tmp_path / name).exists()
    clip.close()
    video = cv2.VideoCapture(str(tmp_path / name))
    frames = [frame for ok, frame in iter(video.read, (False, None)) if ok]
    assert [frame.shape for frame in frames] == [(300, 502, 3)] * 3  # the first one's, with even sides
    assert names(tmp_path) == [name]


@pytest.mark.parametrize(
    ("first", "size"), [((1500, 3000), (960, 1920)), ((96, 128), (480, 640)), ((480, 640), (480, 640))]
)
def test_large_frames_are_scaled_down_and_small_ones_up(tmp_path, first, size):
    clip = AnnotatedClip(tmp_path / "clip.avi", 25.0, annotator("mask"))
    clip.add(np.zeros((*first, 3), np.uint8), result(0))
    clip.close()
    assert cv2.VideoCapture(str(tmp_path / "clip.avi")).read()[1].shape == (*size, 3)


def test_a_clip_without_frames_leaves_no_file(tmp_path):
    AnnotatedClip(tmp_path / "clip.avi", 25.0, annotator("mask")).close()
    assert names(tmp_path) == []


def test_a_clip_that_is_lost_on_its_way_is_an_error(tmp_path):
    clip = AnnotatedClip(tmp_path / "clip.avi", 25.0, annotator("mask"))
    clip.add(np.zeros((100, 100, 3), np.uint8), result(0))
    (temporary,) = tmp_path.iterdir()
    temporary.unlink()
    with pytest.raises(facecap.FacecapError, match=r"clip\.avi: only 0 of 1 frames"):
        clip.close()


def test_faces_partly_outside_are_drawn_without_an_error():
    image = np.zeros((120, 160, 3), np.uint8)
    drawer = annotator("no_mask")
    boxes = [(-50, -50, 10, 10), (150, 110, 400, 300), (-500, -500, -400, -400), (0, 0, 160, 120)]
    for index, box in enumerate(boxes):
        drawer.draw(image, result(index, box, captures=[capture()]), 1.0, (0.0, 0.0))
    assert image.any()


def test_the_mark_of_a_capture_fades(tmp_path):
    def drawn(index: int, **changes: Any) -> np.ndarray[Any, Any]:
        image = np.zeros((480, 640, 3), np.uint8)
        drawer.draw(image, result(index, (200, 150, 400, 350), **changes), 1.0, (0.0, 0.0))
        return image[:430]  # without the bar, which counts captures

    drawer = annotator("mask")
    before = drawn(0)
    at = drawn(1, captures=[capture()])
    after = drawn(100)
    assert (before != at).any()
    assert np.array_equal(before, after)


@pytest.mark.parametrize("count", [0, 1, 5, 33])
def test_a_sheet_has_room_for_every_capture(count):
    sheet = ContactSheet()
    colors = [np.full((112, 112, 3), (40 + 6 * n, 90, 200), np.uint8) for n in range(count)]
    for number, crop in enumerate(colors):
        sheet.add(capture(track_id=count - number, crop=crop))
    picture = sheet.draw()
    for crop in colors:
        shown = (picture == crop[0, 0]).all(axis=2)
        assert shown.sum() >= 150 * 150


def test_a_sheet_keeps_tracks_together_and_says_what_it_left_out(tmp_path):
    sheet = ContactSheet()
    for number in range(300):
        sheet.add(capture(track_id=number % 2, sequence=number))
    assert sheet._title() == "300 captures of 2 tracks, the first 240 shown"
    sheet.write(tmp_path / "new" / "sheet.png")
    assert cv2.imread(str(tmp_path / "new" / "sheet.png")) is not None


def test_other_endings_of_a_clip_are_refused(tmp_path: Path):
    with pytest.raises(ValueError, match=r"\.mp4 or \.avi"):
        AnnotatedClip(tmp_path / "clip.gif", 25.0, annotator("mask"))


def test_a_mask_worn_wrongly_has_its_colour_and_its_own_probability():
    image = np.zeros((480, 640, 3), np.uint8)
    annotator("incorrect").draw(image, result(0, (200, 150, 400, 350), (0.04, 0.91)), 1.0, (0.0, 0.0))
    assert (image[:430] == ANSWER_COLORS["incorrect"]).all(axis=2).any()
    assert answer_label("incorrect", 0.04, 0.91) == "worn wrongly 0.91"
    assert answer_label("no_mask", 0.04, 0.05) == "no mask 0.04"
    assert answer_label("unknown", math.nan, None) == "unsure"
    sheet = ContactSheet()
    sheet.add(capture(mask="incorrect", mask_prob=0.04, incorrect_prob=0.91))
    assert (sheet.draw() == ANSWER_COLORS["incorrect"]).all(axis=2).any()


@pytest.mark.parametrize("offset", [0, 80])
def test_where_faces_do_not_count_is_darker(offset: int):
    image = np.full((480, 640, 3), 200, np.uint8)
    left, corner = [(0, 0), (0.5, 0), (0.5, 1), (0, 1)], [(0, 0), (0.2, 0), (0.2, 0.2), (0, 0.2)]
    areas = facecap.Areas(only=[left], ignore=[corner])
    answers = tuple(ANSWER_WORDS)
    drawn = Annotator(lambda mask, incorrect: "mask", answers, areas)
    drawn.draw(image, result(0, (-99, -99, -80, -80)), 1.0, (float(offset), 0.0))
    grey = image[200:400].mean(axis=(0, 2))
    assert (grey[offset + 5 : 315] == 200).all() and (grey[325 : 640 - offset] == 100).all()
    assert image[40, offset + 40].max() == 100


def test_the_legend_has_the_answers_that_the_model_can_give():
    def legend(answers: tuple[str, ...]) -> np.ndarray[Any, Any]:
        image = np.zeros((480, 1920, 3), np.uint8)
        Annotator(lambda mask, incorrect: "mask", answers).draw(image, result(0), 1.0, (0.0, 0.0))
        return (image[430:] == ANSWER_COLORS["incorrect"]).all(axis=2)

    assert legend(tuple(ANSWER_WORDS)).any()
    assert not legend(("mask", "no_mask", "unknown")).any()


def test_the_chance_of_a_mask_worn_wrongly_is_in_a_line_where_it_is_known(tmp_path):
    with closing(RunFolder(tmp_path)) as folder:
        assert "incorrect_prob" not in folder.add(capture())
        line = folder.add(capture(sequence=2, mask="incorrect", mask_prob=0.04, incorrect_prob=0.91))
    assert (line["mask"], line["mask_prob"], line["incorrect_prob"]) == ("incorrect", 0.04, 0.91)
    plain, third = (result(0, said=said).to_dict()["faces"][0] for said in ((0.5, math.nan), (0.5, 0.25)))
    assert "incorrect_prob" not in plain
    assert third["incorrect_prob"] == 0.25
