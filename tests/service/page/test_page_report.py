"""The report to print."""

from __future__ import annotations

import csv
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from browsing import OpenPage, sync_api
from served import Served
from shots import add

from facecap_service.keys import new_key

expect = sync_api.expect
LATIN = (Path(__file__).parent / "words.js").read_text()
BERLIN = {"name": "Werk 7", "time_zone": "Europe/Berlin"}
WEEKEND = "first=2025-10-25&last=2025-10-27"
NONE = "\N{EN DASH}"
SHOTS = [
    ("door", 1, "mask", "2025-10-26T00:30:00Z"),
    ("door", 2, "no_mask", "2025-10-26T01:30:00Z"),
    ("gate", 3, "unknown", "2025-10-26T22:59:59Z"),
    ("door", 4, "mask", "2025-10-26T23:00:00Z"),
]


@pytest.fixture
def berlin(serve: Callable[..., Served]) -> Served:
    """A service in Berlin with visits of the weekend on which its clock is set back."""
    served = serve(site=BERLIN)
    for camera, track, mask, time in SHOTS:
        add(served, camera, seed=track, track_id=track, mask=mask, timestamp=time)
    add(served, "door", seed=9, track_id=4, sequence=2, mask="mask", timestamp="2025-10-26T23:01:00Z")
    return served


def rows(page: Any, table: int) -> list[list[str]]:
    """The words of a table, its bars aside."""
    found = page.locator("table").nth(table).locator("tbody tr")
    return [row.locator("th, td:not(.shares)").all_inner_texts() for row in found.all()]


def test_report_has_the_figures_of_the_site_s_days(berlin: Served, open_page: OpenPage) -> None:
    # A browser elsewhere: days are the site's.
    page = open_page(berlin.address, timezone_id="America/New_York")
    page.goto(f"{berlin.address}/report?{WEEKEND}")
    expect(page.locator("table")).to_have_count(2)
    assert page.title() == "Mask report"
    expect(page.locator(".place")).to_have_text("Werk 7 25 October 2025 to 27 October 2025")
    expect(page.locator(".sample")).to_contain_text("4 visits, 3 with a known answer")
    expect(page.locator("#zone")).to_contain_text("Europe/Berlin")
    assert rows(page, 0) == [
        ["door", "2", "1", "0", "3", "67 %"],
        ["gate", "0", "0", "1", "1", NONE],
        ["All", "2", "1", "1", "4", "67 %"],
    ]
    assert rows(page, 1) == [
        ["Sun, 26 Oct 2025", "door", "1", "1", "0", "2", "50 %"],
        ["Sun, 26 Oct 2025", "gate", "0", "0", "1", "1", NONE],
        ["Mon, 27 Oct 2025", "door", "1", "0", "0", "1", "100 %"],
    ]


def test_report_is_chosen_anew_and_its_address_kept(berlin: Served, open_page: OpenPage) -> None:
    page = open_page(berlin.address, expect_failures=True)
    page.goto(f"{berlin.address}/report?{WEEKEND}")
    page.get_by_label("Counted").select_option("Captures")
    expect(page.locator(".sample")).to_contain_text("5 captures")
    page.get_by_label("Rows").select_option("By hour")
    page.get_by_label("Camera").select_option("door")
    steps = page.locator("table").nth(1).locator("tbody th")
    expect(steps).to_have_text([re.compile(hour) for hour in ("02:00 CEST", "02:00 CET", "00:00 CET")])
    expect(page).to_have_url(re.compile("by=hour.*count=captures.*camera=door"))
    page.reload()
    expect(page.locator(".sample")).to_contain_text("4 captures")
    page.get_by_label("Rows").select_option("By week")
    # The week began before.
    expect(steps.first).to_have_text(re.compile(f"25\\s*{NONE}\\s*26 Oct 2025"))
    page.get_by_label("To day").fill("2025-10-25")
    expect(page.locator("#report")).to_have_text("Nothing was counted in this time.")
    page.get_by_label("Rows").select_option("By hour")
    page.get_by_label("From day").fill("2001-01-01")
    expect(page.locator("#notice")).to_contain_text("too long")
    page.get_by_role("link", name="Live page").click()
    expect(page.locator("#connection")).to_have_text("Live")


