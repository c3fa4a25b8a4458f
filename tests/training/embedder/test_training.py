"""The embedder learns by an angular margin, from people that it is not judged by."""

from __future__ import annotations

import json
import math
from pathlib import Path

import cv2
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

torch = pytest.importorskip("torch")
pytest.importorskip("onnx")

import facecap  # noqa: E402
from facecap.cli import main  # noqa: E402
from facecap.conversion.model_source import as_model  # noqa: E402
from facecap.conversion.network_onnx import to_onnx  # noqa: E402
from facecap.errors import FacecapError  # noqa: E402
from facecap.training.embedder.arcface import ArcFace  # noqa: E402
from facecap.training.embedder.data import make_pairs, split_people  # noqa: E402
from facecap.training.embedder.people import Person, name_keys, read_excluded, read_people  # noqa: E402
from facecap.training.networks.registry import build  # noqa: E402


@given(st.floats(0, math.pi), st.floats(0, 1.5))
def test_the_margin_is_added_to_the_angle(angle, margin):
    head = ArcFace(2, 2, scale=1.0, margin=margin)
    with torch.no_grad():
        head.centres.copy_(torch.tensor([[3.0, 0.0], [0.0, 0.1]]))
    vector = torch.tensor([[5 * math.cos(angle), 5 * math.sin(angle)]])
    own, other = head.logits(vector, torch.tensor([0]))[0].tolist()
    assert other == pytest.approx(math.sin(angle), abs=1e-5)
    if angle + margin <= math.pi - 1e-3:
        assert own == pytest.approx(math.cos(angle + margin), abs=1e-3)
    assert own <= math.cos(angle) + 1e-3


def test_the_margin_never_rewards_a_larger_angle():
    head = ArcFace(2, 1, scale=1.0, margin=0.5)
    with torch.no_grad():
        head.centres.copy_(torch.tensor([[1.0, 0.0]]))
    angles = torch.linspace(0, math.pi, 200)
    logits = head.logits(torch.stack([angles.cos(), angles.sin()], 1), torch.zeros(200, dtype=torch.long))
    assert (logits[1:, 0] <= logits[:-1, 0] + 1e-3).all()


def test_vectors_on_their_centre_have_finite_gradients():
    head = ArcFace(4, 3)
    vectors = head.centres.detach().clone().requires_grad_()
    head(vectors, torch.arange(3)).backward()
    assert vectors.grad.isfinite().all() and head.centres.grad.isfinite().all()


def test_mixed_precision_does_not_reach_the_angles():
    head, labels = ArcFace(4, 3), torch.arange(3)
    vectors = torch.rand(3, 4)
    with torch.autocast("cpu", torch.bfloat16):
        mixed = head.logits(vectors, labels)
    assert torch.equal(mixed, head.logits(vectors, labels))


def test_names_are_compared_without_case_and_order():
    assert name_keys("Zhang_Ziyi") & name_keys("zhangziyi")
    assert name_keys("ZIYI zhang") & name_keys("Zhang_Ziyi")
    assert not name_keys("Zhang_Yimou") & name_keys("Zhang_Ziyi")
    assert name_keys("__") == frozenset()


INDEX = """file,label,group,split,source_file
a/1.jpg,without_mask,g1,train,0_0_anna_0001.jpg
a/2.jpg,without_mask,g1,train,1_0_anna_0002.jpg
a/3.jpg,with_mask,g1,train,0_0_anna_0003.jpg
a/4.jpg,without_mask,g2,train,0_0_evelee_0001.jpg
a/5.jpg,without_mask,g2,train,0_0_bob_0001.jpg
a/6.jpg,without_mask,g3,train,17.jpg
a/7.jpg,without_mask,g4,train,0_0_carl_0001.jpg
a/8.jpg,without_mask,g5,val,0_0_dora_0001.jpg
a/9.jpg,without_mask,g5,val,0_0_dora_0002.jpg
"""


def test_an_index_without_the_people_of_lfw(tmp_path):
    (tmp_path / "mask").mkdir()
    (tmp_path / "mask" / "index.csv").write_text(INDEX)
    (tmp_path / "lfw_dev" / "images" / "Lee_Eve").mkdir(parents=True)
    people = read_people(tmp_path, read_excluded(tmp_path, None))
    assert people.people == [Person("g1", [tmp_path / "mask" / "a/1.jpg", tmp_path / "mask" / "a/2.jpg"])]
    assert people.excluded == ["evelee"]
    assert people.left_out == {
        "no name": 1,
        "of excluded people": 2,
        "the only picture of a person": 1,
    }
    assert "excluded by name: evelee" in str(people)


