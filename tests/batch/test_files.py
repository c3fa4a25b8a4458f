"""Which files sources name."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from facecap.batch.files import find_videos
from facecap.sources import SourceError


@pytest.fixture
def archive(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The current folder, with videos in its folders."""
    for name in (
        "day1/a.mp4",
        "day1/notes.txt",
        "day2/cam/B.AVI",
        "day2/.hidden.mp4",
        ".trash/c.mp4",
        "x.bin",
    ):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text("")
    monkeypatch.chdir(tmp_path)
    return tmp_path


def test_folders_are_searched_for_videos_and_files_taken_as_they_are(archive: Path) -> None:
    assert find_videos(["day2", "x.bin", "day1"]) == [
        str(archive / name) for name in ("day1/a.mp4", "day2/cam/B.AVI", "x.bin")
    ]


def test_a_file_that_is_named_in_several_ways_comes_once(archive: Path) -> None:
    named = ["day1/a.mp4", "day1", "**/*.mp4", str(archive / "day2/../day1/a.mp4"), "day?/a.mp4"]
    assert find_videos(named) == [str(archive / "day1/a.mp4")]


def test_a_name_that_looks_like_a_pattern_is_a_name(archive: Path) -> None:
    Path("a[1].mp4").write_text("")
    assert find_videos(["a[1].mp4"]) == [str(archive / "a[1].mp4")]


def test_names_need_not_be_utf8(archive: Path) -> None:
    name = os.fsdecode(b"d\xe9.mp4")
    Path("day1", name).write_text("")
    assert str(archive / "day1" / name) in find_videos(["day1"])


@pytest.mark.parametrize(
    ("source", "text"),
    [
        ("day3", "day3: No such file or directory"),
        ("day1/*.avi", "day1/*.avi: no file has such a name"),
        ("/dev/null", "/dev/null: it is no file"),
        ("empty", "empty holds no videos (.mp4"),
        ("", "has no name"),
        ("day1/a\0.mp4", "no file has such a name: embedded null byte"),
        ("day\0/*.mp4", "no file has such a name: embedded null byte"),
    ],
)
def test_a_source_that_names_nothing_is_refused(archive: Path, source: str, text: str) -> None:
    Path("empty").mkdir()
    with pytest.raises(SourceError) as refused:
        find_videos(["day1", source])
    assert text in str(refused.value)


def test_of_a_list_what_is_missing_is_kept_to_be_named_later(archive: Path) -> None:
    listed = find_videos([], ["gone.mp4", "day1"])
    assert listed == [str(archive / "day1/a.mp4"), str(archive / "gone.mp4")]
