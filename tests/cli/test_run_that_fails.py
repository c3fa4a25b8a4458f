"""What `facecap run` leaves and says where it is interrupted, or its source, disk or reader fails."""

from __future__ import annotations

import json
import os
import resource
import signal
import subprocess
import sys
import time

import cv2
import pytest
from cameras import closed_port

from .conftest import FAST, clean_environment, lines_of, repeat


def test_damaged_pictures_are_said_counted_and_left_out(facecap, models, visit, tmp_path):
    whole = (visit / "5.png").read_bytes()
    (visit / "5.png").unlink()
    (visit / "5.png").write_bytes(whole[: len(whole) // 2])
    (visit / "35.png").unlink()
    (visit / "35.png").write_text("not a picture")
    done = facecap("run", visit, "--out", tmp_path / "out", *models, *FAST)
    assert done.returncode == 0
    summary = json.loads((tmp_path / "out" / "summary.json").read_text())
    assert (summary["damaged"], summary["frames"]) == (2, 38)
    assert "5.png: it is cut short" in done.stderr
    assert "35.png: it is no JPEG, PNG, WebP or BMP picture" in done.stderr


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_run_that_is_interrupted_before_its_first_frame_ends_with_130(face_png, tmp_path, number):
    os.mkfifo(tmp_path / "config.json")
    process = subprocess.Popen(
        [sys.executable, "-m", "facecap", "run", face_png, "--config", tmp_path / "config.json"],
        env=clean_environment(),
        stderr=subprocess.PIPE,
        text=True,
    )
    with (tmp_path / "config.json").open("wb"):  # opens when the run does
        process.send_signal(number)
    _, said = process.communicate(timeout=60)
    assert (process.returncode, said) == (130, "facecap: interrupted\n")


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_an_interrupted_run_keeps_what_it_captured(models, face_png, tmp_path, number):
    source, out = repeat(face_png, tmp_path / "long", 3000), tmp_path / "out"
    options = [
        "--out",
        out,
        "--annotate",
        out / "clip.avi",
        "--contact-sheet",
        "--mode",
        "fast",
        "--interval",
        "20",
    ]
    process = subprocess.Popen(
        [sys.executable, "-m", "facecap", "run", source, *options, *models],
        env=clean_environment(),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    captures = out / "captures.jsonl"
    deadline = time.monotonic() + 60
    while not (captures.exists() and len(captures.read_text().splitlines()) >= 2):
        assert process.poll() is None and time.monotonic() < deadline
        time.sleep(0.05)
    process.send_signal(number)
    _, said = process.communicate(timeout=60)
    assert process.returncode == 130
    assert "interrupted" in said
    kept = lines_of(captures)
    assert all((out / capture["crop"]).exists() for capture in kept)
    summary = json.loads((out / "summary.json").read_text())
    assert summary["status"] == "interrupted"
    assert summary["captures"] == len(kept) >= 2
    assert summary["frames"] < 3000
    assert cv2.imread(str(out / "contact_sheet.png")) is not None
    clip = cv2.VideoCapture(str(out / "clip.avi"))
    assert clip.get(cv2.CAP_PROP_FRAME_COUNT) == summary["frames"]


def test_a_source_that_is_not_there_is_named(facecap, models):
    done = facecap("run", "no/such/clip.mp4", *models)
    assert (done.returncode, done.stdout) == (1, "")
    assert "no/such/clip.mp4: No such file or directory" in done.stderr


def test_a_model_that_is_not_there_is_named(facecap, visit):
    done = facecap("run", visit, "--detector", "no-such-model")
    assert done.returncode == 1
    assert "no-such-model" in done.stderr and "Traceback" not in done.stderr


def test_a_stream_that_refuses_ends_with_1_after_its_retries(facecap, models, tmp_path):
    address = f"rtsp://user:secret@127.0.0.1:{closed_port()}/cam?password=secret"
    done = facecap("run", address, "--out", tmp_path / "out", "--retries", "1", *models)
    assert done.returncode == 1
    assert "retry 1 of 1 in 0.5 s" in done.stderr and "given up after 1 retries" in done.stderr
    assert "secret" not in done.stderr + done.stdout
    summary = json.loads((tmp_path / "out" / "summary.json").read_text())
    assert summary["status"] == "failed" and "given up" in summary["error"]
    assert "secret" not in json.dumps(summary)


def test_a_stream_that_drops_goes_on(facecap, models, camera):
    done = facecap("run", f"http://{camera.address}/live", "--max-frames", "25", "--json", *models)
    assert done.returncode == 0, done.stderr
    assert camera.connections >= 2
    assert "the connection was lost; retry 1 of 5" in done.stderr
    assert json.loads(done.stdout.splitlines()[-1])["summary"]["frames"] == 25


def test_a_full_disk_is_named_and_leaves_whole_lines(facecap, models, visit, tmp_path):
    def small_files() -> None:
        resource.setrlimit(resource.RLIMIT_FSIZE, (1000, 1000))

    out = tmp_path / "out"
    done = facecap("run", visit, "--out", out, *models, *FAST, preexec_fn=small_files)
    assert done.returncode == 1
    assert f"{out / 'captures.jsonl'}: File too large" in done.stderr
    assert "Traceback" not in done.stderr
    captures = lines_of(out / "captures.jsonl")
    assert 0 < len(captures) < 3
    assert not list(out.rglob(".*"))


def test_an_output_folder_that_cannot_be_made_is_named(facecap, models, visit, tmp_path):
    (tmp_path / "file").write_text("")
    done = facecap("run", visit, "--out", tmp_path / "file" / "out", *models)
    assert done.returncode == 1
    assert f"{tmp_path / 'file'}" in done.stderr and "Traceback" not in done.stderr


def test_a_reader_that_goes_away_ends_the_run_quietly(models, visit):
    with subprocess.Popen(
        [sys.executable, "-m", "facecap", "run", visit, "--json", "--quiet", *models, *FAST],
        env=clean_environment(),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    ) as process:
        process.stdout.close()
        said = process.stderr.read().decode()
        assert process.wait(timeout=60) == 1
    assert said == "facecap: error: standard output was closed\n"


def test_a_file_in_the_place_of_the_folder_is_named_with_what_was_wanted(facecap, face_png, models, tmp_path):
    (tmp_path / "crops").write_text("")
    done = facecap("run", face_png, "--out", tmp_path / "crops", *models)
    assert done.returncode == 1
    assert f"{tmp_path / 'crops'}: it is a file, wanted a folder" in done.stderr
