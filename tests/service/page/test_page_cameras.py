"""What cameras are called on the page, and their settings for who may change them."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

import pytest
from browsing import OpenPage, cards, sync_api
from served import Served
from shots import add

from facecap_service.keys import new_key

expect = sync_api.expect


def tile(page: Any, name: str) -> Any:
    return page.locator("#cameras li", has_text=name)


def open_settings(page: Any, camera: str = "door") -> Any:
    page.get_by_role("button", name=f"Settings of {camera}").click()
    dialog = page.get_by_role("dialog", name=f"Camera {camera}")
    expect(dialog).to_be_visible()
    return dialog


def test_a_name_and_a_place_in_any_script_are_shown_everywhere(
    served: Served, open_page: OpenPage, face: bytes
) -> None:
    for camera in ("door", "hall"):
        for _ in range(2):
            served.push(camera, face)
    page = open_page(served.address)
    expect(cards(page)).to_have_count(2)
    dialog = open_settings(page)
    dialog.get_by_label("Name that people see").fill("大门")
    dialog.get_by_label("Where it stands").fill("一楼")
    dialog.get_by_role("button", name="Save").click()
    expect(dialog).to_be_hidden()
    expect(page.locator("#announcer")).to_contain_text("Saved")
    expect(tile(page, "大门")).to_be_visible()
    expect(page.locator("#cameras h3")).to_have_text(["一楼", "Other cameras"])
    expect(tile(page, "大门").locator("strong")).to_have_attribute("title", "door")
    card = cards(page).filter(has_text="大门")
    expect(card).to_have_count(1)
    expect(page.locator("#camera option")).to_have_text(["All cameras", "大门", "hall"])
    card.click()
    expect(page.locator("#details-title")).to_contain_text("大门,")
    page.keyboard.press("Escape")
    tile(page, "大门").locator(".camera").click()
    expect(cards(page)).to_have_count(1)
    assert "camera=door" in page.url
    page.reload()
    expect(cards(page)).to_contain_text("大门")


@pytest.mark.parametrize("frames", [True, False], ids=["over the last frame", "without a frame"])
def test_an_area_is_drawn_by_mouse_and_faces_in_it_are_ignored(
    serve: Callable[..., Served], open_page: OpenPage, face: bytes, frames: bool
) -> None:
    served = serve(page={"show_frames": frames})
    served.push("door", face)
    page = open_page(served.address)
    dialog = open_settings(page)
    expect(page.locator("#areas-unseen")).to_be_visible(visible=not frames)
    dialog.get_by_role("button", name="Ignore an area").click()
    expect(dialog.get_by_role("button", name="Save")).to_be_disabled()
    expect(page.locator("#areas-help")).to_contain_text("three corners or more")
    field = page.locator("#areas")
    box = field.bounding_box()
    for x, y in ((0.02, 0.02), (0.98, 0.02), (0.5, 0.5), (0.02, 0.98)):
        field.click(position={"x": x * box["width"], "y": y * box["height"]})
    corner = page.get_by_role("button", name=re.compile("^Corner 3: 50 %"))
    start = corner.bounding_box()
    page.mouse.move(start["x"] + start["width"] / 2, start["y"] + start["height"] / 2)
    page.mouse.down()
    page.mouse.move(box["x"] + 0.97 * box["width"], box["y"] + 0.96 * box["height"], steps=4)
    page.mouse.up()
    expect(dialog.get_by_role("button", name="1: ignored, 4 corners")).to_be_visible()
    dialog.get_by_role("button", name="Save").click()
    expect(dialog).to_be_hidden()
    [polygon] = served.client.get("/v1/cameras/door/settings").json()["ignore"]
    wanted = [(0.02, 0.02), (0.98, 0.02), (0.97, 0.96), (0.02, 0.98)]
    assert all(
        abs(have - want) < 0.02
        for corner, place in zip(polygon, wanted, strict=True)
        for have, want in zip(corner, place, strict=True)
    )
    reasons = [found["reason"] for _ in range(3) for found in served.push("door", face).json()["faces"]]
    assert reasons[-1] == "outside_area"
    expect(page.locator(".troubles")).to_be_hidden()


@pytest.mark.parametrize("fault", ["refused", "late"])
def test_the_settings_of_another_camera_are_neither_shown_nor_saved(
    serve: Callable[..., Served], open_page: OpenPage, face: bytes, fault: str
) -> None:
    served = serve(page={"show_frames": True})
    square = [[0.1, 0.1], [0.2, 0.1], [0.2, 0.2]]
    for camera in ("door", "hall"):
        served.push(camera, face)
    settings = {"display_name": "Front", "area": "Ground floor", "ignore": [square], "only": []}
    served.client.put("/v1/cameras/door/settings", json=settings)
    page = open_page(served.address, expect_failures=True)
    dialog = open_settings(page)
    expect(dialog.get_by_role("button", name="1: ignored, 3 corners")).to_be_visible()
    expect(page.locator("#areas-frame")).to_be_visible()
    dialog.get_by_role("button", name="Cancel").click()

    held: list[Any] = []
    refuse = {"status": 500, "json": {"detail": "no store", "code": "store"}}
    page.route("**/hall/frame", lambda route: route.fulfill(status=404))
    late = fault == "late"
    page.route("**/hall/settings", lambda route: held.append(route) if late else route.fulfill(**refuse))
    dialog = open_settings(page, "hall")
    for field in ("Name that people see", "Where it stands"):
        expect(dialog.get_by_label(field)).to_have_value("")
    expect(page.locator("#areas-list li")).to_have_count(0)
    expect(page.locator("#areas-frame")).to_be_hidden()
    expect(dialog.get_by_role("button", name="Save")).to_be_disabled()
    if not late:
        expect(page.locator("#settings-error")).to_have_text("no store")
        return
    dialog.get_by_role("button", name="Cancel").click()
    dialog = open_settings(page)
    expect(dialog.get_by_label("Name that people see")).to_have_value("Front")
    with page.expect_response("**/hall/settings"):
        held[0].continue_()
    dialog.get_by_role("button", name="Save").click()
    expect(dialog).to_be_hidden()
    found = served.client.get("/v1/cameras/door/settings").json()
    assert {name: found[name] for name in settings} == settings


def test_an_area_is_drawn_by_keyboard_alone(served: Served, open_page: OpenPage, face: bytes) -> None:
    served.push("door", face)
    page = open_page(served.address)
    dialog = open_settings(page)
    only = dialog.get_by_role("button", name="Count only an area")
    only.focus()
    page.keyboard.press("Enter")
    add_corner = dialog.get_by_role("button", name="Add corner")
    for arrows in (["ArrowLeft", "ArrowUp"], ["ArrowRight", "ArrowUp"], ["ArrowDown"]):
        add_corner.focus()
        page.keyboard.press("Enter")
        for arrow in arrows:
            for _ in range(4):
                page.keyboard.press(f"Shift+{arrow}")
    expect(page.locator(":focus")).to_have_attribute(
        "aria-label", "Corner 3: 50 % from the left, 70 % from the top"
    )
    page.keyboard.press("ArrowDown")
    expect(page.locator(":focus")).to_have_attribute("aria-label", re.compile("71 % from the top"))
    dialog.get_by_role("button", name="Undo").click()
    add_corner.focus()
    page.keyboard.press("Enter")
    page.keyboard.press("Delete")
    expect(dialog.get_by_role("button", name="1: only here, 3 corners")).to_be_visible()
    dialog.get_by_role("button", name="Save").press("Enter")
    expect(dialog).to_be_hidden()
    found = served.client.get("/v1/cameras/door/settings").json()
    assert found["only"] == [[[0.3, 0.3], [0.7, 0.3], [0.5, 0.7]]] and found["ignore"] == []

    open_settings(page)
    dialog.get_by_role("button", name="Delete area").click()
    expect(page.locator("#areas-help")).to_contain_text("Faces are captured everywhere")
    dialog.get_by_role("button", name="Undo").click()
    expect(dialog.get_by_role("button", name="1: only here, 3 corners")).to_be_visible()
    dialog.get_by_role("button", name="Delete area").click()
    dialog.get_by_role("button", name="Save").click()
    expect(dialog).to_be_hidden()
    assert served.client.get("/v1/cameras/door/settings").json()["only"] == []


def test_what_the_settings_file_says_is_not_changed_on_the_page(
    serve: Callable[..., Served], open_page: OpenPage, face: bytes
) -> None:
    square = [[0.1, 0.1], [0.2, 0.1], [0.2, 0.2]]
    served = serve(cameras={"door": {"display_name": "Front", "ignore": [square]}})
    served.push("door", face)
    page = open_page(served.address, expect_failures=True)
    dialog = open_settings(page)
    expect(dialog.get_by_label("Name that people see")).not_to_be_editable()
    expect(dialog).to_contain_text("changed there alone: name, ignored areas.")
    dialog.get_by_role("button", name="Delete area").click()
    dialog.get_by_role("button", name="Save").click()
    expect(page.locator("#settings-error")).to_contain_text("The settings file of the service says otherwise")
    dialog.get_by_role("button", name="Cancel").click()
    expect(dialog).to_be_hidden()


def test_a_camera_is_removed_after_a_question_and_its_visits_stay(
    served: Served, open_page: OpenPage, face: bytes
) -> None:
    for _ in range(2):
        served.push("door", face)
    page = open_page(served.address)
    dialog = open_settings(page)
    dialog.get_by_role("button", name="Remove camera…").click()
    expect(dialog.get_by_role("button", name="Keep")).to_be_focused()
    dialog.get_by_role("button", name="Remove", exact=True).click()
    expect(dialog).to_be_hidden()
    expect(page.locator("#no-cameras")).to_be_visible()
    expect(cards(page)).to_have_count(1)
    assert served.client.get("/v1/cameras").json()["cameras"] == []


def test_settings_are_for_keys_that_may_change_them(
    serve: Callable[..., Served], open_page: OpenPage, face: bytes
) -> None:
    secrets, entries = {}, []
    for name, scopes in {"viewer": ["read"], "boss": ["admin"]}.items():
        secrets[name], lines = new_key(name, scopes)
        found = re.search('hash = "(.*)"', lines)
        assert found
        entries.append({"name": name, "hash": found[1], "scopes": scopes})
    served = serve(keys=entries)
    admin = {"Authorization": f"Bearer {secrets['boss']}"}
    served.client.post("/v1/cameras/door/frames", content=face, headers=admin)
    for name, secret in secrets.items():
        page = open_page(served.address, expect_failures=True, ready="A key is needed")
        page.get_by_label("Key", exact=True).fill(secret)
        page.get_by_role("button", name="Open").click()
        expect(page.locator(".camera")).to_be_visible()
        expect(page.locator(".set-up")).to_be_visible(visible=name == "boss")


def test_a_camera_outside_its_hours_is_no_trouble(
    serve: Callable[..., Served], open_page: OpenPage, face: bytes
) -> None:
    served = serve(cameras={"door": {"hours": "00:00-00:01"}})
    add(served, "door")
    served.push("door", face)
    page = open_page(served.address)
    expect(page.locator(".state")).to_have_text(re.compile("Outside its hours until"))
    expect(page.locator("#trouble")).to_be_hidden()
