"""Pictures in one folder a class: what is listed, what is refused, and the cut of the centre."""

from __future__ import annotations

import numpy as np
import pytest
from class_folder import write_class_folder
from hypothesis import given
from hypothesis import strategies as st

from facecap.evaluation.classifier.image_folder import FolderError, centre_crop, read_folder
from facecap.evaluation.classifier.top_k import hits, ranks, top_k


def test_classes_and_pictures_come_by_name(tmp_path):
    write_class_folder(tmp_path, {"red": 2, "blue": 1, "green": 1})
    (tmp_path / "notes.txt").write_text("no picture")
    (tmp_path / "red" / "list.txt").write_text("no picture")
    (tmp_path / ".cache").mkdir()
    folder = read_folder(tmp_path)
    assert folder.classes == ["blue", "green", "red"]
    assert [(item.path.name, item.label) for item in folder.items] == [
        *[("00.png", 0), ("00.png", 1), ("00.png", 2), ("01.png", 2)]
    ]


def test_a_folder_of_another_shape_is_refused_with_what_was_found(tmp_path):
    with pytest.raises(FolderError, match="no such folder"):
        read_folder(tmp_path / "absent")
    (tmp_path / "a.jpg").write_bytes(b"")
    with pytest.raises(FolderError, match="found 1 files and no sub-folder; wanted two or more sub-folders"):
        read_folder(tmp_path)
    write_class_folder(tmp_path, {"red": 1})
    with pytest.raises(FolderError, match="found the one class 'red'"):
        read_folder(tmp_path)
    (tmp_path / "void").mkdir()
    with pytest.raises(FolderError, match=r"found no picture \(.jpg .* in 'void'"):
        read_folder(tmp_path)


def test_the_centre_of_256_is_cut_to_224():
    image = np.zeros((512, 1024, 3), np.uint8)
    image[:, 512:] = 255
    crop = centre_crop(image, 224, 224)
    assert crop.shape == (224, 224, 3)
    assert (crop[:, :111] == 0).all() and (crop[:, 113:] == 255).all()
    lines = np.zeros((256, 256, 3), np.uint8)
    lines[16, :] = lines[239, :] = 255
    crop = centre_crop(lines, 224, 224)
    assert (crop[0] == 255).all() and (crop[-1] == 255).all() and (crop[1:-1] == 0).all()


@given(st.tuples(*[st.integers(1, 300)] * 2), st.tuples(*[st.integers(1, 64)] * 2))
def test_any_picture_can_be_cut(shape, size):
    crop = centre_crop(np.full((*shape, 3), 7, np.uint8), *size)
    assert crop.shape == (size[1], size[0], 3)
    assert (crop == 7).all()


def test_top_k_counts_the_right_class_among_the_first():
    logits = np.array([[3, 2, 1], [3, 2, 1], [1, 1, 1], [1, 1, 1], [np.nan, 0, 0]], np.float32)
    labels = np.array([0, 1, 0, 2, 0])
    assert hits(logits, labels, 1).tolist() == [True, False, True, False, False]
    assert ranks(logits, labels).tolist() == [1, 2, 1, 3, 4]  # of equal ones the first, nan behind all
    assert hits(logits, labels, 2).tolist() == [True, True, True, False, False]
    assert top_k(logits[:4], labels[:4], 3) == 1.0


@given(st.integers(0, 1000), st.integers(1, 6))
def test_top_k_is_the_place_in_the_order(seed, k):
    rng = np.random.default_rng(seed)
    logits, labels = rng.permuted(np.arange(24, dtype=np.float32).reshape(4, 6)), rng.integers(0, 6, 4)
    first = np.argsort(-logits, axis=1)[:, :k]
    assert hits(logits, labels, k).tolist() == [
        label in row for label, row in zip(labels, first, strict=True)
    ]
