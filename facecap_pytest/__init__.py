"""The pytest plugin of facecap: a pipeline that needs no weights, and captures against golden files.

pytest loads it wherever facecap is installed, so it lies outside of the package and imports nothing of it
before a fixture is used.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from os import PathLike
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from facecap import CaptureConfig, FaceCapture
    from facecap.testing import CaptureLike, Tolerance

_UPDATE = "--facecap-update-golden"


def pytest_addoption(parser: pytest.Parser) -> None:
    """Adds `--facecap-update-golden`."""
    group = parser.getgroup("facecap")
    group.addoption(
        _UPDATE, action="store_true", help="let the fixture facecap_golden write golden files, not compare"
    )


@pytest.fixture
def facecap_config() -> CaptureConfig:
    """The configuration of `facecap_pipeline`, quick enough for tests: the first capture comes at a face's
    third frame. Override it to test with another."""
    from facecap import CaptureConfig

    return CaptureConfig(mode="fast", min_hits=3, interval=10, max_captures=3, miss_limit=5)


@pytest.fixture
def facecap_pipeline(facecap_config: CaptureConfig) -> FaceCapture:
    """A `FaceCapture` that sees what `facecap.testing.painted_frame` paints, without a refiner."""
    from facecap.testing import scripted_pipeline

    return scripted_pipeline(facecap_config)


@pytest.fixture
def facecap_golden(request: pytest.FixtureRequest) -> Callable[..., None]:
    """`facecap.testing.assert_captures_match` with paths from the test file's folder, which writes the golden
    files where pytest was given --facecap-update-golden."""
    from facecap.testing import assert_captures_match

    def match(
        captures: Iterable[CaptureLike], golden: str | PathLike[str], tolerance: Tolerance | None = None
    ) -> None:
        path = request.path.parent / golden
        assert_captures_match(captures, path, tolerance, update=bool(request.config.getoption(_UPDATE)))

    return match
