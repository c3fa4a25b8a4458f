"""Frames from pipes, files, folders and devices, whole and damaged."""

from __future__ import annotations

import json
import os
import re
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest

from facecap.sources import PictureError, decode_picture

from .conftest import FAST, SIZE, small_frame
from .test_parity import lines_of, to_nv21

RAW = ["--size", f"{SIZE[0]}x{SIZE[1]}"]
FACE = (30, 20)


def summary_of(out: Path) -> dict[str, Any]:
    summary: dict[str, Any] = json.loads((out / "summary.json").read_text())
    return summary


def test_nv21_on_standard_input(board: Callable[..., Any], models: list[str], tmp_path: Path) -> None:
    frames = to_nv21(small_frame(FACE)) * 8
    done = board("-", "--out", tmp_path / "out", *RAW, *models, *FAST, frames=frames + frames[:1000])
    assert done.returncode == 0, done.stderr
    assert "left out frame 8: it has 1000 bytes of 345600" in done.stderr
    summary = summary_of(tmp_path / "out")
    assert (summary["frames"], summary["damaged"], summary["source"]["ended_early"]) == (8, 1, True)
    lines = lines_of(tmp_path / "out")
    assert len(lines) >= 4 and all(line["timestamp"].endswith("Z") for line in lines)
    crop = cv2.imread(str(tmp_path / "out" / lines[0]["crop"]))
    assert crop.shape == (112, 112, 3)


@pytest.mark.parametrize("format", ["rgb", "bgr", "nv12"])
def test_other_raw_formats_through_a_fifo(
    board: Callable[..., Any], models: list[str], tmp_path: Path, format: str
) -> None:
    image = small_frame(FACE)
    image[136:152, 216:232] = (255, 0, 0)  # blue beside the face, so that a swap of channels shows
    if format == "nv12":
        nv21 = np.frombuffer(to_nv21(image), np.uint8)
        chroma = nv21[SIZE[0] * SIZE[1] :].reshape(-1, 2)[:, ::-1]
        frame = nv21[: SIZE[0] * SIZE[1]].tobytes() + chroma.tobytes()
    else:
        frame = (image if format == "bgr" else image[:, :, ::-1]).tobytes()
    fifo = tmp_path / "camera"
    os.mkfifo(fifo)
    writer = threading.Thread(target=lambda: fifo.write_bytes(frame * 3))
    writer.start()
    done = board(fifo, "--format", format, "--out", tmp_path / "out", *RAW, *models, *FAST)
    writer.join()
    assert done.returncode == 0, done.stderr
    crop = cv2.imread(str(tmp_path / "out" / lines_of(tmp_path / "out")[0]["crop"]))
    np.testing.assert_allclose(crop[30, 30], (255, 0, 0), atol=12)
    np.testing.assert_allclose(crop[56, 56], (255, 255, 255), atol=12)


