"""A page that is left open over night, and filters that cannot be applied."""

from __future__ import annotations

import re
from datetime import datetime, timedelta, timezone

import pytest
from browsing import OpenPage, cards, sync_api
from served import Served
from shots import add, new

expect = sync_api.expect


def test_a_page_that_is_open_over_night_moves_on(served: Served, open_page: OpenPage) -> None:
    add(served, ago=23 * 3600)
    add(served, ago=60, seed=1)
    page = open_page(served.address, clock=datetime.now(timezone.utc), timezone_id="UTC")
    expect(cards(page)).to_have_count(2)
    page.clock.fast_forward("03:00:00")
    expect(cards(page)).to_have_count(1)
    page.clock.fast_forward("20:00:00")
    expect(cards(page)).to_have_count(1)
    page.clock.fast_forward("20:00:00")
    expect(cards(page)).to_have_count(0)
    expect(page.locator("#no-captures")).to_contain_text("No visits in this time")


def test_after_midnight_times_have_their_day(served: Served, open_page: OpenPage) -> None:
    now = datetime.now(timezone.utc)
    # Of today in some zone, wherever the day stands: there it is about noon.
    zone = f"Etc/GMT{now.hour - 12:+d}"
    add(served, ago=60)
    page = open_page(served.address, path="/?period=7d", clock=now, timezone_id=zone)
    page.get_by_role("button", name="Pause").click()
    expect(cards(page).locator("time")).to_have_text(re.compile(r"^\d\d:\d\d:\d\d$"))
    page.clock.fast_forward("16:00:00")
    expect(cards(page).locator("time")).to_have_text(re.compile(r"^\d+ \w+ \d{4}, \d\d:\d\d:\d\d$"))
    expect(page.locator("#paused")).to_have_text(re.compile(r"^Paused since \d+ \w+ \d{4}, \d\d:\d\d:\d\d$"))


def test_a_paused_page_says_since_when(served: Served, open_page: OpenPage) -> None:
    page = open_page(served.address)
    pause = page.get_by_role("button", name="Pause")
    pause.click()
    expect(page.locator("#paused")).to_have_text(re.compile(r"^Paused since \d\d:\d\d:\d\d$"))
    add(served)
    expect(page.get_by_role("button", name="1 new visit")).to_be_visible()
    expect(page).to_have_title("(1) facecap")
    pause.click()
    expect(page.locator("#paused")).to_be_hidden()
    expect(cards(page)).to_have_count(1)
    expect(page).to_have_title("facecap")


def test_a_paused_page_holds_new_visits_back_when_the_filters_change(
    served: Served, open_page: OpenPage
) -> None:
    add(served, ago=60)
    page = open_page(served.address)
    expect(cards(page)).to_have_count(1)
    page.get_by_role("button", name="Pause").click()
    add(served, seed=1)
    held = page.get_by_role("button", name="1 new visit")
    expect(held).to_be_visible()
    with page.expect_response("**/v1/visits?*"):
        page.get_by_label("Time", exact=True).select_option("Last 7 days")
    expect(page.locator("#captures")).not_to_have_attribute("aria-busy", "true")
    expect(cards(page)).to_have_count(1)
    held.click()
    expect(cards(page)).to_have_count(2)


def test_a_page_that_is_paused_for_long_counts_only_what_still_is_in_the_time(
    served: Served, open_page: OpenPage
) -> None:
    page = open_page(served.address, path="/?period=1h", clock=datetime.now(timezone.utc))
    page.get_by_role("button", name="Pause").click()
    add(served)
    expect(page.locator("#held")).to_have_text("1 new visit")
    page.clock.fast_forward("02:00:00")
    expect(page.locator("#held")).to_be_hidden()


def test_a_paused_page_loads_the_list_anew_when_too_much_waits(served: Served, open_page: OpenPage) -> None:
    page = open_page(served.address)
    pause = page.get_by_role("button", name="Pause")
    pause.click()
    served.services.store.add("door", [new(track_id=track) for track in range(500)])
    expect(page.locator("#held")).to_have_text("More than 480 new visits")
    with page.expect_response("**/v1/visits?*"):
        pause.click()
    expect(cards(page)).to_have_count(48)
    expect(page.locator("#held")).to_be_hidden()


def test_visits_of_a_camera_that_is_not_chosen_are_not_asked_for(served: Served, open_page: OpenPage) -> None:
    page = open_page(served.address, path="/?camera=door")
    asked: list[str] = []
    page.on("request", lambda request: "/v1/visits/" in request.url and asked.append(request.url))
    for camera in ("hall", "door"):
        add(served, camera)
        add(served, camera, seed=1, sequence=2)
    expect(cards(page)).to_contain_text("2 shots")
    assert len(asked) == 1


@pytest.mark.parametrize(
    ("query", "said"),
    [
        ("mask=foo", "Mask “foo”"),
        ("period=fortnight", "Time “fortnight”"),
        ("quality=high", "Quality “high”"),
        ("period=range&from=yesterday", "From “yesterday”"),
    ],
)
def test_a_filter_that_cannot_be_applied_is_said_and_not_pretended(
    served: Served, open_page: OpenPage, query: str, said: str
) -> None:
    add(served)
    page = open_page(served.address, path=f"/?{query}&camera=door")
    expect(page.locator("#refused")).to_contain_text(f"The address asks for {said}, which cannot be applied")
    expect(cards(page)).to_have_count(1)
    assert query.split("&")[-1] not in page.url and "camera=door" in page.url
    page.get_by_label("Time", exact=True).select_option("Last 7 days")
    expect(page.locator("#refused")).to_be_hidden()


def test_a_range_that_ends_before_it_begins_shows_nothing(served: Served, open_page: OpenPage) -> None:
    add(served)
    page = open_page(served.address, path="/?period=range&from=2026-03-01T00:00&to=2026-02-01T00:00")
    expect(page.locator("#no-captures")).to_have_text("“From” does not lie before “To”: exchange them.")
    expect(page.locator("#counters")).to_be_empty()
    expect(page.get_by_label("From", exact=True)).to_have_attribute("aria-invalid", "true")
    expect(cards(page)).to_have_count(0)
    later = (datetime.now(timezone.utc) + timedelta(days=2)).strftime("%Y-%m-%dT%H:%M")
    page.get_by_label("To", exact=True).fill(later)
    page.get_by_label("From", exact=True).fill("2001-01-01T00:00")
    expect(cards(page)).to_have_count(1)
    expect(page.locator("#counters")).to_contain_text("Visits1")


def test_what_the_service_refuses_is_not_shown_as_done(served: Served, open_page: OpenPage) -> None:
    add(served)
    page = open_page(served.address, path="/?camera=%21%21", expect_failures=True)
    expect(page.locator("#notice")).to_contain_text("The service refused: ")
    expect(cards(page)).to_have_count(0)
