"""The program for the board and the service, each as it runs."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import cv2
import numpy as np
from board.conftest import FAST, board, models, program, visit  # noqa: F401  (fixtures)
from served import Served
from test_cameras import stored


def test_what_the_board_captures_is_in_the_store(
    board: Callable[..., Any],  # noqa: F811
    models: list[str],  # noqa: F811
    visit: Path,  # noqa: F811
    service: Served,
    tmp_path: Path,
) -> None:
    push = ["--push-url", service.address, "--push-camera", "door", "--push-queue", tmp_path / "queue"]
    done = board(visit, "--out", tmp_path / "out", "--fps", "25", *models, *FAST, *push)
    assert done.returncode == 0, done.stderr
    lines = [json.loads(line) for line in (tmp_path / "out" / "captures.jsonl").read_text().splitlines()]
    rows = stored(service, "door")
    assert len(lines) >= 10
    assert [row.capture for row in rows] == [
        {key: value for key, value in line.items() if key != "crop"} for line in lines
    ]
    for row, line in zip(rows, lines, strict=True):
        crop = np.frombuffer(service.services.store.crop(row.crop), np.uint8)
        wanted = cv2.imread(str(tmp_path / "out" / line["crop"]))
        np.testing.assert_array_equal(cv2.imdecode(crop, cv2.IMREAD_COLOR), wanted)
    assert not list((tmp_path / "queue").glob("*.post"))
