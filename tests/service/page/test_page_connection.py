"""Keys, and a connection that breaks."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timezone
from typing import Any

import pytest
from browsing import OpenPage, cards, sync_api
from served import Served
from shots import add
from wire import Wire

from facecap_service.keys import new_key

expect = sync_api.expect


def test_what_came_while_the_connection_was_lost_is_shown(
    served: Served, wire: Wire, open_page: OpenPage
) -> None:
    add(served, seed=1)
    page = open_page(f"http://{wire.address}", expect_failures=True)
    expect(cards(page)).to_have_count(1)
    asked: list[dict[str, str]] = []
    page.on("request", lambda request: request.url.endswith("/v1/events") and asked.append(request.headers))
    wire.cut()
    expect(page.locator("#connection")).to_contain_text("Connection lost")
    add(served, seed=2)
    add(served, "hall", seed=3)
    wire.mend()
    expect(page.locator("#connection")).to_have_text("Live")
    expect(cards(page)).to_have_count(3)
    assert asked[-1]["last-event-id"].isdigit()


def test_a_page_that_finds_no_service_tries_until_it_does(
    served: Served, wire: Wire, open_page: OpenPage
) -> None:
    add(served, seed=1)
    page = open_page(f"http://{wire.address}", expect_failures=True)
    page.route("**/v1/**", lambda route: route.abort())
    page.reload()
    expect(page.locator("#gone")).to_contain_text("Nothing came from the service since")
    page.unroute("**/v1/**")
    expect(cards(page)).to_have_count(1)
    expect(page.locator("#gone")).to_be_hidden()
    expect(page.locator("#notice")).to_be_hidden()


@pytest.mark.parametrize("part", ["visits", "statistics", "site"])
def test_one_request_that_fails_leaves_no_empty_page(served: Served, open_page: OpenPage, part: str) -> None:
    add(served, seed=1)
    page = open_page(served.address, expect_failures=True)
    failures: list[str] = []

    def fail(route: Any) -> None:
        failures.append(route.request.url)
        route.fulfill(status=500, json={"detail": "no store", "code": "store"})

    page.route(f"**/v1/{part}*", fail, times=1)
    page.reload()
    expect(cards(page)).to_have_count(1)
    expect(page.locator("#counters")).to_contain_text("Visits1")
    expect(page.locator("#notice")).to_be_hidden()
    page.get_by_text("Export, delete…").click()
    expect(page.locator("#delete-all")).to_be_visible()
    assert len(failures) == 1


@pytest.fixture
def keys() -> dict[str, str]:
    """Secrets by name."""
    return {}


@pytest.fixture
def entries(keys: dict[str, str]) -> list[dict[str, Any]]:
    """Settings with a key for each purpose."""
    entries = []
    for name, scopes in {"viewer": ["read"], "camera": ["push"], "boss": ["admin"]}.items():
        keys[name], lines = new_key(name, scopes)
        fields = dict(line.split(" = ") for line in lines.splitlines()[1:])
        entries.append({"name": name, "hash": fields["hash"].strip('"'), "scopes": scopes})
    return entries


@pytest.fixture
def guarded(serve: Callable[..., Served], entries: list[dict[str, Any]]) -> Served:
    """A service with these keys."""
    return serve(keys=entries)


def test_a_key_is_asked_for_kept_in_the_tab_and_sent_as_a_header(
    guarded: Served, keys: dict[str, str], open_page: OpenPage
) -> None:
    add(guarded, seed=1)
    page = open_page(
        guarded.address,
        expect_failures=True,
        ready="A key is needed",
        viewport={"width": 360, "height": 740},
        is_mobile=True,
    )
    assert page.evaluate("document.documentElement.scrollWidth") == 360
    asked: list[Any] = []
    page.on("request", lambda request: "/v1/" in request.url and asked.append(request))
    dialog = page.get_by_role("dialog", name="This service asks for a key")
    expect(dialog).to_be_visible()
    field = dialog.get_by_label("Key", exact=True)
    expect(field).to_be_focused()
    field.fill("wrong")
    field.press("Enter")
    expect(page.locator("#key-error")).to_contain_text("key is not known")
    field.fill(keys["camera"])
    field.press("Enter")
    expect(page.locator("#key-error")).to_contain_text("no scope read")
    expect(cards(page)).to_have_count(0)
    field.fill(f"  {keys['viewer']} ")
    field.press("Enter")
    expect(dialog).to_be_hidden()
    expect(page.locator("#connection")).to_have_text("Live")
    expect(cards(page)).to_have_count(1)
    image = cards(page).locator("img")
    image.scroll_into_view_if_needed()
    page.wait_for_function("image => image.naturalWidth === 112", arg=image.element_handle())
    page.reload()
    expect(cards(page)).to_have_count(1)
    add(guarded, seed=2)
    expect(cards(page)).to_have_count(2)
    assert asked[-1].headers.get("authorization", "").startswith("Bearer ")
    assert not [request.url for request in asked if keys["viewer"] in request.url]
    assert page.evaluate("[localStorage.length, document.cookie]") == [0, ""]


def test_a_key_that_is_refused_does_not_look_like_a_dead_service(
    guarded: Served, keys: dict[str, str], open_page: OpenPage, request: pytest.FixtureRequest
) -> None:
    wire = Wire(("127.0.0.1", int(guarded.address.rpartition(":")[2])))
    request.addfinalizer(wire.close)
    now = datetime.now(timezone.utc)
    page = open_page(f"http://{wire.address}", expect_failures=True, ready="A key is needed", clock=now)
    page.get_by_label("Key", exact=True).fill(keys["viewer"])
    page.get_by_role("button", name="Open").click()
    expect(page.locator("#connection")).to_have_text("Live")
    refuse = {"status": 401, "json": {"detail": "This key is not known", "code": "unknown_key"}}
    page.route("**/v1/**", lambda route: route.fulfill(**refuse))
    wire.cut()
    wire.mend()
    expect(page.locator("#connection")).to_have_text("A key is needed")
    page.clock.run_for(20_000)
    expect(page.locator("#gone")).to_be_hidden()
    expect(page).to_have_title("facecap")
    page.unroute_all()
    page.get_by_label("Key", exact=True).fill(keys["viewer"])
    page.get_by_role("button", name="Open").click()
    expect(page.locator("#connection")).to_have_text("Live")
    expect(page.locator("#gone")).to_be_hidden()


def test_a_key_that_may_not_ask_often_sees_everything_all_the_same(
    serve: Callable[..., Served], entries: list[dict[str, Any]], keys: dict[str, str], open_page: OpenPage
) -> None:
    served = serve(keys=entries, access={"requests_per_second": 20, "burst": 10})
    for number in range(30):
        add(served, ago=number, seed=number)
    page = open_page(served.address, expect_failures=True, ready="A key is needed")
    page.get_by_label("Key", exact=True).fill(keys["viewer"])
    page.get_by_role("button", name="Open").click()
    expect(cards(page)).to_have_count(30)
    page.wait_for_function("() => document.images[9].naturalWidth === 112")
    expect(page.locator("#captures .gone")).to_have_count(0)


def test_deleting_is_for_keys_that_may_and_a_refusal_is_said_in_words(
    guarded: Served, keys: dict[str, str], open_page: OpenPage
) -> None:
    add(guarded, seed=1)
    page = open_page(guarded.address, expect_failures=True, ready="A key is needed")
    page.get_by_label("Key", exact=True).fill(keys["viewer"])
    page.get_by_role("button", name="Open").click()
    cards(page).click()
    expect(page.get_by_role("button", name="Copy link")).to_be_visible()
    expect(page.get_by_role("button", name="Delete…")).to_have_count(0)
    page.keyboard.press("Escape")
    expect(page.locator("#delete-all")).to_be_hidden()
    page.get_by_role("button", name="Key…").click()
    page.get_by_label("Key", exact=True).fill(keys["boss"])
    page.get_by_role("button", name="Open").click()
    cards(page).click()
    page.get_by_role("button", name="Delete…").click()
    page.evaluate("key => sessionStorage.setItem('facecap.key', key)", keys["viewer"])
    page.get_by_role("button", name="Delete for good").click()
    expect(page.locator("#details .error")).to_contain_text("no scope admin")
    page.evaluate("key => sessionStorage.setItem('facecap.key', key)", keys["boss"])
    page.keyboard.press("Escape")
    cards(page).click()
    page.get_by_role("button", name="Delete…").click()
    page.get_by_role("button", name="Delete for good").click()
    expect(cards(page)).to_have_count(0)
