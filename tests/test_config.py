"""The configuration of a capture: what it takes, what it refuses and what files may say."""

from __future__ import annotations

import copy
import dataclasses
import json
import math
import pickle
import warnings
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from facecap import CaptureConfig


def read(folder: Path, text: str) -> CaptureConfig:
    path = folder / "capture.cfg"
    path.write_text(text)
    return CaptureConfig.from_file(path)


def test_defaults_are_the_documented_ones() -> None:
    config = CaptureConfig()
    assert (config.mode, config.interval, config.max_captures) == ("auto", 45, 3)
    assert (config.min_face, config.max_face, config.min_quality) == (32, 512, 0.1)
    assert math.radians(config.max_yaw) == pytest.approx(0.70)
    assert math.radians(config.max_pitch) == pytest.approx(0.50)
    assert config.max_roll / 90 == pytest.approx(0.65)
    assert (config.miss_limit, config.min_hits, config.min_relative_quality) == (40, 10, 0)
    assert (config.classify_on, config.mask_threshold, config.crop_border) == ("capture", None, 0.15)


def test_is_a_value() -> None:
    config = CaptureConfig(mode="fast", interval=np.int64(7), min_quality=np.float32(0.5))  # type: ignore[arg-type]
    assert config == CaptureConfig(mode="fast", interval=7, min_quality=0.5)
    assert type(config.interval) is int and type(config.min_quality) is float
    assert dataclasses.replace(config, interval=9).interval == 9
    assert pickle.loads(pickle.dumps(config)) == copy.deepcopy(config) == config
    with pytest.raises(dataclasses.FrozenInstanceError):
        config.interval = 1  # type: ignore[misc]


def test_unknown_names_are_refused_with_the_nearest() -> None:
    with pytest.raises(TypeError, match="no 'intervall'; did you mean 'interval'"):
        CaptureConfig(intervall=3)  # type: ignore[call-arg]
    with pytest.raises(TypeError, match="no 'zzz'; it has mode, min_face"):
        CaptureConfig(zzz=3)  # type: ignore[call-arg]


@pytest.mark.parametrize(
    ("name", "value", "message"),
    [
        ("mode", "slow", "mode is 'slow', wanted one of auto, fast, cycle, once"),
        ("quality_method", "best", "wanted one of posture, eye_distance"),
        ("classify_on", "never", "classify_on is 'never'"),
        ("min_face", -2, "min_face is -2, wanted pixels, or -1"),
        ("max_face", 20, "max_face is 20, wanted at least min_face"),
        ("max_yaw", 181, "max_yaw is 181, wanted degrees"),
        ("max_pitch", -1, "max_pitch is -1"),
        ("max_roll", math.nan, "max_roll is nan, wanted degrees between 0 and 180"),
        ("max_roll", 10**400, "max_roll is beyond all floating-point numbers, wanted a number"),
        ("min_quality", math.nan, "min_quality is nan, wanted a finite number"),
        ("min_quality", math.inf, "min_quality is inf, wanted a finite number"),
        ("motion_refresh_seconds", math.nan, "motion_refresh_seconds is nan, wanted seconds, 0 or more"),
        ("min_eye_distance", -1, "min_eye_distance is -1"),
        ("min_landmark_confidence", 1.5, "min_landmark_confidence is 1.5"),
        ("min_sharpness", -1, "min_sharpness is -1"),
        ("interval", -1, "interval is -1"),
        ("interval", 2**40, "interval is 1099511627776"),
        ("interval_seconds", -0.5, "interval_seconds is -0.5"),
        ("max_captures", -1, "max_captures is -1"),
        ("miss_limit", 0, "miss_limit is 0"),
        ("min_hits", 0, "min_hits is 0"),
        ("min_relative_quality", 2, "min_relative_quality is 2"),
        ("mask_threshold", 1.01, "mask_threshold is 1.01"),
        ("crop_border", -0.1, "crop_border is -0.1"),
    ],
)
def test_values_out_of_range_are_named(name: str, value: object, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        CaptureConfig(**{name: value})  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("interval", 1.5),
        ("interval", True),
        ("max_yaw", "40"),
        ("mode", 1),
        ("early_first", 1),
        ("crop_border", None),
    ],
)
def test_values_of_a_wrong_kind_are_named(name: str, value: object) -> None:
    with pytest.raises(TypeError, match=f"{name} is"):
        CaptureConfig(**{name: value})  # type: ignore[arg-type]


PUBLIC = st.fixed_dictionaries(
    {},
    optional={
        "mode": st.sampled_from(["auto", "fast", "cycle", "once"]),
        "min_face": st.integers(0, 100),
        "max_yaw": st.floats(0, 180),
        "interval": st.integers(0, 10**6),
        "interval_seconds": st.none() | st.floats(0, 1e6),
        "max_captures": st.integers(0, 9),
        "early_first": st.booleans(),
        "mask_threshold": st.none() | st.floats(0, 1),
    },
)


@given(PUBLIC)
def test_public_names_come_back_from_both_kinds_of_file(tmp_path_factory, options: dict[str, object]) -> None:
    folder = tmp_path_factory.mktemp("config")
    config = CaptureConfig(**options)  # type: ignore[arg-type]
    assert read(folder, json.dumps(options)) == config
    assert read(folder, json.dumps(dataclasses.asdict(config))) == config
    lines = [f"{name} {value}" for name, value in options.items() if value is not None]
    assert read(folder, "\n".join(lines)) == CaptureConfig(
        **{name: value for name, value in options.items() if value is not None}  # type: ignore[arg-type]
    )


