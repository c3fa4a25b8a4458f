"""Visits on the page: one card each, with its shots inside."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

from browsing import OpenPage, cards, sync_api
from served import Served
from shots import add

expect = sync_api.expect


def visit(served: Served, *shots: dict[str, Any], track: int = 7, ago: float = 60) -> list[str]:
    """A visit of several shots, one second apart; ids of its captures."""
    return [
        add(served, ago=ago - place, seed=10 * track + place, track_id=track, sequence=place + 1, **shot)
        for place, shot in enumerate(shots)
    ]


SHOTS = (
    {"mask": "mask", "quality": 0.5},
    {"mask": "no_mask", "quality": 1.2},
    {"mask": "mask", "quality": 0.8},
)


def test_a_visit_is_one_card_with_one_answer_by_all_its_shots(served: Served, open_page: OpenPage) -> None:
    visit(served, *SHOTS)
    visit(served, {"mask": "no_mask", "quality": 0.3}, track=8, ago=600)
    page = open_page(served.address)
    expect(cards(page)).to_have_count(2)
    expect(cards(page).first).to_contain_text(re.compile(r"3 shots.*Mask.*very good · 1\.20", re.DOTALL))
    expect(cards(page).last).to_contain_text("poor · 0.30")
    expect(cards(page).last.locator(".shots-count")).to_be_hidden()
    expect(page.locator("#counters")).to_contain_text("Visits2")
    expect(page.locator("#counters")).to_contain_text("Mask rate50 %of 2 known answers")
    expect(page.locator("#chart")).to_contain_text("Visits per 30 minutes")


def test_a_shot_that_comes_later_changes_its_card_in_place(served: Served, open_page: OpenPage) -> None:
    visit(served, SHOTS[1])
    page = open_page(served.address)
    expect(cards(page)).to_contain_text("No mask")
    cards(page).focus()
    for place in (2, 3):
        add(served, ago=50 - place, seed=place, track_id=7, sequence=place, mask="mask", quality=0.9)
    expect(cards(page)).to_have_count(1)
    expect(cards(page)).to_contain_text(re.compile("3 shots.*Mask", re.DOTALL))
    expect(cards(page).locator(".badge")).to_have_text("Mask")
    expect(cards(page)).to_be_focused()
    expect(page.locator("#counters")).to_contain_text("Visits1")


def test_a_visit_leaves_a_filter_that_it_does_not_fit_any_more(served: Served, open_page: OpenPage) -> None:
    visit(served, SHOTS[1])
    page = open_page(served.address, path="/?mask=no_mask")
    expect(cards(page)).to_have_count(1)
    for place in (2, 3):
        add(served, ago=50 - place, seed=place, track_id=7, sequence=place, mask="mask")
    expect(cards(page)).to_have_count(0)


def test_the_shots_of_a_visit_are_seen_one_by_one(served: Served, open_page: OpenPage) -> None:
    visit(served, *SHOTS)
    page = open_page(served.address)
    cards(page).click()
    dialog = page.get_by_role("dialog")
    shots = dialog.locator(".strip button")
    expect(shots).to_have_count(3)
    expect(dialog).to_contain_text("3 shots of this visit, the best first")
    expect(dialog).to_contain_text("very good · 1.20 (1.3 is a near, frontal face)")
    expect(dialog.locator(".mask-line")).to_contain_text("No mask")
    shots.first.focus()
    page.keyboard.press("ArrowRight")
    expect(shots.nth(1)).to_be_focused()
    page.keyboard.press("Enter")
    expect(shots.nth(1)).to_have_attribute("aria-pressed", "true")
    expect(shots.nth(1)).to_be_focused()
    expect(dialog).to_contain_text("good · 0.80")
    page.wait_for_function("() => document.querySelector('#details .whole .crop').naturalWidth === 112")


def test_engineers_unfold_what_they_need(served: Served, open_page: OpenPage) -> None:
    add(served)
    page = open_page(served.address)
    cards(page).click()
    facts = page.locator(".engineering dl")
    expect(facts).to_be_hidden()
    page.get_by_text("For engineers").click()
    expect(facts).to_be_visible()
    expect(facts).to_contain_text("track 7, capture 1")


def test_a_visit_is_linked_to_and_its_picture_saved(
    served: Served, open_page: OpenPage, tmp_path: Path
) -> None:
    add(served, ago=90 * 86400, mask="no_mask")
    add(served, ago=5, seed=1, mask="mask")
    page = open_page(served.address, path="/?period=all")
    page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    cards(page).last.click()
    dialog = page.get_by_role("dialog")
    with page.expect_download() as saving:
        dialog.get_by_role("button", name="Save picture").click()
    assert re.fullmatch(r"door_\d{4}-\d\d-\d\d_\d\d-\d\d-\d\d_no_mask\.png", saving.value.suggested_filename)
    assert saving.value.path().read_bytes().startswith(b"\x89PNG")
    dialog.get_by_role("button", name="Copy link").click()
    expect(dialog.get_by_role("button", name="Copied")).to_be_visible()
    link = page.evaluate("navigator.clipboard.readText()")
    page.keyboard.press("Escape")
    expect(page).not_to_have_url(re.compile("visit="))
    page.goto(link)
    expect(dialog).to_contain_text("door")
    expect(dialog.locator(".mask-line")).to_contain_text("No mask")
    expect(cards(page)).to_have_count(1)


def test_a_link_is_copied_where_the_browser_has_no_clipboard(served: Served, open_page: OpenPage) -> None:
    """As over plain HTTP from another machine."""
    add(served)
    page = open_page(served.address)
    page.evaluate("Object.defineProperty(navigator, 'clipboard', { value: undefined })")
    cards(page).click()
    page.get_by_role("button", name="Copy link").click()
    expect(page.get_by_role("button", name="Copied")).to_be_visible()


def test_a_link_to_a_visit_that_is_gone_says_so(served: Served, open_page: OpenPage) -> None:
    gone = add(served)
    served.services.store.delete_visit(gone, "test")
    page = open_page(served.address, path=f"/?visit={gone}", expect_failures=True)
    expect(page.locator("#notice")).to_have_text("The visit of this link is not there any more.")
    expect(page.get_by_role("dialog")).to_have_count(0)


def test_deleting_a_visit_removes_all_its_shots(served: Served, open_page: OpenPage) -> None:
    shots = visit(served, *SHOTS)
    kept = add(served, ago=600, seed=5)
    page = open_page(served.address)
    cards(page).first.click()
    page.get_by_role("button", name="Delete…").click()
    expect(page.locator("#details .actions")).to_contain_text("Delete this visit and its 3 pictures?")
    page.get_by_role("button", name="Delete for good").click()
    expect(cards(page)).to_have_count(1)
    store = served.services.store
    assert [store.capture(shot) for shot in shots] == [None] * 3 and store.capture(kept)


def test_times_are_those_of_the_viewer_and_of_the_site(serve: Any, open_page: OpenPage) -> None:
    served = serve(site={"name": "Lobby", "time_zone": "Asia/Shanghai"})
    add(served)
    page = open_page(served.address, timezone_id="Europe/Berlin")
    expect(page.locator("#zone")).to_contain_text(re.compile(r"Europe/Berlin.*Asia/Shanghai \(GMT\+8\)"))
    expect(page).to_have_title("Lobby")
    cards(page).click()
    expect(page.get_by_role("dialog")).to_contain_text("At the site")
    there = open_page(served.address, timezone_id="Asia/Shanghai")
    expect(there.locator("#zone")).to_contain_text("Asia/Shanghai (GMT+8)")
    cards(there).click()
    expect(there.get_by_role("dialog")).not_to_contain_text("At the site")


def test_a_wall_display_is_filled(served: Served, open_page: OpenPage) -> None:
    for number in range(30):
        add(served, ago=number, seed=number)
    page = open_page(served.address, viewport={"width": 2560, "height": 1440})
    expect(cards(page)).to_have_count(30)
    rights = cards(page).evaluate_all("all => all.map(card => card.getBoundingClientRect().right)")
    assert max(rights) > 2450
    assert page.locator(".side").bounding_box()["x"] < 110