def test_an_index_of_other_columns_is_refused(tmp_path):
    (tmp_path / "mask").mkdir()
    (tmp_path / "mask" / "index.csv").write_text("file,label\n")
    with pytest.raises(FacecapError, match=r"lacks the columns \['group', 'split', 'source_file'\]"):
        read_people(tmp_path, [])


def test_a_list_of_names(tmp_path):
    (tmp_path / "names.txt").write_text("\ufeffAnn_Lee\t4\n\nBob\n")
    assert read_excluded(tmp_path, tmp_path / "names.txt") == ["Ann_Lee", "Bob"]
    with pytest.raises(FacecapError, match="--exclude"):
        read_excluded(tmp_path, tmp_path / "absent.txt")


@given(st.integers(4, 40), st.integers(0, 5))
def test_nobody_is_on_both_sides(count, seed):
    people = [Person(str(i), []) for i in range(count)]
    learning, held = split_people(people, seed)
    assert {p.name for p in learning} | {p.name for p in held} == {p.name for p in people}
    assert len(learning) + len(held) == count and len(held) >= 2


@given(st.lists(st.integers(2, 15), min_size=2, max_size=6), st.integers(0, 5))
def test_pairs_are_what_they_say(counts, seed):
    labels = np.repeat(np.arange(len(counts)), counts)
    pairs = make_pairs(labels, seed)
    assert ((labels[pairs.first] == labels[pairs.second]) == pairs.same).all()
    assert (pairs.first != pairs.second).all()
    rows = {(*sorted((a, b)),) for a, b in zip(pairs.first.tolist(), pairs.second.tolist(), strict=True)}
    assert len(rows) == len(pairs.same)
    assert 0 < (~pairs.same).sum() <= pairs.same.sum()


@pytest.fixture
def people(tmp_path: Path, photo) -> Path:
    """Six people, the same face in other colours, and a damaged picture."""
    folder = tmp_path / "people"
    for number in range(6):
        person = folder / f"person {number}"
        person.mkdir(parents=True)
        tint = np.roll([1.0, 0.8, 0.6], number) * (1 - 0.05 * number)
        for picture in range(3):
            face = photo[picture * 5 : 420, 60:460] * tint
            cv2.imwrite(str(person / f"{picture}.jpg"), face.astype(np.uint8))
    (folder / "person 0" / "damaged.jpg").write_text("no picture")
    return folder


def test_a_run_gives_a_model_and_goes_on_where_it_stopped(people, tmp_path, capfd):
    out, names = tmp_path / "run", tmp_path / "names.txt"
    names.write_text("Person_5\n")
    options = [
        "--data",
        people,
        "--out",
        out,
        "--epochs",
        1,
        "--batch",
        8,
        "--workers",
        0,
        "--exclude",
        names,
    ]
    options = list(map(str, options))
    assert main(["train", "embedder", *options]) == 0
    said = capfd.readouterr().err
    assert "5 people, 16 pictures" in said and "damaged.jpg" in said
    assert "excluded by name: person 5" in said
    manifest = json.loads((out / "embedder_mobilefacenet.json").read_text())
    assert manifest["architecture"] == "mobilefacenet" and manifest["embedder"]["dimensions"] == 128
    assert manifest["training"]["data"]["people excluded"] == ["person 5"]
    assert {row["measure"] for row in manifest["figures"]} >= {"held-out ROC area", "held-out accuracy"}
    assert facecap.Embedder(out / "embedder_mobilefacenet.onnx")
    assert facecap.Embedder(as_model(out / "best.pt", tmp_path / "made"))
    assert (out / "curves.png").is_file()

    assert main(["train", "embedder", *options]) == 0
    assert "resumed at step" in capfd.readouterr().err
    assert main(["train", "embedder", *options, "--margin", "0.2"]) == 1
    assert "margin = 0.5" in capfd.readouterr().err


def test_a_model_whose_norms_are_folded_is_no_start(people, tmp_path, capfd):
    file = tmp_path / "embedder.onnx"
    file.write_bytes(to_onnx(build("mobilefacenet", 128).eval(), (112, 112)))
    given = ["--data", str(people), "--start", str(file), "--out", str(tmp_path / "run")]
    assert main(["train", "embedder", *given]) == 1
    assert "embedder.onnx: its batch norms are folded; give the best.pt of its run" in capfd.readouterr().err


def test_a_folder_of_pictures_without_people_is_refused(tmp_path, capfd):
    (tmp_path / "a.jpg").write_text("")
    assert main(["train", "embedder", "--data", str(tmp_path), "--out", str(tmp_path / "run")]) == 1
    assert "one a class" in capfd.readouterr().err
    assert not (tmp_path / "run").exists()
