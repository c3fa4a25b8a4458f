import json
from dataclasses import replace

import numpy as np
import pytest
from face_folder import BOX, write_face_folder

from facecap.training.mask.data import (
    describe,
    face_box,
    load_patch,
    read_faces,
    read_more,
    tight_box,
    weights,
)
from facecap.training.mask.patches import Patches
from facecap.training.run import TrainingError


@pytest.fixture
def data(tmp_path):
    return write_face_folder(tmp_path)


def test_reads_only_the_asked_split(data):
    train, val = read_faces(data, "train"), read_faces(data, "val")
    assert {face.path.name.split("_")[0] for face in train} == {"train"}
    assert {face.path.name.split("_")[0] for face in val} == {"val"}
    assert describe(train) == {"fddb bare": 4, "mask bare": 12, "mask mask": 12}


def test_only_faces_that_the_labeller_is_sure_of_come_from_rmfd(data):
    folder = data / "detect/rmfd"
    folder.mkdir()
    faces = [{"box": BOX, "landmarks": None, "label": label} for label in ("mask", None)]
    photo = {"file": "a.png", "split": "train", "group": "g", "faces": faces}
    (folder / "annotations.json").write_text(json.dumps([photo]))
    chosen = [face for face in read_faces(data, "train") if face.source == "rmfd"]
    assert [face.masked for face in chosen] == [True]


def test_a_damaged_picture_is_named_and_skipped(data, capsys):
    face = next(face for face in read_faces(data, "train") if face.source == "mask")
    face.path.write_bytes(face.path.read_bytes()[:400])
    assert load_patch(face) is None
    assert str(face.path) in capsys.readouterr().err
    patches = Patches(read_faces(data, "train"), megabytes=1)
    assert len(patches.readable()) == 27


def test_a_folder_of_another_shape_is_refused_with_what_was_found(tmp_path):
    (tmp_path / "pictures").mkdir()
    with pytest.raises(TrainingError, match=r"no mask/index.csv \(found: \['pictures'\]\)"):
        read_faces(tmp_path, "train")


def further(folder, label="with_mask"):
    """A folder of `train mask-faces` with a face for each split."""
    folder.mkdir()
    rows = [f"{split}.png,{label},g{split},{split},{','.join(map(str, BOX))}" for split in ("train", "val")]
    (folder / "index.csv").write_text("\n".join(["file,label,group,split,x1,y1,x2,y2", *rows]) + "\n")
    return folder


def test_further_folders_are_sources_by_their_names(tmp_path):
    more = [further(tmp_path / "hands", "without_mask"), further(tmp_path / "caps")]
    faces = [face for found in read_more(more, "train").values() for face in found]
    assert [(face.source, face.masked) for face in faces] == [("hands", False), ("caps", True)]
    assert faces[-1].path == tmp_path / "caps" / "train.png"


def test_masks_worn_wrongly_are_neither_masked_nor_a_label_of_the_pack(data, tmp_path):
    [face] = read_more([further(tmp_path / "wrong", "incorrect")], "val")["wrong"]
    assert face.incorrect and not face.masked
    index = data / "mask/index.csv"
    index.write_text(index.read_text().replace("with_mask,g", "incorrect,g"))
    with pytest.raises(TrainingError, match="label 'incorrect', wanted one of"):
        read_faces(data, "train")


def test_a_further_folder_that_cannot_be_one_is_refused(tmp_path):
    with pytest.raises(TrainingError, match=r"no index.csv; give a folder of facecap train mask-faces"):
        read_more([tmp_path], "train")
    with pytest.raises(TrainingError, match="'fddb' is that of a set of --data; rename"):
        read_more([further(tmp_path / "fddb")], "train")
    (tmp_path / "other").mkdir()
    same = [further(tmp_path / "hands"), further(tmp_path / "other" / "hands")]
    with pytest.raises(TrainingError, match=f"{same[0]} and {same[1]}: both are called 'hands'; rename one"):
        read_more(same, "train")


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (("without_mask", "bare"), "label 'bare', wanted one of"),
        (("x1,", "left,"), r"lacks the columns \['x1'\]"),
        (("26.0", "abc"), r"index.csv:\d+: could not convert string to float: 'abc'"),
        (("94.0", "20.0"), "has no area"),
    ],
)
def test_a_damaged_index_is_refused_with_its_line(data, change, message):
    index = data / "mask/index.csv"
    index.write_text(index.read_text().replace(*change))
    with pytest.raises(TrainingError, match=message):
        read_faces(data, "train")


def test_annotations_of_another_form_are_refused(data):
    (data / "detect/fddb/annotations.json").write_text('[{"file": "a.png"}]')
    with pytest.raises(TrainingError, match=r"fddb.annotations.json is not in the expected form"):
        read_faces(data, "train")


def test_a_face_without_a_box_is_the_whole_picture(data):
    face = read_faces(data, "val")[0]
    whole = type(face)(face.path, None, None, face.masked, face.source, face.group)
    x1, y1, x2, y2 = face_box(whole, np.zeros((100, 200, 3), np.uint8))
    assert ((x2 - x1) * 1.3, (y2 - y1) * 1.3) == pytest.approx((200, 100))
    assert ((x1 + x2) / 2, (y1 + y2) / 2) == pytest.approx((100, 50))


def test_a_group_of_many_pictures_does_not_weigh_like_as_many_people(data):
    faces = [face for face in read_faces(data, "train") if face.source == "mask"]
    crowded = [replace(face, group="one person") for face in faces[:9]] + faces[9:]
    chance = weights(crowded)
    assert chance[:9].sum() == pytest.approx(3 * chance[9])


def test_the_tight_box_of_a_head_is_what_the_affine_came_from():
    x1, y1, x2, y2 = 10.0, 20.0, 110.0, 140.0
    width, height = x2 - x1, y2 - y1
    head = (x1 - 0.042 * width, y1 - 0.184 * height, x2 + 0.057 * width, y2 + 0.031 * height)
    assert tight_box(head) == pytest.approx((x1, y1, x2, y2))
