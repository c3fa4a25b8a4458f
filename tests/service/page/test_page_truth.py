"""A page that says so when something is wrong."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import datetime, timezone
from types import SimpleNamespace
from typing import Any

import pytest
from browsing import OpenPage, cards, sync_api
from cameras import closed_port
from served import Served
from shots import add
from wire import Wire

from facecap_service.store import StoreError

expect = sync_api.expect


@pytest.mark.parametrize("fault", ["killed", "hung", "behind a proxy"])
def test_a_service_that_is_gone_looks_gone_within_ten_seconds(
    served: Served, wire: Wire, open_page: OpenPage, face: bytes, fault: str
) -> None:
    """A hung service and a cut cable end no connection: only that nothing comes any more tells."""
    served.push("door", face)
    page = open_page(f"http://{wire.address}", expect_failures=True)
    expect(page.locator(".state")).to_have_text("Receiving")
    if fault == "killed":
        wire.cut()
    elif fault == "hung":
        wire.silence()
    else:
        wire.cut()
        page.route("**/v1/**", lambda route: route.fulfill(status=502, body="Bad Gateway"))
    banner = page.locator("#gone")
    expect(banner).to_contain_text(re.compile(r"Nothing came from the service since \d.*\(\d+ secs?\)"))
    expect(page.locator(".state")).to_have_text("Not known")
    expect(page.locator(".camera .facts")).to_contain_text("last picture")
    expect(page.locator("#connection")).to_have_text("Connection lost, trying again…")
    expect(page).to_have_title(re.compile(r"^⚠ Nothing since \d"))
    assert page.locator(".cameras").evaluate("list => getComputedStyle(list).filter") == "grayscale(1)"

    add(served)
    page.unroute_all()
    wire.mend()
    wire.speak()
    expect(banner).to_be_hidden()
    expect(page.locator("#connection")).to_have_text("Live")
    expect(page.locator(".state")).not_to_have_text("Not known")
    expect(page).to_have_title("facecap")
    expect(cards(page)).to_have_count(1)


def test_a_tab_that_was_in_the_background_is_right_when_it_comes_back(
    served: Served, wire: Wire, open_page: OpenPage, face: bytes
) -> None:
    """Its timers did not run: the next poll says that what it shows is old."""
    served.push("door", face)
    page = open_page(f"http://{wire.address}", expect_failures=True)
    expect(page.locator(".state")).to_have_text("Receiving")
    page.clock.install()
    wire.silence()
    page.clock.fast_forward("02:00:00")
    page.evaluate("document.dispatchEvent(new Event('visibilitychange'))")
    expect(page.locator("#gone")).to_contain_text("(2 hr")
    expect(page.locator(".state")).to_have_text("Not known")


def test_a_tab_in_the_background_does_not_declare_the_service_dead(
    served: Served, open_page: OpenPage, face: bytes
) -> None:
    """The browser lets its timers run once a minute."""
    served.push("door", face)
    page = open_page(served.address, clock=datetime.now(timezone.utc))
    expect(page.locator(".state")).to_have_text("Receiving")
    page.evaluate(
        """() => {
            window.titles = [];
            new MutationObserver(() => titles.push(document.title)).observe(document.head, {
                childList: true, subtree: true,
            });
        }"""
    )
    with page.expect_response("**/readyz"):
        pass
    page.evaluate("() => fetch('livez').then((answer) => answer.text())")
    for _ in range(3):
        with page.expect_response("**/readyz"):
            page.clock.fast_forward(60_000)
        # The jump would end what is under way: the poll's pictures and its second request.
        page.evaluate("() => fetch('livez').then((answer) => answer.text())")
    expect(page.locator("#gone")).to_be_hidden()
    assert not [title for title in page.evaluate("titles") if "Nothing since" in title]


def test_a_screen_reader_reads_once_that_the_service_is_gone(
    served: Served, wire: Wire, open_page: OpenPage
) -> None:
    page = open_page(f"http://{wire.address}", expect_failures=True)
    wire.cut()
    expect(page.locator("#gone")).to_be_visible()
    page.evaluate(
        """() => {
            window.read = 0;
            const since = document.getElementById("gone-since");
            new MutationObserver(() => read++).observe(since, { childList: true, characterData: true });
        }"""
    )
    seconds = page.locator("#gone-for")
    for _ in range(2):
        expect(seconds).not_to_have_text(seconds.inner_text())
    assert page.evaluate("read") == 0


def test_what_came_unseen_is_counted_in_the_title(served: Served, open_page: OpenPage) -> None:
    page = open_page(served.address)
    page.evaluate("Object.defineProperty(document, 'hidden', { value: true, configurable: true })")
    add(served)
    add(served, seed=1)
    expect(page).to_have_title("(2) facecap")
    page.evaluate("Object.defineProperty(document, 'hidden', { value: false })")
    page.evaluate("document.dispatchEvent(new Event('visibilitychange'))")
    expect(page).to_have_title("facecap")


def test_a_lost_stream_comes_first_with_its_reason(
    serve: Callable[..., Served], open_page: OpenPage, face: bytes
) -> None:
    url = f"rtsp://user:secret@127.0.0.1:{closed_port()}/stream"
    served = serve(pullers={"yard": {"url": url}})
    served.push("door", face)
    page = open_page(served.address)
    first = page.locator("#cameras li").first
    expect(first).to_contain_text(
        re.compile("yard.*The camera's stream is lost.*Since.*nobody listens", re.DOTALL)
    )
    expect(page.locator("#cameras h3").first).to_have_text("Needs attention")
    expect(page.locator("#trouble")).to_have_text("1 camera with trouble")
    expect(page).to_have_title("⚠ 1 camera with trouble · facecap")
    assert "secret" not in page.content()


def test_refused_pictures_are_said_by_camera_and_reason(
    served: Served, open_page: OpenPage, face: bytes
) -> None:
    served.push("door", face)
    page = open_page(served.address)
    for _ in range(3):
        served.push("door", face[: len(face) // 2])
    served.push("door", b"no picture")
    trouble = page.locator(".troubles")
    expect(trouble).to_contain_text("3 pictures refused in the last minute: not a whole JPEG")
    expect(trouble).to_contain_text("1 picture refused in the last minute: not a whole JPEG")
    expect(page.locator("#cameras-brief")).to_have_text("1 camera · 1 with trouble")


def test_a_camera_that_went_silent_says_since_when(
    serve: Callable[..., Served], open_page: OpenPage, face: bytes
) -> None:
    served = serve(cameras={"offline_seconds": 4})
    served.push("door", face)
    page = open_page(served.address)
    expect(page.locator(".state")).to_have_text(re.compile(r"Offline since \d\d:\d\d:\d\d"))
    expect(page.locator(".troubles")).to_contain_text(re.compile(r"Nothing comes from this camera.*Since \d"))
    served.push("door", face)
    expect(page.locator(".state")).to_have_text("Receiving")
    expect(page.locator(".troubles")).to_be_hidden()


def test_why_nothing_is_captured_is_said_with_what_to_do(
    serve: Callable[..., Served], open_page: OpenPage, face: bytes
) -> None:
    served = serve(capture={"mode": "fast", "min_hits": 2, "interval": 2, "min_eye_distance": 900})
    for _ in range(6):
        served.push("door", face)
    wanted = re.compile(
        r"Faces seen, none captured: eyes [\d.]+ px apart, 900 wanted\. "
        r"Come closer, or lower min_eye_distance\."
    )
    expect(open_page(served.address).locator(".troubles")).to_contain_text(wanted)
    chinese = open_page(served.address, locale="zh-CN", ready="实时")
    wanted = re.compile(r"看到人脸但没有抓拍.*两眼间距 [\d.]+ 像素.*需要 900.*请靠近一些.*min_eye_distance")
    expect(chinese.locator(".troubles")).to_contain_text(wanted)


def test_a_page_says_that_captures_cannot_be_stored(
    served: Served, open_page: OpenPage, monkeypatch: pytest.MonkeyPatch
) -> None:
    def failing(*_: Any) -> None:
        raise StoreError("the disk is full")

    page = open_page(served.address, expect_failures=True)
    expect(page.locator("#unready")).to_be_hidden()
    with monkeypatch.context() as patch:
        patch.setattr(type(served.services.store), "ready", failing)
        expect(page.locator("#unready")).to_contain_text("cannot be stored")
        expect(page).to_have_title("⚠ Captures are not stored · facecap")
    expect(page.locator("#unready")).to_be_hidden()
    expect(page).to_have_title("facecap")


def test_a_page_says_that_the_cluster_is_lost(
    served: Served, open_page: OpenPage, monkeypatch: pytest.MonkeyPatch
) -> None:
    page = open_page(served.address, expect_failures=True)
    with monkeypatch.context() as patch:
        patch.setattr(served.services.readiness, "_cluster", SimpleNamespace(is_lost=True))
        expect(page.locator("#unready")).to_contain_text("The cluster that the cameras are at work on")
        expect(page).to_have_title("⚠ The cluster cannot be reached · facecap")
    expect(page.locator("#unready")).to_be_hidden()
    expect(page).to_have_title("facecap")


def test_the_empty_page_says_what_to_do_and_gives_a_command(served: Served, open_page: OpenPage) -> None:
    page = open_page(served.address)
    empty = page.locator("#no-cameras")
    expect(empty).to_contain_text("No camera has sent a picture yet")
    expect(empty.locator("code")).to_have_text(f"facecap demo --push {served.address}")
    page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    empty.get_by_role("button", name="Copy").click()
    expect(empty.get_by_role("button", name="Copied")).to_be_visible()
    assert page.evaluate("navigator.clipboard.readText()") == f"facecap demo --push {served.address}"
