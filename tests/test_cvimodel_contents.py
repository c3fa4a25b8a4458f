"""What a `.cvimodel` says of itself, read without its manifest and without the vendor's runtime."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path
from typing import Any

import cvimodels
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from facecap import models
from facecap.errors import ModelError

SHIPPED = sorted(models.SHIPPED.glob("*.cvimodel"))


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where a file is written again and again."""
    return tmp_path_factory.mktemp("contents") / "some.cvimodel"


def contents(place: Path, data: bytes) -> dict[str, Any]:
    place.write_bytes(data)
    return models.cvimodel_contents(place)


@pytest.mark.parametrize("path", SHIPPED, ids=lambda path: str(path.stem))
def test_a_shipped_model_needs_the_memory_that_the_vendors_tool_says(path: Path) -> None:
    manifest = json.loads(path.with_suffix(".json").read_text())
    found = models.cvimodel_contents(path)
    assert round(found["ion_bytes"] / 2**20, 2) == manifest["conversion"]["ion_megabytes"]
    assert found["chip"] == manifest["chip"]
    assert found["bytes"] == manifest["file"]["bytes"]
    assert found["toolchain"].startswith("v1.30.2")
    assert [one["kind"] for one in found["sections"]][:2] == ["weights", "commands"]
    tensors = {one["name"]: one for one in found["tensors"]}
    (taken,) = found["inputs"]
    assert tensors[taken]["shape"] == [1, 3, manifest["input"]["height"], manifest["input"]["width"]]
    assert len(found["outputs"]) == len(manifest["outputs"])
    assert set(found["outputs"]) <= tensors.keys()


def test_types_scales_and_pixels_are_those_of_the_file(place: Path) -> None:
    whole = cvimodels.stored("int8")
    found = contents(place, whole)
    (image,) = (one for one in found["tensors"] if one["name"] == found["inputs"][0])
    assert (image["type"], image["pixels"], image["aligned"]) == ("int8", None, False)
    assert image["scale"] == pytest.approx(127, rel=0.01)  # of values up to 1
    assert found["md5"] == hashlib.md5(whole[48:]).hexdigest() and found["md5_fits"]
    found = contents(place, cvimodels.stored("packed_rgb_aligned"))
    (image,) = (one for one in found["tensors"] if one["name"] == found["inputs"][0])
    assert (image["type"], image["pixels"], image["aligned"]) == ("uint8", "RGB_PACKED", True)
    assert image["shape"] == [1, cvimodels.HEIGHT, cvimodels.WIDTH, 3]


@settings(max_examples=200)
@given(data=st.data())
def test_a_file_that_was_cut_short_gives_a_sentence(data: st.DataObject, place: Path) -> None:
    whole = cvimodels.stored(data.draw(st.sampled_from(["int8", "float32", "packed_rgb"])))
    kept = data.draw(st.integers(0, len(whole) - 1))
    with pytest.raises(ModelError, match=r"some\.cvimodel: .{10}"):
        contents(place, whole[:kept])


@settings(max_examples=200)
@given(data=st.data())
def test_a_file_without_a_checksum_is_described_or_refused_in_a_sentence(
    data: st.DataObject, place: Path
) -> None:
    """Whatever of the header is damaged: the MD5 does not help here."""
    whole = bytearray(cvimodels.stored("int8"))
    for at in data.draw(st.lists(st.integers(8, 1500), min_size=1, max_size=4)):
        whole[at] = data.draw(st.integers(0, 255))
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("FACECAP_CVIMODEL_UNCHECKED", "1")
        try:
            found = contents(place, bytes(whole))
        except ModelError as error:
            assert "some.cvimodel: " in str(error)
        else:
            assert found["bytes"] == len(whole) and found["tensors"]


def test_a_checksum_that_does_not_fit_is_said(place: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    whole = bytearray(cvimodels.stored("int8"))
    whole[-1] ^= 1
    with pytest.raises(ModelError, match="do not have the MD5 that it says"):
        contents(place, bytes(whole))
    monkeypatch.setenv("FACECAP_CVIMODEL_UNCHECKED", "1")
    assert not contents(place, bytes(whole))["md5_fits"]
