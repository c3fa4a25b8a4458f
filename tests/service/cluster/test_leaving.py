"""An actor that leaves does so, whatever fails."""

from __future__ import annotations

import asyncio
import time
from types import SimpleNamespace

import pytest

from facecap_service.cluster.actor import CameraActor


def test_an_actor_that_cannot_store_what_it_holds_ends_all_the_same(monkeypatch: pytest.MonkeyPatch) -> None:
    class Ended(BaseException):
        pass

    def end() -> None:
        raise Ended

    def fail() -> None:
        raise RuntimeError("the database is away")

    actor = CameraActor.__new__(CameraActor)
    actor._work = SimpleNamespace(stop=fail)  # type: ignore[assignment]
    monkeypatch.setattr("ray.actor.exit_actor", end)
    with pytest.raises(Ended):
        asyncio.run(actor.leave())


@pytest.mark.parametrize(("ago", "ends"), [(1.0, False), (20.0, True)])
def test_an_actor_of_older_settings_ends_unless_a_service_still_looks_at_it(ago: float, ends: bool) -> None:
    asked: list[None] = []
    actor = CameraActor.__new__(CameraActor)
    actor._leaving = False
    actor._self = SimpleNamespace(leave=SimpleNamespace(remote=lambda: asked.append(None)))
    actor._asked = time.monotonic() - ago
    asyncio.run(actor.give_way())
    assert bool(asked) == ends


def test_an_actor_that_could_not_begin_to_leave_tries_again() -> None:
    asked = []

    def leave() -> None:
        asked.append(None)
        if len(asked) == 1:
            raise RuntimeError("Ray is not connected")

    actor = CameraActor.__new__(CameraActor)
    actor._leaving = False
    actor._self = SimpleNamespace(leave=SimpleNamespace(remote=leave))
    with pytest.raises(RuntimeError):
        actor._leave("nobody uses it")
    actor._leave("nobody uses it")
    actor._leave("nobody uses it")
    assert len(asked) == 2
