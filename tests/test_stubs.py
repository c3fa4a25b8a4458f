"""Type checkers see the core that is there."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent


def test_the_stubs_of_the_core_are_fresh(tmp_path):
    pytest.importorskip("pybind11_stubgen")
    sys.path.insert(0, str(ROOT / "tools"))
    try:
        from write_stubs import write_stubs
    finally:
        sys.path.pop(0)
    for fresh in write_stubs(tmp_path):
        kept = ROOT / "facecap" / fresh.name
        assert kept.read_text(encoding="utf-8") == fresh.read_text(encoding="utf-8"), "run: make stubs"
