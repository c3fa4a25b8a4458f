"""What people do on the live page, in a real browser."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

import pytest
from browsing import OpenPage, cards, sync_api
from served import Served
from shots import add, new

expect = sync_api.expect


def test_a_capture_appears_by_itself(served: Served, open_page: OpenPage, face: bytes) -> None:
    page = open_page(served.address)
    expect(page.locator("#no-captures")).to_contain_text("No visits in this time")
    expect(page.locator("#no-cameras")).to_be_visible()
    answers = [served.push("door", face) for _ in range(2)]
    assert len(answers[-1].json()["captures"]) == 1
    expect(cards(page)).to_have_count(1)
    expect(cards(page)).to_contain_text(re.compile("No mask.*door", re.DOTALL))
    expect(page.locator("#announcer")).to_contain_text("New capture at door")
    expect(page.locator("#counters")).to_contain_text("Visits1")
    expect(page.locator(".camera")).to_contain_text("door")
    expect(page.locator(".camera .state")).to_have_text("Receiving")
    image = cards(page).locator("img")
    page.wait_for_function("image => image.naturalWidth === 112", arg=image.element_handle())


def test_filters_narrow_what_is_shown_and_what_comes(served: Served, open_page: OpenPage) -> None:
    add(served, "door", ago=60, mask="mask", quality=1.2)
    add(served, "door", ago=120, mask="no_mask", quality=0.4)
    add(served, "hall", ago=180, mask="unknown", quality=None)
    add(served, "hall", ago=3 * 86400, mask="no_mask", quality=0.9)
    page = open_page(served.address)
    expect(cards(page)).to_have_count(3)

    page.get_by_label("Time", exact=True).select_option("Last 7 days")
    expect(cards(page)).to_have_count(4)
    page.locator("label", has_text="No mask").click()
    expect(cards(page)).to_have_count(2)
    expect(page.locator("#counters")).to_contain_text("Visits2")
    page.get_by_label("Camera", exact=True).select_option("hall")
    expect(cards(page)).to_have_count(1)
    assert "mask=no_mask" in page.url and "camera=hall" in page.url

    add(served, "door", mask="no_mask", seed=1)
    add(served, "hall", mask="mask", seed=2)
    add(served, "hall", mask="no_mask", seed=3)
    expect(cards(page)).to_have_count(2)

    page.reload()
    expect(cards(page)).to_have_count(2)
    expect(page.get_by_label("Camera", exact=True)).to_have_value("hall")
    page.get_by_role("button", name="Show all").click()
    expect(cards(page)).to_have_count(6)
    expect(page.get_by_label("Camera", exact=True)).to_be_focused()
    page.go_back()
    expect(cards(page)).to_have_count(2)


def test_quality_is_chosen_by_keyboard_and_said_in_words(served: Served, open_page: OpenPage) -> None:
    add(served, ago=1, quality=0.25)
    add(served, ago=2, quality=0.75)
    page = open_page(served.address)
    slider = page.get_by_label(re.compile("Quality"))
    for _ in range(3):
        slider.press("ArrowRight")
    expect(page.locator("#quality-value")).to_have_text("0.30 or better")
    expect(slider).to_have_attribute("aria-valuetext", "0.30 or better")
    expect(cards(page)).to_have_count(1)
    slider.press("End")
    expect(page.locator("#no-captures")).to_have_text("No visit fits these filters.")


def test_a_range_of_time_is_given_by_hand(served: Served, open_page: OpenPage) -> None:
    add(served, ago=40 * 86400)
    add(served, ago=10)
    page = open_page(served.address)
    expect(cards(page)).to_have_count(1)
    page.get_by_label("Time", exact=True).select_option("From … to …")
    expect(cards(page)).to_have_count(2)
    page.get_by_label("To", exact=True).fill("2001-01-01T00:00")
    expect(cards(page)).to_have_count(0)
    page.get_by_label("To", exact=True).fill("")
    page.get_by_label("From", exact=True).fill("2001-01-01T00:00")
    expect(cards(page)).to_have_count(2)


def test_a_camera_is_chosen_by_its_tile(served: Served, open_page: OpenPage, face: bytes) -> None:
    for camera in ("door", "hall"):
        for _ in range(2):
            served.push(camera, face)
    page = open_page(served.address)
    expect(cards(page)).to_have_count(2)
    tile = page.get_by_role("button", name=re.compile("^hall"))
    tile.click()
    expect(tile).to_have_attribute("aria-pressed", "true")
    expect(cards(page)).to_have_count(1)
    tile.click()
    expect(tile).to_have_attribute("aria-pressed", "false")
    expect(cards(page)).to_have_count(2)


def test_details_say_why_other_shots_lost(served: Served, open_page: OpenPage) -> None:
    add(served, ago=30, seed=1)
    add(served, ago=20, mask="mask", mask_prob=0.97, visit=None)
    add(served, ago=10, mask="unknown", mask_prob=None, quality=None, visit={"shots": 1, "lost": {}})
    page = open_page(served.address)
    cards(page).nth(2).click()
    dialog = page.get_by_role("dialog")
    expect(dialog).to_contain_text("Why other shots lost")
    expect(dialog).to_contain_text("The face was seen in 54 frames")
    rows = dialog.locator(".lost li")
    expect(rows).to_have_count(3)
    expect(rows.nth(0)).to_contain_text(re.compile("No better than the kept shot.*41", re.DOTALL))
    expect(dialog).to_contain_text("2 % mask probability")
    expect(dialog).to_contain_text("yaw 12°, pitch -2°, roll not known")
    expect(dialog.get_by_role("button", name="Older visit")).to_be_disabled()

    page.keyboard.press("ArrowLeft")
    expect(dialog).to_contain_text("Whoever pushed this capture did not say")
    dialog.get_by_role("button", name="Newer visit").click()
    expect(dialog).to_contain_text("this was the only shot")
    expect(dialog).to_contain_text("not classified")
    page.keyboard.press("Escape")
    expect(dialog).to_be_hidden()
    expect(cards(page).nth(0)).to_be_focused()


def test_every_frame_of_a_real_visit_has_its_reason(
    serve: Callable[..., Served], open_page: OpenPage, face: bytes
) -> None:
    served = serve(capture={"mode": "auto", "min_hits": 3, "interval": 1000})
    for _ in range(6):
        served.push("door", face)
    served.client.post("/v1/cameras/door/flush")
    page = open_page(served.address)
    expect(cards(page)).to_have_count(1)
    cards(page).click()
    expect(page.locator(".lost")).to_contain_text("seen in 6 frames")
    expect(page.locator(".lost li", has_text="Visit had only just begun")).to_contain_text("2")
    expect(page.locator(".lost li", has_text="No better than the kept shot")).to_contain_text("3")


def test_a_capture_is_deleted_after_a_question(served: Served, open_page: OpenPage) -> None:
    kept, gone = add(served, ago=10, seed=1), add(served, ago=5, seed=2)
    page = open_page(served.address)
    cards(page).nth(0).click()
    page.get_by_role("button", name="Delete…").click()
    expect(page.get_by_role("button", name="Keep")).to_be_focused()
    page.get_by_role("button", name="Delete for good").click()
    expect(cards(page)).to_have_count(1)
    expect(cards(page)).to_be_focused()
    store = served.services.store
    assert store.capture(gone) is None and store.capture(kept) is not None
    expect(page.locator("#counters")).to_contain_text("Visits1")


def test_a_paused_page_holds_back_what_comes(served: Served, open_page: OpenPage) -> None:
    add(served, ago=10)
    page = open_page(served.address)
    expect(cards(page)).to_have_count(1)
    page.get_by_role("button", name="Pause").click()
    add(served, seed=1)
    add(served, seed=2)
    held = page.get_by_role("button", name="2 new visits")
    expect(held).to_be_visible()
    expect(cards(page)).to_have_count(1)
    held.click()
    expect(cards(page)).to_have_count(3)
    expect(held).to_be_hidden()
    add(served, seed=3)
    expect(page.get_by_role("button", name="1 new visit")).to_be_visible()
    page.get_by_role("button", name="Pause").click()
    expect(cards(page)).to_have_count(4)


def test_what_comes_does_not_move_what_is_being_read(served: Served, open_page: OpenPage) -> None:
    served.services.store.add("door", [new(ago=60 + number, seed=number % 9) for number in range(40)])
    page = open_page(served.address, reduced_motion="reduce")
    expect(cards(page)).to_have_count(40)
    page.evaluate("() => scrollTo({ top: 900, behavior: 'instant' })")
    read = cards(page).nth(20).bounding_box()["y"]
    add(served)
    held = page.get_by_role("button", name="1 new visit")
    expect(held).to_be_in_viewport()
    assert cards(page).nth(20).bounding_box()["y"] == read
    held.click()
    expect(cards(page).first).to_be_focused()
    expect(cards(page)).to_have_count(41)


def test_older_captures_come_page_by_page_and_newest_first(served: Served, open_page: OpenPage) -> None:
    served.services.store.add("door", [new(ago=60 + number, seed=number % 9) for number in range(120)])
    page = open_page(served.address)
    older = page.get_by_role("button", name="Older visits")
    expect(cards(page)).to_have_count(48)
    older.click()
    expect(cards(page)).to_have_count(96)
    expect(cards(page).nth(48)).to_be_focused()
    older.click()
    expect(cards(page)).to_have_count(120)
    expect(older).to_be_hidden()
    times = page.locator("#captures time").evaluate_all("all => all.map(time => time.dateTime)")
    assert times == sorted(times, reverse=True) and len(set(times)) == 120


def test_a_page_that_is_open_for_long_keeps_a_bounded_number_of_cards(
    served: Served, open_page: OpenPage
) -> None:
    page = open_page(served.address)
    # Of one moment each ten, as of one crowd: none may be lost where cards are dropped and asked for again.
    for block in range(12):
        served.services.store.add(
            "door", [new(ago=1200 - 100 * block - number // 10, seed=number % 9) for number in range(50)]
        )
    expect(cards(page)).to_have_count(480)
    expect(page.locator("#counters")).to_contain_text("Visits600")
    older = page.get_by_role("button", name="Older visits")
    while older.is_visible():
        shown = cards(page).count()
        older.click()
        expect(cards(page)).not_to_have_count(shown)
    expect(cards(page)).to_have_count(600)


def test_last_frames_are_shown_only_where_the_settings_allow(
    serve: Callable[..., Served], open_page: OpenPage, face: bytes
) -> None:
    open_one, closed_one = serve(page={"show_frames": True}), serve()
    for served, shown in ((open_one, True), (closed_one, False)):
        served.push("door", face)
        page = open_page(served.address)
        expect(page.locator(".camera")).to_have_count(1)
        frame = page.locator(".camera .frame")
        if shown:
            expect(frame).to_be_visible()
            page.wait_for_function("image => image.naturalWidth === 1920", arg=frame.element_handle())
        else:
            expect(frame).to_be_hidden()


def test_the_chart_says_the_same_as_its_table(served: Served, open_page: OpenPage) -> None:
    for number, mask in enumerate(["mask", "mask", "mask", "no_mask", "unknown"]):
        add(served, ago=3600 * number, mask=mask, seed=number)
    page = open_page(served.address)
    expect(page.locator("#counters")).to_contain_text("Mask rate75 %")
    expect(page.locator("#chart svg")).to_have_attribute("role", "img")
    expect(page.locator("#chart svg > title")).to_contain_text("Visits over time: 5 visits")
    page.get_by_text("As a table").click()
    expect(page.locator("#chart tbody tr")).to_have_count(5)
    assert page.locator("#chart rect[data-mask=mask]").count() == 3


def test_masks_worn_wrongly_are_shown_where_there_are_some(served: Served, open_page: OpenPage) -> None:
    add(served, ago=60, mask="mask", mask_prob=0.97)
    page = open_page(served.address)
    expect(cards(page)).to_have_count(1)
    wrongly = page.locator("#answers label", has_text="Worn wrongly")
    expect(wrongly).to_be_hidden()
    expect(page.locator("#counters")).not_to_contain_text("Worn wrongly")

    add(served, ago=30, mask="incorrect", mask_prob=0.04, incorrect_prob=0.91, seed=1)
    expect(cards(page).first).to_contain_text("Worn wrongly")
    expect(page.locator("#counters")).to_contain_text("Worn wrongly1")
    expect(page.locator("#counters")).to_contain_text("Mask rate50 %")
    assert page.locator("#chart rect[data-mask=incorrect]").count() == 1
    wrongly.click()
    expect(cards(page)).to_have_count(1)
    assert "mask=incorrect" in page.url
    cards(page).first.click()
    expect(page.get_by_role("dialog")).to_contain_text("4 % mask probability, 91 % worn wrongly")
    page.reload()
    expect(wrongly).to_be_visible()
    expect(cards(page)).to_have_count(1)


@pytest.mark.parametrize("broken", ["visits", "statistics", "cameras"])
def test_a_part_that_fails_says_so_and_comes_back(
    served: Served, open_page: OpenPage, browser: Any, broken: str
) -> None:
    add(served)
    page = open_page(served.address, expect_failures=True)
    expect(cards(page)).to_have_count(1)
    body = '{"code": "store_unavailable", "detail": "the store sleeps"}'
    page.route(f"**/v1/{broken}*", lambda route: route.fulfill(status=503, body=body))
    page.get_by_label("Camera", exact=True).select_option("door")
    expect(page.locator(".notice:visible")).to_contain_text("the store sleeps")
    page.unroute(f"**/v1/{broken}*")
    page.get_by_label("Camera", exact=True).select_option("All cameras")
    expect(page.locator(".notice:visible")).to_have_count(0)
    expect(cards(page)).to_have_count(1)
