"""What computes a network: named, refused where it is not there, never replaced in silence."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import cvimodels
import numpy as np
import pytest
import tiny_models as tiny

import facecap
from facecap import _core, doctor
from facecap._model import onnxruntime_path, open_model
from facecap.cli import main

HERE = Path(__file__).resolve().parent
PROGRAM = """
import sys, numpy as np, facecap
from facecap import _core
try:
    classifier = facecap.MaskClassifier(sys.argv[1], provider=sys.argv[2], threads=2)
    print(classifier.info["providers"])
    print(classifier.predict(np.zeros((1, 8, 8, 3), np.uint8)).shape)
except facecap.ModelError as error:
    print("refused:", error)
"""

Open = Callable[..., list[str]]


@pytest.fixture(scope="session")
def shim(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A library that has CUDA and OpenVINO by its own account."""
    compiler = shutil.which("cc") or shutil.which("gcc")
    if compiler is None:
        pytest.skip("no C compiler to make the library with")
    library = tmp_path_factory.mktemp("shim") / "libonnxruntime.so"
    source = HERE / "provider_shim.c"
    subprocess.run([compiler, "-shared", "-fPIC", "-o", library, source, "-ldl"], check=True)
    return library


def shimmed(library: Path, happens: str, version: str) -> dict[str, str]:
    """The environment of a process that takes the shim for ONNX Runtime."""
    return {
        **os.environ,
        "FACECAP_ONNXRUNTIME": str(library),
        "REAL": str(onnxruntime_path()),
        "SHIM": happens,
        "VERSION": version,
    }


@pytest.fixture
def opened(shim: Path, tmp_path: Path) -> Open:
    """Opens a classifier with a provider in a process of its own; the lines that it prints."""
    model = tiny.write_mask(tmp_path)

    def opened(provider: str, happens: str, version: str = "1.24.0") -> list[str]:
        done = subprocess.run(
            [sys.executable, "-c", PROGRAM, str(model), provider],
            env=shimmed(shim, happens, version),
            capture_output=True,
            text=True,
            timeout=120,
            check=True,
        )
        return done.stdout.splitlines()

    return opened


def test_a_provider_that_takes_the_whole_network_computes_alone(opened: Open) -> None:
    assert opened("openvino", "all") == [
        "OpenVINO num_of_threads=2",
        "['OpenVINOExecutionProvider']",
        "(1,)",
    ]
    assert opened("cuda", "all") == [
        "CUDA cudnn_conv_algo_search=HEURISTIC use_tf32=0",
        "['CUDAExecutionProvider']",
        "(1,)",
    ]


def test_info_says_where_the_processor_computes_the_rest(opened: Open) -> None:
    _, providers, shape = opened("cuda", "part")
    assert providers == "['CUDAExecutionProvider', 'CPUExecutionProvider']"
    assert shape == "(1,)"


@pytest.mark.parametrize(
    ("happens", "said"),
    [
        ("none", "the provider 'openvino' takes no part of this network; provider 'cpu' computes it"),
        ("start", "the device is not there; provider 'cpu' computes without it"),
        ("open", "the provider 'openvino' does not open it: a node that the device does not know; "),
        ("run", "OpenVINOExecutionProvider failed: the device was lost; provider 'cpu' computes without it"),
    ],
)
def test_a_provider_that_fails_is_named_and_not_replaced(opened: Open, happens: str, said: str) -> None:
    last = opened("openvino", happens)[-1]
    assert last.startswith("refused: ") and said in last


def test_the_processor_computes_as_before_beside_other_providers(opened: Open) -> None:
    assert opened("cpu", "run") == ["['CPUExecutionProvider']", "(1,)"]


def test_a_library_that_cannot_tell_what_computes_lets_the_provider_compute_alone(opened: Open) -> None:
    assert opened("cuda", "all", version="1.23.0")[0] == "alone"
    assert "alone" not in opened("cuda", "all") + opened("cpu", "all", version="1.23.0")


@pytest.fixture
def absent() -> str:
    """A provider that the installed onnxruntime does not have: no package has two of them."""
    open_model(None, "mask")
    return next(name for name in _core.provider_names() if name not in _core.onnxruntime_providers())


def test_a_provider_that_is_not_there_is_refused_with_what_is_and_what_to_install(absent: str) -> None:
    there = ", ".join(_core.onnxruntime_providers())
    with pytest.raises(facecap.ModelError, match=rf"'{absent}': .* has {there}; to get it: "):
        facecap.Detector(provider=absent)
    for kind in (facecap.MaskClassifier, facecap.Refiner):
        with pytest.raises(facecap.ModelError, match=f"provider '{absent}'"):
            kind(provider=absent)


def test_what_is_no_provider_is_refused_with_those_that_are() -> None:
    with pytest.raises(ValueError, match="found 'gpu', wanted one of: cpu, cuda, openvino, coreml"):
        facecap.Detector(provider="gpu")


def test_a_model_of_the_board_takes_no_provider(tmp_path: Path) -> None:
    data = cvimodels.stored("int8")
    path = cvimodels.write(tmp_path, data, cvimodels.manifest(data))
    with pytest.raises(facecap.ModelError, match=r"runs on its chip alone, but provider=.openvino."):
        open_model(path, "classification", provider="openvino")


def test_the_command_line_names_the_provider_that_is_not_there(
    absent: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    import cv2

    picture = tmp_path / "grey.png"
    cv2.imwrite(str(picture), np.full((64, 64, 3), 127, np.uint8))
    assert main(["detect", str(picture), "--provider", absent]) == 1
    assert f"provider '{absent}'" in capsys.readouterr().err
    with pytest.raises(SystemExit):
        main(["detect", str(picture), "--provider", "gpu"])
    assert "invalid choice: 'gpu'" in capsys.readouterr().err


def test_doctor_names_the_providers_that_do_not_start(shim: Path, tmp_path: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "facecap", "doctor", "--json", "--out", str(tmp_path)],
        env=shimmed(shim, "start", "1.24.0"),
        capture_output=True,
        text=True,
        timeout=240,
        check=False,
    )
    checks = [json.loads(line) for line in done.stdout.splitlines() if line.startswith("{")]
    cuda, openvino, found = [check for check in checks if check["name"] == "providers"]
    assert (cuda["state"], openvino["state"], found["state"]) == ("optional", "optional", "ok")
    assert "provider 'cuda' does not start" in cuda["detail"] and "--provider cuda" in cuda["remedy"]
    assert found["detail"] == "onnxruntime computes with cpu (--provider)"


def test_doctor_says_what_computes_and_whether_int8_gains(tmp_path: Path) -> None:
    found = {check.name: check for check in doctor.checks(tmp_path)}
    assert found["providers"].state == "ok"
    assert found["providers"].detail.startswith("onnxruntime computes with cpu")
    assert found["int8"].state == ("ok" if _core.has_vnni() else "optional")
    assert "VNNI" in found["int8"].detail
