"""Fixtures of tests with a service: scripted models, for which a face is where a frame has a white block."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import scripted
from painted import FACE, encoded
from served import Served, running, settings_in


@pytest.fixture(scope="session")
def pipeline(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    """Settings that choose the scripted models."""
    folder = tmp_path_factory.mktemp("models")
    return {
        "detector": str(scripted.detector(folder)),
        "classifier": str(scripted.mask_classifier(folder)),
        "refiner": "none",
    }


@pytest.fixture(scope="session")
def face() -> bytes:
    """A JPEG with one face."""
    return encoded(".jpg", FACE)


@pytest.fixture(scope="session")
def empty() -> bytes:
    """A JPEG without faces."""
    return encoded(".jpg")


@pytest.fixture
def service(tmp_path: Path, pipeline: dict[str, Any]) -> Iterator[Served]:
    """A service with the scripted models; a face is captured at its second frame, and at each second one."""
    capture = {"mode": "fast", "min_hits": 2, "interval": 2, "max_captures": 0}
    with running(settings_in(tmp_path, pipeline=pipeline, capture=capture)) as served:
        yield served
