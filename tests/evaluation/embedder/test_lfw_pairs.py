"""The pairs file of LFW is read strictly."""

from __future__ import annotations

from pathlib import Path

import pytest

from facecap.errors import FacecapError
from facecap.evaluation.embedder.lfw_pairs import Pair, read_pairs

TWO_FOLDS = "2\t1\nAnn\t1\t2\nAnn\t1\tBob_Ray\t3\nEve\t1\t4\nEve\t2\tDan\t10\n"


def written(folder: Path, text: str) -> Path:
    path = folder / "pairs.txt"
    path.write_text(text)
    return path


def test_pairs_are_read_in_order(tmp_path):
    assert read_pairs(written(tmp_path, "\ufeff" + TWO_FOLDS + "\n")) == [
        Pair("Ann/Ann_0001.jpg", "Ann/Ann_0002.jpg", True, 0),
        Pair("Ann/Ann_0001.jpg", "Bob_Ray/Bob_Ray_0003.jpg", False, 0),
        Pair("Eve/Eve_0001.jpg", "Eve/Eve_0004.jpg", True, 1),
        Pair("Eve/Eve_0002.jpg", "Dan/Dan_0010.jpg", False, 1),
    ]


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", r"pairs\.txt:1: .*found 'nothing'"),
        ("ten 300\n", r":1: wanted the number of folds"),
        ("1 2\nAnn\t1\t2\n", r"found 1 pairs, wanted 4"),
        (TWO_FOLDS + "Eve\t1\t2\n", r"found 5 pairs, wanted 4"),
        (TWO_FOLDS.replace("Ann\t1\t2", "Ann\t1"), r":2: wanted 'name a b'"),
        (TWO_FOLDS.replace("Ann\t1\tBob_Ray\t3", "Ann\t1\t3"), r":3: wanted 'name a other b'"),
        (TWO_FOLDS.replace("Bob_Ray\t3", "Bob_Ray\tx"), r":3: wanted 'name a other b'"),
        (TWO_FOLDS.replace("Dan", "../Dan"), r":5: wanted"),
    ],
)
def test_another_file_is_refused_by_line(text, said, tmp_path):
    with pytest.raises(FacecapError, match=said):
        read_pairs(written(tmp_path, text))


def test_a_missing_file_is_named(tmp_path):
    with pytest.raises(FacecapError, match=r"nowhere\.txt"):
        read_pairs(tmp_path / "nowhere.txt")
