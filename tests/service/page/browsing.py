"""What the tests of the page take from Playwright."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

sync_api = pytest.importorskip("playwright.sync_api", reason="playwright is not installed")

OpenPage = Callable[..., Any]


def cards(page: Any) -> Any:
    """The cards of visits."""
    return page.locator("#captures .card")


def unfold(page: Any) -> None:
    """Open the parts that are folded on a phone."""
    for part in page.locator("details.fold:not([open]) > summary").all()[::-1]:
        part.click()
