"""Pictures that are read as they are needed, and what is kept of them in memory: so much and no more."""

from __future__ import annotations

import mmap
from collections.abc import Callable
from multiprocessing import get_context
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from facecap.training.run import TrainingError

Bytes = NDArray[np.uint8]
MEGABYTE = 1 << 20
UNREADABLE = -1


class SharedCache:
    """Byte arrays by number, in one memory for all processes that are forked after it was made.

    What came first stays, and what no longer fits is not kept: in shuffled passes over more than fits, a
    cache that makes room would throw away what the next pass needs.
    """

    def __init__(self, count: int, megabytes: float) -> None:
        """For the numbers 0 to `count` - 1. Memory is taken as it fills, up to `megabytes`.

        Raises:
            TrainingError: the machine has no room for as much.
        """
        try:
            self._data = np.frombuffer(mmap.mmap(-1, max(1, int(megabytes * MEGABYTE))), np.uint8)
        except (OSError, OverflowError) as error:
            raise TrainingError(
                f"--cache {megabytes:g}: no room for as many MB ({error}); give fewer"
            ) from error
        table = np.frombuffer(mmap.mmap(-1, 16 * (count + 1)), np.int64)
        self._places = table[2:].reshape(count, 2)  # start and length, which is 0 of what is not here
        self._used = table[:1]
        self._lock: Any = get_context("fork").Lock()

    def get(self, number: int) -> Bytes | None:
        """What was put under the number, read-only; None where it is not here."""
        with self._lock:
            start, length = self._places[number].tolist()
        if length <= 0:
            return None
        found = self._data[start : start + length]
        found.flags.writeable = False
        return found

    def put(self, number: int, data: Bytes) -> None:
        """Keep a copy, if it fits and the number has none."""
        with self._lock:
            start = int(self._used[0])
            if self._places[number, 1] == 0 and start + len(data) <= len(self._data):
                self._data[start : start + len(data)] = data
                self._places[number] = start, len(data)
                self._used[0] = start + len(data)

    def give_up(self, number: int) -> None:
        """Note that the picture of this number cannot be read."""
        with self._lock:
            self._places[number, 1] = UNREADABLE

    def given_up(self, numbers: int | slice) -> NDArray[np.bool_]:
        """Of each of these numbers, whether its picture was found unreadable."""
        return np.asarray(self._places[numbers, 1] == UNREADABLE)


class CachedReader:
    """What is read of pictures, which have a number and a kind; each that cannot be read is tried once."""

    def __init__(
        self, read: Callable[[int], Bytes | None], kinds: ArrayLike, cache: SharedCache, first: int = 0
    ) -> None:
        """
        Args:
            read: gives what is kept of a picture, a flat array; None, when it has said why, of one that
                cannot be read.
            kinds: (N,) whole numbers; a picture stands in for another of its kind alone.
            cache: holds picture `i` under the number `first + i`.
            first: so that several readers can share a cache.
        """
        self._read, self._cache, self._first = read, cache, first
        self.kinds = np.asarray(kinds, np.int64)

    def __len__(self) -> int:
        return len(self.kinds)

    def get(self, index: int) -> Bytes | None:
        """What is kept of a picture, or None where it cannot be read."""
        number = self._first + index
        found = self._cache.get(number)
        if found is not None or self._cache.given_up(number):
            return found
        data = self._read(index)
        if data is None:
            self._cache.give_up(number)
        else:
            self._cache.put(number, data)
        return data

    def get_or_next(self, index: int) -> tuple[int, Bytes]:
        """As `get`, of the next picture of the same kind where this one cannot be read, and which it is, so
        that batches depend on the pictures alone.

        Raises:
            TrainingError: none of the kind can be read.
        """
        data = self.get(index)
        if data is not None:
            return index, data
        alike = np.flatnonzero(self.kinds == self.kinds[index])
        for other in np.roll(alike, -int(np.searchsorted(alike, index))).tolist():
            data = self.get(other)
            if data is not None:
                return other, data
        raise TrainingError(f"none of {len(alike)} pictures can be read, as said above")

    def readable(self) -> NDArray[np.bool_]:
        """(N,): False of the pictures that were found unreadable up to now."""
        return ~self._cache.given_up(slice(self._first, self._first + len(self)))

    def lost_kinds(self) -> list[int]:
        """Kinds of which no picture can be read; reads one of each other kind."""
        lost = []
        for kind, index in zip(*map(list, np.unique(self.kinds, return_index=True)), strict=True):
            try:
                self.get_or_next(int(index))
            except TrainingError:
                lost.append(int(kind))
        return lost
