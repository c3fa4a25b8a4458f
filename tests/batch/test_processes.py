"""Tasks in processes of this machine."""

from __future__ import annotations

from pathlib import Path

from facecap.batch.processes import in_processes
from facecap.batch.task import Advance, Failure, Result

from .works import make_files, work


def test_every_file_is_worked_on_once_and_processes_stay(tmp_path: Path) -> None:
    files = make_files(tmp_path, *"abcdefgh")
    said = list(in_processes(2, files, work, lambda: False))
    done = [each for each in said if isinstance(each, Result)]
    assert sorted(each.file for each in done) == sorted(files)
    assert 1 <= len({each.summary["process"] for each in done}) <= 2
    assert {each.file for each in said if isinstance(each, Advance)} == {*files}


def test_a_file_whose_process_dies_is_named_and_the_others_go_on(tmp_path: Path) -> None:
    files = make_files(tmp_path, "a", "crash", "b", "exit", "c", "crash again", "d")
    said = [each for each in in_processes(2, files, work, lambda: False) if not isinstance(each, Advance)]
    done = [Path(each.file).name for each in said if isinstance(each, Result)]
    failed = {Path(each.file).name: each.error for each in said if isinstance(each, Failure)}
    assert sorted(done) == ["a", "b", "c", "d"]
    assert failed == {
        "crash": "the process that worked on it was ended by SIGSEGV",
        "crash again": "the process that worked on it was ended by SIGSEGV",
        "exit": "the process that worked on it ended with exit code 7",
    }


def test_all_end_where_it_is_stopped(tmp_path: Path) -> None:
    files = make_files(tmp_path, "a", "wait 1", "wait 2", "b")
    seen = []

    def stopped() -> bool:
        return sum(isinstance(each, Advance) and "wait" in each.file for each in seen) == 2

    for each in in_processes(2, files, work, stopped):
        seen.append(each)
    assert not [each for each in seen if isinstance(each, Failure)]
