"""How often collections are drawn for a detector's training, and what of them is refused or named."""

from __future__ import annotations

import json
from pathlib import Path

import cv2
import numpy as np
import pytest

from facecap.training.detector.data import load_sources, read_pictures
from facecap.training.run import TrainingError


@pytest.fixture
def photos(tmp_path: Path) -> Path:
    """Two collections of 60 pictures without faces, `street` and `garden`; one of `garden` is damaged."""
    for name in ("street", "garden"):
        folder = tmp_path / "photos" / name
        folder.mkdir(parents=True)
        for index in range(60):
            cv2.imwrite(str(folder / f"{index}.png"), np.full((32, 32, 3), index, np.uint8))
        entries = [{"file": f"{index}.png", "faces": []} for index in range(60)]
        folder.with_suffix(".json").write_text(json.dumps(entries))
    (tmp_path / "photos" / "garden" / "7.png").write_bytes(b"nothing")
    return tmp_path / "photos"


def by_name(photos: Path) -> dict:
    return {source.name: source for source in load_sources(photos.parent, photos)}


def test_without_a_file_known_collections_have_their_shares(photos: Path) -> None:
    found = by_name(photos)
    assert found["street"].weight == 0.06 and not found["street"].held_out
    assert found["garden"].weight == 0.05 and 0 < len(found["garden"].held_out) < 20


def test_a_file_says_how_often_and_whether_some_are_held_out(photos: Path) -> None:
    text = '{"street": {"share": 0.5}, "garden": {"held_out": false}}'
    (photos / "shares.json").write_text(text, encoding="utf-8-sig")
    found = by_name(photos)
    assert found["street"].weight == 0.5 and found["street"].held_out
    assert found["garden"].weight == 0.05 and not found["garden"].held_out


@pytest.mark.parametrize(
    "text",
    [
        *('{"street": 0.5}', '["street"]', '{"street": {"chance": 1}}', "{"),
        *('{"street": {"share": 0}}', '{"street": {"share": "1"}}', '{"street": {"held_out": 1}}'),
    ],
)
def test_a_file_of_another_form_is_refused(photos: Path, text: str) -> None:
    (photos / "shares.json").write_text(text)
    with pytest.raises(TrainingError, match=r"shares\.json: .*wanted"):
        load_sources(photos.parent, photos)


def test_what_cannot_be_used_is_named(photos: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (photos / "street.json").unlink()
    (garden,) = read_pictures(load_sources(photos.parent, photos))
    assert len(garden.train) + len(garden.held_out) == 59
    said = capsys.readouterr().err
    assert f"skipped {photos / 'garden' / '7.png'}" in said
    assert "there is no street.json beside it" in said


def test_a_dataset_in_another_shape_is_refused(photos: Path) -> None:
    with pytest.raises(TrainingError, match="nowhere: no such folder"):
        load_sources(photos.parent, photos / "nowhere")
    (photos / "garden.json").write_text('[{"file": "1.png"}]')
    with pytest.raises(TrainingError, match=r"garden\.json is not in the expected form: KeyError\('faces'\)"):
        load_sources(photos.parent, photos)
