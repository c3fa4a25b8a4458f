"""Whose pictures an embedder is trained on: those of a folder, without the people that it is judged by."""

from __future__ import annotations

import csv
import re
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from facecap.evaluation.classifier.image_folder import read_folder
from facecap.evaluation.embedder.lfw import FOLDER
from facecap.training.run import TrainingError

INDEX = Path("mask") / "index.csv"
COLUMNS = ("file", "label", "group", "split", "source_file")
LEAST_PICTURES = 2  # of a person, who could not be told from others by one


@dataclass(frozen=True)
class Person:
    """A name or a number of a group, and the pictures."""

    name: str
    pictures: list[Path]


@dataclass(frozen=True)
class People:
    """Who is there, and what was left out: the names of people excluded, and counts of pictures by reason."""

    people: list[Person]
    excluded: list[str]
    left_out: dict[str, int]

    def __str__(self) -> str:
        """A line for the user."""
        pictures = sum(len(person.pictures) for person in self.people)
        parts = [f"{len(self.people)} people, {pictures} pictures"]
        parts += [f"{count} left out: {reason}" for reason, count in self.left_out.items() if count]
        names = ", ".join(self.excluded) or "nobody"
        return "; ".join([*parts, f"excluded by name: {names}"])


def name_keys(name: str) -> frozenset[str]:
    """What of a name is compared: its letters and digits without case, words in either order."""
    words = [word for word in re.split(r"[\W_]+", name.casefold()) if word]
    return frozenset({"".join(words), "".join(reversed(words))} - {""})


def read_excluded(data: Path, listed: Path | None) -> list[str]:
    """Names that must not be trained on: those of `listed`, one a line, and the people of DATA/lfw_dev.

    Raises:
        TrainingError: `listed` is not a text of names.
    """
    names: list[str] = []
    if listed is not None:
        try:
            lines = listed.read_text(encoding="utf-8-sig").splitlines()
        except (OSError, UnicodeDecodeError) as error:
            raise TrainingError(f"--exclude {listed}: wanted a text with a name a line: {error}") from error
        names += [line.split("\t")[0].strip() for line in lines if line.strip()]
    images = data / FOLDER / "images"
    if images.is_dir():
        names += sorted(entry.name for entry in images.iterdir() if entry.is_dir())
    return names


def read_people(data: Path, excluded: Iterable[str]) -> People:
    """People with two pictures or more: of the bare faces in DATA/mask/index.csv, or one sub-folder a person.

    In the index, its training split alone, a group is a person; pictures without a name in their file name
    are left out, since nobody can say who they are.

    Raises:
        TrainingError: the index has other columns.
        FacecapError: the folder has another shape, or nobody is left.
    """
    barred = frozenset(key for name in excluded for key in name_keys(name))
    if (data / INDEX).is_file():
        groups, unnamed = _index_groups(data)
    else:
        folder = read_folder(data)
        groups = {
            name: [(name, item.path) for item in folder.items if item.label == label]
            for label, name in enumerate(folder.classes)
        }
        unnamed = 0
    people, found, few, dropped = [], set(), 0, 0
    for group, pictures in groups.items():
        names = {name for name, _ in pictures if name_keys(name) & barred}
        if names:
            found |= names
            dropped += len(pictures)
        elif len(pictures) < LEAST_PICTURES:
            few += len(pictures)
        else:
            people.append(Person(group, [path for _, path in pictures]))
    left_out = {"no name": unnamed, "of excluded people": dropped, "the only picture of a person": few}
    if not people:
        raise TrainingError(f"{data}: found nobody with {LEAST_PICTURES} pictures to train on; {left_out}")
    return People(people, sorted(found), left_out)


def _index_groups(data: Path) -> tuple[dict[str, list[tuple[str, Path]]], int]:
    """Name and picture of every bare training face by its group, and how many pictures have no name."""
    index = data / INDEX
    groups: dict[str, list[tuple[str, Path]]] = defaultdict(list)
    unnamed = 0
    with index.open(newline="", encoding="utf-8-sig") as stream:
        rows = csv.DictReader(stream)
        missing = [name for name in COLUMNS if name not in (rows.fieldnames or ())]
        if missing:
            raise TrainingError(f"{index} lacks the columns {missing}; it has {rows.fieldnames}")
        for row in rows:
            if row["label"] != "without_mask" or row["split"] != "train":
                continue
            name = re.sub(r"^[\W\d_]+|[\W\d_]+$", "", Path(row["source_file"]).stem)
            if name:
                groups[row["group"]].append((name, index.parent / row["file"]))
            else:
                unnamed += 1
    return dict(groups), unnamed
