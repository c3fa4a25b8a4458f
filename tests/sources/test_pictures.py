"""Folders of pictures and single pictures as sources."""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np
import pytest

from facecap.sources import Limits, SourceError, open_source


def write(path: Path, value: int, size: tuple[int, int] = (8, 8)) -> None:
    cv2.imwrite(str(path), np.full((*size, 3), value, np.uint8))


def test_a_folder_is_read_in_natural_order(tmp_path: Path) -> None:
    for number in (10, 2, 1):
        write(tmp_path / f"shot{number}.png", number)
    write(tmp_path / ".hidden.png", 99)
    (tmp_path / "notes.txt").write_text("no picture")
    source = open_source(str(tmp_path))
    frames = list(source.frames())
    assert [frame.name for frame in frames] == ["shot1.png", "shot2.png", "shot10.png"]
    assert [int(frame.image[0, 0, 0]) for frame in frames] == [1, 2, 10]
    assert [frame.index for frame in frames] == [0, 1, 2]
    assert source.length == 3


def test_pictures_have_times_only_when_a_rate_is_given(tmp_path: Path) -> None:
    for number in range(3):
        write(tmp_path / f"{number}.png", number)
    assert [frame.timestamp for frame in open_source(str(tmp_path)).frames()] == [None] * 3
    assert [frame.timestamp for frame in open_source(str(tmp_path), fps=4).frames()] == [0, 0.25, 0.5]


def test_a_damaged_picture_is_reported_counted_and_left_out(tmp_path: Path) -> None:
    for number in range(3):
        write(tmp_path / f"{number}.jpg", number)
    whole = (tmp_path / "1.jpg").read_bytes()
    (tmp_path / "1.jpg").write_bytes(whole[: len(whole) // 2])
    said: list[str] = []
    source = open_source(str(tmp_path), report=said.append)
    assert [frame.index for frame in source.frames()] == [0, 2]
    assert source.damaged == 1
    assert len(said) == 1 and "1.jpg" in said[0] and "cut short" in said[0]


def test_frames_may_change_their_size(tmp_path: Path) -> None:
    write(tmp_path / "1.png", 0, (8, 16))
    write(tmp_path / "2.png", 0, (30, 20))
    shapes = [frame.image.shape for frame in open_source(str(tmp_path)).frames()]
    assert shapes == [(8, 16, 3), (30, 20, 3)]


def test_a_source_without_any_usable_picture_fails(tmp_path: Path) -> None:
    (tmp_path / "1.jpg").write_bytes(b"\xff\xd8\xff")
    with pytest.raises(SourceError, match="no picture of 1 can be used"):
        list(open_source(str(tmp_path)).frames())


def test_limits_apply_to_a_source(tmp_path: Path) -> None:
    write(tmp_path / "1.png", 0, (8, 8))
    write(tmp_path / "2.png", 0, (80, 80))
    source = open_source(str(tmp_path), limits=Limits(pixels=1000))
    assert [frame.name for frame in source.frames()] == ["1.png"]
    assert source.damaged == 1


def test_an_empty_folder_says_what_it_wants(tmp_path: Path) -> None:
    with pytest.raises(SourceError, match=r"holds no pictures \(\.jpg"):
        open_source(str(tmp_path))


def test_stop_ends_a_source(tmp_path: Path) -> None:
    for number in range(5):
        write(tmp_path / f"{number}.png", number)
    source = open_source(str(tmp_path))
    seen = []
    for frame in source.frames():
        seen.append(frame.index)
        source.stop()
    assert seen == [0]


@pytest.mark.parametrize("address", ["no/such/file.mp4", "no_such_picture.jpg"])
def test_a_missing_file_is_named(address: str) -> None:
    with pytest.raises(SourceError, match=f"{address}: No such file"):
        open_source(address)


def test_a_name_with_a_nul_byte_is_no_file() -> None:
    with pytest.raises(SourceError, match="no file has such a name"):
        open_source("door\0.mp4")


def test_a_source_without_a_name_is_not_this_folder() -> None:
    with pytest.raises(SourceError, match="no name"):
        open_source("")


def test_an_unknown_scheme_is_named() -> None:
    with pytest.raises(SourceError, match="gopher://"):
        open_source("gopher://host/cam")
