"""Layouts of a classifier's data besides a folder a class: lists of labels, CIFAR-10; what is not used."""

from __future__ import annotations

import numpy as np
import pytest
from class_folder import COLOURS, write_class_folder

from facecap.errors import FacecapError
from facecap.evaluation.classifier.image_folder import FolderError
from facecap.evaluation.classifier.parts import read_measured, read_part
from facecap.training.classifier.data import read_split


def write_cifar(folder, counts=(3, 2, 4), names=("blue", "green", "red")):
    """Two batches to train and one to test, of pictures of one colour each; RGB planes."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "batches.meta.txt").write_text("\n".join(names) + "\n\n")
    for file, count in zip(("data_batch_1.bin", "data_batch_2.bin", "test_batch.bin"), counts, strict=True):
        records = []
        for number in range(count):
            label = number % len(names)
            planes = np.repeat(np.array(COLOURS[names[label]][::-1], np.uint8), 32 * 32)
            records.append(bytes([label]) + planes.tobytes())
        (folder / file).write_bytes(b"".join(records))
    return folder


def test_cifar_is_read_from_its_binary_batches(tmp_path):
    split = read_split(write_cifar(tmp_path), seed=0)
    assert split.classes == ["blue", "green", "red"]
    assert [item.label for item in split.train] == [0, 1, 2, 0, 1]
    assert [item.label for item in split.val] == [0, 1, 2, 0] and not split.drawn
    for item in (*split.train, *split.val):
        bgr = COLOURS[split.classes[item.label]]
        assert (item.read() == bgr).all() and (item.rgb() == bgr[::-1]).all()
        assert item.read().shape == (32, 32, 3)
    assert read_measured(tmp_path).items == split.val


def test_damaged_files_of_cifar_are_refused(tmp_path):
    batch = write_cifar(tmp_path) / "data_batch_2.bin"
    batch.write_bytes(batch.read_bytes()[:-1])
    with pytest.raises(FolderError, match=r"data_batch_2.bin: 6145 bytes, wanted whole records of 3073"):
        read_part(tmp_path, "train")
    batch.write_bytes(bytes([7]) + bytes(3072))
    with pytest.raises(FolderError, match=r"label 7, but batches.meta.txt names 3 classes"):
        read_part(tmp_path, "train")
    (tmp_path / "test_batch.bin").unlink()
    with pytest.raises(FolderError, match=r"no test_batch.bin; wanted the binary version of CIFAR-10"):
        read_part(tmp_path, "val")


def write_flat(data, lines):
    for number, (name, count) in enumerate((("red", 2), ("blue", 2))):
        write_class_folder(data / "made", {name: count}, seed=number)
        for path in sorted((data / "made" / name).iterdir()):
            (data / "val").mkdir(exist_ok=True)
            path.rename(data / "val" / f"{name}_{path.name}")
        (data / "made" / name).rmdir()
    (data / "made").rmdir()
    (data / "val_label.txt").write_text(lines)
    return data


LISTED = "red_00.png 1\nblue_00.png 0\n\nred_01.png 1\n"


@pytest.mark.parametrize("mark", ["", "\ufeff"])
def test_a_flat_folder_has_its_labels_in_a_list(tmp_path, capsys, mark):
    val = read_measured(write_flat(tmp_path, mark + LISTED))
    assert val.classes == []
    assert [(item.path.name, item.label) for item in val.items] == [
        ("red_00.png", 1),
        ("blue_00.png", 0),
        ("red_01.png", 1),
    ]
    assert f"{tmp_path / 'val'}: not used: 1 file .png" in capsys.readouterr().err, "which no line names"


def test_numbers_of_a_list_count_the_folders_of_train(tmp_path):
    write_class_folder(tmp_path / "train", {"blue": 2, "red": 2})
    write_flat(tmp_path, LISTED)
    split = read_split(tmp_path, seed=0)
    assert split.classes == ["blue", "red"] and len(split.train) == 4 and len(split.val) == 3
    (tmp_path / "val_label.txt").write_text("red_00.png 2\n")
    with pytest.raises(FacecapError, match=r"val/ has the label 2, train/ 2 classes, counted from 0"):
        read_split(tmp_path, seed=0)


@pytest.mark.parametrize(
    ("lines", "message"),
    [
        ("red_00.png\n", r"txt:1: wanted a picture's name and the number of its class, found 'red_00.png'"),
        ("red_00.png 1\nother.png 0\n", r"txt:2: 'other.png' is no picture of"),
        ("red_00.png 1\nred_00.png 1\n", "or came before"),
        ("\n", "found no line"),
    ],
)
def test_a_list_of_another_form_is_refused_with_its_line(tmp_path, lines, message):
    with pytest.raises(FolderError, match=message):
        read_measured(write_flat(tmp_path, lines))


def test_a_flat_folder_without_a_list_is_refused_with_what_is_wanted(tmp_path):
    write_flat(tmp_path, LISTED)
    (tmp_path / "val_label.txt").unlink()
    with pytest.raises(
        FolderError, match=r"found no sub-folder; wanted one a class, or val_label.txt beside it"
    ):
        read_measured(tmp_path)


def test_what_is_not_used_is_named_once_with_its_count(tmp_path, capsys):
    for part in ("train", "val", "validation_preprocess"):
        write_class_folder(tmp_path / part, {"blue": 2, "red": 2})
    (tmp_path / "train" / "red" / "nested").mkdir()
    for name in ("a.gif", "b.GIF", "notes.txt", "nested/c.png"):
        (tmp_path / "train" / "red" / name).write_bytes(b"")
    for _ in range(2):
        read_split(tmp_path, seed=0)
    assert capsys.readouterr().err.splitlines() == [
        f"facecap: {tmp_path}: not used: the folder validation_preprocess/ with 4 files",
        f"facecap: {tmp_path / 'train'}: not used: 2 files .gif, 1 file .txt, "
        "the folder red/nested/ with 1 file",
    ]
