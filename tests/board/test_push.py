"""No capture is lost on its way to the service, whatever the network, the service or the power does."""

from __future__ import annotations

import base64
import json
import signal
import subprocess
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest
from cameras import closed_port

from .conftest import FAST, SIZE, small_frame
from .service import CUT, DROP, TAKE, Service
from .test_parity import lines_of, to_nv21

Board = Callable[..., Any]


def options(url: str, folder: Path, *more: object) -> list[object]:
    return ["--push-url", url, "--push-camera", "door", "--push-queue", folder / "queue", *FAST, *more]


def waiting(folder: Path) -> list[Path]:
    return sorted((folder / "queue").glob("*.post"))


def wait_for(condition: Callable[[], bool]) -> None:
    end = time.monotonic() + 60
    while not condition():
        assert time.monotonic() < end, "it never came"
        time.sleep(0.01)


def push_summary(out: Path) -> dict[str, int]:
    summary: dict[str, int] = json.loads((out / "summary.json").read_text())["push"]
    return summary


def test_captures_arrive_in_order_with_their_crops(
    board: Board, models: list[str], visit: Path, tmp_path: Path, service: Service
) -> None:
    (tmp_path / "key").write_text("secret\n")
    out = tmp_path / "out"
    done = board(
        visit, "--out", out, *models, *options(service.url, tmp_path, "--push-key-file", tmp_path / "key")
    )
    assert done.returncode == 0, done.stderr
    lines = lines_of(out)
    assert len(lines) >= 10 and service.captures == lines
    for post, line in zip(service.posts, lines, strict=True):
        assert post.path == "/v1/cameras/door/captures"
        assert post.headers["Authorization"] == "Bearer secret"
        assert post.headers["Content-Type"] == "application/json"
        assert post.key.startswith("door-")
        assert post.key.endswith(f"-{line['track_id']}-{line['sequence']}-{line['shot_frame']}")
        png = np.frombuffer(base64.b64decode(post.body["crop"], validate=True), np.uint8)
        np.testing.assert_array_equal(
            cv2.imdecode(png, cv2.IMREAD_COLOR), cv2.imread(str(out / line["crop"]))
        )
    assert len({post.key for post in service.posts}) == len(lines)
    assert not waiting(tmp_path)
    assert push_summary(out)["sent"] == len(lines)


@pytest.mark.parametrize("trouble", [503, 429, 408, 302, DROP, CUT])
def test_trouble_delays_and_loses_nothing(
    board: Board, models: list[str], visit: Path, tmp_path: Path, trouble: int
) -> None:
    with Service(answer=lambda number: trouble if number in (0, 4) else TAKE) as service:
        done = board(visit, "--out", tmp_path / "out", *models, *options(service.url, tmp_path))
    assert done.returncode == 0, done.stderr
    assert service.captures == lines_of(tmp_path / "out")
    assert "captures wait in" in done.stderr
    assert push_summary(tmp_path / "out")["failed_tries"] >= 2


def test_what_is_refused_for_good_is_kept_aside(
    board: Board, models: list[str], visit: Path, tmp_path: Path
) -> None:
    with Service(answer=lambda number: 422 if number in (1, 2) else TAKE) as service:
        done = board(visit, "--out", tmp_path / "out", *models, *options(service.url, tmp_path))
    assert done.returncode == 0, done.stderr
    lines = lines_of(tmp_path / "out")
    assert service.captures == lines[:1] + lines[3:]
    refused = sorted((tmp_path / "queue" / "refused").glob("*.post"))
    assert [json.loads(path.read_text().split("\n", 1)[1])["capture"] for path in refused] == lines[1:3]
    assert done.stderr.count("answers 422") == 1
    assert push_summary(tmp_path / "out")["refused"] == 2


def test_a_service_that_is_away_gets_everything_when_it_is_back(
    board: Board, models: list[str], visit: Path, tmp_path: Path
) -> None:
    port = closed_port()
    url = f"http://127.0.0.1:{port}"
    first, second = tmp_path / "first", tmp_path / "second"
    done = board(visit, "--out", first, *models, *options(url, tmp_path, "--push-drain", "0"))
    assert done.returncode == 0, done.stderr
    assert "Connection refused" in done.stderr and "for the next run" in done.stderr
    assert len(waiting(tmp_path)) == len(lines_of(first)) == push_summary(first)["waiting"]
    with Service(port) as service:
        done = board(visit, "--out", second, *models, *options(url, tmp_path))
        assert "of an earlier run wait" in done.stderr
    assert service.captures == lines_of(first) + lines_of(second)
    assert not waiting(tmp_path)


