"""The live page on a phone, in the dark, by keyboard and for a screen reader."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from browsing import OpenPage, cards, sync_api, unfold
from served import Served, eventually
from shots import add

expect = sync_api.expect
RULES = (Path(__file__).parent / "rules.js").read_text()
PHONE = {"viewport": {"width": 360, "height": 740}, "has_touch": True, "is_mobile": True}


@pytest.fixture
def busy(served: Served, face: bytes) -> Served:
    """A service with something of everything on its page."""
    for number, mask in enumerate(["mask", "no_mask", "unknown", "incorrect", "mask", "no_mask"] * 3):
        add(
            served,
            ["door", "a-camera-with-a-rather-long-name-at-the-east"][number % 2],
            ago=600 * number,
            mask=mask,
        )
    served.push("door", face)
    return served


@pytest.mark.parametrize("options", [{}, PHONE], ids=["desk", "phone"])
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_no_rule_of_accessibility_is_broken(
    busy: Served, open_page: OpenPage, scheme: str, options: dict[str, Any]
) -> None:
    page = open_page(busy.address, color_scheme=scheme, reduced_motion="reduce", **options)
    expect(cards(page)).to_have_count(18)
    expect(page.locator(".camera")).to_have_count(1)
    assert page.evaluate(RULES) == []
    unfold(page)
    page.get_by_text("As a table").click()
    page.get_by_text("Export, delete…").click()
    assert page.evaluate(RULES) == []
    cards(page).first.click()
    page.get_by_text("For engineers").click()
    assert page.evaluate(RULES) == []
    page.get_by_role("button", name="Delete…").click()
    assert page.evaluate(RULES) == []
    page.keyboard.press("Escape")
    expect(page.locator("dialog[open]")).to_have_count(0)
    page.locator(".set-up").click()
    page.get_by_role("button", name="Ignore an area").click()
    page.get_by_role("button", name="Add corner").click()
    assert page.evaluate(RULES) == []
    page.keyboard.press("Escape")
    expect(page.locator("dialog[open]")).to_have_count(0)
    page.get_by_label(re.compile("Quality")).fill("1")
    expect(page.locator("#no-captures")).to_be_visible()
    eventually(lambda: page.evaluate(RULES) == [])


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_dark_and_light_follow_the_system(served: Served, open_page: OpenPage, scheme: str) -> None:
    page = open_page(served.address, color_scheme=scheme)
    ground = page.evaluate("getComputedStyle(document.body).backgroundColor")
    brightness = sum(map(int, re.findall(r"\d+", ground)[:3])) / 3
    assert brightness < 60 if scheme == "dark" else brightness > 200


def test_nothing_is_cut_off_on_a_phone(busy: Served, open_page: OpenPage) -> None:
    page = open_page(busy.address, **PHONE)
    expect(cards(page)).to_have_count(18)
    assert page.evaluate("document.documentElement.scrollWidth") == 360
    columns = cards(page).evaluate_all(
        "all => new Set(all.map(card => Math.round(card.getBoundingClientRect().left))).size"
    )
    assert columns == 2
    # Captures come first: no thumb has to pass figures and cameras.
    assert cards(page).first.bounding_box()["y"] < 370
    cards(page).nth(1).tap()
    dialog = page.get_by_role("dialog")
    box = dialog.bounding_box()
    assert box["x"] >= 0 and box["x"] + box["width"] <= 360 and box["height"] <= 740
    assert dialog.evaluate("dialog => dialog.scrollWidth <= dialog.clientWidth")
    page.get_by_role("button", name="Close").tap()
    expect(dialog).to_be_hidden()
    unfold(page)
    page.locator("label", has_text="No mask").tap()
    expect(cards(page)).to_have_count(6)


def test_everything_is_reached_by_keyboard(busy: Served, open_page: OpenPage) -> None:
    page = open_page(busy.address)
    expect(cards(page)).to_have_count(18)
    focused = page.locator(":focus")
    page.keyboard.press("Tab")
    expect(focused).to_have_text("Skip to visits")
    expect(focused).to_be_in_viewport()
    page.keyboard.press("Enter")
    expect(page.locator("#captures-title")).to_be_focused()
    page.keyboard.press("Tab")
    expect(focused).to_have_attribute("name", "camera")
    page.keyboard.press("Tab")
    page.keyboard.press("Tab")
    expect(focused).to_have_attribute("name", "mask")
    page.keyboard.press("ArrowRight")
    page.keyboard.press("ArrowRight")
    expect(cards(page)).to_have_count(6)
    expect(cards(page).filter(has_text="No mask")).to_have_count(6)
    expect(page.locator("#announcer")).to_have_text("6 visits shown.")
    for _ in range(4):
        page.keyboard.press("Tab")
    expect(cards(page).first).to_be_focused()
    outline = focused.evaluate(
        "card => getComputedStyle(card).outlineStyle + getComputedStyle(card).outlineWidth"
    )
    assert outline == "solid3px"
    page.keyboard.press("End")
    expect(cards(page).last).to_be_focused()
    page.keyboard.press("Home")
    page.keyboard.press("ArrowRight")
    expect(cards(page).nth(1)).to_be_focused()
    page.keyboard.press("ArrowDown")
    below = focused.evaluate("card => card.getBoundingClientRect().top")
    assert below > cards(page).nth(1).evaluate("card => card.getBoundingClientRect().top")
    page.keyboard.press("ArrowUp")
    expect(cards(page).nth(1)).to_be_focused()
    page.keyboard.press("Enter")
    expect(page.locator("#details-title")).to_be_focused()
    for _ in range(12):
        page.keyboard.press("Tab")
        inside = page.evaluate(
            "document.activeElement === document.body || !!document.activeElement.closest('dialog')"
        )
        assert inside
    page.keyboard.press("Escape")
    expect(focused).to_have_class("card")


@pytest.mark.parametrize("answer", ["No mask", "Mask"], ids=["card stays", "card goes"])
def test_the_focus_stays_in_the_list_while_its_cards_change(
    busy: Served, open_page: OpenPage, answer: str
) -> None:
    """Of a card that is shown no more it goes to the first."""
    page = open_page(busy.address)
    expect(cards(page)).to_have_count(18)

    def answer_late(route: Any) -> None:
        cards(page).nth(1).focus()
        route.continue_()

    page.route("**/v1/visits?*", answer_late)
    page.locator("label", has_text=re.compile(f"^{answer}$")).click()
    expect(cards(page).filter(has_text=answer)).to_have_count(6)
    expect(cards(page).first).to_be_focused()


def test_many_captures_are_announced_in_one_sentence(served: Served, open_page: OpenPage) -> None:
    page = open_page(served.address)
    for number in range(5):
        add(served, mask=["mask", "no_mask"][number % 2], seed=number)
    expect(page.locator("#announcer")).to_have_text(re.compile("captures? came|New capture"))
    expect(cards(page)).to_have_count(5)


def test_the_page_asks_nobody_else_and_runs_no_foreign_script(serve: Callable[..., Served]) -> None:
    served = serve()
    answer = served.client.get("/")
    policy = answer.headers["content-security-policy"]
    assert "default-src 'none'" in policy and "script-src 'self'" in policy and "unsafe" not in policy
    assert not re.search(
        r"<script(?![^>]*\bsrc=)|\son\w+=|\bstyle=|<style|https?://(?!www\.w3\.org)", answer.text
    )
    parts = set(re.findall(r'(?:src|href)="(page/[^"]+)"', answer.text))
    for name in sorted(parts):
        part = served.client.get(f"/{name}")
        assert part.status_code == 200 and part.headers["content-security-policy"] == policy
        again = served.client.get(f"/{name}", headers={"If-None-Match": part.headers["etag"]})
        assert again.status_code == 304 and not again.content
    assert served.client.get("/page/../settings.py").status_code == 404
    assert served.client.get("/page/__init__.py").json()["code"] == "not_found"
