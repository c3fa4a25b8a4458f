"""The pairs file of Labelled Faces in the Wild.

Its header is the number of folds and the number n of pairs of each kind in a fold; each fold then lists n
pairs of one person, `name a b`, and n of two, `name a other b`, split by tabs; pictures are
`name/name_0001.jpg`.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

from facecap.errors import FacecapError


class Pair(NamedTuple):
    """Two pictures, as paths under the folder of the images, and the fold that they count in, from 0."""

    first: str
    second: str
    same: bool
    fold: int


def read_pairs(path: Path) -> list[Pair]:
    """All pairs in the order of the file.

    Raises:
        FacecapError: the file is missing or not of this format; the text names the line.
    """
    try:
        lines = path.read_text(encoding="utf-8-sig").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        raise FacecapError(f"{path}: no pairs of LFW: {error}") from error
    header = lines[0].split() if lines else []
    if len(header) != 2 or not all(word.isdecimal() and int(word) > 0 for word in header):
        raise FacecapError(
            f"{path}:1: wanted the number of folds and of pairs of a kind, such as '10 300', found "
            f"{lines[0] if lines else 'nothing'!r}"
        )
    folds, kind = map(int, header)
    while lines and not lines[-1].strip():
        lines.pop()
    if len(lines) - 1 != folds * 2 * kind:
        raise FacecapError(
            f"{path}: found {len(lines) - 1} pairs, wanted {folds * 2 * kind}: {folds} folds of twice {kind}"
        )
    return list(_pairs(path, lines[1:], kind))


def _pairs(path: Path, lines: list[str], kind: int) -> Iterator[Pair]:
    for place, line in enumerate(lines):
        same = place // kind % 2 == 0
        words = line.split("\t") if "\t" in line else line.split()
        names, numbers = words[::2] if not same else words[:1] * 2, words[1:] if same else words[1::2]
        wanted = 3 if same else 4
        if len(words) != wanted or not all(n.isdecimal() for n in numbers) or not all(map(_plain, names)):
            text = "'name a b' of one person" if same else "'name a other b' of two people"
            raise FacecapError(f"{path}:{place + 2}: wanted {text}, found {line!r}")
        first, second = (
            f"{name}/{name}_{int(number):04d}.jpg" for name, number in zip(names, numbers, strict=True)
        )
        yield Pair(first, second, same, place // (2 * kind))


def _plain(name: str) -> bool:
    """Whether a name is that of a folder, not a path to elsewhere."""
    return bool(name) and name not in (".", "..") and "/" not in name and "\\" not in name