def test_a_service_that_comes_back_while_frames_run(
    start: Callable[..., subprocess.Popen[bytes]], models: list[str], tmp_path: Path
) -> None:
    port = closed_port()
    frame = to_nv21(small_frame((30, 20)))
    size = f"{SIZE[0]}x{SIZE[1]}"
    process = start(
        "-",
        "--size",
        size,
        "--out",
        tmp_path / "out",
        *models,
        *options(f"http://127.0.0.1:{port}", tmp_path),
    )
    assert process.stdin is not None
    process.stdin.write(frame * 10)
    process.stdin.flush()
    wait_for(lambda: len(waiting(tmp_path)) >= 5)
    with Service(port) as service:
        wait_for(lambda: len(service.posts) >= 5)
        process.stdin.write(frame * 3)
        _, errors = process.communicate(timeout=60)
    assert process.returncode == 0, errors.decode()
    assert service.captures == lines_of(tmp_path / "out")
    assert "the service answers again" in errors.decode()


def test_kill_9_between_capture_and_service(
    start: Callable[..., subprocess.Popen[bytes]],
    board: Board,
    models: list[str],
    visit: Path,
    tmp_path: Path,
) -> None:
    port = closed_port()
    url = f"http://127.0.0.1:{port}"
    first, second = tmp_path / "first", tmp_path / "second"
    size = f"{SIZE[0]}x{SIZE[1]}"
    process = start("-", "--size", size, "--out", first, *models, *options(url, tmp_path))
    assert process.stdin is not None
    process.stdin.write(to_nv21(small_frame((30, 20))) * 12)
    process.stdin.flush()
    wait_for(lambda: (first / "captures.jsonl").exists() and len(lines_of(first)) >= 8)
    process.send_signal(signal.SIGKILL)
    process.wait()
    lines = lines_of(first)
    with Service(port) as service:
        done = board(visit, "--out", second, *models, *options(url, tmp_path))
    assert done.returncode == 0, done.stderr
    taken = service.captures
    # A capture that was in the queue and not yet in the folder is no loss either.
    assert taken[: len(lines)] == lines
    assert len(taken) - len(lines) - len(lines_of(second)) in (0, 1)
    assert taken[-len(lines_of(second)) :] == lines_of(second)


def test_a_full_queue_says_what_it_drops(
    board: Board, models: list[str], visit: Path, tmp_path: Path
) -> None:
    url = f"http://127.0.0.1:{closed_port()}"
    more = ["--push-drain", "0", "--push-queue-size", "1"]
    for run in range(2):
        done = board(visit, "--out", tmp_path / f"out{run}", *models, *options(url, tmp_path, *more))
        assert done.returncode == 0, done.stderr
    lines = lines_of(tmp_path / "out0") + lines_of(tmp_path / "out1")
    kept, dropped = waiting(tmp_path), (tmp_path / "queue" / "dropped.txt").read_text().splitlines()
    assert len(kept) + len(dropped) == len(lines) and dropped
    assert sum(push_summary(tmp_path / f"out{run}")["dropped"] for run in range(2)) == len(dropped)
    assert "the queue is full" in done.stderr
    left = [json.loads(path.read_text().split("\n", 1)[1])["capture"] for path in kept]
    # The oldest go; the one that is being tried may outlive its successor.
    assert left[1:] == lines[len(lines) - len(left) + 1 :]
    for line in lines_of(tmp_path / "out1"):
        assert (tmp_path / "out1" / line["crop"]).exists()


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_emits_what_waits_and_ends_with_130(
    start: Callable[..., subprocess.Popen[bytes]],
    models: list[str],
    tmp_path: Path,
    service: Service,
    number: signal.Signals,
) -> None:
    out = tmp_path / "out"
    size = f"{SIZE[0]}x{SIZE[1]}"
    auto = ["--mode", "auto", "--interval", "1000"]
    process = start("-", "--size", size, "--out", out, *models, *options(service.url, tmp_path, *auto))
    assert process.stdin is not None and process.stderr is not None
    assert b"memory: ceiling" in process.stderr.readline()
    process.stdin.write(to_nv21(small_frame((30, 20))) * 5)
    process.stdin.flush()  # more than a pipe holds: frames are at work by now
    process.send_signal(number)
    _, errors = process.communicate(timeout=60)
    assert process.returncode == 130, errors.decode()
    summary = json.loads((out / "summary.json").read_text())
    assert summary["status"] == "interrupted"
    assert [line["kind"] for line in lines_of(out)] == ["flush"]
    assert service.captures == lines_of(out)
