"""Type checkers see the core that is there."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent


def test_the_stub_of_the_core_is_fresh(tmp_path):
    pytest.importorskip("pybind11_stubgen")
    sys.path.insert(0, str(ROOT / "tools"))
    try:
        from write_stubs import write_stub
    finally:
        sys.path.pop(0)
    fresh = write_stub(tmp_path).read_text(encoding="utf-8")
    assert (ROOT / "facecap" / "_core.pyi").read_text(encoding="utf-8") == fresh, "run: make stubs"
