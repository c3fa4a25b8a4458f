"""Whatever an actor does that starts, hangs or is lost, each call to it has an end."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from types import SimpleNamespace
from typing import Any

import pytest
from ray.exceptions import RayActorError

from facecap_service.cluster import link as link_module
from facecap_service.cluster.link import Link, Lost


class FakeActor:
    """What a handle is asked for; `begin` and `look` wait until they may answer."""

    def __init__(self) -> None:
        self.pushed: list[tuple[str, int, Any]] = []
        """Session, number and argument of each frame."""
        self.may_begin = asyncio.Event()
        self.may_look = asyncio.Event()
        self.error: Exception | None = None
        """That calls fail with."""

    def __getattr__(self, method: str) -> Any:
        return SimpleNamespace(remote=getattr(self, f"_{method}"))

    async def _begin(self, session: str, areas: Any, age: float) -> None:
        await self.may_begin.wait()

    async def _look(self) -> str:
        if self.error is not None:
            raise self.error
        await self.may_look.wait()
        return "seen"

    def _push(self, session: str, number: int, argument: Any) -> Any:
        if self.error is not None:
            raise self.error
        self.pushed.append((session, number, argument))
        answer: Future[Any] = Future()
        answer.set_result(argument)
        return SimpleNamespace(future=lambda: answer)


Told = Callable[[FakeActor, Link], Awaitable[None]]


@pytest.fixture
def threads() -> Iterator[ThreadPoolExecutor]:
    with ThreadPoolExecutor(2) as threads:
        yield threads


@pytest.fixture
def tell(threads: ThreadPoolExecutor) -> Callable[..., None]:
    """Runs a story of an actor and its link."""

    def run(story: Told, areas: Callable[[], Any] = lambda: ({}, 0.0)) -> None:
        async def main() -> None:
            actor = FakeActor()
            await asyncio.wait_for(
                story(actor, Link("door", lambda: actor, lambda: actor, areas, threads)), 20
            )

        asyncio.run(main())

    return run


async def ends(calls: list[asyncio.Future[Any]]) -> list[Any]:
    return await asyncio.wait_for(asyncio.gather(*calls, return_exceptions=True), 10)


def test_frames_wait_for_an_actor_that_is_looked_at_while_it_starts(
    tell: Callable[..., None], caplog: pytest.LogCaptureFixture
) -> None:
    async def story(actor: FakeActor, link: Link) -> None:
        calls = [link.call("push", index) for index in range(4)]
        with pytest.raises(Lost):
            await link.ask("look", seconds=0.05)
        actor.may_begin.set()
        assert await ends(calls) == [0, 1, 2, 3]
        assert [number for _, number, _ in actor.pushed] == [0, 1, 2, 3]
        assert not link.used

    with caplog.at_level(logging.WARNING):
        tell(story)
    assert caplog.messages == []


def test_a_look_that_is_late_leaves_the_order_of_frames_as_it_is(tell: Callable[..., None]) -> None:
    async def story(actor: FakeActor, link: Link) -> None:
        actor.may_begin.set()
        await link.call("push", 0)
        with pytest.raises(Lost):
            await link.ask("look", seconds=0.05)
        await link.call("push", 1)
        (first, *_), (second, number, _) = actor.pushed
        assert (second, number) == (first, 1)

    tell(story)


def test_a_lost_process_is_noticed_by_a_look_and_the_next_frame_is_taken(
    tell: Callable[..., None], caplog: pytest.LogCaptureFixture
) -> None:
    async def story(actor: FakeActor, link: Link) -> None:
        actor.may_begin.set()
        await link.call("push", 0)
        actor.error = RayActorError()
        with pytest.raises(Lost):
            await link.ask("look", seconds=5)
        actor.error = None
        assert await link.call("push", 1) == 1
        (first, *_), (second, number, _) = actor.pushed
        assert second != first and number == 0

    with caplog.at_level(logging.WARNING):
        tell(story)
    assert [message for message in caplog.messages if message.startswith("actor door does not answer: ")]


def test_frames_that_cannot_be_sent_are_answered_and_later_ones_taken(tell: Callable[..., None]) -> None:
    async def story(actor: FakeActor, link: Link) -> None:
        calls = [link.call("push", index) for index in range(4)]
        actor.error = RuntimeError("Ray is not connected")
        actor.may_begin.set()
        assert [type(end) for end in await ends(calls)] == [Lost] * 4
        actor.error = None
        assert await link.call("push", 4) == 4
        assert not link.used

    tell(story)


def test_frames_are_answered_where_what_an_actor_is_told_cannot_be_had(tell: Callable[..., None]) -> None:
    async def story(actor: FakeActor, link: Link) -> None:
        actor.may_begin.set()
        assert [type(end) for end in await ends([link.call("push", index) for index in range(4)])] == [
            Lost
        ] * 4
        assert not link.used

    def fails() -> Any:
        raise RuntimeError("dictionary changed size during iteration")

    tell(story, fails)


def test_frames_for_an_actor_that_never_starts_are_answered(
    tell: Callable[..., None], monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(link_module, "CONNECT_SECONDS", 0.1)

    async def story(actor: FakeActor, link: Link) -> None:
        calls = [link.call("push", index) for index in range(4)]
        assert [type(end) for end in await ends(calls)] == [Lost] * 4
        assert not link.used and actor.pushed == []

    with caplog.at_level(logging.WARNING):
        tell(story)
    assert caplog.messages == ["actor door is not there: TimeoutError"]
