"""Reading and writing beside the work: order, ends and faults are those of one after the other."""

from __future__ import annotations

import threading
from collections.abc import Generator

import pytest

from facecap.cli.overlap import read_ahead, write_behind


def numbers(upto: int, closed: list[bool], fault: Exception | None = None) -> Generator[int, None, None]:
    try:
        yield from range(upto)
        if fault:
            raise fault
    finally:
        closed.append(True)


def test_frames_come_whole_and_in_order() -> None:
    closed: list[bool] = []
    with read_ahead(numbers(500, closed)) as come:
        assert list(come) == list(range(500))
    assert closed == [True]


def test_what_fails_while_reading_comes_after_the_frames_before_it() -> None:
    came = []
    with pytest.raises(OSError, match="torn"), read_ahead(numbers(7, [], OSError("torn"))) as come:
        for number in come:
            came.append(number)
    assert came == list(range(7))


def test_a_source_is_closed_where_nobody_wants_more_of_it() -> None:
    closed: list[bool] = []
    with read_ahead(numbers(10**9, closed)) as come:
        assert next(come) == 0
    assert closed == [True]


def test_the_next_frames_are_read_while_one_is_worked_on() -> None:
    read = threading.Event()

    def frames() -> Generator[int, None, None]:
        yield 0
        yield 1
        read.set()

    with read_ahead(frames()) as come:
        next(come)
        assert read.wait(60)


def test_writes_are_done_in_order_before_the_end() -> None:
    done: list[int] = []
    with write_behind() as write:
        for number in range(200):
            write(lambda number=number: done.append(number))
    assert done == list(range(200))


def test_a_write_that_fails_ends_the_run_and_those_behind_it() -> None:
    done: list[int] = []

    def fail() -> None:
        raise OSError("the disk is full")

    with pytest.raises(OSError, match="disk is full"), write_behind() as write:
        write(lambda: done.append(1))
        write(fail)
        for _ in range(100):
            write(lambda: done.append(2))
    assert done == [1]
