"""The registry, the `model=` argument, and the schema of manifests beside the parser of the core."""

from __future__ import annotations

import copy
import json
import os
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import jsonschema
import pytest
import scripted
import tiny_models as tiny
from hypothesis import given, settings
from hypothesis import strategies as st

import facecap
from facecap import _core, _registry, models
from facecap._model import open_model

ROOT = Path(__file__).resolve().parent.parent


@pytest.fixture
def user_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    folder = tmp_path / "models"
    folder.mkdir()
    monkeypatch.setenv("FACECAP_MODELS", str(folder))
    return folder


def test_a_model_is_found_by_the_name_in_its_manifest(user_folder: Path) -> None:
    path = tiny.write_mask(user_folder, stem="some_file")
    assert models.find("tiny-mask").path == path
    assert open_model("tiny-mask", "mask")[1]["path"] == str(path)
    assert "tiny-mask" in [model.name for model in models.list_models()]


def test_names_of_the_user_hide_names_of_the_package(
    user_folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    shipped = tmp_path / "shipped"
    shipped.mkdir()
    monkeypatch.setattr(_registry, "SHIPPED", shipped)
    tiny.write_mask(shipped)
    assert models.find("tiny-mask").path.parent == shipped
    tiny.write_mask(user_folder)
    assert models.find("tiny-mask").path.parent == user_folder


def test_a_broken_manifest_hides_no_other_model(user_folder: Path) -> None:
    tiny.write_mask(user_folder)
    tiny.write(user_folder, b"\x08\x08", "{", stem="broken")
    tiny.write(user_folder, b"\x08\x08", None, stem="lonely")
    listed = {model.name: model for model in models.list_models()}
    assert listed["tiny-mask"].problem is None
    assert "not a JSON text" in (listed["broken"].problem or "")
    assert "needs its manifest" in (listed["lonely"].problem or "")
    with pytest.raises(facecap.ModelError, match="not a JSON text"):
        open_model("broken", "mask")


def test_an_unknown_name_lists_the_known_ones(user_folder: Path) -> None:
    tiny.write_mask(user_folder)
    with pytest.raises(facecap.ModelError, match=r"no model 'tiny': .*registered are: .*tiny-mask"):
        open_model("tiny", "mask")


def test_a_folder_that_is_not_there(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("FACECAP_MODELS", str(tmp_path / "none"))
    with pytest.raises(facecap.ModelError, match=r"FACECAP_MODELS: .*none is not a folder"):
        models.list_models()


def test_what_a_model_argument_may_be(user_folder: Path, tmp_path: Path) -> None:
    data = tiny.classifier(side=9).SerializeToString()
    manifest = tiny.mask_manifest(data, side=9)
    with pytest.raises(facecap.ModelError, match=f"{len(data)} bytes is none of the registered ones"):
        open_model(data, "mask")
    model, info = open_model((data, manifest), "mask")
    assert info["path"] is None
    assert info["input_size"] == (9, 9)
    path = tiny.write(user_folder, data, manifest)
    assert open_model(data, "mask")[0].session_id == model.session_id
    for argument in (path, str(path)):
        assert open_model(argument, "mask")[1]["path"] == str(path)
    wrong: Any
    for wrong in (3, [], (data,), (data, "{}"), ("x", {})):
        with pytest.raises(
            TypeError, match=r"wanted a path, a registry name, bytes, \(bytes, dict\) or None"
        ):
            open_model(wrong, "mask")
    with pytest.raises(facecap.ModelError, match="no model for face_embedding ships"):
        open_model(None, "face_embedding")


def test_names_of_files_are_unicode(tmp_path: Path) -> None:
    path = tiny.write_mask(tmp_path, stem="größe 口罩")
    assert open_model(path, "mask")[1]["path"] == str(path)
    with pytest.raises(facecap.ModelError, match="a file name that is no UTF-8"):
        open_model(os.fsdecode(os.fsencode(tmp_path) + b"/\xff.onnx"), "mask")
    with pytest.raises(facecap.ModelError, match="it has a NUL byte"):
        open_model(f"{path}\0.onnx", "mask")


def test_verify_reads_the_bytes_again(tmp_path: Path) -> None:
    path = tiny.write_mask(tmp_path)
    held, _ = open_model(path, "mask")
    assert models.verify(path)["name"] == "tiny-mask"
    data = bytearray(path.read_bytes())
    data[-1] ^= 1
    before = path.stat()
    path.write_bytes(data)
    os.utime(path, ns=(before.st_atime_ns, before.st_mtime_ns))
    with pytest.raises(facecap.ModelError, match="found the sha256"):
        models.verify(path)
    del held


SHIPPED_FILES = sorted(name for name in models.DEFAULTS.values() if (models.SHIPPED / name).exists())


def test_a_detector_and_a_mask_classifier_ship() -> None:
    assert {models.DEFAULTS["face_detection"], models.DEFAULTS["mask"]} <= set(SHIPPED_FILES)


@pytest.mark.parametrize("name", SHIPPED_FILES)
def test_models_that_ship_are_whole(name: str) -> None:
    path = models.SHIPPED / name
    manifest = models.verify(path)
    jsonschema.validate(manifest, SCHEMA)
    assert models.default(manifest["task"]).path == path
    assert models.find(manifest["name"]).default


def test_a_refiner_ships_where_its_file_is_there(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(_registry, "SHIPPED", tmp_path)
    assert not models.ships_refiner()
    with pytest.raises(facecap.ModelError, match="no model for face_refinement ships"):
        facecap.Refiner()
    scripted.refiner(tmp_path)
    assert models.ships_refiner()
    assert facecap.Refiner().info["manifest"]["name"] == "refiner"
    assert models.find("refiner").default


# The schema and the core read manifests alike.

SCHEMA = json.loads((models.SHIPPED / "manifest.schema.json").read_text())
VALIDATOR = jsonschema.Draft202012Validator(SCHEMA)
DATA = b"model"
MANIFESTS = [
    tiny.mask_manifest(DATA),
    {**tiny.mask_manifest(DATA, output="softmax"), "chip": "cv182x"},
    tiny.classification_manifest(DATA, ["cat", "dog", "mask"]),
    tiny.refiner_manifest(DATA),
    tiny.detector_manifest(DATA, form="concatenated"),
    *(tiny.detector_manifest(DATA, family=family) for family in tiny.FAMILIES),
    {
        **tiny.embedder_manifest(DATA, 128),
        "training": {"data": ["a"], "seed": 0, "more": None},
        "conversion": {"precision": "int8", "source": {}},
        "figures": [{"measure": "AP", "dataset": "val", "value": 0.5, "command": "facecap eval mask"}],
    },
]


def accepted_by_core(manifest: Any) -> bool:
    try:
        _core.parse_manifest(json.dumps(manifest), "manifest")
    except facecap.ModelError:
        return False
    return True


def goes_together(manifest: dict[str, Any]) -> bool:
    """The rules of the core that a schema has no words for."""
    if manifest["task"] == "mask":
        low, high = manifest["classifier"]["unknown"]
        return bool(low <= high)
    if manifest["task"] == "face_detection":
        detector = manifest["detector"]
        strides = detector["strides"]
        levels = sorted(output.get("stride", 0) for output in manifest["outputs"])
        return bool(
            strides == sorted(set(strides))
            and len(detector.get("min_sizes", strides)) == len(strides)
            and (detector["form"] == "concatenated" or levels == strides)
        )
    return True


def places(value: Any, path: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    """The path of every value within a JSON value."""
    yield path
    children = (
        value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    )
    for key, child in children:
        yield from places(child, (*path, key))


WORDS = [
    "",
    "mask",
    "softmax",
    "boxes",
    "face",
    "blur",
    "level",
    "levels",
    "retinaface",
    "yunet",
    "scrfd",
    "native",
    "bgr",
    "face_detection",
    "face_refinement",
    "classification",
    "a" * 64,
    "A" * 64,
]
ADDED = ["stride", "multiple", "extra", "detector", "figures", "family", "anchors"]
VALUES = (
    st.sampled_from([*WORDS, 0, 1, 1.0, -1, 0.5, 8, 16, 1e-7, 8192, 8193, 1e300, 2**53, True, False, None])
    | st.integers(-(10**6), 10**6)
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(max_size=5)
    | st.lists(st.sampled_from([0, 0.2, 0.9, 8, 16, "mask", "no_mask"]), max_size=3)
    | st.just({})
)


@st.composite
def mutated(draw: st.DrawFn) -> Any:
    """A manifest with some values replaced, removed, added or doubled."""
    manifest = copy.deepcopy(draw(st.sampled_from(MANIFESTS)))
    for _ in range(draw(st.integers(1, 2))):
        path = draw(st.sampled_from([place for place in places(manifest) if place]))
        parent = manifest
        for key in path[:-1]:
            parent = parent[key]
        change = draw(st.sampled_from(["replace", "replace", "remove", "add"]))
        if change == "replace":
            parent[path[-1]] = draw(VALUES)
        elif change == "remove":
            del parent[path[-1]]
        elif isinstance(parent, list):
            parent.append(copy.deepcopy(parent[path[-1]]))
        else:
            key = draw(st.sampled_from(ADDED))
            parent[key] = draw(VALUES)
    return manifest


@pytest.mark.parametrize("manifest", MANIFESTS, ids=lambda manifest: manifest["name"])
def test_schema_and_core_accept_a_good_manifest(manifest: dict[str, Any]) -> None:
    VALIDATOR.validate(manifest)
    assert accepted_by_core(manifest)


@settings(max_examples=600, deadline=None)
@given(mutated())
def test_schema_and_core_refuse_the_same_manifests(manifest: Any) -> None:
    valid = VALIDATOR.is_valid(manifest)
    assert accepted_by_core(manifest) == (valid and goes_together(manifest))


def test_the_schema_is_made_from_the_rules_of_the_core() -> None:
    sys.path.insert(0, str(ROOT / "tools"))
    try:
        from write_schema import PATH, document
    finally:
        sys.path.pop(0)
    assert PATH.read_text(encoding="utf-8") == document(), "run: make schema"


def test_int8_is_the_file_beside_the_model() -> None:
    for name in ("yunet-n", "retinaface-mobilenet0.25"):
        plain, int8 = facecap.Detector(name), facecap.Detector(name, precision="int8")
        assert (plain.info["precision"], int8.info["precision"]) == ("float32", "int8")
        assert int8.info["manifest"]["conversion"]["source"] == {
            "name": name,
            "sha256": plain.info["manifest"]["file"]["sha256"],
        }
    assert facecap.Detector(precision="int8").info["manifest"]["name"] == "yunet-n-int8"


def test_int8_finds_the_faces_that_float_finds() -> None:
    from facecap.demo.portrait import photograph

    photo = photograph()
    for name in ("yunet-n", "retinaface-mobilenet0.25"):
        plain, int8 = (
            facecap.Detector(name, precision=way, score_threshold=0.9).detect(photo)
            for way in ("float32", "int8")
        )
        assert len(plain) == len(int8) == 1
        width = plain.boxes[0, 2] - plain.boxes[0, 0]
        assert abs(plain.boxes - int8.boxes).max() < 0.05 * width


def test_a_model_without_int8_says_how_it_is_made(tmp_path: Path) -> None:
    path = scripted.detector(tmp_path)
    with pytest.raises(facecap.ModelError, match=r"_int8\.onnx: no int8 .* `facecap convert int8 "):
        facecap.Detector(path, precision="int8")
    with pytest.raises(facecap.ModelError, match="a model given as bytes has no other file"):
        facecap.Detector((models.SHIPPED / "detector_yunet.onnx").read_bytes(), precision="int8")
    with pytest.raises(ValueError, match="precision is 'int4', wanted one of: float32, int8"):
        facecap.Detector(precision="int4")
