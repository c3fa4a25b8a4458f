"""Alerts on the page: who looks after the doors sees them, hears them, and says that they were seen."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from browsing import OpenPage, sync_api
from mosquitto import Mosquitto
from served import Served, eventually
from shots import add

from facecap_service.keys import new_key
from facecap_service.webhooks import delivery

expect = sync_api.expect
RULES = (Path(__file__).parent / "rules.js").read_text()
NOTED = """
  window.noted = [];
  window.tones = 0;
  window.Notification = class {
    static permission = "default";
    static async requestPermission() {
      this.permission = "granted";
      return "granted";
    }
    constructor(title, { body }) {
      window.noted.push([title, body]);
    }
  };
  const start = OscillatorNode.prototype.start;
  OscillatorNode.prototype.start = function (...moment) {
    window.tones += 1;
    return start.apply(this, moment);
  };
"""
"""Counts what the guard would see and hear outside of the page; without a window Chromium notifies nobody."""


@pytest.fixture
def guarded(serve: Callable[..., Served]) -> Served:
    """A service with a rule for bare faces and one for cameras that go offline."""
    return serve(alerts={"bare": {"every_minutes": 0}, "lost": {"answers": [], "offline": True}})


def alerts(page: Any) -> Any:
    return page.locator("#alerts > li")


def test_an_alert_appears_with_what_the_guard_needs_and_goes_when_it_was_seen(
    guarded: Served, open_page: OpenPage
) -> None:
    page = open_page(guarded.address)
    expect(page.locator("#alerts-count")).to_have_text("Nothing to look at.")
    add(guarded, "door", mask="no_mask")
    add(guarded, "door", mask="mask")
    expect(alerts(page)).to_have_count(1)
    expect(alerts(page)).to_contain_text("No mask")
    expect(alerts(page)).to_contain_text("door")
    expect(alerts(page)).to_contain_text("bare")
    expect(alerts(page).locator("time")).to_have_count(1)
    eventually(lambda: alerts(page).locator("img").evaluate("image => image.naturalWidth") == 112)
    guarded.services.store.event("camera.offline", "gate", {})
    expect(alerts(page)).to_have_count(2)
    expect(alerts(page).first).to_contain_text("Camera offline")
    expect(page.locator("#alerts-count")).to_have_text("2 to look at")
    page.get_by_role("button", name=re.compile("^Seen: gate")).click()
    expect(alerts(page)).to_have_count(1)
    expect(page.get_by_role("button", name=re.compile("^Seen: door"))).to_be_focused()
    page.keyboard.press("Enter")
    expect(alerts(page)).to_have_count(0)
    expect(page.locator("#alerts-title")).to_be_focused()
    page.get_by_text("Seen lately").click()
    expect(page.locator("#alerts-seen li")).to_have_count(2)


def test_another_guard_sees_who_saw_an_alert(serve: Callable[..., Served], open_page: OpenPage) -> None:
    made = {name: new_key(name, ["read"]) for name in ("anna", "li")}
    keys = [
        {"name": name, "hash": lines.partition('hash = "')[2].partition('"')[0], "scopes": ["read"]}
        for name, (_, lines) in made.items()
    ]
    served = serve(alerts={"bare": {}}, keys=keys)
    add(served, mask="no_mask")

    def open_with_key(name: str) -> Any:
        page = open_page(served.address, expect_failures=True, ready="A key is needed")
        page.get_by_label("Key", exact=True).fill(made[name][0])
        page.get_by_role("button", name="Open").click()
        expect(alerts(page)).to_have_count(1)
        return page

    pages = [open_with_key(name) for name in made]
    pages[0].get_by_role("button", name=re.compile("^Seen")).click()
    expect(alerts(pages[0])).to_have_count(0)
    pages[1].evaluate("document.dispatchEvent(new Event('visibilitychange'))")  # as if looked at again
    expect(alerts(pages[1])).to_have_count(0)
    pages[1].get_by_text("Seen lately").click()
    expect(pages[1].locator("#alerts-seen")).to_contain_text("anna")


def test_nothing_sounds_and_nobody_is_asked_until_the_guard_wants_it(
    guarded: Served, open_page: OpenPage
) -> None:
    page = open_page(guarded.address)
    page.add_init_script(NOTED)
    page.reload()
    bell = page.get_by_role("button", name="Sound and notification")
    expect(bell).to_have_attribute("aria-pressed", "false")
    assert page.evaluate("localStorage.length") == 0
    add(guarded, mask="no_mask")
    expect(alerts(page)).to_have_count(1)
    assert page.evaluate("[window.noted.length, window.tones, Notification.permission]") == [0, 0, "default"]
    bell.click()
    expect(bell).to_have_attribute("aria-pressed", "true")
    assert page.evaluate("Object.entries(localStorage)") == [["facecap.bell", "on"]]
    tones = page.evaluate("window.tones")
    assert tones > 0, "the guard hears what it will sound like"
    add(guarded, mask="no_mask", seed=1)
    expect(alerts(page)).to_have_count(2)
    assert page.evaluate("window.noted") == [["Alert: door", "No mask"]]
    assert page.evaluate("window.tones") == 2 * tones
    page.reload()
    expect(bell).to_have_attribute("aria-pressed", "true")
    bell.click()
    assert page.evaluate("localStorage.length") == 0


def test_a_browser_that_allows_no_notification_leaves_the_sound(guarded: Served, open_page: OpenPage) -> None:
    page = open_page(guarded.address)
    page.add_init_script("Notification.requestPermission = async () => 'denied'")
    page.reload()
    page.get_by_role("button", name="Sound and notification").click()
    expect(page.locator("#bell-answer")).to_have_text(re.compile("the sound alone"))


def test_a_page_without_rules_has_no_alerts(served: Served, open_page: OpenPage) -> None:
    page = open_page(served.address)
    expect(page.locator("#no-captures")).to_be_visible()
    expect(page.locator("#alerts-section")).to_be_hidden()


def test_alerts_of_a_removed_capture_stay_without_a_picture(guarded: Served, open_page: OpenPage) -> None:
    identity = add(guarded, mask="no_mask")
    eventually(lambda: guarded.client.get("/v1/alerts").json()["alerts"])
    guarded.client.delete(f"/v1/captures/{identity}")
    page = open_page(guarded.address)
    expect(alerts(page)).to_have_count(1)
    expect(alerts(page).locator("img")).to_have_count(0)


@pytest.mark.parametrize("width", [360, 1280, 2560])
def test_alerts_break_no_rule_and_are_not_cut_off(guarded: Served, open_page: OpenPage, width: int) -> None:
    for number in range(4):
        add(guarded, "a-camera-with-a-rather-long-name-at-the-east", mask="no_mask", seed=number)
    guarded.services.store.event("camera.offline", "gate", {})
    page = open_page(guarded.address, viewport={"width": width, "height": 900}, reduced_motion="reduce")
    expect(alerts(page)).to_have_count(5)
    page.get_by_role("button", name=re.compile("^Seen: gate")).click()
    expect(alerts(page)).to_have_count(4)
    page.get_by_text("Seen lately").click()
    assert page.evaluate(RULES) == []
    assert page.evaluate("document.documentElement.scrollWidth") == width


def test_alerts_are_read_in_chinese(guarded: Served, open_page: OpenPage) -> None:
    add(guarded, mask="no_mask")
    page = open_page(guarded.address, locale="zh-CN", ready="实时")
    expect(page.locator("#alerts-title")).to_have_text("告警")
    expect(alerts(page)).to_contain_text("未戴口罩")
    page.get_by_role("button", name=re.compile("^已看.door")).click()
    expect(page.locator("#alerts-count")).to_have_text("没有待查看的告警。")


def test_the_page_says_that_the_broker_is_away(
    serve: Callable[..., Served], open_page: OpenPage, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(delivery, "_FIRST_PAUSE", 0.01)
    broker = Mosquitto(tmp_path)
    served = serve(mqtt={"url": broker.url})
    eventually(lambda: served.client.get("/v1/mqtt").json()["state"] == "connected")
    page = open_page(served.address)
    expect(page.locator("#deliveries")).to_be_hidden()
    broker.kill()
    eventually(lambda: served.client.get("/v1/mqtt").json()["state"] == "retrying")
    expect(page.locator("#deliveries")).to_contain_text("MQTT broker has heard nothing since", timeout=30_000)
    broker.start()
    expect(page.locator("#deliveries")).to_be_hidden(timeout=30_000)
    broker.kill()
