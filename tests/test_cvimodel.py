"""The vendor's own runtime, its simulator, behind a session: real files, real answers, and no crash."""

from __future__ import annotations

import json
import struct
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import cvimodels
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import facecap
from facecap import models
from facecap._model import open_model

Floats = np.ndarray[Any, np.dtype[np.float32]]
PLANES = (1, 3, cvimodels.HEIGHT, cvimodels.WIDTH)

# name: colour order, whether it takes raw pixels, distance of its answers to float32
VARIANTS = {
    "float32": ("rgb", False, 0.06),
    "int8": ("rgb", False, 0.06),
    "bfloat16": ("rgb", False, 0.03),
    "packed_rgb": ("rgb", True, 0.06),
    "packed_rgb_aligned": ("rgb", True, 0.06),
    "planar_bgr": ("bgr", True, 0.06),
    "planar_rgb_aligned": ("rgb", True, 0.06),
}
REAL = sorted(models.SHIPPED.glob("*.cvimodel"))


def pixels(seed: int = 0) -> Floats:
    """Planes in the order red, green, blue."""
    return np.random.default_rng(seed).integers(0, 256, PLANES).astype(np.float32)


def as_input(planes: Floats, variant: str) -> Floats:
    color, raw, _ = VARIANTS[variant]
    planes = planes if color == "rgb" else planes[:, ::-1]
    return np.ascontiguousarray(planes if raw else (planes - 127.5) / 127.5, np.float32)


def reference(planes: Floats) -> Floats:
    onnxruntime = pytest.importorskip("onnxruntime")
    session = onnxruntime.InferenceSession(str(cvimodels.FOLDER / "network.onnx"))
    answer: Floats = session.run(None, {"image": as_input(planes, "float32")})[0]
    return answer


def tiny(folder: Path, variant: str) -> Path:
    color, raw, _ = VARIANTS[variant]
    data = cvimodels.stored(variant)
    return cvimodels.write(
        folder, data, cvimodels.manifest(data, color=color, raw=raw), f"{variant}.cvimodel"
    )


