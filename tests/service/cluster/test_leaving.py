"""An actor that leaves does so, whatever fails."""

from __future__ import annotations

import asyncio
from types import SimpleNamespace
from typing import Any

import pytest

import facecap_service.cluster.actor as actor_module
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


@pytest.mark.parametrize("looked_at", [True, False])
def test_an_actor_of_older_settings_ends_unless_a_service_still_looks_at_it(
    looked_at: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    now, asked = [0.0], list[float]()
    monkeypatch.setattr(actor_module, "time", SimpleNamespace(monotonic=lambda: now[0]))
    actor: Any = CameraActor.__new__(CameraActor)
    actor._leaving, actor._told_to_go = False, None
    actor._self = SimpleNamespace(leave=SimpleNamespace(remote=lambda: asked.append(now[0])))
    actor._life, actor._node, actor._seen = "life", "node", {}
    actor._areas, actor._work = SimpleNamespace(tell=lambda *_: None), SimpleNamespace(pullers={})
    actor._cameras, actor._metrics = SimpleNamespace(report=list), SimpleNamespace(of_cameras=list)
    for now[0] in range(60, 76):  # nobody has looked for a minute, as where the head was silent
        asyncio.run(actor.give_way())
        if looked_at and now[0] % 5 == 0:
            asyncio.run(actor.look({}, 0.0, frozenset()))
    assert asked[:1] == ([] if looked_at else [67])


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
