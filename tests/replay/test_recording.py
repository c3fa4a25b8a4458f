"""What a recording holds, and what is said of a damaged one."""

from __future__ import annotations

import json
import math

import numpy as np
import pytest
import scripted
from hypothesis import given
from hypothesis import strategies as st

import facecap
from facecap._core import exact_list
from facecap.replay import Recorder, read_recording, replay
from facecap.testing import scripted_pipeline

A = (37, 20)


@pytest.fixture(scope="module")
def written() -> tuple[dict, list[dict]]:
    capture = scripted_pipeline(facecap.CaptureConfig(mode="fast", min_hits=1))
    recorder = Recorder(capture)
    header = recorder.header()
    return header, [
        recorder.frame(capture.process(scripted.frame(A), timestamp=n / 25), scripted.frame())
        for n in range(6)
    ]


@given(st.lists(st.floats(width=32, allow_nan=False), min_size=1, max_size=8))
def test_numbers_come_back_as_they_were(numbers):
    written = exact_list(np.array(numbers, np.float32))
    finite = [number if math.isfinite(number) else None for number in numbers]
    assert [None if n is None else float(np.float32(n)) for n in json.loads(json.dumps(written))] == finite


def read(header: object, lines: list[object], end: bytes = b""):
    texts = [line if isinstance(line, bytes) else json.dumps(line).encode() + b"\n" for line in lines]
    text = header if isinstance(header, bytes) else json.dumps(header).encode()
    return read_recording(text, [*texts, *([end] if end else [])], ("recording.json", "frames.jsonl"))


def test_a_recording_has_no_pixels_and_no_identity(written):
    header, lines = written
    assert set(header) == {"recording", "facecap", "models", "refiner", "slots", "areas", "capture"}
    for line in lines:
        assert set(line) == {"frame_index", "seconds", "size", "faces"}
        assert {key for face in line["faces"] for key in face} == {"box", "score", "landmarks"}
    assert lines[0]["size"] == [1920, 1080]


def test_an_interrupted_recording_works_to_its_last_whole_line(written):
    header, lines = written
    whole = read(header, lines[:4])
    cut = read(header, lines[:4], json.dumps(lines[4]).encode()[:-30])
    assert [frame.index for frame in cut.frames] == [0, 1, 2, 3]
    assert len(replay(cut).captures) == len(replay(whole).captures)
    assert replay(read(header, [])).captures == []


def changed(line: dict, **values: object) -> dict:
    return {**line, **values}


@pytest.mark.parametrize(
    ("damage", "text"),
    [
        (lambda lines: b'{"frame_index": 2, "fac\n', "line 3: no JSON"),
        (lambda lines: changed(lines[2], frame_index=1), "line 3: frame 1 after 1: frame numbers grow"),
        (lambda lines: changed(lines[2], frame_index=-1), "line 3: frame_index is -1"),
        (lambda lines: changed(lines[2], seconds=0.0), "line 3: 0.0 s after 0.04 s: time does not run back"),
        (lambda lines: changed(lines[2], seconds="now"), "line 3: seconds is 'now'"),
        (lambda lines: changed(lines[2], size=[0, 5]), "line 3: width is 0"),
        (lambda lines: changed(lines[2], size=[5]), "line 3: not enough values"),
        (lambda lines: changed(lines[2], faces=None), "line 3: 'faces' is NoneType, wanted a list"),
        (lambda lines: changed(lines[2], faces=[{}]), "line 3: 'box' is missing"),
        (lambda lines: changed(lines[2], faces=[7]), "line 3: "),
        (lambda lines: changed(lines[2], areas={"only": [[[0, 0]]]}), r"line 3: only\[0\] has 1 corners"),
        (lambda lines: [1, 2], "line 3: "),
        (lambda lines: {}, "line 3: 'faces' is missing"),
    ],
)
def test_a_damaged_line_is_named(written, damage, text):
    header, lines = written
    with pytest.raises(facecap.FacecapError, match=f"frames.jsonl, {text}"):
        read(header, [*lines[:2], damage(lines), *lines[3:]])


@pytest.mark.parametrize(
    "face", [{"box": [1, 2, 3]}, {"score": "high"}, {"landmarks": [[1, 2]]}, {"look": {}}]
)
def test_a_damaged_face_is_named_by_its_line(written, face):
    header, lines = written
    broken = changed(lines[2], faces=[{**lines[2]["faces"][0], **face}])
    with pytest.raises(facecap.FacecapError, match=r"frames.jsonl, line 3: .* it is damaged"):
        read(header, [*lines[:2], broken])


@pytest.mark.parametrize(
    ("change", "text"),
    [
        ({"recording": 2}, "a recording of the version 2, wanted 1"),
        ({"recording": None}, "a recording of the version None, wanted 1"),
        ({"slots": 0}, "slots is 0"),
        ({"capture": {"min_fcae": 3}}, "did you mean 'min_face'"),
        ({"areas": {"else": []}}, "damaged"),
        ({"refiner": {"crop_border": 0.2}}, "'not_a_face' is missing"),
        ({"models": None}, "damaged"),
    ],
)
def test_a_header_that_cannot_be_used_is_named(written, change, text):
    header, lines = written
    with pytest.raises(facecap.FacecapError, match=f"recording.json: .*{text}"):
        read({**header, **change}, lines)


@pytest.mark.parametrize("text", [b"", b"[]", b"{", b"\xff", b"7"])
def test_what_is_no_header_is_named(written, text):
    with pytest.raises(facecap.FacecapError, match=r"recording\.json: "):
        read(text, written[1])
