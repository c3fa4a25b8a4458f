"""What is kept of pictures: so many bytes and no more, shared by processes, the same as what is read."""

from __future__ import annotations

import os

import numpy as np
import pytest

from facecap.training.cache import MEGABYTE, CachedReader, SharedCache
from facecap.training.run import TrainingError


def picture(number: int, size: int = 1000) -> np.ndarray:
    return np.full(size, number, np.uint8)


class Shelf:
    """Pictures of 1000 bytes, and which of them were read."""

    def __init__(self, kinds: list[int], damaged: tuple[int, ...] = (), megabytes: float = 1) -> None:
        self.read: list[int] = []
        self._damaged = damaged
        self.reader = CachedReader(self._read, kinds, SharedCache(len(kinds), megabytes))

    def _read(self, index: int) -> np.ndarray | None:
        self.read.append(index)
        return None if index in self._damaged else picture(index)


def test_what_was_read_is_read_once_while_it_fits() -> None:
    shelf = Shelf([0] * 10, megabytes=4500 / MEGABYTE)
    for _ in range(2):
        for index in range(10):
            found = shelf.reader.get(index)
            assert found is not None and (found == index).all() and len(found) == 1000
    assert shelf.read == [*range(10), *range(4, 10)], "four of 1000 bytes fit into 4500"


def test_one_process_sees_what_another_has_read() -> None:
    shelf = Shelf([0] * 3)
    child = os.fork()
    if child == 0:
        shelf.reader.get(1)
        os._exit(0)
    os.waitpid(child, 0)
    found = shelf.reader.get(1)
    assert found is not None and (found == 1).all()
    assert shelf.read == []


def test_what_is_kept_cannot_be_written_on() -> None:
    shelf = Shelf([0])
    shelf.reader.get(0)
    kept = shelf.reader.get(0)
    assert kept is not None and not kept.flags.writeable


def test_another_of_its_kind_stands_in_for_a_damaged_picture() -> None:
    shelf = Shelf([0, 1, 0, 1, 0], damaged=(2, 4))
    for _ in range(2):
        assert [place for place, _ in map(shelf.reader.get_or_next, range(5))] == [0, 1, 0, 3, 0]
    assert sorted(shelf.read) == [0, 1, 2, 3, 4], "each is tried once"
    assert shelf.reader.readable().tolist() == [True, True, False, True, False]


def test_a_kind_without_a_picture_is_said() -> None:
    assert Shelf([5, 7, 5], damaged=(0, 2)).reader.lost_kinds() == [5]


def test_more_memory_than_there_is_is_refused_with_what_to_do() -> None:
    with pytest.raises(TrainingError, match=r"--cache 1e\+300: no room .* give fewer"):
        SharedCache(1, 1e300)
