"""`facecap bench providers`: every model in every way that it has, beside the plain one."""

from __future__ import annotations

import json

import pytest

from facecap.cli import main

pytest.importorskip("matplotlib")


def test_a_detector_in_both_precisions_and_a_classifier_in_its_own(
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert (
        main(
            ["bench", "providers", "yunet-n", "mask-ghostnet", "--provider", "cpu", "--turns", "1", "--json"]
        )
        == 0
    )
    found = {one["model"]: one for one in json.loads(capsys.readouterr().out)["models"]}
    assert list(found) == ["yunet-n", "mask-ghostnet x1", "mask-ghostnet x8"]
    assert list(found["yunet-n"]["ms"]) == ["cpu float32", "cpu int8"]
    assert found["yunet-n"]["providers"]["cpu int8"] == ["CPUExecutionProvider"]
    for one in found.values():
        assert one["over_cpu_float32"]["cpu float32"] == 1


def test_the_table_says_what_computed(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["bench", "providers", "yunet-n", "--provider", "cpu", "--turns", "1"]) == 0
    table = capsys.readouterr().out
    assert "yunet-n, cpu int8" in table and "CPUExecutionProvider" in table and "onnxruntime " in table


def test_a_model_that_is_not_registered_is_named(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["bench", "providers", "nothing", "--turns", "1"]) == 1
    assert "no model 'nothing'" in capsys.readouterr().err