def test_report_is_stamped_with_the_time_at_which_it_was_made(berlin: Served, open_page: OpenPage) -> None:
    page = open_page(berlin.address)
    page.goto(f"{berlin.address}/report?{WEEKEND}")
    expect(page.locator("table")).to_have_count(2)
    later = {**berlin.client.get("/v1/site").json(), "now": "2031-05-04T10:00:00Z"}
    page.route("**/v1/site", lambda route: route.fulfill(json=later))
    page.get_by_label("Counted").select_option("Captures")
    expect(page.locator("#zone")).to_contain_text("4 May 2031, 12:00:00")


def test_report_prints_on_paper_without_its_controls(berlin: Served, open_page: OpenPage) -> None:
    for track in range(100, 260):  # several sheets
        time = f"2025-10-25T{track % 24:02}:{track % 60:02}:00Z"
        add(berlin, "door", seed=0, track_id=track, timestamp=time)
    page = open_page(berlin.address, color_scheme="dark")
    page.goto(f"{berlin.address}/report?{WEEKEND}&by=hour")
    expect(page.locator("table")).to_have_count(2)
    pdf = page.pdf(format="A4")
    assert pdf.startswith(b"%PDF") and re.search(rb"/MediaBox \[0 0 59[45][.\d]* 84[12]", pdf)
    page.set_viewport_size({"width": 680, "height": 1000})  # of A4 between its margins
    page.emulate_media(media="print")
    expect(page.get_by_role("button", name="Print")).to_be_hidden()
    expect(page.locator("h1")).to_be_visible()
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    assert page.evaluate("getComputedStyle(document.body).backgroundColor") == "rgb(255, 255, 255)"


def test_report_is_downloaded_as_a_table(berlin: Served, open_page: OpenPage) -> None:
    page = open_page(berlin.address)
    page.goto(f"{berlin.address}/report?{WEEKEND}")
    with page.expect_download() as download:
        page.get_by_role("button", name="Download CSV").click()
    assert download.value.suggested_filename == "compliance-2025-10-25-2025-10-27-by-day.csv"
    with Path(download.value.path()).open(newline="") as file:
        assert [row["total"] for row in csv.DictReader(file)] == ["2", "1", "1"]


def test_report_says_that_it_needs_a_key(serve: Callable[..., Served], open_page: OpenPage) -> None:
    secret, lines = new_key("office", ["read"])
    key = {
        "name": "office",
        "hash": lines.partition('hash = "')[2].partition('"')[0],
        "scopes": ["read"],
    }
    served = serve(keys=[key])
    page = open_page(served.address, expect_failures=True, ready="A key is needed")
    page.goto(f"{served.address}/report")
    expect(page.locator("#notice")).to_contain_text("needs a key")
    page.goto(served.address)
    page.get_by_label("Key", exact=True).fill(secret)
    page.get_by_role("button", name="Open").click()
    expect(page.locator("#connection")).to_have_text("Live")
    page.goto(f"{served.address}/report")
    expect(page.locator("#report")).to_have_text("Nothing was counted in this time.")


def test_no_english_word_is_left_on_the_chinese_report(
    berlin: Served, open_page: OpenPage, empty: bytes
) -> None:
    berlin.push("door", empty)
    settings = {"display_name": "大门", "area": None, "ignore": [], "only": []}
    assert berlin.client.put("/v1/cameras/door/settings", json=settings).status_code == 200
    page = open_page(berlin.address, locale="zh-CN", ready="实时")
    page.goto(f"{berlin.address}/report?{WEEKEND}&by=day")
    expect(page.locator("tbody th").first).to_have_text("大门")
    expect(page.locator("table")).to_have_count(2)
    expect(page.locator(".sample")).to_contain_text("共 4 次到访")
    names = {"facecap", "Europe", "Berlin", "CSV"}
    assert [found for found in page.evaluate(LATIN) if found.partition(":")[0] not in names] == []
