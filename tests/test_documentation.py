"""The pages agree with each other and with the code: links, headings, the two READMEs, names of the core."""

from __future__ import annotations

import dataclasses
import re
from collections.abc import Callable
from pathlib import Path

import pytest

import facecap

ROOT = Path(__file__).parents[1]
PAGES = sorted([*ROOT.glob("*.md"), *ROOT.glob("docs/**/*.md")])
CODE = [
    path
    for folder in ("cpp", "facecap", "service", "tests", "tools")
    for suffix in ("py", "cpp", "hpp", "js", "sh")
    for path in sorted((ROOT / folder).rglob(f"*.{suffix}"))
]


def headings(page: Path) -> list[tuple[int, str]]:
    """Level and words of each heading."""
    text = re.sub(r"^```.*?^```", "", page.read_text(), flags=re.M | re.S)
    return [(len(marks), words) for marks, words in re.findall(r"^(#+) (.+)$", text, re.M)]


def anchor(words: str) -> str:
    """The fragment that hosting sites make of a heading."""
    return re.sub(r"[^\w\- ]", "", words.lower()).replace(" ", "-")


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_links_lead_to_files_and_headings_that_exist(page: Path) -> None:
    text = re.sub(r"^```.*?^```", "", page.read_text(), flags=re.M | re.S)
    for link in re.findall(r"\]\(([^)\s]+)\)", text):
        if re.match(r"\w+:", link):
            continue
        name, _, fragment = link.partition("#")
        target = (page.parent / name).resolve() if name else page
        assert target.exists(), f"{page.name} links to {link}"
        if fragment:
            anchors = {anchor(words) for _, words in headings(target)}
            assert fragment in anchors, f"{page.name} links to {link}"


def test_code_refers_to_headings_of_the_capture_flow_that_exist() -> None:
    known = {words for _, words in headings(ROOT / "docs" / "capture-flow.md")}
    wrong = []
    for path in CODE:
        joined = re.sub(r"\s*\n\s*(?:///?|#|\*)?\s*", " ", path.read_text(errors="replace"))
        wrong += [
            f"{path.relative_to(ROOT)}: {heading}"
            for heading in re.findall(r'capture-flow\.md, "([^"]+)"', joined)
            if heading not in known
        ]
    assert wrong == []


def commands(page: Path) -> list[str]:
    """Code of a page without its comments."""
    return commands_in(page.read_text())


def commands_in(text: str) -> list[str]:
    """Code of a text without its comments."""
    blocks = re.findall(r"^```\w*\n(.*?)^```", text, re.M | re.S) + re.findall(r"^ {4}(\S.*)$", text, re.M)
    lines = [re.sub(r"\s+# .*$", "", line).rstrip() for block in blocks for line in block.splitlines()]
    return [line for line in lines if line]


def test_the_chinese_readme_has_the_headings_commands_and_links_of_the_english_one() -> None:
    english, chinese = ROOT / "README.md", ROOT / "README.zh-CN.md"
    assert [level for level, _ in headings(chinese)] == [level for level, _ in headings(english)]
    assert commands(chinese) == commands(english)
    links = [re.findall(r"\]\(([^)\s]+)\)", page.read_text()) for page in (english, chinese)]
    assert sorted(set(links[0]) - {"README.zh-CN.md"}) == sorted(set(links[1]) - {"README.md"})
    numbers = [re.findall(r"\d+[.,]\d+", page.read_text()) for page in (english, chinese)]
    assert sorted(numbers[0]) == sorted(numbers[1])


def test_the_chinese_walk_through_has_commands_of_the_english_one() -> None:
    docs = ROOT / "docs"
    english, chinese = docs / "service.md", docs / "zh" / "service.md"
    assert set(commands(chinese)) <= {*commands(english), *commands(docs / "deploying.md")}
    introduction, _, rest = english.read_text().partition("\n## ")
    for part in (introduction, rest[rest.index("\n## Keys\n") :].partition("\n## Frames\n")[0]):
        assert set(commands_in(part)) <= set(commands(chinese))
        numbers = set(re.findall(r"`min_\w+`|\b\d\d\b", part))
        assert numbers <= set(re.findall(r"`min_\w+`|\d\d", chinese.read_text())), numbers


def test_every_setting_of_a_capture_has_a_word_in_the_documentation() -> None:
    page = (ROOT / "docs" / "captures.md").read_text()
    names = {field.name for field in dataclasses.fields(facecap.CaptureConfig)}
    assert {name for name in names if f"`{name}`" not in page} == set()


def choices(offer: Callable[[], object]) -> list[str]:
    """The names that the core knows, from its refusal of one that it does not."""
    with pytest.raises(ValueError, match="wanted one of") as refused:
        offer()
    return str(refused.value).partition("wanted one of ")[2].split(", ")


@pytest.mark.parametrize("page", ["captures.md", "capture-flow.md"])
def test_every_mode_and_reason_has_a_word_in_the_documentation(page: str) -> None:
    gate = facecap.CaptureGate(facecap.CaptureConfig(), slots=1)
    unknown = facecap.Candidate(track_id=1, rejection="?")
    names = choices(lambda: facecap.CaptureConfig(mode="?"))
    names += choices(lambda: facecap.CaptureConfig(quality_method="?"))
    names += choices(lambda: gate.update(0, [unknown], {1}))
    text = (ROOT / "docs" / page).read_text()
    assert [name for name in names if f"`{name}`" not in text] == []
