"""Whoever sets something finds a word about it."""

from __future__ import annotations

from pathlib import Path

import pytest

from facecap._settings import SETTINGS

PAGE = (Path(__file__).resolve().parent.parent / "docs" / "captures.md").read_text(encoding="utf-8")


@pytest.mark.parametrize("name", SETTINGS)
def test_every_setting_and_each_of_its_choices_is_explained(name: str) -> None:
    table = PAGE.split("## Settings")[1].split("\n## ")[0].splitlines()
    rows = [line for line in table if f"`{name}`" in line.split(" | ")[0]]
    assert len(rows) == 1, f"docs/captures.md has {len(rows)} rows of the setting {name}, wanted one"
    for choice in SETTINGS[name].choices:
        assert f"`{choice}`" in rows[0], f"docs/captures.md does not name the {name} {choice}"


@pytest.mark.parametrize("mode", SETTINGS["mode"].choices)
def test_every_mode_has_a_row_that_says_when_it_emits(mode: str) -> None:
    assert f"\n| `{mode}` | " in PAGE
