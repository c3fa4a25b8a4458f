"""`facecap batch` from its options to its files, on clips of the demo."""

from __future__ import annotations

import itertools
import json
import os
import re
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

import cv2
import pytest

from facecap.demo import clip, portrait

from .conftest import clean_environment, lines_of

Lines = list[dict[str, Any]]


def write_clip(path: Path, frames: Iterable[Any], codec: str = "mp4v") -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    writer = cv2.VideoWriter(str(path), cv2.VideoWriter.fourcc(*codec), clip.FPS, (clip.WIDTH, clip.HEIGHT))
    if not writer.isOpened():
        pytest.skip(f"this OpenCV has no {codec} encoder")
    for frame in frames:
        writer.write(frame)
    writer.release()


@pytest.fixture(scope="module")
def archive(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Three good videos, one of them with damage inside, and two that are none."""
    folder = tmp_path_factory.mktemp("archive")
    frames = list(clip.frames(portrait.load()))
    write_clip(folder / "monday" / "bare.mp4", frames[20:80])
    write_clip(folder / "tuesday" / "masked.mp4", frames[165:225])
    hurt = folder / "tuesday" / "hurt.mp4"
    write_clip(hurt, frames[10:70])
    data = bytearray(hurt.read_bytes())
    data[len(data) // 2 : len(data) // 2 + 3000] = bytes(3000)
    hurt.write_bytes(data)
    (folder / "monday" / "cut.mp4").write_bytes((folder / "monday" / "bare.mp4").read_bytes()[:9000])
    (folder / "rubbish.avi").write_text("no video")
    return folder


@pytest.fixture(scope="module")
def done(archive: Path, tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Any]:
    """The folder of a batch of the archive, and how it ended."""
    out = tmp_path_factory.mktemp("batch") / "out"
    return out, start(archive, "--out", out).wait()


class start:
    """A batch that goes on, in a process of its own."""

    def __init__(self, *arguments: object) -> None:
        self.process = subprocess.Popen(
            [sys.executable, "-m", "facecap", "batch", *map(str, arguments)],
            env=clean_environment(),
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )

    def wait(self) -> Any:
        out, error = self.process.communicate(timeout=180)
        return subprocess.CompletedProcess(self.process.args, self.process.returncode, out, error)


def tables_of(out: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in sorted(out.glob("captures.*"))}


def eventually(condition: Callable[[], Any]) -> None:
    for _ in range(6000):
        if condition():
            return
        time.sleep(0.02)
    pytest.fail("it did not happen")


def test_the_table_holds_what_facecap_run_finds_in_each_file(archive, done, facecap, tmp_path):
    out, ended = done
    assert "Traceback" not in ended.stderr
    table = lines_of(out / "captures.jsonl")
    assert [line["file"] for line in table] == sorted(line["file"] for line in table)
    by_file = {file: [*lines] for file, lines in itertools.groupby(table, lambda line: line["file"])}
    assert {Path(file).name for file in by_file} == {"bare.mp4", "hurt.mp4", "masked.mp4"}
    for file, lines in by_file.items():
        alone = tmp_path / Path(file).stem
        assert facecap("run", file, "--out", alone).returncode == 0
        wanted = sorted(
            lines_of(alone / "captures.jsonl"), key=lambda line: (line["frame"], line["track_id"])
        )
        for line, of_run in zip(lines, wanted, strict=True):
            crop = (out / line.pop("crop")).read_bytes()
            assert crop == (alone / of_run.pop("crop")).read_bytes()
            assert line.pop("file") == file
            assert of_run["timestamp"] == f"1970-01-01T00:00:{line.pop('seconds'):06.3f}Z"
            assert line == of_run


def test_damaged_files_are_named_with_the_reason_and_the_others_are_done(archive, done):
    out, ended = done
    assert ended.returncode == 1
    for name in ("monday/cut.mp4", "rubbish.avi"):
        reason = "it cannot be opened as a video"
        assert f"facecap: left out {archive / name}: {reason}\n" in ended.stderr
        assert re.search(rf"^  {archive / name} +{reason}$", ended.stdout, re.M)
    summary = json.loads((out / "summary.json").read_text())
    assert summary["status"] == "done"
    assert summary["files"] == {"named": 5, "done": 3, "done_earlier": 0, "left_out": 2, "not_done": 0}
    assert [each["file"] for each in summary["left_out"]] == [
        str(archive / "monday/cut.mp4"),
        str(archive / "rubbish.avi"),
    ]
    assert not list(out.rglob(".*"))


def test_parquet_has_the_same_rows_in_columns_with_types(done):
    parquet = pytest.importorskip("pyarrow.parquet")
    out, _ = done
    rows = parquet.read_table(out / "captures.parquet").to_pylist()
    for row, line in zip(rows, lines_of(out / "captures.jsonl"), strict=True):
        assert row.pop("crop_png") is None
        assert row.pop("incorrect_prob") == line.pop("incorrect_prob", None)
        when = row.pop("timestamp").isoformat(timespec="milliseconds")
        assert when.replace("+00:00", "Z") == line.pop("timestamp")
        assert row == line


def test_crops_are_a_column_or_nothing_on_request(archive, done, tmp_path):
    parquet = pytest.importorskip("pyarrow.parquet")
    file = archive / "monday" / "bare.mp4"
    for crops in ("column", "none"):
        ended = start(file, "--out", tmp_path / crops, "--crops", crops, "--processes", "1").wait()
        assert ended.returncode == 0, ended.stderr
        assert not (tmp_path / crops / "crops").exists()
    wanted = [line for line in lines_of(done[0] / "captures.jsonl") if line["file"] == str(file)]
    rows = parquet.read_table(tmp_path / "column" / "captures.parquet").to_pylist()
    assert [row["crop_png"] for row in rows] == [(done[0] / line["crop"]).read_bytes() for line in wanted]
    assert tables_of(tmp_path / "column")["captures.jsonl"] == tables_of(tmp_path / "none")["captures.jsonl"]


def test_a_batch_that_is_killed_goes_on_where_it_was(archive, done, tmp_path):
    out = tmp_path / "out"
    killed = start(archive, "--out", out, "--processes", "1")
    eventually(lambda: list(out.glob("files/[!.]*")) or killed.process.poll() is not None)
    killed.process.kill()
    killed.wait()
    there = {path: path.stat().st_mtime_ns for path in out.glob("files/[!.]*")}
    assert there
    again = start(archive, "--out", out).wait()
    assert again.returncode == 1
    assert f"facecap: {len(there)} of 5 files are done already\n" in again.stderr
    assert {path: path.stat().st_mtime_ns for path in there} == there
    assert tables_of(out) == tables_of(done[0])


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_batch_that_is_stopped_keeps_what_is_done(archive, done, tmp_path, number):
    out = tmp_path / "out"
    stopped = start(archive, "--out", out, "--processes", "1", "--json")
    eventually(lambda: list(out.glob("files/[!.]*")) or stopped.process.poll() is not None)
    stopped.process.send_signal(number)
    ended = stopped.wait()
    assert ended.returncode == 130
    assert "interrupted; the files that are done are kept" in ended.stderr and "Traceback" not in ended.stderr
    summary = json.loads(ended.stdout)["summary"]
    assert summary == json.loads((out / "summary.json").read_text())
    assert summary["status"] == "interrupted" and summary["files"]["not_done"] > 0
    kept = lines_of(out / "captures.jsonl")
    assert kept and [line for line in lines_of(done[0] / "captures.jsonl") if line in kept] == kept


def test_a_file_that_changed_is_done_again_and_others_are_added(archive, tmp_path, facecap):
    video, out = tmp_path / "a.mp4", tmp_path / "out"
    shutil.copy(archive / "monday" / "bare.mp4", video)
    command = ["batch", tmp_path / "*.mp4", "--out", out, "--processes", "1", "--quiet"]
    assert facecap(*command).returncode == 0
    assert {line["mask"] for line in lines_of(out / "captures.jsonl")} == {"no_mask"}
    shutil.copy(archive / "tuesday" / "masked.mp4", video)
    assert "of 1 files 1 done now, 0 earlier" in facecap(*command).stdout
    assert {line["mask"] for line in lines_of(out / "captures.jsonl")} == {"mask"}
    shutil.copy(archive / "monday" / "bare.mp4", tmp_path / "b.mp4")
    assert "of 2 files 1 done now, 1 earlier" in facecap(*command).stdout
    assert {line["mask"] for line in lines_of(out / "captures.jsonl")} == {"mask", "no_mask"}
    video.write_text("no video any more")
    assert facecap(*command).returncode == 1
    assert {line["file"] for line in lines_of(out / "captures.jsonl")} == {str(tmp_path / "b.mp4")}


def test_other_options_are_refused_by_name(done, archive, facecap):
    out, _ = done
    before = tables_of(out)
    refused = facecap("batch", archive, "--out", out, "--min-face", "40", "--area", "0,0 1,0 1,1")
    assert refused.returncode == 1
    assert "area = [], wanted [[[0.0, 0.0], " in refused.stderr
    assert "min_face = 32.0, wanted 40.0" in refused.stderr and "or --overwrite" in refused.stderr
    assert tables_of(out) == before


def test_a_video_that_is_cut_short_is_named_and_its_captures_count(archive, tmp_path, facecap):
    video = tmp_path / "short.avi"
    write_clip(video, itertools.islice(clip.frames(portrait.load()), 20, 70), "MJPG")
    video.write_bytes(video.read_bytes()[: video.stat().st_size * 4 // 5])
    ended = facecap("batch", video, "--out", tmp_path / "out")
    assert ended.returncode == 0
    assert re.search(rf"^facecap: {video}: it ends after \d+ of 50 frames", ended.stderr, re.M)
    assert json.loads((tmp_path / "out" / "summary.json").read_text())["cut_short"] == [str(video)]
    assert lines_of(tmp_path / "out" / "captures.jsonl")


def test_names_that_are_not_utf8_are_in_both_tables(archive, tmp_path, facecap):
    name = os.fsdecode(b"d\xe9.mp4")
    shutil.copy(archive / "monday" / "bare.mp4", tmp_path / name)
    (tmp_path / "list").write_bytes(os.fsencode(tmp_path / name) + b"\n\ngone.mp4\nnul\0.mp4\n")
    ended = facecap("batch", "@list", "--out", "out", "--crops", "none", cwd=tmp_path)
    assert ended.returncode == 1
    assert f"left out {tmp_path / 'gone.mp4'}: No such file or directory" in ended.stderr
    assert f"left out {tmp_path}/nul\0.mp4: no file has such a name: embedded null byte" in ended.stderr
    assert {line["file"] for line in lines_of(tmp_path / "out" / "captures.jsonl")} == {
        f"{tmp_path}/d\\udce9.mp4"
    }


@pytest.mark.parametrize(
    ("arguments", "text"),
    [
        (["--processes", "0"], "at least 1"),
        (["--processes", "2", "--ray", "auto"], "not allowed with"),
        (["--min-face", "-5"], "min_face"),
        (["--crops", "some"], "--crops"),
    ],
)
def test_wrong_usage_ends_with_2_and_leaves_no_folder(archive, facecap, tmp_path, arguments, text):
    ended = facecap("batch", archive, "--out", tmp_path / "out", *arguments)
    assert (ended.returncode, ended.stdout) == (2, "") and text in ended.stderr
    assert not (tmp_path / "out").exists()


def test_a_full_disk_is_named_and_the_folder_does_not_look_done(archive, facecap, tmp_path):
    (tmp_path / "out").mkdir()
    (tmp_path / "out" / "captures.parquet").mkdir()
    ended = facecap("batch", archive / "monday" / "bare.mp4", "--out", tmp_path / "out", "--crops", "none")
    assert ended.returncode == 1 and "captures.parquet" in ended.stderr and "Traceback" not in ended.stderr
    assert json.loads((tmp_path / "out" / "summary.json").read_text()) == {"status": "failed"}
