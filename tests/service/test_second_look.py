"""The refiner of the service: a setting, a stage, a reason."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import scripted
from served import running, settings_in

from facecap import FacecapError
from facecap_service.pipelines import Pipelines

AT_ONCE = {"mode": "fast", "min_hits": 1}


def test_what_is_no_face_is_counted_and_said(tmp_path: Path, pipeline: dict[str, Any], face: bytes) -> None:
    wall = str(scripted.refiner(tmp_path, face=-9, stem="wall"))
    with running(settings_in(tmp_path, pipeline={**pipeline, "refiner": wall}, capture=AT_ONCE)) as service:
        answer = service.push("door", face).json()
        assert [one["reason"] for one in answer["faces"]] == ["not_a_face"]
        assert answer["captures"] == []
        assert (answer["refined"], answer["classified"]) == (1, 0)
        assert answer["timings"]["refine"] > 0
        figures = service.client.get("/metrics").text
        assert 'facecap_rejections_total{reason="not_a_face"} 1.0' in figures
        assert 'facecap_stage_seconds_count{stage="refine"} 1.0' in figures
        assert 'facecap_model_info{input_size="112x112",name="wall"' in figures
        assert 'task="refiner"' in figures


def test_without_a_refiner_nothing_is_looked_at_again(
    tmp_path: Path, pipeline: dict[str, Any], face: bytes
) -> None:
    with running(settings_in(tmp_path, pipeline=pipeline, capture=AT_ONCE)) as service:
        answer = service.push("door", face).json()
        assert len(answer["captures"]) == 1
        assert answer["refined"] == 0
        assert 'task="refiner"' not in service.client.get("/metrics").text


def test_a_setting_that_is_no_refiner_ends_the_start(tmp_path: Path, pipeline: dict[str, Any]) -> None:
    settings = settings_in(tmp_path, pipeline={**pipeline, "refiner": pipeline["classifier"]})
    with pytest.raises(FacecapError, match="of the task mask, wanted face_refinement"):
        Pipelines(settings)