@pytest.mark.parametrize("variant", VARIANTS)
def test_every_kind_of_file_computes_what_its_network_computes(
    variant: str, tmp_path: Path, cviruntime: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    path = tiny(tmp_path, variant)
    model, info = open_model(path, "classification", runtime="cvimodel")
    for seed in range(4):
        planes = pixels(seed)
        (answer,) = model.run([as_input(planes, variant)])
        assert answer.dtype == np.float32
        np.testing.assert_allclose(answer, reference(planes), atol=VARIANTS[variant][2])
    assert info["runtime"] == "cvimodel"
    assert info["runtime_version"].startswith("(1.4.0)")
    assert info["providers"] == ["cv182x simulator"]
    assert info["input_size"] == (cvimodels.WIDTH, cvimodels.HEIGHT)
    assert capfd.readouterr() == ("", ""), "what the simulator prints is kept off the user's terminal"


@pytest.mark.parametrize("variant", ["int8", "packed_rgb", "packed_rgb_aligned", "planar_rgb_aligned"])
def test_a_network_takes_its_own_integers(variant: str, tmp_path: Path, cviruntime: Path) -> None:
    model, _ = open_model(tiny(tmp_path, variant), "classification")
    ((_, kind, shape, scale),) = model.native_inputs
    given = as_input(pixels(), variant)
    own = np.trunc(given * scale + np.copysign(0.5, given)).astype(kind)
    if tuple(shape) != PLANES:
        own = np.ascontiguousarray(own.transpose(0, 2, 3, 1))
    assert own.shape == tuple(shape)
    np.testing.assert_array_equal(model.run([own])[0], model.run([given])[0])


def test_two_sessions_run_in_several_threads(tmp_path: Path, cviruntime: Path) -> None:
    """Guards the library's one state a process: two sessions, four threads."""
    opened = [open_model(tiny(tmp_path, name), "classification")[0] for name in ("int8", "packed_rgb")]
    inputs = [as_input(pixels(t), ("int8", "packed_rgb")[t % 2]) for t in range(4)]
    expected = [opened[t % 2].run([inputs[t]])[0] for t in range(4)]
    wrong: list[int] = []

    def work(t: int) -> None:
        for _ in range(10):
            if not np.array_equal(opened[t % 2].run([inputs[t]])[0], expected[t]):
                wrong.append(t)

    threads = [threading.Thread(target=work, args=(t,)) for t in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert wrong == []


@pytest.mark.parametrize("path", REAL, ids=lambda path: str(path.stem))
def test_a_shipped_model_finds_and_judges_the_face_of_the_portrait(
    path: Path, photo: Any, cviruntime: Path
) -> None:
    """Beside the float models that ship: the same face, the same answer."""
    manifest = json.loads(path.with_suffix(".json").read_text())
    box = facecap.Detector().detect(photo).boxes[0]
    if manifest["task"] == "face_detection":
        chip = facecap.Detector(path, runtime="cvimodel")
        source = facecap.Detector(
            manifest["conversion"]["source"]["name"], input_size=chip.info["input_size"]
        )
        box, found = source.detect(photo).boxes[0], chip.detect(photo)
        assert found.scores[0] > 0.9
        assert overlap(found.boxes[0], box) > 0.9
    elif manifest["task"] == "face_refinement":
        answer = facecap.Refiner(path, runtime="cvimodel").refine(photo, [box])
        np.testing.assert_allclose(
            answer.face_prob, facecap.Refiner().refine(photo, [box]).face_prob, atol=0.1
        )
        assert answer.face_prob[0] > 0.9
    else:
        crop = facecap.crop_face(photo, box)[None]
        probability = facecap.MaskClassifier(path, runtime="cvimodel").predict(crop)
        np.testing.assert_allclose(probability, facecap.MaskClassifier().predict(crop), atol=0.1)
        assert probability[0] < 0.5


def overlap(left: Floats, right: Floats) -> float:
    size = np.minimum(left[2:], right[2:]) - np.maximum(left[:2], right[:2])
    inside = float(np.prod(np.maximum(size, 0)))
    return inside / (float(np.prod(left[2:] - left[:2])) + float(np.prod(right[2:] - right[:2])) - inside)


# What is wrong with a file. Each is opened in a process of its own: the vendor's code ends or hangs on most.

OPEN = """
import sys
from facecap._model import open_model
from facecap import ModelError
try:
    open_model(sys.argv[1], "classification")
except ModelError as error:
    print(error)
"""


def replaced(start: int, new: bytes) -> Callable[[bytes], bytes]:
    return lambda data: data[:start] + new + data[start + len(new) :]


def body_bytes(data: bytes) -> int:
    return int(struct.unpack_from("<I", data, 8)[0])


def longer_body(data: bytes) -> bytes:
    return replaced(8, struct.pack("<I", body_bytes(data) + 64))(data)


BAD_FILES: dict[str, tuple[Callable[[bytes], bytes], str]] = {
    "empty": (lambda data: b"", "empty, wanted a model"),
    "48 bytes": (lambda data: data[:48], "48 bytes, wanted more than 48"),
    "text": (lambda data: b"hello there " * 9, "no .cvimodel: it does not begin with"),
    "onnx": (lambda data: (cvimodels.FOLDER / "network.onnx").read_bytes(), "no .cvimodel"),
    "unknown chip": (replaced(30, b"cv999x"), "made for the chip 'cv999x'"),
    "half": (lambda data: data[: len(data) // 2], "MD5"),
    "half of its header": (lambda data: data[:600], "the file is truncated"),
    "longer header": (longer_body, "behind the file"),
    "bad magic": (replaced(0, b"CviMudel"), "does not begin with 'CviModel'"),
    "version 1.9": (replaced(13, b"\x09"), "version 1.9 of the format"),
    "garbage in its weights": (lambda data: replaced(body_bytes(data) + 60, b"\xaa" * 40)(data), "MD5"),
    "garbage in its header": (replaced(100, b"\xaa" * 40), "MD5"),
    "garbage in its commands": (lambda data: data[:-60] + b"\xaa" * 60, "MD5"),
    "another chip in its header": (replaced(30, b"cv181x"), "two chips, cv181x and cv182x"),
}


@pytest.mark.parametrize("case", BAD_FILES)
def test_a_bad_file_is_an_error_and_no_crash(case: str, tmp_path: Path, cviruntime: Path) -> None:
    change, message = BAD_FILES[case]
    data = change(cvimodels.stored("float32"))
    path = cvimodels.write(tmp_path, data, {**cvimodels.manifest(data), "file": sizes(data)})
    done = cvimodels.process(OPEN, path, FACECAP_CVIRUNTIME=str(cviruntime))
    assert done.returncode == 0, done.stderr
    assert str(path) in done.stdout
    assert message in done.stdout


def sizes(data: bytes) -> dict[str, Any]:
    return {**cvimodels.manifest(data)["file"], "bytes": len(data) or 1}


def test_a_folder_and_nothing_are_errors(tmp_path: Path, cviruntime: Path) -> None:
    (tmp_path / "folder.cvimodel").mkdir()
    with pytest.raises(facecap.ModelError, match="a folder, wanted a model file"):
        open_model(tmp_path / "folder.cvimodel", "classification")
    with pytest.raises(facecap.ModelError, match="No such file"):
        open_model(tmp_path / "none.cvimodel", "classification")


@given(st.data())
def test_any_damage_is_an_error(data: st.DataObject) -> None:
    """A byte that is wrong or an end that is missing, anywhere, is found before the vendor's code sees it."""
    whole = cvimodels.stored(data.draw(st.sampled_from([*VARIANTS, "nv21"])))
    if data.draw(st.booleans()):
        damaged = whole[: data.draw(st.integers(1, len(whole) - 1))]
    else:
        place = data.draw(st.integers(0, len(whole) - 1).filter(lambda at: not 36 < at < 48))
        damaged = replaced(place, bytes([whole[place] ^ data.draw(st.integers(1, 255))]))(whole)
    with pytest.raises(facecap.ModelError):
        open_model((damaged, cvimodels.manifest(damaged)), "classification", runtime="cvimodel")


def test_frames_in_yuv_are_refused() -> None:
    data = cvimodels.stored("nv21")
    with pytest.raises(facecap.ModelError, match="'image_raw' takes frames as YUV_NV21, wanted RGB or BGR"):
        open_model((data, cvimodels.manifest(data, raw=True)), "classification")


SECOND_CHIP = """
import sys
from facecap._model import open_model
from facecap import ModelError
first, _ = open_model(sys.argv[1], "classification")
if sys.argv[3] == "closed":
    del first
try:
    open_model(sys.argv[2], "classification")
except ModelError as error:
    print(error)
"""


@pytest.mark.parametrize("state", ["open", "closed"])
def test_a_second_chip_in_a_process_is_refused(state: str, tmp_path: Path, cviruntime: Path) -> None:
    other = cvimodels.stored("cv181x")
    second = cvimodels.write(tmp_path, other, cvimodels.manifest(other, chip="cv181x"), "second.cvimodel")
    done = cvimodels.process(
        SECOND_CHIP, tiny(tmp_path, "int8"), second, state, FACECAP_CVIRUNTIME=str(cviruntime)
    )
    assert done.returncode == 0, done.stderr
    assert "made for the cv181x, and this process already runs models of the cv182x" in done.stdout


def test_another_chip_is_right_in_a_process_of_its_own(tmp_path: Path, cviruntime: Path) -> None:
    data = cvimodels.stored("cv181x")
    path = cvimodels.write(tmp_path, data, cvimodels.manifest(data, chip="cv181x"))
    code = (
        "import sys, numpy\nfrom facecap._model import open_model\n"
        "model, info = open_model(sys.argv[1], 'classification')\n"
        "print(info['providers'][0], *model.run([numpy.zeros((1, 3, 12, 20), 'float32')])[0][0])"
    )
    done = cvimodels.process(code, path, FACECAP_CVIRUNTIME=str(cviruntime))
    assert done.returncode == 0, done.stderr
    chip, kind, *logits = done.stdout.split()
    assert (chip, kind) == ("cv181x", "simulator")
    wanted = reference(np.full(PLANES, 127.5, np.float32))[0]
    np.testing.assert_allclose([float(x) for x in logits], wanted, atol=0.06)


@pytest.mark.parametrize(
    ("name", "value", "message"),
    [
        ("FACECAP_CVIMODEL_CHIP", "cv181x", "made for the chip cv182x, wanted cv181x"),
        ("FACECAP_CVIMODEL_CHIP", "bm1684", "chip: found 'bm1684', wanted one of: cv180x"),
        ("FACECAP_CVIMODEL_UNCHECKED", "perhaps", "found 'perhaps', wanted true, false, 1 or 0"),
    ],
)
def test_the_environment_may_ask_for_a_chip(
    name: str, value: str, message: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(name, value)
    with pytest.raises((facecap.ModelError, ValueError), match=message):
        open_model(tiny(tmp_path, "int8"), "classification")


def test_the_chip_of_the_environment_is_nothing_to_an_onnx_file(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FACECAP_CVIMODEL_CHIP", "cv181x")
    assert facecap.Detector().info["runtime"] == "onnx"


def test_a_file_without_a_checksum_opens_where_it_is_asked_for(
    tmp_path: Path, cviruntime: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    data = replaced(14, bytes(16))(cvimodels.stored("float32"))
    model = (data, cvimodels.manifest(data))
    with pytest.raises(facecap.ModelError, match="do not have the MD5 that it says"):
        open_model(model, "classification")
    monkeypatch.setenv("FACECAP_CVIMODEL_UNCHECKED", "true")
    opened, _ = open_model(model, "classification")
    np.testing.assert_allclose(
        opened.run([as_input(pixels(), "float32")])[0], reference(pixels()), atol=VARIANTS["float32"][2]
    )


def test_a_missing_runtime_says_how_to_get_it(tmp_path: Path) -> None:
    path = tiny(tmp_path, "int8")
    done = cvimodels.process(OPEN, path, FACECAP_CVIRUNTIME="/nowhere/libcviruntime.so")
    assert done.returncode == 0, done.stderr
    assert "from '/nowhere/libcviruntime.so'" in done.stdout
    assert "python -m facecap.conversion.vendor_wheel" in done.stdout


# A process over time.

OVER_TIME = """
import gc, resource, sys
import numpy
from facecap._model import open_model

def resident():
    with open("/proc/self/statm") as stream:
        return int(stream.read().split()[1]) * resource.getpagesize()

x = numpy.zeros((1, 3, 12, 20), "float32")
for i in range(120):
    model, _ = open_model(sys.argv[1], "classification")
    model.run([x])
    del model
    gc.collect()
    if i == 39:
        before = resident()
print(resident() - before)
"""


def test_memory_stays_flat_over_many_models(tmp_path: Path, cviruntime: Path) -> None:
    done = cvimodels.process(OVER_TIME, tiny(tmp_path, "float32"), FACECAP_CVIRUNTIME=str(cviruntime))
    assert done.returncode == 0, done.stderr
    assert int(done.stdout) < 2_000_000


FORKED = """
import os, sys
import numpy
from facecap._model import open_model
x = numpy.zeros((1, 3, 12, 20), "float32")
kept, _ = open_model(sys.argv[1], "classification")
before = kept.run([x])[0]
child = os.fork()
if child == 0:
    again, _ = open_model(sys.argv[2], "classification")
    again.run([x])
    sys.exit(0)
status = os.waitpid(child, 0)[1]
assert status == 0, status
assert (kept.run([x])[0] == before).all()
"""


def test_a_forked_process_leaves_its_parents_models_alone(tmp_path: Path, cviruntime: Path) -> None:
    paths = [tiny(tmp_path, "int8"), tiny(tmp_path, "float32")]
    done = cvimodels.process(FORKED, *paths, FACECAP_CVIRUNTIME=str(cviruntime))
    assert (done.returncode, done.stdout) == (0, ""), done.stderr


AT_THE_END = """
import sys
import numpy
from facecap._model import open_model
kept, _ = open_model(sys.argv[1], "classification")
kept.run([numpy.zeros((1, 3, 12, 20), "float32")])
sys.modules["kept for ever"] = kept
"""


def test_a_process_ends_well_with_a_model_open(tmp_path: Path, cviruntime: Path) -> None:
    done = cvimodels.process(AT_THE_END, tiny(tmp_path, "int8"), FACECAP_CVIRUNTIME=str(cviruntime))
    assert (done.returncode, done.stdout) == (0, ""), done.stderr
