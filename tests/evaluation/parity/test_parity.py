"""The golden frames, and the comparison of captures that every program makes of them."""

from __future__ import annotations

import copy
import math

import pytest

pytest.importorskip("matplotlib", reason="the demo's photograph comes with matplotlib")

from facecap.errors import FacecapError
from facecap.evaluation.parity import golden, ways
from facecap.evaluation.parity.difference import Bounds, difference
from facecap.evaluation.parity.report import CHIP, ELSEWHERE, chip_model, float_captures, made_from

CLOSE = Bounds(box=1, landmark=1, probability=0.1)


@pytest.fixture
def captures():
    return golden.expected()


@pytest.fixture(scope="module")
def frames(tmp_path_factory):
    folder = tmp_path_factory.mktemp("golden")
    golden.write_frames(folder)
    return folder


def test_the_expected_captures_are_two_visits_one_with_a_mask(captures):
    by_track: dict[int, set[str]] = {}
    for capture in captures:
        by_track.setdefault(capture["track_id"], set()).add(capture["mask"])
    assert list(by_track.values()) == [{"no_mask"}, {"mask"}]


def test_equal_captures_do_not_differ(captures):
    found = difference(captures, copy.deepcopy(captures))
    assert (found.events, found.answers, found.box, found.landmark, found.probability) == ("", 0, 0, 0, 0)
    assert found.within(Bounds(0, 0, 0))


@pytest.mark.parametrize("key", ["kind", "track_id", "sequence", "frame", "shot_frame"])
def test_an_event_that_differs_is_reported_and_out_of_any_bounds(captures, key):
    other = copy.deepcopy(captures)
    other[1][key] = "late" if key == "kind" else other[1][key] + 1
    found = difference(captures, other)
    assert found.events == f"capture 2: {key} {other[1][key]}, expected {captures[1][key]}"
    assert not found.within(Bounds(math.inf, math.inf, math.inf))


def test_a_missing_and_an_additional_capture_are_reported(captures):
    assert (
        difference(captures, captures[:-1]).events
        == f"{len(captures) - 1} captures, expected {len(captures)}"
    )
    assert (
        difference(captures[:-1], captures).events
        == f"{len(captures)} captures, expected {len(captures) - 1}"
    )
    assert not difference(captures, []).within(CLOSE)


def test_the_largest_difference_counts(captures):
    other = copy.deepcopy(captures)
    other[0]["box"][2] += 0.5
    other[-1]["landmarks"][3][1] -= 0.75
    other[2]["mask_prob"] += 0.05
    found = difference(captures, other)
    assert found.box == pytest.approx(0.5)
    assert found.landmark == pytest.approx(0.75)
    assert found.probability == pytest.approx(0.05)
    assert found.within(CLOSE)
    assert not found.within(Bounds(box=0.4, landmark=1, probability=0.1))
    assert not found.within(Bounds(box=1, landmark=0.7, probability=0.1))
    assert not found.within(Bounds(box=1, landmark=1, probability=0.01))


def test_another_answer_and_an_unknown_number_are_out_of_bounds(captures):
    other = copy.deepcopy(captures)
    other[0]["mask"] = "unknown"
    assert difference(captures, other).answers == 1
    assert not difference(captures, other).within(CLOSE)
    other = copy.deepcopy(captures)
    other[0]["mask_prob"] = None
    assert difference(captures, other).probability == math.inf
    other = copy.deepcopy(captures)
    other[0]["incorrect_prob"] = 0.5
    assert difference(captures, other).probability == math.inf
    assert difference(other, [{**other[0], "incorrect_prob": 0.75}]).probability == pytest.approx(0.25)


def test_the_package_gives_the_expected_captures(captures, frames):
    seen: list[tuple[int, int]] = []
    found = ways.in_process(frames, None, None, lambda done, total: seen.append((done, total)))
    assert seen[-1] == (len(seen), len(list(frames.iterdir())))
    assert difference(captures, found).within(ELSEWHERE), difference(captures, found)


def test_an_emulator_that_is_missing_is_named(tmp_path):
    with pytest.raises(FacecapError, match="no-emulator: No such file"):
        ways.on_board(tmp_path / "board", tmp_path, "d.onnx", "m.onnx", None, emulator=("no-emulator", "-L"))


def test_the_service_gives_the_captures_of_the_package(captures, frames):
    pytest.importorskip("facecap_service.app", reason="the extra `service` is not installed")
    found = ways.over_http(frames, lambda done, total: None)
    assert difference(captures, found).within(ELSEWHERE), difference(captures, found)


def test_the_models_for_the_chip_give_the_events_of_their_float_models(frames, cviruntime):
    detector, classifier = (chip_model("cv182x", task) for task in ("face_detection", "mask"))
    wanted = float_captures(frames, detector)
    found = ways.in_process(frames, detector, classifier, lambda done, total: None, made_from(detector)[1])
    assert len(wanted) == 6
    assert difference(wanted, found).within(CHIP), difference(wanted, found)
