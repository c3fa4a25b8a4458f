"""What of a tool's log is shown to people, and how a failing tool is reported."""

from __future__ import annotations

import sys
import time
from pathlib import Path

import pytest

from facecap.conversion.cvimodel.log import last_words
from facecap.conversion.cvimodel.process import ToolError, run_tool


def run(code: str, folder: Path, **more: object) -> str:
    """A tool that is a line of Python."""
    return run_tool(
        "building",
        [sys.executable, "-c", code],
        folder=folder,
        environment={},
        log=folder / "tools.log",
        **more,
    )  # type: ignore[arg-type]


def test_progress_bars_and_places_in_sources_are_left_out() -> None:
    log = (
        "TPU 1.30\ninference:  10%|#  | 1/10 [00:01]\rinference:  20%|## | 2/10 [00:02]\r"
        'Traceback (most recent call last):\n  File "OnnxConverter.py", line 3, in f\n    raise\n'
        "RuntimeError: Unsupport opset for ReduceMean\n"
    )
    assert last_words(log) == ["RuntimeError: Unsupport opset for ReduceMean"]


def test_a_log_without_a_reason_gives_its_last_lines() -> None:
    assert last_words("one\n\ntwo\nthree\n", count=2) == ["two", "three"]
    assert last_words("") == []


def test_the_same_reason_is_said_once_and_a_long_one_is_cut() -> None:
    words = last_words("assert failed\n" * 5 + "error: " + "x" * 1000)
    assert words[0] == "assert failed"
    assert len(words) == 2
    assert len(words[1]) < 300


def test_a_tool_says_what_it_said_and_tells_how_far_it_is(tmp_path: Path) -> None:
    lines: list[str] = []
    said = run("print('@ half'); print('Need ION Memory Size: (4.16 MB)')", tmp_path, tell=lines.append)
    assert "4.16 MB" in said
    assert lines == ["half"]


def test_a_failure_names_the_step_the_reason_and_the_log(tmp_path: Path) -> None:
    with pytest.raises(ToolError) as failure:
        run("print('calibrated'); print('ERROR: no such layer'); raise SystemExit(3)", tmp_path)
    text = str(failure.value)
    assert "building failed (code 3)" in text
    assert "no such layer" in text
    assert "calibrated" not in text
    assert str(tmp_path / "tools.log") in text
    assert "calibrated" in (tmp_path / "tools.log").read_text()


def test_a_crash_is_reported_as_one(tmp_path: Path) -> None:
    with pytest.raises(ToolError, match=r"ended by signal 6"):
        run("import os; os.abort()", tmp_path)


def test_a_program_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(ToolError, match=r"/nowhere/tool cannot be started"):
        run_tool("building", ["/nowhere/tool"], folder=tmp_path, environment={}, log=tmp_path / "tools.log")


@pytest.mark.parametrize("heeds", ["SIG_DFL", "SIG_IGN"], ids=["willing", "ignores"])
def test_an_interruption_ends_the_tool_and_what_it_started(tmp_path: Path, heeds: str) -> None:
    mark = tmp_path / "mark"
    child = (
        f"import signal, time; signal.signal(signal.SIGTERM, signal.{heeds}); "
        f"print('@ started', flush=True); time.sleep(2); open({str(mark)!r}, 'w')"
    )
    code = f"import sys; from subprocess import run; run([sys.executable, '-c', {child!r}])"

    def interrupt(text: str) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        run(code, tmp_path, tell=interrupt)
    time.sleep(2.5)
    assert not mark.exists()
