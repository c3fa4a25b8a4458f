"""What is done with all that the filters choose, and who does not hear what happens."""

from __future__ import annotations

import base64
import csv
import io
import re
import zipfile
from collections.abc import Callable
from typing import Any

import pytest
from browsing import OpenPage, cards, sync_api
from cameras import closed_port
from served import Served
from shots import add
from test_access import key

expect = sync_api.expect
SECRET = "whsec_" + base64.b64encode(bytes(32)).decode()


def unfold_choice(page: Any) -> None:
    page.get_by_text("Export, delete…").click()


@pytest.mark.parametrize("with_key", [False, True], ids=["without keys", "with a key"])
def test_what_the_filters_choose_is_exported(
    serve: Callable[..., Served], open_page: OpenPage, with_key: bool
) -> None:
    secret, entry = key("boss", "admin")
    served = serve(keys=[entry] if with_key else [])
    for number in range(3):
        add(served, ["door", "hall"][number % 2], ago=60 * number, seed=number)
    ready = "A key is needed" if with_key else "Live"
    page = open_page(served.address, path="/?camera=door", expect_failures=True, ready=ready)
    if with_key:
        page.get_by_label("Key", exact=True).fill(secret)
        page.get_by_role("button", name="Open").click()
    expect(cards(page)).to_have_count(2)
    unfold_choice(page)
    with page.expect_download() as saving:
        page.get_by_role("button", name="Table (CSV)").click()
    rows = list(csv.DictReader(io.StringIO(saving.value.path().read_text("utf-8-sig"))))
    assert [row["camera"] for row in rows] == ["door", "door"]
    assert saving.value.suggested_filename.endswith(".csv")
    with page.expect_download() as saving:
        page.get_by_role("button", name="Table and pictures (ZIP)").click()
    with zipfile.ZipFile(saving.value.path()) as archive:
        assert sum(name.endswith(".png") for name in archive.namelist()) == 2
    expect(page.locator("#choice-answer")).to_contain_text("handed to the browser")


def test_what_the_filters_choose_is_deleted_after_a_count(served: Served, open_page: OpenPage) -> None:
    for number in range(5):
        add(served, ["door", "hall"][number % 2], ago=60 * number, seed=number)
    page = open_page(served.address, path="/?camera=door")
    expect(cards(page)).to_have_count(3)
    unfold_choice(page)
    page.get_by_role("button", name="Delete captures that fit these filters…").click()
    answer = page.locator("#choice-answer")
    expect(answer).to_contain_text("Delete 3 captures that fit these filters, with their pictures?")
    answer.get_by_role("button", name="Keep").click()
    expect(answer).to_be_hidden()
    expect(cards(page)).to_have_count(3)
    page.get_by_role("button", name="Delete captures that fit these filters…").click()
    answer.get_by_role("button", name="Delete for good").click()
    expect(answer).to_contain_text("3 captures deleted.")
    expect(cards(page)).to_have_count(0)
    assert len(served.client.get("/v1/captures").json()["captures"]) == 2


def test_of_a_visit_with_mixed_answers_only_the_captures_that_fit_are_deleted(
    served: Served, open_page: OpenPage
) -> None:
    """And the question says so, for what is listed are visits."""
    shots = {1: ["mask", "mask", "no_mask"], 2: ["no_mask", "no_mask", "mask"]}
    for track, answers in shots.items():
        for place, mask in enumerate(answers):
            add(served, ago=60 - place, seed=place, track_id=track, sequence=place + 1, mask=mask)
    page = open_page(served.address, path="/?mask=mask")
    expect(cards(page)).to_have_count(1)
    expect(cards(page)).to_contain_text("3 shots")
    unfold_choice(page)
    page.get_by_role("button", name="Delete captures that fit these filters…").click()
    answer = page.locator("#choice-answer")
    expect(answer).to_contain_text("Delete 3 captures that fit these filters")
    expect(answer).to_contain_text(
        "shots of a visit that is listed may stay, and shots of one that is not may go"
    )
    answer.get_by_role("button", name="Delete for good").click()
    expect(answer).to_contain_text("3 captures deleted.")
    expect(cards(page)).to_have_count(0)
    left = served.client.get("/v1/captures").json()["captures"]
    assert sorted((capture["track_id"], capture["mask"]) for capture in left) == [
        (1, "no_mask"),
        (2, "no_mask"),
        (2, "no_mask"),
    ]


def test_nothing_is_deleted_that_was_not_counted(served: Served, open_page: OpenPage) -> None:
    add(served, ago=60)
    page = open_page(served.address, expect_failures=True)
    expect(cards(page)).to_have_count(1)
    unfold_choice(page)
    page.get_by_role("button", name="Delete captures that fit these filters…").click()
    answer = page.locator("#choice-answer")
    expect(answer).to_contain_text("Delete 1 capture")
    add(served, ago=120, seed=1)
    answer.get_by_role("button", name="Delete for good").click()
    expect(answer).to_contain_text("Nothing was deleted: ask again")
    expect(cards(page)).to_have_count(2)


def test_the_report_is_of_the_camera_that_is_chosen(served: Served, open_page: OpenPage) -> None:
    add(served, "hall")
    page = open_page(served.address, path="/?camera=hall")
    unfold_choice(page)
    page.get_by_role("link", name="Mask report").click()
    expect(page).to_have_url(re.compile("/report.*camera=hall"))


def test_a_broker_and_a_webhook_that_do_not_hear_are_named(
    serve: Callable[..., Served], open_page: OpenPage
) -> None:
    served = serve(
        mqtt={"url": f"mqtt://127.0.0.1:{closed_port()}"},
        webhooks={"guard": {"url": f"http://127.0.0.1:{closed_port()}/hook", "secret": SECRET}},
    )
    page = open_page(served.address)
    add(served)
    notice = page.locator("#deliveries")
    expect(notice).to_contain_text(re.compile(r"The MQTT broker has heard nothing since \d"))
    expect(notice).to_contain_text(
        re.compile(r"The webhook guard does not take what is sent; \d+ events? wait")
    )
