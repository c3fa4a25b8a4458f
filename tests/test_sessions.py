"""What a session does whatever runtime is behind it.

One suite, on the network of `tests/data/cvimodel` in both formats and on every model that ships.
"""

from __future__ import annotations

import json
import threading
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import cvimodels
import numpy as np
import pytest

import facecap
from facecap import models
from facecap._model import open_model

SHIPPED = sorted(path for path in models.SHIPPED.iterdir() if path.suffix in models.SUFFIXES)
TINY = ["network.onnx", "float32.cvimodel", "int8.cvimodel", "bfloat16.cvimodel", "packed_rgb.cvimodel"]


@dataclass(frozen=True)
class Subject:
    """A model file, its task, and what its manifest says."""

    path: Path
    task: str
    manifest: dict[str, Any]

    @property
    def runtime(self) -> str:
        return "cvimodel" if self.path.suffix == ".cvimodel" else "onnx"

    def open(self) -> Any:
        return open_model(self.path, self.task)[0]

    def picture(self, seed: int) -> np.ndarray[Any, np.dtype[np.float32]]:
        shape = (1, 3, self.manifest["input"]["height"], self.manifest["input"]["width"])
        pixels = np.random.default_rng(seed).integers(0, 256, shape)
        mean, std = (np.reshape(self.manifest["input"][key], (3, 1, 1)) for key in ("mean", "std"))
        return ((pixels - mean) / std).astype(np.float32)


@pytest.fixture(params=[*TINY, *(path.name for path in SHIPPED)])
def subject(request: pytest.FixtureRequest, tmp_path: Path) -> Subject:
    name = request.param
    if name.endswith(".cvimodel"):
        request.getfixturevalue("cviruntime")
    if name not in TINY:
        path = models.SHIPPED / name
        manifest = json.loads(path.with_suffix(".json").read_text())
        return Subject(path, manifest["task"], manifest)
    data = (cvimodels.FOLDER / name).read_bytes()
    chip = "cv182x" if name.endswith(".cvimodel") else None
    manifest = cvimodels.manifest(data, chip=chip, raw=name.startswith("packed"))
    return Subject(cvimodels.write(tmp_path, data, manifest, name), manifest["task"], manifest)


def test_a_session_answers_as_its_manifest_says(subject: Subject, capfd: pytest.CaptureFixture[str]) -> None:
    model, info = open_model(subject.path, subject.task, runtime=subject.runtime)
    ((_, kind, shape),) = model.inputs
    given = subject.picture(0)
    assert kind == "float32"
    assert all(side in (-1, wanted) for side, wanted in zip(shape, given.shape, strict=True))
    answers = model.run([given])
    assert len(answers) == len(model.outputs)
    for answer, (_, kind, shape) in zip(answers, model.outputs, strict=True):
        assert answer.dtype == np.dtype(kind) == np.float32
        assert answer.ndim == len(shape)
        assert np.isfinite(answer).all()
    for output in subject.manifest["outputs"]:
        assert 0 <= model.find_output(output["role"], output.get("stride", 0)) < len(answers)
    assert info["runtime"] == subject.runtime
    assert info["runtime_version"]
    assert info["providers"]
    assert info["path"] == str(subject.path)
    assert capfd.readouterr() == ("", "")


def test_a_session_gives_the_same_again(subject: Subject) -> None:
    """After other pictures, after a refusal, and from bytes in a session of its own."""
    model = subject.open()
    first, second = subject.picture(1), subject.picture(2)
    wanted = model.run([first])
    other = model.run([second])
    assert not all(np.array_equal(a, b) for a, b in zip(wanted, other, strict=True))
    with pytest.raises(facecap.ModelError):
        model.run([first, first])
    from_bytes, info = open_model((subject.path.read_bytes(), subject.manifest), subject.task)
    assert info["path"] is None
    for again in (model.run([first]), from_bytes.run([first])):
        for a, b in zip(again, wanted, strict=True):
            np.testing.assert_array_equal(a, b)


def test_a_session_refuses_other_tensors(subject: Subject) -> None:
    model = subject.open()
    given = subject.picture(0)
    for wrong, message in (
        ([], "found 0 input tensors"),
        ([given] * 2, "found 2 input tensors"),
        ([given[:, :2].copy()], "found the input tensor float32"),
        ([given[0]], "found the input tensor float32"),
        ([given.astype(np.int32)], "found the input tensor int32"),
    ):
        with pytest.raises(facecap.ModelError, match=message):
            model.run(wrong)
    with pytest.raises(TypeError, match="a tensor of float64"):
        model.run([given.astype(np.float64)])
    with pytest.raises(ValueError, match="not C-contiguous"):
        model.run([given[:, :, :, ::-1]])


def test_holders_share_a_session_and_threads_may_run_it(subject: Subject) -> None:
    opened = [subject.open() for _ in range(3)]
    assert len({model.session_id for model in opened}) == 1
    pictures = [subject.picture(seed) for seed in range(3)]
    wanted = [opened[0].run([picture]) for picture in pictures]
    wrong: list[int] = []

    def work(t: int) -> None:
        for _ in range(2):
            answers = opened[t].run([pictures[t]])
            if not all(np.array_equal(a, b) for a, b in zip(answers, wanted[t], strict=True)):
                wrong.append(t)

    threads = [threading.Thread(target=work, args=(t,)) for t in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert wrong == []


def test_a_damaged_file_and_another_manifest_are_refused(subject: Subject, tmp_path: Path) -> None:
    data = subject.path.read_bytes()
    folder = tmp_path / "damaged"
    folder.mkdir()
    for damaged, message in (
        (data[:-20], "the file is truncated or another one"),
        (data + b"\0", "another file"),
        (data[:-1] + bytes([data[-1] ^ 1]), "found the sha256"),
    ):
        path = cvimodels.write(folder, damaged, subject.manifest, subject.path.name)
        with pytest.raises(facecap.ModelError, match=message):
            open_model(path, subject.task)
    if subject.manifest["input"]["fit"] == "fixed":
        wider = {**subject.manifest["input"], "width": subject.manifest["input"]["width"] + 32}
        with pytest.raises(facecap.ModelError, match="the manifest wants one input"):
            open_model((data, {**subject.manifest, "input": wider}), subject.task)
    with pytest.raises(facecap.ModelError, match="wanted face_embedding"):
        open_model(subject.path, "face_embedding")