def test_vendor_names_and_units(tmp_path: Path) -> None:
    config = read(
        tmp_path,
        """
        thr_size_min 20   # pixels
        thr_size_max -1
        qa_method 3
        thr_quality 0.2
        thr_yaw 0.75
        thr_pitch 0.25
        thr_roll 0.5
        thr_laplacian 20
        miss_time_limit 30
        m_interval 25
        m_capture_num 5
        auto_m_fast_cap 1
        eye_dist_thresh 10.5
        landmark_score_thresh 0.4
        """,
    )
    assert config == CaptureConfig(
        min_face=20,
        max_face=-1,
        quality_method="posture_laplacian",
        min_quality=0.2,
        max_yaw=math.degrees(0.75),
        max_pitch=math.degrees(0.25),
        max_roll=45,
        min_sharpness=20,
        miss_limit=30,
        interval=25,
        max_captures=5,
        early_first=True,
        min_eye_distance=10.5,
        min_landmark_confidence=0.4,
    )


OLD = """Miss_Time_Limit 40
Threshold_Size_Min 32
Threshold_Size_Max 512
Quality_Assessment_Method 0
Threshold_Quality 0.1
Threshold_Quality_High 0.95
Threshold_Yaw 0.25
Threshold_Pitch 0.25
Threshold_Roll 0.25
FAST_Mode_Interval 10
FAST_Mode_Capture_Num 4
CYCLE_Mode_Interval 20
AUTO_Mode_Time_Limit 0
AUTO_Mode_Fast_Cap 1
img_capture_flag 0
Store_RGB888 0
Store_Face_Feature 1
"""


def test_a_file_of_the_older_tool(tmp_path: Path) -> None:
    with pytest.warns(
        UserWarning, match="without effect here: CYCLE_Mode_Interval, Threshold_Quality_High"
    ) as caught:
        config = read(tmp_path, OLD)
    assert len(caught) == 1
    for key in ("img_capture_flag", "Store_RGB888", "Store_Face_Feature", "CYCLE_Mode_Interval"):
        assert key in str(caught[0].message)
    assert (config.interval, config.max_captures, config.early_first) == (10, 4, True)
    assert config.max_yaw == pytest.approx(math.degrees(0.25))
    assert config.max_roll == pytest.approx(22.5)


def test_the_interval_of_older_files_goes_by_the_mode(tmp_path: Path) -> None:
    with pytest.warns(UserWarning, match="FAST_Mode_Interval"):
        assert read(tmp_path, OLD + "mode cycle").interval == 20
    assert read(tmp_path, "cycle_m_interval 20").interval == 20
    assert read(tmp_path, json.dumps({"fast_m_interval": 15, "fast_m_capture_num": 2})) == CaptureConfig(
        interval=15, max_captures=2
    )


def test_modes_by_number_are_read_with_a_warning(tmp_path: Path) -> None:
    with pytest.warns(UserWarning, match="mode 1 is read as 'fast'"):
        assert read(tmp_path, "mode 1").mode == "fast"
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert read(tmp_path, "mode FAST").mode == "fast"


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("thr_yawn 0.3", ":1: no setting 'thr_yawn'; did you mean 'thr_yaw'"),
        ("thr_yaw", ":1: found 'thr_yaw', wanted a name and a value"),
        ("thr_yaw 0.3 0.4", ":1: thr_yaw is '0.3 0.4', wanted a number"),
        ("thr_yaw 0.3\nthr_yaw 0.4", ":2: thr_yaw is given twice"),
        ("thr_yaw 0.3\nmax_yaw 40", ":2: max_yaw and .*:1: thr_yaw mean the same and differ"),
        ("thr_yaw wide", "thr_yaw is 'wide', wanted a number"),
        ("qa_method 4", "qa_method is 4, wanted one of posture, .*, or 0 to 3"),
        ("mode 3", "mode is 3, wanted one of auto, fast, cycle, once, or 0 to 2"),
        ("auto_m_fast_cap 2", "auto_m_fast_cap is 2, wanted true, false, 1 or 0"),
        ("m_capture_num -1", ":1: m_capture_num: max_captures is -1, wanted a count"),
        ("m_interval 2.5", "interval is 2.5, wanted a whole number"),
        ('{"interval": 3, "interval": 4}', "not JSON .line 1, column 27: duplicate key 'interval'"),
        ('{"interval": 3', "not JSON"),
        ('{"interval": [3]}', "interval is an array, wanted one value"),
        ('{"mode": null}', "mode is null, wanted one of"),
    ],
)
def test_what_is_wrong_in_a_file_is_named(tmp_path: Path, text: str, message: str) -> None:
    with pytest.raises(ValueError, match=message) as caught:
        read(tmp_path, text)
    assert "capture.cfg" in str(caught.value)


def test_files_that_are_no_configuration(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError):
        CaptureConfig.from_file(tmp_path / "absent.cfg")
    path = tmp_path / "picture.jpg"
    path.write_bytes(b"\xff\xd8\xff\xe0")
    with pytest.raises(ValueError, match="not UTF-8"):
        CaptureConfig.from_file(path)
    path.write_bytes(b" " * (1 << 21))
    with pytest.raises(ValueError, match="at most 1048576 bytes"):
        CaptureConfig.from_file(path)


@given(st.text(max_size=60) | st.text(max_size=60).map("{".__add__))
def test_any_text_is_read_or_refused_with_a_value_error(tmp_path_factory, text: str) -> None:
    path = tmp_path_factory.mktemp("config") / "any.cfg"
    path.write_bytes(text.encode("utf-8", "surrogatepass"))
    try:
        CaptureConfig.from_file(path)
    except ValueError as error:
        assert "any.cfg" in str(error)
