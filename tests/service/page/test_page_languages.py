"""The page in English and Chinese, from one catalogue of texts."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from browsing import OpenPage, cards, sync_api
from served import Served
from shots import add

import facecap_service.page

expect = sync_api.expect
ASSETS = Path(facecap_service.page.__file__).parent / "assets"
LATIN = (Path(__file__).parent / "words.js").read_text()
# Names, of cameras, zones, formats, keys and settings, are the same in every language.
NAMES = {"facecap", "door", "hall", "UTC", "GMT", "JPEG", "PNG", "WebP", "CSV", "ZIP", "Delete", "Tab"} | {
    *("page", "show", "frames")
}


def catalogue(page: Any, code: str) -> dict[str, Any]:
    """The texts of a language, by key."""
    texts: dict[str, Any] = page.evaluate(f"async () => (await import('./page/texts.{code}.js')).default")
    return texts


@pytest.mark.parametrize("locale", ["zh-CN", "zh-TW", "de-DE", "en-US"])
def test_the_browser_chooses_the_language(served: Served, open_page: OpenPage, locale: str) -> None:
    chinese = locale.startswith("zh")
    page = open_page(served.address, locale=locale, ready="实时" if chinese else "Live")
    expect(page.locator("html")).to_have_attribute("lang", "zh-CN" if chinese else "en")
    expect(page.locator("#cameras-title")).to_have_text("摄像头" if chinese else "Cameras")


def test_the_language_is_chosen_on_the_page_and_stays(served: Served, open_page: OpenPage) -> None:
    add(served, mask="no_mask")
    page = open_page(served.address)
    page.get_by_label("Language").select_option("中文")
    expect(page.locator("#captures-title")).to_have_text("到访记录")
    assert "lang=zh" in page.url
    expect(cards(page)).to_contain_text("未戴口罩")
    page.get_by_role("combobox", name="摄像头").select_option("door")
    expect(page).to_have_url(re.compile("camera=door"))
    assert "lang=zh" in page.url
    page.goto(served.address)
    expect(page.locator("#captures-title")).to_have_text("到访记录")
    page.get_by_label("语言").select_option("English")
    expect(page.locator("html")).to_have_attribute("lang", "en")
    expect(cards(page)).to_contain_text("No mask")
    page.goto(served.address + "/?lang=zh")
    expect(page.locator("#captures-title")).to_have_text("到访记录")


def test_numbers_and_dates_are_written_as_the_language_does(served: Served, open_page: OpenPage) -> None:
    add(served, ago=3 * 86400)
    for locale, month in (("zh-CN", "月"), ("en-GB", " ")):
        page = open_page(f"{served.address}", locale=locale, ready="")
        page.goto(served.address + "/?period=7d")
        expect(cards(page).locator("time")).to_contain_text(month)


@pytest.fixture
def busy(serve: Callable[..., Served], face: bytes) -> Served:
    """A service with something of everything on its page."""
    served = serve(page={"show_frames": True})
    for number, mask in enumerate(["mask", "no_mask", "unknown", "incorrect"]):
        add(served, ["door", "hall"][number % 2], ago=600 * number, mask=mask, incorrect_prob=0.1)
    served.push("door", face)
    served.push("door", face[:100])
    served.push("hall", b"")
    return served


def test_no_english_word_is_left_on_the_chinese_page(busy: Served, open_page: OpenPage) -> None:
    page = open_page(busy.address, locale="zh-CN", ready="实时")
    expect(cards(page)).to_have_count(4)
    expect(page.locator(".troubles:visible")).to_have_count(2)

    def english() -> list[str]:
        return [found for found in page.evaluate(LATIN) if found.partition(":")[0] not in NAMES]

    assert english() == []
    cards(page).first.click()
    assert english() == []
    page.get_by_role("button", name="删除…").click()
    assert english() == []
    page.keyboard.press("Escape")
    page.locator(".set-up").first.click()
    page.get_by_role("button", name="添加忽略区域").click()
    page.get_by_role("button", name="添加顶点").click()
    page.get_by_role("button", name="移除摄像头…").click()
    assert english() == []
    page.get_by_role("button", name="取消").click()
    page.get_by_role("button", name="暂停").click()
    page.get_by_text("导出、删除…").click()
    page.locator("#delete-all").click()
    expect(page.locator("#choice-answer")).to_contain_text("4 次抓拍")
    assert english() == []
    page.get_by_label("质量").fill("1")
    expect(page.locator("#no-captures")).to_be_visible()
    assert english() == []


def test_the_languages_have_the_same_texts(served: Served, open_page: OpenPage) -> None:
    page = open_page(served.address)
    english, chinese = catalogue(page, "en"), catalogue(page, "zh")
    assert list(english) == list(chinese)

    def names(entry: Any) -> set[str]:
        return set(re.findall(r"\{(\w+)\}", json.dumps(entry)))

    assert {key: names(entry) for key, entry in english.items()} == {
        key: names(entry) for key, entry in chinese.items()
    }
    for key, entry in english.items():
        assert isinstance(entry, str) == isinstance(chinese[key], str), f"{key}: plural in one language alone"
        assert isinstance(entry, str) or "other" in entry
        assert key == "language.name" or chinese[key] != entry or not re.search("[A-Za-z]{2}", str(entry)), (
            key
        )


def test_every_text_is_used_and_every_used_text_is_there(served: Served, open_page: OpenPage) -> None:
    keys = set(catalogue(open_page(served.address), "en"))
    sources = "\n".join(
        path.read_text()
        for path in ASSETS.glob("*.[jh]*")
        if not re.match(r"texts\.\w+\.(report\.)?js", path.name)
    )
    groups = set(re.findall(r"`([\w.]+\.)\$\{", sources))
    used = set(re.findall(r'"([a-z]+(?:\.\w+)+)"', sources)) & keys
    unused = {key for key in keys - used if not any(key.startswith(group) for group in groups)}
    assert not unused
    asked = set(re.findall(r'\btext\("([^"]+)"|data-(?:text|label|alt|title)="([^"]+)"', sources))
    assert {first or second for first, second in asked} <= keys
