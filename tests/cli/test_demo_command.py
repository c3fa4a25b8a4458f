"""`facecap demo`: a clip of two visits, and what is captured of them."""

from __future__ import annotations

import itertools
import json
import signal
import subprocess
import sys
import time

import cv2
import pytest

from facecap.cli import main
from facecap.demo import clip
from facecap.sources import open_source

from .conftest import clean_environment


@pytest.fixture(scope="module")
def demo(tmp_path_factory):
    """A folder with the demo's results, and what was printed."""
    folder = tmp_path_factory.mktemp("demo")
    done = subprocess.run(
        [sys.executable, "-m", "facecap", "demo", "--json"],
        cwd=folder,
        env=clean_environment(),
        capture_output=True,
        text=True,
        check=True,
    )
    return folder / "out" / "demo", done


def test_the_demo_ends_with_a_bare_and_a_masked_visit(demo):
    folder, done = demo
    *captures, last = [json.loads(line) for line in done.stdout.splitlines()]
    answers: dict[int, set[str]] = {}
    for capture in captures:
        answers.setdefault(capture["track_id"], set()).add(capture["mask"])
    assert list(answers.values()) == [{"no_mask"}, {"mask"}]
    source = open_source(str(folder / "clip.mp4"))
    assert source.length is not None and 7 < source.length / source.fps < 12
    assert last["summary"]["frames"] == source.length


def test_the_demo_leaves_all_that_a_run_can_leave(demo):
    folder, done = demo
    captures = (folder / "captures.jsonl").read_text().splitlines()
    assert captures == done.stdout.splitlines()[:-1]
    assert all((folder / json.loads(line)["crop"]).exists() for line in captures)
    assert json.loads((folder / "summary.json").read_text())["status"] == "done"
    assert cv2.imread(str(folder / "contact_sheet.png")) is not None
    assert open_source(str(folder / "annotated.mp4")).length == open_source(str(folder / "clip.mp4")).length
    assert "made out/demo/clip.mp4" in done.stderr


def test_only_the_clip_on_request_and_none_is_replaced_unasked(facecap, tmp_path):
    done = facecap("demo", "--out", tmp_path, "--clip-only")
    assert (done.returncode, done.stdout) == (0, f"{tmp_path / 'clip.mp4'}\n"), done.stderr
    assert [path.name for path in tmp_path.iterdir()] == ["clip.mp4"]
    made = (tmp_path / "clip.mp4").stat().st_mtime_ns
    done = facecap("demo", "--out", tmp_path)
    assert done.returncode == 1
    assert f"{tmp_path} holds an earlier clip.mp4: give another --out, or --overwrite" in done.stderr
    assert (tmp_path / "clip.mp4").stat().st_mtime_ns == made
    done = facecap("demo", "--out", tmp_path, "--overwrite", "--max-frames", "3", "--json", "--quiet")
    assert (done.returncode, done.stderr) == (0, "")
    assert json.loads(done.stdout)["summary"]["frames"] == 3
    assert (tmp_path / "clip.mp4").stat().st_mtime_ns > made


def test_an_interrupt_while_the_clip_is_made_leaves_nothing(monkeypatch, tmp_path, capsys):
    frames = clip.frames

    def interrupted(person):
        yield from itertools.islice(frames(person), 3)
        raise KeyboardInterrupt

    monkeypatch.setattr(clip, "frames", interrupted)
    assert main(["demo", "--out", str(tmp_path / "demo")]) == 130
    assert "facecap: interrupted" in capsys.readouterr().err
    assert list((tmp_path / "demo").iterdir()) == []


def test_an_interrupted_demo_keeps_what_it_captured(tmp_path):
    process = subprocess.Popen(
        [sys.executable, "-m", "facecap", "demo", "--out", tmp_path],
        env=clean_environment(),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    captures = tmp_path / "captures.jsonl"
    deadline = time.monotonic() + 100
    while not (captures.exists() and captures.read_text()):
        assert process.poll() is None and time.monotonic() < deadline
        time.sleep(0.02)
    process.send_signal(signal.SIGINT)
    _, said = process.communicate(timeout=60)
    assert process.returncode == 130
    assert "interrupted; what was captured is kept" in said
    assert json.loads((tmp_path / "summary.json").read_text())["status"] == "interrupted"


def test_wrong_usage_is_reported_before_the_clip_is_made(facecap, tmp_path):
    done = facecap("demo", "--out", tmp_path / "demo", "--min-hits", "0")
    assert done.returncode == 2
    assert "facecap demo: error: min_hits is 0" in done.stderr
    assert not (tmp_path / "demo").exists()


def test_a_photograph_that_is_missing_is_named(monkeypatch, tmp_path, capsys):
    monkeypatch.setitem(sys.modules, "matplotlib.cbook", None)
    assert main(["demo", "--out", str(tmp_path / "demo")]) == 1
    assert "pip install 'facecap[demo]'" in capsys.readouterr().err
