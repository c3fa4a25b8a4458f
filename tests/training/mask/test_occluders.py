"""Real things over faces: how they are cut out of labelled photographs and how they are laid on a face."""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np
import pytest

scipy_io = pytest.importorskip("scipy.io")

from facecap.training.mask.draw import TEMPLATE  # noqa: E402
from facecap.training.mask.occlude import occlude  # noqa: E402
from facecap.training.mask.occluders import Occluder, read_occluders, write_occluders  # noqa: E402
from facecap.training.run import TrainingError  # noqa: E402

NAMES = ("null", "skin", "scarf", "bag", "jeans")
FACE, ARM, SCARF, JEANS = ((90, 10), (20, 120), (70, 62), (80, 200))  # left, top of 40 px squares


def write_photographs(folder: Path, numbers: tuple[int, ...]) -> None:
    (folder / "photos").mkdir(parents=True)
    (folder / "annotations" / "pixel-level").mkdir(parents=True)
    names = np.empty((1, len(NAMES)), object)
    names[0] = [np.array([name]) for name in NAMES]
    scipy_io.savemat(folder / "label_list.mat", {"label_list": names})
    labels = np.zeros((300, 200), np.uint8)
    for (left, top), name in ((FACE, "skin"), (ARM, "skin"), (SCARF, "scarf"), (JEANS, "jeans")):
        labels[top : top + 40, left : left + 40] = NAMES.index(name)
    image = np.zeros((300, 200, 3), np.uint8)
    image[labels == NAMES.index("scarf")] = (10, 20, 200)
    for number in numbers:
        cv2.imwrite(str(folder / "photos" / f"{number:04d}.jpg"), image)
        scipy_io.savemat(
            folder / "annotations" / "pixel-level" / f"{number:04d}.mat", {"groundtruth": labels}
        )


def test_cuts_out_things_but_no_faces_and_keeps_photographs_apart(tmp_path: Path) -> None:
    write_photographs(tmp_path / "photos", (1, 2, 4))
    assert write_occluders(tmp_path / "photos", tmp_path / "out") == 6
    things = read_occluders(tmp_path / "out", "train")
    assert sorted(thing.kind for thing in things) == ["scarf", "scarf", "skin", "skin"]
    scarf = next(thing for thing in things if thing.kind == "scarf").pixels
    assert scarf.shape == (40, 40, 4)
    assert scarf[20, 20, 0] > 150 and scarf[20, 20, 3] == 255, "RGB, opaque inside"
    assert len(read_occluders(tmp_path / "out", "val")) == 2


def test_says_what_is_not_there(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(TrainingError, match="pixel-level"):
        write_occluders(tmp_path, tmp_path / "out")
    with pytest.raises(TrainingError, match="mask-occluders"):
        read_occluders(tmp_path, "train")
    write_photographs(tmp_path / "photos", (1, 2))
    (tmp_path / "photos" / "photos" / "0001.jpg").write_bytes(b"damaged")
    assert write_occluders(tmp_path / "photos", tmp_path / "out") == 2
    (tmp_path / "photos" / "annotations" / "pixel-level" / "0002.mat").write_bytes(b"damaged")
    assert write_occluders(tmp_path / "photos", tmp_path / "none") == 0
    assert "skipped 0002: 0002.mat is damaged" in capsys.readouterr().err


def test_a_cut_out_that_cannot_be_written_ends_the_run_and_is_named(tmp_path: Path) -> None:
    write_photographs(tmp_path / "photos", (1,))
    name = tmp_path / "out" / "train" / "skin_0001_0.png"
    name.mkdir(parents=True)
    with pytest.raises(OSError, match=r"skin_0001_0\.png"):
        write_occluders(tmp_path / "photos", tmp_path / "out")
    assert [path.name for path in name.parent.iterdir()] == [name.name]


def test_covers_the_mouth_or_keeps_low() -> None:
    thing = Occluder("bag", np.full((60, 40, 4), 255, np.uint8))
    rng = np.random.default_rng(1)
    mouth_hidden = nose_seen_below = 0
    for _ in range(50):
        face = np.full((160, 160, 3), 90, np.uint8)
        landmarks = (TEMPLATE + 24).astype(np.float32)
        occlude(face, landmarks, thing, rng)
        x, y = landmarks[3:].mean(0).astype(int)
        mouth_hidden += int(face[y, x, 0] != 90)
        assert (face == 90).any(), "some of the face stays in sight"
        face[:] = 90
        occlude(face, landmarks, thing, rng, low=True)
        x, y = landmarks[2].astype(int)
        nose_seen_below += int((face[y, x] == 90).all())
    assert mouth_hidden >= 45 and nose_seen_below >= 45


def test_skin_takes_the_tone_of_the_face() -> None:
    pale = Occluder(
        "skin", np.dstack([np.full((50, 50, 3), 220, np.uint8), np.full((50, 50), 255, np.uint8)])
    )
    rng = np.random.default_rng(2)
    landmarks = (TEMPLATE + 24).astype(np.float32)
    means = {}
    for tone in (60, 200):
        laid = []
        for _ in range(20):
            face = np.full((160, 160, 3), tone, np.uint8)
            occlude(face, landmarks, pale, rng)
            laid.append(float(face[face[..., 0] != tone].mean()))
        means[tone] = np.mean(laid)
    assert means[60] < 140 < 170 < means[200]
