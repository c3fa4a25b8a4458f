"""`facecap run` from its options to its files."""

from __future__ import annotations

import json
import threading

import cv2
import numpy as np
import pytest
import scripted
from cameras import DroppingCamera

from facecap.sinks.drawing import ANSWER_COLORS

from .conftest import FAST, lines_of, repeat


def test_a_run_leaves_captures_crops_and_a_summary(facecap, models, visit, tmp_path):
    out = tmp_path / "out"
    done = facecap("run", visit, "--out", out, *models, *FAST)
    assert done.returncode == 0, done.stderr
    captures = lines_of(out / "captures.jsonl")
    # docs/capture-flow.md, "Golden values of the gate": at once, then every 10 frames, three in all.
    assert [(c["kind"], c["track_id"], c["sequence"], c["frame"], c["shot_frame"]) for c in captures] == [
        ("first", 1, 1, 9, 9),
        ("periodic", 1, 2, 19, 10),
        ("periodic", 1, 3, 29, 20),
    ]
    for capture in captures:
        assert capture["crop"] == f"crops/1_{capture['sequence']}_{capture['shot_frame']}.png"
        assert cv2.imread(str(out / capture["crop"])).shape == (112, 112, 3)
        assert set(capture["pose"]) == {"yaw", "pitch", "roll"}
        assert len(capture["box"]) == 4 and np.shape(capture["landmarks"]) == (5, 2)
        assert capture["mask"] in ("mask", "no_mask", "unknown") and 0 <= capture["mask_prob"] <= 1
    summary = json.loads((out / "summary.json").read_text())
    assert summary["status"] == "done" and summary["error"] is None
    assert {key: summary[key] for key in ("frames", "frames_with_faces", "faces", "tracks", "captures")} == {
        "frames": 40,
        "frames_with_faces": 40,
        "faces": 40,
        "tracks": 1,
        "captures": 3,
    }
    assert sum(summary["captures_by_mask"].values()) == 3
    assert summary["rejections"]["track_unconfirmed"] == 9
    assert summary["classified"] + sum(summary["rejections"].values()) == summary["faces"]
    assert summary["models"] == {"detector": "detector200", "refiner": None, "classifier": "bright"}
    assert "3 captures" in done.stdout and str(out / "captures.jsonl") in done.stdout
    assert not list(out.rglob(".*")), "temporary files are left"


def test_masks_worn_wrongly_are_in_all_that_a_run_leaves(facecap, models, tmp_path):
    picture, out = tmp_path / "picture.png", tmp_path / "out"
    cv2.imwrite(str(picture), scripted.frame((20, 20), mask="incorrect"))
    options = [*models, "--classifier", scripted.mask_classifier(tmp_path, incorrect=True)]
    pictures = ["--annotate", tmp_path / "clip.avi", "--contact-sheet"]
    done = facecap("run", picture, "--out", out, *options, *pictures)
    assert done.returncode == 0, done.stderr
    [capture] = lines_of(out / "captures.jsonl")
    assert capture["mask"] == "incorrect" and capture["incorrect_prob"] > 0.9
    by_mask = json.loads((out / "summary.json").read_text())["captures_by_mask"]
    assert by_mask == {"mask": 0, "no_mask": 0, "incorrect": 1, "unknown": 0}
    assert "0 mask, 0 no mask, 1 worn wrongly, 0 unsure" in done.stdout
    for image in (
        cv2.VideoCapture(str(tmp_path / "clip.avi")).read()[1],
        cv2.imread(str(out / "contact_sheet.png")),
    ):
        near = np.abs(image.astype(int) - ANSWER_COLORS["incorrect"]).max(axis=2) < 40
        assert near.sum() > 100


def test_json_on_standard_output_is_what_the_folder_has(facecap, models, visit, tmp_path):
    done = facecap("run", visit, "--out", tmp_path / "out", "--json", "--frames", *models, *FAST)
    printed = [json.loads(line) for line in done.stdout.splitlines()]
    assert printed[:-1] == lines_of(tmp_path / "out" / "captures.jsonl")
    assert printed[-1]["summary"]["captures"] == len(printed) - 1
    frames = lines_of(tmp_path / "out" / "frames.jsonl")
    assert [frame["frame_index"] for frame in frames] == list(range(40))
    for frame in frames:
        for face in frame["faces"]:
            assert face["capture"] == (face["reason"] is None)


def test_a_run_needs_no_folder(facecap, models, visit):
    done = facecap("run", visit, "--json", *models, *FAST)
    assert done.returncode == 0
    assert [json.loads(line).get("frame") for line in done.stdout.splitlines()] == [9, 19, 29, None]


