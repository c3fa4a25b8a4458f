"""The folder of a batch."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from facecap.batch.folder import BatchFolder
from facecap.batch.task import Result, Version
from facecap.errors import FacecapError

SETTINGS = {"min_face": 32.0}
ROW = {"track_id": 1, "sequence": 1, "frame": 9, "crop": "1_1_9.png"}


def done(file: str) -> Result:
    return Result(file, Version(1, 1), {"frames": 9}, [dict(ROW)], [b"png"], [])


def records(folder: BatchFolder) -> list[str]:
    return [record.head["file"] for record in folder.records()]


def test_a_file_of_another_size_or_time_is_not_done_and_its_captures_go(tmp_path: Path) -> None:
    with BatchFolder(tmp_path, SETTINGS) as folder:
        folder.keep(done("/v/a.mp4"))
        assert folder.has("/v/a.mp4", Version(1, 1))
        assert not folder.has("/w/a.mp4", Version(1, 1))
        assert not folder.has("/v/a.mp4", Version(1, 2))
        assert records(folder) == [] and not list(tmp_path.glob("crops/*"))


def test_what_a_killed_start_has_left_is_removed(tmp_path: Path) -> None:
    with BatchFolder(tmp_path, SETTINGS) as folder:
        folder.keep(done("/v/a.mp4"))
        folder.keep(done("/v/b.mp4"))
        (record,) = (tmp_path / "files").glob("b-*")
    record.rename(record.with_name(f".99.{record.name}"))  # before it had its name
    (tmp_path / ".99.captures.jsonl").write_text("")
    with BatchFolder(tmp_path, SETTINGS) as folder:
        assert records(folder) == ["/v/a.mp4"]
        assert not folder.has("/v/b.mp4", Version(1, 1))
    assert len(list(tmp_path.glob("crops/*"))) == 1
    assert [path.name for path in tmp_path.rglob(".*")] == []


def test_a_damaged_record_is_done_again_or_named(tmp_path: Path) -> None:
    with BatchFolder(tmp_path, SETTINGS) as folder:
        folder.keep(done("/v/a.mp4"))
        (record,) = (tmp_path / "files").glob("*")
        head, _ = record.read_text().splitlines()
        record.write_text(head + "\n")
        with pytest.raises(FacecapError, match=r"a-\w+\.jsonl is damaged: remove it"):
            records(folder)
        record.write_text(head[:20])
        with pytest.raises(FacecapError, match="damaged"):
            records(folder)
        assert not folder.has("/v/a.mp4", Version(1, 1))
        assert records(folder) == []


def test_other_settings_are_named_and_overwriting_begins_anew(tmp_path: Path) -> None:
    with BatchFolder(tmp_path, SETTINGS) as folder:
        folder.keep(done("/v/a.mp4"))
    with pytest.raises(
        FacecapError, match=r"crops = files, wanted none; min_face = 32\.0, wanted 40:.*--overw"
    ):
        BatchFolder(tmp_path, {"min_face": 40}, crops="none")
    with BatchFolder(tmp_path, {"min_face": 40}, overwrite=True) as folder:
        assert records(folder) == [] and not list(tmp_path.glob("crops/*"))


def test_settings_that_cannot_be_read_are_named(tmp_path: Path) -> None:
    with BatchFolder(tmp_path, SETTINGS):
        pass
    (tmp_path / "batch.json").write_text("{")
    with pytest.raises(FacecapError, match=r"batch\.json is damaged: give another --out, or --overwrite"):
        BatchFolder(tmp_path, SETTINGS)
    with BatchFolder(tmp_path, SETTINGS, overwrite=True):
        pass


def test_a_folder_of_a_run_is_left_alone(tmp_path: Path) -> None:
    (tmp_path / "captures.jsonl").write_text("{}\n")
    for overwrite in (False, True):
        with pytest.raises(FacecapError, match="holds a run of `facecap run`: give another --out"):
            BatchFolder(tmp_path, SETTINGS, overwrite=overwrite)
    assert (tmp_path / "captures.jsonl").read_text() == "{}\n"


def test_it_is_for_one_batch_at_a_time(tmp_path: Path) -> None:
    with BatchFolder(tmp_path, SETTINGS):
        assert json.loads((tmp_path / "summary.json").read_text()) == {"status": "running"}
        with pytest.raises(FacecapError, match="is in use by process"):
            BatchFolder(tmp_path, SETTINGS)