@pytest.mark.parametrize("suffix", [".jpg", ".png"])
def test_folders_leave_out_what_is_damaged(
    board: Callable[..., Any], models: list[str], visit: Path, tmp_path: Path, suffix: str
) -> None:
    if "this build reads no" in board(tmp_path, "--out", tmp_path / "none", *models).stderr:
        pytest.skip("this build reads PPM alone")
    data = cv2.imencode(suffix, small_frame(FACE))[1].tobytes()
    (visit / f"3{suffix}").write_bytes(data[: len(data) // 2])
    (visit / f"4{suffix}").write_bytes(data)
    (visit / "5.ppm").write_bytes((visit / "5.ppm").read_bytes()[:100])
    done = board(visit, "--out", tmp_path / "out", *models, *FAST)
    assert done.returncode == 0, done.stderr
    assert f"3{suffix}" in done.stderr and "5.ppm: it is cut short" in done.stderr
    summary = summary_of(tmp_path / "out")
    assert (summary["frames"], summary["damaged"], summary["source"]["length"]) == (20, 2, 22)


@pytest.mark.parametrize(
    ("source", "options", "code", "words"),
    [
        ("/dev/video99", [], 1, "/dev/video99: No such file"),
        ("/dev/null", [], 1, "no V4L2 device"),
        ("-", [], 2, "size is missing"),
        ("-", ["--size", "641x480"], 2, "wanted even sides"),
        ("-", ["--size", "640x480", "--format", "yuy"], 2, "--format is 'yuy'"),
    ],
)
def test_sources_that_are_none(
    board: Callable[..., Any],
    models: list[str],
    tmp_path: Path,
    source: str,
    options: list[str],
    code: int,
    words: str,
) -> None:
    done = board(source, "--out", tmp_path / "out", *models, *options)
    assert (done.returncode, words in done.stderr) == (code, True), done.stderr


def test_models_that_are_missing_are_named(board: Callable[..., Any], visit: Path, tmp_path: Path) -> None:
    done = board(visit, "--out", tmp_path / "out")
    assert done.returncode == 1
    assert "holds no detector*.cvimodel and no detector*.onnx" in done.stderr


def test_an_earlier_run_is_kept(
    board: Callable[..., Any], models: list[str], visit: Path, tmp_path: Path
) -> None:
    assert board(visit, "--out", tmp_path / "out", *models, *FAST).returncode == 0
    before = (tmp_path / "out" / "captures.jsonl").read_bytes()
    done = board(visit, "--out", tmp_path / "out", *models, *FAST)
    assert done.returncode == 1 and "holds an earlier run" in done.stderr
    assert (tmp_path / "out" / "captures.jsonl").read_bytes() == before
    again = board(visit, "--out", tmp_path / "out", "--overwrite", "--max-frames", "3", *models, *FAST)
    assert again.returncode == 0 and summary_of(tmp_path / "out")["frames"] == 3
    assert not list((tmp_path / "out").rglob(".*")), "temporary files are left"


def test_memory_is_planned_and_kept(board: Callable[..., Any], models: list[str], tmp_path: Path) -> None:
    frames = to_nv21(small_frame(FACE)) * 5
    done = board("-", "--out", tmp_path / "out", *RAW, *models, *FAST, "--memory", "8", frames=frames)
    assert done.returncode == 0, done.stderr
    assert "memory: ceiling 8.0 MiB beside the models; made at start:" in done.stderr
    memory = summary_of(tmp_path / "out")["memory"]
    assert memory["ceiling_bytes"] == 8 << 20 and 0 < memory["peak_bytes"] <= 8 << 20
    small = board("-", "--out", tmp_path / "small", *RAW, *models, *FAST, "--memory", "1", frames=frames)
    assert small.returncode == 1 and "the memory ceiling is reached" in small.stderr


def test_jpegs_are_taken_and_refused_as_in_python(
    board: Callable[..., Any], models: list[str], tmp_path: Path
) -> None:
    """Fill before markers, as cameras write it, is no damage; flipped bits are, with fill and without."""
    if "this build reads no" in board(tmp_path, "--out", tmp_path / "none", *models).stderr:
        pytest.skip("this build reads PPM alone")
    folder = tmp_path / "pictures"
    folder.mkdir()
    frame = small_frame(FACE)
    jpeg = cv2.imencode(".jpg", frame, [cv2.IMWRITE_JPEG_RST_INTERVAL, 40])[1].tobytes()
    padded = re.sub(rb"(?=\xff[\xd0-\xd7\xd9])", bytes(4), jpeg)
    random = np.random.default_rng(6)
    pictures = [jpeg, padded]
    for whole in pictures * 100:
        data = bytearray(whole)
        data[random.integers(len(jpeg) // 2, len(whole) - 2)] ^= 1 << int(random.integers(8))
        pictures.append(bytes(data))
    wanted = []
    for index, data in enumerate(pictures):
        (folder / f"{index}.jpg").write_bytes(data)
        try:
            decode_picture(data)
        except PictureError:
            wanted.append(index)
    assert 0 not in wanted and 1 not in wanted and len(wanted) > 20
    done = board(folder, "--out", tmp_path / "out", *models, *FAST)
    assert done.returncode == 0, done.stderr
    assert [int(name) for name in re.findall(r"(\d+)\.jpg: ", done.stderr)] == wanted