def test_an_earlier_run_is_replaced_only_when_asked(facecap, models, visit, tmp_path):
    out = tmp_path / "out"
    assert facecap("run", visit, "--out", out, *models, *FAST).returncode == 0
    before = (out / "captures.jsonl").read_text()
    refused = facecap("run", visit, "--out", out, *models, *FAST)
    assert refused.returncode == 1
    assert "holds an earlier run" in refused.stderr and "--overwrite" in refused.stderr
    assert (out / "captures.jsonl").read_text() == before
    replaced = facecap("run", visit, "--out", out, "--overwrite", "--max-frames", "15", *models, *FAST)
    assert replaced.returncode == 0
    assert sorted(path.name for path in (out / "crops").iterdir()) == ["1_1_9.png"]
    assert json.loads((out / "summary.json").read_text())["frames"] == 15


def test_a_refiner_is_an_option_with_a_twin(facecap, models, visit, tmp_path):
    wall = scripted.refiner(tmp_path, face=-9, stem="wall")
    named, by_twin = tmp_path / "named", tmp_path / "twin"
    assert facecap("run", visit, "--out", named, *models, *FAST, "--refiner", wall).returncode == 0
    twin = {"FACECAP_REFINER": str(wall)}
    assert facecap("run", visit, "--out", by_twin, *models[:4], *FAST, env=twin).returncode == 0
    for out in (named, by_twin):
        assert lines_of(out / "captures.jsonl") == []
        summary = json.loads((out / "summary.json").read_text())
        assert summary["rejections"] == {"not_a_face": 31, "track_unconfirmed": 9}
        assert summary["refined"] == 31 and summary["classified"] == 0
        assert summary["models"]["refiner"] == "wall"
        assert "refine" in summary["seconds"]


def test_with_an_embedder_a_person_is_not_captured_on_two_tracks(facecap, models, face_png, tmp_path):
    cv2.imwrite(str(tmp_path / "there.png"), scripted.frame((60, 20)))
    frames = repeat(face_png, tmp_path / "visit", 25)
    for number in range(25, 50):  # gone from there, and at once elsewhere
        (frames / f"{number}.png").hardlink_to(tmp_path / "there.png")
    embedder = scripted.embedder(tmp_path, 112)  # to it everybody is one person
    for options, tracks in (([], {1, 2}), (["--embedder", embedder], {1})):
        done = facecap("run", frames, "--json", *models, *FAST, *options)
        *captures, last = [json.loads(line) for line in done.stdout.splitlines()]
        assert {capture["track_id"] for capture in captures} == tracks, done.stderr
        assert ("duplicate_identity" in last["summary"]["rejections"]) == bool(options)
        assert last["summary"]["models"].get("embedder") == ("embedder112" if options else None)


def test_a_refiner_that_is_none_is_named(facecap, models, visit, tmp_path):
    done = facecap("run", visit, "--json", *models, "--refiner", models[3])
    assert done.returncode == 1
    assert "a model of the task mask, wanted face_refinement" in done.stderr


def test_pending_shots_come_out_at_the_end(facecap, models, visit, tmp_path):
    facecap("run", visit, "--out", tmp_path / "out", *models, "--interval", "1000")
    assert [c["kind"] for c in lines_of(tmp_path / "out" / "captures.jsonl")] == ["flush"]


def test_one_picture_is_a_whole_visit(facecap, models, face_png, tmp_path):
    facecap("run", face_png, "--out", tmp_path / "out", *models)
    captures = lines_of(tmp_path / "out" / "captures.jsonl")
    assert [(c["track_id"], c["shot_frame"], c["timestamp"]) for c in captures] == [(1, 0, None)]


def test_the_annotated_clip_and_the_contact_sheet_can_be_opened(facecap, models, visit, tmp_path):
    out = tmp_path / "out"
    done = facecap(
        "run", visit, "--out", out, "--annotate", out / "clip.mp4", "--contact-sheet", *models, *FAST
    )
    assert done.returncode == 0, done.stderr
    clip = cv2.VideoCapture(str(out / "clip.mp4"))
    assert clip.get(cv2.CAP_PROP_FRAME_COUNT) == 40
    clip.set(cv2.CAP_PROP_POS_FRAMES, 15)
    drawn = clip.read()[1].astype(int)
    plain = cv2.imread(str(visit / "15.png")).astype(int)
    changed = np.abs(drawn - plain).max(axis=2) > 60
    assert changed[380:620, 780:1020].any(), "nothing is drawn around the face"
    assert not changed[100:300, 100:600].any(), "something is drawn where nothing is"
    assert cv2.imread(str(out / "contact_sheet.png")).shape[1] > 500


LEFT, RIGHT = "0,0 0.5,0 0.5,1 0,1", "0.5,0 1,0 1,1 0.5,1"  # the face of the visit is at the left


