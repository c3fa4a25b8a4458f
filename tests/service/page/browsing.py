"""What the tests of the page take from Playwright."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

sync_api = pytest.importorskip("playwright.sync_api", reason="playwright is not installed")

OpenPage = Callable[..., Any]