@pytest.mark.parametrize(
    ("options", "twins", "captured"),
    [
        (["--area", RIGHT], {}, False),
        (["--area", f"{RIGHT}; {LEFT}"], {}, True),
        (["--ignore-area", LEFT], {}, False),
        ([], {"FACECAP_IGNORE_AREA": LEFT}, False),
        (["--ignore-area", RIGHT], {"FACECAP_IGNORE_AREA": LEFT}, True),
        (["--area", LEFT, "--ignore-area", "0.4,0 0.5,0 0.5,1 0.4,1"], {}, False),
    ],
)
def test_a_face_outside_the_areas_is_not_captured(facecap, models, visit, options, twins, captured):
    done = facecap("run", visit, "--json", *models, *FAST, *options, env=twins)
    summary = json.loads(done.stdout.splitlines()[-1])["summary"]
    assert (summary["captures"] > 0) == captured, done.stderr
    assert summary["rejections"].get("outside_area") == (None if captured else 31)


@pytest.mark.parametrize(
    ("options", "text"),
    [
        (["--area", "0,0 1,1"], "argument --area: only[0] has 2 corners, wanted 3 to 256"),
        (["--ignore-area", "0,0 2,0 1,1"], "argument --ignore-area: ignore[0][1] is (2, 0), wanted shares"),
        (["--area", "0.1 0.2"], "argument --area: '0.1', wanted corners x,y such as"),
    ],
)
def test_what_is_no_area_is_wrong_usage(facecap, models, visit, options, text):
    done = facecap("run", visit, *models, *options)
    assert done.returncode == 2 and text in done.stderr


def test_a_file_of_options_gives_way_to_the_environment_and_that_to_flags(facecap, models, visit, tmp_path):
    file = tmp_path / "capture.json"
    file.write_text(json.dumps({"mode": "fast", "interval": 30, "min_hits": 2}))

    def frames(*flags: str, **env: str) -> list[int]:
        done = facecap("run", visit, "--json", "--config", file, *models, *flags, env=env)
        assert done.returncode == 0, done.stderr
        return [json.loads(line)["frame"] for line in done.stdout.splitlines()[:-1]]

    assert frames() == [1, 31]
    assert frames(FACECAP_INTERVAL="20") == [1, 21]
    assert frames("--interval", "12", FACECAP_INTERVAL="20") == [1, 13, 25]


@pytest.mark.parametrize(
    ("arguments", "text"),
    [
        (["--contact-sheet"], "--contact-sheet without a name needs --out"),
        (["--frames"], "--frames needs --out"),
        (["--annotate", "clip.gif"], "wanted a name that ends in .mp4 or .avi"),
        (["--min-hits", "0"], "min_hits"),
        (["--min-quality", "high"], "--min-quality"),
        (["--mode", "slow"], "--mode"),
        (["--interval-seconds", "2"], "give --fps"),
        (["--score-threshold", "2"], "score_threshold"),
        (["--input-size", "large"], "wanted WIDTHxHEIGHT"),
        (["--max-frames", "0"], "at least 1"),
        (["--slots", "1000000000"], "slots is 1000000000"),
    ],
)
def test_wrong_usage_ends_with_2_and_says_why(facecap, models, visit, arguments, text):
    done = facecap("run", visit, *models, *arguments)
    assert done.returncode == 2
    assert text in done.stderr
    assert done.stdout == ""


def test_progress_is_on_standard_error_alone(facecap, models, visit):
    done = facecap("run", visit, "--json", *models)
    assert all(line.startswith("{") for line in done.stdout.splitlines())


def test_a_stream_of_an_empty_door_is_detected_in_now_and_then_only(facecap, models, tmp_path):
    empty = cv2.imencode(".jpg", scripted.frame())[1].tobytes()
    camera = DroppingCamera(frames_a_connection=10**6, picture=empty)
    threading.Thread(target=camera.serve_forever, daemon=True).start()
    for number, options in enumerate(([], ["--motion", "off"])):
        out = tmp_path / str(number)
        stream = [f"http://{camera.address}/", "--max-frames", 60]
        done = facecap("run", *stream, "--out", out, "--frames", *models, *options)
        assert done.returncode == 0, done.stderr
        summary = json.loads((out / "summary.json").read_text())
        assert summary["frames"] == len(lines_of(out / "frames.jsonl")) == 60
        assert (summary["skipped"] > 0) == (not options)
    camera.shutdown()
    camera.server_close()


def test_a_configuration_that_is_not_there_is_wrong_usage(facecap, face_png):
    done = facecap("run", face_png, "--config", "missing.json")
    assert done.returncode == 2 and "missing.json: No such file or directory" in done.stderr
